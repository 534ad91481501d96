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
            path: path.parse().unwrap(),
            title: path.into(),
            kind: Kind::Article,
            body: String::new(),
            tags: vec![],
            aliases: vec![],
            contributors: vec!["ada".into()],
            confirmed_by: Vec::new(),
            revision,
            night: "2026-02-14".into(),
            curated_at: String::new(),
            withdrawn_on: String::new(),
        },
        reason: String::new(),
        answered: vec![Answered { need: "n".into(), question: "?".into(), contribution: contribution.into() }],
        provenance: vec![provenance],
        findability: vec![],
        withdrawn: vec![],
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
    assert!(library.standing(&path).is_none() && library.get(&path).unwrap().sources.is_empty());
    assert_eq!((library.len(), library.after(None, 9).len(), library.touched_in("2026-02-14").count()), (1, 1, 1));
    assert!(library.is_taken_out("c1") && library.applied("c1").is_some(), "it is not taken in again");
    let answers: Vec<&str> = library.answers("n").iter().map(|answer| answer.path.as_str()).collect();
    assert_eq!(answers, ["b"], "another answers the need");
    assert_eq!(library.tidings(9).map(|tiding| tiding.sequence).collect::<Vec<_>>(), [2], "nobody is told of it");
    library.take(4, Timestamp::UNIX_EPOCH, revision("a", 3, "c3"));
    assert_eq!((library.len(), library.standing(&path).unwrap().sources.len()), (2, 1));
    library.take(5, Timestamp::UNIX_EPOCH, out(4, "c3", ""));
    library.take(6, Timestamp::UNIX_EPOCH, out(5, "c2", ""));
    assert!(library.answers("n").is_empty(), "nothing answers it any more");
}
