//! What one night finds and mends in a library with planted faults, in figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use commune_knowledge::{document, statement};
use librarian::{curate::tend::Tended, library::Article};

use crate::{
    house::House,
    plant::{self, Faults, Page, plant},
};

/// Of what was planted: how many, found, and mended in one night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub(crate) planted: usize,
    pub(crate) found: usize,
    pub(crate) mended: usize,
}

/// The figures of a library.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) pages: usize,
    /// Links to nothing.
    pub(crate) dead_links: Told,
    /// Links that nearly name a page; mended are those that lead to the right one.
    pub(crate) near_links: Told,
    pub(crate) orphans: Told,
    /// Pairs of pages on the same thing; mended are those that were merged.
    pub(crate) duplicates: Told,
    /// Pairs that must stay apart and are told as the same.
    pub(crate) near_pairs: Told,
    /// Pairs of those that are told wrongly, by what they say.
    pub(crate) wrong_pairs: Vec<(&'static str, &'static str)>,
    pub(crate) contradictions: Told,
    /// Contradictions that are not told, by what one of both says.
    pub(crate) untold: Vec<&'static str>,
    /// Pages in which nothing contradicts and something is told to.
    pub(crate) uncontested: usize,
    /// Links of all pages that lead to no page after the night.
    pub(crate) links_to_nothing: usize,
    /// Statements that no page has any more.
    pub(crate) lost: usize,
    /// Statements that are lost by merging the pairs, and pairs that are not merged, with the reasons.
    pub(crate) lost_by_merging: usize,
    pub(crate) refused: Vec<String>,
    /// Pairs told as the same that nobody planted.
    pub(crate) others: Vec<(String, String)>,
    /// Revisions of the first night, and of the second.
    pub(crate) revisions: [usize; 2],
    /// How long the first look took, and one at what did not change.
    pub(crate) took: [Duration; 2],
}

impl Figures {
    /// Plants faults in these pages, tends them for two nights and counts.
    pub(crate) fn of(pages: &[Page]) -> Self {
        let planted = plant(pages);
        let mut house = House::of(&planted.pages);
        let before = house.standing();
        let began = Instant::now();
        let first = house.night("2026-02-14");
        let took = began.elapsed();
        let (after, faults) = (house.standing(), &planted.faults);
        let mut figures = Self { pages: before.len(), ..Self::default() };
        figures.links(faults, &first, &after);
        figures.orphans(faults, &first, &house);
        figures.pairs(faults, &first);
        figures.contradictions(faults, &house);
        let others = first.duplicates.iter().filter(|(one, other)| !planted.is_pair(one, other));
        figures.others = others.map(|(one, other)| (one.to_string(), other.to_string())).collect();
        figures.lost = lost(&before, &after, faults);
        figures.revisions = [first.revisions.len(), house.night("2026-02-15").revisions.len()];
        let began = Instant::now();
        house.look("2026-02-16");
        figures.took = [took, began.elapsed()];
        figures.merges(faults, &mut house, &first);
        figures
    }

    fn links(&mut self, faults: &Faults, tended: &Tended, after: &BTreeMap<String, Article>) {
        let told = |path: &String, target: &String| {
            tended.findings.iter().any(|finding| {
                finding.check == "links" && finding.path.as_str() == path && finding.what.contains(target.as_str())
            })
        };
        let leads = |path: &String, target: &String| after[path].body.contains(&format!("[[{target}"));
        let dead = &faults.dead_links;
        self.dead_links = Told {
            planted: dead.len(),
            found: dead.iter().filter(|(path, target)| told(path, target)).count(),
            mended: dead.iter().filter(|(path, target)| !leads(path, target)).count(),
        };
        let near = &faults.near_links;
        self.near_links = Told {
            planted: near.len(),
            found: near.iter().filter(|(path, target, _)| told(path, target)).count(),
            mended: near.iter().filter(|(path, _, to)| leads(path, to)).count(),
        };
        let links = after.values().flat_map(|article| document::wikilinks(&article.body));
        self.links_to_nothing = links.filter(|link| !after.contains_key(link)).count();
    }

    fn orphans(&mut self, faults: &Faults, tended: &Tended, house: &House) {
        let led_to = house.led_to();
        let told = |path: &String| {
            led_to.contains(path)
                || tended.findings.iter().any(|finding| finding.check == "orphans" && finding.path.as_str() == path)
        };
        let orphans = &faults.orphans;
        self.orphans = Told {
            planted: orphans.len(),
            found: orphans.iter().filter(|path| told(path)).count(),
            mended: orphans.iter().filter(|path| led_to.contains(*path)).count(),
        };
    }

    fn pairs(&mut self, faults: &Faults, tended: &Tended) {
        let told: BTreeSet<(String, String)> =
            tended.duplicates.iter().map(|(one, other)| plant::pair(one.as_str(), other.as_str())).collect();
        let found = faults.duplicates.iter().filter(|pair| told.contains(*pair)).count();
        self.duplicates = Told { planted: faults.duplicates.len(), found, mended: 0 };
        let wrong = faults.near_pairs.iter().enumerate().filter(|(_, pair)| told.contains(*pair));
        self.wrong_pairs = wrong.map(|(n, _)| plant::otherwise(n)).collect();
        self.near_pairs = Told { planted: faults.near_pairs.len(), found: self.wrong_pairs.len(), mended: 0 };
    }

    fn contradictions(&mut self, faults: &Faults, house: &House) {
        let contradictions = &faults.contradictions;
        let missed = contradictions.iter().enumerate().filter(|(_, path)| house.contested(path).is_empty());
        self.untold = missed.map(|(n, _)| plant::contradiction(n).0).collect();
        let found = contradictions.len() - self.untold.len();
        self.contradictions = Told { planted: contradictions.len(), found, mended: 0 };
        let others = house.standing().into_keys().filter(|path| !contradictions.contains(path));
        self.uncontested = others.filter(|path| !house.contested(path).is_empty()).count();
    }

    /// Merges every pair that was planted and found.
    fn merges(&mut self, faults: &Faults, house: &mut House, tended: &Tended) {
        let planted = |one: &str, other: &str| faults.duplicates.contains(&plant::pair(one, other));
        for (absorbed, into) in &tended.duplicates {
            if !planted(absorbed.as_str(), into.as_str()) {
                continue;
            }
            let said: Vec<String> = [absorbed, into].map(|path| house.body(path)).to_vec();
            match house.merge(absorbed, into) {
                Err(why) => self.refused.push(why),
                Ok(()) => {
                    self.duplicates.mended += 1;
                    let body = house.body(into);
                    self.lost_by_merging +=
                        said.iter().map(|said| statement::missing(&body, said).len()).sum::<usize>();
                }
            }
        }
    }
}

/// Statements that some page had and none has, but for those whose link was planted: the link is gone, and its words stay.
fn lost(before: &BTreeMap<String, Article>, after: &BTreeMap<String, Article>, faults: &Faults) -> usize {
    let mut lost = 0;
    for (path, article) in before {
        let planted = |text: &str| faults.targets().any(|target| text.contains(target));
        let missing = statement::missing(&after[path].body, &article.body);
        lost += missing.iter().filter(|statement| !planted(&statement.text)).count();
    }
    lost
}
