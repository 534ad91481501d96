//! A piece of an article around the words that matched.

use std::{collections::BTreeSet, ops::Range};

use crate::index::analysis::{Asked, Language, Word, start, term, words};

/// Most bytes of a snippet.
const LIMIT: usize = 300;
/// Bytes shown before the first word that matched.
const LEAD: usize = 60;

/// Cuts snippets for one question.
pub struct Snippets {
    asked: BTreeSet<String>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// At most 300 bytes, in one line.
    pub text: String,
    /// What of it matched, in bytes, in order.
    pub highlights: Vec<Range<usize>>,
}

impl std::fmt::Debug for Snippets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snippets({:?})", self.asked)
    }
}

impl Snippets {
    /// For a question.
    pub fn of(question: &str) -> Self {
        let asked = Asked::of(question, &Language::ALL);
        Self { asked: asked.terms.into_keys().chain(asked.others.into_values().flatten()).collect() }
    }

    /// The piece of a plain text that holds most of what was asked.
    pub fn cut(&self, plain: &str) -> Snippet {
        let words = words(plain);
        let language = Language::of_page(words.iter().map(|word| word.text.as_str()));
        let start = best_window(&self.matched(plain, &words, language)).unwrap_or(0);
        let text = cut(plain, start);
        let words = self::words(&text);
        let mut highlights: Vec<Range<usize>> = Vec::new();
        for (word, _) in self.matched(&text, &words, language) {
            match highlights.last_mut() {
                // characters of a script without spaces that follow each other are shown as one
                Some(last) if last.end == word.from => last.end = word.to,
                _ => highlights.push(word.from..word.to),
            }
        }
        Snippet { text, highlights }
    }

    /// The words of a text that were asked for, with their terms.
    fn matched<'w>(&self, text: &str, words: &'w [Word], language: Language) -> Vec<(&'w Word, String)> {
        // most words of a page begin otherwise than any that was asked for, and need no stem
        let starts: BTreeSet<_> = self.asked.iter().filter_map(|term| start(term, language)).collect();
        let may_match = |word: &&Word| {
            start(&word.text, language)
                .is_none_or(|(first, second)| starts.contains(&(first, second)) || starts.contains(&(first, None)))
        };
        let terms = words.iter().filter(may_match).filter_map(|word| Some((word, term(text, word, language)?)));
        terms.filter(|(_, term)| self.asked.contains(term)).collect()
    }
}

/// Where the window begins that holds most different terms; the first of the best.
fn best_window(matched: &[(&Word, String)]) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for (at, (word, _)) in matched.iter().enumerate() {
        let terms: BTreeSet<&str> = matched[at..]
            .iter()
            .take_while(|(w, _)| w.to <= word.from + LIMIT - LEAD)
            .map(|(_, t)| t.as_str())
            .collect();
        if best.is_none_or(|(most, _)| terms.len() > most) {
            best = Some((terms.len(), word.from));
        }
    }
    best.map(|(_, from)| from)
}

fn cut(plain: &str, focus: usize) -> String {
    const MORE: char = '…';
    let mut from = floor(plain, focus.saturating_sub(LEAD));
    if from > 0 {
        // begin at a word where there is a space to begin after
        from = plain[from..focus].find(char::is_whitespace).map_or(from, |space| from + space);
    }
    let mut line = String::new();
    for word in plain[from..].split_whitespace() {
        if line.len() > 2 * LIMIT {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let lead = if from > 0 { MORE.to_string() } else { String::new() };
    let room = LIMIT - lead.len();
    if line.len() <= room {
        return lead + &line;
    }
    let end = floor(&line, room - MORE.len_utf8());
    let end = line[..end].rfind(' ').filter(|space| *space > end / 2).unwrap_or(end);
    format!("{lead}{}{MORE}", line[..end].trim_end())
}

/// The last character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_snippet_shows_what_matched() {
        let text = format!(
            "{}\nRenewing a wildcard certificate needs the DNS challenge. {}",
            "Filler words here. ".repeat(40),
            "After. ".repeat(80)
        );
        let found = snippet(&text, "how do I renew wildcard certificates?");
        assert_eq!(marked(&found), ["Renewing", "wildcard", "certificate"]);
        let text = found.text;
        assert!(text.contains("Renewing a wildcard certificate"), "{text}");
        assert!(text.starts_with('…') && text.ends_with('…') && text.len() <= LIMIT, "{text}");
        assert_eq!(snippet("short", "nothing"), Snippet { text: "short".to_owned(), highlights: Vec::new() });
        let cjk = snippet(&"前".repeat(500).replace("前前前前前", "前前更新证书"), "更新证书");
        assert!(cjk.text.len() <= LIMIT && cjk.text.contains("更新证书"), "{cjk:?}");
        assert!(marked(&cjk).contains(&"更新证书"), "{cjk:?}");
    }

    #[test]
    fn words_of_every_language_are_shown_by_their_stems() {
        let german =
            "Das Zertifikat wird über die Prüfung erneuert, und die Schlüssel bleiben; erneuern ist nicht schwer.";
        assert_eq!(
            marked(&snippet(german, "Schluessel und Zertifikate erneuere")),
            ["Zertifikat", "Schlüssel", "erneuern"]
        );
        assert_eq!(
            marked(&snippet("Обновление сертификата", "как обновить сертификаты?")),
            ["Обновление", "сертификата"]
        );
        assert_eq!(marked(&snippet("تُحذف ملفات السجل", "متى تحذف السجلات؟")), ["تُحذف", "السجل"]);
        assert_eq!(marked(&snippet("लॉग फ़ाइलें हटाएँ", "फाइल कैसे हटाते हैं")), ["फ़ाइलें", "हटाएँ"]);
    }

    fn snippet(text: &str, question: &str) -> Snippet {
        Snippets::of(question).cut(text)
    }

    fn marked(snippet: &Snippet) -> Vec<&str> {
        snippet.highlights.iter().map(|at| &snippet.text[at.clone()]).collect()
    }

    proptest! {
        #[test]
        fn any_text_is_cut_within_the_bound(text in "\\PC{0,800}", question in "\\PC{0,60}") {
            let snippet = snippet(&text, &question);
            prop_assert!(snippet.text.len() <= LIMIT);
            prop_assert!(snippet.highlights.iter().all(|at| snippet.text.get(at.clone()).is_some()));
        }
    }
}
