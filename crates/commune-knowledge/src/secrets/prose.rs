//! Passwords in sentences: a word for a password near something that looks like one.

use super::placeholder::is_placeholder;
use regex::Regex;
use std::sync::LazyLock;

/// Words between a word for a password and the password, and bytes that are looked at for them.
const REACH: usize = 8;
const REACH_BYTES: usize = 400;

/// Expressions that fail to compile find nothing; a test of the module holds that they do.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:pass ?word|passwd|passcode|passphrase|pwd|pw|pass|login|logs? in|logged in|signs? in|signed in|credentials?|creds",
        r"|passwort|kennwort|zugangsdaten|anmeldedaten|mot de passe|mdp|phrase secrète|identifiants?|contraseña|clave|frase de paso|senha",
        r"|palavra-passe|parola d'ordine|password|wachtwoord|hasło|şifre|parola|lösenord|adgangskode|passord|salasana|heslo|jelszó|mật khẩu",
        r"|пароль|пароля|паролем|κωδικός|סיסמה|كلمة المرور|كلمة السر|पासवर्ड|รหัสผ่าน)\b|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호"
    ))
    .ok()
});

static PIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\b(?:pin|pin[- ]?code|code pin|geheimzahl|clave|код)\b[^\d\n]{0,40}?|(?:密码|密碼|暗証番号|비밀번호|パスワード)\s*[^\d\s\p{L}]?\s*[是为為は：:]?\s*)",
        r"\b(?P<v>\d{4,8})\b"
    ))
    .ok()
});

/// Names that look mixed and are no password.
const KNOWN: &[&str] = &[
    "1password",
    "sha256",
    "sha512",
    "sha-256",
    "base64",
    "argon2id",
    "argon2",
    "pbkdf2",
    "oauth2",
    "oauth2.0",
    "utf8",
    "s3",
    "ec2",
    "ipv4",
    "ipv6",
    "x509",
    "auth0",
    "k8s",
    "http2",
    "md5",
    "ed25519",
    "win32",
    "log4j",
    "web3",
    "id_rsa",
    "id_ed25519",
    "office365",
    "microsoft365",
];

pub(super) fn find(text: &str, found: &mut impl FnMut(&'static str, usize)) {
    let mut begins = 0;
    for line in text.split_inclusive('\n') {
        if let Some(word) = WORD.as_ref() {
            for near in word.find_iter(line) {
                if after(&line[near.end()..]) || before(&line[..near.start()]) {
                    found("password-in-prose", begins + near.start());
                }
            }
        }
        if let Some(pin) = PIN.as_ref().and_then(|pin| pin.captures(line)) {
            let value = pin.name("v").map_or("", |value| value.as_str());
            let year = value.len() == 4 && (value.starts_with("19") || value.starts_with("20"));
            if !year {
                found("pin-in-prose", begins);
            }
        }
        begins += line.len();
    }
}

/// True when a word soon after is a password.
fn after(rest: &str) -> bool {
    let end = rest.floor_char_boundary(REACH_BYTES);
    words(&rest[..end]).take(REACH).any(|word| is_strong(word) || is_phrase(word))
}

/// True when a word soon before is one; nearer to doubt, so only what hardly can be anything else.
fn before(rest: &str) -> bool {
    let start = rest.floor_char_boundary(rest.len().saturating_sub(REACH_BYTES));
    let words: Vec<&str> = words(&rest[start..]).collect();
    words.iter().rev().take(REACH).any(|word| is_strong(word) && word.chars().any(is_sign))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let edge = |char: char| "\"'`()[]{}<>,;:.=*“”„«»「」。，、：；（）？".contains(char);
    let cut = |char: char| char.is_whitespace() || "。，、：；「」（）".contains(char);
    text.split(cut).flat_map(split_script).map(move |word| word.trim_matches(edge)).filter(|word| !word.is_empty())
}

/// A chunk cut where a script without spaces meets ASCII: `是Xy7#abcd`.
fn split_script(chunk: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut last: Option<bool> = None;
    for (at, char) in chunk.char_indices() {
        let unspaced = crate::normalize::is_unspaced(char) || ('가'..='힣').contains(&char);
        if last.is_some_and(|last| last != unspaced) {
            parts.push(&chunk[start..at]);
            start = at;
        }
        last = Some(unspaced);
    }
    parts.push(&chunk[start..]);
    parts
}

/// True for a word as people choose passwords: eight or more characters of three kinds, or six with a sign inside.
fn is_strong(word: &str) -> bool {
    let has = |kind: fn(char) -> bool| word.chars().any(kind);
    let kinds = [has(char::is_lowercase), has(char::is_uppercase), has(|char| char.is_ascii_digit()), has(is_sign)];
    let count = kinds.into_iter().filter(|kind| *kind).count();
    let length = word.chars().count();
    let (letters, digits) = (kinds[0] || kinds[1], kinds[2]);
    let technical = word.contains(['/', '\\', '(', ')', '{', '}', '<', '>', '=', '|', ':', '`'])
        || word.starts_with(['-', '$', '%', '#', '@', '&', '*']);
    let dated = word.bytes().filter(u8::is_ascii_digit).count() * 2 > length && word.contains(['-', '.']);
    let address = word.contains('@') && word.rsplit('@').next().is_some_and(|host| host.contains('.'));
    let enough = letters && digits && ((count >= 3 && length >= 8) || (count >= 3 && kinds[3] && length >= 6));
    enough
        && length <= 48
        && !word.starts_with("AAAA")
        && !technical
        && !dated
        && !address
        && !is_placeholder(word)
        && !is_known(word)
        && !is_name_with_number(word)
}

/// True for three or more words joined by hyphens or dots, with a number: `orchid-lantern-gravel-pelican42`.
fn is_phrase(word: &str) -> bool {
    let parts: Vec<&str> = word.split(['-', '.', '_']).collect();
    let letters = parts.iter().filter(|part| part.chars().filter(|char| char.is_alphabetic()).count() >= 3).count();
    let number = parts.last().is_some_and(|part| {
        part.ends_with(|char: char| char.is_ascii_digit()) && part.starts_with(char::is_alphabetic)
    });
    letters >= 3 && parts.len() == letters && number && !is_placeholder(word)
}

fn is_known(word: &str) -> bool {
    KNOWN.contains(&word.to_lowercase().as_str())
}

/// True for `Web3`, `Python3.12`, `RFC-7519`: a capitalised or upper-case name and then only its number.
fn is_name_with_number(word: &str) -> bool {
    let name = word.trim_end_matches(|char: char| char.is_ascii_digit() || matches!(char, '.' | '-' | 'v'));
    let mut letters = name.chars();
    letters.next().is_some_and(char::is_alphabetic)
        && (letters.clone().all(char::is_lowercase) || letters.all(char::is_uppercase))
        && word.len() - name.len() <= 4
        && name.chars().count() <= 8
        && word.contains(['.', '-'])
}

fn is_sign(char: char) -> bool {
    "!#%^&*$@+?~§€£".contains(char)
}

#[cfg(test)]
#[test]
fn the_expressions_compile() {
    assert!(WORD.is_some() && PIN.is_some());
}
