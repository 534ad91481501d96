//! Folders that skills are put into, on a real file system.

use std::os::unix::fs::PermissionsExt;

use commune_knowledge::skill::File;

use super::{super::plan::plan, *};

struct Home {
    _home: tempfile::TempDir,
    place: Place,
}

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = Place { dir: home.path().join("skills"), name: "x".into() };
        Self { _home: home, place }
    }

    /// Plans and carries out, by force; what became of each file.
    fn install(&self, files: &[(&str, &str)]) -> Vec<(String, Action, bool)> {
        let wanted: Vec<File> =
            files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect();
        let before = self.place.manifest().unwrap();
        let present = self.place.present(wanted.iter().map(|file| &file.path).chain(before.files.keys())).unwrap();
        let steps = plan(&wanted, &before.files, &present);
        self.place.carry_out(&steps).unwrap();
        let hashes = wanted.iter().map(|f| (f.path.clone(), super::super::plan::hash(f.text.as_bytes())));
        self.place.keep(&Manifest { skill: "x".into(), version: 1, files: hashes.collect() }).unwrap();
        steps.into_iter().map(|step| (step.path, step.action, step.by_hand)).collect()
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.place.folder().join(path)).ok()
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.place.folder().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// What lies in the folder of skills: nothing else may be left there.
    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.place.dir).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_version_takes_the_place_of_another_and_what_is_not_its_stays() {
    let home = Home::new();
    home.install(&[("SKILL.md", "one\n"), ("scripts/run.sh", "1\n"), ("old/a.md", "a\n")]);
    let script = home.place.folder().join("scripts/run.sh");
    assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o111, 0, "no execute bit");
    home.write("notes/mine.md", "mine");
    home.write("scripts/mine.sh", "mine");
    fs::set_permissions(home.place.folder().join("scripts/mine.sh"), fs::Permissions::from_mode(0o750)).unwrap();
    symlink("/nowhere", home.place.folder().join("link")).unwrap();
    home.install(&[("SKILL.md", "two\n"), ("scripts/run.sh", "1\n")]);
    assert_eq!((home.read("SKILL.md").unwrap().as_str(), home.read("old/a.md")), ("two\n", None));
    assert!(!home.place.folder().join("old").exists(), "a folder that has become empty goes");
    assert_eq!(
        (home.read("notes/mine.md").unwrap(), home.read("scripts/mine.sh").unwrap()),
        ("mine".into(), "mine".into())
    );
    let mode = fs::metadata(home.place.folder().join("scripts/mine.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert_eq!(fs::read_link(home.place.folder().join("link")).unwrap(), Path::new("/nowhere"));
    assert_eq!(home.beside(), [".x.skill.json", "x"]);
}

#[test]
fn nothing_is_written_through_a_link() {
    let home = Home::new();
    home.install(&[("SKILL.md", "one\n")]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("run.sh"), "theirs").unwrap();
    symlink(outside.path(), home.place.folder().join("scripts")).unwrap();
    symlink(outside.path().join("run.sh"), home.place.folder().join("a.md")).unwrap();
    let done = home.install(&[("SKILL.md", "one\n"), ("a.md", "a\n"), ("scripts/run.sh", "ours\n")]);
    let by_hand: Vec<&str> = done.iter().filter(|step| step.2).map(|step| step.0.as_str()).collect();
    assert_eq!(by_hand, ["a.md", "scripts/run.sh"], "both are in the way until it is forced");
    assert_eq!(fs::read_to_string(outside.path().join("run.sh")).unwrap(), "theirs");
    assert_eq!((home.read("scripts/run.sh").unwrap(), home.read("a.md").unwrap()), ("ours\n".into(), "a\n".into()));
    assert!(!fs::symlink_metadata(home.place.folder().join("scripts")).unwrap().is_symlink());

    // the skill's folder itself is no link either
    let other = Place { dir: home.place.dir.clone(), name: "y".into() };
    symlink(outside.path(), other.folder()).unwrap();
    let refused = other.present(["SKILL.md".to_owned()].iter()).unwrap_err().to_string();
    assert!(refused.contains("is no folder"), "{refused}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_manifest_says_what_an_install_brought_and_nothing_more() {
    let home = Home::new();
    home.install(&[("SKILL.md", "one\n")]);
    let file = home.place.manifest_file();
    let good = home.place.manifest().unwrap();
    assert_eq!((good.version, good.files.len()), (1, 1));
    for (bad, words) in [
        (
            r#"{"skill": "x", "version": 1, "files": {"../../precious": "00"}}"#,
            "`../../precious` is no file of a skill",
        ),
        (r#"{"skill": "y", "version": 1, "files": {}}"#, "it is of the skill `y`"),
        ("not JSON", "no manifest"),
        (&" ".repeat(300 * 1024), "at most 256 KiB"),
    ] {
        fs::write(&file, bad).unwrap();
        let refused = home.place.manifest().unwrap_err().to_string();
        assert!(refused.contains(words) && refused.contains("Remove it"), "{refused}");
    }
    fs::remove_file(&file).unwrap();
    symlink("/etc/passwd", &file).unwrap();
    assert!(home.place.manifest().is_err());
}

#[test]
fn so_much_may_lie_beside_a_skill() {
    let home = Home::new();
    home.install(&[("SKILL.md", "one\n")]);
    for n in 1..ENTRIES_LIMIT {
        home.write(&format!("mine/{n}"), "");
    }
    fs::remove_file(home.place.folder().join("mine/1")).unwrap();
    home.install(&[("SKILL.md", "two\n")]);
    home.write("mine/1", "");
    let wanted = [File { path: "SKILL.md".into(), text: "three\n".into() }];
    let before = home.place.manifest().unwrap();
    let steps = plan(&wanted, &before.files, &home.place.present(before.files.keys()).unwrap());
    let refused = home.place.carry_out(&steps).unwrap_err().to_string();
    assert!(refused.contains("more than 10000 files"), "{refused}");
    assert_eq!(home.read("SKILL.md").unwrap(), "two\n", "nothing was changed");
    assert_eq!(home.beside(), [".x.skill.json", "x"]);
}
