use super::*;

fn revision(path: &str, revision: u32, contribution: &str) -> Revision {
    let provenance = Provenance {
        contribution: contribution.into(),
        agent: "ada".into(),
        night: "2026-02-14".into(),
        trace_id: String::new(),
        statements_added: 1,
        statements: Vec::new(),
    };
    Revision {
        article: Article {
            title: path.into(),
            contributors: vec!["ada".into()],
            revision,
            night: "2026-02-14".into(),
            ..Article::blank(path.parse().unwrap(), Kind::Article)
        },
        answered: vec![Answered { need: "n".into(), question: "?".into(), contribution: contribution.into() }],
        provenance: vec![provenance],
        ..Revision::of(Article::blank(path.parse().unwrap(), Kind::Article), String::new())
    }
}

#[test]
fn history_changes_and_answers_follow_the_stream() {
    let mut library = Library::default();
    library.take(3, Timestamp::UNIX_EPOCH, revision("a", 1, "c1"));
    library.take(4, Timestamp::UNIX_EPOCH, revision("b", 1, "c2"));
    library.take(9, Timestamp::UNIX_EPOCH, revision("a", 2, "c3"));
    library.take(9, Timestamp::UNIX_EPOCH, revision("a", 2, "c3"));
    let a = library.get(&"a".parse().unwrap()).unwrap();
    assert_eq!((a.newest.article.revision, a.sequences.as_slice()), (2, [3, 9].as_slice()));
    assert_eq!(library.changed_since(3).len(), 2);
    assert_eq!(library.changed_since(4).len(), 1);
    assert_eq!(library.sequences_after(3, 10), [4, 9]);
    assert_eq!(library.applied("c1").map(|a| a.sequence), Some(3));
    let answers: Vec<(u64, &str)> = library.answers("n").iter().map(|a| (a.sequence, a.path.as_str())).collect();
    assert_eq!(answers, [(3, "a"), (4, "b"), (9, "a")]);
    assert_eq!(library.tidings(8).map(|tiding| tiding.sequence).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(library.touched_in("2026-02-14").count(), 2);
    assert_eq!(library.after(Some(&"a".parse().unwrap()), 5).len(), 1);
}

#[test]
fn what_is_withdrawn_answers_no_more_and_its_page_can_be_founded_anew() {
    let mut library = Library::default();
    library.take(1, Timestamp::UNIX_EPOCH, revision("a", 1, "c1"));
    library.take(2, Timestamp::UNIX_EPOCH, revision("b", 1, "c2"));
    let path: ArticlePath = "a".parse().unwrap();
    let out = |number, withdrawn: &str, on: &str| {
        let mut out = revision("a", number, "");
        (out.provenance, out.answered, out.withdrawn) = (vec![], vec![], vec![withdrawn.to_owned()]);
        out.article.withdrawn_on = on.to_owned();
        out
    };
    library.take(3, Timestamp::UNIX_EPOCH, out(2, "c1", "2026-02-16"));
    assert!(library.standing(&path).is_none() && library.sources(&path).is_empty());
    assert_eq!((library.len(), library.after(None, 9).len(), library.touched_in("2026-02-14").count()), (1, 1, 1));
    assert!(library.is_taken_out("c1") && library.applied("c1").is_some(), "it is not taken in again");
    let answers: Vec<&str> = library.answers("n").iter().map(|answer| answer.path.as_str()).collect();
    assert_eq!(answers, ["b"], "another answers the need");
    assert_eq!(library.tidings(9).map(|tiding| tiding.sequence).collect::<Vec<_>>(), [2], "nobody is told of it");
    library.take(4, Timestamp::UNIX_EPOCH, revision("a", 3, "c3"));
    assert_eq!((library.len(), library.sources(&path).len()), (2, 1));
    library.take(5, Timestamp::UNIX_EPOCH, out(4, "c3", ""));
    library.take(6, Timestamp::UNIX_EPOCH, out(5, "c2", ""));
    assert!(library.answers("n").is_empty(), "nothing answers it any more");
}

#[test]
fn a_redirect_leads_where_it_went_and_brings_what_it_was_made_from() {
    let mut library = Library::default();
    let path = |path: &str| path.parse::<ArticlePath>().unwrap();
    let redirect = |from: &str, number, to: Option<&str>| {
        let mut redirect = Revision::of(Article::blank(path(from), Kind::Article), "merged".into());
        redirect.article.revision = number;
        redirect.article.redirect_to = to.map(path);
        redirect
    };
    library.take(1, Timestamp::UNIX_EPOCH, revision("a", 1, "c1"));
    library.take(2, Timestamp::UNIX_EPOCH, revision("b", 1, "c2"));
    library.take(3, Timestamp::UNIX_EPOCH, redirect("a", 2, Some("b")));
    library.take(4, Timestamp::UNIX_EPOCH, revision("b", 2, "c3"));
    assert_eq!((library.len(), library.after(None, 9).len()), (1, 1), "it is neither counted nor listed");
    assert!(library.standing(&path("a")).is_none());
    assert_eq!(library.resolved(&path("a")).map(|entry| entry.newest.article.path.as_str()), Some("b"));
    assert_eq!(library.get(&path("a")).unwrap().sequences, [1, 3], "it keeps its history");
    let sources = |library: &Library, of: &str| -> Vec<String> {
        let contribution = |source| match source {
            Source::Contribution(contribution) => contribution,
            Source::Import(path, revision) => format!("{path}@{revision}"),
        };
        library.sources(&path(of)).into_iter().map(contribution).collect()
    };
    assert_eq!(sources(&library, "b"), ["c2", "c1", "c3"], "in the order in which the page took them in");
    // what went on from there, and came back
    library.take(5, Timestamp::UNIX_EPOCH, revision("c", 1, "c4"));
    library.take(6, Timestamp::UNIX_EPOCH, redirect("a", 3, Some("c")));
    assert_eq!(
        (sources(&library, "b"), sources(&library, "c")),
        (vec!["c2".into(), "c3".into()], vec!["c4".into(), "c1".into()])
    );
    library.take(7, Timestamp::UNIX_EPOCH, redirect("a", 4, None));
    assert_eq!((library.len(), sources(&library, "c").len(), sources(&library, "a")), (3, 1, vec!["c1".into()]));
    // two that lead to each other lead nowhere
    library.take(8, Timestamp::UNIX_EPOCH, redirect("a", 5, Some("b")));
    library.take(9, Timestamp::UNIX_EPOCH, redirect("b", 3, Some("a")));
    assert!(library.resolved(&path("a")).is_none() && library.resolved(&path("b")).is_none());
}

#[test]
fn what_was_split_is_found_by_each_of_its_parts_while_they_stand() {
    let mut library = Library::default();
    let path = |path: &str| path.parse::<ArticlePath>().unwrap();
    library.take(1, Timestamp::UNIX_EPOCH, revision("a", 1, "c1"));
    for (at, part) in ["a/one", "a/two"].into_iter().enumerate() {
        let split = Revision { split_from: Some(path("a")), provenance: vec![], ..revision(part, 1, "") };
        library.take(at as u64 + 2, Timestamp::UNIX_EPOCH, split);
    }
    let split = |library: &Library, of: &str| {
        let (whole, parts) = library.split(&path(of))?;
        Some((whole.newest.article.path.to_string(), parts.len()))
    };
    for of in ["a", "a/one", "a/two"] {
        assert_eq!(split(&library, of), Some(("a".to_owned(), 2)), "{of}");
    }
    let mut back = Revision::of(Article::blank(path("a/one"), Kind::Article), String::new());
    back.article.redirect_to = Some(path("a"));
    library.take(4, Timestamp::UNIX_EPOCH, back);
    assert_eq!(split(&library, "a"), Some(("a".to_owned(), 1)));
    assert_eq!((split(&library, "a/one"), split(&library, "b")), (None, None));
}
