//! Which section of an article a piece belongs to.

use super::{content_words, profile_cosine};
use crate::{document, embedding::StaticModel, statement};

/// How alike a section and the piece are at least, in words and meaning together (0 to 2); below, the piece goes where the
/// article ends or its own headings say.
const FLOOR: f64 = 0.6;
/// How far ahead of the next best a section has to be.
const LEAD: f64 = 0.05;
/// Sections that are looked at; a longer page is one of lists.
const MOST: usize = 200;

/// The headings under which a piece goes, outermost first; none where no section stands out, where the piece brings headings
/// of its own, or where the article has no sections. The heading of level 1 is the title, and is left out.
pub fn section(article: &str, piece: &str) -> Vec<String> {
    if statement::statements(piece).iter().any(|statement| !statement.headings.is_empty()) {
        return Vec::new();
    }
    let model = StaticModel::shipped();
    let (words, vector) = (content_words(piece), model.embed(piece));
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut scored: Vec<(f64, Vec<String>)> = Vec::new();
    for section in document::sections(article).into_iter().take(MOST) {
        if section.level == 0 {
            continue;
        }
        path.retain(|(level, _)| *level < section.level);
        path.push((section.level, section.heading.clone()));
        let headings: Vec<String> = path.iter().filter(|(level, _)| *level > 1).map(|entry| entry.1.clone()).collect();
        let own = &article[section.own.clone()];
        let meaning = vector.as_ref().zip(model.embed(own).as_ref()).map_or(0.0, |(one, other)| one.cosine(other));
        scored.push((meaning.max(0.0) + profile_cosine(&words, &content_words(own)), headings));
    }
    scored.sort_by(|left, right| right.0.total_cmp(&left.0));
    match scored.as_slice() {
        [best, rest @ ..] if best.0 >= FLOOR && rest.first().is_none_or(|next| best.0 - next.0 >= LEAD) => {
            best.1.clone()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str = "# The pool\n\nIt serves bookings.\n\n## Restart\n\nDrain the connections of the pool, then restart it \
        with systemctl.\n\n## Backups\n\nThe dump of the database is copied each night to the second host.\n\n### Restore\n\n\
        Restore the dump with pg_restore.\n";

    #[track_caller]
    fn check(piece: &str, expected: &[&str]) {
        assert_eq!(section(ARTICLE, piece), expected, "{piece}");
    }

    #[test]
    fn a_piece_goes_where_its_subject_is() {
        check("Before a restart with systemctl, drain the connections of the pool for a minute.", &["Restart"]);
        check("Restore the dump with pg_restore on four cores: pg_restore -j 4.", &["Backups", "Restore"]);
    }

    #[test]
    fn in_doubt_no_section_is_named() {
        check("Roses need light.", &[]);
        check("## Restart\n\nDrain the connections of the pool, then restart it.", &[]);
        assert!(section("No sections here.", "Drain the connections.").is_empty());
    }
}
