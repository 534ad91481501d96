//! The tokens file: who holds a token, one line each: role, name, SHA-256 of the token, when it was made.
//!
//! A line that begins with `#` is a comment. The file is its owner's alone (mode 0600), because whoever writes it names
//! operators. One that nobody may write (0444, a mounted secret) may be read by all: the hashes tell nothing.

use std::{fmt, fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::Path, str::FromStr};

use anyhow::Context as _;
use subtle::ConstantTimeEq as _;

use super::{Caller, Role, Token};

/// A line of a tokens file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the holder is.
    pub role: Role,
    /// Who: an agent's id, or a name of the same form.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When the token was made, RFC 3339 UTC.
    pub created: String,
}

impl Entry {
    /// The first digits of the hash: enough to name a token by, and nothing of the token.
    pub fn id(&self) -> String {
        hex::encode(&self.hash[..6])
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.role, self.name, hex::encode(self.hash), self.created)
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [role, name, hash, created] = fields.as_slice() else {
            return Err(format!("{} fields instead of role, name, hash and date", fields.len()));
        };
        if !is_name(name) {
            return Err("the name must be 1 to 63 of a-z, 0-9 and `-`, beginning with a letter or a digit".to_owned());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).map_err(|_| {
            "the hash must be a SHA-256, 64 hexadecimal digits (a token itself is never kept)".to_owned()
        })?;
        if created.parse::<jiff::Timestamp>().is_err() {
            return Err("the date must be such as 2026-02-14T09:30:00Z".to_owned());
        }
        Ok(Self { role: role.parse()?, name: (*name).to_owned(), hash: bytes, created: (*created).to_owned() })
    }
}

/// The form of an agent's id.
pub(crate) fn is_name(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len()) && lower(bytes[0]) && bytes.iter().all(|&byte| lower(byte) || byte == b'-')
}

/// What a tokens file says. Keeps the comments of who wrote it.
#[derive(Debug, Clone, Default)]
pub struct TokensFile {
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
enum Line {
    Other(String),
    Entry(Entry),
}

impl TokensFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, others may change it, or a line of it is malformed: the line's number and what is wrong,
    /// never what it says.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let meta = fs::metadata(path).with_context(|| format!("cannot read the tokens file {shown}"))?;
        check_mode(meta.permissions().mode())
            .map_err(|problem| anyhow::anyhow!("the tokens file {shown} {problem}"))?;
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the tokens file {shown}"))?;
        text.parse().map_err(|problem| anyhow::anyhow!("the tokens file {shown}, {problem}"))
    }

    /// Writes the file, whole or not at all; one that is there keeps its mode, a new one is its owner's alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mode = fs::metadata(path).map_or(0o600, |meta| meta.permissions().mode() & 0o777);
        let beside = path.with_extension("new");
        let failed = || format!("cannot write the tokens file {}", path.display());
        let mut file = create_private(&beside).with_context(failed)?;
        file.write_all(self.to_string().as_bytes())
            .and_then(|()| file.set_permissions(fs::Permissions::from_mode(mode)))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&beside, path))
            .with_context(failed)
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter_map(|line| match line {
            Line::Entry(entry) => Some(entry),
            Line::Other(_) => None,
        })
    }

    /// Adds an entry.
    pub fn add(&mut self, entry: Entry) {
        self.lines.push(Line::Entry(entry));
    }

    /// Takes out the entries for which it is so; says how many.
    pub fn remove(&mut self, gone: impl Fn(&Entry) -> bool) -> usize {
        let before = self.lines.len();
        self.lines.retain(|line| !matches!(line, Line::Entry(entry) if gone(entry)));
        before - self.lines.len()
    }

    /// Whose token this is. **Compares in constant time, with every entry**: how long it takes tells neither how much of a
    /// hash was right nor whose it is.
    pub fn holder(&self, token: &Token) -> Option<Caller> {
        let hash = token.hash();
        let mut holder = None;
        for entry in self.entries() {
            if bool::from(entry.hash.ct_eq(&hash)) {
                holder = Some(entry);
            }
        }
        holder.map(|entry| Caller::Known(entry.role, entry.name.clone()))
    }
}

impl FromStr for TokensFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for (number, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                lines.push(Line::Other(line.to_owned()));
                continue;
            }
            let entry: Entry = trimmed.parse().map_err(|problem| format!("line {}: {problem}", number + 1))?;
            if !seen.insert(entry.hash) {
                return Err(format!("line {}: the same hash twice: a token has one holder", number + 1));
            }
            lines.push(Line::Entry(entry));
        }
        Ok(Self { lines })
    }
}

impl fmt::Display for TokensFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Other(text) => writeln!(f, "{text}")?,
                Line::Entry(entry) => writeln!(f, "{entry}")?,
            }
        }
        Ok(())
    }
}

/// Whether a file of this mode may name operators.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn check_mode(mode: u32) -> Result<(), String> {
    let mode = mode & 0o777;
    let others = mode & 0o077 != 0;
    let writable = mode & 0o222 != 0;
    if others && writable {
        return Err(format!(
            "has the mode {mode:04o}: it must be its owner's alone (chmod 600), or nobody's to write (444)"
        ));
    }
    Ok(())
}

/// A new file that is its owner's alone from its first moment.
fn create_private(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let _ = fs::remove_file(path);
    fs::File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(role: Role, name: &str) -> (Token, Entry) {
        let token = Token::generate(role).unwrap();
        let hash = token.hash();
        (token, Entry { role, name: name.to_owned(), hash, created: "2026-02-14T09:30:00Z".to_owned() })
    }

    #[test]
    fn a_file_names_the_holders_of_tokens_and_has_none_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let ((ada, of_ada), (root, of_root)) = (entry(Role::Member, "ada"), entry(Role::Operator, "root"));
        let mut file: TokensFile = "# ours\n\n".parse().unwrap();
        file.add(of_ada.clone());
        file.add(of_root);
        file.write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# ours\n\nmember ada "), "{text}");
        assert!(!text.contains(&ada.expose()[6..]) && !text.contains(&root.expose()[6..]));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let mut read = TokensFile::read(&path).unwrap();
        assert_eq!(read.holder(&ada), Some(Caller::Known(Role::Member, "ada".into())));
        assert_eq!(read.holder(&root), Some(Caller::Known(Role::Operator, "root".into())));
        assert_eq!(read.holder(&entry(Role::Member, "ada").0), None);
        assert_eq!(read.remove(|entry| entry.id() == of_ada.id()), 1);
        read.write(&path).unwrap();
        assert_eq!(TokensFile::read(&path).unwrap().holder(&ada), None);
    }

    #[test]
    fn a_malformed_line_is_told_by_its_number() {
        let hash = "0a".repeat(32);
        let check = |line: &str, problem: &str| {
            let error = format!("# ours\n{line}\n").parse::<TokensFile>().unwrap_err();
            assert!(error.starts_with("line 2: ") && error.contains(problem), "{line:?}: {error}");
        };
        check("member ada", "2 fields");
        check(&format!("members ada {hash} 2026-02-14T09:30:00Z"), "the role must be");
        check(&format!("member Ada {hash} 2026-02-14T09:30:00Z"), "the name must be");
        check(&format!("member ada {} 2026-02-14T09:30:00Z", &hash[2..]), "the hash must be");
        check(&format!("member ada {hash} yesterday"), "the date must be");
        check(&format!("member ada {hash} 2026-02-14T09:30:00Z more"), "5 fields");
        // who pastes the token itself is not told it again
        let token = entry(Role::Member, "ada").0;
        let error = format!("member ada {} 2026-02-14T09:30:00Z", token.expose()).parse::<TokensFile>().unwrap_err();
        assert!(!error.contains(&token.expose()[6..]), "{error}");
        let twice = format!("member ada {hash} 2026-02-14T09:30:00Z\nmember bob {hash} 2026-02-14T09:30:00Z\n");
        assert!(twice.parse::<TokensFile>().unwrap_err().contains("line 2: the same hash twice"));
    }

    #[test]
    fn the_mode_keeps_others_out() {
        for (mode, good) in [
            (0o600, true),
            (0o400, true),
            (0o444, true),
            (0o100_600, true),
            (0o640, false),
            (0o644, false),
            (0o660, false),
            (0o666, false),
            (0o604, false),
        ] {
            assert_eq!(check_mode(mode).is_ok(), good, "{mode:o}");
        }
    }
}
