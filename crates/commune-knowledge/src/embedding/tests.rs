//! The model by itself; against the programs that made it, see `tests/embedding.rs`.

use super::*;
use proptest::prelude::*;

fn cosine(left: &str, right: &str) -> f64 {
    let embed = |text| StaticModel::shipped().embed(text).unwrap();
    embed(left).cosine(&embed(right))
}

#[test]
fn what_ships_can_be_read() {
    let model = StaticModel::read(TABLE, PIECES).unwrap();
    assert_eq!((model.rows.len(), model.scales.len(), model.vocabulary.lines()), (30_522, 30_522, 30_522));
    assert_eq!(StaticModel::shipped().rows.len(), 30_522);
}

#[test]
fn another_table_is_refused() {
    let refused = |table, pieces| StaticModel::read(table, pieces).unwrap_err().to_string();
    assert_eq!(refused(b"no table", PIECES), "the table of the static model cannot be read");
    let found = refused(TABLE, "one\n##two\n");
    assert_eq!(found, "the table of the static model has I8 [30522, 256] where I8 [2, 256] is expected");
}

#[test]
fn meaning_is_found_in_other_words() {
    let near = cosine("How do I restart the database?", "Rebooting the postgres server");
    let far = cosine("How do I restart the database?", "Cats sleep most of the day.");
    assert!(near > far + 0.2, "{near} and {far}");
    let note = "The staging proxy listens on port 8080; enable compression there and reload it after every change.";
    let alike = cosine(note, &note.replace("8080", "9090").replace("enable", "never enable"));
    assert!(alike > 0.9, "{alike}: figures and negation hardly count, which is why nothing is merged by it");
}

#[test]
fn a_text_without_a_known_piece_has_no_vector() {
    for text in ["", " \n", "🚀", "\u{200b}", &"ა".repeat(101)] {
        assert_eq!(StaticModel::shipped().embed(text), None, "for {text:?}");
    }
    assert_eq!(StaticModel::default().embed("hello"), None);
    let model = StaticModel::shipped();
    assert_eq!(model.embed_pieces(&[u32::MAX], |_| 1.0), None);
    assert_eq!(model.embed_pieces(&model.pieces("hello"), |_| 0.0), None);
    assert_eq!(model.embed_pieces(&model.pieces("hello"), |_| f32::INFINITY), None);
}

#[test]
fn a_weight_counts_like_a_repeat() {
    let model = StaticModel::shipped();
    let (cat, dog) = (model.pieces("cat"), model.pieces("dog"));
    let weighed = model.embed_pieces(&model.pieces("cat dog"), |piece| if cat.contains(&piece) { 2.0 } else { 1.0 });
    assert_eq!(weighed, model.embed_pieces(&[cat.clone(), cat, dog].concat(), |_| 1.0));
}

#[test]
fn bytes_are_read_back() {
    let vector = StaticModel::shipped().embed("kept for later").unwrap();
    assert_eq!(Vector::of_bytes(&vector.to_bytes()), Some(vector));
    assert_eq!(Vector::of_bytes(&[1; 255]), None);
    assert_eq!(Vector::of_bytes(&[0; 256]), None);
}

proptest! {
    #[test]
    fn any_text_is_read(left in "(\\PC|[a-z ]|\\p{M}|\\p{Cc}){0,120}", right in "[a-z .]{1,120}") {
        let model = StaticModel::shipped();
        let (left, right) = (model.embed(&left), model.embed(&right));
        for vector in left.iter().chain(&right) {
            prop_assert!((vector.cosine(vector) - 1.0).abs() < 1e-6);
            prop_assert!((vector.numbers().map(|number| number * number).sum::<f32>() - 1.0).abs() < 1e-4);
        }
        if let (Some(left), Some(right)) = (left, right) {
            prop_assert!((-1.0..=1.0).contains(&left.cosine(&right)));
            prop_assert_eq!(left.cosine(&right), right.cosine(&left));
        }
    }
}
