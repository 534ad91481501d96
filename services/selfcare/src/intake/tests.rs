use super::*;
use crate::memory::{State, Visibility};

fn message<'a>(kind: &'a str, content_type: Option<&'a str>, payload: &'a [u8]) -> Message<'a> {
    Message {
        agent: "ada",
        kind,
        id: Some("n1"),
        content_type,
        event_type: None,
        stored_at: "2026-02-14T20:00:00Z".parse().expect("an instant"),
        sequence: 7,
        payload,
    }
}

fn said(message: &Message<'_>) -> Result<Said, IntakeError> {
    let zone = TimeZone::get("America/Los_Angeles").expect("a zone");
    read(message, &zone, |_, _| Err("no protobuf here".to_owned()))
}

fn note_of(content_type: Option<&str>, payload: &str) -> Note {
    match said(&message("note", content_type, payload.as_bytes())) {
        Ok(Said::Note(note)) => *note,
        other => panic!("not a note: {other:?}"),
    }
}

/// The message is refused, and the error holds these words.
fn check_refused(message: &Message<'_>, words: &[&str]) -> String {
    let error = match said(message) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("not refused: {words:?}"),
    };
    for word in words {
        assert!(error.contains(word), "`{error}` lacks `{word}`");
    }
    error
}

#[test]
fn plain_markdown_without_headers_is_a_note() {
    let note = note_of(None, "Caddy renews certificates by itself.\r\nNothing to do.");
    assert_eq!(note.text, "Caddy renews certificates by itself.\nNothing to do.");
    assert_eq!((note.id.as_str(), note.kind.as_str(), note.state), ("n1", "log", State::Active));
    assert_eq!(note.logged_on.to_string(), "2026-02-14");
}

#[test]
fn front_matter_says_what_the_note_is() {
    let note = note_of(
        Some("text/markdown; charset=utf-8"),
        "---\ntitle: Renewing\nkind: How To\nkey: caddy\nvisibility: commune\ntags: [TLS, caddy, tls]\ndate: 2026-02-13\nmood: fine\n---\nRun it.\n",
    );
    assert_eq!((note.title.as_str(), note.kind.as_str(), note.key.as_str()), ("Renewing", "how-to", "caddy"));
    assert_eq!(note.visibility, Visibility::Commune);
    assert_eq!(note.tags, ["caddy", "tls"]);
    assert_eq!((note.logged_on.to_string().as_str(), note.text.trim()), ("2026-02-13", "Run it."));
}

#[test]
fn front_matter_says_how_important_the_note_is() {
    let tags = |front: &str| note_of(None, &format!("---\n{front}\n---\nRun it.\n")).tags;
    assert_eq!(tags("importance: High\ntags: [tls]"), ["important", "tls"]);
    assert_eq!(tags("pinned: true\nimportance: low"), ["minor", "pinned"]);
    assert_eq!(tags("pinned: false\nimportance: 7"), Vec::<String>::new());
}

#[test]
fn json_is_read_by_field() {
    let note = note_of(
        Some("application/json"),
        r#"{"text": "日本語のノート", "kind": "fact", "visibility": "VISIBILITY_PRIVATE", "loggedAt": "2026-02-14T07:30:00Z"}"#,
    );
    assert_eq!(
        (note.text.as_str(), note.kind.as_str(), note.visibility),
        ("日本語のノート", "fact", Visibility::Private)
    );
    assert_eq!(note.logged_on.to_string(), "2026-02-13", "the local day");
}

#[test]
fn drops_get_an_id_from_content_and_place() {
    let drop = |sequence| Message { id: None, sequence, ..message("note", None, b"same text") };
    let id = |sequence| match said(&drop(sequence)) {
        Ok(Said::Note(note)) => note.id,
        other => panic!("not a note: {other:?}"),
    };
    assert_eq!(id(7), content_id(&["drop", "ada", "7", "same text"]));
    assert_ne!(id(7), id(8));
}

#[test]
fn later_on_the_same_bare_date_is_later() {
    let at = |sequence| {
        let raw = b"---\ndate: 2026-02-13\n---\nx".as_slice();
        match said(&Message { sequence, ..message("note", None, raw) }) {
            Ok(Said::Note(note)) => (note.logged_at, note.logged_on.to_string()),
            other => panic!("not a note: {other:?}"),
        }
    };
    assert!(at(8) > at(7));
    assert_eq!(at(7).1, "2026-02-13");
}

#[test]
fn other_kinds_are_read() {
    let rest = |body: &[u8]| said(&message("rest", None, body)).expect("read");
    assert_eq!(rest(b"2026-12-01\n"), Said::Rest(Some(jiff::civil::date(2026, 12, 1))));
    assert_eq!(rest(b""), Said::Rest(None));
    assert_eq!(
        said(&message("need", None, "Comment renouveler un certificat ?\n".as_bytes())),
        Ok(Said::Need("Comment renouveler un certificat ?".to_owned()))
    );
    assert_eq!(said(&message("feedback", None, b"thanks")), Ok(Said::Other));
    let hash = "a".repeat(64);
    let body = format!(r#"{{"name": "report.md", "sha256": "{hash}", "size": "12"}}"#);
    match said(&message("artifact", Some("application/json"), body.as_bytes())) {
        Ok(Said::Artifact(note)) => assert_eq!((note.kind.as_str(), note.title.as_str()), ("artifact", "report.md")),
        other => panic!("not an artifact: {other:?}"),
    }
}

#[test]
fn bad_input_is_refused_with_advice() {
    check_refused(&Message { agent: "Ada", ..message("note", None, b"x") }, &["agent id", "a-z"]);
    check_refused(&Message { id: Some("a.b"), ..message("note", None, b"x") }, &["note id"]);
    check_refused(&message("notes", None, b"x"), &["`notes`", "note|artifact"]);
    check_refused(&message("note", None, &vec![b'x'; MESSAGE_LIMIT + 1]), &["262145", "262144", "split"]);
    check_refused(&message("note", None, b" \n\t"), &["empty"]);
    check_refused(&message("note", None, b"---\ntitle: x\n---\n  \n"), &["empty"]);
    check_refused(&message("note", None, b"ok \xff\xfe"), &["UTF-8", "byte 3"]);
    check_refused(&message("note", None, b"a\0b"), &["U+0000"]);
    check_refused(&message("note", None, b"\x1b[31mred"), &["U+001B"]);
    check_refused(&message("note", None, b"---\ntitle: [x\n---\nbody"), &["front matter"]);
    check_refused(&message("note", None, b"---\ntitle: x\nbody"), &["front matter"]);
    check_refused(&message("note", Some("image/png"), b"x"), &["image/png", "text/markdown"]);
    check_refused(&message("note", Some("application/json"), br#"{"text": "x", "titel": "y"}"#), &["titel", "title"]);
    check_refused(&message("note", Some("application/json"), b"[\"x\"]"), &["object"]);
    for private in [
        message("note", Some("application/json"), br#"{"text": "x", "tags": "my private sentence"}"#),
        message("note", None, b"---\nDear diary, my private sentence.\n---\nbody"),
    ] {
        let said = check_refused(&private, &["wrong kind"]);
        assert!(!said.contains("private"), "an error quotes what somebody wrote: {said}");
    }
    check_refused(
        &Message { event_type: Some("commune.agent.v2.Note"), ..message("note", Some("application/protobuf"), b"") },
        &["v2", "v1", "upgrade"],
    );
    check_refused(&message("note", None, b"---\ndate: yesterday\n---\nx"), &["yesterday", "2026-02-14"]);
    check_refused(&message("note", None, b"---\nvisibility: all\n---\nx"), &["`all`", "commune"]);
    check_refused(
        &message("note", None, format!("---\ntitle: {}\n---\nx", "t".repeat(257)).as_bytes()),
        &["title", "257", "256"],
    );
    check_refused(&message("note", None, format!("---\nkey: {}\n---\nx", "k".repeat(257)).as_bytes()), &["key", "257"]);
    check_refused(
        &message("note", None, format!("---\ntags: [{}]\n---\nx", "t".repeat(65)).as_bytes()),
        &["tags", "65"],
    );
    let many = (0..33).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ");
    check_refused(&message("note", None, format!("---\ntags: [{many}]\n---\nx").as_bytes()), &["33", "32"]);
    check_refused(&message("rest", None, b"soon"), &["soon", "2026-12-01"]);
    check_refused(&message("need", None, b"one?\ntwo?"), &["one line"]);
    check_refused(&message("artifact", None, b"---\nname: a/b\n---\n"), &["name"]);
    check_refused(
        &message("note", None, b"<!-- written by commune: the brief of a memory -->\n# Brief"),
        &["commune itself"],
    );
}

#[test]
fn the_last_of_each_size_is_taken_and_the_next_is_not() {
    let check = |field: &str, last: &str, beyond: &str, words: &[&str]| {
        assert!(said(&message("note", None, last.as_bytes())).is_ok(), "{field}: the last that fits");
        check_refused(&message("note", None, beyond.as_bytes()), words);
    };
    let sentence = "Before the pump is opened, look at the valve. ";
    let body = |bytes: usize| sentence.repeat(bytes / 46) + &"x".repeat(bytes % 46);
    check("body", &body(MESSAGE_LIMIT), &body(MESSAGE_LIMIT + 1), &["262145 bytes", "262144", "split it"]);
    let matter = |field: &str, bytes: usize| format!("---\n{field}: {}\n---\ntext", "t".repeat(bytes));
    for (field, limit) in [("title", TITLE_LIMIT), ("key", TITLE_LIMIT), ("source", SOURCE_LIMIT), ("kind", 32)] {
        check(field, &matter(field, limit), &matter(field, limit + 1), &[field]);
    }
    check("tags", &matter("tags", 64), &matter("tags", 65), &["tags", "65 bytes", "at most 64"]);
    let tags = |count: usize| {
        format!("---\ntags: [{}]\n---\nx", (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", "))
    };
    check("tags", &tags(32), &tags(33), &["33 tags", "at most 32"]);
    // the rest of the front matter up to its 4096 bytes: `---`, `x: ` and the ends of the lines
    let matter = |bytes: usize| matter("x", bytes - 12);
    check("front matter", &matter(4096), &matter(4097), &["4097 bytes", "at most 4096"]);
    let deep = |levels: usize| format!("{}text\n", "> ".repeat(levels));
    check("nesting", &deep(32), &deep(33), &["line 1", "32"]);
    let question = |bytes: usize| "q".repeat(bytes);
    assert!(said(&message("need", None, question(QUESTION_LIMIT).as_bytes())).is_ok());
    check_refused(&message("need", None, question(QUESTION_LIMIT + 1).as_bytes()), &["question", "1025", "1024"]);
}

#[test]
fn statements_are_counted_by_what_they_are_and_not_by_their_marks() {
    let count = STATEMENTS_LIMIT;
    let text = |kind: &str, count: usize| match kind {
        "items" => (0..count).map(|n| format!("- w{n}\n")).collect::<String>(),
        "rows" => format!("|a|\n|-|\n{}", (0..count).map(|n| format!("|{n}|\n")).collect::<String>()),
        _ => (0..count).map(|n| format!("Gate w{n} holds. ")).collect::<String>(),
    };
    for kind in ["items", "rows", "sentences"] {
        let (last, beyond) = (text(kind, count), text(kind, count + 1));
        assert!(said(&message("note", None, last.as_bytes())).is_ok(), "{kind}");
        check_refused(&message("note", None, beyond.as_bytes()), &["10001 statements", "at most 10000", "split it"]);
    }
    // under a long head, which each of them carries
    let head = "head ".repeat(20_000);
    for (kind, head) in [
        ("items", format!("# {head}\n\n")),
        ("items", format!("{head}\n---\n\n")),
        ("rows", format!("|{head}|\n|-|\n")),
    ] {
        let many = text(kind, count + 10);
        let many = head + many.trim_start_matches("|a|\n|-|\n");
        check_refused(&message("note", None, many.as_bytes()), &["statements (", "at most 10000"]);
    }
    // one statement with many marks
    let code = format!("```\n{}```\n", "a.b();\n".repeat(count));
    assert!(said(&message("note", None, code.as_bytes())).is_ok());
}

#[test]
fn headers_have_a_bound() {
    let headers = |count: usize, bytes: usize| vec![("name".to_owned(), "v".repeat(bytes)); count];
    assert_eq!(headers_fit(&[]), Ok(()));
    assert_eq!(headers_fit(&headers(HEADERS_LIMIT, 1)), Ok(()));
    assert_eq!(headers_fit(&headers(1, HEADERS_BYTES - 8)), Ok(()));
    for (count, bytes, words) in
        [(HEADERS_LIMIT + 1, 1, "65 headers of 585 bytes"), (1, HEADERS_BYTES - 7, "1 headers of 16385 bytes")]
    {
        let error = headers_fit(&headers(count, bytes)).expect_err("refused").to_string();
        assert!(error.contains(words) && error.contains("at most 64 of 16384 bytes"), "{error}");
    }
}
