//! The parts of a heading: what stands between dashes, colons and brackets, without dates, times and marks.

use super::{fold::tokens, is_generic, words::STATES};

/// One part of a heading: what stands between dashes, colons and brackets.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) tokens: Vec<String>,
    pub(super) aside: bool,
}

impl Part {
    /// True for an aside that only says how far something is: it is so on the day, and no part of what it is about.
    pub(super) fn tells_a_state(&self) -> bool {
        let says = |token: &String| STATES.contains(&token.as_str()) || is_date_or_time(token) || is_generic(token);
        self.aside && self.tokens.iter().all(says)
    }
}

/// The parts of a heading, in order.
pub(super) fn parts(heading: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut close = |text: &mut String, aside: bool| {
        let part = std::mem::take(text).trim().trim_matches(['*', '_', '`', '#']).trim().to_owned();
        if !part.is_empty() {
            let tokens = tokens(&part).into_iter().filter(|t| !is_date_or_time(t)).collect();
            parts.push(Part { text: part, tokens, aside });
        }
    };
    let chars: Vec<char> = heading.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        let spaced = |at: Option<&char>| at.is_none_or(|c| c.is_whitespace());
        let before = if i == 0 { None } else { chars.get(i - 1) };
        let after = chars.get(i + 1);
        match c {
            '(' | '[' | '（' | '【' => {
                close(&mut text, depth > 0);
                depth += 1;
            }
            ')' | ']' | '）' | '】' => {
                close(&mut text, depth > 0);
                depth = depth.saturating_sub(1);
            }
            '—' | '–' | '|' | '：' | '→' | '•' => close(&mut text, depth > 0),
            '-' if spaced(before) && spaced(after) => close(&mut text, depth > 0),
            ':' if spaced(after) => close(&mut text, depth > 0),
            c => text.push(c),
        }
    }
    close(&mut text, depth > 0);
    parts
}

/// The text from its first letter or digit on: without emoji, bullets and other marks, and without a number such as `1.`.
pub(super) fn strip_marks(text: &str) -> &str {
    let text = text
        .trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '"' | '«' | '“' | '`' | '$' | '/' | '~'));
    let unnumbered = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match unnumbered.strip_prefix(['.', ')']) {
        Some(rest) if unnumbered.len() < text.len() && rest.starts_with(' ') => rest.trim_start(),
        _ => text,
    }
}

/// True for a number, a month, a time zone, a time of day.
pub(crate) fn is_date_or_time(token: &str) -> bool {
    const ZONES: &[&str] = &["utc", "gmt", "cet", "cest", "pst", "pdt", "est", "edt", "am", "pm"];
    const MONTHS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
        "jan",
        "feb",
        "fev",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
    ];
    token.chars().all(|c| c.is_numeric()) || ZONES.contains(&token) || MONTHS.contains(&token)
        // 18h30, 20260214T0100Z
        || (token.starts_with(|c: char| c.is_ascii_digit()) && token.chars().all(|c| c.is_ascii_digit() || matches!(c, 'h' | 't' | 'z' | 'm')))
}
