//! `commune blame`: who said what stands in an article, line by line.

use clap::Args;
use commune_proto::librarian::v1::{BlameArticleRequest, BlamedLine, LineOrigin, StatementSource};

use crate::{connect::Session, failure::Failure, json, output::Output, read::article_path, table::Table};

/// Show who said what stands in an article, line by line.
#[derive(Debug, Args)]
pub(crate) struct Blame {
    /// The path
    path: String,
    /// An older revision
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    revision: Option<u32>,
}

impl Blame {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = format!("articles/{}", article_path(&self.path)?);
        let mut library = session.library()?;
        let mut request = BlameArticleRequest {
            name,
            revision: self.revision.unwrap_or_default(),
            page_size: 0,
            page_token: String::new(),
        };
        let mut table = Table::new(&["LINE", "AGENT", "NIGHT", "REV", "CONTRIBUTION", "TEXT"]);
        loop {
            let page = library.blame_article(request.clone()).await?.into_inner();
            for line in &page.lines {
                match output.is_json() {
                    true => output.json(&json::of(line)),
                    false => rows(line).into_iter().for_each(|row| table.row(row)),
                }
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !output.is_json() {
            output.text(&table.to_string());
        }
        Ok(())
    }
}

/// A line of a table for each who said the line; what is the librarian's own says so.
fn rows(line: &BlamedLine) -> Vec<[String; 6]> {
    let number = line.number.to_string();
    let row = |source: &StatementSource| {
        let (night, revision) = (source.night.clone(), source.revision.to_string());
        // an import has no night, but a day
        let night = if source.contribution.is_empty() { format!("{night} {}", source.on) } else { night };
        [String::new(), source.agent.clone(), night, revision, source.contribution.clone(), String::new()]
    };
    let mut rows: Vec<[String; 6]> = line.sources.iter().map(row).collect();
    if rows.is_empty() {
        let whose = if line.origin() == LineOrigin::Librarian { "(librarian)" } else { "" };
        rows.push(["", whose, "", "", "", ""].map(str::to_owned));
    }
    if line.more_sources > 0 {
        rows.push([
            String::new(),
            format!("and {} more", line.more_sources),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }
    if let Some([first, .., text]) = rows.first_mut() {
        (*first, *text) = (number, line.text.clone());
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_with_all_who_said_it() {
        let source = |agent: &str, contribution: &str| StatementSource {
            agent: agent.into(),
            night: "2026-02-14".into(),
            contribution: contribution.into(),
            revision: 3,
            on: "2026-02-14".into(),
        };
        let line = |origin: LineOrigin, sources: Vec<StatementSource>, more_sources| BlamedLine {
            number: 7,
            text: "Drain it.".into(),
            origin: origin as i32,
            sources,
            more_sources,
        };
        let shown = rows(&line(LineOrigin::Agents, vec![source("ada", "c1"), source("bo", "c2")], 1));
        assert_eq!(shown[0], ["7", "ada", "2026-02-14", "3", "c1", "Drain it."]);
        assert_eq!(shown[1], ["", "bo", "2026-02-14", "3", "c2", ""]);
        assert_eq!(shown[2][1], "and 1 more");
        assert_eq!(rows(&line(LineOrigin::Librarian, vec![], 0)), [["7", "(librarian)", "", "", "", "Drain it."]]);
    }
}
