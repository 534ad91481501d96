//! What agents keep to themselves, and what everybody may read, as hashes of runs of eight words: enough to see that a piece quotes
//! another member's private notes, and nothing that could be read.
//!
//! **What a piece is held for does not depend on which agent's night was quicker**: looked at is what was known before the night of
//! the piece. What two agents note on one day is seen from the next night on.
//!
//! Eight bytes for each word that is remembered, [`MOST`] words at most; beyond that one run in eight is kept, so that long
//! quotes are still seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use commune_knowledge::quote;
use commune_proto::NightId;

/// Most runs of words that are remembered in full, of private notes and of what is public each: 128 MiB.
pub const MOST: usize = 16 * 1024 * 1024;
/// Of so many runs one is kept beyond the bound.
const FEW: u64 = 8;
/// Owners in whose notes a run stands that is common property.
const COMMON: usize = 3;

/// Hashes of the runs of words of a text, sorted.
type Runs = Box<[u64]>;

/// Texts by whom and what they belong to, as sorted hashes.
#[derive(Debug, Default)]
pub struct Texts {
    /// By whose it is; then by what it is and the night that brought it.
    runs: BTreeMap<String, BTreeMap<(String, String), Runs>>,
    kept: usize,
    most: Option<usize>,
}

impl Texts {
    /// Remembers what of a text is in none of the `without`, in place of what was remembered under the same names and night;
    /// what earlier nights brought stays.
    pub fn put(&mut self, whose: &str, (what, night): (&str, &str), text: &str, without: &[&str], key: u64) {
        let name = (what.to_owned(), night.to_owned());
        let replaced = self.runs.get_mut(whose).and_then(|texts| texts.remove(&name));
        self.kept -= replaced.map_or(0, |runs| runs.len());
        let mut runs = quote::runs(text, key);
        for other in without {
            let other = quote::runs(other, key);
            runs.retain(|run| other.binary_search(run).is_err());
        }
        if self.kept + runs.len() > self.most.unwrap_or(MOST) {
            runs.retain(|run| run % FEW == 0);
        }
        if !runs.is_empty() {
            self.kept += runs.len();
            self.runs.entry(whose.to_owned()).or_default().insert(name, runs.into());
        }
    }

    /// Forgets a text.
    pub fn remove(&mut self, whose: &str, what: &str) {
        self.remove_where(whose, |name| name == what);
    }

    /// Forgets every text whose name begins so.
    pub fn remove_all(&mut self, whose: &str, beginning: &str) {
        self.remove_where(whose, |name| name.starts_with(beginning));
    }

    fn remove_where(&mut self, whose: &str, gone: impl Fn(&str) -> bool) {
        let Some(texts) = self.runs.get_mut(whose) else { return };
        let kept = &mut self.kept;
        texts.retain(|(what, _), runs| {
            let stays = !gone(what);
            *kept -= if stays { 0 } else { runs.len() };
            stays
        });
    }

    /// Which of these runs stood in the texts of others than `agent` before a night, and with how many owners.
    fn others(
        &self,
        agent: &str,
        night: NightId,
        asked: &HashMap<u64, Vec<usize>>,
        owner: impl Fn(&str) -> String,
    ) -> Found {
        let mut found: Found = HashMap::new();
        for (whose, texts) in self.runs.iter().filter(|(whose, _)| *whose != agent) {
            let known = texts.iter().filter(|((_, brought), _)| is_before(brought, night)).flat_map(|(_, runs)| runs);
            for run in known.filter(|run| asked.contains_key(run)) {
                found.entry(*run).or_default().insert(owner(whose));
            }
        }
        found
    }
}

/// Owners by run.
type Found = HashMap<u64, BTreeSet<String>>;

/// Which of these texts of an agent's night, by place, quote what is private to another agent: a run of theirs stands in the private notes of one or two
/// owners, and in nothing that is public.
pub fn quoting(
    (agent, night): (&str, NightId),
    texts: &[&str],
    private: &Texts,
    public: &[&Texts],
    key: u64,
    owner: impl Fn(&str) -> String,
) -> BTreeSet<usize> {
    let mut asked: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, text) in texts.iter().enumerate() {
        for run in quote::runs(text, key) {
            asked.entry(run).or_default().push(place);
        }
    }
    let mut found = private.others(agent, night, &asked, owner);
    found.retain(|_, owners| owners.len() < COMMON);
    if !found.is_empty() {
        let known = |run: &u64| public.iter().any(|texts| texts.has(*run, night));
        found.retain(|run, _| !known(run));
    }
    found.keys().filter_map(|run| asked.get(run)).flatten().copied().collect()
}

impl Texts {
    fn has(&self, run: u64, night: NightId) -> bool {
        let mut known = self.runs.values().flatten().filter(|((_, brought), _)| is_before(brought, night));
        known.any(|(_, runs)| runs.binary_search(&run).is_ok())
    }
}

/// True for what an earlier night brought, or no night at all.
fn is_before(brought: &str, night: NightId) -> bool {
    brought.parse::<NightId>().map_or(true, |brought| brought < night)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let public = Texts::default();
        assert!(is_before("withdrawal", night(14)) && !public.has(1, night(14)));
    }

    #[test]
    fn owners_count_and_not_their_agents() {
        let private = texts(&[("bo", SECRET), ("bo-2", SECRET), ("bo-3", SECRET)]);
        let found = quoting(("ada", night(15)), &[SECRET], &private, &[], 5, |_| "Bo".to_owned());
        assert_eq!(found.len(), 1, "three agents of one owner are one");
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
        assert_eq!((asked(&private), private.kept), (0, 0));
        private.put("bo", ("n/1", "2026-02-14"), SECRET, &[], 5);
        private.put(
            "bo",
            ("nn/1", "2026-02-14"),
            "Another text of more than eight words, which is to stay here.",
            &[],
            5,
        );
        private.remove_all("bo", "n/");
        assert_eq!((asked(&private), private.kept > 0), (0, true));
    }

    #[test]
    fn beyond_the_bound_long_quotes_are_still_seen() {
        let words: Vec<String> = (0..400).map(|number| format!("word{number}")).collect();
        let mut private = Texts { most: Some(393), ..Texts::default() };
        private.put("bo", ("full", "2026-02-14"), &words.join(" "), &[], 5);
        assert_eq!(private.kept, 393, "at the bound all is kept");
        let more: Vec<String> = (0..400).map(|number| format!("more{number}")).collect();
        private.put("bo", ("more", "2026-02-14"), &more.join(" "), &[], 5);
        assert!((394..393 + 393 / 4).contains(&private.kept), "{}", private.kept);
        let found =
            quoting(("ada", night(15)), &[&more[50..250].join(" ")], &private, &[], 5, |agent| agent.to_owned());
        assert_eq!(found.len(), 1);
    }
}
