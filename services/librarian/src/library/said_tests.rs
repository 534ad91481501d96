use super::*;
use crate::library::{Article, Kind};

fn revision(number: u32, body: &str, said: &[(&str, &str, u32)]) -> Revision {
    let provenance = said.iter().map(|(contribution, text, added)| Provenance {
        contribution: (*contribution).into(),
        agent: format!("agent-{contribution}"),
        night: if contribution.is_empty() { "import".into() } else { format!("2026-02-1{number}") },
        trace_id: String::new(),
        statements_added: *added,
        statements: statement_ids(text).into_iter().collect(),
    });
    let article = Article {
        title: "T".into(),
        body: body.into(),
        revision: number,
        curated_at: "2026-02-20T01:02:03Z".into(),
        ..Article::blank("a".parse().unwrap(), Kind::Article)
    };
    Revision { provenance: provenance.collect(), ..Revision::of(article, String::new()) }
}

/// Who said the statement of a text at a revision.
fn who(sayings: &Sayings, text: &str, at: u32) -> Vec<(String, String)> {
    let id = statement_ids(text).into_iter().next().unwrap();
    let all = sayings.of(id).map(|place| &sayings.all()[place]).filter(|saying| saying.counts_at(at));
    all.map(|saying| (saying.contribution.clone(), saying.on.clone())).collect()
}

#[test]
fn who_said_something_counts_from_its_revision_until_it_is_taken_out() {
    let mut sayings = Sayings::default();
    let mut third = revision(3, "One is. Two is.", &[]);
    third.withdrawn = vec!["c1".into()];
    sayings.take(&revision(1, "One is.", &[("c1", "One is.", 1)]), "");
    sayings.take(&revision(2, "One is. Two is.", &[("c2", "One is. Two is.", 1), ("", "One is.", 0)]), "One is.");
    sayings.take(&third, "One is. Two is.");
    let of = |contribution: &str, on: &str| (contribution.to_owned(), on.to_owned());
    assert_eq!(who(&sayings, "One is.", 1), [of("c1", "2026-02-11")]);
    assert_eq!(who(&sayings, "One is.", 2), [of("c1", "2026-02-11"), of("c2", "2026-02-12"), of("", "2026-02-20")]);
    assert_eq!(who(&sayings, "One is.", 3), [of("c2", "2026-02-12"), of("", "2026-02-20")]);
    assert_eq!(who(&sayings, "Two is.", 3), [of("c2", "2026-02-12")]);
    let mut gone = revision(4, "", &[]);
    gone.article.withdrawn_on = "2026-02-21".into();
    sayings.take(&gone, "One is. Two is.");
    assert_eq!(who(&sayings, "One is.", 4), []);
    assert_eq!(who(&sayings, "One is.", 3).len(), 2, "history stays");
}

#[test]
fn a_revision_that_does_not_tell_is_answered_as_well_as_can_be() {
    let mut sayings = Sayings::default();
    let first = revision(1, "One is. Two is.", &[("c1", "", 1), ("c2", "", 1), ("c3", "", 0)]);
    sayings.take(&first, "");
    let who = |sayings: &Sayings, text: &str| who(sayings, text, 9).into_iter().map(|(c, _)| c).collect::<Vec<_>>();
    assert_eq!(who(&sayings, "One is."), ["c1", "c2"], "by one of those who brought something");
    let ids = |text: &str| statement_ids(text);
    sayings.tell(&BTreeMap::from([(0, ids("One is.")), (1, ids("Two is.")), (2, ids("One is."))]));
    assert_eq!(
        (who(&sayings, "One is."), who(&sayings, "Two is.")),
        (vec!["c1".into(), "c3".into()], vec!["c2".into()])
    );
    assert!(sayings.all().iter().all(|saying| saying.is_told));
}

#[test]
fn the_lines_of_a_skill_of_files_are_what_it_says() {
    let body = "# s\n\nWhat it is for.\n\n## SKILL.md\n\n```md\na: b\n\nc\n```\n";
    assert!(skill::unpack(body).is_some());
    assert_eq!(statement_ids(body).len(), 7, "each line that is not blank");
}
