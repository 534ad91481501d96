//! Numbers of bank accounts (IBAN, ISO 13616: length by country, remainder 1 of 97), and social security numbers that are named.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, around};

static IBAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?").ok());

static SOCIAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:ssn|social security(?: number)?|sozialversicherungsnummer|numéro de sécurité sociale)\b[^\n\d]{0,20}(?P<n>\d{3}-\d{2}-\d{4}|\d{2} ?\d{6} ?[A-Z] ?\d{3}|[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2})\b").ok()
});

/// Lengths by country, from the IBAN registry.
#[rustfmt::skip]
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22), ("BH", 22), ("BR", 29), ("BY", 28),
    ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24), ("DE", 22), ("DK", 18), ("DO", 28), ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18),
    ("FO", 18), ("FR", 27), ("GB", 22), ("GE", 22), ("GI", 23), ("GL", 18), ("GR", 27), ("GT", 28), ("HR", 21), ("HU", 28), ("IE", 22),
    ("IL", 23), ("IQ", 23), ("IS", 26), ("IT", 27), ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28), ("LI", 21), ("LT", 20), ("LU", 20),
    ("LV", 21), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MR", 27), ("MT", 31), ("MU", 30), ("NL", 18), ("NO", 15), ("PK", 24),
    ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22), ("SA", 24), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27),
    ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20),
];

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    for number in IBAN.iter().flat_map(|iban| iban.find_iter(text)) {
        let (before, _) = around(text, number.start(), number.end());
        let plain: String =
            number.as_str().chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect();
        let length = LENGTHS.iter().find(|(country, _)| plain.starts_with(country)).map(|(_, length)| *length);
        // the words after it may look like more of it
        let account = length.and_then(|length| plain.get(..length));
        if account.is_some_and(is_valid) && !before.is_some_and(|char| char.is_alphanumeric() || char == '_') {
            found(
                number.start(),
                "bank-account",
                "it has the number of a bank account: take it out and log the note again",
            );
        }
    }
    for number in SOCIAL.iter().flat_map(|social| social.find_iter(text)) {
        found(number.start(), "social-security", "it has a social security number: take it out and log the note again");
    }
}

fn is_valid(account: &str) -> bool {
    let moved = account[4..].bytes().chain(account[..4].bytes());
    let remainder = moved.fold(0_u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1
}

#[cfg(test)]
#[test]
fn the_expressions_compile() {
    assert!(IBAN.is_some() && SOCIAL.is_some());
}
