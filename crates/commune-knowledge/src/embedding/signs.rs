//! What is kept of a vector to pass over most of a large table: the signs of its numbers, 32 bytes.
//!
//! The numbers are turned first, so that each says as much as any other: the model's first numbers are its greatest.
//! A question keeps four bits of each number. The cosine that follows is right to about 0.05 (the estimate is that of
//! RaBitQ; Gao and Long 2024), which is enough to say which rows to look at.

use super::{
    DIMENSIONS,
    kernel::{PLANES, Planes, WORDS},
};

/// The greatest of a question's numbers.
const GREATEST: f32 = 7.0;

/// The signs of a vector, and what a sum over them is multiplied by to be nearly a cosine, but for a factor of the question.
pub(super) fn of_row(values: &[i8; DIMENSIONS]) -> ([u64; WORDS], f32) {
    let turned = turned(values);
    let mut signs = [0; WORDS];
    for (at, _) in turned.iter().enumerate().filter(|(_, value)| **value >= 0) {
        signs[at / 64] |= 1 << (at % 64);
    }
    let sum: f32 = turned.iter().map(|value| value.unsigned_abs() as f32).sum();
    let square: f32 = turned.iter().map(|value| (*value as f32).powi(2)).sum();
    (signs, square.sqrt() / sum)
}

/// A question as it is held against signs: its numbers in four bits.
#[derive(Debug)]
pub(super) struct Turned {
    pub(super) planes: Planes,
    /// Of its numbers.
    pub(super) sum: i32,
    /// What a sum over signs times the row's factor is multiplied by, to be nearly a cosine.
    pub(super) scale: f32,
}

/// A question's numbers in four bits.
pub(super) fn of_question(values: &[i8; DIMENSIONS]) -> Turned {
    let turned = turned(values);
    let greatest = turned.iter().map(|value| value.unsigned_abs()).max().unwrap_or_default().max(1);
    let (mut planes, mut sum, mut square) = ([[0; WORDS]; PLANES], 0, 0);
    for (at, value) in turned.iter().enumerate() {
        let value = (*value as f32 * GREATEST / greatest as f32).round() as i32;
        sum += value;
        square += value * value;
        for (bit, plane) in planes.iter_mut().enumerate() {
            plane[at / 64] |= u64::from(value.cast_unsigned() >> bit & 1) << (at % 64);
        }
    }
    Turned { planes, sum, scale: 1.0 / (square as f32).sqrt() }
}

/// The vector turned in space: some of its numbers change sign, the same ones for every vector, then each becomes a sum of all with
/// both signs (the transform of Walsh and Hadamard). Integers throughout, so that all machines come to the same.
fn turned(values: &[i8; DIMENSIONS]) -> [i32; DIMENSIONS] {
    let mut turned: [i32; DIMENSIONS] =
        std::array::from_fn(|at| if is_flipped(at) { -1 } else { 1 } * i32::from(values[at]));
    let mut half = 1;
    while half < DIMENSIONS {
        for block in turned.chunks_exact_mut(2 * half) {
            let (left, right) = block.split_at_mut(half);
            for (left, right) in left.iter_mut().zip(right) {
                (*left, *right) = (*left + *right, *left - *right);
            }
        }
        half *= 2;
    }
    turned
}

/// Half of all, without a pattern that words could share (the mixing step of SplitMix64; Steele and others 2014).
fn is_flipped(at: usize) -> bool {
    let mut mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31) & 1 == 1
}
