//! What a heading says: whether it announces lessons, how-tos, fixes or decisions. The words are in `heading/words.rs`,
//! one table for all who read headings.
//!
//! **In doubt a section stays private**: a heading counts only where its words begin or end a part of it, and
//! never where it also says that something is private or not decided yet.

pub mod fold;
mod parts;
mod words;

use std::sync::LazyLock;

use fold::{fold, is_unspaced, tokens};
pub(crate) use parts::is_date_or_time;
use parts::{Part, parts, strip_marks};
use words::{COLLECTIONS, GENERIC, LANGUAGES};

/// Fewest telling words of a heading that names a matter.
const TOPIC_WORDS: usize = 2;

/// What a heading can announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Something learned.
    Lesson,
    /// How something is done.
    HowTo,
    /// How something broken was mended.
    Fix,
    /// What was decided, and why.
    Decision,
}

impl Kind {
    /// The kind as notes carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::HowTo => "how-to",
            Self::Fix => "fix",
            Self::Decision => "decision",
        }
    }
}

/// A heading that announces something to share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// What stands under it.
    pub kind: Kind,
    /// True when it announces several things ("Lessons learned"), false for one ("Fix: …").
    pub several: bool,
    /// What the heading itself says it is about; empty when it only says that there is something.
    pub about: String,
}

impl Announcement {
    /// True when it only says that such things follow ("Lessons learned"): a heading, but no title.
    pub fn is_only_a_kind(&self) -> bool {
        self.about.is_empty()
    }
}

struct Phrase {
    tokens: Vec<String>,
    text: String,
    unspaced: bool,
    kind: Kind,
    several: bool,
}

static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let mut phrases = Vec::new();
    for (_, language) in LANGUAGES {
        let kinds = [
            (Kind::Lesson, &language.lesson),
            (Kind::HowTo, &language.how_to),
            (Kind::Fix, &language.fix),
            (Kind::Decision, &language.decision),
        ];
        for (kind, words) in kinds {
            for (several, list) in [(false, words.one), (true, words.many)] {
                phrases.extend(list.iter().map(|phrase| Phrase {
                    tokens: tokens(phrase),
                    text: fold(phrase),
                    unspaced: phrase.chars().any(is_unspaced),
                    kind,
                    several,
                }));
            }
        }
    }
    // the longest phrase is the most exact one; the sort is stable, so the table's order decides the rest
    phrases.sort_by_key(|p| std::cmp::Reverse((p.tokens.len(), p.text.chars().count())));
    phrases
});

/// Words that close a section: open and private ones, or only the private ones.
struct Closing {
    tokens: Vec<String>,
    text: String,
    unspaced: bool,
    private: bool,
}

static CLOSING: LazyLock<Vec<Closing>> = LazyLock::new(|| {
    let closing = |private| {
        move |phrase: &&'static str| Closing {
            tokens: tokens(phrase),
            text: fold(phrase),
            unspaced: phrase.chars().any(is_unspaced),
            private,
        }
    };
    LANGUAGES
        .iter()
        .flat_map(|(_, l)| {
            l.open.iter().map(closing(false)).chain(l.private.iter().map(closing(true))).collect::<Vec<_>>()
        })
        .collect()
});

/// What a heading announces; none when what stands under it stays private.
pub fn announcement(heading: &str) -> Option<Announcement> {
    let parts = parts(heading);
    let (index, phrase) = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| !part.aside)
        .find_map(|(index, part)| PHRASES.iter().find(|p| p.announced_by(part)).map(|p| (index, p)))?;
    let rest = phrase.rest(&parts[index]);
    let closed = CLOSING.iter().any(|c| parts.iter().any(|part| c.closes(part)) || c.borders(&rest));
    (!closed).then(|| Announcement { kind: phrase.kind, several: phrase.several, about: about(&parts, index, &rest) })
}

/// True when a heading says that what stands under it is private.
pub fn is_private(heading: &str) -> bool {
    let parts = parts(heading);
    CLOSING.iter().filter(|c| c.private).any(|c| parts.iter().any(|part| c.closes(part)))
}

/// True when a heading, or a short line that is written like one, says that something is still to be done or
/// decided.
pub fn is_open(heading: &str) -> bool {
    let parts = parts(heading);
    CLOSING.iter().filter(|c| !c.private).any(|c| parts.iter().any(|part| c.closes(part)))
}

/// True for a word that says nothing of what a heading is about.
pub(crate) fn is_generic(word: &str) -> bool {
    GENERIC.contains(&word)
}

/// The heading as a title: without dates, times, marks before it and what it says in brackets of how far something is; empty when nothing is
/// left that says what it is about.
pub fn subject(heading: &str) -> String {
    join(&parts(heading), |part| informative(&part.tokens) && !part.tells_a_state())
}

/// True for a heading that ends with a noun for several things ("Technical insights").
pub fn is_collection(heading: &str) -> bool {
    tokens(heading).last().is_some_and(|last| COLLECTIONS.contains(&last.as_str()))
}

/// What a heading names as the matter of all that stands under it: its [`subject`], without what it announces; empty where that is only a word.
pub fn topic(heading: &str) -> String {
    let subject = announcement(heading).map_or_else(|| subject(heading), |announced| announced.about);
    let telling =
        |token: &&String| !is_date_or_time(token) && !is_generic(token) && !COLLECTIONS.contains(&token.as_str());
    if tokens(&subject).iter().filter(telling).count() < TOPIC_WORDS { String::new() } else { subject }
}

impl Phrase {
    fn announced_by(&self, part: &Part) -> bool {
        if self.unspaced {
            let text = fold(&part.text).trim().to_owned();
            return text.starts_with(&self.text) || text.ends_with(&self.text);
        }
        if part.tokens.starts_with(&self.tokens) {
            return true;
        }
        // "Strategic decisions" and "Model backup fix", but no sentence that happens to end so
        part.tokens.len() <= 6
            && part.tokens.len() > self.tokens.len()
            && part.tokens.ends_with(&self.tokens)
            && self.can_end()
    }

    /// The words of the part without the phrase.
    fn rest(&self, part: &Part) -> Vec<String> {
        let n = self.tokens.len();
        if self.unspaced {
            vec![fold(&part.text).replace(&self.text, "")]
        } else if part.tokens.starts_with(&self.tokens) {
            part.tokens[n..].to_vec()
        } else {
            part.tokens[..part.tokens.len() - n].to_vec()
        }
    }

    /// Question words begin a heading; at the end of one they mean nothing.
    fn can_end(&self) -> bool {
        self.kind != Kind::HowTo || self.tokens.len() > 1 || self.text.chars().count() > 4
    }
}

impl Closing {
    /// A part of the heading begins or ends with it ("Health check" is no medical matter inside a sentence).
    fn closes(&self, part: &Part) -> bool {
        if self.unspaced {
            return !part.text.is_ascii() && fold(&part.text).contains(&self.text);
        }
        part.tokens.starts_with(&self.tokens) || part.tokens.ends_with(&self.tokens)
    }

    /// It stands directly beside the announcing words: "fixes needed for the build".
    fn borders(&self, rest: &[String]) -> bool {
        !self.unspaced && (rest.starts_with(&self.tokens) || rest.ends_with(&self.tokens))
    }
}

fn about(parts: &[Part], announced: usize, rest: &[String]) -> String {
    let kept: Vec<bool> = parts
        .iter()
        .enumerate()
        .map(|(i, part)| informative(if i == announced { rest } else { &part.tokens }) && !part.tells_a_state())
        .collect();
    // an aside alone ("(option A)") names nothing
    if !parts.iter().zip(&kept).any(|(part, keep)| *keep && !part.aside) {
        return String::new();
    }
    let mut kept = kept.into_iter();
    join(parts, |_| kept.next().unwrap_or(false))
}

fn join(parts: &[Part], mut keep: impl FnMut(&Part) -> bool) -> String {
    let mut title = String::new();
    for part in parts {
        if !keep(part) {
            continue;
        }
        if part.aside {
            title.push_str(if title.is_empty() { "" } else { " " });
            title.push_str(&format!("({})", part.text));
        } else {
            title.push_str(if title.is_empty() { "" } else { ": " });
            title.push_str(strip_marks(&part.text));
        }
    }
    title
}

fn informative(tokens: &[String]) -> bool {
    tokens.iter().any(|t| !t.is_empty() && !is_date_or_time(t) && !is_generic(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(heading: &str, expected: Option<(Kind, bool, &str)>) {
        let found = announcement(heading);
        let found = found.as_ref().map(|a| (a.kind, a.several, a.about.as_str()));
        assert_eq!(found, expected, "`{heading}`");
    }

    #[test]
    fn headings_of_real_logs() {
        check("🎓 Lessons Learned", Some((Kind::Lesson, true, "")));
        check("Apprentissages", Some((Kind::Lesson, true, "")));
        check("Leçons Apprises — Session", Some((Kind::Lesson, true, "")));
        check("📚 Learnings — Integrated", Some((Kind::Lesson, true, "")));
        check("🎯 Strategic Decisions", Some((Kind::Decision, true, "")));
        check(
            "09:00 — Décisions Blaise (articles IZHC)",
            Some((Kind::Decision, true, "Décisions Blaise (articles IZHC)")),
        );
        check(
            "🎯 Decision: ABANDON TEST (Blaise approval)",
            Some((Kind::Decision, false, "ABANDON TEST (Blaise approval)")),
        );
        check(
            "Leçon critique — Credential collection : HARD LIMIT",
            Some((Kind::Lesson, false, "Credential collection: HARD LIMIT")),
        );
        check("Leçon finale sur credentials", Some((Kind::Lesson, false, "Leçon finale sur credentials")));
        check("06:10 UTC — Model Backup URGENT FIX", Some((Kind::Fix, false, "Model Backup URGENT FIX")));
        check("Fix Deployed (Option A: workspace-shared)", Some((Kind::Fix, false, "")));
        check("What I learned", Some((Kind::Lesson, true, "")));
        check("Decisions (2026-02-14)", Some((Kind::Decision, true, "")));
        check("Fix of the proxy", Some((Kind::Fix, false, "Fix of the proxy")));
        check("Grok Skill Investigation", None);
        check("2026-02-14 17:40 UTC — Canal Direct Deployment (workspace-shared fix)", None);
    }

    #[test]
    fn headings_in_many_languages() {
        for (heading, kind) in [
            ("Ce que j’ai appris", Kind::Lesson),
            ("ENSEIGNEMENTS", Kind::Lesson),
            ("Correctif", Kind::Fix),
            ("💡 Comment faire", Kind::HowTo),
            ("Was ich gelernt habe", Kind::Lesson),
            ("Entscheidungen", Kind::Decision),
            ("Lösung", Kind::Fix),
            ("Lecciones aprendidas", Kind::Lesson),
            ("Decisión", Kind::Decision),
            ("Cosa ho imparato", Kind::Lesson),
            ("Lições aprendidas", Kind::Lesson),
            ("Geleerde lessen", Kind::Lesson),
            ("Уроки", Kind::Lesson),
            ("Решение", Kind::Decision),
            ("经验教训", Kind::Lesson),
            ("今日学んだこと", Kind::Lesson),
            ("決定事項", Kind::Decision),
            ("배운 점", Kind::Lesson),
            ("الدروس المستفادة", Kind::Lesson),
            ("सीखे गए सबक", Kind::Lesson),
            ("How-To", Kind::HowTo),
        ] {
            assert_eq!(announcement(heading).map(|a| a.kind), Some(kind), "`{heading}`");
        }
    }

    #[test]
    fn in_doubt_a_section_stays_private() {
        for heading in [
            "Summary",
            "",
            "Personal lessons",
            "Decisions pending",
            "Things to fix",
            "Décisions à prendre",
            "Offene Entscheidungen",
            "Leçons (privé)",
            "Family decisions",
            "Prefix handling",
            "I still have to figure out how to fix it",
            "Fallback status",
            "Open decisions",
            "个人教训",
            "Skills & Plugins",
            "Procédure SSH",
            "Prefixes and suffixes",
            "Actions du jour",
        ] {
            check(heading, None);
        }
    }

    #[test]
    fn a_heading_says_that_it_is_private() {
        for heading in ["Private", "Family decisions", "Leçons (privé)", "14:00 — Personal", "个人教训"] {
            assert!(is_private(heading), "`{heading}`");
        }
        for heading in ["", "Decisions pending", "Lessons", "Privateer hulls"] {
            assert!(!is_private(heading), "`{heading}`");
        }
    }

    #[test]
    fn a_heading_says_that_something_is_open() {
        for heading in ["Decisions pending", "Voyage AI : GO — en attente clé API", "Upgrade → to be decided", "未决"]
        {
            assert!(is_open(heading), "`{heading}`");
        }
        for heading in ["", "Decisions", "Family decisions", "Openings of the game"] {
            assert!(!is_open(heading), "`{heading}`");
        }
    }

    #[test]
    fn a_topic_is_more_than_a_word() {
        for (heading, expected) in [
            ("2026-02-12 — Démarrage Ralph + Première Veille", "Démarrage Ralph + Première Veille"),
            ("06:27-06:30 UTC — Fallback Test Incident (INCOMPLETE → CLOSED)", "Fallback Test Incident"),
            ("Strategic Pivot & Infrastructure Sprint: Lessons Learned", "Strategic Pivot & Infrastructure Sprint"),
            ("Session Log — 2026-02-14", ""),
            ("Lessons Learned", ""),
            ("Productivity Patterns", ""),
        ] {
            assert_eq!(topic(heading), expected);
        }
    }

    #[test]
    fn a_subject_has_no_date_and_no_mark() {
        for (heading, subject_) in [
            ("2026-02-14 — Mode Vitesse Lumière Efficace", "Mode Vitesse Lumière Efficace"),
            ("1. Validation Outils", "Validation Outils"),
            ("🔍 Discovery: Session Persistence", "Discovery: Session Persistence"),
            ("Migration du proxy (terminé, 14 h)", "Migration du proxy"),
            ("Move the proxy (closed ports)", "Move the proxy (closed ports)"),
            ("15 février 2026", ""),
        ] {
            assert_eq!(subject(heading), subject_);
        }
    }
}
