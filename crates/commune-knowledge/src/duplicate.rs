//! Duplicates: whether two texts say the same, and if not, why.
//!
//! **In doubt two texts differ.** A duplicate that is kept costs a line; a false merge costs a fact. Two texts are
//! near duplicates only when they share most of their words, their claims agree as a whole, and each pair of
//! sentences that answer each other differs in nothing but words known to mean the same.

use crate::normalize;
use crate::similarity;
use crate::statement::{
    CONTRARY_MARK, Claims, Difference, ENVIRONMENT_MARK, QUALIFIERS, claims, content_words, difference, pieces,
    without_provenance,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// From this Jaccard index of their [`fingerprint`]s on two texts are compared claim by claim.
pub const NEAR_FLOOR: f64 = 0.4;

/// Pairs of statements that are looked at before a comparison gives up.
const PAIR_LIMIT: usize = 40_000;
/// Words that frame a heading and name no topic.
const FRAME: &[&str] = &["how", "to", "use", "on", "in", "for", "with", "about", "note", "notes", "guide", "howto"];
/// Two texts that both say more than this share of their words without an answer in the other are not the same.
const ALONE_LIMIT: f64 = 0.25;
/// From this share of common words on two statements answer each other.
const ANSWER_FLOOR: f64 = 0.4;

/// What a comparison of two texts says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The same text but for its form ([`normalize::identity`]).
    Same,
    /// The same claims in nearly the same words.
    Near {
        /// The Jaccard index of the fingerprints.
        likeness: f64,
    },
    /// Not to be merged.
    Different(Reason),
}

impl Verdict {
    /// True when the two texts may be merged.
    pub fn is_duplicate(&self) -> bool {
        !matches!(self, Self::Different(_))
    }
}

/// Why two texts are not merged.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// They share too few words.
    Unlike {
        /// The Jaccard index of the fingerprints.
        likeness: f64,
    },
    /// What they claim differs as a whole.
    Claims(Difference),
    /// Two sentences that answer each other differ in a word, or in the order of their words.
    Words(Difference),
    /// They are too long to be compared statement by statement.
    TooLong,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |tokens: &BTreeSet<String>| tokens.iter().cloned().collect::<Vec<_>>().join(", ");
        match self {
            Self::Unlike { likeness } => write!(formatter, "too few words in common (likeness {likeness:.2})"),
            Self::Claims(found) => {
                write!(formatter, "claims differ: [{}] and [{}]", list(&found.left), list(&found.right))
            }
            Self::Words(found) => {
                write!(formatter, "a sentence differs: [{}] and [{}]", list(&found.left), list(&found.right))
            }
            Self::TooLong => formatter.write_str("too long to be compared statement by statement"),
        }
    }
}

/// Compares two Markdown bodies. Symmetric. A caller with many candidates compares their fingerprints first and
/// comes here only from [`NEAR_FLOOR`] on, or for equal identities: the verdict is the same.
pub fn compare(left: &str, right: &str) -> Verdict {
    if normalize::identity(left) == normalize::identity(right) {
        return Verdict::Same;
    }
    let likeness = similarity::jaccard(&fingerprint(left), &fingerprint(right));
    if likeness < NEAR_FLOOR {
        return Verdict::Different(Reason::Unlike { likeness });
    }
    if let Some(found) = contest(&claims(left), &claims(right)) {
        return Verdict::Different(Reason::Claims(found));
    }
    match first_contradiction(left, right, likeness) {
        Some(reason) => Verdict::Different(reason),
        None => Verdict::Near { likeness },
    }
}

/// True when two texts claim the same, whatever their likeness as a whole: for single statements.
pub fn same_claim(left: &str, right: &str) -> bool {
    normalize::identity(left) == normalize::identity(right)
        || (difference(&claims(left), &claims(right)).is_none()
            && contradiction(&words_of(left), &words_of(right)).is_none()
            && words_of(left).is_empty() == words_of(right).is_empty())
}

/// The set of hashed words and neighbouring words of a text, sorted, by which duplicates are looked for: provenance
/// left out and words for the same read as one word, so that rewording and another order change little of it. Make
/// signatures for [`similarity::candidate_pairs`] of it.
pub fn fingerprint(text: &str) -> Vec<u64> {
    let words = content_words(&without_provenance(text));
    let mut hashes: Vec<u64> = words.iter().map(|word| similarity::hash_word(word)).collect();
    hashes.extend(words.windows(2).map(similarity::hash));
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The claims in which two texts contradict each other as wholes: as [`difference`], but a claim counts only against
/// one of its kind. A sentence that one text has in addition may name an environment, another of the other text a
/// command; whether sentences that answer each other agree is looked at apart.
fn contest(left: &Claims, right: &Claims) -> Option<Difference> {
    let found = difference(left, right)?;
    let polarity = left.polarity != right.polarity;
    let kinds: BTreeSet<Kind<'_>> = found.left.iter().map(|token| kind(token)).collect();
    let contested = found.right.iter().any(|token| kinds.contains(&kind(token)));
    (polarity || contested).then_some(found)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind<'a> {
    /// One of a group of words that exclude each other.
    Contrary(&'a str),
    Environment,
    Number,
    Code,
    Name,
}

fn kind(token: &str) -> Kind<'_> {
    if token.starts_with(CONTRARY_MARK) {
        Kind::Contrary(token.split(' ').next().unwrap_or_default())
    } else if token.starts_with(ENVIRONMENT_MARK) {
        Kind::Environment
    } else if token.starts_with(|char: char| char.is_ascii_digit()) {
        Kind::Number
    } else if token.chars().all(char::is_alphabetic) {
        Kind::Name
    } else {
        Kind::Code
    }
}

/// A statement or heading of one text that the other does not have word for word.
struct Part {
    heading: bool,
    words: Vec<String>,
    set: BTreeSet<String>,
}

fn first_contradiction(left: &str, right: &str, likeness: f64) -> Option<Reason> {
    let (mut left, mut right) = (parts(left), parts(right));
    let totals = (total_words(&left), total_words(&right));
    let common: BTreeSet<String> = left.keys().filter(|identity| right.contains_key(*identity)).cloned().collect();
    left.retain(|identity, _| !common.contains(identity));
    right.retain(|identity, _| !common.contains(identity));
    let (left, right): (Vec<Part>, Vec<Part>) = (left.into_values().collect(), right.into_values().collect());
    if left.len() * right.len() > PAIR_LIMIT {
        return Some(Reason::TooLong);
    }
    let mut pairs = Vec::new();
    for (i, one) in left.iter().enumerate() {
        for (j, other) in right.iter().enumerate() {
            let likeness = if one.heading == other.heading { answer(one, other) } else { 0.0 };
            if likeness >= ANSWER_FLOOR {
                pairs.push((likeness, i, j));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let (mut taken_left, mut taken_right) = (BTreeSet::new(), BTreeSet::new());
    for (_, i, j) in pairs {
        if taken_left.contains(&i) || taken_right.contains(&j) {
            continue;
        }
        taken_left.insert(i);
        taken_right.insert(j);
        if let Some(found) = contradiction(&left[i].words, &right[j].words) {
            return Some(Reason::Words(found));
        }
    }
    let (left, right) = (Alone::of(&left, &taken_left, totals.0), Alone::of(&right, &taken_right, totals.1));
    if !left.headings.is_empty() && !right.headings.is_empty() {
        return Some(Reason::Words(Difference { left: left.headings, right: right.headings }));
    }
    (left.share.min(right.share) > ALONE_LIMIT).then_some(Reason::Unlike { likeness })
}

/// What one text says and the other does not answer.
struct Alone {
    headings: BTreeSet<String>,
    /// The share of the text's words.
    share: f64,
}

impl Alone {
    fn of(parts: &[Part], taken: &BTreeSet<usize>, total: usize) -> Self {
        let alone = || parts.iter().enumerate().filter(|(index, _)| !taken.contains(index)).map(|(_, part)| part);
        let words: usize = alone().map(|part| part.words.len()).sum();
        Self {
            headings: alone().filter(|part| part.heading).flat_map(|part| part.words.iter().cloned()).collect(),
            share: words as f64 / total.max(1) as f64,
        }
    }
}

fn total_words(parts: &BTreeMap<String, Part>) -> usize {
    parts.values().map(|part| part.words.len()).sum()
}

/// Statements and headings by identity, without provenance.
fn parts(text: &str) -> BTreeMap<String, Part> {
    let text = without_provenance(text);
    let mut parts = BTreeMap::new();
    let mut add = |heading: bool, part: &str| {
        let mut words = words_of(part);
        if heading {
            words.retain(|word| !FRAME.contains(&word.as_str()));
        }
        if !words.is_empty() {
            let set = words.iter().cloned().collect();
            parts.insert(format!("{heading} {}", words.join(" ")), Part { heading, words, set });
        }
    };
    for section in crate::document::sections(&text) {
        add(true, &section.heading);
    }
    for piece in pieces(&text) {
        add(false, &piece.statement.text);
    }
    parts
}

/// The content words of a sentence with its code as written.
fn words_of(part: &str) -> Vec<String> {
    content_words(&without_provenance(part))
}

fn answer(left: &Part, right: &Part) -> f64 {
    let common = left.set.intersection(&right.set).count();
    let least = left.set.len().min(right.set.len());
    if least == 0 { 0.0 } else { (2 * common) as f64 / (left.set.len() + right.set.len()) as f64 }
}

/// What keeps two sentences apart: each has a word of its own, or one has a negation or a qualifier that the other
/// has not, or their common words stand in another order.
fn contradiction(left: &[String], right: &[String]) -> Option<Difference> {
    let (own_left, own_right) = (own(left, right), own(right, left));
    let weighty =
        |words: &BTreeSet<String>| words.iter().any(|word| word == "not" || QUALIFIERS.contains(&word.as_str()));
    let substituted = !own_left.is_empty() && !own_right.is_empty();
    let moved = !substituted && !is_subsequence(left, right) && !is_subsequence(right, left);
    if substituted || moved || weighty(&own_left) || weighty(&own_right) {
        return Some(Difference { left: own_left, right: own_right });
    }
    None
}

/// The words that `one` has more often than `other`.
fn own(one: &[String], other: &[String]) -> BTreeSet<String> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for word in other {
        *left.entry(word).or_default() += 1;
    }
    one.iter()
        .filter(|word| match left.get_mut(word.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .cloned()
        .collect()
}

fn is_subsequence(part: &[String], whole: &[String]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|word| rest.any(|other| other == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOTE: &str = "# Log rotation\n\nThe server writes its log without a bound and the disk fills within a month.\n\n- Rotate: `logrotate -f /etc/logrotate.d/nats`\n- The timeout of the rotation is 30 seconds on staging.\n- Run the check before the rotation, then copy from alpha to beta.\n- Compression is enabled and the reload is not forced.\n";

    #[track_caller]
    fn same(left: &str, right: &str) {
        for (one, other) in [(left, right), (right, left)] {
            let verdict = compare(one, other);
            assert!(verdict.is_duplicate(), "{verdict:?} for {one:?} and {other:?}");
        }
    }

    #[track_caller]
    fn differ(left: &str, right: &str) {
        for (one, other) in [(left, right), (right, left)] {
            let verdict = compare(one, other);
            assert!(!verdict.is_duplicate(), "{verdict:?} for {one:?} and {other:?}");
        }
    }

    #[test]
    fn one_decisive_difference_keeps_two_notes_apart() {
        for (from, to) in [
            ("30 seconds", "90 seconds"),
            ("30 seconds", "30 minutes"),
            ("staging", "production"),
            ("before", "after"),
            ("enabled", "disabled"),
            ("is not forced", "is forced"),
            ("from alpha to beta", "from beta to alpha"),
            ("/etc/logrotate.d/nats", "/etc/logrotate.d/redis"),
            ("-f", "-d"),
            ("disk", "memory"),
            ("month", "week"),
            ("The server", "The client"),
            ("Compression is enabled and the reload is not", "Compression is not enabled and the reload is"),
            ("Rotate:", "Rotate only:"),
            ("# Log rotation", "# Log deletion"),
        ] {
            let other = NOTE.replace(from, to);
            assert_ne!(other, NOTE);
            differ(NOTE, &other);
        }
        differ("端口是8080。服务器把日志写到磁盘。", "端口是9090。服务器把日志写到磁盘。");
        differ("重启之前备份数据库，然后通知团队。", "重启之后备份数据库，然后通知团队。");
        differ(
            "Le serveur écoute sur le port public de la machine",
            "Le serveur écoute sur le port privé de la machine",
        );
        differ("सर्वर का पोर्ट सभी के लिए खुला है", "सर्वर का पोर्ट सभी के लिए बंद है");
        differ("الخادم يستمع على المنفذ العام دائما", "الخادم يستمع على المنفذ الخاص دائما");
    }

    #[test]
    fn form_provenance_and_synonyms_make_no_difference() {
        assert_eq!(compare(NOTE, &NOTE.replace("\n- ", "\n* ")), Verdict::Same);
        same(NOTE, &format!("{NOTE}\nContext: useful for a runbook (edge-proxy, noted by heron on 2026-09-18).\n"));
        same(
            &format!("{NOTE}\nContext: useful for a runbook (edge-proxy, noted by heron on 2026-09-18).\n"),
            &format!(
                "{NOTE}\nContext: asked about in review (data-lake, noted by fjord on 2026-01-02). Keep a backup before trying this.\n"
            ),
        );
        same("Show the status of every service in the folder", "Display the status of all service in the directory");
        assert!(same_claim("Show the log.", "display the log"));
        assert!(!same_claim("Show the log.", "show the trace"));
        assert!(!same_claim("端口开放", "端口不开放"));
    }

    proptest! {
        #[test]
        fn a_comparison_is_symmetric(left in "([a-d0-9]{1,2} |\\PC|\n- ){0,20}", right in "([a-d0-9]{1,2} |\\PC|\n- ){0,20}") {
            prop_assert_eq!(compare(&left, &right).is_duplicate(), compare(&right, &left).is_duplicate());
            prop_assert_eq!(compare(&left, &left), Verdict::Same);
        }
    }
}
