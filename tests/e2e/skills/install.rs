//! A skill from the library into a folder: diff, pinned version, what was changed by hand, paths that lead out, and how it went.

use std::{fs, os::unix::fs::symlink, path::Path};

use commune_tests::{A_WHILE, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{super::cli::Commune, MAIN, folder, night, write};

/// A commune whose library has two versions of rotate-logs, and a folder to install into.
async fn two_versions() -> (Commune, TempDir, String) {
    let commune = Commune::up().await;
    let home = tempfile::tempdir().unwrap();
    let dir = folder(home.path(), "rotate-logs");
    commune.check(&["skill", "share", &dir, "--agent", "ada"], 0, "");
    night(&commune);
    write(Path::new(&dir), "scripts/rotate.sh", b"#!/bin/sh\nlogrotate --force /etc/logrotate.conf\ndf -h\n");
    let needs =
        "description: Rotates logs before a disk is full.\nmetadata:\n  requires: find-the-disk, how-to/disks\n";
    write(
        Path::new(&dir),
        "SKILL.md",
        MAIN.replace("description: Rotates logs before a disk is full.\n", needs).as_bytes(),
    );
    commune.check(&["skill", "share", &dir, "--agent", "bo"], 0, "");
    night(&commune);
    let to = home.path().join("installed").to_str().unwrap().to_owned();
    (commune, home, to)
}

/// Every file below a folder with its bytes.
fn all(folder: &str) -> Vec<(String, Vec<u8>)> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_installed_with_a_diff_and_what_was_changed_by_hand_is_left_alone() {
    let (commune, home, to) = two_versions().await;
    let (first, newest) =
        (["skill", "install", "rotate-logs@1", "--to", &to], ["skill", "install", "rotate-logs", "--to", &to]);

    // to be shown is not to be done
    let shown = commune.check(&[&first[..], &["--dry-run"]].concat(), 0, "nothing was written").stdout;
    assert!(shown.contains("--- /dev/null\n+++ b/scripts/rotate.sh") && !Path::new(&to).exists(), "{shown}");
    commune.check(&first, 0, "rotate-logs (version 1) is in");
    let at = Path::new(&to).join("rotate-logs");
    assert_eq!(fs::read_to_string(at.join("SKILL.md")).unwrap(), MAIN);
    let before = all(&to);
    assert_eq!(before.len(), 3, "two files and a manifest: {before:?}");
    assert!(commune.check(&first, 0, "already").stdout.is_empty());
    assert_eq!(all(&to), before, "the same version again changes nothing");

    // the next version over it: a diff, and what it needs and is missing
    let ended = commune.check(&newest, 0, "version 2");
    assert!(
        ended.stdout.contains("--- a/scripts/rotate.sh\n+++ b/scripts/rotate.sh") && ended.stdout.contains("+df -h"),
        "{}",
        ended.stdout
    );
    for words in ["the skill find-the-disk, which is missing", "the article how-to/disks, which is missing"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    commune.check(&["skill", "show", "rotate-logs"], 0, "the skill find-the-disk, which is missing");

    // changed by hand: refused as a whole, by name, and only replaced by force; a file of one's own stays
    fs::write(at.join("scripts/rotate.sh"), "mine\n").unwrap();
    fs::write(at.join("notes.md"), "mine, too\n").unwrap();
    let before = all(&to);
    let refused =
        commune.check(&first, 5, "changed by hand since it was installed, or not installed at all: scripts/rotate.sh");
    assert!(refused.stdout.contains("-mine"), "{}", refused.stdout);
    assert_eq!(all(&to), before);
    let forced = commune.json(&[&first[..], &["--force"]].concat()).remove(0);
    let script = forced["files"].as_array().unwrap().iter().find(|file| file["path"] == "scripts/rotate.sh").unwrap();
    assert_eq!(
        (&script["action"], &script["by_hand"], &forced["written"]),
        (&json!("change"), &json!(true), &json!(true))
    );
    assert!(!fs::read_to_string(at.join("scripts/rotate.sh")).unwrap().contains("df -h"));
    assert_eq!(fs::read_to_string(at.join("notes.md")).unwrap(), "mine, too\n");

    // a link in the way is not followed
    let precious = home.path().join("precious.md");
    fs::write(&precious, "precious\n").unwrap();
    fs::remove_file(at.join("SKILL.md")).unwrap();
    symlink(&precious, at.join("SKILL.md")).unwrap();
    commune.check(&newest, 5, "SKILL.md");
    commune.check(&[&newest[..], &["--yes"]].concat(), 0, "version 2");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious\n");

    // names and versions that are none
    for (name, code, words) in [
        ("../../etc", 2, "not a skill's name"),
        ("rotate-logs@new", 2, "is not a version"),
        ("rotate-logs@9", 3, ""),
        ("no-such-skill", 3, "not in the library"),
    ] {
        commune.check(&["skill", "install", name, "--to", &to], code, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_went_is_shown_with_the_skill_and_told_to_those_who_wrote_it() {
    let (commune, _home, to) = two_versions().await;
    commune.check(&["skill", "install", "rotate-logs", "--to", &to, "--as", "cy"], 0, "");
    commune.check(
        &["skill", "outcome", "rotate-logs", "worked", "--agent", "cy", "--why", "the disk has room"],
        0,
        "said",
    );
    commune.check(
        &["skill", "outcome", "rotate-logs", "failed", "--agent", "di", "--version", "1", "--why", "no logrotate"],
        0,
        "now",
    );
    commune.check(&["helpful", "skills/rotate-logs", "--agent", "eve"], 0, "with the night");
    commune.check(&["helpful", "skills/rotate-logs", "--agent", "eve"], 0, "already said today");
    commune.check(&["wrong", "skills/rotate-logs", "--agent", "eve"], 2, "--why");
    let secret = format!("{}{}", "AKIA", "Z7QX3MNB5TRW2LKD");
    commune.check(&["wrong", "skills/rotate-logs", "--agent", "eve", "--why", &secret], 5, "seems to hold a secret");
    let outcomes = || -> Vec<Value> {
        commune.json(&["skill", "show", "rotate-logs"]).remove(0)["outcomes"].as_array().unwrap().clone()
    };
    eventually(A_WHILE, "what was said is shown", || {
        let said = outcomes().len();
        async move { said == 3 }
    })
    .await;
    let of = |agent: &str| outcomes().into_iter().find(|said| said["agent"] == agent).unwrap();
    assert_eq!((&of("cy")["outcome"], &of("cy")["version"]), (&json!("worked"), &json!(2)));
    assert_eq!(
        (&of("di")["outcome"], &of("di")["version"], &of("di")["why"]),
        (&json!("failed"), &json!(1), &json!("no logrotate"))
    );
    commune.check(&["skill", "show", "rotate-logs"], 0, "cy says of version 2: worked: the disk has room");
    commune.check(&["wrong", "skills/rotate-logs", "--agent", "di", "--why", "the flag is gone"], 0, "now");
    eventually(A_WHILE, "the doubt is read with the page", || {
        let read = commune.run(&["read", "skills/rotate-logs"]);
        async move { read.stderr.contains("a member doubts it:\n  di: the flag is gone") }
    })
    .await;

    night(&commune);
    let inbox = commune.check(&["inbox", "ada"], 0, "").stdout;
    for words in [
        "it failed for di",
        "doubted by di",
        "cy says it worked: the disk has room",
        "eve says it helped",
        "written with bo",
    ] {
        assert!(inbox.contains(words), "{words}: {inbox}");
    }
    assert!(inbox.contains("read by"), "{inbox}");
    assert!(commune.json(&["dead", "list"]).is_empty());
}
