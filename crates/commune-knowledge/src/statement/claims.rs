//! What a text claims: the tokens and the polarity that must agree.

use super::Claims;
use super::lexicon::{ENVIRONMENT_PARTS, NEGATION_PARTS, OFF_PARTS, ON_PARTS, ORDER_PARTS, PHRASES};
use super::lookup::{Known, known};
use super::provenance::without_provenance;
use crate::normalize::{borrowed_words, code_parts, is_unspaced, lower};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// How words of a group of contraries begin, since they contradict only each other: `≠order before`.
pub(crate) const CONTRARY_MARK: char = '≠';

/// How environments and regions begin.
pub(crate) const ENVIRONMENT_MARK: &str = "environment ";

pub(super) fn claims(text: &str) -> Claims {
    claims_of_stripped(&without_provenance(text))
}

/// The claims of a text that has no provenance any more.
pub(crate) fn claims_of_stripped(stripped: &str) -> Claims {
    let mut claims = Claims::default();
    for claim in claim_sequence(stripped) {
        match claim {
            Claim::Token(token) => claims.tokens.insert(token),
            Claim::Polarity(word) => claims.polarity.insert(word.to_owned()),
        };
    }
    claims
}

/// One claim, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    Token(String),
    Polarity(&'static str),
}

/// The claims of a text without provenance, in their order.
pub(crate) fn claim_sequence(text: &str) -> Vec<Claim> {
    let text: Cow<'_, str> =
        if text.is_ascii() { text.into() } else { text.nfkc().map(ascii_digit).collect::<String>().into() };
    let mut reader = Reader::default();
    let mut fence: Option<&str> = None;
    for line in text.split(['\n', '\r']) {
        let content = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| content.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) if content.matches('`').count() < 6 => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => reader.code(content),
            _ => reader.line(content),
        }
    }
    reader.claims
}

/// The words of a text that say something: articles left out, words for the same read as one word.
pub(crate) fn content_words(text: &str) -> Vec<String> {
    content_words_of(&with_ascii_digits(text)).into_iter().map(Cow::into_owned).collect()
}

/// The same of a text that has [`with_ascii_digits`] already; copied only where a word does not stand in it as it is.
pub(crate) fn content_words_of(text: &str) -> Vec<Cow<'_, str>> {
    let mut all = borrowed_words(text);
    let mut content = Vec::with_capacity(all.len());
    let mut at = 0;
    while at < all.len() {
        let mut word = std::mem::take(&mut all[at]);
        let mut said = known(&word);
        at += 1;
        if said.begins_phrase
            && let Some(next) = all.get(at)
            && let Some((_, _, one)) = PHRASES.iter().find(|(first, second, _)| *first == word && second == next)
        {
            word = Cow::Borrowed(one);
            said = known(one);
            at += 1;
        }
        if said.article {
            continue;
        }
        content.push(match said.synonym {
            Some(first) => Cow::Borrowed(first),
            None => negation_in(&word, said).map_or(word, Cow::Borrowed),
        });
    }
    content
}

/// The text with the digits of every script as those of ASCII.
pub(crate) fn with_ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { text.chars().map(ascii_digit).collect::<String>().into() }
}

#[derive(Default)]
struct Reader {
    claims: Vec<Claim>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let heading = line.starts_with('#');
        let shouting = !line.chars().any(char::is_lowercase);
        let mut start = true;
        for (part, code) in code_parts(line) {
            if code {
                self.code(part.trim_matches('`').trim());
                start = false;
                continue;
            }
            let part: Cow<'_, str> = match part.contains(['|', '<', '>', ']']) {
                true => part.replace("](", " ").replace(['|', '<', '>'], " ").into(),
                false => part.into(),
            };
            let chunks: Vec<&str> = part.split_whitespace().collect();
            for (index, chunk) in chunks.iter().enumerate() {
                let next = chunks.get(index + 1).copied().unwrap_or_default();
                let previous = index.checked_sub(1).map(|index| chunks[index]).unwrap_or_default();
                self.chunk(previous, chunk, next, !(heading || shouting || start));
                let opens = start && chunk.chars().all(|char| !char.is_alphanumeric());
                start = opens || chunk.ends_with(['.', '!', '?', ':', ';', '"', '…', '。', '！', '？']);
            }
        }
    }

    /// A code span or a line of a code block: one token, its blanks reduced.
    fn code(&mut self, content: &str) {
        let token = content.split_whitespace().collect::<Vec<_>>().join(" ");
        if !token.is_empty() {
            self.token(token);
        }
    }

    fn chunk(&mut self, previous: &str, chunk: &str, next: &str, may_be_name: bool) {
        let core = trimmed(chunk);
        if core.is_empty() {
            return;
        }
        if !core.is_ascii() && core.chars().any(is_unspaced) {
            self.unspaced(core);
            return;
        }
        let lower = lower(core);
        let known = known(&lower);
        if self.word(&lower, known, previous, next) {
            return;
        }
        if let Some(number) = number(core, next) {
            self.token(number);
        } else if is_identifier(core) {
            self.token(core.to_owned());
        } else if is_region(&lower) {
            self.token(format!("{ENVIRONMENT_MARK}{lower}"));
        } else if !core.is_ascii() && core.chars().any(|char| char.is_ascii_digit()) {
            self.unspaced(core);
        } else if is_acronym(core) && (may_be_name || core.chars().count() > 2) {
            self.token(lower.into_owned());
        } else if may_be_name && is_name(core) && known.synonym.is_none() {
            self.token(lower.strip_suffix("'s").or(lower.strip_suffix("’s")).unwrap_or(&lower).to_owned());
        }
    }

    /// Negations, switches, order and environments; true when the word was one.
    fn word(&mut self, lower: &str, known: &Known, previous: &str, next: &str) -> bool {
        if negation_in(lower, known).is_some() {
            self.claims.push(Claim::Polarity("not"));
        } else if known.off {
            self.claims.push(Claim::Polarity("off"));
        } else if known.on || (lower == "on" && is_switch(previous)) {
            self.token("on".to_owned());
        } else if let Some(order) = known.order {
            self.token(format!("{CONTRARY_MARK}order {order}"));
        } else if let Some(environment) = known.environment.filter(|name| !is_common(name) || is_place(previous, next))
        {
            self.token(format!("{ENVIRONMENT_MARK}{environment}"));
        } else if let Some((group, side)) = known.contrary {
            self.token(format!("{CONTRARY_MARK}{group} {side}"));
        } else {
            return false;
        }
        true
    }

    /// A chunk of a script without spaces: numbers with their unit, what is ASCII in it, and the words of the lexicon.
    fn unspaced(&mut self, chunk: &str) {
        for (parts, token) in [(OFF_PARTS, "off"), (NEGATION_PARTS, "not")] {
            let count = parts.iter().map(|part| chunk.matches(part).count()).sum();
            self.claims.extend(std::iter::repeat_n(Claim::Polarity(token), count));
        }
        if ON_PARTS.iter().any(|part| chunk.contains(part)) {
            self.token("on".to_owned());
        }
        for (part, order) in ORDER_PARTS {
            if chunk.contains(part) {
                self.token(format!("{CONTRARY_MARK}order {order}"));
            }
        }
        for (part, environment) in ENVIRONMENT_PARTS {
            if chunk.contains(part) {
                self.token(format!("{ENVIRONMENT_MARK}{environment}"));
            }
        }
        let mut rest = chunk;
        while let Some(at) = rest.find(|char: char| char.is_ascii_alphanumeric()) {
            let run = &rest[at..];
            let end = run.find(|char: char| !char.is_ascii()).unwrap_or(run.len());
            let core = trimmed(&run[..end]);
            let after: String = run[end..].chars().take(2).collect();
            let first: String = after.chars().take(1).collect();
            let unit = if known(&after).unit.is_some() { after } else { first };
            match number(core, &unit) {
                Some(number) => self.token(number),
                None if core.len() > 1 => self.token(core.to_lowercase()),
                None => {}
            }
            rest = &run[end..];
        }
    }

    fn token(&mut self, token: String) {
        self.claims.push(Claim::Token(token));
    }
}

pub(super) fn trimmed(chunk: &str) -> &str {
    let wrapping = |char: char| {
        if char.is_ascii() {
            matches!(
                char,
                '`' | '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '*' | ',' | ';' | '!' | '?' | '|'
            )
        } else {
            "“”„«»‘’。，、；：！？（）【】「」".contains(char)
        }
    };
    let core = chunk.trim_matches(wrapping);
    let core =
        if core.len() > 1 { core.trim_end_matches(['.', ':', ',', '_', '*', '…', '—', '–']) } else { core };
    core.trim_matches(wrapping)
}

/// The negation that a word is, if any.
pub(super) fn negation_of(lower: &str) -> Option<&'static str> {
    negation_in(lower, known(lower))
}

/// The same of a word that was looked up already.
fn negation_in(lower: &str, known: &Known) -> Option<&'static str> {
    let contracted =
        lower.ends_with("n't") || lower.ends_with("n’t") || lower.starts_with("n'") || lower.starts_with("n’");
    (contracted || known.negation).then_some("not")
}

/// True for an environment whose name is a common word as well.
fn is_common(name: &str) -> bool {
    matches!(name, "test" | "local" | "demo" | "alpha" | "beta" | "dev")
}

/// True when the words around name a place: `on test`, `the local cluster`.
fn is_place(previous: &str, next: &str) -> bool {
    let (previous, next) = (lower(trimmed(previous)), lower(trimmed(next)));
    let before = ["on", "in", "to", "from", "at", "auf", "nach", "en", "sur", "dans", "em", "su", "=", "is"];
    let after = [
        "environment",
        "env",
        "cluster",
        "host",
        "server",
        "system",
        "database",
        "db",
        "instance",
        "namespace",
        "machine",
    ];
    before.contains(&&*previous) || after.contains(&&*next)
}

fn is_switch(previous: &str) -> bool {
    matches!(
        &*lower(trimmed(previous)),
        "is" | "are" | "turn" | "turned" | "turns" | "switch" | "switched" | "=" | "to" | "stays" | "be"
    )
}

/// A number, version or date with its unit: `30 seconds` and `30s` are `30s`.
pub(super) fn number(core: &str, next: &str) -> Option<String> {
    let core = known(&lower(core)).number.unwrap_or(core);
    let signed = core.trim_start_matches(['+', '~', '≈', '#', '$', '€', '£']);
    let bare = signed.strip_prefix('-').unwrap_or(signed);
    let bare = bare
        .strip_prefix(['v', 'V'])
        .filter(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
        .unwrap_or(bare);
    if !bare.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let end = bare.find(|char: char| !char.is_ascii_digit() && !".,:".contains(char)).unwrap_or(bare.len());
    let (digits, suffix) = bare.split_at(end);
    let mut digits = digits.trim_end_matches(['.', ',', ':']).to_owned();
    let groups: Vec<&str> = digits.split(',').collect();
    if groups.len() > 1 && groups[1..].iter().all(|group| group.len() == 3) {
        digits = groups.concat();
    }
    let sign = if signed.starts_with('-') { "-" } else { "" };
    let currency = core.chars().next().and_then(|char| known(char.encode_utf8(&mut [0; 4])).unit);
    let unit = if suffix.is_empty() {
        currency.or_else(|| known(&lower(trimmed(next))).unit).unwrap_or_default().to_owned()
    } else {
        let suffix = suffix.trim_start_matches('-').to_lowercase();
        known(&suffix).unit.map_or(suffix, str::to_owned)
    };
    Some(format!("{sign}{digits}{unit}"))
}

/// A path, URL, host, flag, address or identifier.
pub(super) fn is_identifier(core: &str) -> bool {
    if core.len() < 2 || !core.chars().any(char::is_alphanumeric) {
        return false;
    }
    let flag = core.starts_with('-') && core.chars().any(char::is_alphabetic);
    let digit = core.is_ascii() && core.bytes().any(|byte| byte.is_ascii_digit());
    // the character before and the one before that; a blank stands in none
    let (mut first, mut second) = (' ', ' ');
    let joins = |third: char| {
        let joined = matches!(third, '/' | '\\' | '_' | '@' | '=' | '$' | '~')
            || matches!((second, third), (':', ':') | ('(', ')'));
        let inner = matches!(second, '.' | ':') && first.is_alphanumeric() && third.is_alphanumeric();
        let camel = second.is_lowercase() && third.is_uppercase();
        (first, second) = (second, third);
        joined || inner || camel
    };
    flag || digit || core.chars().any(joins)
}

/// A region such as `eu-west` or `us-east-1`.
fn is_region(lower: &str) -> bool {
    let mut parts = lower.split('-');
    let area = matches!(parts.next(), Some("eu" | "us" | "ap" | "sa" | "ca" | "af" | "me" | "asia" | "europe"));
    area && parts
        .next()
        .is_some_and(|side| ["north", "south", "east", "west", "central"].iter().any(|known| side.starts_with(known)))
}

fn is_acronym(core: &str) -> bool {
    core.chars().count() > 1 && core.chars().all(|char| char.is_uppercase() || char == '-' || char == '&')
}

fn is_name(core: &str) -> bool {
    let mut chars = core.chars();
    chars.next().is_some_and(char::is_uppercase)
        && chars.clone().count() > 1
        && chars.all(|char| char.is_alphabetic() || "-'’".contains(char))
}

/// The ASCII form of a decimal digit of the scripts that have their own.
fn ascii_digit(char: char) -> char {
    const ZEROS: [u32; 11] = [0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xE50, 0xED0, 0xFF10];
    let code = u32::from(char);
    let zero = ZEROS.into_iter().find(|zero| (*zero..*zero + 10).contains(&code));
    zero.and_then(|zero| char::from_digit(code - zero, 10)).unwrap_or(char)
}
