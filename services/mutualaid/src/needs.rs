//! Needs: which open question a piece answers, and how many an agent may ask in a day.
//!
//! The rule of an answer is `commune_knowledge::question`; the librarian checks afterwards that the article is found by
//! the question.

use std::collections::BTreeSet;

use commune_knowledge::question::{Answering, Question, answers};
use jiff::{Timestamp, tz::TimeZone};

use crate::share::Piece;

/// A question that nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenNeed {
    /// The need.
    pub id: String,
    /// The question in every wording, in the order of asking.
    pub wordings: Vec<String>,
}

/// Most needs that one piece is said to answer.
const MOST: usize = 10;
/// Most wordings of a need that a piece is held against.
const WORDINGS: usize = 50;

/// A need with its wordings as the rule reads them; made once and asked of every piece.
#[derive(Debug)]
pub struct Questions {
    id: String,
    wordings: Vec<Question>,
}

/// The questions of open needs, in order of their ids.
pub fn questions(needs: &BTreeSet<OpenNeed>) -> Vec<Questions> {
    let of = |need: &OpenNeed| Questions {
        id: need.id.clone(),
        wordings: need.wordings.iter().take(WORDINGS).map(|wording| Question::of(wording)).collect(),
    };
    needs.iter().map(of).collect()
}

/// The ids of the open needs that a piece answers in one of their wordings, in order of their ids.
pub fn answered_by(piece: &Piece, questions: &[Questions]) -> Vec<String> {
    if questions.is_empty() {
        return Vec::new();
    }
    let piece = Answering::of(&piece.title, &piece.text);
    questions
        .iter()
        .filter(|need| need.wordings.iter().any(|wording| answers(&piece, wording)))
        .map(|need| need.id.clone())
        .take(MOST)
        .collect()
}

/// How many of these askings were on the same day as `at`, in the commune's time zone.
pub fn asked_that_day<'a>(asked: impl Iterator<Item = &'a Timestamp>, at: Timestamp, zone: &TimeZone) -> usize {
    let day = at.to_zoned(zone.clone()).date();
    asked.filter(|other| other.to_zoned(zone.clone()).date() == day).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::{Kind, extract::wording};

    const ASKED: &str = "How do I get limescale out of an espresso boiler?";

    fn piece() -> Piece {
        let text = "Warm citric acid takes the limescale out of an espresso boiler.";
        Piece {
            id: "id".into(),
            wording: wording(text),
            note: "note".into(),
            position: 0,
            title: "Descaling the espresso boiler".into(),
            kind: Kind::Lesson,
            text: text.into(),
            tags: Vec::new(),
            learned_on: "2026-02-14".into(),
            changed: "2026-02-14".into(),
            parts: Vec::new(),
        }
    }

    fn need(id: &str, wordings: &[&str]) -> OpenNeed {
        OpenNeed { id: id.into(), wordings: wordings.iter().map(|wording| (*wording).to_owned()).collect() }
    }

    #[test]
    fn a_need_is_answered_in_any_of_its_wordings() {
        let needs = BTreeSet::from([
            need("a", &["Which detergent suits the mill?", ASKED]),
            need("b", &["How do I get limescale out of a kettle?"]),
        ]);
        assert_eq!(answered_by(&piece(), &questions(&needs)), ["a"]);
    }

    #[test]
    fn a_piece_answers_ten_needs_in_their_first_fifty_wordings() {
        let needs = (0..=MOST).map(|number| need(&format!("{number:02}"), &[ASKED])).collect();
        let answered = answered_by(&piece(), &questions(&needs));
        assert_eq!((answered.len(), answered.last().map(String::as_str)), (MOST, Some("09")));
        for (before, expected) in [(WORDINGS - 1, 1), (WORDINGS, 0)] {
            let wordings: Vec<&str> = std::iter::repeat_n("Who?", before).chain([ASKED]).collect();
            let needs = BTreeSet::from([need("a", &wordings)]);
            assert_eq!(answered_by(&piece(), &questions(&needs)).len(), expected, "after {before} others");
        }
    }

    #[test]
    fn a_day_is_the_communes() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let asked = [at("2026-02-14T07:59:59Z"), at("2026-02-14T08:00:00Z"), at("2026-02-15T07:59:59Z")];
        assert_eq!(asked_that_day(asked.iter(), at("2026-02-14T20:00:00Z"), &zone), 2);
    }
}
