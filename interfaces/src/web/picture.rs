//! The neighbourhood of a page as a picture: what leads to it on the left, where it leads on the right.
//!
//! The same stands as lists beside it, so that a reader who does not see the picture misses nothing: it is hidden from assistive
//! technology, and the keyboard passes it by.

use super::markdown::escape;

/// Pages on one side; the lists name the others.
const SIDE: usize = 8;
/// Characters of a title.
const TITLE: usize = 30;

const WIDTH: usize = 720;
const ROW: usize = 40;
/// Where the boxes of the sides end and begin, and the one between them.
const LEFT: usize = 236;
const RIGHT: usize = 484;
const MIDDLE: usize = 360;

/// A page near by.
#[derive(Debug, Clone)]
pub(super) struct Near {
    pub(super) path: String,
    pub(super) title: String,
    /// True where the librarian named it, beside the text.
    pub(super) see_also: bool,
}

/// The picture as SVG; empty where nothing is near.
pub(super) fn draw(title: &str, before: &[Near], after: &[Near]) -> String {
    let rows = before.len().min(SIDE).max(after.len().min(SIDE));
    if rows == 0 {
        return String::new();
    }
    let height = (rows * ROW).max(2 * ROW);
    let middle = height / 2;
    let mut svg = format!(
        "<svg class=\"picture\" aria-hidden=\"true\" focusable=\"false\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n"
    );
    for (pages, left) in [(before, true), (after, false)] {
        let pages = &pages[..pages.len().min(SIDE)];
        for (at, page) in pages.iter().enumerate() {
            let y = height * (2 * at + 1) / (2 * pages.len());
            let (from, to) = if left { (LEFT, MIDDLE - 92) } else { (RIGHT, MIDDLE + 92) };
            let bend = (from + to) / 2;
            let class = if page.see_also { "edge seen" } else { "edge" };
            svg.push_str(&format!(
                "<path class=\"{class}\" d=\"M{from} {y}C{bend} {y} {bend} {middle} {to} {middle}\"/>\n"
            ));
        }
        for (at, page) in pages.iter().enumerate() {
            let y = height * (2 * at + 1) / (2 * pages.len());
            let x = if left { 1 } else { RIGHT };
            svg.push_str("<a tabindex=\"-1\" href=\"/articles/");
            escape(&page.path, &mut svg);
            svg.push_str("\"><title>");
            escape(&page.title, &mut svg);
            svg.push_str(&format!(
                "</title><rect x=\"{x}\" y=\"{}\" width=\"235\" height=\"30\" rx=\"6\"/><text x=\"{}\" y=\"{}\">",
                y - 15,
                x + 12,
                y + 5
            ));
            escape(&short(&page.title, TITLE), &mut svg);
            svg.push_str("</text></a>\n");
        }
    }
    svg.push_str(&format!(
        "<g class=\"here\"><rect x=\"{}\" y=\"{}\" width=\"184\" height=\"36\" rx=\"18\"/><text x=\"{MIDDLE}\" y=\"{}\">",
        MIDDLE - 92,
        middle - 18,
        middle + 5
    ));
    escape(&short(title, TITLE - 6), &mut svg);
    svg.push_str("</text></g>\n</svg>");
    svg
}

/// The beginning of a title.
fn short(title: &str, most: usize) -> String {
    if title.chars().count() <= most {
        return title.to_owned();
    }
    let cut: String = title.chars().take(most - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(path: &str, title: &str) -> Near {
        Near { path: path.to_owned(), title: title.to_owned(), see_also: path == "seen" }
    }

    #[test]
    fn what_is_near_is_drawn_and_nothing_of_it_is_obeyed() {
        let evil = "<script>\" onclick=\"x";
        let svg = draw(evil, &[near("a", evil)], &[near("b", "B"), near("seen", "S")]);
        assert!(!svg.contains("<script") && !svg.contains("\" onclick"), "{svg}");
        assert_eq!((svg.matches("<a ").count(), svg.matches("class=\"edge\"").count()), (3, 2), "{svg}");
        assert_eq!(svg.matches("class=\"edge seen\"").count(), 1, "{svg}");
        assert!(!svg.contains("style="), "the policy allows none");
        assert_eq!(draw("alone", &[], &[]), "");
    }

    #[test]
    fn a_picture_is_no_larger_than_a_page() {
        let many: Vec<Near> = (0..500).map(|n| near("a", &format!("{n} {}", "long ".repeat(40)))).collect();
        let svg = draw(&"t".repeat(500), &many, &many);
        assert_eq!(svg.matches("<a ").count(), 2 * SIDE);
        assert!(svg.contains("viewBox=\"0 0 720 320\""), "{}", &svg[..120]);
        assert_eq!(short("größenwahnsinnig", 6), "größe…");
    }
}
