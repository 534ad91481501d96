//! `password = value` and its like, in files, code, commands and YAML.

use super::placeholder::{is_placeholder, is_template};
use super::prose::lines_with;
use super::rules::is_random;
use crate::expression::Guarded;
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// What a name must have for a line to be looked at.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "pass",
    "pwd",
    "kennwort",
    "contrase",
    "senha",
    "wachtwoord",
    "пароль",
    "ПАРОЛЬ",
    "Пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
    "secret",
    "token",
    "key",
    "credential",
    "session",
    "cookie",
    "psk",
    "mot_de_passe",
    "mdp",
    "salasana",
    "lösenord",
    "haslo",
    "hasło",
    "parola",
    "clave",
    "auth",
    "dsn",
    "sas",
    "seed",
    "bearer",
    "jwt",
    "pat",
    "otp",
    "pin",
];

static SIEVE: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(NAMES).ok());

/// An expression that fails to compile finds nothing; a test of the module holds that it does.
static ASSIGNMENT: LazyLock<Option<Guarded>> = LazyLock::new(|| {
    let password = concat!(
        r"pass[_-]?word|passwd|pass[_-]?phrase|pwd|passcode|(?:[a-z]+[_.-])pass|\bpass|passwort|kennwort|mot[_-]de[_-]passe|\bmdp",
        r"|contrase(?:ñ|n)a|\bclave|senha|wachtwoord|salasana|lösenord|has(?:ł|l)o|parola|\bpsk|пароль|密码|密碼|口令|パスワード|비밀번호"
    );
    let token = concat!(
        r"secret|token|api[_-]?key|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|auth[_-]?key|encryption[_-]?key|signing[_-]?key",
        r"|master[_-]?key|client[_-]?secret|webhook[_-]?secret|credentials?|account[_-]?key|secret[_-]?access[_-]?key|session[_-]?id|cookie",
        r"|app[_-]?key|service[_-]?key|shared[_-]?key|hmac[_-]?key|jwt[_-]?key|license[_-]?key|deploy[_-]?key|ssh[_-]?key|[_.-]auth|\bauth",
        r"|\bbearer|\bjwt|[_.-]pat|[_-]key(?:[_-]?base)?|[_-]salt|\bseed|[_-]seed|otp[_-]?secret|sas[_-]?token|\bdsn"
    );
    // after the name: what joins it to its value, in code, in files, in tags, in commands and in calls
    let tail = r#"(?:_\d|[_-]?(?:base|prod|dev|staging|live|value|raw|plain|text))?["'`*\]]{0,3}"#;
    let signs = r"\s{0,3}(?:=>|:=|==?|->|:|：|＝)\s{0,3}|\(\s?";
    let names = format!("{password}|{token}").replace(r"\b", "");
    let wide =
        format!(r#"(?i)(?:{names}){tail}(?:{signs}|,?\s?["'])(?:[a-z]{{1,6}}&?["'])?["'`*]{{0,3}}[^\s"'`,;]{{4}}"#);
    let exact = format!(
        r#"(?i)(?P<key>[\w.-]{{0,40}}?(?:(?P<password>{password})|(?:{token}))){tail}(?P<sign>{signs}|,\s?(?P<listed>["'])|\s(?P<flag>["']))(?:[a-z]{{1,6}}(?:&|\b)["'])?(?P<quote>["'`*]{{0,3}})(?P<value>[^\s"'`,;]{{4,400}})"#
    );
    Guarded::new(&wide, &exact)
});

/// `--password value`, `--token=value`: a flag and its value.
static FLAG: LazyLock<Option<Guarded>> = LazyLock::new(|| {
    let password = "password|passwd|passphrase|pass|pwd";
    let token = "token|secret|api-?key|access-?key|auth-?key|private-?key|secret-?key";
    let wide = format!(r#"(?i)(?:^|\s)-\S*(?:{password}|{token})\s{{1,3}}["']?[^\s"'`,;]{{4}}"#);
    let exact = format!(
        r#"(?i)(?:^|\s)--?[\w-]{{0,30}}?(?:(?P<password>{password})|{token})\s{{1,3}}["']?(?P<value>[^\s"'`,;]{{4,400}})"#
    );
    Guarded::new(&wide, &exact)
});

pub(super) fn find(text: &str, found: &mut impl FnMut(&'static str, usize, &str)) {
    let (Some(sieve), Some(assignment), Some(flag)) = (SIEVE.as_ref(), ASSIGNMENT.as_ref(), FLAG.as_ref()) else {
        return;
    };
    lines_with(text, sieve, true, |begins, line| {
        for captures in assignment.on(line).into_iter().flat_map(|expression| expression.captures_iter(line)) {
            let part = |name: &str| captures.name(name).map_or("", |part| part.as_str());
            let value = trimmed(part("value"));
            let at = begins + captures.name("key").map_or(0, |key| key.start());
            let sign = part("sign").trim();
            let written = !part("quote").is_empty() || sign == "=" || captures.name("listed").is_some();
            let called = sign.starts_with('(') || sign.starts_with(',') || captures.name("flag").is_some();
            if called
                && part("quote").is_empty()
                && captures.name("listed").is_none()
                && captures.name("flag").is_none()
            {
                continue;
            }
            if captures.name("password").is_some() {
                if is_password(value, written || called) {
                    found("password-assignment", at, value);
                }
            } else if is_token(value) {
                found("secret-assignment", at, value);
            }
        }
        for captures in flag.on(line).into_iter().flat_map(|expression| expression.captures_iter(line)) {
            let value = trimmed(captures.name("value").map_or("", |value| value.as_str()));
            let at = begins + captures.get(0).map_or(0, |whole| whole.start());
            if captures.name("password").is_some() && is_password(value, true) && is_mixed(value, 6) {
                found("password-assignment", at, value);
            } else if captures.name("password").is_none() && is_token(value) {
                found("secret-assignment", at, value);
            }
        }
    });
}

fn trimmed(value: &str) -> &str {
    value.trim_end_matches(['.', ')', ']', '}', '*', '|', '>', '\\', ':'])
}

fn is_password(value: &str, written: bool) -> bool {
    let capitalised = value.chars().all(char::is_alphabetic) && value.chars().skip(1).all(char::is_lowercase);
    !is_none(value)
        && ((is_mixed(value, 6) && !capitalised) || (written && value.chars().count() >= 6 && !is_identifier(value)))
}

fn is_token(value: &str) -> bool {
    let random = value.chars().any(char::is_numeric) || is_random(value);
    random && !is_none(value) && is_mixed(value, 12) && !is_identifier(value) && !is_path(value)
}

fn is_none(value: &str) -> bool {
    is_placeholder(value) || is_expression(value) || is_template(value)
}

/// True for code that computes a value: a call, a path of names, a variable.
fn is_expression(value: &str) -> bool {
    value.contains(['(', '{', '|', '['])
        || value.starts_with(['=', '/', '&', '-', '<'])
        || value.strip_prefix('!').is_some_and(|tag| tag.chars().all(|char| char.is_alphanumeric() || char == '-'))
        || value.starts_with("./")
        || value.starts_with("~/")
        || value.contains("::")
        || value.contains("->")
        || value.contains("://")
}

/// True for names with dots and slashes between them, and for versions: `config/keys.v2.json`.
fn is_path(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['/', '.', '-', '_', ':', '@', '#', '=', '&', '?', '%', '+']).collect();
    parts.len() > 2 && parts.iter().all(|part| part.chars().count() <= 12 && !is_tangled(part))
}

/// True where letters and digits, or cases, change more often than in a name.
fn is_tangled(part: &str) -> bool {
    let kind = |char: char| (char.is_numeric(), char.is_uppercase());
    let kinds: Vec<(bool, bool)> = part.chars().map(kind).collect();
    kinds.windows(2).filter(|pair| pair[0] != pair[1]).count() > 2
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
fn the_expressions_compile_and_the_wide_ones_are_wide() {
    assert!(SIEVE.is_some());
    for guarded in [&ASSIGNMENT, &FLAG] {
        crate::expression::check(guarded.as_ref());
    }
}
