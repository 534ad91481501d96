use std::sync::Arc;

use commune_proto::ArticlePath;
use proptest::prelude::*;

use super::*;
use crate::{
    curate::tests::{articles, curate, piece, pieces},
    library::{self, Library, Provenance, Revision},
};

/// Withdraws as the service does: article by article, from what the library says went into each.
/// As where pages are curated.
fn owner_of(agent: &str) -> String {
    if agent == "eva" { "eve".to_owned() } else { agent.to_owned() }
}

fn take_out(library: &mut Library, pieces: &[Piece], gone: &[&str]) {
    let all: Vec<Article> = library.after(None, usize::MAX).iter().map(|r| r.article.clone()).collect();
    for article in all {
        let entry = library.get(&article.path).unwrap().clone();
        let out = |id: &str| gone.contains(&id) || library.is_taken_out(id);
        let mut kept = Vec::new();
        let mut going = Vec::new();
        for source in library.sources(&article.path) {
            match source {
                library::Source::Contribution(id) => {
                    let id = &id;
                    let piece = pieces.iter().find(|p| p.id == *id).unwrap();
                    if !out(id) {
                        kept.push(Source::Piece(Box::new(piece.clone())));
                    } else if !library.is_taken_out(id) {
                        going.push(Gone { agent: piece.agent.clone(), contribution: id.clone() });
                    }
                }
                library::Source::Import(..) => unreachable!("nothing is imported here"),
            }
        }
        if going.is_empty() {
            continue;
        }
        let existing = Existing { article, sequence: entry.sequence() };
        let planned = withdraw(existing, &kept, &going, &BTreeMap::new(), ("2026-02-16", "now"), &owner_of).unwrap();
        library.take(library.last_sequence() + 1, jiff::Timestamp::UNIX_EPOCH, planned.revision);
    }
}

/// The pages without the numbers of their revisions.
fn told(library: &Library) -> Vec<Article> {
    let plain = |a: Article| Article { revision: 0, night: String::new(), curated_at: String::new(), ..a };
    articles(library).into_iter().map(plain).collect()
}

/// Every line of every page, with the contributions that said what stands on it.
fn blamed(library: &Library) -> Vec<(String, BTreeSet<String>)> {
    let mut lines = Vec::new();
    for revision in library.after(None, usize::MAX) {
        let entry = library.get(&revision.article.path).unwrap();
        for line in crate::curate::blame(&revision.article.body, &entry.said, revision.article.revision) {
            lines.push((line.text.to_owned(), line.sources.iter().map(|said| said.contribution.clone()).collect()));
        }
    }
    lines
}

fn newest(library: &Library, path: &str) -> Arc<Revision> {
    Arc::clone(&library.get(&path.parse().unwrap()).unwrap().newest)
}

#[test]
fn what_only_the_withdrawn_note_said_goes_and_history_says_so() {
    let mut library = Library::default();
    let pieces = [
        piece("ada", "1", "Zanzibar certificates", "Use staging first.\n\n## Zebra steps\n\nOnly ada knows this."),
        piece("bob", "2", "Renew certificates", "Use staging first.\n\nThe limit is 50 a week."),
    ];
    let path: ArticlePath = "lessons/zanzibar-certificates".parse().unwrap();
    curate(&mut library, &pieces[..1], 200);
    let update = Piece { action: crate::curate::Action::Update, path: path.clone(), ..pieces[1].clone() };
    curate(&mut library, &[update], 200);
    take_out(&mut library, &pieces, &["1"]);
    let revision = newest(&library, path.as_str());
    let article = &revision.article;
    assert_eq!(article.body, "# Renew certificates\n\nUse staging first.\n\nThe limit is 50 a week.\n");
    assert_eq!(
        (article.title.as_str(), article.contributors.as_slice()),
        ("Renew certificates", ["bob".to_owned()].as_slice())
    );
    assert!(article.aliases.is_empty() && article.tags == ["ops"]);
    assert_eq!((article.revision, article.night.as_str()), (3, NIGHT));
    assert_eq!(
        (revision.reason.as_str(), revision.withdrawn.as_slice()),
        ("withdraws what ada contributed (1 statement)", ["1".to_owned()].as_slice())
    );
    assert!(revision.provenance.is_empty());
}

#[test]
fn of_the_only_contribution_nothing_is_left_and_the_path_is_free_again() {
    let mut library = Library::default();
    let pieces = [piece("ada", "1", "Renew certificates", "Use staging first.\n\nThe limit is 50 a week.")];
    let path = "lessons/renew-certificates";
    curate(&mut library, &pieces, 200);
    take_out(&mut library, &pieces, &["1"]);
    assert!(library.is_empty() && library.standing(&path.parse().unwrap()).is_none());
    let revision = newest(&library, path);
    let article = &revision.article;
    assert_eq!((article.revision, article.withdrawn_on.as_str()), (2, "2026-02-16"));
    assert!(article.title.is_empty() && article.body.is_empty() && article.aliases.is_empty());
    assert!(article.tags.is_empty() && article.contributors.is_empty());
    assert_eq!(revision.reason, "withdraws what ada contributed (2 statements)");

    curate(&mut library, &[piece("bob", "2", "Renew certificates", "A wildcard needs the DNS challenge.")], 200);
    let article = newest(&library, path).article.clone();
    assert_eq!((article.revision, article.contributors.as_slice()), (3, ["bob".to_owned()].as_slice()));
    assert_eq!(article.body, "# Renew certificates\n\nA wildcard needs the DNS challenge.\n");
}

#[test]
fn an_imported_page_keeps_what_it_brought() {
    let page = |body: &str, contributors: &[&str], revision| Article {
        title: "Renew".into(),
        body: body.into(),
        contributors: contributors.iter().map(|c| (*c).to_owned()).collect(),
        revision,
        night: "import".into(),
        ..Article::blank("how-to/renew".parse().unwrap(), crate::library::Kind::Article)
    };
    let note = piece("ada", "1", "Renewing", "Ada says this.");
    let first = page("# Renew\n\nThe page says this.\n", &["root"], 1);
    let folded = page("# Renew\n\nThe page says this.\n\n## Renewing\n\nAda says this.\n", &["ada", "root"], 2);
    let second = page(&format!("{}\nThe page says more.\n", folded.body), &["ada", "root"], 3);
    let brought = |article: &Article, before: Option<&Article>| {
        Source::Page(Box::new(Imported { agent: "root".into(), article: article.clone(), before: before.cloned() }))
    };
    let existing = Existing { article: second.clone(), sequence: 9 };
    let gone = [Gone { agent: "ada".into(), contribution: note.id }];
    let kept = [brought(&first, None), brought(&second, Some(&folded))];
    let planned = withdraw(existing.clone(), &kept, &gone, &BTreeMap::new(), ("2026-02-16", "now"), &owner_of).unwrap();
    let article = planned.revision.article;
    assert_eq!(article.body, "# Renew\n\nThe page says this.\n\nThe page says more.\n");
    assert_eq!((article.contributors.as_slice(), article.revision), (["root".to_owned()].as_slice(), 4));
    // where it only repeats what stood there, it brought nothing
    let repeated = [brought(&folded, Some(&page(&folded.body, &["ada"], 1)))];
    let planned = withdraw(existing, &repeated, &gone, &BTreeMap::new(), ("2026-02-16", "now"), &owner_of).unwrap();
    assert!(planned.revision.article.is_withdrawn());
}

#[test]
fn what_went_through_a_redirect_leaves_the_page_where_it_went() {
    let mut library = Library::default();
    let pieces = [
        piece("ada", "1", "Tea", "Water of 80 °C."),
        piece("bob", "2", "Green tea", "Two minutes are enough."),
        piece("cy", "3", "Green tea", "The first brew is poured away."),
    ];
    curate(&mut library, &pieces[..1], 200);
    curate(&mut library, &pieces[1..], 200);
    let existing = |library: &Library, path: &str| {
        let entry = library.get(&path.parse().unwrap()).unwrap();
        Existing { article: entry.newest.article.clone(), sequence: entry.sequence() }
    };
    let (tea, green) = (existing(&library, "lessons/tea"), existing(&library, "lessons/green-tea"));
    let body = statement::merge(&tea.article.body, &green.article.body);
    let merged = Article { body, revision: 2, ..tea.article.clone() };
    let redirect = crate::curate::redirect(&green, &merged, &[], "merged", ("2026-02-15", "now")).unwrap().remove(0);
    for revision in [Revision::of(merged, "merged".into()), redirect.revision] {
        library.take(library.last_sequence() + 1, jiff::Timestamp::UNIX_EPOCH, revision);
    }
    take_out(&mut library, &pieces, &["2"]);
    let left = newest(&library, "lessons/tea").article.clone();
    assert!(!left.body.contains("Two minutes") && left.body.contains("poured away"), "{}", left.body);
    assert_eq!(
        (left.title.as_str(), left.contributors.as_slice()),
        ("Tea", ["ada".to_owned(), "cy".to_owned()].as_slice())
    );
    take_out(&mut library, &pieces, &["1", "3"]);
    let left = newest(&library, "lessons/tea").article.clone();
    assert!(left.is_withdrawn() && left.path.as_str() == "lessons/tea", "{left:?}");
    assert!(library.is_empty());
    // what is shared again under the old name founds a page
    curate(&mut library, &[piece("bob", "4", "Green tea", "Three minutes are too long.")], 200);
    assert!(library.standing(&"lessons/tea".parse().unwrap()).is_some(), "{library:?}");
}

#[test]
fn what_is_shared_under_a_name_that_redirects_goes_where_that_leads() {
    let mut library = Library::default();
    curate(&mut library, &[piece("ada", "1", "Tea", "Water of 80 °C.")], 200);
    let redirect_to = Some("lessons/tea".parse().unwrap());
    let old = Article { redirect_to, ..Article::blank("lessons/old-tea".parse().unwrap(), library::Kind::Article) };
    library.take(9, jiff::Timestamp::UNIX_EPOCH, Revision::of(Article { revision: 1, ..old }, String::new()));
    let mut update = piece("bob", "2", "Old tea", "Throw it away.");
    update.action = crate::curate::Action::Update;
    curate(&mut library, &[update], 200);
    assert!(newest(&library, "lessons/tea").article.body.contains("Throw it away."));
    let other = piece("cy", "3", "Old tea", "Museums show bricks that once were money in Siberia.");
    curate(&mut library, &[other], 200);
    let founded = newest(&library, "lessons/old-tea-2").article.clone();
    assert!(founded.body.contains("Siberia"), "what redirects is not written over");
}

#[test]
fn a_revision_that_takes_out_adds_no_source() {
    let mut library = Library::default();
    let pieces = [piece("ada", "1", "Tea", "Water of 80 °C."), piece("bob", "2", "Tea", "Water of 80 °C.")];
    curate(&mut library, &pieces, 200);
    take_out(&mut library, &pieces, &["2"]);
    let entry = library.get(&"lessons/tea".parse().unwrap()).unwrap();
    assert_eq!(library.sources(&entry.newest.article.path).len(), 2);
    assert_eq!(entry.newest.reason, "withdraws what bob contributed (0 statements)");
    assert_eq!(entry.newest.article.contributors, ["ada"]);
    assert_eq!(entry.newest.provenance, Vec::<Provenance>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_others_brought_stays_and_nothing_else_does(pieces in pieces(), out in any::<u16>(), half in any::<bool>()) {
        // marked, so that every word that only one note brought is known again
        let marked: Vec<Piece> = pieces
            .iter()
            .map(|p| Piece { text: format!("{}\n\nOnly mark{} says so.", p.text, p.id), tags: vec![format!("tag{}", p.id)], ..p.clone() })
            .collect();
        let gone: Vec<&str> = marked.iter().enumerate().filter(|(at, _)| out >> (at % 16) & 1 == 1).map(|(_, p)| p.id.as_str()).collect();
        let mut together = Library::default();
        curate(&mut together, &marked, 3);
        let (mut forth, mut back) = (together.clone(), together.clone());
        take_out(&mut together, &marked, &gone);
        for id in &gone {
            take_out(&mut forth, &marked, &[id]);
        }
        for id in gone.iter().rev() {
            take_out(&mut back, &marked, &[id]);
        }
        // in any order, one by one or all at once
        prop_assert_eq!(told(&together), told(&forth));
        prop_assert_eq!(told(&together), told(&back));
        // twice is once
        let (before, again) = (together.last_sequence(), if half { &gone[..gone.len() / 2] } else { &gone[..] });
        take_out(&mut together, &marked, again);
        prop_assert_eq!(together.last_sequence(), before);
        let all = format!("{:?}", told(&together));
        for piece in &marked {
            let is_gone = gone.contains(&piece.id.as_str());
            prop_assert_eq!(all.contains(&format!("mark{} ", piece.id)), !is_gone, "{}", &all);
            prop_assert_eq!(all.contains(&format!("tag{}\"", piece.id)), !is_gone, "{}", &all);
            if !is_gone {
                let path = &together.applied(&piece.id).unwrap().path;
                let article = &together.standing(path).unwrap().newest.article;
                prop_assert!(statement::missing(&article.body, &piece.text).is_empty(), "{:?} in {:?}", piece, article);
                prop_assert!(article.contributors.contains(&piece.agent));
            }
        }
    }

    #[test]
    fn a_page_is_what_it_would_be_had_the_note_never_come(pieces in pieces(), out in 0..12_usize) {
        // all on one page, in one order
        let path: ArticlePath = "lessons/one".parse().unwrap();
        let pieces: Vec<Piece> = pieces
            .into_iter()
            .map(|p| Piece { action: crate::curate::Action::Update, path: path.clone(), ..p })
            .collect();
        let gone = pieces[out % pieces.len()].id.clone();
        let (mut with, mut never) = (Library::default(), Library::default());
        let page = |library: &mut Library, pieces: &[Piece]| {
            for one in pieces {
                curate(library, std::slice::from_ref(one), 1);
            }
        };
        page(&mut with, &pieces);
        take_out(&mut with, &pieces, &[&gone]);
        let others: Vec<Piece> = pieces.into_iter().filter(|p| p.id != gone).collect();
        page(&mut never, &others);
        prop_assert_eq!(told(&with), told(&never));
        prop_assert_eq!(blamed(&with), blamed(&never));
        for (line, by) in blamed(&with) {
            prop_assert!(!by.is_empty() || line.trim().is_empty() || line.starts_with('#'), "{:?} is nobody's", line);
        }
    }
}
