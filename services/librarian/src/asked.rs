//! What was asked (stream AID): every asking, and which of them are one need.
//!
//! **A need is computed, never decided when it is asked**: the askings stand in the stream as they were said, and each
//! reader groups their wordings by the same rule (`commune_knowledge::question`), so that no replica has to agree
//! with another. A need is answered by a revision that came after its last asking: whoever asks once more after an answer
//! was not helped by it, and the need is open again.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::question::Groups;
use jiff::Timestamp;

use crate::library::{Answer, Library};

/// Other wordings that are told of a need.
const WORDINGS: usize = 10;

/// Wordings of a need that an answer is made found by.
const ANSWERED: usize = 50;

/// One asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its sequence in AID.
    pub sequence: u64,
    /// Who asked.
    pub asker: String,
    /// When.
    pub at: Timestamp,
}

/// A wording with its askings.
#[derive(Debug, Clone)]
struct Wording {
    question: String,
    asks: Vec<Ask>,
}

/// A need as it was at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its id: that of its first wording.
    pub id: String,
    /// The question as it was first asked.
    pub question: String,
    /// The other wordings, in the order of asking, at most 10.
    pub wordings: Vec<String>,
    /// Who asked.
    pub askers: BTreeSet<String>,
    /// How often.
    pub times_asked: u32,
    /// When first.
    pub first_asked_at: Timestamp,
    /// When last.
    pub last_asked_at: Timestamp,
}

/// Everything that was asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    wordings: BTreeMap<String, Wording>,
    groups: Groups,
}

impl Asked {
    /// Takes in one asking of a wording.
    pub fn take(&mut self, id: &str, question: &str, ask: Ask) {
        self.groups.asked(id, question, ask.at.as_microsecond());
        let wording = self
            .wordings
            .entry(id.to_owned())
            .or_insert_with(|| Wording { question: question.to_owned(), asks: Vec::new() });
        if wording.asks.iter().all(|known| ask.at < known.at) {
            question.clone_into(&mut wording.question);
        }
        wording.asks.push(ask);
    }

    /// The need of a wording; the wording itself while it is not known.
    pub fn need_of<'a>(&'a self, wording: &'a str) -> &'a str {
        self.groups.need_of(wording).unwrap_or(wording)
    }

    /// The need that a question would join.
    pub fn like(&self, question: &str) -> Option<&str> {
        self.groups.like(question)
    }

    /// The wordings of a need as they were asked, in the order of asking, each with its id; the first 50.
    pub fn wordings(&self, need: &str) -> impl Iterator<Item = (&str, &str)> {
        let ids = self.groups.wordings(need).iter().take(ANSWERED);
        ids.filter_map(|id| self.wordings.get(id).map(|wording| (id.as_str(), wording.question.as_str())))
    }

    /// The askings of a need with their wordings, in no order.
    pub fn asks(&self, need: &str) -> impl Iterator<Item = (&str, &Ask)> {
        let ids = self.groups.wordings(need).iter();
        let wordings = ids.filter_map(|id| self.wordings.get(id));
        wordings.flat_map(|wording| wording.asks.iter().map(|ask| (wording.question.as_str(), ask)))
    }

    /// All needs as they were when AID ended at a sequence, by id.
    pub fn needs(&self, through: u64) -> Vec<Need> {
        self.groups.needs().filter_map(|(id, _)| self.need(id, through)).collect()
    }

    fn need(&self, id: &str, through: u64) -> Option<Need> {
        let asks: Vec<&Ask> = self.asks(id).map(|(_, ask)| ask).filter(|ask| ask.sequence <= through).collect();
        let mut wordings = self.wordings(id).map(|(_, question)| question.to_owned());
        Some(Need {
            id: id.to_owned(),
            question: wordings.next()?,
            wordings: wordings.take(WORDINGS).collect(),
            askers: asks.iter().map(|ask| ask.asker.clone()).collect(),
            times_asked: u32::try_from(asks.len()).unwrap_or(u32::MAX),
            first_asked_at: asks.iter().map(|ask| ask.at).min()?,
            last_asked_at: asks.iter().map(|ask| ask.at).max()?,
        })
    }

    /// The answers that a need had when LIBRARY ended at a sequence, oldest first.
    pub fn answers<'a>(&'a self, library: &'a Library, need: &'a str, through: u64) -> Vec<&'a Answer> {
        // an answer names the need as it was known when it was given: any wording of it
        let ids = self.groups.wordings(need).iter();
        let mut answers: Vec<&Answer> =
            ids.flat_map(|id| library.answers(id)).filter(|answer| answer.sequence <= through).collect();
        answers.sort_by_key(|answer| answer.sequence);
        answers
    }
}

/// Whether the newest answer came after the last asking.
pub fn is_answered(need: &Need, answers: &[&Answer]) -> bool {
    answers.iter().any(|answer| answer.at >= need.last_asked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(sequence: u64, asker: &str, second: i64) -> Ask {
        Ask { sequence, asker: asker.into(), at: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn paraphrases_are_one_need_with_all_its_askers() {
        let mut asked = Asked::default();
        asked.take("b", "What is the best way to renew wildcard certificates?", ask(1, "bob", 200));
        asked.take("a", "How do I renew a wildcard certificate?", ask(2, "ada", 100));
        asked.take("c", "How do I revoke a wildcard certificate?", ask(3, "cy", 300));
        asked.take("a", "how do I renew a wildcard certificate", ask(4, "bob", 400));
        let needs = asked.needs(u64::MAX);
        assert_eq!(needs.iter().map(|need| need.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        let need = &needs[0];
        assert_eq!(need.question, "How do I renew a wildcard certificate?");
        assert_eq!(need.wordings, ["What is the best way to renew wildcard certificates?"]);
        assert_eq!((need.times_asked, need.askers.iter().map(String::as_str).collect()), (3, vec!["ada", "bob"]));
        assert_eq!((need.first_asked_at.as_second(), need.last_asked_at.as_second()), (100, 400));
        assert_eq!((asked.need_of("b"), asked.need_of("x")), ("a", "x"));
        // as it was before the last two
        assert_eq!(asked.needs(2)[0].times_asked, 2);
        assert_eq!(asked.needs(2).len(), 1);
    }

    #[test]
    fn whoever_asks_after_the_answer_opens_the_need_again() {
        let mut asked = Asked::default();
        asked.take("a", "How do I renew it?", ask(1, "ada", 100));
        let answer = |second| Answer {
            sequence: 1,
            at: Timestamp::from_second(second).unwrap(),
            night: String::new(),
            path: "a".parse().unwrap(),
            question: String::new(),
            by: BTreeMap::new(),
        };
        let need = |asked: &Asked| asked.needs(u64::MAX).remove(0);
        assert!(!is_answered(&need(&asked), &[]));
        assert!(is_answered(&need(&asked), &[&answer(150)]));
        asked.take("a", "How do I renew it?", ask(2, "bob", 200));
        assert!(!is_answered(&need(&asked), &[&answer(150)]));
        assert!(is_answered(&need(&asked), &[&answer(150), &answer(250)]));
    }
}
