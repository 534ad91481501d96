//! Worth: whether a stranger can use what a section of a log says. Status lines are for the log alone.

use commune_knowledge::{
    document,
    heading::{self, fold::tokens},
    normalize,
    statement::{Statement, statements},
};

use super::{
    Kind,
    blocks::{BlockKind, blocks, item_text},
    titles,
};

/// A statement of fewer words, numbers and times not counted, tells a state and teaches nothing.
const FEWEST_WORDS: usize = 5;
/// A statement of more words is never taken for a remark that something is still open.
const LONGEST_REMARK: usize = 12;

/// What an item is ticked off with.
const TICKS: &[&str] = &["✅", "✔\u{fe0f}", "✔", "☑\u{fe0f}", "☑", "[x]", "[X]"];
/// First words of an item that says what was done, without accents, beside English ones that end with `ed`.
#[rustfmt::skip]
const DONE: &[&str] = &[
    "made", "built", "rebuilt", "sent", "resent", "set", "wrote", "rewrote", "ran", "put", "took", "got", "did", "cree", "crees", "creee", "creees",
    "ajoute", "ajoutee", "deploye", "deployee", "deplace", "deplacee", "envoye", "envoyee", "corrige", "corrigee", "supprime", "supprimee", "installe",
    "installee", "configure", "configuree", "teste", "testee", "valide", "validee", "documente", "documentee", "mis", "mise", "erstellt", "geloscht",
    "verschoben", "installiert", "aktualisiert", "gepruft", "gesendet", "behoben", "creado", "creada", "movido", "movida", "anadido", "anadida",
    "actualizado", "actualizada", "enviado", "enviada", "corregido", "corregida", "instalado", "instalada", "eliminado", "eliminada",
];
/// Fewest and most digits of the hash of a commit.
const HASH: std::ops::RangeInclusive<usize> = 7..=40;

/// True when at least one statement says something that helps without the log around it; code and steps in a
/// given order do too. What is decided only later is no decision yet, and what was done on the day is of the day: items that are ticked off, commits.
pub fn teaches(kind: Kind, text: &str) -> bool {
    let said = statements(text);
    let telling = is_procedure(text) || said.iter().any(is_telling);
    telling && !(kind == Kind::Decision && said.iter().all(is_open))
}

fn is_procedure(text: &str) -> bool {
    let numbered = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    let step = |text: &str| numbered(text) && !was_done(text);
    blocks(text).iter().filter(|block| block.kind == BlockKind::Item && step(block.text)).count() > 1
}

/// An item that is ticked off and begins with what was done, or names a commit.
fn was_done(item: &str) -> bool {
    let item = item_text(item).unwrap_or(item).trim_start();
    let first = |text: &str| tokens(text).into_iter().next().unwrap_or_default();
    let done = |word: &str| DONE.contains(&word) || word.len() > "need".len() && word.ends_with("ed");
    let ticked = TICKS.iter().find_map(|tick| item.strip_prefix(tick));
    ticked.is_some_and(|rest| done(&first(rest))) || is_hash(&first(item))
}

/// The beginning of a commit's hash: letters and figures.
fn is_hash(word: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| word.bytes().any(|byte| wanted(&byte));
    HASH.contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

fn is_telling(statement: &Statement) -> bool {
    statement.code
        || !was_done(&statement.text) && {
            let said = document::plain_text(titles::without_lead(&statement.text));
            let is_word = |word: &&String| !word.starts_with(|c: char| c.is_numeric());
            normalize::words(&said).iter().filter(is_word).count() >= FEWEST_WORDS
        }
}

fn is_open(statement: &Statement) -> bool {
    let said = document::plain_text(&statement.text);
    normalize::words(&said).len() <= LONGEST_REMARK && heading::is_open(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: bool) {
        assert_eq!(teaches(kind, text), expected, "{text}");
    }

    #[test]
    fn what_a_stranger_can_use_is_worth_sharing() {
        check(Kind::Lesson, "**Retries:** wait as long as the header says", true);
        check(Kind::Lesson, "- ✅ Deploy on Friday is never worth it. Really.", true);
        check(Kind::Fix, "Before:\n\n```sh\nnginx -t\n```", true);
        check(Kind::HowTo, "1. Stop it\n2. Copy it\n3. Start it", true);
        check(Kind::Lesson, "証明書は毎月更新する。忘れずに。", true);
        check(
            Kind::Decision,
            "**Retries:** waiting is required between two attempts, so that the other side may recover first",
            true,
        );
        check(Kind::Decision, "No cloud for what is private. The key of the other one is pending.", true);
    }

    #[test]
    fn status_lines_are_not() {
        check(Kind::Lesson, "", false);
        check(Kind::Fix, "- ✅ Build done\n- ✅ Deployed 17:45 UTC\n- ✅ 12 files moved", false);
        let report = "**Actions completed**:\n1. ✅ Created the shared folder with an inbox for each agent\n2. ✅ Moved the protocol and all messages into it\n\n\
            **Git commits**:\n- c93f93b (shared): Enable the heartbeat that looks into the inbox\n\n**Timeline**: 30 minutes";
        check(Kind::Fix, report, false);
        check(Kind::Fix, &report.replace("✅ Created", "Create"), true);
        check(Kind::Fix, "- [x] Envoyé le message de test une fois de plus avec les bons chemins", false);
        check(Kind::Lesson, "**The factory:** 11 files, 20+ variables = reproducible deployment", false);
        check(Kind::Lesson, "17:38 → 17:45 UTC, 30 minutes, 61 KB", false);
        check(Kind::Decision, "**Voyage AI** : GO (L2 approuvé) — en attente clé API de Blaise", false);
        check(Kind::Decision, "**Upgrade**: nobody has said anything yet → to be decided", false);
    }
}
