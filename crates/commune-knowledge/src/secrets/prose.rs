//! Passwords in sentences: a word for a password near something that looks like one.

use super::placeholder::is_placeholder;
use crate::expression::Guarded;
use aho_corasick::AhoCorasick;
use regex::Regex;
use std::sync::LazyLock;

/// Words between a word for a password and the password, and bytes that are looked at for them.
const REACH: usize = 8;
const REACH_BYTES: usize = 400;

/// Expressions that fail to compile find nothing; a test of the module holds that they do.
static WORD: LazyLock<Option<Guarded>> = LazyLock::new(|| {
    Guarded::unbounded(concat!(
        r"(?i)\b(?:pass ?word|passwd|passcode|passphrase|pwd|pw|pass|login|logs? in|logged in|signs? in|signed in|credentials?|creds",
        r"|pass ?key|wifi key|wi-fi key|passwords|passwort|passwörter|kennwort|zugangscode|wlan-schlüssel|zugangsdaten|anmeldedaten|mot de passe|mdp|phrase secrète|identifiants?|contraseña|clave|frase de paso|senha",
        r"|palavra-passe|palavra passe|código de acesso|chave de acesso|codice di accesso|codice d'accesso|chiave di accesso|code d'accès|código de acceso|toegangscode|код доступа|parola d'ordine|password|wachtwoord|hasło|şifre|parola|lösenord|adgangskode|passord|salasana|heslo|jelszó|mật khẩu",
        r"|парол(?:ь|я|ем|ю|и|ей|ями)|κωδικός|סיסמה|كلمة المرور|كلمة السر|पासवर्ड|รหัสผ่าน)\b|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호"
    ))
});

static PIN: LazyLock<Option<Guarded>> = LazyLock::new(|| {
    Guarded::unbounded(concat!(
        r"(?i)(?:\b(?:pin|pin[- ]?code|code pin|geheimzahl|pincode|door code|alarm code|gate code|access code|unlock code|safe code|entry code|türcode|zugangscode|code d'accès|código de acceso|código|clave|код|пин|пин-код)\b[^\d\n]{0,40}?|(?:密码|密碼|暗証番号|비밀번호|パスワード)\s*[^\d\s\p{L}]?\s*[是为為は：:]?\s*)",
        r"\b(?P<v>\d{4,8})\b"
    ))
});

/// What says of a word for a password that the password follows, and the password.
static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\b(?:is|was|are|were|be|equals|set to|changed to|reset to|now|named|called|ist|war|lautet|lautete|heißt|sind|est|était|sont|c'est|es|era|son|é|è|era|foi|são|is nu|werd|luidt",
        r"|это|теперь|был|jest|är|olan)|[:=：＝→]|-{1,2}>|是|为|為|は|が|[은는이가])\s*",
        r#"(?P<q>["'`“„«「『])?(?P<v>[^\s"'`“”„«»「」『』]{5,64})"#
    ))
    .ok()
});

/// A passphrase of several plain words, in quotes.
static PHRASE: LazyLock<Option<Guarded>> = LazyLock::new(|| {
    let name = concat!(
        r"pass ?phrase|passwords?|pass|phrase secrète|phrase de passe|passwort|passphrase|frase de contraseña|frase de paso|frase secreta|contraseña",
        r"|senha|frase-senha|mot de passe|parola d'ordine|wachtzin|wachtwoord|пароль|парольная фраза"
    );
    let is = "is|was|are|ist|lautet|est|es|é|è|это";
    let wide = format!(r#"(?i)(?:{name})[^\n.]*(?:{is}|[:=])\s*["'`“„«]\p{{L}}"#);
    let exact = format!(
        r#"(?i)\b(?:{name})\b[^\n.]{{0,60}}?(?:\b(?:{is})\b|[:=])\s*["'`“„«](?P<v>\p{{L}}{{2,12}}(?:[ -]\p{{L}}{{2,12}}){{2,7}}\d{{0,4}})["'`”“»]"#
    );
    Guarded::new(&wide, &exact)
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
    "ssh-ed25519",
    "ssh-rsa",
    "win32",
    "log4j",
    "web3",
    "id_rsa",
    "id_ed25519",
    "office365",
    "microsoft365",
];

/// What a line must have to be looked at, in the cases that the sieve does not fold by itself.
#[rustfmt::skip]
const SIEVED: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "login",
    "logs in",
    "logged in",
    "log in",
    "sign",
    "cred",
    "kennwort",
    "zugang",
    "anmelde",
    "mdp",
    "phrase",
    "identifiant",
    "contrase",
    "clave",
    "senha",
    "parola",
    "wachtwoord",
    "code",
    "toegang",
    "has\u{142}o",
    "\u{15f}ifre",
    "l\u{f6}senord",
    "adgangskode",
    "salasana",
    "heslo",
    "jelsz",
    "m\u{1ead}t kh",
    "парол",
    "Парол",
    "ПАРОЛ",
    "код",
    "Код",
    "κωδικ",
    "סיסמה",
    "كلمة",
    "पासवर्ड",
    "รหัสผ่าน",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "暗証番号",
    "暗号",
    "비밀번호",
    "암호",
    "pin",
    "geheimzahl",
    "sudo",
    "root",
    "admin",
    "wifi",
    "wi-fi",
    "wlan",
    "secret",
    "chave",
    "llave",
    "clé",
    "schl",
];

static SIEVE: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(SIEVED).ok());

/// Calls `look` for each line, with its first byte, that has a word of the sieve; with `next`, together with the line after it.
pub(super) fn lines_with(text: &str, sieve: &AhoCorasick, next: bool, mut look: impl FnMut(usize, &str)) {
    let mut done = 0;
    for found in sieve.find_iter(text) {
        if found.start() < done {
            continue;
        }
        let begin = text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
        let end = |from: usize| text[from..].find('\n').map_or(text.len(), |at| from + at + 1);
        let line = end(found.end());
        done = line;
        let more = if next { end(line.min(text.len())) } else { line };
        look(begin, &text[begin..more]);
    }
}

pub(super) fn find(text: &str, found: &mut impl FnMut(&'static str, usize, &str)) {
    let (Some(sieve), Some(word), Some(pin), Some(phrase)) =
        (SIEVE.as_ref(), WORD.as_ref(), PIN.as_ref(), PHRASE.as_ref())
    else {
        return;
    };
    lines_with(text, sieve, false, |begins, line| {
        for near in word.on(line).into_iter().flat_map(|expression| expression.find_iter(line)) {
            let value = after(&line[near.end()..]).or_else(|| before(&line[..near.start()]));
            if let Some(value) = value.or_else(|| linked(&line[near.end()..])) {
                found("password-in-prose", begins + near.start(), value);
            }
        }
        for captures in pin.on(line).into_iter().flat_map(|expression| expression.captures_iter(line)) {
            let value = captures.name("v").map_or("", |value| value.as_str());
            let year = value.len() == 4 && (value.starts_with("19") || value.starts_with("20"));
            if !year && !is_placeholder(value) {
                found("pin-in-prose", begins, value);
            }
        }
        for captures in phrase.on(line).into_iter().flat_map(|expression| expression.captures_iter(line)) {
            let value = captures.name("v").map_or("", |value| value.as_str());
            if !is_placeholder(value) {
                found("passphrase-in-prose", begins, value);
            }
        }
    });
}

/// The word soon after that is a password.
fn after(rest: &str) -> Option<&str> {
    let end = rest.floor_char_boundary(REACH_BYTES);
    words(&rest[..end]).take(REACH).find(|word| is_strong(word) || is_phrase(word))
}

/// Words between a word for a password and the word that says what it is.
const LINK_REACH: usize = 5;
const LINK_BYTES: usize = 120;

/// The word straight after a word that says what the password is: it may be weaker than one that stands alone.
fn linked(rest: &str) -> Option<&str> {
    let rest = &rest[..rest.floor_char_boundary(LINK_BYTES)];
    let captures = LINK.as_ref()?.captures(rest)?;
    let before = &rest[..captures.get(0)?.start()];
    let address = before.contains("://") || before.contains(['?', '&']);
    let before = before.split_whitespace().count();
    let value =
        captures.name("v")?.as_str().trim_end_matches(['.', ',', ';', ')', '"', '\'', '`', '\u{3002}', '»', '”']);
    let quoted = captures.name("q").is_some();
    let has = |kind: fn(char) -> bool| value.chars().any(kind);
    let mixed = has(|char| char.is_ascii_digit()) && has(char::is_alphabetic);
    let length = value.chars().count();
    let tag = value.strip_prefix('!').is_some_and(|tag| tag.chars().all(char::is_lowercase));
    let technical = tag
        || value.contains(['/', '(', '{', '<', '=', '|', ':'])
        || value.starts_with("AAAA")
        || is_known(value)
        || is_name_with_number(value);
    let weak = (mixed && length >= 6 && has(char::is_lowercase))
        || (quoted && mixed && length >= 5)
        || (length >= 6 && has(is_sign));
    let dated = value.bytes().filter(u8::is_ascii_digit).count() * 2 > length && value.contains(['-', '.']);
    (before <= LINK_REACH
        && weak
        && !address
        && !technical
        && !dated
        && !is_address(value)
        && !is_variable(value)
        && !is_placeholder(value)
        && !is_measure(value))
    .then_some(value)
}

/// True for `name@host`.
fn is_address(value: &str) -> bool {
    value.split_once('@').is_some_and(|(name, host)| {
        let plain = |text: &str| !text.is_empty() && !text.chars().any(|char| is_sign(char) || char.is_uppercase());
        host.contains('.') || (plain(name) && plain(host) && host.starts_with(char::is_alphabetic))
    })
}

/// True for `NEO4J_PASSWORD`, `env.API_KEY_2`: the name of a variable, in upper case with underscores.
fn is_variable(value: &str) -> bool {
    let name = value.rsplit('.').next().unwrap_or(value);
    name.contains('_') && name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
}

/// True for a number with its unit or its place in order: `90days`, `256bit`, `2nd`.
fn is_measure(value: &str) -> bool {
    let unit = value.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.' || char == '-');
    value.starts_with(|char: char| char.is_ascii_digit())
        && (unit.chars().all(char::is_alphabetic) || value.contains('.'))
}

/// True when a word soon before is one; nearer to doubt, so only what hardly can be anything else.
fn before(rest: &str) -> Option<&str> {
    let start = rest.ceil_char_boundary(rest.len().saturating_sub(REACH_BYTES));
    let words: Vec<&str> = words(&rest[start..]).collect();
    words.into_iter().rev().take(REACH).find(|word| is_strong(word) && word.chars().any(is_sign))
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
    let enough = letters && digits && ((count >= 3 && length >= 8) || (count >= 3 && kinds[3] && length >= 6));
    enough
        && length <= 48
        && !word.starts_with("AAAA")
        && !technical
        && !dated
        && !is_address(word)
        && !is_variable(word)
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
    let name = word.trim_end_matches(|char: char| char.is_ascii_digit() || matches!(char, '.' | '-' | '#' | 'v'));
    let mut letters = name.chars();
    letters.next().is_some_and(char::is_alphabetic)
        && (letters.clone().all(char::is_lowercase) || letters.all(char::is_uppercase))
        && word.len() - name.len() <= 4
        && name.chars().count() <= 8
        && word.contains(['.', '-', '#'])
}

fn is_sign(char: char) -> bool {
    "!#%^&*$@+?~§€£".contains(char)
}

#[cfg(test)]
#[test]
fn the_expressions_compile_and_the_wide_ones_are_wide() {
    assert!(LINK.is_some() && SIEVE.is_some());
    for guarded in [&WORD, &PIN, &PHRASE] {
        crate::expression::check(guarded.as_ref());
    }
}
