//! `make bench-library`: what the nightly checks find and mend in a library of real pages with planted faults, and what they mend wrongly.
//!
//! The rules run as the librarian runs them, on a library in memory that takes in their revisions; the services are not started.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod figures;
mod house;
mod plant;
mod sections;
mod updates;

use figures::Figures;

/// Pages of the library before faults are planted.
const PAGES: usize = 2_000;

fn main() {
    // to fit the weights of the sections on
    if std::env::args().nth(1).as_deref() == Some("numbers") {
        return sections::numbers();
    }
    let Some(pages) = plant::pages(PAGES) else {
        return println!("skipped: wikirev is not there");
    };
    let figures = Figures::of(&pages);
    println!("## The library's checks\n\n{} pages of wikirev, with faults planted\n", figures.pages);
    println!("| planted | how many | found | mended in one night |\n|---|---|---|---|");
    let row = |what: &str, told: figures::Told, mended: &str| {
        println!("| {what} | {} | {} | {mended} |", told.planted, told.found);
    };
    row("links to nothing", figures.dead_links, &figures.dead_links.mended.to_string());
    let near = format!("{} to the right page", figures.near_links.mended);
    row("links that nearly name a page", figures.near_links, &near);
    row("pages to which nothing leads", figures.orphans, &figures.orphans.mended.to_string());
    row("pairs of pages on the same thing", figures.duplicates, "proposed, and merged by consent");
    row("near pairs that must stay apart", figures.near_pairs, "told wrongly");
    figures.wrong_pairs.iter().for_each(|(one, other)| println!("  - told as the same: {one} | {other}"));
    row("contradictions of two contributions", figures.contradictions, "shown with the page");
    figures.untold.iter().for_each(|text| println!("  - not told: {text}"));
    println!("| pages in which nothing contradicts | | {} | |", figures.uncontested);

    println!("\n| | |\n|---|---|");
    println!("| links to nothing that are left | {} |", figures.links_to_nothing);
    println!("| statements that no page has any more | {} |", figures.lost);
    println!("| revisions of the first night, the second | {}, {} |", figures.revisions[0], figures.revisions[1]);
    println!("| pairs told as the same that nobody planted | {} |", figures.others.len());
    let [first, second] = figures.took.map(|took| took.as_secs_f64());
    println!("| time of the first look, the second | {first:.2} s, {second:.2} s |");
    figures.others.iter().take(20).for_each(|(one, other)| println!("  - {one} | {other}"));
    println!(
        "\nMerged {} of the pairs that were found; statements lost: {}; refused: {}.",
        figures.duplicates.mended,
        figures.lost_by_merging,
        figures.refused.len()
    );
    figures.refused.iter().for_each(|why| println!("  - {why}"));
    if let Some((updates, contested)) = updates::contested() {
        println!(
            "\nAfter {updates} updates by newer revisions of real pages something is contested in {}.",
            contested.len()
        );
        for (path, pairs) in contested {
            pairs.iter().for_each(|[one, other]| println!("  - {path}: {one} | {other}"));
        }
    }
    sections::print();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fifth of the pages, so that it does not take long.
    #[test]
    fn the_checks_stay_as_good_as_they_were_measured() {
        let Some(pages) = plant::pages(PAGES / 5) else { return };
        let figures = Figures::of(&pages);
        let all = |told: figures::Told| told.planted > 0 && told.found == told.planted && told.mended == told.planted;
        assert!(all(figures.dead_links) && all(figures.near_links), "{figures:?}");
        assert_eq!(figures.links_to_nothing, 0);
        assert!(figures.orphans.found == figures.orphans.planted, "{figures:?}");
        assert!(figures.orphans.mended * 100 >= figures.orphans.planted * 75, "{figures:?}");
        assert!(figures.duplicates.found * 100 >= figures.duplicates.planted * 95, "{figures:?}");
        assert_eq!(figures.duplicates.mended, figures.duplicates.found, "{figures:?}");
        assert_eq!((figures.wrong_pairs.as_slice(), figures.others.as_slice()), (&[][..], &[][..]));
        assert!(figures.contradictions.found * 100 >= figures.contradictions.planted * 80, "{figures:?}");
        assert_eq!((figures.uncontested, figures.lost, figures.lost_by_merging), (0, 0, 0));
        assert!(figures.revisions[0] > 0 && figures.revisions[1] == 0, "{figures:?}");
    }

    /// Every sixth page, so that it does not take long: of these 48 % come first and 66 % are among the first two, of all that are held out more.
    #[test]
    fn statements_go_where_they_were_measured_to_go() {
        let Some(cases) = sections::cases(6) else { return };
        let (first, two, all) = sections::right(cases.iter().filter(|case| case.held_out));
        assert!(all > 100 && first >= 0.44 && two >= 0.61, "{first:.3} and {two:.3} of {all}");
    }

    /// One is told: an example of a command with another date, of which the page keeps both.
    #[test]
    fn hardly_a_real_update_is_told_as_contested() {
        let Some((updates, contested)) = updates::contested() else { return };
        assert!(updates > 400 && contested.len() <= 1, "{updates} updates: {contested:?}");
    }
}
