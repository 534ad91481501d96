//! See also: the pages that mean most nearly the same, beside each page.
//!
//! **Stable from night to night**: whether two pages are near depends on these two alone, a page that is named stays as long as it
//! stands and is no farther than it may be, and a list that is full changes for nothing that comes nearer.

use commune_knowledge::embedding::{Vector, Vectors};
use commune_proto::ArticlePath;

use super::{Desk, SMALL, Stock};

const CHECK: &str = "see-also";
/// How near a page has to be to be named, as a cosine, and how near to stay.
const NAMED: f64 = 0.62;
const STAYS: f64 = 0.40;
/// Pages that are named on one page.
pub const MOST: usize = 3;
/// Neighbours that are looked at for them.
const LOOKED_AT: usize = 12;

pub(super) fn check(desk: &mut Desk<'_>, stock: &Stock<'_>) {
    if desk.sheets.len() < SMALL {
        return;
    }
    let neighbours = Neighbours::of(desk, stock);
    for at in 0..desk.sheets.len() {
        let sheet = &desk.sheets[at];
        if !sheet.facts().is_page {
            continue;
        }
        let linked: Vec<&str> = sheet.facts().links.iter().map(|link| link.target.as_str()).collect();
        let mut wanted: Vec<ArticlePath> = Vec::new();
        for path in &sheet.article().see_also {
            let path = stock.redirects.get(path).unwrap_or(path);
            let stays = desk.find(path).is_some_and(|to| to != at && neighbours.cosine(at, to) >= STAYS);
            if stays && !linked.contains(&path.as_str()) && !wanted.contains(path) {
                wanted.push(path.clone());
            }
        }
        if wanted.len() < MOST {
            for (to, _) in neighbours.of_page(at, LOOKED_AT).into_iter().filter(|(_, cosine)| *cosine >= NAMED) {
                let path = &desk.sheets[to].article().path;
                if wanted.len() < MOST && !linked.contains(&path.as_str()) && !wanted.contains(path) {
                    wanted.push(path.clone());
                }
            }
        }
        if wanted != sheet.article().see_also {
            let what = if wanted.is_empty() {
                "names no page any more".to_owned()
            } else {
                format!("names {}", wanted.iter().map(ArticlePath::as_str).collect::<Vec<_>>().join(", "))
            };
            desk.mend(at, CHECK, what, |article| article.see_also = wanted);
        }
    }
}

/// What the pages on a desk mean.
pub(super) struct Neighbours {
    vectors: Vectors,
    own: Vec<Option<Vector>>,
}

impl Neighbours {
    pub(super) fn of(desk: &Desk<'_>, stock: &Stock<'_>) -> Self {
        let own: Vec<Option<Vector>> = (0..desk.sheets.len()).map(|at| desk.vector(at, stock)).collect();
        let mut vectors = Vectors::default();
        for (at, vector) in own.iter().enumerate() {
            vectors.put(at, vector.as_ref());
        }
        Self { vectors, own }
    }

    /// The pages nearest to one, with their cosines.
    pub(super) fn of_page(&self, at: usize, limit: usize) -> Vec<(usize, f64)> {
        let Some(vector) = &self.own[at] else { return Vec::new() };
        self.vectors.nearest(vector, limit, |other| other != at)
    }

    /// How near two are; -1 where one says nothing that is known.
    pub(super) fn cosine(&self, one: usize, other: usize) -> f64 {
        self.own[one].as_ref().zip(self.own[other].as_ref()).map_or(-1.0, |(one, other)| one.cosine(other))
    }
}
