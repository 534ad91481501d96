//! Needs: which open question a piece answers.
//!
//! A question is answered when most of its content words stand close together in a piece: in its title and one
//! stretch of its text. The librarian checks afterwards that the article is found by the question.

use std::collections::BTreeSet;

use commune_knowledge::{
    heading::fold::{fold, is_unspaced},
    normalize,
};

use crate::share::Piece;

/// A question that nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenNeed {
    /// The need.
    pub id: String,
    /// The question as it was first asked.
    pub question: String,
}

/// So much of a question's content words must be found.
const ENOUGH: f64 = 0.65;
/// Words of text that count as one stretch.
const STRETCH: usize = 120;
/// Most needs that one piece is said to answer.
const MOST: usize = 10;

/// Words that ask instead of naming what is asked for.
#[rustfmt::skip]
const STOP: &[&str] = &[
    "a", "about", "all", "am", "an", "and", "any", "anyone", "anybody", "are", "as", "at", "be", "been", "best",
    "but", "by", "can", "could", "did", "do", "does", "for", "from", "get", "had", "has", "have", "how", "i", "if",
    "in", "into", "is", "it", "its", "know", "make", "me", "my", "need", "not", "of", "on", "one", "or", "our",
    "please", "should", "so", "someone", "that", "the", "their", "them", "then", "there", "they", "this", "to", "us",
    "use", "using", "was", "way", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with",
    "without", "would", "you", "your", "au", "aux", "avec", "ce", "ces", "cette", "comment", "dans", "de", "des",
    "du", "elle", "en", "est", "et", "faire", "faut", "il", "je", "la", "le", "les", "ma", "mon", "ne", "nous", "on",
    "ou", "par", "pas", "pour", "pourquoi", "quand", "que", "quel", "quelle", "qui", "quoi", "sa", "se", "ses", "son",
    "sont", "sur", "un", "une", "vous", "auf", "aus", "bei", "das", "dem", "den", "der", "die", "ein", "eine",
    "einen", "einem", "einer", "es", "fur", "geht", "haben", "hat", "ich", "ist", "kann", "man", "mein", "mit",
    "nach", "nicht", "oder", "sich", "sie", "sind", "und", "von", "wann", "warum", "was", "wenn", "wer", "werden",
    "wie", "wir", "wird", "wo", "zu", "zum", "zur", "como", "con", "cual", "cuando", "del", "donde", "el", "ella",
    "esta", "este", "hacer", "hago", "los", "las", "mi", "no", "para", "pero", "por", "porque", "puedo", "quien",
    "se", "si", "sin", "su", "una", "uno", "y", "che", "chi", "come", "cosa", "da", "della", "di", "dove", "gli",
    "ho", "i", "lo", "nel", "perche", "posso", "quando", "sono", "un", "com", "em", "eu", "fazer", "na", "nao", "o",
    "os", "qual", "um", "uma", "een", "en", "het", "hoe", "ik", "van", "voor", "waar", "wat", "как", "что", "где",
    "когда", "почему", "и", "в", "на", "с", "для", "не", "я", "ли",
];

/// A need with the words that an answer has to have; made once and asked of every piece.
#[derive(Debug)]
pub struct Question {
    id: String,
    words: Vec<String>,
}

/// The questions of open needs, in order of their ids.
pub fn questions(needs: &BTreeSet<OpenNeed>) -> Vec<Question> {
    needs.iter().map(|need| Question { id: need.id.clone(), words: content(&need.question) }).collect()
}

/// The ids of the open needs that a piece answers, in order of their ids.
pub fn answered_by(piece: &Piece, questions: &[Question]) -> Vec<String> {
    if questions.is_empty() {
        return Vec::new();
    }
    let title = content(&piece.title);
    let text = content(&piece.text);
    questions
        .iter()
        .filter(|question| answers(&title, &text, &question.words))
        .map(|question| question.id.clone())
        .take(MOST)
        .collect()
}

fn answers(title: &[String], text: &[String], question: &[String]) -> bool {
    let question: BTreeSet<&String> = question.iter().collect();
    let in_title: Vec<bool> = question.iter().map(|q| title.iter().any(|w| same(w, q))).collect();
    match question.len() {
        0 => return false,
        // one word asks for a subject, so it must be the subject
        1 => return in_title[0],
        _ => {}
    }
    // where each word of the question stands in the text
    let hits: Vec<Vec<usize>> = question
        .iter()
        .map(|q| text.iter().enumerate().filter(|(_, w)| same(w, q)).map(|(i, _)| i).collect())
        .collect();
    let mut starts: Vec<usize> = hits.iter().flatten().copied().collect();
    starts.push(0);
    let most = starts
        .into_iter()
        .map(|start| {
            let near = |at: &[usize]| at.iter().any(|&i| (start..start + STRETCH).contains(&i));
            hits.iter().zip(&in_title).filter(|(at, titled)| **titled || near(at)).count()
        })
        .max()
        .unwrap_or(0);
    most >= 2 && most as f64 >= ENOUGH * question.len() as f64
}

fn content(text: &str) -> Vec<String> {
    normalize::words(text)
        .into_iter()
        .map(|w| fold(&w))
        .flat_map(|w| w.split(['\'', '’']).map(str::to_owned).collect::<Vec<_>>())
        .filter(|w| w.chars().any(char::is_alphanumeric) && !STOP.contains(&w.as_str()))
        .filter(|w| w.chars().count() > 1 || w.chars().any(|c| (is_unspaced(c) && !is_kana(c)) || c.is_numeric()))
        .collect()
}

/// A single kana is an ending, no word.
fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{309F}')
}

/// The same word, whatever its ending: `renew` and `renewing`, `certificat` and `certificats`.
fn same(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    if left.chars().chain(right.chars()).any(|c| !c.is_alphabetic()) {
        return false;
    }
    let common = left.chars().zip(right.chars()).take_while(|(l, r)| l == r).count();
    let (short, long) = {
        let (l, r) = (left.chars().count(), right.chars().count());
        (l.min(r), l.max(r))
    };
    // a plural or a verb's ending, or two endings of one stem
    (common == short && short >= 4 && long - short <= 3) || (common >= 5 && long - common <= 3 && short - common <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::{Kind, extract::wording};

    fn check(title: &str, text: &str, question: &str, expected: bool) {
        let piece = Piece {
            id: "id".into(),
            wording: wording(text),
            note: "note".into(),
            position: 0,
            title: title.into(),
            kind: Kind::Lesson,
            text: text.into(),
            tags: Vec::new(),
            learned_on: "2026-02-14".into(),
            changed: "2026-02-14".into(),
        };
        let needs = BTreeSet::from([OpenNeed { id: "need".into(), question: question.into() }]);
        assert_eq!(!answered_by(&piece, &questions(&needs)).is_empty(), expected, "`{question}` by `{title}`");
    }

    #[test]
    fn a_question_is_answered_by_what_is_on_it() {
        let title = "Wildcard certificates renew by DNS-01";
        let text = "Renewing a wildcard certificate with certbot needs the DNS-01 challenge; HTTP-01 cannot do it.";
        check(title, text, "How do I renew a wildcard certificate?", true);
        check(title, text, "certbot wildcard renewal", true);
        check(title, text, "How do I rotate a NATS account key?", false);
        check(title, text, "How do I?", false);
        check(
            "Renouveler un certificat",
            "Il faut utiliser le défi DNS pour les certificats génériques.",
            "Comment renouveler un certificat générique ?",
            true,
        );
        check("証明書の更新", "証明書の更新はDNSチャレンジで行う。", "証明書を更新する方法", true);
        check("証明書の更新", "証明書の更新はDNSチャレンジで行う。", "猫に餌をやる時間", false);
    }

    #[test]
    fn words_far_apart_do_not_answer() {
        let text = format!(
            "We renew the lease. {} The certificate hangs on the wall. {} A wildcard is a joker.",
            "Something else happened here today. ".repeat(60),
            "More filler text follows now. ".repeat(60)
        );
        check("Office notes", &text, "How do I renew a wildcard certificate?", false);
    }

    #[test]
    fn one_word_asks_for_a_subject() {
        check("Certbot", "It renews.", "certbot?", true);
        check("Renewal", "We use certbot for it.", "certbot?", false);
    }
}
