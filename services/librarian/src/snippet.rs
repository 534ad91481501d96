//! A piece of an article around the words that matched.

use std::collections::BTreeSet;

use crate::index::analysis::{Analyzer, Word, words};

/// Most bytes of a snippet.
const LIMIT: usize = 300;
/// Bytes shown before the first word that matched.
const LEAD: usize = 60;

/// The piece of a plain text that holds most of what was asked, at most 300 bytes, in one line.
pub fn snippet(plain: &str, question: &str) -> String {
    let mut analyzer = Analyzer::default();
    let asked: BTreeSet<String> = analyzer.asked(question).terms.into_keys().collect();
    let words = words(plain);
    let matched: Vec<(&Word, String)> = words
        .iter()
        .filter_map(|word| {
            let term = analyzer.terms(&word.text).pop()?;
            asked.contains(&term).then_some((word, term))
        })
        .collect();
    let start = best_window(&matched).unwrap_or(0);
    cut(plain, start)
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
        let snippet = snippet(&text, "how do I renew wildcard certificates?");
        assert!(snippet.contains("Renewing a wildcard certificate"), "{snippet}");
        assert!(snippet.starts_with('…') && snippet.ends_with('…') && snippet.len() <= LIMIT, "{snippet}");
        assert_eq!(super::snippet("short", "nothing"), "short");
        let cjk = super::snippet(&"前".repeat(500).replace("前前前前前", "前前更新证书"), "更新证书");
        assert!(cjk.len() <= LIMIT && cjk.contains("更新证书"), "{cjk}");
    }

    proptest! {
        #[test]
        fn any_text_is_cut_within_the_bound(text in "\\PC{0,800}", question in "\\PC{0,60}") {
            prop_assert!(snippet(&text, &question).len() <= LIMIT);
        }
    }
}
