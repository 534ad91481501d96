//! Tests of the document.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, fields: &[(&str, &str)], body: &str) {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    for (key, value) in fields {
        assert_eq!(document.text_field(key), Some(*value), "{key} of {text:?}");
    }
    assert_eq!(document.body, body);
    assert_eq!(document.to_markdown(), text);
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = Document::parse(text).expect_err(text).to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn front_matter_is_read_as_text() {
    check("plain\n", &[], "plain\n");
    check(
        "---\ntitle: Port\nversion: 1.10\ndate: 2026-11-22\nshared: true\n---\nbody\n",
        &[("title", "Port"), ("version", "1.10"), ("date", "2026-11-22"), ("shared", "true")],
        "body\n",
    );
    check("---\r\ntitle: \"日志：轮换\"\r\nempty:\r\n---\r\nbody", &[("title", "日志：轮换"), ("empty", "")], "body");
    check("\u{feff}---\ntitle: x\n...\n", &[("title", "x")], "");
    check("---\n---\n", &[], "");
    check("----\nno front matter", &[], "----\nno front matter");
    check(" ---\nx", &[], " ---\nx");
    let document =
        Document::parse("---\ntags: [a, 1, b]\nwords: x, y\ndeep: {a: 1}\nmixed: [a, {b: 1}]\n---\n").unwrap();
    assert_eq!(document.list_field("tags"), ["a", "1", "b"]);
    assert_eq!(document.list_field("words"), ["x", "y"]);
    assert_eq!(document.front_matter["deep"], Value::Other);
    assert_eq!(document.front_matter["mixed"], Value::Other);
    assert!(document.list_field("absent").is_empty());
}

#[test]
fn broken_front_matter_says_where() {
    refused("---\ntitle: x\nbad: [1,\n---\nbody", "line ");
    refused("---\ntitle: a\ntitle: b\n---\n", "line 3");
    refused("---\njust words\n---\n", "not valid YAML");
    for reference in
        ["a: &x 1", "b: *x", "- !tag x", "a: [1, &x 2]", "a: {b: *x}", "a: !!python/object/apply:os.system []"]
    {
        refused(&format!("---\n{reference}\n---\n"), "has an anchor, an alias or a tag");
    }
    check(
        "---\na: \"*bold*\"\nb: R&D & more * 3!\nc: '!x' # &y\n---\n",
        &[("a", "*bold*"), ("b", "R&D & more * 3!")],
        "",
    );
    check(&format!("---\nx: {}\n---\n", "y".repeat(4096 - 12)), &[], "");
    refused(&format!("---\nx: {}\n---\n", "y".repeat(4096 - 11)), "4097 bytes");
    refused("---\ntitle: open\n", "no line `---` ends it");
    refused(&format!("---\nx: {}\n---\n", "y".repeat(5000)), "at most 4096");
    refused(&format!("---\nx: {}1{}\n---\n", "[".repeat(500), "]".repeat(500)), "not valid YAML");
}

#[test]
fn sections_partition_the_body() {
    let body = "intro\n\n# One\ntext\n## Two\n```\n# not a heading\n```\n# Trois é\nfin\n";
    let found: Vec<(u8, &str, &str)> = sections(body)
        .iter()
        .map(|section| {
            (section.level, body[section.own.clone()].lines().next().unwrap_or_default(), &body[section.whole.clone()])
        })
        .map(|(level, first, whole)| (level, first, whole.lines().last().unwrap_or_default()))
        .collect();
    assert_eq!(found, [(0, "intro", ""), (1, "# One", "```"), (2, "## Two", "```"), (1, "# Trois é", "fin")]);
}

#[test]
fn titles_come_from_headings_or_the_first_line() {
    for (body, expected) in [
        ("## Second\n# First `code`\n", "First code"),
        ("text\n\n## Only *this*\n", "Only this"),
        ("**Bold** [link](http://x.example) line\nmore", "Bold link line more"),
        ("", ""),
        ("\n\n", ""),
        ("- عنوان القائمة\n- two", "عنوان القائمة"),
        ("端口是八千零八十。", "端口是八千零八十。"),
    ] {
        assert_eq!(title(body), expected, "for {body:?}");
    }
    let long = title(&"word ".repeat(60));
    assert!(long.chars().count() <= 80 && long.ends_with("word"));
    let long = "- Un timer sans fuseau suit l'heure de la machine : écrire `OnCalendar=*-*-* 05:30 Europe/Paris` évite la surprise.";
    assert_eq!(title(long), "Un timer sans fuseau suit l'heure de la machine");
}

#[test]
fn links_and_plain_text_leave_code_alone() {
    let body = "See [[Log rotation|the page]] and [[ports#table]].\n\n`[[not this]]`\n\n```\n[[nor this]]\n```\n";
    assert_eq!(wikilinks(body), ["Log rotation", "ports"]);
    let body = "# Head\n\nSome **bold** [text](http://x.example/y) `a_b`\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n```sh\nrun --it\n```\n";
    assert_eq!(plain_text(body), "Head\nSome bold text a_b\na b\n1 2\nrun --it");
    assert_eq!(plain_text("👩‍👩‍👧 हिन्दी और العربية"), "👩‍👩‍👧 हिन्दी और العربية");
}

#[test]
fn empty_is_what_says_nothing() {
    for body in [
        "",
        "# Day\n\n## Notes\n\n-\n- [ ]\n1.\n",
        "---\n\n***\n",
        "# 2026-11-22\n\n- TODO\n",
        "<!-- write here -->\n",
        "```\n```\n",
        "|  |  |\n",
    ] {
        assert!(is_empty(body), "{body:?}");
    }
    for body in ["x", "# Day\n\nword\n", "- [x] done this\n", "🎉", "端口", "```\ncode\n```", "1. a", "42"] {
        assert!(!is_empty(body), "{body:?}");
    }
}

proptest! {
    #[test]
    fn a_round_trip_keeps_every_byte(text in "(---\n)?((\\PC|[\n\r:#>`|-]|a: b\n|---\n){0,60})") {
        if let Ok(document) = Document::parse(&text) {
            prop_assert_eq!(document.to_markdown(), text);
        }
    }

    #[test]
    fn nothing_panics_and_sections_partition(body in "(\\PC|[\n\r#>`|*_~<-]|\\[\\[|\\]\\]|    |# |- ){0,80}") {
        let all = sections(&body);
        let joined: String = all.iter().map(|section| &body[section.own.clone()]).collect();
        prop_assert_eq!(joined, body.clone());
        let _ = (title(&body), wikilinks(&body), plain_text(&body), is_empty(&body));
    }
}
