//! The tokens of a secure commune: the file that its services read, and those of the operator and of mutualaid.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use commune_runtime::access::{Role, Token, TokensFile};

use crate::{failure::Failure, token::make};

/// Where the tokens of one commune lie.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    /// Who holds one (`access.tokens_file`).
    pub(super) file: PathBuf,
    /// The operator's.
    pub(super) operator: PathBuf,
    /// mutualaid's.
    pub(super) mutualaid: PathBuf,
}

impl Tokens {
    /// Their places in a data folder.
    pub(super) fn of(home: &Path) -> Self {
        let keys = home.join("keys");
        Self {
            file: home.join("tokens"),
            operator: keys.join("operator.token"),
            mutualaid: keys.join("mutualaid.token"),
        }
    }

    /// Makes those that are missing; what others hold stays.
    pub(super) fn own(home: &Path) -> Result<Self, Failure> {
        let tokens = Self::of(home);
        let mut file = if tokens.file.exists() { TokensFile::read(&tokens.file)? } else { TokensFile::default() };
        for (path, role, name) in
            [(&tokens.operator, Role::Operator, "operator"), (&tokens.mutualaid, Role::Service, "mutualaid")]
        {
            let known = path.exists() && file.holder(&Token::read(path)?).is_some();
            if !known {
                let (secret, entry) = make(role, name)?;
                // the file first: a holder without a token is nobody, a token without a holder is made anew
                write(path, &secret)?;
                file.add(entry);
            }
        }
        file.write(&tokens.file)?;
        Ok(tokens)
    }
}

fn write(path: &Path, secret: &Token) -> Result<(), Failure> {
    let failed = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let _ = fs::remove_file(path);
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(path).with_context(failed)?;
    file.write_all(format!("{}\n", secret.expose()).as_bytes()).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_made_once_and_kept_apart_from_their_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::own(folder.path()).unwrap();
        let operator = Token::read(&tokens.operator).unwrap();
        let before = fs::read_to_string(&tokens.file).unwrap();
        assert!(!before.contains(&operator.expose()[6..]));
        assert_eq!(before.lines().count(), 2);
        Tokens::own(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&tokens.file).unwrap(), before);
        // one that was taken back is made anew, beside what others hold
        fs::remove_file(&tokens.mutualaid).unwrap();
        Tokens::own(folder.path()).unwrap();
        let file = TokensFile::read(&tokens.file).unwrap();
        assert!(file.holder(&operator).is_some());
        assert!(file.holder(&Token::read(&tokens.mutualaid).unwrap()).is_some());
    }
}
