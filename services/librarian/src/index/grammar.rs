//! How a query is read, the same for every door: words, and filters such as `kind:skill tag:postgres in:databases by:ada since:2026-02-14`.
//!
//! A filter is a name of ours, a colon and a value that it can have, without a space between. Whatever else looks like one (`std::io`,
//! `http://…`, `kind: Deployment`) is words, and so is what stands in quotes.

use commune_proto::{AgentId, ArticlePath};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::filter::{Filter, TAGS};
use crate::library::Kind;

/// A query as it is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What is looked for, without the filters, in one line.
    pub words: String,
    /// Which pages may be found.
    pub filter: Filter,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// Text for whoever asked, when a filter is said twice and differs, or there are too many tags.
    pub fn read(query: &str) -> Result<Self, String> {
        let mut read = Self::default();
        let mut words: Vec<String> = Vec::new();
        let mut quoted = false;
        for chunk in query.split_whitespace() {
            let quotes = chunk.matches('"').count();
            if quoted || quotes > 0 || !read.take(chunk)? {
                words.push(chunk.to_owned());
            }
            quoted ^= quotes % 2 == 1;
        }
        read.words = words.join(" ");
        Ok(read)
    }

    /// Takes a filter; false when it is none.
    fn take(&mut self, chunk: &str) -> Result<bool, String> {
        let Some((name, value)) = chunk.split_once(':') else { return Ok(false) };
        let mut said = Filter::default();
        match name {
            "kind" => said.kind = kind(value),
            "tag" => said.tags = tag(value).into_iter().collect(),
            "in" => said.section = value.trim_end_matches('/').parse::<ArticlePath>().ok(),
            "by" => said.contributor = value.parse::<AgentId>().ok(),
            "since" => said.since = since(value),
            _ => return Ok(false),
        }
        if said.is_empty() {
            return Ok(false);
        }
        self.filter = std::mem::take(&mut self.filter).and(said)?;
        Ok(true)
    }
}

impl Filter {
    /// Both filters.
    ///
    /// # Errors
    /// Text for whoever asked, when they say different things of the same, or there are too many tags.
    pub fn and(self, other: Self) -> Result<Self, String> {
        let mut tags = self.tags;
        tags.extend(other.tags);
        tags.sort();
        tags.dedup();
        if tags.len() > TAGS {
            return Err(format!("{} tags are asked for: at most {TAGS} are allowed", tags.len()));
        }
        Ok(Self {
            kind: one("kind", self.kind, other.kind)?,
            tags,
            section: one("in", self.section, other.section)?,
            contributor: one("by", self.contributor, other.contributor)?,
            since: one("since", self.since, other.since)?,
        })
    }
}

fn one<T: PartialEq>(name: &str, first: Option<T>, second: Option<T>) -> Result<Option<T>, String> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(format!("`{name}:` is said twice, and differs: say it once"))
        }
        (first, second) => Ok(first.or(second)),
    }
}

fn kind(value: &str) -> Option<Kind> {
    match value {
        "article" => Some(Kind::Article),
        "skill" => Some(Kind::Skill),
        _ => None,
    }
}

fn tag(value: &str) -> Option<String> {
    let tag = value.to_lowercase();
    let right = tag.chars().all(|c| c.is_alphanumeric() || "-_./+#".contains(c));
    (right && !tag.is_empty() && !tag.starts_with('/')).then_some(tag)
}

/// A date, from its beginning in UTC, or a time in RFC 3339.
pub fn since(value: &str) -> Option<Timestamp> {
    let date = |value: &str| value.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    value.parse().ok().or_else(|| date(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn filters_are_told_from_words() {
        let read =
            Query::read("restart kind:skill  the tag:Postgres server in:databases/ by:ada since:2026-02-14").unwrap();
        assert_eq!(read.words, "restart the server");
        assert_eq!(read.filter.kind, Some(Kind::Skill));
        assert_eq!(read.filter.tags, ["postgres"]);
        assert_eq!(read.filter.section.unwrap().as_str(), "databases");
        assert_eq!(read.filter.contributor.unwrap().as_str(), "ada");
        assert_eq!(read.filter.since.unwrap().to_string(), "2026-02-14T00:00:00Z");
        for words in [
            "std::io::Error in: a by:",
            "kind: Deployment",
            "kind:Deployment",
            "http://localhost:8080",
            "\"tag:postgres\"",
            "\"set kind:skill there\"",
            "since:yesterday",
            "tag:://",
        ] {
            let read = Query::read(words).unwrap();
            assert_eq!((read.words.as_str(), read.filter.is_empty()), (words, true));
        }
    }

    #[test]
    fn what_differs_is_refused() {
        assert!(Query::read("kind:skill kind:skill").unwrap().filter.kind.is_some());
        assert!(Query::read("kind:skill kind:article").unwrap_err().contains("`kind:` is said twice"));
        let tags = |many: usize| (0..many).map(|n| format!("tag:t{n} ")).collect::<String>();
        assert_eq!(Query::read(&tags(TAGS)).unwrap().filter.tags.len(), TAGS);
        assert!(Query::read(&tags(TAGS + 1)).unwrap_err().contains("at most 16"));
    }

    proptest! {
        /// No word is lost: what is no filter stays, in its order.
        #[test]
        fn words_stay_words(query in "[a-z ]{0,40}") {
            prop_assert_eq!(Query::read(&query).unwrap().words, query.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}
