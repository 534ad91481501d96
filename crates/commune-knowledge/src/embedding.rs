//! Similarity of meaning: a static embedding that is compiled in, so that nothing is downloaded or read at run time.
//!
//! A text's vector is the L2-normalised mean of the rows of its word pieces in a table of 30,522 rows of 256 numbers.
//! The table was fitted to the sentence vectors of all-MiniLM-L6-v2 (`assets/static-model/NOTE.md`): words that the
//! text has not are found near those it has, in a few microseconds. The order of the words, negation and figures
//! hardly move a vector, so **nearness in meaning is evidence and never a reason to merge**.
//!
//! **The model knows English.** Of another language it has letters, syllables and borrowed words: a high cosine of
//! two texts in such a language may say no more than that they are in it. A text of which it knows no piece has no
//! vector, which is not the same as being unlike.

mod kernel;
mod sentence;
mod signs;
mod vector;
mod vectors;
mod wordpiece;

use half::f16;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use sentence::Projection;
use std::sync::LazyLock;
use wordpiece::Vocabulary;

pub use sentence::{PASSAGES, PIECES_READ, SENTENCE};
pub use vector::Vector;
pub use vectors::{EXACT, Vectors};

/// Numbers of a vector.
pub const DIMENSIONS: usize = 256;

static TABLE: &[u8] = include_bytes!("../assets/static-model/static256_int8.safetensors");
static PIECES: &str = include_str!("../assets/static-model/vocab.txt");
/// A table that could not be read would know no piece; a test holds that it can.
static SHIPPED: LazyLock<StaticModel> = LazyLock::new(|| StaticModel::read(TABLE, PIECES).unwrap_or_default());

/// What makes vectors of texts. Those of every embedder here lie in one space, so that a text's may be compared with
/// a question's whichever made it.
pub trait Embedder: Send + Sync + std::fmt::Debug {
    /// The name of what it makes; vectors of another name are made again.
    fn name(&self) -> &str;
    /// The vector of a text that is to be found; none when it says nothing that is known.
    fn document(&self, text: &str) -> Option<Vector>;
    /// The vector of a question; none when it says nothing that is known.
    fn question(&self, text: &str) -> Option<Vector>;
}

impl<E: Embedder + ?Sized> Embedder for &E {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn document(&self, text: &str) -> Option<Vector> {
        (**self).document(text)
    }

    fn question(&self, text: &str) -> Option<Vector> {
        (**self).question(text)
    }
}

/// A table of vectors, one for each word piece. The default knows none.
#[derive(Debug, Default)]
pub struct StaticModel {
    vocabulary: Vocabulary,
    /// A row for each piece: int8, times the scale of the row.
    rows: &'static [[u8; DIMENSIONS]],
    scales: Vec<f32>,
    /// What turns a sentence's numbers into this space.
    projection: Projection,
}

impl Embedder for StaticModel {
    fn name(&self) -> &str {
        "static"
    }

    fn document(&self, text: &str) -> Option<Vector> {
        self.embed(text)
    }

    fn question(&self, text: &str) -> Option<Vector> {
        self.embed(text)
    }
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not a safetensors file, or one without the tensor.
    #[error("the table of the static model cannot be read")]
    Format(#[from] SafeTensorError),
    /// A tensor of another type or shape than int8 × 256 (`embeddings_int8`) and f16 × 1 (`row_scale_f16`), one row
    /// for each line of the vocabulary, and f32 of 384 (`pca_mean`) and 384 × 256 (`pca_matrix`).
    #[error("the table of the static model has {found} where {expected} is expected")]
    Shape {
        /// Type and shape of the tensor.
        found: String,
        /// What they have to be.
        expected: String,
    },
}

impl StaticModel {
    /// The model that ships with the program, read at the first use (about 5 ms).
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a table in safetensors format and its vocabulary, one piece a line.
    pub fn read(table: &'static [u8], vocabulary: &'static str) -> Result<Self, ModelError> {
        let vocabulary = Vocabulary::read(vocabulary);
        let table = SafeTensors::deserialize(table)?;
        let (rows, scales) = (table.tensor("embeddings_int8")?, table.tensor("row_scale_f16")?);
        let shaped = |tensor: &safetensors::tensor::TensorView, dtype: Dtype, shape: &[usize]| {
            let expected = (dtype, shape.to_vec());
            let found = (tensor.dtype(), tensor.shape().to_vec());
            let (same, show) =
                (found == expected, |(dtype, shape): (Dtype, Vec<usize>)| format!("{dtype:?} {shape:?}"));
            if same { Ok(()) } else { Err(ModelError::Shape { found: show(found), expected: show(expected) }) }
        };
        shaped(&rows, Dtype::I8, &[vocabulary.lines(), DIMENSIONS])?;
        shaped(&scales, Dtype::F16, &[vocabulary.lines(), 1])?;
        let (mean, matrix) = (table.tensor("pca_mean")?, table.tensor("pca_matrix")?);
        shaped(&mean, Dtype::F32, &[SENTENCE])?;
        shaped(&matrix, Dtype::F32, &[SENTENCE, DIMENSIONS])?;
        let halves = scales.data().as_chunks::<2>().0;
        Ok(Self {
            rows: rows.data().as_chunks().0,
            scales: halves.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
            projection: Projection { mean: mean.data().as_chunks().0, matrix: matrix.data().as_chunks().0 },
            vocabulary,
        })
    }

    /// The word pieces of a text, as rows of the table; what the vocabulary does not know is left out.
    pub fn pieces(&self, text: &str) -> Vec<u32> {
        self.vocabulary.pieces(text, None)
    }

    /// The vector of a text; none when no piece of it is known.
    pub fn embed(&self, text: &str) -> Option<Vector> {
        self.embed_pieces(&self.pieces(text), |_| 1.0)
    }

    /// The vector of some pieces, each with a weight of its own, such as its rarity; none when nothing has weight.
    pub fn embed_pieces(&self, pieces: &[u32], weight: impl Fn(u32) -> f32) -> Option<Vector> {
        let mut sum = [0.0; DIMENSIONS];
        for piece in pieces {
            let index = *piece as usize;
            let (Some(row), Some(scale)) = (self.rows.get(index), self.scales.get(index)) else { continue };
            let factor = scale * weight(*piece);
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += factor * f32::from(value.cast_signed());
            }
        }
        Vector::quantised(&sum)
    }
}

#[cfg(test)]
mod tests;
