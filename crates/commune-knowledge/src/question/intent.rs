//! What a question wants to know: a way, a reason, a time, a place, … The same words ask for different things.

use super::words::folded;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// It does not say.
    Open,
    /// A way to do something.
    How,
    /// A reason.
    Why,
    /// A time.
    When,
    /// A place.
    Where,
    /// A person.
    Who,
    /// A thing or a fact.
    What,
    /// A number or a length of time.
    Count,
    /// Yes or no.
    Whether,
}

/// The same intent, or one that may be meant where the other does not say.
pub(super) fn compatible(left: Intent, right: Intent) -> bool {
    use Intent::{How, Open, What};
    left == right || matches!((left, right), (Open, How | What) | (How | What, Open))
}

/// Phrases, searched in the folded words joined by blanks; the first that stands in the question counts.
#[rustfmt::skip]
const PHRASES: &[(Intent, &[&str])] = &[
    (Intent::Count, &["how many", "how much", "how long", "how often", "how big", "how large", "how far", "how old", "wie viele", "wie viel",
        "wie lange", "wie oft", "wie gross", "combien", "cuanto", "cuanta", "cuantos", "cuantas", "quanto", "quanti", "quante", "quantos",
        "hoeveel", "hoe vaak", "hoe lang", "сколько"]),
    (Intent::Why, &["what is the reason", "what s the reason", "what causes", "what is the cause", "how come", "quelle est la raison",
        "was ist der grund", "cual es la razon", "por que razon"]),
    (Intent::How, &["way to", "ways to", "way of", "steps to", "steps for", "procedure to", "procedure for", "command to", "command for",
        "facon de", "maniere de", "moyen de", "weg um", "manera de", "forma de", "modo di", "каким образом"]),
];

/// Words that ask, folded.
#[rustfmt::skip]
const WORDS: &[(Intent, &[&str])] = &[
    (Intent::How, &["how", "howto", "comment", "como", "come", "hoe", "как"]),
    (Intent::Why, &["why", "warum", "wieso", "weshalb", "pourquoi", "porque", "perche", "waarom", "почему", "зачем"]),
    (Intent::When, &["when", "wann", "quand", "cuando", "quando", "wanneer", "когда"]),
    (Intent::Where, &["where", "wo", "wohin", "donde", "onde", "dove", "waar", "где", "куда"]),
    (Intent::Who, &["who", "whom", "whose", "wer", "wem", "wen", "quien", "quem", "chi", "кто"]),
    (Intent::What, &["what", "which", "was", "welche", "welcher", "welches", "welchen", "quel", "quelle", "quels", "quelles", "que", "cual",
        "cuales", "qual", "quale", "quali", "wat", "welke", "что", "какой", "какая", "какие"]),
];

/// The same in scripts without spaces, looked for in the text.
#[rustfmt::skip]
const PARTS: &[(Intent, &[&str])] = &[
    (Intent::Count, &["多少", "几个", "幾個", "多久", "いくつ", "何回", "どれくらい", "何個"]),
    (Intent::When, &["什么时候", "什麼時候", "何时", "いつ"]),
    (Intent::Why, &["为什么", "為什麼", "为何", "なぜ", "どうして", "理由"]),
    (Intent::How, &["怎么", "怎麼", "如何", "怎样", "どうやって", "どのように", "どうすれば", "方法", "手順"]),
    (Intent::Where, &["哪里", "哪裡", "哪儿", "在哪", "どこ"]),
    (Intent::Who, &["谁", "誰", "だれ"]),
    (Intent::What, &["什么", "什麼", "哪个", "哪個", "何", "どの", "どれ"]),
];

/// What begins a question that yes or no answers.
#[rustfmt::skip]
const WHETHER: &[&str] = &["can", "could", "does", "do", "did", "is", "are", "was", "were", "should", "will", "would", "may", "must", "has", "have",
    "kann", "ist", "sind", "darf", "muss", "soll", "peut", "est", "puede", "es"];

pub(super) fn of(text: &str) -> Intent {
    for (intent, parts) in PARTS {
        if parts.iter().any(|part| text.contains(part)) {
            return *intent;
        }
    }
    let words = folded(text);
    let joined = format!(" {} ", words.join(" "));
    for (intent, phrases) in PHRASES {
        if phrases.iter().any(|phrase| joined.contains(&format!(" {phrase} "))) {
            return *intent;
        }
    }
    // folded, `où` is `ou`, and `por qué` is two words
    if words.first().is_some_and(|word| word == "ou") || text.to_lowercase().contains("où") {
        return Intent::Where;
    }
    if joined.contains(" por que ") {
        return Intent::Why;
    }
    if let Some(first) = words.first() {
        // `qui` asks for somebody at the beginning alone; `wie` is how in German and who in Dutch
        match first.as_str() {
            "qui" => return Intent::Who,
            "wie" => return Intent::How,
            _ => {}
        }
    }
    // German `was` stands at the beginning, English `was` seldom does
    let asks = |(at, word): (usize, &String)| {
        let found = WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(intent, _)| *intent);
        found.filter(|_| at == 0 || word != "was")
    };
    let found = words.iter().enumerate().find_map(asks);
    match found {
        Some(intent) => intent,
        None if words.first().is_some_and(|word| WHETHER.contains(&word.as_str())) => Intent::Whether,
        None => Intent::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_says_what_it_wants() {
        for (text, expected) in [
            ("How do I renew it?", Intent::How),
            ("What is the best way to renew it?", Intent::How),
            ("Does anyone know how to renew it?", Intent::How),
            ("How many replicas are there?", Intent::Count),
            ("Why does it fail when I push?", Intent::Why),
            ("¿Por qué falla?", Intent::Why),
            ("Où sont les journaux ?", Intent::Where),
            ("Was bedeutet 137?", Intent::What),
            ("Can the worker run alone?", Intent::Whether),
            ("wildcard renewal", Intent::Open),
            ("日志什么时候删除？", Intent::When),
            ("証明書を更新する方法", Intent::How),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        assert!(compatible(Intent::Open, Intent::How) && !compatible(Intent::Open, Intent::Why));
    }
}
