//! Words as they are compared: lower case, without accents, whatever stands between them.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, compatibility forms and accents removed; scripts without case stay as they are.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.to_lowercase().nfkd().filter(|c| !is_accent(*c)).nfc().collect()
}

/// The folded words of a text: runs of letters, digits and marks. `J'ai` is two words, `how-to` too.
pub fn tokens(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c))
        .filter(|t| !t.is_empty())
        .map(str::to_owned)
        .collect()
}

/// True for scripts that put no spaces between words: a phrase is then looked for inside the text.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

/// Accents of alphabets whose words stay readable without them. Marks of Indic and other scripts are letters.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05C7}' | '\u{064B}'..='\u{065F}' | '\u{0670}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_do_not_matter_and_scripts_survive() {
        assert_eq!(fold("LEÇONS Décidées"), "lecons decidees");
        assert_eq!(tokens("ce que j'ai appris"), ["ce", "que", "j", "ai", "appris"]);
        assert_eq!(tokens("How-To"), ["how", "to"]);
        assert_eq!(tokens("निर्णय लिया"), ["निर्णय", "लिया"]);
        assert_eq!(tokens("결정 사항"), ["결정", "사항"]);
        assert_eq!(tokens("学んだこと"), [fold("学んだこと")]);
    }
}
