//! Where a text comes from: who noted it, and when. Not a claim.

use super::lookup::known;
use regex::Regex;
use std::sync::LazyLock;

const DATE: &str = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?";

/// The last of the rules that also match what stands around an attribution.
const AROUND: usize = 1;
/// The rule that finds the attribution itself.
const ATTRIBUTION: usize = 3;

const BY: &str =
    r"(?:noted|logged|recorded|jotted down|noté|consigné|notiert|festgehalten|anotado|registrado|annotato|anotado)";
const DATED: &str =
    r"(?:written|reported|added|observed|seen|captured|saved|écrit|ajouté|geschrieben|gesehen|escrito|visto)";
const WHO: &str = r"(?:by|par|von|por|da|durch)\s+[\w.@-]+";
const LABEL: &str =
    r"(?:logged(?:[_ ]at)?|noted(?: by| on)?|recorded(?: by| on)?|created[_ ]at|updated[_ ]at|author|agent|noted_by)";

/// What each rule's match holds: an attribution to somebody, a date, or a label. **A text without any is left as it is**,
/// and the rules, which look behind word boundaries, are slow to say so.
static TRACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)(?:{BY}|{DATED})\s+{WHO}|\d{{4}}-\d{{2}}-\d{{2}}|{LABEL}[ \t]*[:=]")).ok()
});

/// A rule that fails to compile removes nothing; a test holds that each compiles.
static RULES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let (by, dated, who, label) = (BY, DATED, WHO, LABEL);
    let on = format!(r"(?:,?\s*(?:on|at|le|am|um|el|il|em)?\s*{DATE})");
    let attribution = format!(r"(?:{by}\s+{who}{on}?|{dated}\s+{who}{on}|(?:{by}|{dated}){on})");
    [
        format!(r"(?i)\b(?:context|kontext|contexte|contexto|contesto|background|hintergrund)\s*:\s[^\n.()]{{0,200}}\([^()\n]*\b{attribution}[^()\n]*\)\.?"),
        format!(r"(?i)\([^()\n]*\b{attribution}[^()\n]*\)"),
        format!(r"(?im)^[ \t]*(?:[-*+>][ \t]+)?{label}[ \t]*[:=][^\n]{{1,80}}$"),
        format!(r"(?i)\[{DATE}\]|\b{attribution}\b"),
        format!(r"(?i)(?:—|–|--)[ \t]*[\w.-]+,[ \t]*{DATE}[ \t]*$"),
    ]
    .iter()
    .filter_map(|rule| Regex::new(rule).ok())
    .collect()
});

/// The text without its provenance: who noted it and when, and the circumstances that stand with that. Environments,
/// numbers, code, negations and switches in it stay: they are claims wherever they stand.
pub(crate) fn without_provenance(text: &str) -> String {
    let mut text = text.to_owned();
    let has_trace = |text: &str| TRACE.as_ref().is_none_or(|trace| trace.is_match(text));
    let mut trace = has_trace(&text);
    for (index, rule) in RULES.iter().enumerate() {
        if !trace {
            break;
        }
        let mut found = rule.find_iter(&text).peekable();
        if found.peek().is_none() {
            continue;
        }
        let (mut left, mut end) = (String::with_capacity(text.len()), 0);
        for part in found {
            left.push_str(&text[end..part.start()]);
            if index <= AROUND {
                left.push_str(&what_claims(part.as_str()));
            }
            end = part.end();
        }
        left.push_str(&text[end..]);
        text = left;
        trace = has_trace(&text);
    }
    text
}

/// The words of a provenance that are claims all the same.
fn what_claims(part: &str) -> String {
    let rest = RULES.get(ATTRIBUTION).map_or(part.into(), |attribution| attribution.replace_all(part, ""));
    let words = rest.split(|char: char| char.is_whitespace() || "(),.:;[]".contains(char));
    let kept: Vec<&str> = words
        .filter(|word| {
            let lower = word.to_lowercase();
            let lower = lower.as_str();
            let known = known(lower);
            known.environment.is_some_and(|name| name != "test")
                || (known.negation || known.off || known.on)
                || word.contains('`')
                || word.chars().any(|char| char.is_ascii_digit())
        })
        .collect();
    if kept.is_empty() { String::new() } else { format!("{}. ", kept.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let left = without_provenance(text);
        assert_eq!(left.split_whitespace().collect::<Vec<_>>().join(" "), expected, "for {text:?}");
    }

    #[test]
    fn who_and_when_go_and_claims_stay() {
        assert!(RULES.len() == 5 && TRACE.is_some());
        check("Context: useful (edge-proxy, noted by heron on 2026-09-18). Verified.", "Verified.");
        check("[2026-11-22] noted by atlas: the port is 80", ": the port is 80");
        check("Noté par birch le 2026-01-08. Le port est 80.", ". Le port est 80.");
        check("notiert von ember am 2026-01-08", "");
        check("logged_at: 2026-11-22\nthe port is 80", "the port is 80");
        check("seen (production, noted by heron)", "seen production.");
        check("The index is written by the librarian.", "The index is written by the librarian.");
        check("Moved on 2026-11-22 to 9090.", "Moved on 2026-11-22 to 9090.");
    }
}
