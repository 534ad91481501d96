//! `make bench-library`: what the nightly checks find and mend in a library of real pages with planted faults, and what they mend wrongly.
//!
//! The rules run as the librarian runs them, on a library in memory that takes in their revisions; the services are not started.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod house;
mod plant;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use commune_knowledge::{document, statement};
use librarian::{curate::tend::Tended, library::Article};

use house::House;
use plant::{Faults, plant};

/// Pages of the library before faults are planted.
const PAGES: usize = 2_000;

fn main() {
    let Some(pages) = plant::pages(PAGES) else {
        return println!("skipped: wikirev is not there");
    };
    let planted = plant(&pages);
    let mut house = House::of(&planted.pages);
    let before = house.standing();
    println!("## The library's checks\n\n{} pages of wikirev, with faults planted\n", before.len());

    let began = Instant::now();
    let first = house.night("2026-02-14");
    let took = began.elapsed();
    let after = house.standing();
    println!("| planted | how many | found | mended in one night |\n|---|---|---|---|");
    dead_links(&planted.faults, &first, &after);
    orphans(&planted.faults, &first, &house);
    pairs(&planted.faults, &first);
    contradictions(&planted.faults, &house);

    let others: Vec<_> = first.duplicates.iter().filter(|(one, other)| !planted.is_pair(one, other)).collect();
    println!("\n| | |\n|---|---|");
    println!("| links to nothing that are left | {} |", links_to_nothing(&after));
    println!("| statements that no page has any more | {} |", lost(&before, &after, &planted.faults));
    println!("| revisions of the first night | {} |", first.revisions.len());
    let again = house.night("2026-02-15");
    println!("| revisions of the second night | {} |", again.revisions.len());
    println!("| pairs told as the same that nobody planted | {} |", others.len());
    println!("| time of the first look, the second | {:.2} s, {:.2} s |", took.as_secs_f64(), {
        let began = Instant::now();
        house.look("2026-02-16");
        began.elapsed().as_secs_f64()
    });
    for (one, other) in others.iter().take(20) {
        println!("  - {one} | {other}");
    }
    merges(&planted.faults, &mut house, &first);
}

fn dead_links(faults: &Faults, tended: &Tended, after: &BTreeMap<String, Article>) {
    let told = |path: &String, target: &String| {
        tended.findings.iter().any(|finding| {
            finding.check == "links" && finding.path.as_str() == path && finding.what.contains(target.as_str())
        })
    };
    let found = faults.dead_links.iter().filter(|(path, target)| told(path, target)).count();
    let gone = faults.dead_links.iter().filter(|(path, target)| !after[path].body.contains(&format!("[[{target}")));
    println!("| links to nothing | {} | {found} | {} |", faults.dead_links.len(), gone.count());
    let right = faults.near_links.iter().filter(|(path, _, to)| after[path].body.contains(&format!("[[{to}")));
    let near = faults.near_links.iter().filter(|(path, target, _)| told(path, target)).count();
    println!(
        "| links that nearly name a page | {} | {near} | {} to the right page |",
        faults.near_links.len(),
        right.count()
    );
}

fn orphans(faults: &Faults, tended: &Tended, house: &House) {
    let led_to = house.led_to();
    let mended = faults.orphans.iter().filter(|path| led_to.contains(*path)).count();
    let told = |path: &String| {
        led_to.contains(path)
            || tended.findings.iter().any(|finding| finding.check == "orphans" && finding.path.as_str() == path)
    };
    let found = faults.orphans.iter().filter(|path| told(path)).count();
    println!("| pages to which nothing leads | {} | {found} | {mended} |", faults.orphans.len());
}

fn pairs(faults: &Faults, tended: &Tended) {
    let told: BTreeSet<(String, String)> =
        tended.duplicates.iter().map(|(one, other)| plant::pair(one.as_str(), other.as_str())).collect();
    let found = faults.duplicates.iter().filter(|pair| told.contains(*pair)).count();
    println!(
        "| pairs of pages on the same thing | {} | {found} | proposed, and merged by consent |",
        faults.duplicates.len()
    );
    let wrong = faults.near_pairs.iter().filter(|pair| told.contains(*pair)).count();
    println!("| near pairs that must stay apart | {} | {wrong} | {wrong} |", faults.near_pairs.len());
}

fn contradictions(faults: &Faults, house: &House) {
    let found = faults.contradictions.iter().filter(|path| !house.contested(path).is_empty()).count();
    let missed = faults.contradictions.iter().enumerate().filter(|(_, path)| house.contested(path).is_empty());
    let missed: Vec<&str> = missed.map(|(n, _)| plant::contradiction(n).0).collect();
    println!(
        "| contradictions of two contributions | {} | {found} | shown with the page |",
        faults.contradictions.len()
    );
    missed.iter().for_each(|text| println!("  - not told: {text}"));
    let others = house.standing().into_keys().filter(|path| !faults.contradictions.contains(path));
    let wrong: Vec<String> = others.filter(|path| !house.contested(path).is_empty()).collect();
    println!("| pages in which nothing contradicts | | {} | |", wrong.len());
}

/// Links of all pages that lead to no page.
fn links_to_nothing(pages: &BTreeMap<String, Article>) -> usize {
    let links = pages.values().flat_map(|article| document::wikilinks(&article.body));
    links.filter(|link| !pages.contains_key(link)).count()
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

/// Merges every pair that was planted and found, and says what was lost.
fn merges(faults: &Faults, house: &mut House, tended: &Tended) {
    let found = tended
        .duplicates
        .iter()
        .filter(|(one, other)| faults.duplicates.contains(&plant::pair(one.as_str(), other.as_str())));
    let (mut merged, mut refused, mut lost) = (0, Vec::new(), 0);
    for (absorbed, into) in found {
        let said: Vec<String> = [absorbed, into].map(|path| house.body(path)).to_vec();
        match house.merge(absorbed, into) {
            Err(why) => refused.push(why),
            Ok(()) => {
                merged += 1;
                let body = house.body(into);
                lost += said.iter().map(|said| statement::missing(&body, said).len()).sum::<usize>();
            }
        }
    }
    println!("\nMerged {merged} of the pairs that were found; statements lost: {lost}; refused: {}.", refused.len());
    refused.iter().for_each(|why| println!("  - {why}"));
}
