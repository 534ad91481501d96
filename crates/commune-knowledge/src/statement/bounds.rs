//! Where sentences may end, by UAX 29 (Unicode Text Segmentation, "Sentence Boundaries"). Most of what agents write is ASCII, for which the rules
//! come to a few bytes and no tables; a property test holds both ways against each other.

use unicode_segmentation::UnicodeSegmentation;

/// The segments of one line of text, in order; together they are the text.
pub(super) fn segments(line: &str) -> Vec<&str> {
    match line.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'\n' | b'\r')) {
        true => of_ascii(line),
        false => line.split_sentence_bounds().collect(),
    }
}

fn of_ascii(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let (mut segments, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = bytes[at..].iter().position(|byte| is_terminator(*byte)) {
        let mark = at + found;
        let next = bytes.get(mark + 1).copied();
        at = mark + 1;
        let full_stop = bytes[mark] == b'.';
        // SB6: 3.14; SB7: U.S
        let within = next.is_some_and(|next| next.is_ascii_digit())
            || (mark > 0
                && bytes[mark - 1].is_ascii_alphabetic()
                && next.is_some_and(|next| next.is_ascii_uppercase()));
        if full_stop && within {
            continue;
        }
        // SB9 and SB10
        at += run(&bytes[at..], is_close);
        at += run(&bytes[at..], is_space);
        let Some(follows) = bytes.get(at) else { break };
        // SB8a; SB8: goes on with a small letter
        let goes_on = is_terminator(*follows)
            || matches!(follows, b',' | b'-' | b':' | b';')
            || (full_stop && first_that_counts(&bytes[at..]).is_some_and(|byte| byte.is_ascii_lowercase()));
        if !goes_on {
            segments.push(&line[start..at]);
            start = at;
        }
    }
    if start < line.len() {
        segments.push(&line[start..]);
    }
    segments
}

/// The first byte that is a letter or ends a sentence.
fn first_that_counts(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| byte.is_ascii_alphabetic() || is_terminator(*byte))
}

/// So many of the first bytes are such.
fn run(bytes: &[u8], is: fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is(**byte)).count()
}

fn is_terminator(byte: u8) -> bool {
    matches!(byte, b'.' | b'!' | b'?')
}

fn is_close(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'(' | b')' | b'[' | b']' | b'{' | b'}')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn ascii_is_cut_as_everything_is(line in "[abAB19.!?,;:\\-\"'()\\[{}<>/#`*_ \t\x0b\x01\x7f]{0,24}", any in "[ -~]{0,40}") {
            for line in [line, any] {
                prop_assert_eq!(of_ascii(&line), line.split_sentence_bounds().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_is_not_ascii_is_cut_by_the_tables() {
        assert_eq!(segments("Öffne das Tor. Dann geh."), ["Öffne das Tor. ", "Dann geh."]);
        assert_eq!(segments("关门。开门。"), ["关门。", "开门。"]);
        assert_eq!(segments(""), Vec::<&str>::new());
    }
}
