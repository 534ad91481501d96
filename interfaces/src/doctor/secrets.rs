//! Files that hold a secret, and who may read them. What holds one is told by what is in it; no secret is shown. A file that
//! lies in a folder which keeps others out is not open to them, whatever its own mode, as with the secrets of Compose.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::look::Looks;

/// Most files that are looked at.
const FILES: usize = 10_000;
/// Most bytes of a file that holds a key or a token.
const SIZE: u64 = 64 << 10;
/// Folders of a data folder that hold no keys: the server's streams, and what was logged.
const NO_KEYS: [&str; 2] = ["nats", "logs"];
/// Characters of an nkey's seed.
const SEED: usize = 58;

/// Looks at these files, and at all files below these folders.
pub(super) fn look(looks: &mut Looks, places: &[PathBuf]) {
    let (mut open, mut kept) = (Vec::new(), 0);
    for path in places.iter().flat_map(|place| files(place)) {
        let Some(mode) = fs::metadata(&path).ok().map(|about| about.permissions().mode()) else { continue };
        match too_open(&path, mode) {
            Some(true) if !kept_out(&path) => open.push((path, mode)),
            Some(true) => kept += 1,
            Some(false) => kept += 1,
            None => {}
        }
    }
    for (path, mode) in &open {
        looks.wrong(
            "secrets",
            format!("{} holds a secret and is open to others (mode {:04o})", path.display(), mode & 0o7777),
            format!("chmod 600 {}; if somebody may have read it, make a new one", path.display()),
        );
    }
    if open.is_empty() {
        looks.well("secrets", format!("{kept} files with keys and tokens are their owner's alone"));
    }
}

fn files(place: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(place).into_iter().filter_entry(|entry| {
        let named = entry.file_name().to_str().is_some_and(|name| NO_KEYS.contains(&name));
        !(named && entry.depth() == 1 && entry.file_type().is_dir())
    });
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files.take(FILES).map(walkdir::DirEntry::into_path).collect()
}

/// Whether others may read the secret that the file holds; none when it holds none, or cannot be read by us either.
fn too_open(path: &Path, mode: u32) -> Option<bool> {
    if fs::metadata(path).ok()?.len() > SIZE {
        return None;
    }
    let text = String::from_utf8_lossy(&fs::read(path).ok()?).into_owned();
    if holds_secret(&text) {
        return Some(mode & 0o077 != 0);
    }
    // who holds a token, by hashes: whoever writes it names operators
    (path.file_name()? == "tokens").then_some(mode & 0o022 != 0)
}

/// Whether others cannot come to the file: a folder above it lets nobody else in.
fn kept_out(path: &Path) -> bool {
    let closed = |folder: &Path| fs::metadata(folder).is_ok_and(|about| about.permissions().mode() & 0o011 == 0);
    path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).any(closed)
}

/// A private key, the seed of an nkey, or a token of ours.
fn holds_secret(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let secret = |word: &str| {
        let seed = word.len() == SEED
            && word.starts_with('S')
            && word.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
        seed || (word.starts_with("cmn_") && word.len() > 40)
    };
    text.contains("PRIVATE KEY-----") || words.into_iter().any(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::look::Verdict;

    #[test]
    fn what_holds_a_secret_is_known_by_what_is_in_it() {
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        let public = nkeys::KeyPair::new_user().public_key();
        assert!(holds_secret(&seed));
        assert!(holds_secret(&format!("{{\"root\": \"{seed}\"}}")));
        assert!(holds_secret("-----BEGIN PRIVATE KEY-----\n"));
        assert!(!holds_secret(&public));
        assert!(!holds_secret("a note about cmn_ tokens"));
        assert!(!holds_secret(&"0a".repeat(32)));
    }

    #[test]
    fn a_secret_that_others_may_read_is_told_and_the_streams_are_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        let write = |name: &str, mode: u32| {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &seed).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("keys/operator.nk", 0o600);
        write("nats/block.nk", 0o644);
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let check = |verdict: Verdict, words: &str| {
            let mut looks = Looks::default();
            look(&mut looks, &[home.path().to_owned()]);
            assert_eq!((looks.0.len(), looks.0[0].verdict), (1, verdict), "{looks:?}");
            assert!(looks.0[0].found.contains(words) && !looks.0[0].found.contains(&seed), "{looks:?}");
        };
        check(Verdict::Well, "1 files");
        write("agents/ada.creds", 0o640);
        check(Verdict::Well, "2 files");
        // only now may others come to it at all
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        check(Verdict::Wrong, "agents/ada.creds holds a secret and is open to others (mode 0640)");
    }
}
