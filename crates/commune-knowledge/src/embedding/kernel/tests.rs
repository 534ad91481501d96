//! Whatever the machine has, the loops come to what is written here in the plainest way.

use super::*;
use proptest::prelude::*;

fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^ state >> 31
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_way_comes_to_the_same(seed: u64, count in 0_usize..20) {
        let mut next = numbers(seed);
        let question: [i8; DIMENSIONS] = std::array::from_fn(|_| (next() >> 40) as i8);
        let rows: Vec<Row> = (0..count).map(|_| Row(std::array::from_fn(|_| (next() >> 40) as u8))).collect();
        let (mut products, mut plain) = (vec![0; count], vec![0; count]);
        let rows: Vec<&Row> = rows.iter().collect();
        dots(&question, &rows, &mut products);
        each_dot(&question, &rows, 128 * question.iter().map(|value| i32::from(*value)).sum::<i32>(), &mut plain);
        prop_assert_eq!(&products, &plain);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Level::new().as_avx2() {
            let too_much = 128 * question.iter().map(|value| i32::from(*value)).sum::<i32>();
            avx2::dots(avx2, &question, &rows, too_much, &mut plain);
            prop_assert_eq!(&products, &plain);
        }
        for (row, product) in rows.iter().zip(&products) {
            let term = |at: usize| i32::from((row.0[at] ^ 0x80).cast_signed()) * i32::from(question[at]);
            prop_assert_eq!(*product, (0..DIMENSIONS).map(term).sum::<i32>());
        }

        let planes: Planes = std::array::from_fn(|_| std::array::from_fn(|_| next()));
        let signs: Vec<Signs> = (0..count).map(|_| Signs(std::array::from_fn(|_| std::array::from_fn(|_| next())))).collect();
        let said = |at: usize| {
            let bit = |plane: usize| (planes[plane][at / 64] >> (at % 64) & 1) as i32;
            bit(0) + 2 * bit(1) + 4 * bit(2) - 8 * bit(3)
        };
        let sum: i32 = (0..DIMENSIONS).map(said).sum();
        let (mut found, mut plain) = (vec![[0; LANES]; count], vec![[0; LANES]; count]);
        sums(&planes, sum, &signs, &mut found);
        each_sum(&planes, sum, &signs, &mut plain);
        prop_assert_eq!(&found, &plain);
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Level::new().as_avx2() {
            avx2::sums(avx2, &planes, sum, &signs, &mut plain);
            prop_assert_eq!(&found, &plain);
        }
        for (signs, found) in signs.iter().zip(&found) {
            for (lane, found) in found.iter().enumerate() {
                let signed = |at: usize| if signs.0[at / 64][lane] >> (at % 64) & 1 == 1 { said(at) } else { -said(at) };
                prop_assert_eq!(*found, (0..DIMENSIONS).map(signed).sum::<i32>());
            }
        }
    }

    #[test]
    fn what_is_above_is_marked(values in prop::collection::vec((-9_i32..9, prop::option::of(0.5_f32..2.0)), 0..200), floor in -9.0_f32..9.0) {
        let (numbers, factors): (Vec<i32>, Vec<f32>) = values.iter().map(|(number, factor)| (*number, factor.unwrap_or(f32::NAN))).unzip();
        let mut found = vec![0; values.len().div_ceil(64)];
        above(&numbers, &factors, floor, &mut found);
        for (at, (number, factor)) in numbers.iter().zip(&factors).enumerate() {
            prop_assert_eq!(found[at / 64] >> (at % 64) & 1 == 1, *number as f32 * factor > floor);
        }
    }
}
