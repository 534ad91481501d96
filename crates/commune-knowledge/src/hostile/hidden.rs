//! What a reader cannot see.
//!
//! The lists follow the Unicode property `Default_Ignorable_Code_Point` and UTS 51 (emoji sequences). Private use is not hidden:
//! it shows, as a box or as an icon.

use super::Finding;
use unicode_normalization::char::is_combining_mark;

/// Tags in an emoji flag: the code of a region.
const FLAG_TAGS: std::ops::RangeInclusive<usize> = 3..=6;

pub(super) fn find(text: &str) -> Option<Finding> {
    let text = text.trim_start_matches('\u{feff}');
    let mut line = 1;
    let mut before = '\n';
    let mut right_to_left = None;
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        let after = rest.clone().next().unwrap_or('\n');
        if char == '\n' {
            line += 1;
            right_to_left = None;
        }
        if char == '\u{1f3f4}' {
            rest = without_flag(rest);
        }
        // what most texts hold only: cheap first
        if (' '..'\u{7f}').contains(&char) {
            before = char;
            continue;
        }
        let in_line = || text[..text.len() - rest.as_str().len()].rsplit('\n').next().unwrap_or_default();
        let mut has_right_to_left = || {
            *right_to_left.get_or_insert_with(|| {
                in_line().chars().any(is_right_to_left)
                    || rest.as_str().split('\n').next().unwrap_or_default().chars().any(is_right_to_left)
            })
        };
        if let Some((rule, advice)) = judge(before, char, after, &mut has_right_to_left) {
            return Some(Finding { line, rule, advice });
        }
        before = char;
    }
    None
}

const PLAIN: &str = "write the text without characters that a reader cannot see";

fn judge(
    before: char,
    char: char,
    after: char,
    has_right_to_left: &mut dyn FnMut() -> bool,
) -> Option<(&'static str, &'static str)> {
    match char {
        '\n' | '\t' => None,
        '\r' if after == '\n' => None,
        '\u{1b}' | '\u{9b}' => Some(("ansi-escape", "send the text without colours and other escapes of a terminal")),
        char if char.is_control() => Some(("control-character", "only tab and new line are allowed, remove it")),
        '\u{e0000}'..='\u{e007f}' => Some(("tag-character", PLAIN)),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(("bidi-control", "write it without marks that turn the direction of writing"))
        }
        '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            let lone = !matches!(before, '\u{200e}' | '\u{200f}' | '\u{61c}');
            (!(lone && has_right_to_left())).then_some(("bidi-control", PLAIN))
        }
        '\u{200d}' => (!(joins(before, after) || is_emoji(before) && is_emoji(after))).then_some(("zero-width", PLAIN)),
        '\u{200c}' => (!joins(before, after)).then_some(("zero-width", PLAIN)),
        '\u{200b}' => (!(breaks(before) && breaks(after))).then_some(("zero-width", PLAIN)),
        '\u{2060}' | '\u{feff}' | '\u{180e}' => Some(("zero-width", PLAIN)),
        '\u{fe0e}' | '\u{fe0f}' => (!takes_presentation(before)).then_some(("variation-selector", PLAIN)),
        '\u{fe00}'..='\u{fe0d}' => (!takes_variation(before)).then_some(("variation-selector", PLAIN)),
        '\u{e0100}'..='\u{e01ef}' => (!is_ideograph(before)).then_some(("variation-selector", PLAIN)),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => {
            (!('\u{1800}'..='\u{18af}').contains(&before)).then_some(("variation-selector", PLAIN))
        }
        '\u{ad}' => (!(is_written(before) && is_written(after))).then_some(("invisible", PLAIN)),
        '\u{34f}' => (!(is_combining_mark(before) || is_combining_mark(after))).then_some(("invisible", PLAIN)),
        '\u{115f}' | '\u{1160}' => (!(is_jamo(before) || is_jamo(after))).then_some(("invisible", PLAIN)),
        char if is_ignorable(char) => Some(("invisible", PLAIN)),
        _ => None,
    }
}

/// What stands behind a black flag: a whole sequence of tags is taken out, anything else is left to be judged.
fn without_flag(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let mut ahead = rest.clone();
    let mut tags = 0;
    loop {
        match ahead.next() {
            Some('\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}') => tags += 1,
            Some('\u{e007f}') if FLAG_TAGS.contains(&tags) => return ahead,
            _ => return rest,
        }
    }
}

/// Between letters of scripts whose letters join (or whose consonants do), or at such a word's end.
fn joins(before: char, after: char) -> bool {
    is_joining(before) && (is_joining(after) || !after.is_alphanumeric() && !is_ignorable(after))
}

fn is_joining(char: char) -> bool {
    matches!(char,
        '\u{600}'..='\u{8ff}'      // Arabic, Syriac, Thaana, NKo, Mandaic and their supplements
        | '\u{900}'..='\u{dff}'    // the scripts of India, and Sinhala
        | '\u{f00}'..='\u{109f}'   // Tibetan, Myanmar
        | '\u{1780}'..='\u{18af}'  // Khmer, Mongolian
        | '\u{1900}'..='\u{1cff}'  // Limbu to Vedic extensions
        | '\u{a800}'..='\u{aaff}'  // Syloti Nagri to Meetei Mayek extensions
        | '\u{abc0}'..='\u{abff}'
        | '\u{fb50}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10a00}'..='\u{10fff}' | '\u{11000}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
}

/// Scripts that are written without blanks, where a line may break between any two words.
fn breaks(char: char) -> bool {
    matches!(char, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{1950}'..='\u{1aaf}'
        | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aadf}' | '\u{f00}'..='\u{fff}')
}

fn is_right_to_left(char: char) -> bool {
    matches!(char, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        && !matches!(char, '\u{61c}')
}

/// Signs that stand in emoji sequences, selectors and skin tones included.
fn is_emoji(char: char) -> bool {
    char == '\u{fe0f}' || char == '\u{20e3}' || is_sign(char)
}

fn is_sign(char: char) -> bool {
    matches!(char, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

fn takes_presentation(char: char) -> bool {
    is_sign(char) || matches!(char, '0'..='9' | '#' | '*')
}

fn takes_variation(char: char) -> bool {
    is_ideograph(char)
        || is_sign(char)
        || matches!(char, '0' | '\u{1000}'..='\u{109f}' | '\u{a840}'..='\u{a87f}' | '\u{3000}'..='\u{303f}'
            | '\u{ff00}'..='\u{ffef}' | '\u{10000}'..='\u{13fff}')
}

fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_jamo(char: char) -> bool {
    matches!(char, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}')
}

fn is_written(char: char) -> bool {
    char.is_alphanumeric() || is_combining_mark(char)
}

/// Ignored by what shows a text, and what is no character at all.
pub(super) fn is_ignorable(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'
        | '\u{ffff}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
