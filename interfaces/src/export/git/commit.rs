//! A revision as a commit, in the words of `git fast-import`. Pure.

use std::collections::BTreeMap;

use commune_proto::librarian::v1::ArticleCurated;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::super::{
    page,
    report::Held,
    secret,
    shelf::{Shelf, redirects, stands},
    vault::file,
};
use crate::output::one_line;

/// Where the commits stand.
pub(super) const REF: &str = "refs/commune/exported";
/// The trailer that names the revision.
pub(super) const REVISION: &str = "Commune-Revision";
/// The trailer that names its sequence.
pub(super) const SEQUENCE: &str = "Commune-Sequence";
/// Who made what no agent is named for.
const LIBRARIAN: &str = "librarian <librarian@commune.invalid>";
/// Most bytes of a subject.
const SUBJECT: usize = 1000;

/// Revisions, as they become commits.
#[derive(Debug)]
pub(super) struct Commits {
    shelf: Shelf,
    /// The commit that the next one follows, when it is none of this import.
    from: Option<String>,
    /// Pages that are not written now, with the revision and why.
    held: BTreeMap<String, (u32, String)>,
}

/// The name of a revision in a trailer.
pub(super) fn named(revision: &ArticleCurated) -> String {
    revision.article.as_ref().map_or_else(String::new, |article| format!("{}@{}", article.path, article.revision))
}

impl Commits {
    /// Commits that follow one of an earlier export.
    pub(super) fn new(from: Option<&str>) -> Self {
        Self { shelf: Shelf::default(), from: from.map(str::to_owned), held: BTreeMap::new() }
    }

    /// The next revision as a commit; none for one that is there already, or says nothing.
    pub(super) fn of(&mut self, sequence: u64, revision: &ArticleCurated, is_new: bool) -> Option<Vec<u8>> {
        let article = revision.article.as_ref()?;
        let text = (stands(article) || redirects(article)).then(|| page::text(article));
        let found = text.as_deref().and_then(secret);
        let touched = self.shelf.take(article, found.is_some());
        match &found {
            Some(why) => drop(self.held.insert(article.path.clone(), (article.revision, why.clone()))),
            None => drop(self.held.remove(&article.path)),
        }
        if !is_new {
            return None;
        }
        let text = text.filter(|_| found.is_none());
        let mut commit = self.head(sequence, revision, found.as_deref());
        for place in touched {
            let own = if place == article.path { text.clone() } else { None };
            match own.or_else(|| self.shelf.listing(&place)) {
                Some(text) => {
                    commit.extend_from_slice(format!("M 100644 inline {}\n", file(&place)).as_bytes());
                    data(&mut commit, &text);
                }
                None => commit.extend_from_slice(format!("D {}\n", file(&place)).as_bytes()),
            }
        }
        commit.push(b'\n');
        Some(commit)
    }

    /// Pages that are not written, as the last revision left them.
    pub(super) fn held(self) -> Vec<Held> {
        let held = self.held.into_iter();
        held.map(|(path, (revision, why))| Held { what: format!("{path}@{revision}"), why }).collect()
    }

    fn head(&mut self, sequence: u64, revision: &ArticleCurated, held: Option<&str>) -> Vec<u8> {
        let article = revision.article.clone().unwrap_or_default();
        let made = article.curated_at.parse::<Timestamp>().map_or(0, Timestamp::as_second);
        let night = article.night.get(..10).and_then(|night| night.parse::<Date>().ok());
        let night =
            night.and_then(|night| night.to_zoned(TimeZone::UTC).ok()).map(|night| night.timestamp().as_second());
        let agents = agents(revision);
        let author = agents.first().map_or(LIBRARIAN, String::as_str);
        let mut commit = format!("commit {REF}\n").into_bytes();
        commit.extend_from_slice(format!("author {author} {} +0000\n", night.unwrap_or(made)).as_bytes());
        commit.extend_from_slice(format!("committer {LIBRARIAN} {made} +0000\n").as_bytes());
        data(&mut commit, &message(sequence, revision, &agents, held));
        if let Some(from) = self.from.take() {
            commit.extend_from_slice(format!("from {from}\n").as_bytes());
        }
        commit
    }
}

/// The message: the reason as one line, and trailers; **no text of anybody makes a trailer**.
fn message(sequence: u64, revision: &ArticleCurated, agents: &[String], held: Option<&str>) -> String {
    let reason = one_line(&revision.reason);
    let name = named(revision);
    let mut message = match (secret(&reason), reason.as_str()) {
        (Some(_), _) | (None, "") => name.clone(),
        (None, reason) => reason[..reason.floor_char_boundary(SUBJECT)].to_owned(),
    };
    if let Some(why) = held {
        message.push_str(&format!("\n\nThe page is not written: {why}."));
    }
    message.push_str(&format!("\n\n{REVISION}: {name}\n{SEQUENCE}: {sequence}\n"));
    for agent in agents.iter().skip(1) {
        message.push_str(&format!("Co-authored-by: {agent}\n"));
    }
    message
}

/// Who contributed to a revision, each once, in the order of what went into it.
fn agents(revision: &ArticleCurated) -> Vec<String> {
    let mut agents: Vec<String> = Vec::new();
    for provenance in &revision.provenance {
        let agent: String = provenance.agent.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let agent = format!("{agent} <{agent}@agents.commune.invalid>");
        if !provenance.agent.is_empty() && !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    agents
}

fn data(commit: &mut Vec<u8>, text: &str) {
    commit.extend_from_slice(format!("data {}\n", text.len()).as_bytes());
    commit.extend_from_slice(text.as_bytes());
    commit.push(b'\n');
}

#[cfg(test)]
mod tests {
    use commune_proto::librarian::v1::{Article, Provenance};

    use super::*;

    fn revision(path: &str, number: u32, body: &str, agents: &[&str], reason: &str) -> ArticleCurated {
        let article = Article {
            path: path.into(),
            title: "T".into(),
            body: body.into(),
            revision: number,
            night: "2026-02-14".into(),
            curated_at: "2026-02-15T11:00:00Z".into(),
            ..Article::default()
        };
        let provenance = agents.iter().map(|agent| Provenance { agent: (*agent).into(), ..Provenance::default() });
        ArticleCurated {
            article: Some(article),
            reason: reason.into(),
            provenance: provenance.collect(),
            ..ArticleCurated::default()
        }
    }

    fn of(commits: &mut Commits, sequence: u64, revision: &ArticleCurated) -> String {
        String::from_utf8(commits.of(sequence, revision, true).unwrap()).unwrap()
    }

    #[test]
    fn a_revision_is_a_commit_of_its_agents() {
        let mut commits = Commits::new(Some("abc"));
        let first =
            of(&mut commits, 7, &revision("a/b", 1, "x\n", &["ada", "bo", "ada"], "because\n\nCo-authored-by: eve"));
        let head = "commit refs/commune/exported\n\
                    author ada <ada@agents.commune.invalid> 1771027200 +0000\n\
                    committer librarian <librarian@commune.invalid> 1771153200 +0000\n";
        assert!(first.starts_with(head), "{first}");
        let message = "because Co-authored-by: eve\n\nCommune-Revision: a/b@1\nCommune-Sequence: 7\n\
                       Co-authored-by: bo <bo@agents.commune.invalid>\n";
        assert!(first.contains(&format!("data {}\n{message}\nfrom abc\n", message.len())), "{first}");
        for file in ["a.md", "a/b.md", "index.md"] {
            assert!(first.contains(&format!("\nM 100644 inline {file}\n")), "{first}");
        }
        let second = of(&mut commits, 8, &revision("a/b", 2, "x\ny\n", &[], ""));
        assert!(
            second.contains("author librarian <librarian@commune.invalid>") && !second.contains("from "),
            "{second}"
        );
        assert!(second.contains("a/b@2\n\nCommune-Revision: a/b@2\n") && !second.contains("inline a.md"), "{second}");
    }

    #[test]
    fn what_holds_a_secret_is_taken_out() {
        let mut commits = Commits::new(None);
        assert!(commits.of(1, &revision("a", 1, "x\n", &["ada"], "new"), false).is_none(), "it is there already");
        let secret = format!("AKIA{}\n", "Z7QX3MNB5TRW2LKD");
        let second = of(&mut commits, 2, &revision("a", 2, &secret, &["ada"], &secret));
        assert!(second.contains("\nD a.md\n") && !second.contains("AKIA"), "{second}");
        assert!(second.contains("The page is not written: line "), "{second}");
        assert_eq!(commits.held()[0].what, "a@2");
    }
}
