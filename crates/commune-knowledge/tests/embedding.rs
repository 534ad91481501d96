//! The static model against what wrote it: the pieces of `tokenizers` and vectors of `numpy`, kept in
//! `tests/embedding/golden.jsonl` by `golden.py` beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use commune_knowledge::embedding::{StaticModel, Vector};
use serde_json::Value;

fn golden() -> Vec<Value> {
    let lines = include_str!("embedding/golden.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn texts_are_cut_as_by_the_tokenizer_of_the_model() {
    let mut texts = 0;
    for line in golden().iter().filter(|line| line["text"].is_string()) {
        let text = line["text"].as_str().unwrap();
        let expected: Vec<u64> = numbers(&line["pieces"]).into_iter().map(|piece| piece as u64).collect();
        let pieces: Vec<u64> = StaticModel::shipped().pieces(text).into_iter().map(u64::from).collect();
        assert_eq!(pieces, expected, "for {text:?}");
        assert_eq!(StaticModel::shipped().embed(text).is_some(), !expected.is_empty(), "for {text:?}");
        texts += 1;
    }
    assert!(texts > 200, "{texts} texts");
}

#[test]
fn vectors_are_those_of_a_plain_computation() {
    let golden = golden();
    let vectors: Vec<Vector> = golden
        .iter()
        .filter(|line| line["vector"].is_array())
        .map(|line| {
            let vector = StaticModel::shipped().embed(line["text"].as_str().unwrap()).unwrap();
            for (number, expected) in vector.numbers().zip(numbers(&line["vector"])) {
                // half a step of the rounding to a byte, for a greatest number of 0.4
                assert!((f64::from(number) - expected).abs() < 0.0016, "{number} for {expected} of {}", line["text"]);
            }
            vector
        })
        .collect();
    let cosines = golden.last().unwrap()["cosines"].as_array().unwrap();
    for (left, row) in vectors.iter().zip(cosines) {
        for (right, expected) in vectors.iter().zip(numbers(row)) {
            assert!((left.cosine(right) - expected).abs() < 0.003, "{} for {expected}", left.cosine(right));
        }
    }
}
