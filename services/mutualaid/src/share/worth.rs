//! Worth: whether a stranger can use what a section of a log says. Status lines are for the log alone.

use commune_knowledge::{
    document, heading, normalize,
    statement::{Statement, statements},
};

use super::{
    Kind,
    blocks::{BlockKind, blocks},
    titles,
};

/// A statement of fewer words, numbers and times not counted, tells a state and teaches nothing.
const FEWEST_WORDS: usize = 5;
/// A statement of more words is never taken for a remark that something is still open.
const LONGEST_REMARK: usize = 12;

/// True when at least one statement says something that helps without the log around it; code and steps in a
/// given order do too. What is decided only later is no decision yet.
pub fn teaches(kind: Kind, text: &str) -> bool {
    let said = statements(text);
    let telling = is_procedure(text) || said.iter().any(is_telling);
    telling && !(kind == Kind::Decision && said.iter().all(is_open))
}

fn is_procedure(text: &str) -> bool {
    let numbered = |text: &str| text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    blocks(text).iter().filter(|block| block.kind == BlockKind::Item && numbered(block.text)).count() > 1
}

fn is_telling(statement: &Statement) -> bool {
    statement.code || {
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
        check(Kind::Lesson, "**The factory:** 11 files, 20+ variables = reproducible deployment", false);
        check(Kind::Lesson, "17:38 → 17:45 UTC, 30 minutes, 61 KB", false);
        check(Kind::Decision, "**Voyage AI** : GO (L2 approuvé) — en attente clé API de Blaise", false);
        check(Kind::Decision, "**Upgrade**: nobody has said anything yet → to be decided", false);
    }
}
