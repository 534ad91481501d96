//! The loops for AVX2, which has no instruction for products of bytes that does not overflow, and none that counts bits.

use super::{DIMENSIONS, LANES, Planes, Row, Signs};
use fearless_simd::{i8x16, kernel, prelude::*, u8x16, u8x32, u64x4};
use std::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_shuffle_epi32, _mm256_add_epi8, _mm256_add_epi32, _mm256_and_si256,
    _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_madd_epi16,
    _mm256_sad_epu8, _mm256_set1_epi8, _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_srli_epi16,
};

/// Numbers that are widened at once.
const WIDE: usize = 16;
/// The bits of each number of four bits.
const COUNTS: [u8; 32] =
    [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];

kernel!(
    /// As [`super::dots`].
    pub(super) fn dots(avx2: Avx2, question: &[i8; DIMENSIONS], rows: &[&Row], too_much: i32, products: &mut [i32]) {
        let mut wide = [_mm256_setzero_si256(); DIMENSIONS / WIDE];
        for (wide, part) in wide.iter_mut().zip(question.as_chunks::<WIDE>().0) {
            *wide = _mm256_cvtepi8_epi16(i8x16::from_slice(avx2, part).into());
        }
        for (row, product) in rows.iter().zip(products) {
            let mut sums = [_mm256_setzero_si256(); 2];
            for (at, (part, question)) in row.0.as_chunks::<WIDE>().0.iter().zip(&wide).enumerate() {
                let part = _mm256_cvtepu8_epi16(u8x16::from_slice(avx2, part).into());
                sums[at % 2] = _mm256_add_epi32(sums[at % 2], _mm256_madd_epi16(part, *question));
            }
            let sum = _mm256_add_epi32(sums[0], sums[1]);
            let four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
            let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
            let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two));
            *product = _mm_cvtsi128_si32(one) - too_much;
        }
    }
);

kernel!(
    /// As [`super::sums`].
    pub(super) fn sums(avx2: Avx2, question: &Planes, sum: i32, signs: &[Signs], sums: &mut [[i32; LANES]]) {
        let counts: __m256i = u8x32::from_slice(avx2, &COUNTS).into();
        let (low, zero) = (_mm256_set1_epi8(0x0f), _mm256_setzero_si256());
        for (signs, sums) in signs.iter().zip(sums) {
            for half in 0..2 {
                // by bytes: of four words at most 4 × 8 × 7, which a byte holds
                let (mut more, mut less) = (zero, zero);
                for (word, lanes) in signs.0.iter().enumerate() {
                    let lanes: __m256i = u64x4::from_slice(avx2, &lanes[4 * half..4 * half + 4]).into();
                    let count = |plane: usize| {
                        let both = _mm256_and_si256(lanes, _mm256_set1_epi64x(question[plane][word].cast_signed()));
                        let right = _mm256_shuffle_epi8(counts, _mm256_and_si256(both, low));
                        let left = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                        _mm256_add_epi8(right, _mm256_shuffle_epi8(counts, left))
                    };
                    let twos = _mm256_add_epi8(count(1), _mm256_add_epi8(count(2), count(2)));
                    more = _mm256_add_epi8(more, _mm256_add_epi8(count(0), _mm256_add_epi8(twos, twos)));
                    less = _mm256_add_epi8(less, count(3));
                }
                let (more, less): (u64x4<_>, u64x4<_>) =
                    (_mm256_sad_epu8(more, zero).simd_into(avx2), _mm256_sad_epu8(less, zero).simd_into(avx2));
                let (more, less): ([u64; 4], [u64; 4]) = (more.into(), less.into());
                for (lane, found) in sums[4 * half..4 * half + 4].iter_mut().enumerate() {
                    *found = 2 * (more[lane] as i32 - 8 * less[lane] as i32) - sum;
                }
            }
        }
    }
);
