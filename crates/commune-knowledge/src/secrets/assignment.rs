//! `password = value` and its like, in files, code, commands and YAML.

use super::placeholder::is_placeholder;
use regex::Regex;
use std::sync::LazyLock;

/// An expression that fails to compile finds nothing; a test of the module holds that it does.
static ASSIGNMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let password = r"password|passwd|passphrase|pwd|passcode|passwort|kennwort|mot_de_passe|contrase(?:ñ|n)a|senha|wachtwoord|пароль|密码|密碼|パスワード";
    let token = concat!(
        r"secret|token|api[_-]?key|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|auth[_-]?key|encryption[_-]?key|signing[_-]?key",
        r"|master[_-]?key|client[_-]?secret|webhook[_-]?secret|credentials?|account[_-]?key|secret[_-]?access[_-]?key|session[_-]?id|cookie"
    );
    Regex::new(&format!(
        r#"(?i)(?P<key>[\w.-]{{0,40}}?(?:(?P<password>{password})|(?:{token})))(?:_\d)?["'`*]{{0,3}}\s{{0,3}}(?P<sign>=>|:=|=|:|：)\s{{0,3}}(?P<quote>["'`*]{{0,3}})(?P<value>[^\s"'`,;]{{4,400}})"#
    ))
    .ok()
});

pub(super) fn find(text: &str, found: &mut impl FnMut(&'static str, usize)) {
    for captures in ASSIGNMENT.iter().flat_map(|rule| rule.captures_iter(text)) {
        let part = |name: &str| captures.name(name).map_or("", |part| part.as_str());
        let value = part("value").trim_end_matches(['.', ')', ']', '}', '*', '|', '>']);
        let begins = captures.name("key").map_or(0, |key| key.start());
        if is_placeholder(value) || is_expression(value) {
            continue;
        }
        if captures.name("password").is_some() {
            let written = !part("quote").is_empty() || part("sign") == "=";
            if is_mixed(value, 6) || (written && value.chars().count() >= 6 && !is_identifier(value)) {
                found("password-assignment", begins);
            }
        } else if is_mixed(value, 12) && !is_identifier(value) {
            found("secret-assignment", begins);
        }
    }
}

/// True for code that computes a value: a call, a path of names, a variable.
fn is_expression(value: &str) -> bool {
    value.contains(['(', '{', '<', '[', '|'])
        || value.starts_with(['$', '=', '/', '&', '-'])
        || value.contains("::")
        || value.contains("->")
}

/// True for words joined as names are: `commune-db-credentials`, `os.environ`, `SECRET_KEY`.
fn is_identifier(value: &str) -> bool {
    let words: Vec<&str> = value.split(['-', '_', '.', '/', ':']).collect();
    let plain = |word: &&str| {
        word.chars().all(char::is_alphabetic)
            && (word.chars().skip(1).all(char::is_lowercase) || word.chars().all(char::is_uppercase))
    };
    words.len() > 1 && words.iter().all(plain)
}

/// True for at least `least` characters of more than one kind.
pub(super) fn is_mixed(value: &str, least: usize) -> bool {
    let has = |kind: fn(&char) -> bool| value.chars().any(|char| kind(&char));
    let kinds = [
        has(|char| char.is_lowercase() || (char.is_alphabetic() && !char.is_uppercase())),
        has(|char| char.is_uppercase()),
        has(|char| char.is_numeric()),
        has(|char| "!#%^&*$@+?~".contains(*char)),
    ];
    value.chars().count() >= least && kinds.into_iter().filter(|kind| *kind).count() >= 2
}

#[cfg(test)]
#[test]
fn the_expression_compiles() {
    assert!(ASSIGNMENT.is_some());
}
