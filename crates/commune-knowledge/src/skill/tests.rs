use proptest::prelude::*;

use super::*;

const PLAIN: &str = "---\nname: rotate-logs\ndescription: Rotates logs when a disk fills up.\n---\n# Rotate\n\nRun [it](scripts/rotate.sh).\n";

fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}

fn folder(main: &str) -> Vec<File> {
    vec![file("scripts/rotate.sh", "#!/bin/sh\nlogrotate -f x"), file(MAIN, main)]
}

#[track_caller]
fn refused(files: &[File], rule: &str, words: &str) {
    let error = check(files).expect_err("it is refused");
    assert!(error.rule == rule && error.to_string().contains(words), "{error}");
}

fn with(front_matter: &str) -> Vec<File> {
    folder(&format!("---\n{front_matter}\n---\nDo it.\n"))
}

#[test]
fn a_folder_is_a_skill_and_comes_out_of_its_text_again() {
    let skill = check(&folder(PLAIN)).unwrap();
    assert_eq!(
        (skill.name.as_str(), skill.description.as_str()),
        ("rotate-logs", "Rotates logs when a disk fills up.")
    );
    assert_eq!(skill.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), [MAIN, "scripts/rotate.sh"]);
    let text = pack(&skill);
    assert!(
        text.starts_with("# rotate-logs\n\nRotates logs when a disk fills up.\n\n## SKILL.md\n\n```md\n---\n"),
        "{text}"
    );
    assert_eq!(unpack(&text), Some(skill.files.clone()));
    assert_eq!(unpack(text.trim_end()), Some(skill.files));
    for other in [
        "",
        "# Rotate\n\nText.\n",
        "# a\n\nb\n\n## SKILL.md\n\ntext\n",
        &format!("{text}\nmore\n"),
        &format!("{text}more"),
    ] {
        assert_eq!(unpack(other), None, "{other:?}");
    }
}

#[test]
fn front_matter_is_as_the_specification_says() {
    let named = |name: &str| with(&format!("name: {name}\ndescription: d"));
    for name in ["a", "a-b", "0x", &"n".repeat(64)] {
        assert_eq!(check(&named(name)).map(|s| s.name), Ok(name.to_owned()));
    }
    for name in ["\"\"", "A", "-a", "a-", "a--b", "a b", "日本", &"n".repeat(65)] {
        refused(&named(name), "name", "name");
    }
    let described = |text: &str| with(&format!("name: a\ndescription: \"{text}\""));
    assert!(check(&described(&"é".repeat(1024))).is_ok());
    refused(&described(&"é".repeat(1025)), "description", "1025 characters; at most 1024");
    refused(&described(""), "description", "1 to 1,024");
    refused(&with("name: a\ndescription: d\ncompatibility: [x]"), "compatibility", "not a text");
    assert!(check(&with("name: a\ndescription: d\nmetadata:\n  version: \"1\"\nallowed-tools: Bash")).is_ok());
    refused(&folder("# No front matter\n"), "front-matter", "name");
    refused(&folder("---\nname: [\n---\nx\n"), "front-matter", "YAML");
    refused(&[file("readme.md", "x")], "main", "no such file");
}

#[test]
fn bodies_files_and_paths_have_bounds() {
    let lines = |n: usize| folder(&format!("---\nname: a\ndescription: d\n---\n{}", "line\n".repeat(n)));
    assert!(check(&lines(500)).is_ok());
    refused(&lines(501), "body", "501 lines");
    refused(&lines(0), "body", "0 lines");
    let many =
        |n: usize| -> Vec<File> { (1..n).map(|n| file(&format!("f{n}"), "x")).chain([file(MAIN, PLAIN)]).collect() };
    let linked = |n: usize| [many(n), vec![file("scripts/rotate.sh", "x")]].concat();
    assert!(check(&linked(63)).is_ok());
    refused(&linked(64), "files", "65 files");
    let large =
        |n: usize| vec![file(MAIN, &PLAIN.replace("[it](scripts/rotate.sh)", "it")), file("a.txt", &"x".repeat(n))];
    let room = BYTES_LIMIT - pack(&check(&large(1)).unwrap()).len();
    assert!(check(&large(room + 1)).is_ok());
    refused(&large(room + 2), "size", "262145 bytes");
    for path in [
        "/etc/x",
        "../x",
        "a/../x",
        "a//b",
        "./x",
        ".hidden",
        "a/.git/x",
        "a b",
        "ü",
        "a\\b",
        "1/2/3/4/5/6",
        &"p".repeat(201),
    ] {
        refused(&[file(MAIN, PLAIN), file(path, "x"), file("scripts/rotate.sh", "x")], "path", "");
    }
    refused(&[file("skill.md", "x"), file(MAIN, PLAIN)], "path", "two files");
    refused(&[file(MAIN, PLAIN), file("scripts/rotate.sh", "a\u{0}b")], "text", "U+0000");
}

#[test]
fn links_stay_in_the_folder() {
    let main = |link: &str| PLAIN.replace("scripts/rotate.sh", link);
    let deep =
        |link: &str| vec![file(MAIN, &main(link)), file("a/b.md", "[up](../SKILL.md#top)"), file("a/b/c.txt", "x")];
    for link in
        ["a/b.md", "./a/b.md", "a/b.md#part", "https://example.org/x", "mailto:x@example.org", "#top", "//host/x"]
    {
        assert!(check(&deep(link)).is_ok(), "{link}");
    }
    refused(&deep("a/none.md"), "link", "leads to no file");
    refused(&deep("../x"), "link", "leads out");
    refused(&deep("/etc/passwd"), "link", "absolute");
    refused(&deep("a/b/c.txt"), "link", "more than one folder");
    assert!(check(&folder(&PLAIN.replace("[it]", "`[x](none.md)` [it]"))).is_ok(), "code is no link");
}

/// What a body may be made of so that it is taken for something else.
const PIECES: &[&str] =
    &["a", "x", "z", "#", "`", " ", "-", "\n", "\r\n", "é", "```", "````\n", "## SKILL.md\n", "---\n"];

proptest! {
    #[test]
    fn what_is_packed_comes_out_again(bodies in prop::collection::vec(prop::collection::vec(prop::sample::select(PIECES), 0..40), 1..5)) {
        let mut files = vec![file(MAIN, &PLAIN.replace("[it](scripts/rotate.sh)", "it"))];
        files.extend(bodies.iter().enumerate().map(|(at, body)| file(&format!("f{at}.txt"), &body.concat())));
        let skill = check(&files).unwrap();
        prop_assert_eq!(unpack(&pack(&skill)), Some(skill.files.clone()));
        files.reverse();
        prop_assert_eq!(check(&files), Ok(skill.clone()), "the order says nothing");
        prop_assert_eq!(check(&skill.files), Ok(skill), "once is enough");
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        let _ = (unpack(&text), check(&[file(MAIN, &text)]));
    }
}
