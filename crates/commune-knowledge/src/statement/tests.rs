//! Tests of statements, claims and merging.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let found: Vec<String> = statements(body).into_iter().map(|statement| statement.text).collect();
    assert_eq!(found, expected, "for {body:?}");
}

#[test]
fn sentences_end_in_any_script() {
    check("One here. Two there! Three?", &["One here.", "Two there!", "Three?"]);
    check("端口是8080。不要改它！为什么？", &["端口是8080。", "不要改它！", "为什么？"]);
    check("यह पहला है। यह दूसरा है।", &["यह पहला है।", "यह दूसरा है।"]);
    check("هذا سطر أول. هل هذا ثان؟ نعم.", &["هذا سطر أول.", "هل هذا ثان؟", "نعم."]);
    check(
        "Das gilt z.B. Für Ports. Siehe v2.15.1 und nats.conf. Ende 👩‍👩‍👧.",
        &["Das gilt z.B. Für Ports.", "Siehe v2.15.1 und nats.conf.", "Ende 👩‍👩‍👧."],
    );
    check(
        "Run `a. B` now. See [x. Y](http://a.example/?b=C). **Bold. Too.** End.",
        &["Run `a. B` now.", "See [x. Y](http://a.example/?b=C).", "**Bold. Too.** End."],
    );
    check("wrapped over\nlines. Next", &["wrapped over\nlines.", "Next"]);
}

#[test]
fn blocks_are_kept_whole() {
    check(
        "# Head\n\n- one. Still one.\n  more\n- two\n  - below\n\n```sh\na. B\n\nc\n```\n\n> quote. All.\n\n| a |\n|--|\n| 1 |\n\n---\n",
        &["- one. Still one.\n  more", "- two\n  - below", "```sh\na. B\n\nc\n```", "> quote. All.", "| 1 |"],
    );
    let found = statements("# A\n\n## B\n\ntext\n\n# C\n\nmore");
    assert_eq!(found[0].headings, ["A", "B"]);
    assert_eq!(found[1].headings, ["C"]);
}

#[track_caller]
fn same(left: &str, right: &str) {
    let found = difference(&claims(left), &claims(right));
    assert_eq!(found, None, "{left:?} and {right:?}");
}

#[track_caller]
fn differ(left: &str, right: &str) {
    let found = difference(&claims(left), &claims(right));
    assert!(found.is_some(), "{left:?} and {right:?} claim {:?}", claims(left));
    assert!(difference(&claims(right), &claims(left)).is_some());
}

#[test]
fn claims_that_differ() {
    for (left, right) in [
        ("The port is 8080", "The port is 9090"),
        ("timeout of 30 seconds", "timeout of 30 minutes"),
        ("use Python 3.9", "use Python 3.10"),
        ("on 2026-11-22 we moved", "on 2026-11-23 we moved"),
        ("edit /etc/nats.conf", "edit /etc/redis.conf"),
        ("see https://a.example/x", "see https://b.example/x"),
        ("pass --force to it", "pass --dry-run to it"),
        ("call `read_all`", "call `read_one`"),
        ("the error E0308", "the error E0277"),
        ("deploy it to staging", "deploy it to production"),
        ("ask Dana about it", "ask Robin about it"),
        ("logging is enabled", "logging is disabled"),
        ("caching is on", "caching is off"),
        ("the flag is true", "the flag is false"),
        ("run it before the deploy", "run it after the deploy"),
        ("do this", "do not do this"),
        ("keep three copies", "keep five copies"),
        ("wait at the minimum", "wait at the maximum"),
        ("always wait for it", "sometimes wait for it"),
        ("always wait for it", "never wait for it"),
        ("immer warten", "selten warten"),
        ("stop the pool first", "start the pool first"),
        ("allow the port", "forbid the port"),
        ("include the logs", "exclude the logs"),
        ("it runs daily", "it runs weekly"),
        ("the volume is read-only", "the volume is read-write"),
        ("it works", "it doesn't work"),
        ("Der Port ist offen", "Der Port ist nicht offen"),
        ("Le port est ouvert", "Le port n'est pas ouvert"),
        ("El puerto está abierto", "El puerto no está abierto"),
        ("端口可以改", "端口不可以改"),
        ("端口是8080", "端口是9090"),
        ("等待30秒", "等待30分钟"),
        ("المنفذ ٨٠٨٠", "المنفذ ٩٠٩٠"),
        ("पोर्ट खुला है", "पोर्ट खुला नहीं है"),
        ("порт открыт", "порт не открыт"),
        ("limit 1,000 rows", "limit 10,000 rows"),
        ("region eu-west", "region us-east"),
    ] {
        differ(left, right);
    }
}

#[test]
fn claims_that_agree() {
    for (left, right) in [
        ("Show the log of the service", "Display the log of the service"),
        ("wait 30 seconds", "wait 30s"),
        ("wait three seconds", "wait 3 seconds"),
        ("it runs daily", "it runs daily and is read-only"),
        ("it must be increased", "one may increase it"),
        ("Das Volume ist öffentlich", "das Volume ist public"),
        ("port ８０８０", "port 8080"),
        ("المنفذ ٨٠٨٠", "المنفذ 8080"),
        ("limit 1,000 rows", "limit 1000 rows"),
        ("The port is 8080 (noted by heron on 2026-09-18).", "The port is 8080 (noted by fjord on 2026-01-02)."),
        ("[2026-11-22] noted by atlas: use 8080", "[2026-11-20] noted by birch: use 8080"),
        ("use v2.15.1", "use 2.15.1."),
        ("it is **8080**", "it is 8080"),
        ("Do not do this", "don't do this"),
        ("deploy to prod", "deploy to production"),
        ("use 8080", "use 8080 with `nats.conf`"),
    ] {
        same(left, right);
    }
}

#[test]
fn merging_adds_what_is_missing_where_it_belongs() {
    let check = |text: &str, addition: &str, expected: &str| {
        let merged = merge(text, addition);
        assert_eq!(merged, expected);
        assert_eq!(merge(&merged, addition), merged);
    };
    check(
        "# Logs\n\nRotate daily.\n\n## Fix\n\n- one\n\n## End\n\nbye\n",
        "# Logs\n\nRotate daily. Keep seven.\n\n## fix\n\n* One\n* two\n",
        "# Logs\n\nRotate daily.\n\nKeep seven.\n\n## Fix\n\n- one\n* two\n\n## End\n\nbye\n",
    );
    check(
        "# Logs\n\ntext\n",
        "# Other\n\nA new one. And a second.\n",
        "# Logs\n\ntext\n\n## Other\n\nA new one.\nAnd a second.\n",
    );
    check("text", "more", "text\n\nmore\n");
    check("", "# T\n\nmore\n", "# T\n\nmore\n");
    check(
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
    );
    check("same", "SAME.", "same\n\nSAME.\n");
    check("# A\n\nx\n", "# A\n\n```\nopen\n", "# A\n\nx\n\n```\nopen\n```\n");
    check("```\nopen\n", "text\n", "```\nopen\n```\n\ntext\n");
    assert!(missing("# A\n\nXen runs. Yes\n", "- XEN runs.\n").is_empty());
}

fn markdown() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[a-c]{1,2}( [a-c0-9]{1,3}){0,3}[.!]?( [A-C][a-c]{1,3}\\.)?",
        "- [a-c]{1,3}( [a-c]){0,2}",
        "#{1,3} [a-c]",
        Just(String::new()),
        "\\PC{0,12}",
        Just("| a | b |\n|---|---|\n| 1 | 2 |".to_owned()),
        "(```|~~~|<!--|---|===|> |    x|\\[a\\]: b|\\[\\^1\\]: c)",
        "(端口。不改！|नहीं। हाँ|لا\\. نعم؟|👩\u{200d}👩\u{200d}👧)",
    ];
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

/// True when `part` is left when something is taken out of `whole`.
fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    part.chars().all(|char| rest.any(|other| other == char))
}

#[test]
fn a_list_of_steps_is_added_whole_unless_the_text_has_most_of_it() {
    let text = "# Tests\n\n**A new session:**\n\n1. Break the configuration\n2. Write a message\n3. Restore the configuration\n";
    let other = "**A restart:**\n\n1. Break the configuration\n2. Restart the gateway\n3. Wait 30 s\n4. Ask for the model\n5. Restore the configuration\n";
    let merged = merge(text, other);
    assert!(merged.ends_with(other), "{merged}");
    assert_eq!(merge(&merged, other), merged);
    // both lists come at once, into an empty text
    let both = format!("{}\n{other}", text.split_once("\n\n").unwrap().1);
    assert_eq!(merge("# Tests\n", &both).matches("Break the configuration").count(), 2);
    // a newer form of a list that is there brings what is new in it
    let newer = "1. Break the configuration\n2. Write a message\n3. Look at the answer\n4. Restore the configuration\n";
    assert_eq!(merge(text, newer), format!("{}\n3. Look at the answer\n", text.trim_end()));
}

proptest! {
    #[test]
    fn merging_keeps_all_and_is_idempotent(text in markdown(), addition in markdown()) {
        let merged = merge(&text, &addition);
        prop_assert!(is_subsequence(&text, &merged));
        prop_assert_eq!(missing(&merged, &text), vec![]);
        prop_assert_eq!(missing(&merged, &addition), vec![]);
        prop_assert_eq!(merge(&merged, &addition), merged);
    }

    #[test]
    fn every_statement_is_in_its_text(text in markdown()) {
        for statement in statements(&text) {
            prop_assert!(text.contains(&statement.text));
            prop_assert!(!statement.identity.is_empty());
        }
        prop_assert_eq!(missing(&text, &text), vec![]);
    }

    #[test]
    fn reordered_statements_claim_the_same(mut lines in proptest::collection::vec("- [A-Za-z]{1,6}( [a-z0-9./-]{1,6}){0,4}", 1..8)) {
        let forward = claims(&lines.join("\n"));
        lines.reverse();
        prop_assert_eq!(forward, claims(&lines.join("\n")));
    }

    #[test]
    fn any_text_has_claims(text in "\\PC{0,120}") {
        let claims = claims(&text);
        prop_assert_eq!(difference(&claims, &claims), None);
    }
}
