//! Titles: what a piece is about, in its own words.

use commune_knowledge::{
    document,
    heading::{
        self,
        fold::{fold, tokens},
    },
};

use super::blocks::item_text;

/// Most characters of a title that stands as it is: cut, it would only be said again below.
const WHOLE: usize = 110;
/// Most characters of what is cut.
const LIMIT: usize = 80;
/// A lead-in of so many words names a matter, but says nothing of it yet.
const BARE: usize = 3;
/// Most bytes of a title on the wire.
const BYTES: usize = 240;

/// Bold words that label a part of a thought instead of naming its subject.
#[rustfmt::skip]
const LABELS: &[&str] = &[
    "issue", "problem", "cause", "root cause", "reason", "why", "rationale", "solution", "fix", "rule", "decision",
    "impact", "result", "outcome", "context", "finding", "note", "example", "lesson", "learned", "before", "after",
    "what", "how", "tip", "warning", "important", "insight", "constat", "regle", "regle etablie", "regle validee",
    "raison", "pourquoi", "probleme", "resultat", "contexte", "lecon", "exemple", "attention", "problema", "causa",
    "solucion", "soluzione", "regla", "regola", "problem", "ursache", "grund", "losung", "regel", "ergebnis",
    "hinweis", "pattern valide", "implication", "symptom", "symptome", "status", "statut",
    "actions", "actions completed", "actions taken", "changes", "changes made", "steps", "what happened",
];

/// Bold words that begin a note about the log itself, not about anything learned.
#[rustfmt::skip]
const HOUSEKEEPING: &[&str] = &[
    "documentation", "docs", "doc", "system status", "status", "statut", "incident closed", "files", "fichiers",
    "commit", "commits", "git", "git commits", "next", "next step", "next steps", "prochaine etape",
    "prochaines etapes", "timeline", "todo", "to do", "a faire", "duration", "duree", "date", "time", "logged",
    "priority", "priorities", "priorite", "priorites", "priorite du jour", "priorites du jour", "focus", "agenda",
];

/// The title of a piece from its own first words: a bold lead-in, the words before a colon, or the first sentence.
/// Empty only for a text without a word.
pub fn lead(text: &str) -> String {
    [opening(text), shorten(&plain(text)), shorten(text)]
        .into_iter()
        .find(|title| !title.is_empty())
        .unwrap_or_default()
}

fn opening(text: &str) -> String {
    let line = first_line(text);
    if let Some((bold, rest)) = bold_lead(line) {
        if !is_label(&bold) {
            return led(&bold, rest);
        }
        if !rest.is_empty() {
            return sentence(rest);
        }
        // the label stands alone: what it labels begins on the next line
        let below = text.split_once('\n').map_or("", |(_, below)| below);
        if !below.trim().is_empty() {
            return sentence(first_line(below));
        }
        return shorten(&bold);
    }
    if let Some((head, rest)) = split_colon(line) {
        let words = tokens(head).len();
        if is_label(head) {
            return sentence(rest);
        }
        if (2..=8).contains(&words) {
            return led(&plain(head), rest);
        }
    }
    sentence(line)
}

/// A lead-in as a title; a short one with what is said of it.
fn led(lead: &str, said: &str) -> String {
    let said = if tokens(lead).len() <= BARE { sentence(said) } else { String::new() };
    let whole = format!("{}: {said}", shorten(lead));
    let fits = whole.chars().count() <= WHOLE && whole.len() <= BYTES;
    // cut, it says no more than what it leads in
    if said.is_empty() || !fits && tokens(lead).len() > 1 { shorten(lead) } else { shorten(&whole) }
}

/// A title without the date, the time and the marks before it.
pub fn undated(title: &str) -> String {
    let title = title.trim();
    let subject = match title.starts_with(|c: char| c.is_ascii_digit() || !c.is_alphanumeric()) {
        true => heading::subject(title),
        false => String::new(),
    };
    if subject.is_empty() { title.to_owned() } else { subject }
}

/// True when a piece is about the log itself: files written, commits made, what comes next.
pub fn is_housekeeping(text: &str) -> bool {
    let line = first_line(text);
    let label = bold_lead(line).map(|(bold, _)| bold).or_else(|| split_colon(line).map(|(head, _)| plain(head)));
    label.is_some_and(|label| HOUSEKEEPING.contains(&key(&label).as_str()))
}

/// The text without its bold lead-in: what is said, not what it is about.
pub fn without_lead(text: &str) -> &str {
    bold_lead(first_line(text)).and_then(|(_, rest)| text.find(rest).map(|at| &text[at..])).unwrap_or(text)
}

/// True when a block begins with a bold lead-in that names a subject of its own.
pub fn has_own_subject(text: &str) -> bool {
    bold_lead(first_line(text)).is_some_and(|(bold, _)| !is_label(&bold))
}

/// At most 110 characters, or less where a thought ends or at a word, and at most 240 bytes; on one line.
pub fn shorten(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = unmarked(&text);
    if text.chars().count() <= WHOLE && text.len() <= BYTES {
        return text.to_owned();
    }
    if let Some(thought) = document::beginning(text, LIMIT) {
        return unmarked(thought).to_owned();
    }
    let mut cut = String::new();
    for c in text.chars().take(LIMIT - 1) {
        if cut.len() + c.len_utf8() > BYTES - 3 {
            break;
        }
        cut.push(c);
    }
    if let Some(space) = cut.rfind(' ').filter(|&at| at > cut.len() / 2) {
        cut.truncate(space);
    }
    format!("{}…", cut.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, ')' | '`')))
}

/// The first line with its list mark, check box and leading marks taken off.
fn first_line(text: &str) -> &str {
    let line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("").trim();
    let line = item_text(line).unwrap_or(line);
    let line = line.trim_start_matches(['>', '#']).trim_start();
    let line = ["[ ] ", "[x] ", "[X] "].iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line);
    line.trim_start_matches(|c: char| {
        !c.is_alphanumeric()
            && !matches!(c, '*' | '_' | '`' | '"' | '«' | '“' | '\'' | '$' | '/' | '~' | '[' | '(' | '¿' | '¡' | '<')
    })
}

fn bold_lead(line: &str) -> Option<(String, &str)> {
    let mark = ["**", "__"].into_iter().find(|m| line.starts_with(m))?;
    let (bold, rest) = line[2..].split_once(mark)?;
    let bold = plain(bold);
    // a sentence in bold is a sentence
    (!bold.is_empty() && bold.chars().count() <= LIMIT && !bold.ends_with('.')).then(|| {
        (bold, rest.trim_start_matches(|c: char| matches!(c, ':' | '：' | '—' | '–' | '-' | '→') || c.is_whitespace()))
    })
}

fn split_colon(line: &str) -> Option<(&str, &str)> {
    line.char_indices().find_map(|(at, c)| {
        let rest = &line[at + c.len_utf8()..];
        let colon = c == '：' || (c == ':' && (rest.starts_with(' ') || rest.is_empty()));
        (colon && !line[..at].contains('`')).then_some((&line[..at], rest.trim_start()))
    })
}

fn sentence(text: &str) -> String {
    let text = plain(text);
    let end = text.char_indices().find_map(|(at, c)| {
        let next = text[at + c.len_utf8()..].chars().next();
        match c {
            '。' | '！' | '？' | '।' | '؟' => Some(at),
            '.' | '!' | '?' | ';' if at >= 12 && next.is_none_or(char::is_whitespace) => Some(at),
            _ => None,
        }
    });
    shorten(end.map_or(text.as_str(), |at| &text[..at]))
}

/// A text without the marks around it.
fn unmarked(text: &str) -> &str {
    text.trim_matches(|c: char| matches!(c, ':' | '：' | '—' | '–' | '-' | ',' | ';' | '.' | '。') || c.is_whitespace())
}

fn plain(text: &str) -> String {
    document::plain_text(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_end_matches([':', '：', ' '])
        .to_owned()
}

fn is_label(text: &str) -> bool {
    LABELS.contains(&key(text).as_str()) || HOUSEKEEPING.contains(&key(text).as_str())
}

fn key(label: &str) -> String {
    fold(&tokens(label).join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, title: &str) {
        assert_eq!(lead(text), title, "{text}");
    }

    #[test]
    fn a_title_says_what_a_piece_is_about() {
        check(
            "1. **Session persistence** : SIGUSR1 ≠ model switch for active sessions",
            "Session persistence: SIGUSR1 ≠ model switch for active sessions",
        );
        check("**Retry as long as the header says**: or wait", "Retry as long as the header says");
        check(
            "- Configuration Brave nécessite `tools.web.search.apiKey` + restart gateway",
            "Configuration Brave nécessite tools.web.search.apiKey + restart gateway",
        );
        check(
            "**Issue**: Workspace isolation blocked the channel (agents cannot see it).",
            "Workspace isolation blocked the channel (agents cannot see it)",
        );
        check("- Wildcard certs: use the DNS challenge", "Wildcard certs: use the DNS challenge");
        check("**Actions completed**:\n1. ✅ Moved the folder out", "Moved the folder out");
        check("- ✅ Deploy on Friday is never worth it. Really.", "Deploy on Friday is never worth it");
        check("**Rationale** :\n- Config syntax validated", "Config syntax validated");
        check("証明書は毎月更新する。忘れずに。", "証明書は毎月更新する");
        assert!(is_housekeeping("**Documentation** :\n- `memory/x.md`"));
        assert!(!is_housekeeping("Documentation goes stale quickly"));
    }

    #[test]
    fn a_title_is_cut_where_a_thought_ends() {
        check(
            "A machine that gets too warm fails at the worst hour: read `sensors` once a week and write the highest value down.",
            "A machine that gets too warm fails at the worst hour",
        );
        check(
            "Ajouter `Persistent=true` fait rattraper le passage manqué quand la machine était éteinte.",
            "Ajouter Persistent=true fait rattraper le passage manqué quand la machine était éteinte",
        );
        check(
            "**Issue**: Workspace isolation blocked the direct channel (agents can't access each other's workspaces, nor write to them).",
            "Workspace isolation blocked the direct channel",
        );
        check(
            "**Infrastructure First:** The deployment of the vault is a force multiplier for all of the work that comes after it in any week",
            "Infrastructure First",
        );
    }

    #[test]
    fn a_title_has_no_time_before_it() {
        assert_eq!(undated("06:10 UTC — Model Backup URGENT FIX"), "Model Backup URGENT FIX");
        assert_eq!(undated("🎯 Decision: stay"), "Decision: stay");
        for title in ["Retry on 429", "C#: no `null`", "2026-02-14", ""] {
            assert_eq!(undated(title), title);
        }
    }

    #[test]
    fn titles_are_short_whatever_they_are_made_of() {
        for text in ["word ".repeat(60), "語".repeat(300), "x".repeat(500)] {
            let title = lead(&text);
            assert!(title.chars().count() <= WHOLE && title.len() <= BYTES, "{title}");
        }
    }
}
