//! Which askings are one need: the same for every reader, whatever the order in which they arrived.

use std::collections::{BTreeMap, BTreeSet};

use super::{Question, same};
use crate::similarity;

/// A wording as it was first asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asking {
    /// When it was first asked: microseconds since 1970.
    pub at: i64,
    /// The id of the wording.
    pub id: String,
}

/// Wordings in groups, each of one need. **The first that was asked names the need**, so that a need keeps its id
/// whatever is asked later: in the order of their first asking (then of their ids) each wording joins the earliest need
/// whose first wording it is the same as, or is a need of its own. A wording joins by the first one alone, not by those
/// that joined before it, so that a chain of small steps never leads from one question to another.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    questions: BTreeMap<String, Question>,
    order: BTreeSet<Asking>,
    first_asked: BTreeMap<String, i64>,
    need_of: BTreeMap<String, String>,
    wordings: BTreeMap<String, Vec<String>>,
    /// First wordings by the words that they have.
    by_key: BTreeMap<u64, BTreeSet<Asking>>,
}

impl Groups {
    /// Takes in a wording that was asked at a time; an earlier time than the known one counts.
    pub fn asked(&mut self, id: &str, text: &str, at: i64) {
        let known = self.first_asked.get(id).copied();
        if known.is_some_and(|known| known <= at) {
            return;
        }
        if let Some(known) = known {
            self.order.remove(&Asking { at: known, id: id.to_owned() });
        }
        let asking = Asking { at, id: id.to_owned() };
        self.questions.entry(id.to_owned()).or_insert_with(|| Question::of(text));
        self.first_asked.insert(id.to_owned(), at);
        let newest = self.order.last().is_none_or(|last| *last < asking);
        self.order.insert(asking.clone());
        if newest && known.is_none() {
            self.join(&asking);
        } else {
            self.group_anew();
        }
    }

    /// The need of a wording.
    pub fn need_of(&self, wording: &str) -> Option<&str> {
        self.need_of.get(wording).map(String::as_str)
    }

    /// The needs, by id, with their wordings in the order of asking; the first is the need itself.
    pub fn needs(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.wordings.iter().map(|(need, wordings)| (need.as_str(), wordings.as_slice()))
    }

    /// The wordings of a need, in the order of asking.
    pub fn wordings(&self, need: &str) -> &[String] {
        self.wordings.get(need).map_or(&[], Vec::as_slice)
    }

    /// The question of a wording, as the rules see it.
    pub fn question(&self, wording: &str) -> Option<&Question> {
        self.questions.get(wording)
    }

    /// The need that a question would join.
    pub fn like(&self, text: &str) -> Option<&str> {
        let question = Question::of(text);
        self.first_like(&question).map(|asking| self.need_of(&asking.id).unwrap_or_default())
    }

    fn group_anew(&mut self) {
        self.need_of.clear();
        self.wordings.clear();
        self.by_key.clear();
        for asking in self.order.clone() {
            self.join(&asking);
        }
    }

    fn join(&mut self, asking: &Asking) {
        let Some(question) = self.questions.get(&asking.id) else { return };
        let need = match self.first_like(question) {
            Some(first) => first.id.clone(),
            None => {
                for key in keys(question) {
                    self.by_key.entry(key).or_default().insert(asking.clone());
                }
                asking.id.clone()
            }
        };
        self.need_of.insert(asking.id.clone(), need.clone());
        self.wordings.entry(need).or_default().push(asking.id.clone());
    }

    fn first_like(&self, question: &Question) -> Option<Asking> {
        let candidates: BTreeSet<&Asking> =
            keys(question).iter().filter_map(|key| self.by_key.get(key)).flatten().collect();
        candidates
            .into_iter()
            .find(|asking| self.questions.get(&asking.id).is_some_and(|first| same(first, question)))
            .cloned()
    }
}

/// Keys of which two questions that are the same have one in common.
fn keys(question: &Question) -> BTreeSet<u64> {
    match question.is_empty() {
        true => question.all.iter().map(|word| similarity::hash_word(word)).collect(),
        false => question.words.iter().flat_map(super::words::Word::keys).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ASKED: [&str; 8] = [
        "How do I renew a wildcard certificate?",
        "wildcard certificate renewal",
        "How do I revoke a wildcard certificate?",
        "What is the best way to renew wildcard certificates?",
        "How do I upgrade Postgres 15?",
        "How do I upgrade Postgres 16?",
        "How can we upgrade Postgres 15?",
        "Comment renouveler un certificat ?",
    ];

    fn shown(groups: &Groups) -> Vec<(String, Vec<String>)> {
        groups.needs().map(|(need, wordings)| (need.to_owned(), wordings.to_vec())).collect()
    }

    #[test]
    fn the_first_wording_names_the_need_and_later_ones_do_not_rename_it() {
        let mut groups = Groups::default();
        for (at, text) in ASKED.iter().enumerate() {
            let before: Vec<Option<String>> =
                (0..at).map(|id| groups.need_of(&id.to_string()).map(str::to_owned)).collect();
            groups.asked(&at.to_string(), text, at as i64);
            let after: Vec<Option<String>> =
                (0..at).map(|id| groups.need_of(&id.to_string()).map(str::to_owned)).collect();
            assert_eq!(before, after, "after {text}");
        }
        assert_eq!(groups.wordings("0"), ["0", "1", "3"]);
        assert_eq!(groups.wordings("4"), ["4", "6"]);
        assert_eq!((groups.need_of("2"), groups.need_of("5"), groups.need_of("7")), (Some("2"), Some("5"), Some("7")));
        assert_eq!(groups.like("how can I renew wildcard certificates"), Some("0"));
        assert_eq!(groups.like("How do I water a fern?"), None);
        // an asking that turns out to be older names the need from then on
        groups.asked("1", ASKED[1], -5);
        assert_eq!(groups.wordings("1"), ["1", "0", "3"]);
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            arrivals in Just((0..ASKED.len()).flat_map(|i| [(i, i as i64 * 3), (i, 40 - i as i64)]).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut straight = Groups::default();
            for (i, text) in ASKED.iter().enumerate() {
                straight.asked(&i.to_string(), text, (i as i64 * 3).min(40 - i as i64));
            }
            let mut shuffled = Groups::default();
            for (i, at) in arrivals {
                shuffled.asked(&i.to_string(), ASKED[i], at);
            }
            prop_assert_eq!(shown(&straight), shown(&shuffled));
        }
    }
}
