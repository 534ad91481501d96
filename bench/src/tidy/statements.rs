//! Whether anything that was said is gone, by a reading of its own: none of the rules' code is used here.

use std::collections::BTreeSet;

use selfcare::memory::Memory;

use crate::labelled::{Labelled, stands_in};

/// How many lines of notes stand nowhere in the memory, in any state, or are lost to who reads the working set alone:
/// the code spans and numbers of a merged note must stand in the note that took it in.
pub(crate) fn lost(notes: &[Labelled], memory: &Memory) -> String {
    let mut said = BTreeSet::new();
    for note in memory.notes.values() {
        said.extend(lines(&note.text));
        said.extend(lines(&note.original_text));
    }
    let (mut count, mut gone, mut facts, mut facts_gone) = (0, 0, 0, 0);
    for note in notes {
        for line in lines(&note.text) {
            count += 1;
            gone += usize::from(!said.contains(&line));
        }
        let there = hard(&stands_in(memory, &note.id).text);
        for fact in hard(&note.text) {
            facts += 1;
            facts_gone += usize::from(!there.contains(&fact));
        }
    }
    format!("{gone} of {count} lines, {facts_gone} of {facts} figures and codes")
}

/// Lines of words: no markers, one space between words, lower case.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| {
            line.split(|char: char| !char.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|line| !line.is_empty())
        .map(|line| line.to_lowercase())
        .collect()
}

/// What is between backquotes, and words that hold a digit; not what says who noted it, and when.
fn hard(text: &str) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with("Context:")) {
        for (index, part) in line.split('`').enumerate() {
            if index % 2 == 1 {
                facts.insert(part.trim().to_owned());
            } else {
                let words = part.split(|char: char| !char.is_alphanumeric() && char != '.');
                facts.extend(
                    words
                        .map(|word| word.trim_matches('.'))
                        .filter(|word| word.chars().any(|char| char.is_ascii_digit()))
                        .map(str::to_owned),
                );
            }
        }
    }
    facts
}
