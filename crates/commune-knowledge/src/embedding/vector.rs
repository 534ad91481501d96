//! A vector as it is kept: 256 bytes.

use super::DIMENSIONS;

/// A vector of unit length: 256 numbers of one byte each, times a scale that follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    pub(super) values: [i8; DIMENSIONS],
    /// One through the length of `values`.
    pub(super) scale: f32,
}

impl Vector {
    /// The vector of that direction, each number rounded to a 127th of the greatest; none for the zero vector and for
    /// what is not finite. Loses next to nothing: retrieval over six sets is the same as with 32-bit numbers.
    pub(super) fn quantised(direction: &[f32; DIMENSIONS]) -> Option<Self> {
        let greatest = direction.iter().fold(0.0, |greatest: f32, value| greatest.max(value.abs()));
        let step = 127.0 / greatest;
        if !step.is_finite() || !direction.iter().all(|value| value.is_finite()) {
            return None;
        }
        Self::of_values(direction.map(|value| (value * step).round() as i8))
    }

    /// Reads what [`Vector::to_bytes`] wrote; none for another length and for zeros.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; DIMENSIONS] = bytes.try_into().ok()?;
        Self::of_values(bytes.map(u8::cast_signed))
    }

    /// Its 256 bytes, to be kept.
    pub fn to_bytes(&self) -> [u8; DIMENSIONS] {
        self.values.map(i8::cast_unsigned)
    }

    /// The cosine of the angle between two vectors, -1 to 1; 1 of a vector with itself.
    pub fn cosine(&self, other: &Self) -> f64 {
        self.cosine_of(dot(&self.values, &other.values), other.scale)
    }

    /// The cosine that follows from the product of the values with another's, and the other's scale.
    #[inline]
    pub(super) fn cosine_of(&self, product: i32, scale: f32) -> f64 {
        (f64::from(product) * (f64::from(self.scale) * f64::from(scale))).clamp(-1.0, 1.0)
    }

    /// Its numbers as they were before they were rounded, nearly.
    pub fn numbers(&self) -> impl Iterator<Item = f32> {
        self.values.iter().map(|value| f32::from(*value) * self.scale)
    }

    fn of_values(values: [i8; DIMENSIONS]) -> Option<Self> {
        let square = dot(&values, &values);
        (square > 0).then(|| Self { values, scale: 1.0 / (square as f32).sqrt() })
    }
}

/// At most 256 × 128 × 128, which is far within 32 bits.
fn dot(left: &[i8; DIMENSIONS], right: &[i8; DIMENSIONS]) -> i32 {
    left.iter().zip(right).map(|(left, right)| i32::from(*left) * i32::from(*right)).sum()
}
