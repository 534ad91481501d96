//! Vectors by their places, scanned for those that mean most nearly the same.

use super::{
    DIMENSIONS, Vector,
    kernel::{self, LANES, Row, Signs, WORDS},
    signs,
};
use std::{cmp::Ordering, sync::Arc};

/// Rows that are copied together when one of them changes: 74 kB.
const ROWS: usize = 256;
/// Bytes of such rows with their signs, scales and factors.
const BYTES: usize = ROWS * (DIMENSIONS + WORDS * size_of::<u64>() + 2 * size_of::<f32>());
/// Vectors up to which every one is compared: 5 MB, which stays near the processor.
pub const EXACT: usize = 20_000;
/// Beyond, how much less likely by its signs than the last that is wanted a row may be and is compared still, as a cosine.
const MARGIN: f32 = 0.12;

/// A table of vectors, each at a place. Cheap to clone: clones share what neither changes.
///
/// **What it answers depends on what stands in it, not on how it came there.** Up to [`EXACT`] vectors the nearest are the nearest by
/// [`Vector::cosine`]; in a larger table all are passed over by the signs of their numbers, and the likeliest compared: of the 200
/// nearest of 100,000 a few in a thousand are missed (`bench/RESULTS.md`).
#[derive(Debug, Clone, Default)]
pub struct Vectors {
    chunks: Vec<Arc<Chunk>>,
    vectors: usize,
}

/// [`ROWS`] places that follow each other.
#[derive(Debug, Clone)]
struct Chunk {
    rows: Vec<Row>,
    signs: Vec<Signs>,
    /// The scale of each row; not a number where none stands, so that it is nearer than nothing.
    scales: Vec<f32>,
    /// What a sum over a row's signs is multiplied by; not a number where none stands.
    factors: Vec<f32>,
}

impl Vectors {
    /// Puts a vector at a place instead of what stood there; none takes it away.
    pub fn put(&mut self, place: usize, vector: Option<&Vector>) {
        let (at, row) = (place / ROWS, place % ROWS);
        self.vectors += usize::from(vector.is_some());
        self.vectors -= usize::from(self.at(place).is_some());
        match vector {
            Some(vector) => {
                if self.chunks.len() <= at {
                    self.chunks.resize_with(at + 1, Arc::default);
                }
                Arc::make_mut(&mut self.chunks[at]).put(row, vector);
            }
            None => {
                if let Some(chunk) = self.chunks.get_mut(at).filter(|chunk| chunk.has(row)) {
                    Arc::make_mut(chunk).take_away(row);
                }
            }
        }
    }

    /// The vector at a place.
    pub fn at(&self, place: usize) -> Option<Vector> {
        self.chunks.get(place / ROWS)?.at(place % ROWS)
    }

    /// The cosines of a question's vector and those at these places, in their order; none where none stands. What [`Vectors::nearest`] says
    /// of the same place is the same.
    pub fn cosines(&self, question: &Vector, places: &[usize]) -> Vec<Option<f64>> {
        let standing = |place: &usize| {
            let chunk = self.chunks.get(place / ROWS)?;
            chunk.has(place % ROWS).then(|| (&chunk.rows[place % ROWS], chunk.scales[place % ROWS]))
        };
        let found: Vec<Option<(&Row, f32)>> = places.iter().map(standing).collect();
        let rows: Vec<&Row> = found.iter().flatten().map(|(row, _)| *row).collect();
        let mut products = vec![0; rows.len()];
        kernel::dots(&question.values, &rows, &mut products);
        let mut products = products.into_iter();
        let mut cosine = |(_, scale): (&Row, f32)| products.next().map(|product| question.cosine_of(product, scale));
        found.into_iter().map(|found| found.and_then(&mut cosine)).collect()
    }

    /// The table to be kept: pieces that [`Vectors::of_pieces`] reads, of numbers little endian.
    pub fn pieces(&self) -> impl ExactSizeIterator<Item = Vec<u8>> {
        self.chunks.iter().map(|chunk| chunk.to_bytes())
    }

    /// Reads what [`Vectors::pieces`] gave; none of anything else.
    pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let chunks: Vec<Arc<Chunk>> =
            pieces.into_iter().map(|piece| Chunk::of_bytes(piece).map(Arc::new)).collect::<Option<_>>()?;
        let vectors = chunks.iter().map(|chunk| (0..ROWS).filter(|row| chunk.has(*row)).count()).sum();
        Some(Self { chunks, vectors })
    }

    /// Shares with another table what stands in both around these places, so that it lies in memory once.
    pub fn share(&mut self, other: &Self, places: impl IntoIterator<Item = usize>) {
        let mut last = None;
        for at in places.into_iter().map(|place| place / ROWS) {
            if last.replace(at) == Some(at) {
                continue;
            }
            if let (Some(mine), Some(theirs)) = (self.chunks.get_mut(at), other.chunks.get(at))
                && !Arc::ptr_eq(mine, theirs)
                && mine.is_same(theirs)
            {
                *mine = Arc::clone(theirs);
            }
        }
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.vectors
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.vectors == 0
    }

    /// Bytes that the vectors take, with the room for those that are not there.
    pub fn bytes(&self) -> usize {
        self.chunks.len() * ROWS * (size_of::<Row>() + size_of::<Signs>() / LANES + 2 * size_of::<f32>())
    }

    /// The places of the vectors nearest to a question's with their cosines, at most `limit`, best first, equal ones by place; only of
    /// places that are `allowed`, which is asked of those that come into question.
    pub fn nearest(&self, question: &Vector, limit: usize, allowed: impl Fn(usize) -> bool) -> Vec<(usize, f64)> {
        self.nearest_of(question, limit, allowed, self.vectors <= EXACT)
    }

    /// As [`Vectors::nearest`], with every row compared, or the likeliest.
    fn nearest_of(
        &self,
        question: &Vector,
        limit: usize,
        allowed: impl Fn(usize) -> bool,
        every: bool,
    ) -> Vec<(usize, f64)> {
        let mut best = Best::new(limit);
        if limit == 0 {
            return Vec::new();
        }
        if every {
            self.compare_all(question, &mut best, allowed);
        } else {
            self.compare(question, &mut best, &self.likeliest(question, limit, allowed));
        }
        best.in_order()
    }

    /// Compares every row.
    fn compare_all(&self, question: &Vector, best: &mut Best, allowed: impl Fn(usize) -> bool) {
        let mut products = [0; ROWS];
        for (at, chunk) in self.chunks.iter().enumerate() {
            let rows: [&Row; ROWS] = std::array::from_fn(|row| &chunk.rows[row]);
            kernel::dots(&question.values, &rows, &mut products);
            // the cosine without the question's scale, less exact: what is hardly below the floor is looked at, too
            let floor = best.floor / f64::from(question.scale);
            for row in above(&products, &chunk.scales, (floor - 1e-5 * floor.abs()) as f32) {
                best.meet(at * ROWS + row, question.cosine_of(products[row], chunk.scales[row]), &allowed);
            }
        }
    }

    /// Compares some rows, given in the order of their places.
    fn compare(&self, question: &Vector, best: &mut Best, places: &[usize]) {
        for (place, cosine) in places.iter().zip(self.cosines(question, places)) {
            if let Some(cosine) = cosine {
                best.meet(*place, cosine, &|_| true);
            }
        }
    }

    /// The places that are likely by their signs to be among the nearest `limit`, in the order of places.
    fn likeliest(&self, question: &Vector, limit: usize, allowed: impl Fn(usize) -> bool) -> Vec<usize> {
        let question = signs::of_question(&question.values);
        let mut likeliest = Likeliest::new(limit);
        let mut sums = [[0; LANES]; ROWS / LANES];
        for (at, chunk) in self.chunks.iter().enumerate() {
            kernel::sums(&question.planes, question.sum, &chunk.signs, &mut sums);
            let sums = sums.as_flattened();
            for row in above(sums, &chunk.factors, likeliest.floor() / question.scale) {
                let likeness = sums[row] as f32 * chunk.factors[row] * question.scale;
                likeliest.meet(at * ROWS + row, likeness, &allowed);
            }
        }
        likeliest.places()
    }
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            rows: vec![Row([0; DIMENSIONS]); ROWS],
            signs: vec![Signs::default(); ROWS / LANES],
            scales: vec![f32::NAN; ROWS],
            factors: vec![f32::NAN; ROWS],
        }
    }
}

impl Chunk {
    fn put(&mut self, row: usize, vector: &Vector) {
        let (signs, factor) = signs::of_row(&vector.values);
        self.rows[row] = Row(vector.values.map(|value| value.cast_unsigned() ^ 0x80));
        for (words, word) in self.signs[row / LANES].0.iter_mut().zip(signs) {
            words[row % LANES] = word;
        }
        (self.scales[row], self.factors[row]) = (vector.scale, factor);
    }

    fn is_same(&self, other: &Self) -> bool {
        let bits = |numbers: &[f32], others: &[f32]| {
            numbers.iter().map(|number| number.to_bits()).eq(others.iter().map(|number| number.to_bits()))
        };
        // what stands at a row tells its signs
        bits(&self.scales, &other.scales)
            && (0..ROWS).all(|row| !self.has(row) || self.rows[row].0 == other.rows[row].0)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES);
        self.rows.iter().for_each(|row| bytes.extend(row.0));
        for words in self.signs.iter().flat_map(|signs| signs.0) {
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        }
        for numbers in [&self.scales, &self.factors] {
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != BYTES {
            return None;
        }
        let (rows, rest) = bytes.split_at(ROWS * DIMENSIONS);
        let (signs, rest) = rest.split_at(ROWS * WORDS * size_of::<u64>());
        let (scales, factors) = rest.split_at(ROWS * size_of::<f32>());
        let mut words = signs.as_chunks().0.iter().copied().map(u64::from_le_bytes);
        let mut lanes = || -> Option<[u64; LANES]> {
            let mut lanes = [0; LANES];
            for lane in &mut lanes {
                *lane = words.next()?;
            }
            Some(lanes)
        };
        let mut signs = Vec::with_capacity(ROWS / LANES);
        for _ in 0..ROWS / LANES {
            let mut these = Signs::default();
            for word in &mut these.0 {
                *word = lanes()?;
            }
            signs.push(these);
        }
        let numbers = |bytes: &[u8]| bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect();
        Some(Self {
            rows: rows.as_chunks().0.iter().map(|row| Row(*row)).collect(),
            signs,
            scales: numbers(scales),
            factors: numbers(factors),
        })
    }

    fn take_away(&mut self, row: usize) {
        (self.scales[row], self.factors[row]) = (f32::NAN, f32::NAN);
    }

    fn has(&self, row: usize) -> bool {
        !self.scales[row].is_nan()
    }

    fn at(&self, row: usize) -> Option<Vector> {
        let values = self.rows[row].0.map(|value| (value ^ 0x80).cast_signed());
        self.has(row).then(|| Vector { values, scale: self.scales[row] })
    }
}

/// The rows of a chunk whose numbers times their factors are greater than a floor, in their order.
fn above(numbers: &[i32], factors: &[f32], floor: f32) -> impl Iterator<Item = usize> {
    let mut found = [0_u64; ROWS / 64];
    kernel::above(numbers, factors, floor, &mut found);
    found.into_iter().enumerate().flat_map(|(word, mut bits)| {
        std::iter::from_fn(move || {
            let row = (bits != 0).then(|| 64 * word + bits.trailing_zeros() as usize);
            bits &= bits.wrapping_sub(1);
            row
        })
    })
}

/// The best of what comes by in the order of places.
struct Best {
    limit: usize,
    found: Vec<(usize, f64)>,
    /// What has to be passed to be among the best.
    floor: f64,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit, found: Vec::new(), floor: f64::NEG_INFINITY }
    }

    /// Looks at one; what is not a number is not taken.
    #[inline]
    fn meet(&mut self, place: usize, likeness: f64, allowed: &impl Fn(usize) -> bool) {
        if likeness > self.floor && allowed(place) {
            self.take(place, likeness);
        }
    }

    fn take(&mut self, place: usize, likeness: f64) {
        self.found.push((place, likeness));
        if self.found.len() >= self.limit.saturating_mul(2) {
            self.cut();
        }
    }

    /// Leaves the best: of equal ones the first, so that no later one need be equal to the floor.
    fn cut(&mut self) {
        if self.found.len() >= self.limit {
            let (_, last, _) = self.found.select_nth_unstable_by(self.limit - 1, best_first);
            self.floor = last.1;
            self.found.truncate(self.limit);
        }
    }

    fn in_order(mut self) -> Vec<(usize, f64)> {
        self.cut();
        self.found.sort_unstable_by(best_first);
        self.found
    }
}

fn best_first(left: &(usize, f64), right: &(usize, f64)) -> Ordering {
    right.1.total_cmp(&left.1).then(left.0.cmp(&right.0))
}

/// The likeliest of what comes by, whatever their order: those hardly less likely than the best `limit`.
struct Likeliest {
    limit: usize,
    found: Vec<(usize, usize)>,
    /// How many came by at each step of likeness.
    steps: Vec<usize>,
    /// The highest step from which on there are enough …
    enough: usize,
    /// … and how many there are.
    best: usize,
}

impl Likeliest {
    /// Steps of likeness in 1; they go from -2 to 2, since an estimate may pass 1.
    const STEPS: usize = 1_024;

    fn new(limit: usize) -> Self {
        Self { limit, found: Vec::new(), steps: vec![0; 4 * Self::STEPS], enough: 0, best: 0 }
    }

    /// The step below which nothing is taken any more.
    fn least(&self) -> usize {
        self.enough.saturating_sub((MARGIN * Self::STEPS as f32) as usize)
    }

    /// What has to be passed to be taken, nearly: a little less.
    fn floor(&self) -> f32 {
        match self.least() {
            0 => f32::NEG_INFINITY,
            least => (least as f32 - 0.5) / Self::STEPS as f32 - 2.0,
        }
    }

    #[inline]
    fn meet(&mut self, place: usize, likeness: f32, allowed: &impl Fn(usize) -> bool) {
        // what is too great or too small for a step is on the last or first
        let step = (((likeness + 2.0) * Self::STEPS as f32) as usize).min(self.steps.len() - 1);
        if step < self.least() || !allowed(place) {
            return;
        }
        self.found.push((place, step));
        self.steps[step] += 1;
        self.best += usize::from(step >= self.enough);
        while self.best - self.steps[self.enough] >= self.limit {
            self.best -= self.steps[self.enough];
            self.enough += 1;
        }
    }

    fn places(self) -> Vec<usize> {
        let least = self.least();
        self.found.into_iter().filter(|(_, step)| *step >= least).map(|(place, _)| place).collect()
    }
}

#[cfg(test)]
mod tests;
