//! Numbers of payment cards: an issuer's range and a valid check digit (ISO/IEC 7812, Luhn).

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, around};

static CARD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[2-6]\d{3}(?:[ -]?\d){8,14}\d").ok());

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    for number in CARD.iter().flat_map(|card| card.find_iter(text)) {
        let digits: Vec<u8> = number.as_str().bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
        let (before, after) = around(text, number.start(), number.end());
        let inside = |char: Option<char>| char.is_some_and(|c| c.is_alphanumeric() || "_-./".contains(c));
        // a sentence may end behind it
        let ends = after == Some('.') && !text[number.end() + 1..].starts_with(|c: char| c.is_alphanumeric());
        if is_issued(&digits) && luhn(&digits) && !inside(before) && (ends || !inside(after)) {
            found(number.start(), "card", "it has the number of a payment card: take it out and log the note again");
        }
    }
}

/// Visa, Mastercard, American Express, Discover, JCB, Diners and UnionPay, by the ranges that they publish.
fn is_issued(digits: &[u8]) -> bool {
    let begins = |count: usize| digits.iter().take(count).fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    match digits.len() {
        13 | 19 => begins(1) == 4 || begins(2) == 62,
        14 => matches!(begins(2), 36 | 38) || (300..=305).contains(&begins(3)),
        15 => matches!(begins(2), 34 | 37),
        16 => {
            begins(1) == 4
                || (51..=55).contains(&begins(2))
                || (2221..=2720).contains(&begins(4))
                || begins(4) == 6011
                || matches!(begins(2), 62 | 65)
                || (644..=649).contains(&begins(3))
                || (3528..=3589).contains(&begins(4))
        }
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit) * 2) {
            (0, double) => double / 2,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
#[test]
fn the_expressions_compile() {
    assert!(CARD.is_some());
}
