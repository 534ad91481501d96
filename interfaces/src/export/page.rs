//! A page of the library as a Markdown file that Quartz and Obsidian read. Pure.
//!
//! The front matter has `title`, `tags` and `aliases`, as both programs know them (<https://quartz.jzhao.xyz/plugins/Frontmatter>,
//! <https://help.obsidian.md/properties>), `modified` for Quartz's dates, and what the commune knows beside: `contributors`, `revision`,
//! `night`, `see_also`. `commune` is the page's path and `kind` what it is: by these an import knows it again. The body is the page's own, byte for byte.
//!
//! A page that went elsewhere is a page that links there. Neither program redirects by path as one would wish: Quartz takes an alias for a
//! path beside the page, Obsidian for another name; a link to the old path is alive in both when a file stands there.

use commune_proto::librarian::v1::{Article, ArticleKind};

/// Most bytes of a front matter: an import reads no more than 4096 of one, fences included. Names beyond are left out.
const FRONT_MATTER: usize = 4000;

/// Where an import finds the path again.
pub(crate) const PATH: &str = "commune";
/// What a file is, for an import.
pub(crate) const KIND: &str = "kind";
/// Names that are no alias in a file.
pub(crate) const OTHER_NAMES: &str = "other_names";
/// The kind of an Agent Skill's page.
pub(crate) const SKILL: &str = "skill";
/// The kind of a page that lists others: the exporter's own.
pub(crate) const SECTION: &str = "section";
/// The kind of a page that went elsewhere.
pub(crate) const REDIRECT: &str = "redirect";

/// The file of a page that stands, or that went elsewhere.
pub(crate) fn text(article: &Article) -> String {
    let mut matter = Matter::default();
    matter.text("title", &article.title);
    matter.text(PATH, &article.path);
    if !article.redirect_to.is_empty() {
        matter.text(KIND, REDIRECT);
        matter.text("redirect_to", &article.redirect_to);
        matter.made(article);
        return matter.before(&format!("This page went to [[{}]].\n", article.redirect_to));
    }
    let is_skill = article.kind() == ArticleKind::Skill;
    matter.text(KIND, if is_skill { SKILL } else { "article" });
    matter.made(article);
    matter.list("tags", &article.tags);
    // Quartz makes a file of each alias, beside the page's
    let (files, others): (Vec<&String>, Vec<&String>) = article.aliases.iter().partition(|alias| is_file_name(alias));
    matter.list("aliases", files);
    matter.list(OTHER_NAMES, others);
    matter.list("contributors", &article.contributors);
    matter.list("see_also", &article.see_also);
    matter.before(&article.body)
}

/// The file of a page that lists others.
pub(crate) fn section(path: &str, title: &str, body: &str) -> String {
    let mut matter = Matter::default();
    matter.text("title", title);
    matter.text(PATH, path);
    matter.text(KIND, SECTION);
    matter.before(body)
}

/// Whether a name is the name of a file, and leads nowhere else.
fn is_file_name(name: &str) -> bool {
    name.len() <= 200
        && !name.starts_with('.')
        && !name.contains(['/', '\\', ':', '\0'])
        && !name.contains(char::is_control)
}

/// A front matter, within its bound.
#[derive(Debug, Default)]
pub(super) struct Matter(String);

impl Matter {
    fn made(&mut self, article: &Article) {
        self.line(&format!("revision: {}", article.revision));
        self.text("night", &article.night);
        self.text("modified", &article.curated_at);
    }

    /// A value.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.line(&format!("{key}: {}", quoted(value)));
    }

    /// A list of as many as there is room for; nothing of an empty one.
    pub(super) fn list<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a String>) {
        let mut line = format!("{key}: [");
        let empty = line.len();
        for value in values {
            let value = quoted(value);
            if self.0.len() + line.len() + value.len() + "---\n, ]\n---\n".len() > FRONT_MATTER {
                break;
            }
            if line.len() > empty {
                line.push_str(", ");
            }
            line.push_str(&value);
        }
        if line.len() > empty {
            self.line(&(line + "]"));
        }
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// The whole file, with this body.
    pub(super) fn before(self, body: &str) -> String {
        format!("---\n{}---\n{body}", self.0)
    }
}

/// A text as YAML: in double quotes, with no quote inside them.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '\\' => quoted.push_str("\\\\"),
            // what reads a line at a time would take an escaped quote for the end, and some a separator of lines for one
            '"' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(char)))
            }
            char if char.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(char))),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use commune_knowledge::document::{Document, FRONT_MATTER_LIMIT};
    use proptest::prelude::*;

    use super::*;

    fn page() -> Article {
        Article {
            path: "how-to/renew".into(),
            title: "Renew: \"the\" \\ certificate".into(),
            kind: ArticleKind::Article.into(),
            body: "# Renew\n\nSee [[how-to/reload]].\n".into(),
            tags: vec!["ops".into(), "log rotation".into()],
            aliases: vec!["certbot".into(), "a/b".into(), "../../etc/passwd".into(), "How, and: &when?".into()],
            contributors: vec!["ada".into(), "bo".into()],
            revision: 3,
            night: "2026-02-14".into(),
            curated_at: "2026-02-15T11:00:00Z".into(),
            see_also: vec!["how-to/reload".into()],
            ..Article::default()
        }
    }

    #[test]
    fn a_page_is_read_as_it_was() {
        let text = text(&page());
        let read = Document::parse(&text).unwrap();
        assert_eq!(read.body, page().body);
        assert_eq!(read.text_field("title"), Some(page().title.as_str()));
        assert_eq!(read.text_field(PATH), Some("how-to/renew"));
        assert_eq!(read.text_field("revision"), Some("3"));
        assert_eq!(read.list_field("tags"), page().tags);
        assert_eq!(read.list_field("aliases"), ["certbot"], "a name with a colon is no file's, either");
        assert_eq!(read.list_field(OTHER_NAMES), ["a/b", "../../etc/passwd", "How, and: &when?"]);
        assert_eq!(read.list_field("contributors"), ["ada", "bo"]);
        assert!(text.contains("\nnight: \"2026-02-14\"\nmodified: \"2026-02-15T11:00:00Z\"\n"), "{text}");
    }

    #[test]
    fn a_page_that_went_elsewhere_leads_there() {
        let gone = Article { redirect_to: "how-to/tls".into(), body: String::new(), ..page() };
        let text = text(&gone);
        assert!(text.contains("kind: \"redirect\"\nredirect_to: \"how-to/tls\"\n"), "{text}");
        assert!(text.ends_with("---\nThis page went to [[how-to/tls]].\n"), "{text}");
    }

    #[test]
    fn many_names_fit_into_the_front_matter() {
        let names: Vec<String> = (0..100).map(|n| format!("What is \"number\" {n}? {}", "x".repeat(90))).collect();
        let many = Article { aliases: names.clone(), contributors: names, ..page() };
        let read = Document::parse(&text(&many)).unwrap();
        assert!(read.front_matter_raw.len() <= FRONT_MATTER_LIMIT);
        assert!(read.list_field("aliases").len() > 20);
    }

    proptest! {
        #[test]
        fn any_title_and_name_comes_back(title in "\\PC{0,80}", alias in "[ -~é\u{2028}\u{85}\t\n]{1,40}") {
            let page = Article { title: title.clone(), tags: vec![alias.clone()], ..page() };
            let read = Document::parse(&text(&page)).unwrap();
            prop_assert_eq!(read.text_field("title"), Some(title.as_str()));
            let tags = Some(alias.trim().to_owned()).filter(|tag| !tag.is_empty());
            prop_assert_eq!(read.list_field("tags"), tags.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(read.body, page.body);
        }
    }
}
