use proptest::prelude::*;

use super::*;

fn piece(day: u8, note: &str, text: &str) -> Piece {
    Piece {
        id: commune_proto::content_id(&["contribution", "ada", note, text]),
        wording: extract::wording(text),
        note: note.into(),
        position: 0,
        title: text.into(),
        kind: Kind::Lesson,
        text: text.into(),
        tags: Vec::new(),
        learned_on: format!("2026-02-{day:02}"),
        changed: format!("2026-02-{day:02}"),
        parts: Vec::new(),
    }
}

fn need(question: &str) -> BTreeSet<OpenNeed> {
    BTreeSet::from([OpenNeed { id: "need".into(), wordings: vec![question.into()] }])
}

fn notes(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|c| c.piece.note.as_str()).collect()
}

fn secret() -> String {
    format!("The key is {}{}, keep it safe.", "AKIA", "Z7QX3MNB5TRW2LKD")
}

#[test]
fn a_need_goes_first_then_what_was_learned_first() {
    let pieces = vec![
        piece(1, "a", "Coffee machines want to be descaled each month."),
        piece(2, "b", "Retries should wait as long as the header says."),
        piece(3, "c", "A wildcard certificate renews by the DNS challenge."),
    ];
    let plan = plan(pieces, &Before::default(), &need("How to renew a wildcard certificate?"), 2, &Guard::default());
    assert_eq!((notes(&plan.share), notes(&plan.waiting)), (vec!["c", "a"], vec!["b"]));
    assert_eq!(plan.share[0].answers, ["need"]);
}

#[test]
fn what_was_shared_is_not_shared_again() {
    let first = piece(1, "a", "Retries should wait as long as the header says.");
    let again = piece(2, "b", "Retries should wait as long as the header says.");
    let both = plan(vec![again.clone(), first.clone()], &Before::default(), &BTreeSet::new(), 10, &Guard::default());
    assert_eq!(notes(&both.share), ["a"], "the same words count once");
    let before = Before {
        shared: BTreeSet::from([first.id.clone()]),
        wordings: BTreeSet::from([first.wording.clone()]),
        ..Before::default()
    };
    assert_eq!(plan(vec![again, first], &before, &BTreeSet::new(), 10, &Guard::default()), Plan::default());
}

#[test]
fn what_is_gathered_is_shared_in_parts_where_the_whole_may_not_be() {
    let parts = || {
        vec![
            piece(1, "a", "Retries should wait as long as the header says."),
            piece(1, "a", "Drain the pool before a restart."),
        ]
    };
    let whole = |parts: Vec<Piece>| {
        let text: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        Piece { parts: parts.clone(), ..piece(1, "a", &text.join("\n\n")) }
    };
    let texts = |plan: &Plan| plan.share.iter().map(|candidate| candidate.piece.text.clone()).collect::<Vec<_>>();
    let planned = |piece: Piece, before: &Before| plan(vec![piece], before, &BTreeSet::new(), 10, &Guard::default());
    assert_eq!(texts(&planned(whole(parts()), &Before::default())).len(), 1);
    let [first, second] = [0, 1].map(|at| parts()[at].clone());
    // one of them was shared, quotes somebody or is held: the other goes by itself
    let shared = Before { shared: BTreeSet::from([first.id.clone()]), ..Before::default() };
    assert_eq!(texts(&planned(whole(parts()), &shared)), std::slice::from_ref(&second.text));
    let quoting = Before { quoting: BTreeSet::from([first.id.clone()]), ..Before::default() };
    let plan = planned(whole(parts()), &quoting);
    assert_eq!((texts(&plan), plan.held.len()), (vec![second.text.clone()], 1));
    let plan = planned(whole(vec![piece(1, "a", &secret()), second.clone()]), &Before::default());
    assert_eq!((texts(&plan), plan.held.len()), (vec![second.text], 1));
}

#[test]
fn a_secret_is_held_and_told_once() {
    let held = |before: &Before, note: Piece| plan(vec![note], before, &BTreeSet::new(), 10, &Guard::default()).held;
    let note = piece(14, "a", &secret());
    let first = held(&Before::default(), note.clone());
    assert_eq!(
        first.iter().map(|(note, hold)| (note.as_str(), hold.rule.as_str())).collect::<Vec<_>>(),
        [("a", "secret:aws-access-key")]
    );
    let rules = BTreeSet::from([first[0].1.rule.clone()]);
    let before = Before { held: BTreeMap::from([("a".into(), ("2026-02-14".into(), rules))]), ..Before::default() };
    assert!(held(&before, note.clone()).is_empty());
    let changed = Piece { changed: "2026-02-15".into(), ..note };
    assert_eq!(held(&before, changed).len(), 1);
}

#[test]
fn what_is_held_no_more_is_released() {
    let rules = BTreeSet::from(["secret:aws-access-key".to_owned()]);
    let held = ["a", "b", "c"].map(|note| (note.to_owned(), ("2026-02-14".to_owned(), rules.clone())));
    let before = Before { held: BTreeMap::from(held), ..Before::default() };
    let pieces = vec![
        piece(14, "a", &secret()),
        piece(14, "a", "Retries should wait as long as the header says."),
        piece(15, "b", "Coffee machines want to be descaled each month."),
    ];
    let plan = plan(pieces, &before, &BTreeSet::new(), 10, &Guard::default());
    assert_eq!(plan.released, ["b", "c"].map(str::to_owned).into(), "one was mended and one is gone");
    assert!(Plan::default().released.is_empty(), "a night that looks at nothing releases nothing");
}

proptest! {
    #[test]
    fn never_more_than_the_cap_nothing_lost_and_order_does_not_matter(
        (pieces, shuffled) in proptest::collection::vec((1_u8..28, 0_usize..12, any::<bool>()), 0..30).prop_flat_map(|seeds| {
            let pieces: Vec<Piece> = seeds
                .iter()
                .enumerate()
                .map(|(i, (day, note, hold))| {
                    let text = if *hold { format!("{i} {}", secret()) } else { format!("Lesson number {i} is worth five words.") };
                    piece(*day, &format!("n{note}"), &text)
                })
                .collect();
            (Just(pieces.clone()), Just(pieces).prop_shuffle())
        }),
        cap in 0_usize..12,
    ) {
        let open = need("Which lesson is worth the words?");
        let plan_a = plan(pieces.clone(), &Before::default(), &open, cap, &Guard::default());
        prop_assert_eq!(&plan_a, &plan(shuffled, &Before::default(), &open, cap, &Guard::default()));
        prop_assert!(plan_a.share.len() <= cap);
        let free = pieces.iter().filter(|p| clear::clear(p, &Guard::default()).is_empty()).count();
        prop_assert_eq!(plan_a.share.len() + plan_a.waiting.len(), free);
        for candidate in plan_a.share.iter().chain(&plan_a.waiting) {
            prop_assert!(clear::clear(&candidate.piece, &Guard::default()).is_empty());
        }
    }
}
