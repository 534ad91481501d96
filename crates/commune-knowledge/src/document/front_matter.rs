//! The front matter: where it ends, and what it says.
//!
//! **Bounded**: 4096 bytes, eight levels, no anchors and no aliases, so that no small text becomes a large value.

use super::{DocumentError, FRONT_MATTER_LIMIT, Value};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Options;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Where the YAML stands and where the body begins.
pub(super) struct Cut {
    pub(super) yaml: Range<usize>,
    pub(super) body: usize,
}

/// Finds the front matter of a text; `None` when it has none.
pub(super) fn cut(text: &str) -> Result<Option<Cut>, DocumentError> {
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let first = line_end(text, mark);
    if text[mark..first].trim_end() != "---" {
        return Ok(None);
    }
    let mut at = first;
    while at < text.len() {
        let end = line_end(text, at);
        if matches!(text[at..end].trim_end(), "---" | "...") {
            return match end - mark {
                size if size > FRONT_MATTER_LIMIT => Err(DocumentError::FrontMatterTooLarge(size)),
                _ => Ok(Some(Cut { yaml: first..at, body: end })),
            };
        }
        at = end;
    }
    Err(DocumentError::FrontMatterOpen)
}

/// Reads the YAML between the fences.
pub(super) fn read(yaml: &str) -> Result<BTreeMap<String, Value>, DocumentError> {
    refuse_references(yaml)?;
    // Twice: the kinds first, since a scalar is then read as text exactly as written (`1.10` stays `1.10`).
    let kinds = parse(yaml, Shape(None))?;
    parse(yaml, Shape(Some(&kinds)))
}

/// The texts of a mapping inside the front matter, such as `metadata`, by key; a list is its texts joined by commas. What is no text,
/// or cannot be read, is left out.
pub(super) fn texts_of(yaml: &str, key: &str) -> BTreeMap<String, String> {
    let read = serde_saphyr::from_str_with_options::<BTreeMap<String, Inner>>(yaml, options());
    match read.ok().and_then(|mut all| all.remove(key)) {
        Some(Inner::Mapping(texts)) => {
            let text = |(key, leaf)| match leaf {
                Leaf::Text(text) => Some((key, text)),
                Leaf::List(texts) => Some((key, texts.join(", "))),
                Leaf::Other(_) => None,
            };
            texts.into_iter().filter_map(text).collect()
        }
        _ => BTreeMap::new(),
    }
}

/// A value of the front matter, as far as a mapping inside it is looked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Mapping(BTreeMap<String, Leaf>),
    Other(IgnoredAny),
}

/// A value of such a mapping.
#[derive(Deserialize)]
#[serde(untagged)]
enum Leaf {
    Text(String),
    List(Vec<String>),
    Other(IgnoredAny),
}

/// Refuses anchors, aliases and tags before a parser sees them: what they mean is not what they say.
fn refuse_references(yaml: &str) -> Result<(), DocumentError> {
    for (index, line) in yaml.split('\n').enumerate() {
        let mut quoted = None;
        // a value may begin at the line's begin and behind each of these
        let mut begins = true;
        let mut before = ' ';
        let mut chars = line.chars().peekable();
        while let Some(char) = chars.next() {
            let next = chars.peek().copied().unwrap_or(' ');
            match (quoted, char) {
                (Some(mark), char) if char == mark => quoted = None,
                (Some(_), _) => {}
                (None, '"' | '\'') if begins => quoted = Some(char),
                (None, '#') if before == ' ' => break,
                (None, '&' | '*' | '!') if begins && !next.is_whitespace() => {
                    return Err(DocumentError::FrontMatterReference { line: index + 2, mark: char });
                }
                _ => {}
            }
            let separates = matches!(char, '[' | '{' | ',') || matches!(char, ':' | '-' | '?') && next == ' ';
            begins = separates || begins && char.is_whitespace();
            before = char;
        }
    }
    Ok(())
}

fn parse(yaml: &str, shape: Shape<'_>) -> Result<BTreeMap<String, Value>, DocumentError> {
    let read = serde_saphyr::with_deserializer_from_str_with_options(yaml, options(), |yaml| shape.deserialize(yaml));
    read.map_err(|error| {
        let line = error.location().map_or(1, |location| usize::try_from(location.line()).unwrap_or(1).max(1));
        let reason = error.without_snippet().to_string();
        let reason = super::without_values(&reason).lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
        DocumentError::FrontMatter { line: line + 1, reason }
    })
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 8,
            max_anchors: 0,
            max_aliases: 0,
            max_documents: 1,
            max_nodes: 1024,
        },
        with_snippet: false,
    }
}

/// The end of the line that begins at `at`, its line end included.
fn line_end(text: &str, at: usize) -> usize {
    match text[at..].find(['\n', '\r']) {
        Some(end) if text[at + end..].starts_with("\r\n") => at + end + 2,
        Some(end) => at + end + 1,
        None => text.len(),
    }
}

/// Reads the mapping: without kinds to learn them, with kinds to read the texts.
struct Shape<'a>(Option<&'a BTreeMap<String, Value>>);

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = BTreeMap<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, yaml: D) -> Result<Self::Value, D::Error> {
        yaml.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = BTreeMap<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a mapping of `key: value` lines")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut values = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match self.0.map(|kinds| kinds.get(&key)) {
                None => map.next_value::<Kind>()?.0,
                Some(Some(Value::Text(_))) => Value::Text(map.next_value::<Option<String>>()?.unwrap_or_default()),
                Some(Some(Value::List(_))) => {
                    let items = map.next_value::<Vec<Option<String>>>()?;
                    Value::List(items.into_iter().map(Option::unwrap_or_default).collect())
                }
                Some(_) => {
                    map.next_value::<IgnoredAny>()?;
                    Value::Other
                }
            };
            values.insert(key, value);
        }
        Ok(values)
    }
}

/// The kind of a value; its texts are empty.
struct Kind(Value);

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(yaml: D) -> Result<Self, D::Error> {
        yaml.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_str<E>(self, _: &str) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind(Value::Text(String::new())))
    }

    fn visit_some<D: Deserializer<'de>>(self, yaml: D) -> Result<Kind, D::Error> {
        yaml.deserialize_any(Self)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Kind, E> {
        Ok(Kind(Value::Other))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Kind, S::Error> {
        let mut scalars = true;
        while let Some(item) = items.next_element::<Kind>()? {
            scalars &= matches!(item.0, Value::Text(_));
        }
        Ok(Kind(if scalars { Value::List(Vec::new()) } else { Value::Other }))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Kind, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Kind(Value::Other))
    }
}
