//! What a transformer of sentences needs beside itself: the pieces that it reads of a text, and the way from its numbers
//! into the space of the static model. The transformer is all-MiniLM-L6-v2 (Wang and others 2020; Reimers and Gurevych 2019), to
//! which the static model was fitted.

use super::{DIMENSIONS, StaticModel, Vector};

/// Numbers of a sentence's vector.
pub const SENTENCE: usize = 384;
/// Pieces that the transformer reads at once, with the first and the last, which stand for beginning and end: what it was trained with.
pub const PIECES_READ: usize = 256;
/// Passages of a text that are read, so that the longest article takes no more than a second; of what follows, the words are found still.
pub const PASSAGES: usize = 16;

/// The principal components of sentences: `(numbers - mean) × matrix`.
#[derive(Debug, Default)]
pub(super) struct Projection {
    pub(super) mean: &'static [[u8; 4]],
    /// A row of [`DIMENSIONS`] for each number of a sentence.
    pub(super) matrix: &'static [[u8; 4]],
}

impl StaticModel {
    /// The passages of a text as the transformer reads them, each at most [`PIECES_READ`] pieces, at most [`PASSAGES`]: sections as
    /// their headings part them, short ones together, long ones cut.
    pub fn passages(&self, text: &str) -> Vec<Vec<u32>> {
        let [begin, end, unknown] = ["[CLS]", "[SEP]", "[UNK]"].map(|piece| self.vocabulary.line(piece));
        let (Some(begin), Some(end)) = (begin, end) else { return Vec::new() };
        let room = PIECES_READ - 2;
        let mut passages: Vec<Vec<u32>> = Vec::new();
        for section in sections(text) {
            let pieces = self.vocabulary.pieces(section, unknown);
            match passages.last_mut() {
                Some(last) if last.len() + pieces.len() <= room => last.extend(pieces),
                _ => passages.extend(pieces.chunks(room).map(<[u32]>::to_vec)),
            }
            if passages.len() > PASSAGES {
                break;
            }
        }
        passages.truncate(PASSAGES);
        passages.into_iter().map(|pieces| [vec![begin], pieces, vec![end]].concat()).collect()
    }

    /// The vector that stands for a sentence in this model's space; none for other than [`SENTENCE`] numbers and for what is not finite.
    pub fn project(&self, sentence: &[f32]) -> Option<Vector> {
        let Projection { mean, matrix } = self.projection;
        if sentence.len() != SENTENCE || mean.len() != SENTENCE {
            return None;
        }
        let mut sum = [0.0; DIMENSIONS];
        for ((number, mean), row) in sentence.iter().zip(mean).zip(matrix.chunks(DIMENSIONS)) {
            let centred = number - f32::from_le_bytes(*mean);
            for (sum, weight) in sum.iter_mut().zip(row) {
                *sum += centred * f32::from_le_bytes(*weight);
            }
        }
        Vector::quantised(&sum)
    }
}

/// The parts of a text that begin with a heading, and what stands before the first.
fn sections(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.match_indices("\n#").map(|(at, _)| at + 1).next().unwrap_or(rest.len());
        let (section, after) = rest.split_at(end);
        rest = after;
        (!section.is_empty()).then_some(section)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(text: &str) -> Vec<Vec<u32>> {
        StaticModel::shipped().passages(text)
    }

    #[test]
    fn a_short_text_is_one_passage() {
        // as the tokenizer of the transformer cuts it
        assert_eq!(passages("Hello world"), [[101, 7592, 2088, 102]]);
        assert_eq!(passages("Hello \u{1f680}"), [[101, 7592, 100, 102]], "what is not known is said to be");
        assert_eq!(passages("# One\nHello\n# Two\nworld").len(), 1);
        assert!(passages("").is_empty());
    }

    #[test]
    fn long_texts_are_read_in_passages() {
        let section = |times: usize| format!("# Part\n{}\n", "hello ".repeat(times));
        let cut = passages(&[section(150), section(150), section(20)].concat());
        assert_eq!(
            cut.iter().map(Vec::len).collect::<Vec<_>>(),
            [154, 176],
            "parted by headings, the short one with the last"
        );
        let cut = passages(&"hello ".repeat(PIECES_READ));
        assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), [PIECES_READ, 4]);
        let most = passages(&"hello ".repeat(PASSAGES * (PIECES_READ - 2)));
        assert_eq!(most.len(), PASSAGES);
        assert_eq!(passages(&"hello ".repeat(PASSAGES * PIECES_READ)), most);
        assert!(most.iter().flatten().all(|piece| [101, 7592, 102].contains(piece)));
    }

    #[test]
    fn only_a_sentence_is_projected() {
        let model = StaticModel::shipped();
        assert_eq!(model.project(&[0.1; SENTENCE - 1]), None);
        assert_eq!(model.project(&[f32::NAN; SENTENCE]), None);
        assert_eq!(StaticModel::default().project(&[0.1; SENTENCE]), None);
        let mean: Vec<f32> = model.projection.mean.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        assert_eq!(model.project(&mean), None, "the middle of all has no direction");
        let moved =
            |by: f32| -> Vec<f32> { mean.iter().enumerate().map(|(at, mean)| mean + by * (at % 7) as f32).collect() };
        let (near, far) = (model.project(&moved(0.01)).unwrap(), model.project(&moved(0.5)).unwrap());
        assert!(near.cosine(&far) > 0.999, "directions count, not lengths");
    }
}
