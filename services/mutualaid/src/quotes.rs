//! What agents keep to themselves, and what everybody may read, as hashes of runs of eight words: enough to see that a piece quotes
//! another member's private notes, and nothing that could be read.
//!
//! **What a piece is held for does not depend on which agent's night was quicker**: looked at is what was known before the night of
//! the piece. What two agents note on one day is seen from the next night on.
//!
//! An index by run, of eight bytes for each word that is remembered, [`MOST`] words at most; beyond that one run in eight is kept, so that long
//! quotes are still seen.

mod index;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::quote;
use commune_proto::NightId;

use index::Index;

/// Most runs of words that are remembered in full, of private notes and of what is public each: 128 MiB, and at most as much again
/// while they grow.
pub const MOST: usize = 16 * 1024 * 1024;
/// Of so many runs one is kept beyond the bound.
const FEW: u64 = 8;
/// Owners in whose notes a run stands that is common property.
const COMMON: usize = 3;

/// Numbers of one's texts, by what each is and the night that brought it.
type Numbers = BTreeMap<(String, Option<NightId>), u32>;

/// Texts by whom and what they belong to, as hashes of their runs.
#[derive(Debug, Default)]
pub struct Texts {
    index: Index,
    /// By its number.
    texts: BTreeMap<u32, Told>,
    /// By whose they are.
    names: BTreeMap<Arc<str>, Numbers>,
    /// What is forgotten and stands in the index still, and its runs. **Looking through the index costs as much as it is large**, so it is done
    /// when half of it is gone.
    gone: BTreeSet<u32>,
    gone_runs: usize,
    next: u32,
    most: Option<usize>,
}

/// A text that is remembered.
#[derive(Debug)]
struct Told {
    whose: Arc<str>,
    /// The night that brought it; none when no night did.
    night: Option<NightId>,
    runs: usize,
}

impl Texts {
    /// Remembers what of a text is in none of the `without`, in place of what was remembered under the same names and night;
    /// what earlier nights brought stays.
    pub fn put(&mut self, whose: &str, (what, night): (&str, &str), text: &str, without: &[&str], key: u64) {
        let night = night.parse().ok();
        self.remove_where(whose, |name, brought| name == what && brought == night);
        let mut runs = quote::runs(text, key);
        for other in without {
            let other = quote::runs(other, key);
            runs.retain(|run| other.binary_search(run).is_err());
        }
        if self.index.kept() - self.gone_runs + runs.len() > self.most.unwrap_or(MOST) {
            runs.retain(|run| run % FEW == 0);
        }
        if !runs.is_empty() {
            let whose: Arc<str> = whose.into();
            let number = self.next;
            self.next = self.next.wrapping_add(1);
            let before = self.index.kept();
            self.index.put(&runs, number);
            let runs = self.index.kept() - before;
            self.texts.insert(number, Told { whose: Arc::clone(&whose), night, runs });
            self.names.entry(whose).or_default().insert((what.to_owned(), night), number);
        }
    }

    /// Forgets a text.
    pub fn remove(&mut self, whose: &str, what: &str) {
        self.remove_where(whose, |name, _| name == what);
    }

    /// Forgets every text whose name begins so.
    pub fn remove_all(&mut self, whose: &str, beginning: &str) {
        self.remove_where(whose, |name, _| name.starts_with(beginning));
    }

    fn remove_where(&mut self, whose: &str, gone: impl Fn(&str, Option<NightId>) -> bool) {
        let Some(names) = self.names.get_mut(whose) else { return };
        names.retain(|(what, night), number| {
            let stays = !gone(what, *night);
            if !stays {
                self.gone_runs += self.texts.remove(number).map_or(0, |told| told.runs);
                self.gone.insert(*number);
            }
            stays
        });
        if self.gone_runs * 2 > self.index.kept() {
            self.index.remove(&std::mem::take(&mut self.gone));
            self.gone_runs = 0;
        }
    }

    /// In whose texts a run stood before a night, as often as it stands there.
    fn before(&self, run: u64, night: NightId) -> impl Iterator<Item = &str> {
        let texts = self.index.texts(run).filter_map(|number| self.texts.get(&number));
        texts.filter(move |told| told.night.is_none_or(|brought| brought < night)).map(|told| &*told.whose)
    }
}

/// The runs of an agent's texts for a night, each with the places of the texts that it stands in.
#[derive(Debug)]
pub struct Asked<'a> {
    agent: &'a str,
    night: NightId,
    runs: BTreeMap<u64, Vec<usize>>,
}

impl<'a> Asked<'a> {
    /// All runs of these texts.
    pub fn of(agent: &'a str, night: NightId, texts: &[&str], key: u64) -> Self {
        let mut runs: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (place, text) in texts.iter().enumerate() {
            for run in quote::runs(text, key) {
                runs.entry(run).or_default().push(place);
            }
        }
        Self { agent, night, runs }
    }

    /// Keeps what stood in the private notes of others before the night, of one or two owners: what more of them have is common property.
    pub fn keep_private(&mut self, private: &Texts, owner: impl Fn(&str) -> String) {
        let (agent, night) = (self.agent, self.night);
        self.runs.retain(|run, _| {
            let others = private.before(*run, night).filter(|whose| *whose != agent);
            let owners: BTreeSet<String> = others.map(&owner).collect();
            (1..COMMON).contains(&owners.len())
        });
    }

    /// Drops what was public before the night.
    pub fn drop_public(&mut self, public: &Texts) {
        let night = self.night;
        self.runs.retain(|run, _| public.before(*run, night).next().is_none());
    }

    /// The places of the texts in which a run is left.
    pub fn places(self) -> BTreeSet<usize> {
        self.runs.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoting(
        (agent, night): (&str, NightId),
        texts: &[&str],
        private: &Texts,
        public: &[&Texts],
        key: u64,
        owner: impl Fn(&str) -> String,
    ) -> BTreeSet<usize> {
        let mut asked = Asked::of(agent, night, texts, key);
        asked.keep_private(private, owner);
        public.iter().for_each(|public| asked.drop_public(public));
        asked.places()
    }

    const SECRET: &str = "Marta leaves the company in March and nobody may know of it before then.";

    fn texts(of: &[(&str, &str)]) -> Texts {
        let mut texts = Texts::default();
        for (place, (whose, text)) in of.iter().enumerate() {
            texts.put(whose, (&place.to_string(), "2026-02-14"), text, &[], 5);
        }
        texts
    }

    #[track_caller]
    fn check(private: &[(&str, &str)], public: &[(&str, &str)], held: bool) {
        let said = format!("A lesson: {SECRET}");
        let found = quoting(("ada", night(15)), &["Nothing.", &said], &texts(private), &[&texts(public)], 5, |agent| {
            agent.to_owned()
        });
        assert_eq!(found, if held { BTreeSet::from([1]) } else { BTreeSet::new() });
    }

    #[test]
    fn a_quote_of_anothers_private_note_is_seen() {
        check(&[("bo", SECRET)], &[], true);
        check(&[("ada", SECRET)], &[], false);
        check(&[("bo", "Marta leaves the company in April.")], &[], false);
        check(&[("bo", SECRET)], &[("library", SECRET)], false);
        check(&[("bo", SECRET), ("cy", SECRET)], &[], true);
        check(&[("bo", SECRET), ("cy", SECRET), ("di", SECRET)], &[], false);
    }

    fn night(day: i8) -> NightId {
        NightId::of(jiff::civil::date(2026, 2, day))
    }

    #[test]
    fn what_counts_was_known_before_the_night() {
        let mut private = texts(&[("bo", SECRET)]);
        let asked = |private: &Texts, day: i8| {
            quoting(("ada", night(day)), &[SECRET], private, &[], 5, |agent| agent.to_owned()).len()
        };
        assert_eq!((asked(&private, 14), asked(&private, 15)), (0, 1));
        // that the note changes in a later night says nothing about what was known before
        private.put("bo", ("0", "2026-02-15"), SECRET, &[], 5);
        assert_eq!((asked(&private, 14), asked(&private, 15)), (0, 1));
        // what no night brought was always there
        private.put("bo", ("0", "withdrawal"), SECRET, &[], 5);
        assert_eq!((asked(&private, 14), asked(&private, 15)), (1, 1));
    }

    #[test]
    fn owners_count_and_not_their_agents() {
        let private = texts(&[("bo", SECRET), ("bo-2", SECRET), ("bo-3", SECRET)]);
        let found = quoting(("ada", night(15)), &[SECRET], &private, &[], 5, |_| "Bo".to_owned());
        assert_eq!(found.len(), 1, "three agents of one owner are one");
    }

    #[test]
    fn what_is_told_anew_again_and_again_takes_no_more_room() {
        let mut private = texts(&[("cy", "Nobody but me has to know that the lamp in the hall is broken.")]);
        let lines: Vec<String> =
            (0..200).map(|number| format!("What bo alone may read {number} here and now.")).collect();
        for line in &lines {
            private.put("bo", ("brief", "withdrawal"), line, &[], 5);
            let live: usize = private.texts.values().map(|told| told.runs).sum();
            assert_eq!(private.index.kept() - private.gone_runs, live);
            assert!(private.index.kept() <= 2 * live, "{} of {live}", private.index.kept());
        }
        let asked = |text: &str| quoting(("ada", night(15)), &[text], &private, &[], 5, |agent| agent.to_owned()).len();
        assert_eq!((asked(&lines[198]), asked(&lines[199])), (0, 1), "what was said before is forgotten");
    }

    #[test]
    fn what_is_shared_of_a_note_is_not_private_and_what_is_gone_is_forgotten() {
        let mut private = Texts::default();
        private.put("bo", ("n", "2026-02-14"), &format!("A private word.\n{SECRET}"), &[SECRET], 5);
        let asked =
            |private: &Texts| quoting(("ada", night(15)), &[SECRET], private, &[], 5, |agent| agent.to_owned()).len();
        assert_eq!(asked(&private), 0);
        private.put("bo", ("n", "2026-02-14"), SECRET, &[], 5);
        assert_eq!(asked(&private), 1);
        private.remove("bo", "n");
        assert_eq!((asked(&private), private.index.kept()), (0, 0));
        private.put("bo", ("n/1", "2026-02-14"), SECRET, &[], 5);
        private.put(
            "bo",
            ("nn/1", "2026-02-14"),
            "Another text of more than eight words, which is to stay here.",
            &[],
            5,
        );
        private.remove_all("bo", "n/");
        assert_eq!((asked(&private), private.index.kept() > 0), (0, true));
    }

    #[test]
    fn beyond_the_bound_long_quotes_are_still_seen() {
        let words: Vec<String> = (0..400).map(|number| format!("word{number}")).collect();
        let mut private = Texts { most: Some(393), ..Texts::default() };
        private.put("bo", ("full", "2026-02-14"), &words.join(" "), &[], 5);
        assert_eq!(private.index.kept(), 393, "at the bound all is kept");
        let more: Vec<String> = (0..400).map(|number| format!("more{number}")).collect();
        private.put("bo", ("more", "2026-02-14"), &more.join(" "), &[], 5);
        assert!((394..393 + 393 / 4).contains(&private.index.kept()), "{}", private.index.kept());
        let found =
            quoting(("ada", night(15)), &[&more[50..250].join(" ")], &private, &[], 5, |agent| agent.to_owned());
        assert_eq!(found.len(), 1);
    }
}
