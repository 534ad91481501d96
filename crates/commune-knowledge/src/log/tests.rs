use super::*;

const DAY: &str = "2026-02-14";

fn moment(time: &str) -> Moment {
    Moment { day: DAY.to_owned(), time: time.to_owned() }
}

#[track_caller]
fn check(body: &str, dated: bool, expected: &[(&str, &str, &str)]) {
    let entries = entries(body, dated, DAY);
    let shown: Vec<(String, &str, &str)> = entries
        .iter()
        .map(|entry| (entry.stamp.on(DAY).to_string(), entry.title.as_str(), entry.text.as_str()))
        .collect();
    let shown: Vec<(&str, &str, &str)> = shown.iter().map(|(at, title, text)| (at.as_str(), *title, *text)).collect();
    assert_eq!(shown, expected, "{body:?}");
}

#[test]
fn a_log_is_cut_where_its_headings_say_when() {
    check(
        "# Coordination\n\n## 2026-02-13 17:40 UTC — Deployed\n\n### Issue\nA cable.\n\n---\n\n## 18:06 — Tests\nGreen.\n",
        false,
        &[
            ("2026-02-13 17:40", "Deployed", "## 2026-02-13 17:40 UTC — Deployed\n\n### Issue\nA cable."),
            ("2026-02-14 18:06", "Tests", "## 18:06 — Tests\nGreen."),
        ],
    );
    // what stands before the first entry is one, if it says something
    check(
        "Slept well.\n\n## 9:00 a\nx\n## 10:00 b\ny\n",
        false,
        &[
            ("2026-02-14", "", "Slept well."),
            ("2026-02-14 09:00", "a", "## 9:00 a\nx"),
            ("2026-02-14 10:00", "b", "## 10:00 b\ny"),
        ],
    );
}

#[test]
fn a_day_is_cut_at_its_headings() {
    let body = "# Session Log — 2026-02-14\n\n## Done\n\n- lamp\n\n## Learnings\n\n### 2026-02-14 — A\nOne.\n";
    let cut = [
        ("2026-02-14", "Done", "## Done\n\n- lamp"),
        ("2026-02-14", "Learnings", "## Learnings\n\n### 2026-02-14 — A\nOne."),
    ];
    check(body, false, &cut);
    let by_file = body.replace(" — 2026-02-14\n", "\n");
    check(&by_file, true, &cut);
    check(&by_file, false, &[]);
    check("## 09:24 — Morning\n\n### Boot\na\n\n### Mission\nb\n", true, &[]);
}

#[test]
fn entries_keep_the_headings_above_that_matter() {
    check(
        "# Private diary\n\n## Lessons\n\n### 09:00 — One\na\n\n### 10:00 — Two\nb\n",
        false,
        &[
            ("2026-02-14 09:00", "One", "# Private diary\n\n## Lessons\n\n### 09:00 — One\na"),
            ("2026-02-14 10:00", "Two", "# Private diary\n\n## Lessons\n\n### 10:00 — Two\nb"),
        ],
    );
}

#[test]
fn what_is_no_log_stays_one_text() {
    for body in [
        "",
        "Only text.",
        "# How to deploy\n\n## Before\na\n## After\nb\n",
        "# Fallback Test Incident — 2026-02-15\n\n## Summary\na\n## Protocol\nb\n",
        "# 2026-02-14\n\n## Only one\ntext\n",
        "## 09:00 one entry\ntext\n",
        "```\n## 09:00 a\nx\n## 10:00 b\ny\n```\n",
        "- 02:00 the backup starts\n- 03:00 the backup starts\n",
        "- 02:00 HEARTBEAT_OK\n",
    ] {
        check(body, false, &[]);
    }
}

#[test]
fn repeated_signs_of_life_become_one_with_their_span() {
    check(
        "# Log\n\n## 18:06 UTC — Heartbeat\n\n**Backlog**: 0\n\n## 18:08 UTC — Heartbeat\n\n**Backlog**: 0\n\n## 18:10 UTC — Heartbeat\n\n**Backlog**: 2\n",
        false,
        &[
            ("2026-02-14 18:10", "Heartbeat", "## 18:10 UTC — Heartbeat\n\n**Backlog**: 2"),
            (
                "2026-02-14 18:06",
                "Heartbeat",
                "## Heartbeat\n\n**Backlog**: 0\n\n_From 2026-02-14 18:06 to 2026-02-14 18:08._",
            ),
        ],
    );
    check(
        "- 00:00 HEARTBEAT_OK\n- 00:30 deployed\n  - to staging\n- 01:00 HEARTBEAT_OK\n- 02:00 HEARTBEAT_OK\n  but slow\n",
        false,
        &[
            ("2026-02-14", "", "- 00:30 deployed\n  - to staging\n- 02:00 HEARTBEAT_OK\n  but slow"),
            ("2026-02-14 00:00", "", "- HEARTBEAT_OK\n\n_From 2026-02-14 00:00 to 2026-02-14 01:00._"),
        ],
    );
}

#[test]
fn a_sign_of_life_says_when_it_was_made() {
    let read = |text: &str| beat(text, &moment("20:00"));
    let one = read("18:06 heartbeat ok").expect("a beat");
    assert_eq!((one.from.to_string().as_str(), &one.to), ("2026-02-14 18:06", &one.from));
    assert_eq!(read("heartbeat ok").expect("a beat").from, moment("20:00"));
    let both = folded("18:06 heartbeat ok", &one.from, &moment("20:00"));
    let again = read(&both).expect("a folded one is one");
    assert_eq!((again.identity, again.from, again.to), (one.identity.clone(), one.from.clone(), moment("20:00")));
    assert_eq!(folded(&both, &one.from, &moment("20:00")), both, "folding what is folded changes nothing");
    assert_ne!(read("18:06 heartbeat ok, 3 errors").expect("a beat").identity, one.identity);
    for text in ["", "18:06 deployed", "02:00 the backup starts", "Nota: ping\u{e9}e"] {
        assert_eq!(read(text), None, "{text:?}");
    }
    assert!(read("Journal de bord\n09:00 — rien à signaler").is_some());
}

proptest::proptest! {
    #[test]
    fn any_text_is_cut_without_loss(body in "(#{1,3} )?[0-9a-z:é \\-\n]{0,60}(\n(## |- )?(0[0-9]:00 )?(ping|heartbeat ok|x)\n?){0,12}") {
        let entries = entries(&body, true, DAY);
        let kept: Vec<String> = entries.iter().map(|entry| entry.text.clone()).collect();
        let kept = kept.join("\n\n");
        for statement in crate::statement::statements(&body).iter().filter(|_| !entries.is_empty()) {
            // a sign of life lives on without its time
            let is_beat = ["ping", "heartbeat"].iter().any(|word| statement.text.contains(word));
            proptest::prop_assert!(is_beat || document::is_empty(&statement.text) || kept.contains(statement.text.trim()), "{:?} of {:?} in {:?}", statement.text, body, kept);
        }
    }
}
