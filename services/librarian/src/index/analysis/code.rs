//! Code within a text: what is looked for whole, and the words that names are made of.

/// Longest code token in bytes.
const LONGEST_CODE: usize = 100;

/// The parts of names written in humps (`apiKey`: `api Key`), with spaces between: a reader asks for them as words.
pub fn humps(text: &str) -> String {
    let mut parts = String::new();
    for name in text.split(|c: char| !c.is_alphanumeric()) {
        let mut before = None;
        let mut spaced = String::new();
        for c in name.chars() {
            if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
                spaced.push(' ');
            }
            spaced.push(c);
            before = Some(c);
        }
        if spaced.len() > name.len() {
            parts.push_str(&spaced);
            parts.push(' ');
        }
    }
    parts
}

/// Identifiers, flags, paths and versions, whole and in lower case.
pub(super) fn code_tokens(text: &str) -> Vec<String> {
    const APART: &[char] = &['(', ')', '[', ']', '{', '}', '<', '>', '`', '"', '\'', ',', ';', '|', '=', '*', '!', '?'];
    const LEADING: &[char] = &['-', '/', '.', '~', '$', '@', '#', ':', '&', '+'];
    let mut tokens = Vec::new();
    for chunk in text.split(|c: char| c.is_whitespace() || APART.contains(&c)) {
        let chunk = chunk.trim_end_matches(['.', ':', '/', '-', '\\']);
        let chunk = chunk.trim_start_matches([':', '#', '+', '&']);
        if chunk.len() < 2 || chunk.len() > LONGEST_CODE || !is_code(chunk) {
            continue;
        }
        let token = chunk.to_lowercase();
        let bare = token.trim_start_matches(LEADING);
        if bare != token && bare.len() > 1 && is_code(bare) {
            tokens.push(bare.to_owned());
        }
        tokens.push(token);
    }
    tokens
}

/// True for what a person would put into a code span: it has a joint, or mixes letters and digits.
fn is_code(chunk: &str) -> bool {
    let letters = chunk.bytes().any(|b| b.is_ascii_alphabetic());
    let digits = chunk.bytes().any(|b| b.is_ascii_digit());
    let joint = chunk.bytes().any(|b| b"_-./:+#@$~\\".contains(&b));
    (letters || digits) && joint || letters && digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_humps_are_words_too() {
        assert_eq!(humps("set tools.web.search.apiKey, not HTTP or GitHub").trim(), "api Key Git Hub");
        assert_eq!(humps("nothing here, RÉSUMÉ 更新"), "");
    }
}
