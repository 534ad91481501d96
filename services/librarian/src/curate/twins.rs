//! Twins: what one night created or changed, to be found by a new piece on the same thing.
//!
//! **Exact**: a score of [`placement::UPDATE_FLOOR`] takes a word of the title or a run of words in common, since all other words in full agreement come to
//! less; so only pages that share one are compared. A night of thousands of new pages would else compare each with each.

use std::{collections::BTreeMap, sync::Arc};

use commune_knowledge::placement::{self, Profile, Shared};
use commune_proto::ArticlePath;
use rustc_hash::FxHashMap;

use crate::library::{Article, Kind, Revision};

/// Pages by the words of their titles and their runs of words.
#[derive(Debug, Default)]
pub struct Twins {
    /// None where another took the page's place.
    slots: Vec<Option<Twin>>,
    by_path: BTreeMap<ArticlePath, u32>,
    by_title: FxHashMap<u64, Vec<u32>>,
    by_shingle: FxHashMap<u64, Vec<u32>>,
}

#[derive(Debug)]
struct Twin {
    path: ArticlePath,
    kind: Kind,
    profile: Profile,
}

impl Twins {
    /// Puts a page in, in place of what it was before.
    pub fn put(&mut self, article: &Article) {
        self.remove(&article.path);
        let Ok(slot) = u32::try_from(self.slots.len()) else { return };
        let profile = placement::profile(&article.title, &article.body);
        for (hashes, by) in [(&profile.title, &mut self.by_title), (&profile.shingles, &mut self.by_shingle)] {
            hashes.iter().for_each(|hash| by.entry(*hash).or_default().push(slot));
        }
        self.by_path.insert(article.path.clone(), slot);
        self.slots.push(Some(Twin { path: article.path.clone(), kind: article.kind, profile }));
    }

    fn remove(&mut self, path: &ArticlePath) {
        if let Some(slot) = self.by_path.remove(path) {
            self.slots[slot as usize] = None;
        }
    }

    /// The pages of a kind that a piece may be on the same thing as: those whose scores reach the floor, but for what is
    /// [of another thing](Profile::is_of_another_thing). [`better`] tells the likeliest.
    pub(super) fn scored(&self, kind: Kind, piece: &Profile) -> Vec<(f64, &ArticlePath)> {
        let of = |hashes: &[u64], by: &FxHashMap<u64, Vec<u32>>, is_title: bool| -> Vec<(u32, bool)> {
            hashes.iter().filter_map(|hash| by.get(hash)).flatten().map(|slot| (*slot, is_title)).collect()
        };
        let mut shared = of(&piece.title, &self.by_title, true);
        shared.extend(of(&piece.shingles, &self.by_shingle, false));
        shared.sort_unstable();
        let scored = shared.chunk_by(|one, next| one.0 == next.0).filter_map(|one| {
            let twin = self.slots.get(one[0].0 as usize)?.as_ref()?;
            if twin.kind != kind || twin.profile.is_of_another_thing(piece) {
                return None;
            }
            let title = one.iter().filter(|(_, is_title)| *is_title).count();
            let shared = Shared { title, shingles: one.len() - title };
            Some((placement::score_knowing(piece, &twin.profile, shared)?, &twin.path))
        });
        scored.collect()
    }

    /// Whether there is a page at a path.
    pub(super) fn has(&self, path: &ArticlePath) -> bool {
        self.by_path.contains_key(path)
    }
}

/// The greater score; of equal ones the first by path.
pub(super) fn better<'a>(one: (f64, &'a ArticlePath), other: (f64, &'a ArticlePath)) -> (f64, &'a ArticlePath) {
    let order = other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1));
    if order.is_gt() { other } else { one }
}

/// The twins of a night, read as the night goes on: a page is read again only when it changed.
#[derive(Debug, Default)]
pub struct Tonight {
    night: String,
    twins: Twins,
    read: BTreeMap<ArticlePath, Arc<Revision>>,
}

impl Tonight {
    /// The twins in what a night has touched so far, as it is now.
    pub fn of(&mut self, night: &str, touched: Vec<Arc<Revision>>) -> &Twins {
        let now: BTreeMap<ArticlePath, Arc<Revision>> =
            touched.into_iter().map(|revision| (revision.article.path.clone(), revision)).collect();
        if self.night != night {
            *self = Self { night: night.to_owned(), ..Self::default() };
        }
        for path in self.read.keys().filter(|path| !now.contains_key(path)) {
            self.twins.remove(path);
        }
        for (path, revision) in &now {
            if self.read.get(path).is_none_or(|read| !Arc::ptr_eq(read, revision)) {
                self.twins.put(&revision.article);
            }
        }
        self.read = now;
        &self.twins
    }
}

#[cfg(test)]
mod tests {
    use commune_knowledge::placement::UPDATE_FLOOR;
    use proptest::prelude::*;

    use super::*;

    fn article(path: &str, title: &str, body: &str) -> Article {
        let path = path.parse().unwrap();
        Article { title: title.to_owned(), body: body.to_owned(), ..Article::blank(path, Kind::Article) }
    }

    proptest! {
        /// What is looked up is what comparing with each would find.
        #[test]
        fn nothing_is_overlooked(
            pages in prop::collection::vec(("[a-e]{1,2}( [a-e]{1,2}){0,3}", "[a-e]( [a-e]){0,12}"), 0..8),
            title in "[a-e]{0,2}( [a-e]{1,2}){0,3}",
            body in "[a-e]( [a-e]){0,12}",
        ) {
            let mut twins = Twins::default();
            let pages: Vec<Article> =
                pages.iter().enumerate().map(|(at, (title, body))| article(&format!("p/{at}"), title, body)).collect();
            // each once before, as something else
            pages.iter().for_each(|page| twins.put(&Article { title: "Zebra".into(), ..page.clone() }));
            pages.iter().for_each(|page| twins.put(page));
            let piece = placement::profile(&title, &body);
            let profiles = pages.iter().map(|page| (placement::profile(&page.title, &page.body), &page.path));
            let alike = profiles.filter(|(profile, _)| !profile.is_of_another_thing(&piece));
            let scored = alike.map(|(profile, path)| (placement::score(&piece, &profile), path));
            let best = scored.filter(|(score, _)| *score >= UPDATE_FLOOR).reduce(better);
            prop_assert_eq!(twins.scored(Kind::Article, &piece).into_iter().reduce(better), best);
        }
    }

    #[test]
    fn a_night_goes_on_and_another_begins_with_nothing() {
        let revision = |title: &str| Arc::new(Revision::of(article("p/a", title, "Some words."), String::new()));
        let piece = placement::profile("Rotating the log", "Other words.");
        let finds = |twins: &Twins| !twins.scored(Kind::Article, &piece).is_empty();
        let mut tonight = Tonight::default();
        assert!(!finds(tonight.of("2026-02-14", vec![revision("Baking bread")])));
        assert!(finds(tonight.of("2026-02-14", vec![revision("Rotating the log")])));
        assert!(!finds(tonight.of("2026-02-14", Vec::new())), "it was taken back");
        assert!(finds(tonight.of("2026-02-14", vec![revision("Rotating the log")])));
        assert!(!finds(tonight.of("2026-02-15", Vec::new())));
    }
}
