//! Where a piece of knowledge belongs, by the index: candidates by words and by meaning, weighed by placement's rule.

use commune_knowledge::placement::{self, Compared, Piece, Shelf, Weighed};
use commune_proto::ArticlePath;

use super::{IndexError, Snapshot};

impl Snapshot {
    /// The pages that a piece may belong to, each with the chance that it does, best first.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn belonging(&self, title: &str, text: &str) -> Result<Vec<(ArticlePath, Weighed)>, IndexError> {
        let piece = Piece::of(title, text);
        let places = self.candidates(&piece, title, text)?;
        let weighed = Compared::with(&piece, &self.shelf, &places).weigh();
        Ok(weighed.into_iter().filter_map(|w| Some((self.entries.get(w.place)?.as_ref()?.path.clone(), w))).collect())
    }

    /// The places on the [`Snapshot::shelf`] of what a piece is compared with: those that share its best words, and those
    /// that mean most nearly the same.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn candidates(&self, piece: &Piece, title: &str, text: &str) -> Result<Vec<usize>, IndexError> {
        let hits = self.related(title, text, placement::BY_WORDS)?;
        let mut places: Vec<usize> = hits.iter().filter_map(|hit| self.place_of(&hit.path)).collect();
        for near in self.shelf.nearest(piece, placement::BY_MEANING) {
            if !places.contains(&near) {
                places.push(near);
            }
        }
        Ok(places)
    }

    /// What placement reads of each page: terms, neighbouring terms and vector.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Where a page stands on the [`Snapshot::shelf`].
    pub fn place_of(&self, path: &ArticlePath) -> Option<usize> {
        let at = self.by_path.binary_search_by(|place| self.path_at(*place).cmp(&Some(path))).ok()?;
        self.by_path.get(at).copied()
    }

    fn path_at(&self, place: usize) -> Option<&ArticlePath> {
        self.entries.get(place)?.as_ref().map(|entry| &entry.path)
    }
}
