//! Slugs: a title as a segment of a path, in Latin letters whatever its script.

use deunicode::deunicode_char;
use sha2::{Digest, Sha256};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{SLUG_LIMIT, is_unspaced, text};

/// A slug: `[a-z0-9-]`, 1 to 80 bytes, from any script, as it is spelled in Latin letters. Of a script with a word for each character many
/// words are spelled alike: there, and where a letter has no spelling, a hash of the title follows. Never empty, never begins or ends with `-`.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    let mut lost = false;
    let part = |slug: &mut String| {
        if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    };
    for char in title.nfc() {
        if let Some(latin) = latin(char) {
            slug.push_str(&latin);
        } else if char.is_alphabetic() {
            if is_unspaced(char) {
                part(&mut slug);
                lost = true;
            }
            let spelled = deunicode_char(char);
            lost |= spelled.is_none();
            slug.extend(spelled.unwrap_or("-").to_lowercase().chars().filter(char::is_ascii_alphanumeric));
            if is_unspaced(char) {
                part(&mut slug);
            }
        } else if !matches!(char, '\'' | '’') && !is_combining_mark(char) {
            part(&mut slug);
        }
    }
    if lost || slug.trim_matches('-').is_empty() {
        // the hash keeps two titles apart that are spelled alike
        let hash = hex::encode(Sha256::digest(text(title)));
        slug = shortened(slug.trim_matches('-'), SLUG_LIMIT - 13);
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&hash[..12]);
    }
    shortened(&slug, SLUG_LIMIT)
}

/// A character in the Latin letters and figures that Unicode takes it apart into; none of anything else.
fn latin(char: char) -> Option<String> {
    let mut latin = String::new();
    for part in std::iter::once(char).nfkd().filter(|part| !is_combining_mark(*part)).flat_map(char::to_lowercase) {
        match part {
            'a'..='z' | '0'..='9' => latin.push(part),
            'ß' => latin.push_str("ss"),
            'æ' => latin.push_str("ae"),
            'œ' => latin.push_str("oe"),
            'ø' => latin.push('o'),
            'đ' | 'ð' => latin.push('d'),
            'ł' => latin.push('l'),
            'þ' => latin.push_str("th"),
            'ı' => latin.push('i'),
            // a fraction, a sum of letters in brackets: figures and letters with signs between
            other if !other.is_alphabetic() && !latin.is_empty() => latin.push('-'),
            _ => return None,
        }
    }
    (!latin.is_empty()).then(|| latin.trim_end_matches('-').to_owned())
}

/// An ASCII slug cut to `limit` bytes, at a hyphen where there is one in the second half.
fn shortened(slug: &str, limit: usize) -> String {
    let slug = slug.trim_matches('-');
    if slug.len() <= limit {
        return slug.to_owned();
    }
    let cut = &slug[..limit];
    let end = if slug.as_bytes()[limit] == b'-' {
        limit
    } else {
        cut.rfind('-').filter(|at| *at > limit / 2).unwrap_or(limit)
    };
    cut[..end].trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(title: &str, expected: &str) {
        assert_eq!(slug(title), expected, "for {title:?}");
    }

    #[test]
    fn slugs_are_made_from_any_script() {
        check("Rotate the log, safely!", "rotate-the-log-safely");
        check("Café à Zürich: Straße", "cafe-a-zurich-strasse");
        check("Як скасувати бронювання", "iak-skasuvati-broniuvannia");
        check("Ротация логов, ещё раз", "rotatsiia-logov-eshchio-raz");
        check("Εγκατάσταση του NATS", "egkatastase-tou-nats");
        assert_eq!(slug("🎉").len(), 12);
        assert!(slug(&"long word ".repeat(40)).len() <= SLUG_LIMIT);
    }

    #[test]
    fn what_is_spelled_alike_is_kept_apart() {
        assert!(slug("日志轮换").starts_with("ri-zhi-lun-huan-"), "{}", slug("日志轮换"));
        assert!(slug("Docker 日志").starts_with("docker-ri-zhi-"));
        // both are spelled `shi`
        assert_ne!(slug("事"), slug("市"));
        assert_ne!(slug("Docker 日志轮换"), slug("Docker 端口冲突"));
    }

    proptest! {
        #[test]
        fn slugs_are_always_valid(title in "\\PC{0,200}") {
            let slug = slug(&title);
            prop_assert!((1..=SLUG_LIMIT).contains(&slug.len()));
            prop_assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
        }
    }
}
