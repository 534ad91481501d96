//! What installing a version would do to the files that are there. Pure.
//!
//! **What somebody changed by hand is theirs**: a file that is not as it was installed, or that no install brought, is only replaced or
//! removed when that is asked for; every other file of the folder is left alone.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::skill::File;
use sha2::{Digest, Sha256};
use similar::TextDiff;

/// What stands where a file is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Present {
    /// A file with these bytes.
    File(Vec<u8>),
    /// A folder: what is in it is nobody's to replace.
    Folder,
    /// Something that no install makes, such as a symbolic link.
    Other(&'static str),
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It comes new.
    Add,
    /// It changes.
    Change,
    /// It goes, because the version does not have it and an earlier install brought it.
    Remove,
    /// It is there already.
    Same,
}

impl Action {
    /// In one word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Same => "same",
        }
    }
}

/// One file of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Its path in the skill's folder.
    pub(super) path: String,
    pub(super) action: Action,
    /// It is not as an install left it.
    pub(super) by_hand: bool,
    pub(super) before: Option<Present>,
    pub(super) after: Option<String>,
}

/// What is to be done, by path. `installed` has the hash of each file that the last install brought.
pub(super) fn plan(
    wanted: &[File],
    installed: &BTreeMap<String, String>,
    present: &BTreeMap<String, Present>,
) -> Vec<Step> {
    let after: BTreeMap<&String, &String> = wanted.iter().map(|file| (&file.path, &file.text)).collect();
    let paths: BTreeSet<&String> = after.keys().copied().chain(installed.keys()).collect();
    let step = |path: &String| {
        let (before, after) = (present.get(path), after.get(path).copied());
        let as_installed = |bytes: &[u8]| installed.get(path).is_some_and(|installed| *installed == hash(bytes));
        let (action, by_hand) = match (before, after) {
            (None, Some(_)) => (Action::Add, false),
            (None, None) => return None,
            (Some(Present::File(bytes)), Some(text)) if bytes == text.as_bytes() => (Action::Same, false),
            (Some(Present::File(bytes)), Some(_)) => (Action::Change, !as_installed(bytes)),
            (Some(Present::File(bytes)), None) => (Action::Remove, !as_installed(bytes)),
            (Some(Present::Folder | Present::Other(_)), Some(_)) => (Action::Change, true),
            // what took the place of a file that is not wanted any more is none of ours
            (Some(Present::Folder | Present::Other(_)), None) => return None,
        };
        Some(Step { path: path.clone(), action, by_hand, before: before.cloned(), after: after.cloned() })
    };
    paths.into_iter().filter_map(step).collect()
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What a step changes, as a unified diff; what is no text is only named.
pub(super) fn diff(step: &Step) -> String {
    let text = |present: &Option<Present>| match present {
        None => Ok(String::new()),
        Some(Present::File(bytes)) => String::from_utf8(bytes.clone()).map_err(|_| "not a text file"),
        Some(Present::Folder) => Err("a folder"),
        Some(Present::Other(what)) => Err(*what),
    };
    let Step { path, action, before, after, .. } = step;
    let after = after.clone().unwrap_or_default();
    let (old, new) = (
        if *action == Action::Add { "/dev/null".to_owned() } else { format!("a/{path}") },
        if *action == Action::Remove { "/dev/null".to_owned() } else { format!("b/{path}") },
    );
    match text(before) {
        Ok(before) => TextDiff::from_lines(&before, &after).unified_diff().header(&old, &new).to_string(),
        Err(what) => format!("--- {old}\n+++ {new}\n({what} stands there)\n"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(files: &[(&str, &str)]) -> Vec<File> {
        files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect()
    }

    fn texts(files: &[(&str, &str)]) -> BTreeMap<String, Present> {
        files.iter().map(|(path, text)| ((*path).to_owned(), Present::File(text.as_bytes().to_vec()))).collect()
    }

    fn hashes(files: &[(&str, &str)]) -> BTreeMap<String, String> {
        files.iter().map(|(path, text)| ((*path).to_owned(), hash(text.as_bytes()))).collect()
    }

    #[track_caller]
    fn check(
        wanted: &[(&str, &str)],
        installed: &[(&str, &str)],
        present: &[(&str, &str)],
        expected: &[(&str, Action, bool)],
    ) {
        let plan = plan(&files(wanted), &hashes(installed), &texts(present));
        let found: Vec<_> = plan.iter().map(|step| (step.path.as_str(), step.action, step.by_hand)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_version_over_another_changes_what_nobody_changed_by_hand() {
        use Action::{Add, Change, Remove, Same};
        check(&[("a", "1"), ("b", "1")], &[], &[], &[("a", Add, false), ("b", Add, false)]);
        let one = [("a", "1"), ("b", "1"), ("c", "1")];
        check(&[("a", "2"), ("b", "1")], &one, &one, &[("a", Change, false), ("b", Same, false), ("c", Remove, false)]);
        // changed by hand, or there before anything was installed
        check(&[("a", "2")], &one, &[("a", "mine"), ("c", "mine")], &[("a", Change, true), ("c", Remove, true)]);
        check(&[("a", "1")], &[], &[("a", "mine")], &[("a", Change, true)]);
        // the same by hand is the same, and what was taken away comes again
        check(&[("a", "2")], &one[..1], &[("a", "2")], &[("a", Same, false)]);
        check(&[("a", "1")], &one[..1], &[], &[("a", Add, false)]);
    }

    #[test]
    fn what_no_install_makes_is_in_the_way() {
        let link = BTreeMap::from([("a".to_owned(), Present::Other("a symbolic link"))]);
        let steps = plan(&files(&[("a", "1")]), &hashes(&[("a", "1")]), &link);
        assert!(steps[0].by_hand && diff(&steps[0]).contains("a symbolic link stands there"), "{steps:?}");
        assert!(plan(&[], &hashes(&[("a", "1")]), &link).is_empty());
    }

    #[test]
    fn a_diff_names_both_sides() {
        let [add, change] = [("a", Action::Add), ("b", Action::Change)];
        let steps = plan(
            &files(&[("a", "x\n"), ("b", "y\n")]),
            &hashes(&[("c", "z\n")]),
            &texts(&[("b", "x\n"), ("c", "z\n")]),
        );
        assert_eq!((steps[0].path.as_str(), steps[0].action), add);
        assert_eq!((steps[1].path.as_str(), steps[1].action), change);
        let all: String = steps.iter().map(diff).collect();
        for words in ["--- /dev/null\n+++ b/a\n", "--- a/b\n+++ b/b\n", "-x\n+y\n", "--- a/c\n+++ /dev/null\n", "-z\n"]
        {
            assert!(all.contains(words), "{words}: {all}");
        }
    }

    proptest! {
        /// Whatever was installed and whatever stands there: nothing that somebody made is touched without being asked, and
        /// after a plan was carried out the same plan has nothing to do.
        #[test]
        fn what_is_not_ours_is_never_touched_unasked(
            wanted in proptest::collection::btree_map("[abc]", "[12]", 0..4),
            installed in proptest::collection::btree_map("[abc]", "[12]", 0..4),
            present in proptest::collection::btree_map("[abc]", "[12m]", 0..4),
        ) {
            fn pairs(map: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
                map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
            }
            let steps = plan(&files(&pairs(&wanted)), &hashes(&pairs(&installed)), &texts(&pairs(&present)));
            let mut after = present.clone();
            for step in &steps {
                let before = present.get(&step.path);
                let ours = before.is_none_or(|text| installed.get(&step.path) == Some(text));
                prop_assert!(step.action == Action::Same || step.by_hand != ours);
                match &step.after {
                    Some(text) => after.insert(step.path.clone(), text.clone()),
                    None => after.remove(&step.path),
                };
            }
            for (path, text) in &present {
                if !wanted.contains_key(path) && !installed.contains_key(path) {
                    prop_assert_eq!(after.get(path), Some(text));
                }
            }
            let again = plan(&files(&pairs(&wanted)), &hashes(&pairs(&wanted)), &texts(&pairs(&after)));
            prop_assert!(again.iter().all(|step| step.action == Action::Same));
        }
    }
}
