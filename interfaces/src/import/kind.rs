//! What a heading says a piece is.

/// Words that make a piece of a log a note of a kind, in the languages of the workspaces seen so far. The first
/// list with a word of the heading decides.
const KINDS: [(&str, &[&str]); 4] = [
    (
        "lesson",
        &[
            "lesson",
            "lessons",
            "learning",
            "learnings",
            "learned",
            "learnt",
            "takeaway",
            "takeaways",
            "leçon",
            "leçons",
            "lecon",
            "lecons",
            "apprentissage",
            "apprentissages",
            "appris",
            "lektion",
            "lektionen",
            "gelernt",
            "erkenntnis",
            "erkenntnisse",
            "lección",
            "lecciones",
            "aprendizaje",
            "aprendizajes",
            "aprendido",
            "lezione",
            "lezioni",
            "imparato",
            "lição",
            "lições",
            "aprendizado",
            "aprendizados",
            "geleerd",
            "lessen",
            "урок",
            "уроки",
            "выводы",
            "教训",
            "经验",
            "教訓",
            "学び",
        ],
    ),
    (
        "how-to",
        &[
            "howto",
            "runbook",
            "recipe",
            "procedure",
            "procédure",
            "anleitung",
            "procedimiento",
            "procedura",
            "procedimento",
            "handleiding",
            "инструкция",
            "手順",
        ],
    ),
    (
        "fix",
        &[
            "fix",
            "fixes",
            "fixed",
            "bugfix",
            "workaround",
            "correctif",
            "correctifs",
            "correction",
            "corrections",
            "behoben",
            "lösung",
            "solución",
            "soluzione",
            "solução",
            "oplossing",
            "исправление",
            "修正",
        ],
    ),
    (
        "decision",
        &[
            "decision",
            "decisions",
            "decided",
            "décision",
            "décisions",
            "entscheidung",
            "entscheidungen",
            "decisión",
            "decisiones",
            "decisione",
            "decisioni",
            "decisão",
            "decisões",
            "besluit",
            "besluiten",
            "решение",
            "решения",
            "决定",
            "決定",
        ],
    ),
];

/// Phrases of two words.
const PHRASES: [(&str, &str); 4] =
    [("how to", "how-to"), ("how-to", "how-to"), ("mode d'emploi", "how-to"), ("came to learn", "lesson")];

/// The kind of note that a heading promises; `log` when it promises none.
pub(super) fn of_heading(heading: &str) -> &'static str {
    let heading = heading.to_lowercase();
    if let Some((_, kind)) = PHRASES.iter().find(|(phrase, _)| heading.contains(phrase)) {
        return kind;
    }
    let words: Vec<&str> = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let ascii = |word: &str| word.is_ascii();
    let has = |wanted: &&str| {
        // scripts without spaces do not divide into words
        words.contains(wanted) || (!ascii(wanted) && wanted.chars().count() <= 2 && heading.contains(*wanted))
    };
    KINDS.iter().find(|(_, wanted)| wanted.iter().any(has)).map_or("log", |(kind, _)| kind)
}

/// Words that say when or whose, beside the words of the kinds.
const FILLERS: [&str; 60] = [
    "the",
    "a",
    "of",
    "for",
    "from",
    "what",
    "i",
    "we",
    "my",
    "our",
    "to",
    "and",
    "key",
    "new",
    "today",
    "day",
    "days",
    "week",
    "session",
    "sessions",
    "notes",
    "note",
    "s",
    "log",
    "les",
    "le",
    "la",
    "des",
    "du",
    "de",
    "ce",
    "que",
    "j",
    "ai",
    "nous",
    "avons",
    "apprises",
    "apprise",
    "tirées",
    "jour",
    "clés",
    "et",
    "was",
    "ich",
    "wir",
    "habe",
    "haben",
    "heute",
    "des",
    "tages",
    "aprendidas",
    "lo",
    "que",
    "he",
    "hemos",
    "hoy",
    "del",
    "día",
    "oggi",
    "vandaag",
];

/// True when a heading says only what kind of thing follows (`Lessons learned`), so that it is no title.
pub(super) fn is_only_a_kind(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    let mut words = heading.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    of_heading(&heading) != "log"
        && words.all(|word| FILLERS.contains(&word) || KINDS.iter().any(|(_, wanted)| wanted.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(heading: &str, kind: &str) {
        assert_eq!(of_heading(heading), kind, "{heading}");
    }

    #[test]
    fn headings_promise_kinds() {
        check("Lessons Learned", "lesson");
        check("## 📚 Leçons Apprises — Session", "lesson");
        check("Learnings", "lesson");
        check("Apprentissages", "lesson");
        check("06:10 UTC — Model Backup URGENT FIX", "fix");
        check("🎯 Strategic Decisions", "decision");
        check("09:00 — Décisions Blaise (articles IZHC)", "decision");
        check("How to renew the certificate", "how-to");
        check("今日の学び", "lesson");
        check("Prefixes and suffixes", "log");
        check("Actions du jour", "log");
        check("", "log");
    }

    #[test]
    fn a_heading_that_only_says_the_kind_is_no_title() {
        for heading in ["Lessons learned", "📚 Leçons Apprises — Session", "What I learned", "Decisions (2026-02-14)"]
        {
            assert!(is_only_a_kind(heading), "{heading}");
        }
        for heading in ["How to renew the certificate", "Fix of the proxy", "Actions du jour", "Servers", ""] {
            assert!(!is_only_a_kind(heading), "{heading}");
        }
    }
}
