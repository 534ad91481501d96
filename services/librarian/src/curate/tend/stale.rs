//! Stale: a page older than what it says is likely to hold, which a newer page contradicts. Reported, never mended: which of the two is
//! right is for its readers to say.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use super::{Desk, Stock};

const CHECK: &str = "stale";
/// Days for which what stands in a folder is likely to hold; of every other, [`KEPT`].
const KEPT_BY_FOLDER: &[(&str, i64)] =
    &[("status", 30), ("facts", 90), ("fixes", 180), ("decisions", 365), ("skills", 365)];
const KEPT: i64 = 180;
/// Sentences of different pages on the same thing that are compared.
const TOGETHER: usize = 50;

pub(super) fn check(desk: &mut Desk<'_>, stock: &Stock<'_>) {
    let ages: Vec<Option<Timestamp>> =
        desk.sheets.iter().map(|sheet| sheet.article().curated_at.parse::<Timestamp>().ok()).collect();
    let is_old = |at: usize| {
        let folder = desk.sheets[at].article().path.segments().next().unwrap_or_default();
        let days = KEPT_BY_FOLDER.iter().find(|(name, _)| *name == folder).map_or(KEPT, |(_, days)| *days);
        let until = stock.now.checked_sub((days * 24).hours()).ok();
        ages[at].zip(until).is_some_and(|(age, until)| age < until)
    };
    let old: Vec<usize> = (0..desk.sheets.len()).filter(|at| desk.sheets[*at].facts().is_page && is_old(*at)).collect();
    if old.is_empty() {
        return;
    }
    let mut by_subject: BTreeMap<u64, Vec<(usize, usize)>> = BTreeMap::new();
    for (at, sheet) in desk.sheets.iter().enumerate().filter(|(_, sheet)| sheet.facts().is_page) {
        for (index, (assertion, _)) in sheet.facts().assertions(sheet.article()).iter().enumerate() {
            by_subject.entry(assertion.subject).or_default().push((at, index));
        }
    }
    let mut told: Vec<(usize, String)> = Vec::new();
    for at in old {
        let sheet = &desk.sheets[at];
        for (assertion, sentence) in sheet.facts().assertions(sheet.article()) {
            let others = by_subject.get(&assertion.subject).into_iter().flatten().take(TOGETHER);
            let newer = others.filter(|(other, _)| *other != at && ages[*other] > ages[at]).find(|(other, index)| {
                let other = &desk.sheets[*other];
                other.facts().assertions(other.article())[*index].0.contradicts(assertion)
            });
            if let Some((other, _)) = newer {
                let path = &desk.sheets[*other].article().path;
                told.push((at, format!("“{sentence}” is old, and {path} says otherwise")));
            }
        }
    }
    for (at, what) in told {
        desk.report(at, CHECK, what);
    }
}
