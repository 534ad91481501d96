//! The form of an article: `# Title`, then its sections below; no second heading of level 1.

use commune_knowledge::{
    document::{self, Document},
    heading, normalize, skill,
};

/// A contribution as an article would hold it.
pub fn body(given_title: &str, text: &str) -> String {
    if skill::unpack(text).is_some() {
        // the files of a skill, as they are
        return format!("{}\n", text.trim_end());
    }
    let title = title(given_title, text);
    let text = without_front_matter(text);
    let sections = document::sections(&text);
    // a log's heading says when, and the title that was made of it does not
    let same = |name: &str| {
        let identity = normalize::identity(&title);
        [name, heading::subject(name).as_str()].iter().any(|name| normalize::identity(name) == identity)
    };
    let first = sections.iter().find(|s| s.level > 0);
    let opens = first.is_some_and(|s| same(&s.heading) && text[..s.own.start].trim().is_empty());
    let rest = sections.iter().filter(|s| s.level > 0).skip(usize::from(opens));
    let lower = u8::from(rest.clone().any(|s| s.level == 1));

    let mut body = format!("# {title}\n\n");
    let mut skipped = !opens;
    for section in &sections {
        let own = &text[section.own.clone()];
        if section.level == 0 {
            body.push_str(own.trim_start_matches('\n'));
            continue;
        }
        let below = below_heading(own);
        if !skipped {
            skipped = true;
            body.push_str(below.trim_start_matches('\n'));
            continue;
        }
        if lower == 0 {
            body.push_str(own);
        } else {
            let level = usize::from((section.level + lower).min(6));
            body.push_str(&format!("{} {}\n{below}", "#".repeat(level), heading_text(own, &section.heading)));
        }
    }
    let mut body = body.trim_end();
    // what divides it from what followed where it was noted
    while let Some(before) = body.strip_suffix("\n\n---") {
        body = before.trim_end();
    }
    format!("{body}\n")
}

/// A [`body`] as its title line and what stands below it.
pub(super) fn split_title(body: &str) -> (&str, &str) {
    let end = body.find("\n\n").map_or(body.len(), |end| end + 2);
    body.split_at(end)
}

/// The title: as given, else the text's own, in one line.
pub(super) fn title(given: &str, text: &str) -> String {
    let given = given.split_whitespace().collect::<Vec<_>>().join(" ");
    let given = given.trim_start_matches('#').trim();
    if !given.is_empty() {
        return given.to_owned();
    }
    let own = document::title(&without_front_matter(text)).split_whitespace().collect::<Vec<_>>().join(" ");
    if own.is_empty() { "Untitled".to_owned() } else { own }
}

fn without_front_matter(text: &str) -> String {
    let text = normalize::text(text);
    match Document::parse(&text) {
        Ok(document) => document.body,
        Err(_) => text,
    }
}

/// What a section holds below its heading.
pub(super) fn below_heading(own: &str) -> &str {
    let mut lines = own.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if is_atx(first) {
        return &own[first.len()..];
    }
    let mut heading = first.len();
    for line in lines {
        heading += line.len();
        let mark = line.trim();
        if !mark.is_empty() && (mark.bytes().all(|b| b == b'=') || mark.bytes().all(|b| b == b'-')) {
            return &own[heading..];
        }
    }
    &own[first.len()..]
}

/// The heading as written, without its marks.
fn heading_text<'a>(own: &'a str, plain: &'a str) -> &'a str {
    let first = own.lines().next().unwrap_or_default();
    if is_atx(first) { first.trim().trim_start_matches('#').trim() } else { plain }
}

fn is_atx(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: &str, text: &str, expected: &str) {
        assert_eq!(body(title, text), expected);
        assert_eq!(body(title, expected), expected, "stable");
    }

    #[test]
    fn an_article_has_one_title() {
        check("Renew certificates", "Use staging first.", "# Renew certificates\n\nUse staging first.\n");
        check("A b", "# A b\n\ntext\n", "# A b\n\ntext\n");
        check("A b", "## a B\n\ntext\n\n## More\n\nx", "# A b\n\ntext\n\n## More\n\nx\n");
        check("T", "# One\n\na\n\n## Two\n\nb\n", "# T\n\n## One\n\na\n\n### Two\n\nb\n");
        check("T", "One\n===\n\na\n", "# T\n\n## One\n\na\n");
        check("T", "```sh\n# not a heading\n```\n", "# T\n\n```sh\n# not a heading\n```\n");
        check("", "First line here.\n\nMore.", "# First line here.\n\nFirst line here.\n\nMore.\n");
        check("Move the site", "## 09:00 — Move the site\n\ntext\n\n---\n", "# Move the site\n\ntext\n");
        check("证书", "更新证书。", "# 证书\n\n更新证书。\n");
    }
}
