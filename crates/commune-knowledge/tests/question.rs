//! Which wordings are one need and which text answers one, over labelled texts in several languages.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use commune_knowledge::question::{Answering, Question, answers, same};

/// (same, half, left, right)
fn pairs() -> Vec<(bool, &'static str, &'static str, &'static str)> {
    let lines = include_str!("question/pairs.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.splitn(4, " | ").collect();
            let [label, half, left, right] = parts.as_slice() else { panic!("not a pair: {line}") };
            (*label == "same", *half, *left, *right)
        })
        .collect()
}

#[test]
fn no_pair_is_joined_wrongly_and_most_paraphrases_are() {
    let pairs = pairs();
    assert!(pairs.len() >= 60, "{} pairs", pairs.len());
    for half in ["dev", "held"] {
        let (mut joined, mut paraphrases, mut wrong) = (0, 0, Vec::new());
        for (label, of, left, right) in &pairs {
            if *of != half {
                continue;
            }
            let (l, r) = (Question::of(left), Question::of(right));
            let found = same(&l, &r);
            assert_eq!(found, same(&r, &l), "not symmetric: {left} | {right}");
            paraphrases += usize::from(*label);
            joined += usize::from(*label && found);
            if *label && !found {
                println!("{half}: missed: {left} | {right}");
            }
            if !*label && found {
                wrong.push(format!("{left} | {right}"));
            }
        }
        println!("{half}: {joined} of {paraphrases} paraphrases joined, {} wrongly", wrong.len());
        assert!(wrong.is_empty(), "{half}: joined wrongly: {wrong:#?}");
        assert!(joined * 10 >= paraphrases * 7, "{half}: only {joined} of {paraphrases} paraphrases are joined");
    }
}

/// Lines that begin with a mark, by block.
fn blocks(text: &'static str) -> Vec<Vec<(char, &'static str)>> {
    let lines = |block: &'static str| -> Vec<(char, &'static str)> {
        let marked = block.lines().filter(|line| line.get(1..3) == Some(": "));
        marked.map(|line| (line.chars().next().unwrap(), &line[3..])).collect()
    };
    text.split("\n\n").map(lines).filter(|block| !block.is_empty()).collect()
}

/// The texts of the story of 30 agents: every question against every note, those that nearly answer among them.
#[test]
fn what_is_known_answers_and_what_nearly_is_does_not() {
    let known = blocks(include_str!("../../../tests/e2e/needs/answerable.txt"));
    let open = blocks(include_str!("../../../tests/e2e/needs/open.txt"));
    let shared: Vec<(&str, &str)> = known.iter().map(|block| (block[1].1, block[2].1)).collect();
    let nearly = include_str!("../../../tests/e2e/needs/nearly.txt").lines();
    let nearly = nearly.chain(open.iter().flatten().filter(|(mark, _)| *mark == 'N').map(|(_, line)| *line));
    let nearly: Vec<(&str, &str)> = nearly.filter_map(|line| line.split_once(" | ")).collect();
    let notes: Vec<(&str, Answering)> =
        shared.iter().chain(&nearly).map(|(title, text)| (*title, Answering::of(title, text))).collect();
    let answering = |question: &str| -> Vec<&str> {
        let question = Question::of(question);
        notes.iter().filter(|(_, note)| answers(note, &question)).map(|(title, _)| *title).collect()
    };
    let (mut right, mut wrong) = (0, Vec::new());
    for block in &known {
        let found = answering(block[0].1);
        right += usize::from(found.contains(&block[1].1));
        if !found.contains(&block[1].1) {
            println!("missed: {} | {}", block[0].1, block[1].1);
        }
        wrong.extend(found.into_iter().filter(|title| *title != block[1].1).map(|title| (block[0].1, title)));
    }
    wrong.extend(open.iter().flat_map(|block| answering(block[0].1).into_iter().map(|title| (block[0].1, title))));
    println!("{right} of {} answered, {} wrongly, over {} notes", known.len(), wrong.len(), notes.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right == known.len(), "{right} of {}", known.len());
}
