//! The table against a plain loop over the same vectors.

use super::*;
use proptest::{prelude::*, sample::Index};

fn vector(bytes: &[u8]) -> Vector {
    let spread = |at: usize| bytes[at % bytes.len()].wrapping_mul(1 + (at / bytes.len()) as u8) ^ at as u8;
    Vector::of_bytes(&std::array::from_fn::<u8, DIMENSIONS, _>(spread)).unwrap()
}

/// Made-up vectors around a few middles, as texts lie around their subjects.
fn made_up(count: usize) -> Vec<Vector> {
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as i32 - 128
    };
    let middles: Vec<[i32; DIMENSIONS]> = (0..40).map(|_| std::array::from_fn(|_| next())).collect();
    let around = |at: usize, next: &mut dyn FnMut() -> i32| {
        Vector::quantised(&middles[at % middles.len()].map(|value| (value + 2 * next()) as f32)).unwrap()
    };
    (0..count).map(|at| around(at, &mut next)).collect()
}

fn plain(stands: &[(usize, Vector)], question: &Vector, limit: usize) -> Vec<(usize, f64)> {
    let mut found: Vec<(usize, f64)> = stands.iter().map(|(place, vector)| (*place, question.cosine(vector))).collect();
    found.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    found.truncate(limit);
    found
}

#[test]
fn an_empty_table_answers_nothing() {
    let mut table = Vectors::default();
    let one = vector(&[1, 2, 3]);
    assert!(table.nearest(&one, 5, |_| true).is_empty());
    table.put(70_000, None);
    assert!(table.is_empty() && table.at(70_000).is_none() && table.bytes() == 0);
    table.put(300, Some(&one));
    assert_eq!((table.len(), table.at(300).as_ref(), table.at(299)), (1, Some(&one), None));
    assert!(table.nearest(&one, 0, |_| true).is_empty());
    assert_eq!(table.nearest(&one, 5, |_| true), [(300, one.cosine(&one))]);
    assert!(table.nearest(&one, 5, |place| place != 300).is_empty());
}

#[test]
fn the_least_numbers_are_read_like_others() {
    let least = Vector::of_bytes(&[0x80; DIMENSIONS]).unwrap();
    let mut table = Vectors::default();
    table.put(0, Some(&least));
    assert_eq!(table.nearest(&least, 1, |_| true), [(0, 1.0)]);
    assert_eq!(table.at(0), Some(least));
}

#[test]
fn a_table_is_kept_in_pieces_and_answers_as_before() {
    let vectors = made_up(700);
    let mut table = Vectors::default();
    for (place, vector) in vectors.iter().enumerate() {
        table.put(place, Some(vector));
    }
    table.put(300, None);
    let pieces: Vec<Vec<u8>> = table.pieces().collect();
    let kept = Vectors::of_pieces(pieces.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(kept.len(), 699);
    assert!((0..800).all(|place| kept.at(place) == table.at(place)));
    for every in [true, false] {
        let ask = |table: &Vectors| table.nearest_of(&vectors[5], 20, |_| true, every);
        assert_eq!(ask(&kept), ask(&table));
    }
    assert!(Vectors::of_pieces([&pieces[0][1..]]).is_none(), "not as long as a piece is");
}

#[test]
fn equal_tables_lie_in_memory_once_and_stay_apart_when_one_changes() {
    let vectors = made_up(600);
    let (mut one, mut other) = (Vectors::default(), Vectors::default());
    for (place, vector) in vectors.iter().enumerate() {
        one.put(place, Some(vector));
        other.put(place, Some(vector));
    }
    other.put(3, Some(&vectors[4]));
    one.share(&other, 0..700);
    let shared: Vec<bool> = one.chunks.iter().zip(&other.chunks).map(|(l, r)| Arc::ptr_eq(l, r)).collect();
    assert_eq!(shared, [false, true, true], "the first ones differ");
    one.put(300, None);
    assert_eq!((one.at(300), other.at(300)), (None, Some(vectors[300].clone())));
}

#[test]
fn signs_lead_to_the_nearest() {
    let vectors = made_up(4_000);
    let mut table = Vectors::default();
    for (place, vector) in vectors.iter().enumerate() {
        table.put(place, Some(vector));
    }
    let (mut found, mut wanted) = (0, 0);
    for question in vectors.iter().step_by(97) {
        let all = table.nearest_of(question, 20, |_| true, true);
        let some = table.nearest_of(question, 20, |_| true, false);
        assert_eq!(some[0], all[0], "what is asked for itself");
        assert!(some.is_sorted_by(|left, right| best_first(left, right).is_lt()));
        found += all.iter().filter(|near| some.contains(near)).count();
        wanted += all.len();
    }
    assert!(found * 100 >= wanted * 98, "{found} of {wanted}");
}

#[test]
fn a_large_table_looks_at_the_likeliest() {
    let vectors = made_up(EXACT + 1);
    let mut table = Vectors::default();
    for (place, vector) in vectors.iter().enumerate() {
        table.put(place, Some(vector));
    }
    let question = &vectors[123];
    let likeliest = table.nearest_of(question, 10, |_| true, false);
    assert_eq!(table.nearest(question, 10, |_| true), likeliest);
    table.put(9, None);
    let stands: Vec<(usize, Vector)> = vectors.into_iter().enumerate().filter(|(place, _)| *place != 9).collect();
    assert_eq!(table.len(), EXACT);
    let question = table.at(123).unwrap();
    assert_eq!(
        table.nearest(&question, 300, |_| true),
        plain(&stands, &question, 300),
        "up to the bound nothing is missed"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_nearest_are_those_of_a_plain_loop(
        changes in prop::collection::vec((0_usize..700, prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 2..9))), 0..120),
        question in prop::collection::vec(any::<u8>(), 2..9),
        limit in 0_usize..40,
        barred in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let (mut table, mut stands) = (Vectors::default(), std::collections::BTreeMap::new());
        let before = table.clone();
        for (place, change) in &changes {
            match change {
                Some(bytes) => stands.insert(*place, vector(bytes)),
                None => stands.remove(place),
            };
            table.put(*place, change.as_deref().map(vector).as_ref());
        }
        prop_assert!(before.is_empty(), "a clone stays as it was");
        let question = vector(&question);
        let barred: Vec<usize> = barred.iter().map(|at| at.index(700)).collect();
        let allowed = |place: usize| !barred.contains(&place);
        let kept: Vec<(usize, Vector)> =
            stands.iter().filter(|(place, _)| allowed(**place)).map(|(place, vector)| (*place, vector.clone())).collect();
        prop_assert_eq!(table.len(), stands.len());
        prop_assert_eq!(&table.nearest(&question, limit, allowed), &plain(&kept, &question, limit));
        let all: Vec<usize> = (0..800).collect();
        let cosines: Vec<Option<f64>> = all.iter().map(|place| Some(question.cosine(stands.get(place)?))).collect();
        prop_assert_eq!(table.cosines(&question, &all), cosines);

        // in another order, with something in between
        let mut again = Vectors::default();
        for (place, vector) in stands.iter().rev() {
            again.put(*place, Some(&question));
            again.put(*place, Some(vector));
        }
        prop_assert_eq!(again.nearest_of(&question, limit, allowed, false), table.nearest_of(&question, limit, allowed, false));
        for place in 0..700 {
            prop_assert_eq!(again.at(place), stands.get(&place).cloned());
        }
    }
}
