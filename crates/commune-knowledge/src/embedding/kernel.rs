//! The inner loops of a scan, compiled once for each instruction set that matters and chosen when they run: the
//! default target of x86-64 knows nothing that came after 2003.
//!
//! The loops are plain, and fast where the compiler may use wider registers within them; for AVX-512 and AVX2 they are written
//! out. They come to the same numbers whichever are used: integers, and then one
//! operation on each.

#[cfg(target_arch = "x86_64")]
mod avx2;

use super::DIMENSIONS;
use fearless_simd::{Level, dispatch, kernel};

/// Rows whose signs lie together: one 64-bit word of each, then the next.
pub(super) const LANES: usize = 8;
/// Words of one row's signs.
pub(super) const WORDS: usize = DIMENSIONS / 64;
/// Bits of a question's numbers, where it is held against signs: the last is negative.
pub(super) const PLANES: usize = 4;

/// A row of numbers, each with 128 added, so that it is not negative: what instructions for products of bytes want.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Row(pub(super) [u8; DIMENSIONS]);

/// The signs of [`LANES`] rows: bit `i` of word `w` says that number `64 × w + i` is not negative.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Signs(pub(super) [[u64; LANES]; WORDS]);

/// The bits of a question's numbers: bit `i` of word `w` in plane `p` is bit `p` of number `64 × w + i`.
pub(super) type Planes = [[u64; WORDS]; PLANES];

/// The product of a question with each row.
pub(super) fn dots(question: &[i8; DIMENSIONS], rows: &[&Row], products: &mut [i32]) {
    // each number of a row has 128 too much
    let sum: i32 = question.iter().map(|value| i32::from(*value)).sum();
    let too_much = 128 * sum;
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = Level::new().as_avx512() {
        return dots_avx512(avx512, question, rows, too_much, products);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Level::new().as_avx2() {
        return avx2::dots(avx2, question, rows, too_much, products);
    }
    dispatch!(Level::new(), _ => each_dot(question, rows, too_much, products));
}

/// For each row, the sum of the question's numbers, each with the sign that the row's number has: `sum` is that of all
/// the question's numbers.
pub(super) fn sums(question: &Planes, sum: i32, signs: &[Signs], sums: &mut [[i32; LANES]]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = Level::new().as_avx512() {
        return sums_avx512(avx512, question, sum, signs, sums);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Level::new().as_avx2() {
        return avx2::sums(avx2, question, sum, signs, sums);
    }
    dispatch!(Level::new(), _ => each_sum(question, sum, signs, sums));
}

/// Which numbers times their factors are greater than `floor`: bit `i` of word `w` says it of number `64 × w + i`.
pub(super) fn above(numbers: &[i32], factors: &[f32], floor: f32, found: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = Level::new().as_avx512() {
        return above_avx512(avx512, numbers, factors, floor, found);
    }
    dispatch!(Level::new(), _ => each_above(numbers, factors, floor, found));
}

#[inline(always)]
fn each_dot(question: &[i8; DIMENSIONS], rows: &[&Row], too_much: i32, products: &mut [i32]) {
    for (row, product) in rows.iter().zip(products) {
        let mut sum = 0;
        for (left, right) in row.0.iter().zip(question) {
            sum += i32::from(*left) * i32::from(*right);
        }
        *product = sum - too_much;
    }
}

#[inline(always)]
fn each_sum(question: &Planes, sum: i32, signs: &[Signs], sums: &mut [[i32; LANES]]) {
    for (signs, sums) in signs.iter().zip(sums) {
        *sums = [-sum; LANES];
        for (word, lanes) in signs.0.iter().enumerate() {
            for (lane, found) in lanes.iter().zip(sums.iter_mut()) {
                let count = |plane: usize| (lane & question[plane][word]).count_ones() as i32;
                *found += 2 * (count(0) + 2 * count(1) + 4 * count(2) - 8 * count(3));
            }
        }
    }
}

#[inline(always)]
fn each_above(numbers: &[i32], factors: &[f32], floor: f32, found: &mut [u64]) {
    for ((numbers, factors), found) in numbers.chunks(64).zip(factors.chunks(64)).zip(found) {
        let mut above = [0_u8; 64];
        for ((number, factor), above) in numbers.iter().zip(factors).zip(&mut above) {
            *above = u8::from(*number as f32 * factor > floor);
        }
        *found = above.iter().enumerate().fold(0, |found, (at, above)| found | u64::from(*above) << at);
    }
}

#[cfg(target_arch = "x86_64")]
kernel!(
    fn dots_avx512(avx512: Avx512, question: &[i8; DIMENSIONS], rows: &[&Row], too_much: i32, products: &mut [i32]) {
        use fearless_simd::{i8x64, prelude::*, u8x64};
        use std::arch::x86_64::{
            __m512i, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_reduce_add_epi32, _mm512_setzero_si512,
        };
        let part = |at: usize| -> __m512i { i8x64::from_slice(avx512, &question[64 * at..64 * at + 64]).into() };
        let question = [part(0), part(1), part(2), part(3)];
        for (row, product) in rows.iter().zip(products) {
            let part = |at: usize| -> __m512i { u8x64::from_slice(avx512, &row.0[64 * at..64 * at + 64]).into() };
            let zero = _mm512_setzero_si512();
            let left = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(zero, part(0), question[0]), part(1), question[1]);
            let right = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(zero, part(2), question[2]), part(3), question[3]);
            *product = _mm512_reduce_add_epi32(_mm512_add_epi32(left, right)) - too_much;
        }
    }
);

#[cfg(target_arch = "x86_64")]
kernel!(
    fn sums_avx512(avx512: Avx512, question: &Planes, sum: i32, signs: &[Signs], sums: &mut [[i32; LANES]]) {
        use fearless_simd::{i32x8, prelude::*, u64x8};
        use std::arch::x86_64::{
            __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_cvtepi64_epi32, _mm512_popcnt_epi64, _mm512_set1_epi64,
            _mm512_setzero_si512, _mm512_slli_epi64, _mm512_sub_epi64,
        };
        let planes = question.map(|plane| plane.map(|word| _mm512_set1_epi64(word.cast_signed())));
        let less = _mm512_set1_epi64(i64::from(sum));
        for (signs, sums) in signs.iter().zip(sums) {
            let words: [__m512i; WORDS] = signs.0.map(|lanes| u64x8::from_slice(avx512, &lanes).into());
            let count = |plane: usize| {
                let mut count = _mm512_setzero_si512();
                for (word, plane) in words.iter().zip(planes[plane]) {
                    count = _mm512_add_epi64(count, _mm512_popcnt_epi64(_mm512_and_si512(*word, plane)));
                }
                count
            };
            let mut found = _mm512_add_epi64(count(0), _mm512_slli_epi64::<1>(count(1)));
            found = _mm512_add_epi64(found, _mm512_slli_epi64::<2>(count(2)));
            found = _mm512_sub_epi64(found, _mm512_slli_epi64::<3>(count(3)));
            let found = _mm512_sub_epi64(_mm512_slli_epi64::<1>(found), less);
            let found: i32x8<_> = _mm512_cvtepi64_epi32(found).simd_into(avx512);
            found.store_slice(sums);
        }
    }
);

#[cfg(target_arch = "x86_64")]
kernel!(
    fn above_avx512(avx512: Avx512, numbers: &[i32], factors: &[f32], floor: f32, found: &mut [u64]) {
        use fearless_simd::{f32x16, i32x16, prelude::*};
        use std::arch::x86_64::{_CMP_GT_OQ, _mm512_cmp_ps_mask, _mm512_cvtepi32_ps, _mm512_mul_ps, _mm512_set1_ps};
        let (four_numbers, numbers_left) = numbers.as_chunks::<64>();
        let (four_factors, factors_left) = factors.as_chunks::<64>();
        let floors = _mm512_set1_ps(floor);
        let (found, found_left) = found.split_at_mut(four_numbers.len());
        for ((numbers, factors), found) in four_numbers.iter().zip(four_factors).zip(found) {
            let above = |part: usize| {
                let numbers = i32x16::from_slice(avx512, &numbers[16 * part..16 * part + 16]);
                let factors = f32x16::from_slice(avx512, &factors[16 * part..16 * part + 16]);
                let scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(numbers.into()), factors.into());
                u64::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(scaled, floors)) << (16 * part)
            };
            *found = above(0) | above(1) | above(2) | above(3);
        }
        each_above(numbers_left, factors_left, floor, found_left);
    }
);

#[cfg(test)]
mod tests;
