//! Statements of an article that contradict each other.
//!
//! **It follows from the body and from who said what**, so that it holds however the page came to be as it is, and is no text that could be
//! taken for something that was learned. Both stay, until one of them is gone. Only what different contributions say contradicts: a page that says
//! both itself knows why. Three values or more of one thing are a list.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::{
    skill,
    statement::{self, Asserted},
};

use super::blame::sources;
use crate::library::{Contested, Disputed, Sayings};

/// Values of one thing that contradict each other; more are a list.
const VALUES: usize = 2;
/// Contradictions of one article that are told.
const MOST: usize = 20;

/// What is contested in a body as it was at a revision.
pub fn contested(body: &str, sayings: &Sayings, revision: u32) -> Vec<Contested> {
    // what one alone said contradicts nobody
    if sayings.all().len() < 2 || skill::unpack(body).is_some() {
        return Vec::new();
    }
    let all = statement::asserted(body);
    let mut subjects: BTreeMap<(u64, &[String]), Vec<&Asserted>> = BTreeMap::new();
    for one in &all {
        subjects.entry((one.assertion.subject, &one.above)).or_default().push(one);
    }
    let said_by = |one: &Asserted| sources(&[one.statement.id()], sayings, revision);
    let mut found: Vec<(usize, Contested)> = Vec::new();
    for of_subject in subjects.into_values() {
        let values: BTreeSet<(&[u64], bool)> =
            of_subject.iter().map(|one| (one.assertion.values.as_slice(), one.assertion.negated)).collect();
        if values.len() != VALUES {
            continue;
        }
        let Some((first, rest)) = of_subject.split_first() else { continue };
        let Some(other) = rest.iter().find(|other| other.contradicts(first)) else { continue };
        let said = [said_by(first), said_by(other)];
        let by_one = said[0].iter().any(|saying| said[1].contains(saying));
        if by_one || said.iter().any(Vec::is_empty) {
            continue;
        }
        let place = all.iter().position(|one| std::ptr::eq(one, *first)).unwrap_or(usize::MAX);
        let disputed = [first, other].into_iter().zip(said).map(|(one, said)| Disputed {
            text: one.statement.text.clone(),
            headings: one
                .statement
                .headings
                .iter()
                .skip(one.statement.headings.len() - one.above.len())
                .cloned()
                .collect(),
            sources: said.into_iter().cloned().collect(),
        });
        let mut disputed: Contested = disputed.collect();
        disputed.sort_by_key(|one| one.sources.first().map(|first| (first.on.clone(), first.revision)));
        found.push((place, disputed));
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, contested)| contested).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        curate::tests::{curate, piece},
        library::Library,
    };

    /// What is contested in the page after each of these was said in a night of its own, as pairs of who said it.
    #[track_caller]
    fn check(said: &[&str], expected: &[(&str, &str)]) {
        let mut library = Library::default();
        for (at, text) in said.iter().enumerate() {
            let agent = format!("agent-{at}");
            let piece = crate::curate::Piece {
                night: format!("2026-02-1{at}"),
                ..piece(&agent, &at.to_string(), "Gateway", text)
            };
            assert_eq!(curate(&mut library, &[piece], 200), []);
        }
        let entry = library.get(&"lessons/gateway".parse().unwrap()).unwrap();
        let body = &entry.newest.article.body;
        let found: Vec<(String, String)> = contested(body, &entry.said, entry.newest.article.revision)
            .into_iter()
            .map(|contested| {
                let by = |at: usize| contested[at].sources[0].agent.clone();
                (by(0), by(1))
            })
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect();
        assert_eq!(found, expected, "{body}");
    }

    const CONTESTED: [(&str, &str); 1] = [("agent-0", "agent-1")];

    #[test]
    fn what_two_agents_say_of_one_thing_is_contested() {
        check(&["The gateway listens on port 8080.", "The gateway listens on port 9090."], &CONTESTED);
        check(&["The cache of the gateway is enabled.", "The cache of the gateway is disabled."], &CONTESTED);
        check(&["## Ports\n\nThe gateway listens on port 8080.", "The gateway listens on port 9090."], &CONTESTED);
    }

    #[test]
    fn a_list_another_thing_and_what_one_says_alone_are_not() {
        let port = |number: u32| format!("The gateway listens on port {number}.");
        check(&[&port(1), &port(2), &port(3)], &[]);
        check(&[&format!("{} {}", port(1), port(2))], &[]);
        check(&["On staging the timeout is 30 s.", "On prod the timeout is 60 s."], &[]);
        check(&["## Staging\n\nThe timeout is 30 s.", "## Prod\n\nThe timeout is 60 s."], &[]);
    }

    #[test]
    fn what_says_that_it_changed_takes_the_place_of_what_was_said_in_an_earlier_night() {
        check(&["The gateway listens on port 8080.", "The gateway now listens on port 9090."], &[]);
    }
}
