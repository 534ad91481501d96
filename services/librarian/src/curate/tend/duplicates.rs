//! Duplicates: two articles on the same thing, to be merged by consent.
//!
//! They are looked for by their words and by what they mean; **what decides are rules**: one says nearly all that the other says, or
//! both say the same; nothing that they claim differs, neither port nor version nor environment; they are not for different readers; and what
//! comes of it is no longer than an article should be.

use std::collections::BTreeSet;

use commune_knowledge::{
    duplicate::{self, Sketch, Verdict},
    normalize, placement, similarity,
    statement::{self, Claims, Statement},
};

use super::{Desk, Stock, see_also::Neighbours};
use crate::{curate::split::LINES, library::Article};

const CHECK: &str = "duplicates";
/// How near pages are, as a cosine, of which one may be a part of the other; and how many of them are looked at.
const NEAR: f64 = 0.80;
const LOOKED_AT: usize = 4;
/// The share of a page's statements that another has to have for it to be a part of that.
const PART: f64 = 0.75;
/// The share of its words and neighbouring words that a page has in common with what it is a part of, at least.
const SHARED: f64 = 0.45;
/// How alike two statements are, by the same, of which one answers the other.
const ANSWERS: f64 = 0.4;
/// The same of two statements that claim otherwise and of which neither page has the other's: less of them need be alike.
const OTHERWISE: f64 = 0.2;
/// Fewest statements of a part.
const FEWEST: usize = 2;
/// Pairs that are compared in one night; the rest waits for the next.
const COMPARED: usize = 20_000;
/// Words of titles, tags and folders that say for whom or where a page is.
const READERS: &[&str] = &[
    "admin",
    "admins",
    "administrators",
    "beginner",
    "beginners",
    "customers",
    "developer",
    "developers",
    "end-users",
    "experts",
    "managers",
    "operator",
    "operators",
    "ops",
    "support",
    "users",
    "linux",
    "macos",
    "osx",
    "windows",
    "android",
    "ios",
    "freebsd",
    "dev",
    "development",
    "staging",
    "production",
    "prod",
    "test",
    "testing",
];

pub(super) fn check(desk: &mut Desk<'_>, stock: &Stock<'_>) {
    let pages: Vec<usize> = (0..desk.sheets.len()).filter(|at| desk.sheets[*at].facts().is_page).collect();
    let sketches: Vec<Sketch> =
        pages.iter().map(|at| desk.sheets[*at].facts().reading(desk.sheets[*at].article()).sketch()).collect();
    let mut pairs: BTreeSet<(usize, usize)> =
        duplicate::candidates(&sketches, |_| true).into_iter().map(|(one, other)| (pages[one], pages[other])).collect();
    let neighbours = Neighbours::of(desk, stock);
    for at in &pages {
        let near = neighbours.of_page(*at, LOOKED_AT).into_iter().filter(|(_, cosine)| *cosine >= NEAR);
        pairs.extend(near.map(|(other, _)| (*at.min(&other), *at.max(&other))));
    }
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    let mut fresh = 0;
    for (one, other) in pairs {
        let (left, right) = (&desk.sheets[one], &desk.sheets[other]);
        if !right.facts().is_page {
            continue;
        }
        let key = (left.article().path.clone(), right.article().path.clone());
        let now = (left.since(), right.since());
        let known = desk.memory.compared.get(&key).filter(|(l, r, _)| (*l, *r) == now).map(|(_, _, verdict)| *verdict);
        let verdict = match known {
            Some(verdict) => verdict,
            None if fresh == COMPARED => continue,
            None if !desk.may_be_one(one, other) => {
                desk.memory.compared.insert(key, (now.0, now.1, None));
                continue;
            }
            None => {
                fresh += 1;
                let same = left.facts().reading(left.article()).compare(right.facts().reading(right.article()));
                let verdict = goes(left.article(), right.article(), &same);
                desk.memory.compared.insert(key, (now.0, now.1, verdict));
                verdict
            }
        };
        // what goes into another, or takes one in, is looked at anew when that is done
        let Some(left_goes) = verdict.filter(|_| !gone.contains(&one) && !gone.contains(&other)) else { continue };
        gone.extend([one, other]);
        let (absorbed, into) = if left_goes { (one, other) } else { (other, one) };
        let (from, to) = (desk.sheets[absorbed].article().path.clone(), desk.sheets[into].article().path.clone());
        desk.report(absorbed, CHECK, format!("says what {to} says: to be merged into it"));
        desk.duplicates.push((from, to));
    }
}

impl Desk<'_> {
    /// Whether one of two pages shares enough of its words with the other to be a part of it.
    fn may_be_one(&self, one: usize, other: usize) -> bool {
        let print = |at: usize| self.sheets[at].facts().print(self.sheets[at].article());
        let (one, other) = (print(one), print(other));
        let (small, large) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        similarity::containment(small, large) >= SHARED
    }
}

/// Whether two articles are on the same thing: true when the first goes into the second, false when the second goes into the
/// first, none when they stay apart.
pub(super) fn goes(left: &Article, right: &Article, verdict: &Verdict) -> Option<bool> {
    let (of_left, of_right) = (statement::claims(&left.title), statement::claims(&right.title));
    // a version or a port in one title alone says that the page is on that, too
    let figures = |claims: &Claims| -> BTreeSet<String> {
        claims.tokens.iter().filter(|token| token.starts_with(|char: char| char.is_ascii_digit())).cloned().collect()
    };
    let titles_differ = statement::difference(&of_left, &of_right).is_some() || figures(&of_left) != figures(&of_right);
    if titles_differ || readers(left) != readers(right) {
        return None;
    }
    let (of_left, of_right) =
        (placement::standings(&right.body, &left.body, &[]), placement::standings(&left.body, &right.body, &[]));
    let share = |standings: &placement::Standings| {
        (standings.repeated + standings.reworded) as f64 / standings.statements.max(1) as f64
    };
    let (left_said, right_said) = (share(&of_left), share(&of_right));
    let is_part = |said: f64, standings: &placement::Standings| said >= PART && standings.statements >= FEWEST;
    let same = verdict.is_duplicate();
    // what a page claims otherwise than another says of the same keeps them apart, also where one is a part of the other
    let part = is_part(left_said, &of_left) && agrees(&right.body, &left.body)
        || is_part(right_said, &of_right) && agrees(&left.body, &right.body);
    if !(same || part) || say_otherwise(&left.body, &right.body) {
        return None;
    }
    // the broader stays: the one with more that the other does not say; of equals the one with more statements, then the first
    let own = |standings: &placement::Standings| standings.statements - standings.repeated - standings.reworded;
    let order = (own(&of_left), of_left.statements).cmp(&(own(&of_right), of_right.statements));
    let left_goes = order.is_lt();
    let (small, large) = if left_goes { (left, right) } else { (right, left) };
    let merged = statement::merge(&large.body, &small.body);
    (merged.lines().count() <= LINES).then_some(left_goes)
}

/// Whether nothing of a part answers what the whole says and says otherwise.
fn agrees(whole: &str, part: &str) -> bool {
    let own = placement::unsaid(whole, part);
    if own.is_empty() {
        return true;
    }
    let said = statement::statements(whole);
    let prints: Vec<Vec<u64>> = said.iter().map(|statement| duplicate::fingerprint(&statement.text)).collect();
    let answers = |statement: &Statement| {
        let print = duplicate::fingerprint(&statement.text);
        prints.iter().any(|other| similarity::jaccard(&print, other) >= ANSWERS)
    };
    let (asserted, of_whole) = (statement::assertions(part), statement::assertions(whole));
    let contradicts = asserted.iter().any(|(one, _)| of_whole.iter().any(|(other, _)| one.contradicts(other)));
    !contradicts && !own.iter().any(answers)
}

/// Whether each page says something that the other does not, alike in words and otherwise in what it claims: of another environment, never
/// where the other says always.
fn say_otherwise(left: &str, right: &str) -> bool {
    let alone = |whole: &str, page: &str| -> Vec<(Claims, Vec<u64>)> {
        let own = placement::unsaid(whole, page).into_iter();
        own.map(|one| (statement::claims(&one.text), duplicate::fingerprint(&one.text))).collect()
    };
    let (of_left, of_right) = (alone(right, left), alone(left, right));
    of_left.iter().any(|(claims, print)| {
        of_right.iter().any(|(other, other_print)| {
            statement::difference(claims, other).is_some() && similarity::jaccard(print, other_print) >= OTHERWISE
        })
    })
}

/// For whom or where a page is, as its title, tags and folders say.
fn readers(article: &Article) -> BTreeSet<String> {
    let mut said = normalize::words(&article.title);
    said.extend(article.tags.iter().cloned());
    let (folders, _) = article.path.as_str().rsplit_once('/').unwrap_or_default();
    said.extend(folders.split('/').map(str::to_owned));
    said.retain(|word| READERS.contains(&word.as_str()));
    said.into_iter().collect()
}
