//! `commune search`: finds articles, and tells found, doubtful, not known and not available apart.

use clap::{Args, ValueEnum};
use commune_proto::{
    AgentId,
    librarian::v1::{
        QueryReading, ScoreExplanation, SearchArticlesRequest, SearchArticlesResponse, SearchResult, SearchStatus,
    },
};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
};

/// Pages that are named where the library does not know.
const NEAREST: usize = 3;

/// Search the library.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Words, or a question; `kind:skill`, `tag:postgres`, `in:databases`, `by:ada` and `since:2026-02-14` narrow it
    #[arg(required = true, num_args = 1..)]
    query: Vec<String>,
    /// The agent that asks: what the library does not know becomes a need of that agent
    #[arg(long = "as", value_name = "AGENT")]
    asker: Option<AgentId>,
    /// At most this many
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,
    /// Go on after an answer: the `next_page_token` of its JSON
    #[arg(long = "page", value_name = "TOKEN", default_value = "")]
    page_token: String,
    /// Tell how each score came about
    #[arg(long)]
    explain: bool,
    /// Tell what the articles found are, in numbers
    #[arg(long)]
    facets: bool,
    /// Who reads the question for its meaning; as the librarian is configured when not said
    #[arg(long, value_enum)]
    reading: Option<Reading>,
}

/// Who reads the question.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reading {
    /// The static model: microseconds
    Static,
    /// The transformer: milliseconds
    Transformer,
}

impl Search {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let query = self.query.join(" ");
        let request = SearchArticlesRequest {
            query: query.clone(),
            page_size: self.limit,
            page_token: self.page_token.clone(),
            asker: self.asker.as_ref().map(|agent| agent.to_string()).unwrap_or_default(),
            filter: None,
            explain: self.explain,
            reading: match self.reading {
                None => QueryReading::Unspecified,
                Some(Reading::Static) => QueryReading::Static,
                Some(Reading::Transformer) => QueryReading::Transformer,
            } as i32,
            facets: self.facets,
        };
        let found = session.library()?.search_articles(request).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&found));
        } else if !found.results.is_empty() {
            output.text(&render(&found));
        }
        match found.status() {
            SearchStatus::Found => Ok(()),
            SearchStatus::LowConfidence => {
                output.say(&one_line(&found.reason));
                if !found.suggestion.is_empty() {
                    output.say(&format!("did you mean “{}”?", one_line(&found.suggestion)));
                }
                if !found.need.is_empty() {
                    output.say(&format!("recorded as {}", found.need));
                }
                Ok(())
            }
            SearchStatus::NotKnown | SearchStatus::Unspecified => Err(Failure::NotFound(not_known(&query, &found))),
        }
    }
}

fn render(found: &SearchArticlesResponse) -> String {
    let mut text = String::new();
    for (rank, result) in found.results.iter().enumerate() {
        let path = result.name.strip_prefix("articles/").unwrap_or(&result.name);
        text.push_str(&format!("{}. {}\n   {path}", rank + 1, one_line(&result.title)));
        if !result.contributors.is_empty() {
            text.push_str(&format!("  by {}", result.contributors.join(", ")));
        }
        text.push_str(&format!("  (revision {})\n", result.revision));
        match result.contested {
            0 => {}
            1 => text.push_str("   contested in 1 thing: read it to see who says what\n"),
            n => text.push_str(&format!("   contested in {n} things: read it to see who says what\n")),
        }
        if !result.snippet.is_empty() {
            text.push_str(&format!("   {}\n", one_line(&result.snippet)));
        }
        if let Some(explanation) = &result.explanation {
            text.push_str(&explained(result.score, explanation));
        }
    }
    let more = usize::try_from(found.total_size).unwrap_or(0).saturating_sub(found.results.len());
    if more > 0 {
        text.push_str(&format!("   and {more} more (--limit)\n"));
    }
    text + &facets(found)
}

/// The sum, and what the terms add to its first part.
fn explained(score: f64, parts: &ScoreExplanation) -> String {
    let mut text = format!(
        "   score {score:.2} = {} × {:.2} (words: {:.2}) + {} × {:.2} (meaning: {:.2})\n",
        parts.words_weight, parts.words_scaled, parts.words, parts.meaning_weight, parts.meaning_scaled, parts.meaning
    );
    for term in &parts.terms {
        text.push_str(&format!(
            "     {:.2}  {} in {} ({}×, in {} articles)\n",
            term.score,
            one_line(&term.term),
            term.field,
            term.times,
            term.articles
        ));
    }
    text
}

fn facets(found: &SearchArticlesResponse) -> String {
    let mut text = String::new();
    for facet in &found.facets {
        let values = facet.values.iter().map(|value| format!("{} ({})", one_line(&value.value), value.count));
        text.push_str(&format!("   {}: {}\n", facet.name, values.collect::<Vec<_>>().join(", ")));
    }
    text
}

fn not_known(query: &str, found: &SearchArticlesResponse) -> String {
    let recorded = if found.need.is_empty() {
        "Ask for it with `commune search --as AGENT …`, and it becomes a need".to_owned()
    } else {
        format!("Recorded as {}: whoever learns it will be asked to share it", found.need)
    };
    let meant = match found.suggestion.as_str() {
        "" => String::new(),
        suggestion => format!(" Did you mean “{}”?", one_line(suggestion)),
    };
    let titles: Vec<String> = found.nearest.iter().take(NEAREST).map(titled).collect();
    let nearest =
        if titles.is_empty() { String::new() } else { format!(" Nearest, and no answer: {}.", titles.join(", ")) };
    let reason = one_line(found.reason.strip_prefix("not known here: ").unwrap_or(&found.reason));
    format!("not known here: the library is healthy, and of “{}” {reason}.{meant}{nearest} {recorded}", one_line(query))
}

fn titled(result: &SearchResult) -> String {
    let path = result.name.strip_prefix("articles/").unwrap_or(&result.name);
    format!("“{}” ({path})", one_line(&result.title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_show_where_and_by_whom() {
        let found = SearchArticlesResponse {
            results: vec![SearchResult {
                confirmations: 0,
                name: "articles/how-to/renew".into(),
                title: "Renew a\ncertificate".into(),
                snippet: "run certbot".into(),
                score: 1.0,
                contributors: vec!["ada".into(), "bo".into()],
                revision: 2,
                ..SearchResult::default()
            }],
            total_size: 3,
            ..SearchArticlesResponse::default()
        };
        assert_eq!(
            render(&found),
            "1. Renew a certificate\n   how-to/renew  by ada, bo  (revision 2)\n   run certbot\n   and 2 more (--limit)\n"
        );
        assert!(not_known("x", &found).contains("--as AGENT"));
    }
}
