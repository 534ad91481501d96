//! Telephone numbers: international ones, and national ones where their form or a word beside them says so.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, around};

/// Digits of a number with its country (E.164: 15 at most).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

static INTERNATIONAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:\+|\b00)[1-9]\d{0,2}[ .()/-]{0,2}\d(?:[ .()/-]{0,2}\d){6,13}").ok());

static NATIONAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\([2-9]\d{2}\) ?[2-9]\d{2}[-. ]\d{4}\b|\b(?:1[-. ])?[2-9]\d{2}(?:-[2-9]\d{2}-|\.[2-9]\d{2}\.)\d{4}\b",
        // Germany and its neighbours write a slash, France five pairs
        r"|\b0[1-9]\d{1,4} ?/ ?\d{3,9}(?:[ -]\d{1,6})?\b|\b0[1-9](?:[ .-]\d{2}){4}\b"
    ))
    .ok()
});

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\b(?:tel|telephone|phone|mobile|cell|cellphone|whatsapp|signal|fax|sms|call|dial|ring|text|handy|handynummer|telefon|telefonnummer|mobil",
        r"|téléphone|portable|teléfono|móvil|celular|telefone|telemóvel|telefono|cellulare|telefoon|mobiel|тел|телефон)\b|电话|手机|電話|携帯|전화)",
        r"(?: ?(?:number|no|nr|nummer|is|at|on|me at|me on|us at|her at|him at|unter|number is|ist|lautet|est le|es el|号码|番号))?\.?\s?[:：是为は]?\s{0,2}",
        r"(?P<n>\(?\+?\d(?:[ .()/-]{0,2}\d){6,14})"
    ))
    .ok()
});

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    const ADVICE: &str = "it has a telephone number: take it out and log the note again";
    if text.bytes().filter(u8::is_ascii_digit).count() < 7 {
        return;
    }
    for number in INTERNATIONAL.iter().chain(NATIONAL.iter()).flat_map(|rule| rule.find_iter(text)) {
        let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
        let (before, after) = around(text, number.start(), number.end());
        let inside = |char: Option<char>| char.is_some_and(|c| c.is_alphanumeric() || "_.,:/=-".contains(c));
        let runs_on = text[number.end()..].starts_with([' ', '.', '-'])
            && text[number.end() + 1..].starts_with(|char: char| char.is_ascii_digit());
        // the word before a parameter ends at its sign: `tel:+49…`
        let joined = text[..number.start()].ends_with("tel:") || text[..number.start()].ends_with(": ");
        let end = matches!(after, Some(c) if c.is_alphanumeric() || c == '_');
        // the middle of a longer number in groups
        let goes_on = before == Some(' ') && text[..number.start() - 1].ends_with(|char: char| char.is_ascii_digit());
        if goes_on {
            continue;
        }
        if DIGITS.contains(&digits) && (joined || !inside(before)) && !end && !runs_on {
            found(number.start(), "phone", ADVICE);
        }
    }
    for captures in NAMED.iter().flat_map(|rule| rule.captures_iter(text)) {
        let Some(number) = captures.name("n") else { continue };
        let digits = number.as_str().bytes().filter(u8::is_ascii_digit).count();
        let (_, after) = around(text, number.start(), number.end());
        let end = matches!(after, Some(c) if c.is_alphanumeric() || c == '_');
        // a day or a version is none
        let dated = number.as_str().starts_with("20") && number.as_str().contains('-') && digits == 8;
        if (7..=15).contains(&digits) && !end && !dated && !number.as_str().starts_with("555-01") {
            found(number.start(), "phone", ADVICE);
        }
    }
}

#[cfg(test)]
#[test]
fn the_expressions_compile() {
    assert!(INTERNATIONAL.is_some() && NATIONAL.is_some() && NAMED.is_some());
}
