//! A text as comparisons see it.

use super::contest::Contest;
use super::parts::{Parts, first_contradiction, topic};
use super::{NEAR_FLOOR, Reason, Sketch, TITLED_FLOOR, Verdict, print_of};
use crate::statement::{Claims, claims_of_stripped, difference, without_provenance};
use crate::{normalize, similarity};
use std::sync::OnceLock;

/// A text read once, to be compared with many.
#[derive(Debug)]
pub struct Reading {
    identity: String,
    /// The text without provenance.
    stripped: String,
    print: Vec<u64>,
    claims: Claims,
    contest: Contest,
    /// The hash of the words of the heading that it begins with; 0 for none.
    title: u64,
    parts: OnceLock<Parts>,
}

impl Reading {
    /// Reads a Markdown body.
    pub fn of(text: &str) -> Self {
        let stripped = without_provenance(text);
        let claims = claims_of_stripped(&stripped);
        let heading = heading(&stripped).map(topic).unwrap_or_default();
        Self {
            identity: normalize::identity(text),
            print: print_of(&stripped),
            contest: Contest::of(&claims),
            claims,
            title: if heading.is_empty() { 0 } else { similarity::hash(&heading).max(1) },
            stripped,
            parts: OnceLock::new(),
        }
    }

    /// What it is looked up by.
    pub fn sketch(&self) -> Sketch {
        Sketch::new(&self.identity, self.title, &similarity::signature(&self.print), self.contest.clone())
    }

    /// True when the other is the same, or nearly: [`Reading::compare`] without the reason, and sooner.
    pub fn is_duplicate_of(&self, other: &Self) -> bool {
        (self.identity == other.identity || !self.contest.contradicts(&other.contest))
            && self.compare(other).is_duplicate()
    }

    /// Compares two texts. Symmetric.
    pub fn compare(&self, other: &Self) -> Verdict {
        if self.identity == other.identity {
            return Verdict::Same;
        }
        let likeness = self.likeness(other);
        if likeness < self.floor(other) {
            return Verdict::Different(Reason::Unlike { likeness });
        }
        if self.contest.contradicts(&other.contest)
            && let Some(found) = difference(&self.claims, &other.claims)
        {
            return Verdict::Different(Reason::Claims(found));
        }
        let agree = self.claims.polarity == other.claims.polarity;
        match first_contradiction(self.parts(), other.parts(), likeness, agree, self.same_title(other)) {
            Some(reason) => Verdict::Different(reason),
            None => Verdict::Near { likeness },
        }
    }

    /// The Jaccard index of the fingerprints, 0 to 1.
    pub fn likeness(&self, other: &Self) -> f64 {
        similarity::jaccard(&self.print, &other.print)
    }

    /// The least likeness of two texts that are worth a closer look.
    fn floor(&self, other: &Self) -> f64 {
        if self.same_title(other) { TITLED_FLOOR } else { NEAR_FLOOR }
    }

    fn same_title(&self, other: &Self) -> bool {
        self.title != 0 && self.title == other.title
    }

    fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| Parts::of(&self.stripped))
    }
}

/// The heading that a text begins with.
fn heading(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| !line.trim().is_empty())?.trim();
    line.starts_with('#').then(|| line.trim_matches('#').trim())
}
