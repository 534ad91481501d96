use super::*;

fn note(kind: &str, visibility: Visibility, text: &str) -> Note {
    Note {
        id: "n1".into(),
        text: text.into(),
        title: String::new(),
        kind: kind.into(),
        visibility,
        tags: vec!["pinned".into(), "tag".into()],
        logged_on: "2026-02-14".into(),
        changed: "2026-02-14".into(),
    }
}

/// The pieces of a log that says nothing about who may read it: kind, title, text.
fn check(text: &str, expected: &[(Kind, &str, &str)]) {
    let pieces = extract("ada", &note("log", Visibility::Unspecified, text));
    let found: Vec<(Kind, &str, &str)> = pieces.iter().map(|p| (p.kind, p.title.as_str(), p.text.as_str())).collect();
    assert_eq!(found, expected);
}

fn count(kind: &str, visibility: Visibility, text: &str) -> usize {
    extract("ada", &note(kind, visibility, text)).len()
}

const LESSON: &str = "# Retry on 429\n\nAlways wait as long as the header says.\n";

#[test]
fn kind_and_visibility_decide() {
    use Visibility::{Commune, Private, Unspecified};
    for kind in ["lesson", "how-to", "fix", "decision", "skill", "Lesson", "howto"] {
        assert_eq!(count(kind, Unspecified, LESSON), 1, "{kind}");
        assert_eq!(count(kind, Private, LESSON), 0, "{kind}");
    }
    for kind in ["", "log", "fact", "preference", "note", "person"] {
        assert_eq!(count(kind, Unspecified, LESSON), 0, "{kind}");
        assert_eq!(count(kind, Commune, LESSON), 1, "{kind}");
    }
    let log = "## Lessons\n\n- Always wait as long as the header says.\n";
    assert_eq!(count("log", Unspecified, log), 1);
    assert_eq!(count("log", Private, log), 0);
    assert_eq!(count("preference", Unspecified, log), 0);
    assert_eq!(extract("ada", &note("fact", Commune, LESSON))[0].kind, Kind::Fact);
}

#[test]
fn a_note_shared_whole_keeps_its_text_title_and_tags() {
    let pieces = extract("ada", &note("lesson", Visibility::Unspecified, LESSON));
    assert_eq!((pieces[0].title.as_str(), pieces[0].text.as_str()), ("Retry on 429", LESSON.trim()));
    assert_eq!(pieces[0].tags, ["tag"]);
}

#[test]
fn a_private_section_of_a_shared_note_stays() {
    let text = "# Retry on 429\n\nAlways wait as long as the header says.\n\n## Private\n\nMarie forgot it again.\n\n## See also\n\nThe other page.\n";
    let pieces = extract("ada", &note("lesson", Visibility::Commune, text));
    assert_eq!(
        pieces[0].text,
        "# Retry on 429\n\nAlways wait as long as the header says.\n\n## See also\n\nThe other page."
    );
}

#[test]
fn trivial_notes_give_nothing() {
    for text in ["", "# Lesson", "# A heading of many more words\n", "too short", "- \n- \n"] {
        assert_eq!(count("lesson", Visibility::Unspecified, text), 0, "{text:?}");
    }
}

#[test]
fn each_thing_learned_is_a_piece() {
    check(
        "# 2026-02-12\n\n## Setup\n- saw the doctor at nine in the morning\n\n## Apprentissages\n- Configuration Brave nécessite `tools.web.search.apiKey` + restart\n- **Flush** : pre-compaction memory flush is a good moment to save\n- [ ] look into the other thing one of these days\n\n---\n\n## Suite\nprivate words that nobody should read\n",
        &[
            (
                Kind::Lesson,
                "Configuration Brave nécessite tools.web.search.apiKey + restart",
                "Configuration Brave nécessite `tools.web.search.apiKey` + restart",
            ),
            (
                Kind::Lesson,
                "Flush: pre-compaction memory flush is a good moment to save",
                "**Flush** : pre-compaction memory flush is a good moment to save",
            ),
        ],
    );
}

#[test]
fn an_item_on_its_own_is_no_list() {
    check(
        "## Lessons\n1. **Retries** wait as long as the header says:\n   - never less than a second\n   - never more than a minute\n",
        &[(
            Kind::Lesson,
            "Retries: wait as long as the header says",
            "**Retries** wait as long as the header says:\n\n- never less than a second\n- never more than a minute",
        )],
    );
}

#[test]
fn sections_below_are_things_learned() {
    check(
        "## 🎓 Lessons Learned\n\n### Grok Reliability\n**Constat :** Grok invents tools with figures.\n**Règle établie :** check it against the sources.\n\n### Technical Insights\n1. **Claude Max Economics:** a fixed price changes what is worth doing\n2. **2min Heartbeat:** a permanent cycle without burning tokens\n\n### Private\nnobody reads this line of the log\n",
        &[
            (
                Kind::Lesson,
                "Grok Reliability",
                "**Constat :** Grok invents tools with figures.\n**Règle établie :** check it against the sources.",
            ),
            (
                Kind::Lesson,
                "Claude Max Economics: a fixed price changes what is worth doing",
                "**Claude Max Economics:** a fixed price changes what is worth doing",
            ),
            (
                Kind::Lesson,
                "2min Heartbeat: a permanent cycle without burning tokens",
                "**2min Heartbeat:** a permanent cycle without burning tokens",
            ),
        ],
    );
}

#[test]
fn short_things_of_one_log_are_one_piece_with_its_matter_for_a_title() {
    let log = "# 2026-02-16 — Strategic Pivot & Infrastructure Sprint\n\n## 🎓 Lessons Learned\n\n- Compound learning wants a vault of documents\n\n\
        ### Grok Reliability\nGrok invents tools with figures. Check it against the sources.\n\n\
        ### Technical Insights\n1. **Claude Max Economics:** a fixed price changes what is worth doing\n2. **2min Heartbeat:** a permanent cycle without burning tokens\n\n\
        ### What worked exceptionally well\n- Files as a channel between agents, read by both\n";
    let gathered = "- Compound learning wants a vault of documents\n\n## Technical Insights\n\n\
        1. **Claude Max Economics:** a fixed price changes what is worth doing\n2. **2min Heartbeat:** a permanent cycle without burning tokens\n\n\
        ## What worked exceptionally well\n\n- Files as a channel between agents, read by both";
    check(
        log,
        &[
            (Kind::Lesson, "Strategic Pivot & Infrastructure Sprint", gathered),
            (Kind::Lesson, "Grok Reliability", "Grok invents tools with figures. Check it against the sources."),
        ],
    );
    let pieces = extract("ada", &note("log", Visibility::Unspecified, log));
    let alone: Vec<&Piece> = pieces[0].all().into_iter().filter(|piece| piece.parts.is_empty()).collect();
    assert_eq!(alone.len(), 4, "{alone:?}");
    // an entry of a log has its title from there
    let entry = Note {
        title: "Move of the site: Lessons".into(),
        ..note(
            "log",
            Visibility::Unspecified,
            "## Lessons\n\n- Ask the other team first, always\n- Keep the old host for a week\n",
        )
    };
    assert_eq!(extract("ada", &entry)[0].title, "Move of the site");
    // what stands under a date, or under what is private, has no matter
    for above in ["# 2026-02-16", "# Work", "# Private: the move of the site"] {
        let log =
            format!("{above}\n\n## Lessons\n\n- Ask the other team first, always\n- Keep the old host for a week\n");
        assert!(extract("ada", &note("log", Visibility::Unspecified, &log)).len() != 1, "{above}");
    }
}

#[test]
fn numbered_lessons_of_one_matter_are_one_piece() {
    let log = "# Fallback Test Incident — 2026-02-15\n\n## 📚 Learnings — Integrated\n\n### L1: Sessions\nA session keeps its model when the gateway reloads.\n\n\
        ### L2: Restarts\nA restart makes all sessions anew, with the new model.\n";
    check(
        log,
        &[(
            Kind::Lesson,
            "Fallback Test Incident",
            "## L1: Sessions\n\nA session keeps its model when the gateway reloads.\n\n## L2: Restarts\n\nA restart makes all sessions anew, with the new model.",
        )],
    );
}

#[test]
fn one_thing_stays_whole() {
    check(
        "## 06:10 UTC — Model Backup URGENT FIX\n\n### Problème\nThe name lacks its prefix.\n\n### Patch\n```json\n{}\n```\n\n## Next\nother\n",
        &[(
            Kind::Fix,
            "Model Backup URGENT FIX",
            "### Problème\nThe name lacks its prefix.\n\n### Patch\n```json\n{}\n```",
        )],
    );
    check(
        "### 🎯 Decision: ABANDON TEST\n**Rationale** :\n- Config syntax validated\n- Benefit too small for the work\n",
        &[(
            Kind::Decision,
            "ABANDON TEST",
            "**Rationale** :\n- Config syntax validated\n- Benefit too small for the work",
        )],
    );
}

#[test]
fn what_belongs_together_stays_together() {
    check(
        "## Learnings\n\nThe order that worked:\n1. Identity first, always\n2. Channel second, always\n\n**Issue**: isolation blocked the channel between agents.\n\n**Rule**: share one folder outside of both.\n\n**Documentation** :\n- `memory/x.md` was written in full today\n",
        &[
            (
                Kind::Lesson,
                "The order that worked",
                "The order that worked:\n\n1. Identity first, always\n2. Channel second, always",
            ),
            (
                Kind::Lesson,
                "isolation blocked the channel between agents",
                "**Issue**: isolation blocked the channel between agents.\n\n**Rule**: share one folder outside of both.",
            ),
        ],
    );
}

#[test]
fn a_lesson_note_that_is_a_page_of_a_log_gives_each_thing_learned() {
    let items =
        "- **Retries** wait as long as the header says\n- Restart after each change of the model\n- done at 17:45\n";
    let titles = |text: &str| -> Vec<String> {
        extract("ada", &note("lesson", Visibility::Unspecified, text)).into_iter().map(|p| p.title).collect()
    };
    let each = ["Retries: wait as long as the header says", "Restart after each change of the model"];
    assert_eq!(titles(&format!("# 2026-02-12\n\n## 🎓 Lessons learned\n\n{items}")), each);
    // what says more than that is one thing
    assert_eq!(titles(&format!("# Gateway\n\nIt fails.\n\n## Lessons learned\n\n{items}")), ["Gateway"]);
    assert_eq!(titles(&format!("# Lessons: gateway\n\n{items}")), ["Lessons: gateway"]);
    let pieces = extract("ada", &note("lesson", Visibility::Unspecified, &format!("## Lessons\n\n{items}")));
    assert!(pieces.iter().all(|piece| piece.tags == ["tag"]));
    assert_eq!(extract("ada", &note("lesson", Visibility::Commune, &format!("## Lessons\n\n{items}"))).len(), 1);
}

#[test]
fn status_lines_are_no_contributions() {
    check(
        "## Fix\n\n- ✅ Build done\n- ✅ Deployed 17:45 UTC\n\n## Decisions\n\n- **Upgrade**: waiting for the key of Marie → to be decided\n- **Priority**: the second mission of the three is what we do today\n",
        &[],
    );
}

#[test]
fn what_stands_behind_a_rule_is_another_matter() {
    check(
        "## Fix\n\nRestart the gateway after the change.\n\n---\n\nDinner with Marie at eight in the evening.\n",
        &[(Kind::Fix, "Restart the gateway after the change", "Restart the gateway after the change.")],
    );
}

#[test]
fn headings_in_code_announce_nothing() {
    check("# Day\n\n```\n## Lessons\n- this is a template and no lesson\n```\n", &[]);
}

#[test]
fn ids_derive_from_agent_note_heading_and_text() {
    let log = |text: &str| extract("ada", &note("log", Visibility::Unspecified, text)).remove(0).id;
    let one = log("## Lessons\n- wait as long as the header says\n");
    assert_eq!(one, log("# Day\n\nother\n\n## Lessons\r\n- wait as long as the header says\n\n"));
    assert_ne!(one, log("## Lessons\n- wait as long as the header tells\n"));
    let other =
        extract("bob", &note("log", Visibility::Unspecified, "## Lessons\n- wait as long as the header says\n"));
    assert_ne!(one, other[0].id);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(200))]

    /// Invariant 6: **private stays private**. A word of a private part is never in a piece.
    #[test]
    fn private_words_never_leave(lines in proptest::collection::vec(0_usize..14, 0..24)) {
        const LINES: [&str; 14] = [
            "## Summary", "### Meeting", "# Private", "## Personal lessons", "## Décisions à prendre", "- CANARY item of the day",
            "CANARY text of the day", "", "---", "```", "1. CANARY step", "> CANARY quote", "**CANARY:** words", "| CANARY | cell |",
        ];
        let text: Vec<&str> = lines.iter().map(|&i| LINES[i]).collect();
        let text = text.join("\n");
        // a private part before, a shared section, a private part after; and the same text marked private
        let log = format!("# 2026-02-14\n\n{text}\n```\n```\n\n## Lessons learned\n\n- shared words that may be read by all\n\n# Afterwards\n\n{text}\n");
        for piece in extract("ada", &note("log", Visibility::Unspecified, &log)) {
            let said = format!("{} {} {:?}", piece.title, piece.text, piece.tags);
            proptest::prop_assert!(!said.contains("CANARY"), "{}", said);
        }
        proptest::prop_assert!(extract("ada", &note("lesson", Visibility::Private, &log)).is_empty());
        proptest::prop_assert!(extract("ada", &note("preference", Visibility::Unspecified, &log)).is_empty());
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}", body in "[-#*`>|.:0-9a-zé \n]{0,300}") {
        for text in [text.clone(), format!("## Lessons\n{text}"), format!("# Fix\n{body}"), format!("## Lessons\n{body}")] {
            let all = extract("ada", &note("log", Visibility::Unspecified, &text));
            proptest::prop_assert_eq!(&all, &extract("ada", &note("log", Visibility::Unspecified, &text)));
            for piece in all {
                proptest::prop_assert!(!piece.title.is_empty() && piece.title.len() <= 256);
            }
        }
    }
}
