//! What an article already says of a piece, and what of the piece came from it.
//!
//! **What came from the library is no evidence**: a statement that stands in an article word for word, or as a run of its words
//! without a claim of its own, repeats it. One that says the same in other words is somebody's own, unless the piece says
//! itself that it is from there.

use crate::{
    document, duplicate, normalize, similarity,
    statement::{self, Claims, Statement},
};
use std::{cell::LazyCell, collections::BTreeSet, ops::Range};

/// Statements of two texts that are compared at most, each with each; beyond, only what stands there word for word is seen.
const COMPARED: usize = 20_000;
/// The share of its runs of three words that a repeated statement has from an article.
const RUNS: f64 = 0.8;
/// Fewer runs are no sign: everybody says them.
const FEWEST_RUNS: usize = 4;
/// The share of a clause's runs of three words that another has which answers it.
const ANSWERS: f64 = 0.5;
/// A statement of fewer words, beside the name of an article, only says where the piece is from.
const FEWEST_WORDS: usize = 6;
/// What a statement in other words shares at least of its words and neighbouring words, as near duplicates do.
const REWORDED_FLOOR: f64 = duplicate::NEAR_FLOOR;

/// How a statement of a piece stands to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The article has it word for word, or as a run of its words.
    Repeated,
    /// The article says it in other words.
    Reworded,
    /// The article does not say it.
    New,
}

/// How the statements of a piece stand to an article, in counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standings {
    /// Statements of the piece.
    pub statements: usize,
    /// Those that are [`Standing::Repeated`].
    pub repeated: usize,
    /// Those that are [`Standing::Reworded`].
    pub reworded: usize,
    /// True when the piece names the article as where it is from.
    pub from_page: bool,
}

impl Standings {
    /// True when the article says everything that the piece says, and nothing of it is contradicted.
    pub fn all_said(&self) -> bool {
        self.statements > 0 && self.repeated + self.reworded == self.statements
    }

    /// True when nothing of the piece is its author's own: all of it repeats the article, or it is said to be from there.
    pub fn is_echo(&self) -> bool {
        self.all_said() && (self.from_page || self.repeated == self.statements)
    }

    /// Statements that are no evidence, because they came from the article.
    pub fn echoed(&self) -> usize {
        self.repeated + if self.from_page { self.reworded } else { 0 }
    }
}

/// Counts how a piece stands to an article, which is named by its path and the ids of its content.
pub fn standings(article: &str, piece: &str, names: &[&str]) -> Standings {
    let (bare, from_page) = without_names(piece, names);
    let each = each(article, &bare);
    let count = |wanted: Standing| each.iter().filter(|(_, standing, _)| *standing == wanted).count();
    Standings {
        statements: each.len(),
        repeated: count(Standing::Repeated),
        reworded: count(Standing::Reworded),
        from_page,
    }
}

/// What is left of a piece without what the article says in whatever words: the statements to be added, in order.
pub fn unsaid(article: &str, piece: &str) -> Vec<Statement> {
    let each = each(article, piece).into_iter();
    each.filter(|(_, standing, _)| *standing == Standing::New).map(|entry| entry.0).collect()
}

/// The statements of an article that a piece says in other words, by their ids ([`Statement::id`]).
pub fn reworded(article: &str, piece: &str) -> Vec<u64> {
    each(article, piece).into_iter().filter_map(|(_, _, said)| said).collect()
}

/// Each statement of a piece, how it stands to the article, and which of the article's it says in other words.
fn each(article: &str, piece: &str) -> Vec<(Statement, Standing, Option<u64>)> {
    let missing: BTreeSet<String> =
        statement::missing(article, piece).into_iter().map(|statement| statement.identity).collect();
    let said = statement::statements(article);
    let all = statement::statements(piece);
    let plain = document::plain_text(article);
    let runs = similarity::shingles(&plain);
    // asked for where all but one word of a clause may be the article's
    let words = LazyCell::new(|| super::content_words(&plain).into_iter().collect());
    let claims = statement::claims(article);
    let few = said.len() * missing.len() <= COMPARED;
    let compared = said.iter().filter(|other| few && !missing.is_empty() && !other.code);
    let prints: Vec<(&Statement, Vec<u64>)> =
        compared.map(|other| (other, duplicate::fingerprint(&other.text))).collect();
    let standing = |statement: &Statement| {
        if !missing.contains(&statement.identity) {
            return (Standing::Repeated, None);
        }
        if statement.code || !few {
            return (Standing::New, None);
        }
        let own = similarity::shingles(&statement.text);
        let claimed = statement::claims(&statement.text);
        let claims_nothing_new =
            claimed.tokens.is_subset(&claims.tokens) && claimed.polarity.is_subset(&claims.polarity);
        let runs_there = || own.len() >= FEWEST_RUNS && similarity::containment(&own, &runs) >= RUNS;
        let of_another_thing = || speaks_of_another_thing(&statement.text, &words, &runs);
        if claims_nothing_new && runs_there() && !of_another_thing() && !is_denied(statement, &said) {
            return (Standing::Repeated, None);
        }
        let print = duplicate::fingerprint(&statement.text);
        let in_other_words = prints.iter().find(|(other, of_other)| {
            similarity::jaccard(&print, of_other) >= REWORDED_FLOOR
                && duplicate::says_all_of(&other.text, &statement.text)
        });
        match in_other_words {
            Some((other, _)) => (Standing::Reworded, Some(other.id())),
            None => (Standing::New, None),
        }
    };
    let stands = |statement: Statement| {
        let (standing, said) = standing(&statement);
        (statement, standing, said)
    };
    all.into_iter().map(stands).collect()
}

/// What ends a clause.
const CLAUSE_ENDS: [char; 11] = [',', ';', ':', '.', '!', '?', '(', ')', '—', '–', '\n'];

/// True when a clause is of an article's words but for one that the article says nowhere: "logs are kept for 30 days" where it tells that of backups.
fn speaks_of_another_thing(text: &str, words: &BTreeSet<String>, runs: &[u64]) -> bool {
    text.split_inclusive(CLAUSE_ENDS).any(|clause| {
        let own = similarity::shingles(clause);
        super::content_words(clause).iter().any(|word| !words.contains(word)) && similarity::common(&own, runs) > 0
    })
}

/// True when what answers a statement claims otherwise: never where the statement says always, or the same words with a "not" before them.
fn is_denied(statement: &Statement, said: &[Statement]) -> bool {
    let read = |text: &str| -> Vec<(Vec<u64>, Claims)> {
        let clauses = text.split_inclusive(CLAUSE_ENDS);
        clauses.map(|clause| (similarity::shingles(clause), statement::claims(clause))).collect()
    };
    let own = read(&statement.text);
    // of each clause, the most that one which agrees has of it, and one which differs
    let mut best = vec![(0.0, 0.0); own.len()];
    for (runs, claims) in said.iter().filter(|other| !other.code).flat_map(|other| read(&other.text)) {
        for ((of_own, own_claims), (agreeing, differing)) in own.iter().zip(&mut best) {
            let share = match of_own.is_empty() || runs.is_empty() {
                true => 0.0,
                false => similarity::containment(of_own, &runs),
            };
            if share >= ANSWERS {
                let differs = statement::difference(own_claims, &claims).is_some();
                let side: &mut f64 = if differs { differing } else { agreeing };
                *side = side.max(share);
            }
        }
    }
    best.iter().any(|(agreeing, differing)| differing > agreeing)
}

/// A text without the names of an article, and whether it had one. What says little beside a name says where the text is
/// from, and is left out too.
fn without_names(text: &str, names: &[&str]) -> (String, bool) {
    let mut bare = text.to_owned();
    let mut found = false;
    for statement in statement::said(text) {
        let mut rest = statement.text.clone();
        for name in names {
            while let Some(range) = named(&rest, name) {
                rest.replace_range(range, "");
            }
        }
        if rest == statement.text {
            continue;
        }
        found = true;
        if normalize::words(&rest).len() < FEWEST_WORDS {
            rest.clear();
        }
        bare = bare.replacen(&statement.text, rest.replace("()", "").trim_end(), 1);
    }
    // in a heading, or across lines, a name counts as well
    (bare, found || names.iter().any(|name| named(text, name).is_some()))
}

/// Where a text says a path or an id, whole; a path of one segment is a word like any other, and says nothing.
fn named(text: &str, name: &str) -> Option<Range<usize>> {
    let telling = name.contains('/') || name.len() >= 32;
    let part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || matches!(char, '-' | '/'));
    let whole = |at: usize| {
        let before = text[..at].strip_suffix("articles/").unwrap_or(&text[..at]);
        let free = !part(before.chars().next_back()) && !part(text[at + name.len()..].chars().next());
        (telling && free).then(|| before.len()..at + name.len())
    };
    text.match_indices(name).find_map(|(at, _)| whole(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ARTICLE: &str = "# Backups\n\nThe directory is copied each night to the second host.\n\n\
        - Stop the writer before the copy begins, and start it after.\n- The limit is 50 files.\n";

    #[track_caller]
    fn check(piece: &str, repeated: usize, reworded: usize, new: usize) {
        let found = standings(ARTICLE, piece, &["how-to/backups"]);
        assert_eq!(
            (found.repeated, found.reworded, found.statements - found.repeated - found.reworded),
            (repeated, reworded, new),
            "{piece}"
        );
    }

    #[test]
    fn what_the_article_says_is_seen_in_whatever_words() {
        check("The directory is copied each night to the second host.", 1, 0, 0);
        check("- the **limit** is 50 files.", 1, 0, 0);
        check("The folder is copied each night to the second host.", 0, 1, 0);
        check("I read: stop the writer before the copy begins, and start it after.", 1, 0, 0);
    }

    #[test]
    fn another_claim_is_new() {
        check("The limit is 500 files.", 0, 0, 1);
        check("The directory is not copied each night to the second host.", 0, 0, 1);
        check("The folder is copied each night to the third host.", 0, 0, 1);
        let article = "# Store\n\nNever copy the store while it is open. Always wait until the writer has stopped, it does not take long.\n";
        let standing = |piece: &str| standings(article, piece, &[]);
        for denied in [
            "Always copy the store while it is open.",
            "Copy the store while it is open.",
            "Never wait until the writer has stopped.",
            "Sometimes wait until the writer has stopped.",
        ] {
            assert_eq!(standing(denied).repeated, 0, "{denied}");
        }
        assert_eq!(standing("Always wait until the writer has stopped.").repeated, 1);
        check("Tapes are kept for a year.", 0, 0, 1);
        check("The limit is 50 files.\n\nTapes are kept for a year.", 1, 0, 1);
    }

    #[test]
    fn what_is_said_of_another_thing_is_new() {
        for (article, piece) in [
            (
                "Backups are kept for 30 days, since nobody has ever asked for an older one.",
                "Logs are kept for 30 days, since nobody has ever asked for an older one.",
            ),
            (
                "Clean the coffee machine with two spoons of citric acid in a litre of warm water, and rinse it twice.",
                "Clean the tea machine with two spoons of citric acid in a litre of warm water, and rinse it twice.",
            ),
            (
                "When the printer in the hall stops, open the flap at the back and pull the paper out slowly.",
                "When the copier in the hall stops, open the flap at the back and pull the paper out slowly.",
            ),
        ] {
            let found = standings(article, piece, &[]);
            assert_eq!(found.repeated, 0, "{piece}: {found:?}");
            assert!(standings(article, article, &[]).is_echo());
        }
    }

    #[test]
    fn beyond_the_bound_only_what_stands_there_word_for_word_is_seen() {
        let filler = |lines: usize| (0..lines).map(|at| format!("- Shelf {at} is green.\n")).collect::<String>();
        // one statement of the piece is missing from the article, which has as many as may be compared, or one more
        let reworded = |lines: usize| {
            let article = format!("The directory is copied each night to the second host.\n\n{}", filler(lines));
            let piece = "The folder is copied each night to the second host.\n\n- Shelf 3 is green.\n";
            let found = standings(&article, piece, &[]);
            assert_eq!((found.statements, found.repeated), (2, 1));
            found.reworded
        };
        assert_eq!((reworded(COMPARED - 1), reworded(COMPARED)), (1, 0));
    }

    #[test]
    fn what_is_from_the_page_says_so_itself() {
        let from = |piece| standings(ARTICLE, piece, &["how-to/backups", "00112233445566778899aabbccddeeff"]).from_page;
        assert!(from("As how-to/backups says.") && from("see articles/how-to/backups") && from("(how-to/backups)"));
        assert!(from("id: 00112233445566778899aabbccddeeff"));
        assert!(!from("see how-to/backups-2") && !from("see my/how-to/backups") && !from("backups"));
        assert!(!standings(ARTICLE, "backups", &["backups"]).from_page, "one word is no address");
    }

    #[test]
    fn own_words_are_evidence_and_an_echo_is_not() {
        let folder = "The folder is copied each night to the second host.";
        let own = standings(ARTICLE, folder, &["how-to/backups"]);
        assert!(own.all_said() && !own.is_echo() && own.echoed() == 0);
        let echo = standings(ARTICLE, &format!("{folder} (how-to/backups)"), &["how-to/backups"]);
        assert!(echo.from_page && echo.is_echo() && echo.reworded == 1, "{echo:?}");
        let echo = standings(ARTICLE, &format!("From how-to/backups.\n\n{folder}"), &["how-to/backups"]);
        assert!(echo.from_page && echo.is_echo() && echo.statements == 1, "{echo:?}");
        let more = format!("From how-to/backups.\n\n{folder} Tapes are kept for a year in the cellar.");
        let more = standings(ARTICLE, &more, &["how-to/backups"]);
        assert!(more.from_page && !more.is_echo() && more.echoed() == 1 && more.statements == 2, "{more:?}");
        assert!(standings(ARTICLE, ARTICLE, &[]).is_echo());
        assert!(!standings(ARTICLE, "", &[]).is_echo(), "nothing is no echo");
    }

    proptest! {
        /// **No article grows from its own text**, in whatever order and selection it comes back.
        #[test]
        fn an_article_read_back_is_an_echo(
            chosen in prop::collection::vec(0..4usize, 1..6),
            lines in Just(["Restart the pool before 6:00.", "- never on a Friday", "```sh\nsystemctl restart pool\n```", "> Ask ada first."]),
        ) {
            let article = lines.join("\n\n");
            let back: Vec<&str> = chosen.into_iter().map(|at| lines[at]).collect();
            let back = back.join("\n\n");
            prop_assert!(standings(&article, &back, &[]).is_echo(), "{}", back);
            prop_assert!(unsaid(&article, &back).is_empty());
            prop_assert_eq!(statement::merge(&article, &back), article);
        }
    }
}
