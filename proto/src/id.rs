//! Ids of agents, notes and articles: what is allowed, and errors that say so.

use std::{fmt, str::FromStr, sync::Arc};

use sha2::{Digest, Sha256};

/// Why an id was refused. The message says what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not an agent id.
    #[error("`{0}` is not an agent id: use 1 to 63 of a-z, 0-9 and `-`, beginning with a letter or a digit")]
    Agent(String),
    /// Not a note id.
    #[error("`{0}` is not a note id: use 1 to 64 of A-Z, a-z, 0-9, `_` and `-`")]
    Note(String),
    /// Not an article path.
    #[error(
        "`{0}` is not an article path: use 1 to 8 segments of a-z, 0-9 and `-` (1 to 80 bytes each), joined by `/`"
    )]
    Path(String),
}

/// A member: `[a-z0-9][a-z0-9-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(String);

/// A note's id, unique for its agent: 1 to 64 of `[A-Za-z0-9_-]`, so that it can be a token of a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId(String);

/// The path of an article: 1 to 8 segments of `[a-z0-9-]`, 1 to 80 bytes each, joined by `/`. Cheap to clone: the
/// clones share their text, since a library holds each path many times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArticlePath(Arc<str>);

impl ArticlePath {
    /// The segments, in order; each can be a token of a subject.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The path whose segments these are.
    ///
    /// # Errors
    /// [`IdError::Path`] when a segment is not allowed.
    pub fn from_segments<'a>(segments: impl IntoIterator<Item = &'a str>) -> Result<Self, IdError> {
        segments.into_iter().collect::<Vec<_>>().join("/").parse()
    }
}

/// A deterministic id: the first 16 bytes of SHA-256 over the parts, each preceded by its length, as 32
/// lower-case hexadecimal digits. The first part should name what the id is for.
pub fn content_id<P: AsRef<[u8]>>(parts: &[P]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

/// The content id of an article: what stands at a path, word for word. A reader who passes the text on names it by this.
pub fn article_id(path: &str, body: &str) -> String {
    content_id(&["article", path, body])
}

macro_rules! id {
    ($type:ident, $error:path, $valid:expr) => {
        impl $type {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err($error(text.chars().take(100).collect())) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

fn lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

id!(AgentId, IdError::Agent, |text| {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len()) && lower(bytes[0]) && bytes.iter().all(|&b| lower(b) || b == b'-')
});
id!(NoteId, IdError::Note, |text| {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
});
id!(ArticlePath, IdError::Path, |text| {
    let segments: Vec<&str> = text.split('/').collect();
    segments.len() <= 8
        && segments.iter().all(|s| (1..=80).contains(&s.len()) && s.bytes().all(|b| lower(b) || b == b'-'))
});

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(text.parse::<T>().is_ok(), "`{text}` should be allowed");
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "`{text}` should be refused");
        }
    }

    #[test]
    fn ids_allow_what_their_messages_say() {
        let long = "a".repeat(64);
        check::<AgentId>(&["a", "ada", "agent-47", "0"], &["", "-a", "Ada", "a.b", "a b", "ä", "a*", &long]);
        check::<NoteId>(&["a", "01J_x-9", &long], &["", "a.b", "ü", "a>", &format!("{long}a")]);
        check::<ArticlePath>(
            &["a", "how-to/renew-certs"],
            &["", "/a", "a/", "a//b", "A", "a.b", "..", "a/../b", "1/2/3/4/5/6/7/8/9"],
        );
    }

    #[test]
    fn content_ids_keep_their_parts_apart() {
        assert_ne!(content_id(&["ab", "c"]), content_id(&["a", "bc"]));
        assert_eq!(content_id(&["a"]).len(), 32);
    }
}
