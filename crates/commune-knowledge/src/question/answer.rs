//! When a text answers a question: what it asks about stands close together in the text, in its title and one stretch
//! of it, with every figure, name and flag that it names. Whether the article is found by the question is checked later.

use super::{
    Question,
    alike::covered_by,
    words::{Word, directions, folded, sequence},
};
use crate::{
    document,
    embedding::{StaticModel, Vector},
    heading::fold::is_unspaced,
    statement,
};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Words of text that count as one stretch.
const STRETCH: usize = 120;
/// Up to so many words a question is short, and all of them must be there.
const SHORT: usize = 3;
/// So many of a longer question's words must be there.
const ENOUGH: f64 = 0.65;
/// And then the title or a statement must be this near to it in meaning.
const NEAR: f64 = 0.6;

/// A text that may answer questions, as the rule sees it; made once and asked often.
#[derive(Debug, Clone)]
pub struct Answering {
    title: Vec<Word>,
    text: Vec<Word>,
    /// Keys of all its words.
    keys: FxHashSet<u64>,
    directions: Vec<(&'static str, Word)>,
    all: BTreeSet<String>,
    tokens: BTreeSet<String>,
    vectors: Vec<Vector>,
}

impl Answering {
    /// Reads a title and a Markdown body.
    pub fn of(title: &str, body: &str) -> Self {
        let plain = document::plain_text(body);
        let model = StaticModel::shipped();
        let mut vectors: Vec<Vector> = model.embed(title).into_iter().collect();
        vectors.extend(statement::said(body).iter().filter_map(|said| model.embed(&format!("{title}. {}", said.text))));
        let whole = format!("{title}\n\n{body}");
        let (titled, text) = (sequence(title), sequence(&plain));
        Self {
            keys: titled.iter().chain(&text).flat_map(Word::keys).collect(),
            title: titled,
            text,
            directions: directions(&format!("{title}. {plain}")),
            all: folded(&format!("{title} {plain}")).into_iter().collect(),
            tokens: statement::claims(&whole).tokens,
            vectors,
        }
    }
}

/// True when the text answers the question as far as words, claims and meaning tell.
pub fn answers(text: &Answering, question: &Question) -> bool {
    let words = &question.words;
    // most texts are on something else
    let known = words.iter().filter(|word| word.keys().any(|key| text.keys.contains(&key))).count();
    if (known as f64) < ENOUGH * words.len() as f64 {
        return false;
    }
    let in_title: Vec<bool> = words.iter().map(|q| text.title.iter().any(|w| w.is(q))).collect();
    match words.len() {
        0 => return false,
        // one word asks for a subject, so it must be the subject
        1 => return in_title[0],
        _ => {}
    }
    if !covered_by(&question.claims, &text.tokens, &text.all) || turned_round(text, question) {
        return false;
    }
    let found = closest(text, words, &in_title);
    match found {
        all if all == words.len() => true,
        some if words.len() > SHORT && some as f64 >= ENOUGH * words.len() as f64 => near(text, question),
        _ => false,
    }
}

/// The most words of a question that stand in the title and one stretch of the text.
fn closest(text: &Answering, words: &[Word], in_title: &[bool]) -> usize {
    let hits: Vec<Vec<usize>> =
        words.iter().map(|q| text.text.iter().enumerate().filter(|(_, w)| w.is(q)).map(|(i, _)| i).collect()).collect();
    let mut starts: Vec<usize> = hits.iter().flatten().copied().collect();
    starts.push(0);
    let count = |start: usize| {
        let within = |at: &[usize]| at.iter().any(|i| (start..start + STRETCH).contains(i));
        hits.iter().zip(in_title).filter(|(at, titled)| **titled || within(at)).count()
    };
    starts.into_iter().map(count).max().unwrap_or(0)
}

/// A script without spaces has signs for words, which the model does not know: its questions need all of them.
fn near(text: &Answering, question: &Question) -> bool {
    let Some(asked) =
        question.vector.as_ref().filter(|_| !question.all.iter().any(|word| word.chars().any(is_unspaced)))
    else {
        return false;
    };
    text.vectors.iter().any(|vector| vector.cosine(asked) >= NEAR)
}

/// A text on the way from one thing to another does not answer for the way back.
fn turned_round(text: &Answering, question: &Question) -> bool {
    question.directions.iter().filter(|(direction, _)| matches!(*direction, "from" | "to")).any(|(direction, word)| {
        let mut same = text.directions.iter().filter(|(d, _)| d == direction).map(|(_, w)| w).peekable();
        same.peek().is_some()
            && same.clone().all(|other| !other.is(word))
            && same.any(|other| question.words.iter().any(|q| q.is(other)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, text: &str, question: &str, expected: bool) {
        assert_eq!(
            answers(&Answering::of(title, text), &Question::of(question)),
            expected,
            "`{question}` by `{title}`"
        );
    }

    #[test]
    fn a_question_is_answered_by_what_is_on_it() {
        let title = "Wildcard certificates renew by DNS-01";
        let text = "Renewing a wildcard certificate with certbot needs the DNS-01 challenge; HTTP-01 cannot do it.";
        check(title, text, "How do I renew a wildcard certificate?", true);
        check(title, text, "certbot wildcard renewal", true);
        check(title, text, "How do I revoke a wildcard certificate?", false);
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
    fn another_figure_or_the_way_back_is_no_answer() {
        let text = "Dump the schema, upgrade Postgres 15 with pg_upgrade, then run the statistics.";
        check("Upgrade Postgres 15", text, "How do I upgrade Postgres 15?", true);
        check("Upgrade Postgres 15", text, "How do I upgrade Postgres 16?", false);
        let text = "We migrated the pipelines from Jenkins to GitLab with the importer.";
        check("Pipelines from Jenkins to GitLab", text, "How do I migrate pipelines from Jenkins to GitLab?", true);
        check("Pipelines from Jenkins to GitLab", text, "How do I migrate pipelines from GitLab to Jenkins?", false);
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
