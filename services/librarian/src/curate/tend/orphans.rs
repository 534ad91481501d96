//! Orphans: a page to which nothing leads is named to be seen, too, on the page that means most nearly the same; of pages about as near on one
//! that changes in this night anyway, so that no page gets a revision a night for what others write.

use super::{Desk, SMALL, Stock, see_also::Neighbours};

const CHECK: &str = "orphans";
/// How near the other page has to be, as a cosine.
const FLOOR: f64 = 0.45;
/// How much less near than the nearest a page may be that changes anyway.
const ABOUT: f64 = 0.1;
/// Pages that are named on one page for this.
const NAMED: usize = 12;

pub(super) fn check(desk: &mut Desk<'_>, stock: &Stock<'_>) {
    if desk.sheets.len() < SMALL {
        return;
    }
    let [stood, orphans] = desk.orphans(&stock.redirects);
    for at in stood.difference(&orphans) {
        desk.mended(*at, CHECK, "nothing led here".to_owned());
    }
    if orphans.is_empty() {
        return;
    }
    let neighbours = Neighbours::of(desk, stock);
    for at in orphans {
        let mut hosts: Vec<(usize, f64)> = neighbours.of_page(at, NAMED);
        hosts.retain(|(host, cosine)| {
            let sheet = &desk.sheets[*host];
            let takes = sheet.may_be_mended() && sheet.article().see_also.len() < NAMED && sheet.facts().is_page;
            *cosine >= FLOOR && takes
        });
        let nearest = hosts.first().map_or(FLOOR, |(_, cosine)| *cosine);
        let changes =
            |(host, cosine): &&(usize, f64)| *cosine >= nearest - ABOUT && desk.sheets[*host].changes_in(stock.night);
        let host = hosts.iter().find(changes).or(hosts.first());
        let Some(&(host, _)) = host else {
            desk.report(at, CHECK, "nothing leads here, and no page is near".to_owned());
            continue;
        };
        let path = desk.sheets[at].article().path.clone();
        desk.mended(at, CHECK, "nothing led here".to_owned());
        desk.mend(host, CHECK, format!("leads to {path}"), |article| article.see_also.push(path));
    }
}
