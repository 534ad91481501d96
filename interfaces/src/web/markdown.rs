//! Markdown as HTML for a page, from the syntax tree that the rest of the commune reads.
//!
//! **What is written is a fixed set of elements and attributes, whatever was read**: every tag is a literal of this file, every text
//! and every value goes through [`escape`], and an address is written only when it is `http`, `https`, `mailto` or leads into the
//! library. HTML of the text is shown as text; pictures are links. So there is nothing left for a sanitiser to take out, and the
//! property test below holds it for arbitrary texts. Nesting and size are bounded: beyond, words stay and marks go.

mod address;
#[cfg(test)]
mod tests;

use comrak::nodes::{AstNode, ListType, NodeValue, TableAlignment};
use std::collections::{BTreeMap, BTreeSet};

pub(super) use address::Target;

/// Elements inside one another; below, only words are written. The parser bounds what it takes apart to less.
const DEPTH: usize = 80;
/// Bytes of HTML; a page that comes to more is cut, and says so.
const LIMIT: usize = 4 << 20;
/// Places from which a footnote is referred to that it leads back to.
const BACK: u32 = 20;

/// A text as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    /// HTML that may stand in a page as it is.
    pub(super) html: String,
    /// Its headings in order.
    pub(super) outline: Vec<Heading>,
}

/// A heading of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// Where it is, for a link.
    pub(super) id: String,
    /// What it says.
    pub(super) text: String,
    /// True below the headings of the first level.
    pub(super) below: bool,
}

/// A text below a title, which is left out where the text repeats it. `leads` says to which page a `[[link]]` leads.
pub(super) fn render(title: &str, body: &str, leads: &dyn Fn(&str) -> Option<String>) -> Rendered {
    let shown = commune_knowledge::markdown::with_page(body, |root| {
        let mut page = Page::of(root, title, leads);
        page.write(root);
        page.shown
    });
    shown.unwrap_or_else(|| {
        let html = format!("<pre class=\"plain\" tabindex=\"0\">{}</pre>", escaped(body));
        Rendered { html, outline: Vec::new() }
    })
}

/// The text with everything that HTML would obey written out.
pub(super) fn escape(text: &str, html: &mut String) {
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\0' => html.push('\u{FFFD}'),
            _ => html.push(char),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    escape(text, &mut html);
    html
}

struct Page<'a> {
    shown: Rendered,
    leads: &'a dyn Fn(&str) -> Option<String>,
    title: String,
    /// The level of the first headings, which become those below the page's own.
    first: u8,
    /// The level of the heading before: none is skipped.
    before: u8,
    ids: BTreeSet<String>,
    /// The names of footnotes with their numbers, and how often each is referred to.
    notes: BTreeMap<String, (u32, u32)>,
    cut: bool,
}

impl<'a> Page<'a> {
    fn of<'n>(root: &'n AstNode<'n>, title: &str, leads: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let mut notes: BTreeMap<String, (u32, u32)> = BTreeMap::new();
        let mut levels = Vec::new();
        for node in root.descendants() {
            match &node.data().value {
                NodeValue::FootnoteReference(note) => {
                    let known = notes.entry(note.name.clone()).or_insert((note.ix, 0));
                    known.1 = known.1.max(note.ref_num);
                }
                NodeValue::Heading(heading) => levels.push((heading.level, words(node))),
                _ => {}
            }
        }
        let title = one_line(title);
        let repeats = levels.first().is_some_and(|(_, text)| *text == title);
        let first = levels.iter().skip(usize::from(repeats)).map(|(level, _)| *level).min().unwrap_or(1);
        Self { shown: Rendered::default(), leads, title, first, before: 1, ids: BTreeSet::new(), notes, cut: false }
    }

    fn write<'n>(&mut self, root: &'n AstNode<'n>) {
        for (at, node) in root.children().enumerate() {
            let repeats = at == 0 && matches!(node.data().value, NodeValue::Heading(_)) && words(node) == self.title;
            if !repeats {
                self.node(node, 0, false);
            }
        }
        let defined = |node: &&'n AstNode<'n>| matches!(node.data().value, NodeValue::FootnoteDefinition(_));
        self.footnotes(root.descendants().filter(defined).collect());
        if self.cut {
            self.push(
                "<p class=\"cut\">The text is longer than a page shows: <code>commune read</code> shows all of it.</p>",
            );
        }
    }

    fn push(&mut self, html: &'static str) {
        self.shown.html.push_str(html);
    }

    fn text(&mut self, text: &str) {
        escape(text, &mut self.shown.html);
    }

    fn children<'n>(&mut self, node: &'n AstNode<'n>, depth: usize, tight: bool) {
        for child in node.children() {
            self.node(child, depth + 1, tight);
        }
    }

    /// An element around what is in a node.
    fn around<'n>(&mut self, open: &'static str, node: &'n AstNode<'n>, depth: usize, close: &'static str) {
        self.push(open);
        self.children(node, depth, false);
        self.push(close);
    }

    fn node<'n>(&mut self, node: &'n AstNode<'n>, depth: usize, tight: bool) {
        if self.shown.html.len() > LIMIT {
            self.cut = true;
            return;
        }
        if depth > DEPTH {
            return self.text(&words(node));
        }
        match &node.data().value {
            NodeValue::Text(text) => self.text(text),
            NodeValue::SoftBreak => self.push("\n"),
            NodeValue::LineBreak => self.push("<br>\n"),
            NodeValue::Paragraph if tight => self.children(node, depth, false),
            NodeValue::Paragraph => self.around("<p>", node, depth, "</p>\n"),
            NodeValue::Heading(heading) => self.heading(node, heading.level, depth),
            NodeValue::BlockQuote => self.around("<blockquote>\n", node, depth, "</blockquote>\n"),
            NodeValue::ThematicBreak => self.push("<hr>\n"),
            NodeValue::Emph => self.around("<em>", node, depth, "</em>"),
            NodeValue::Strong => self.around("<strong>", node, depth, "</strong>"),
            NodeValue::Strikethrough => self.around("<del>", node, depth, "</del>"),
            NodeValue::List(list) => {
                let (start, ordered, tight) = (list.start, list.list_type == ListType::Ordered, list.tight);
                match ordered {
                    true if start != 1 => self.shown.html.push_str(&format!("<ol start=\"{start}\">\n")),
                    true => self.push("<ol>\n"),
                    false => self.push("<ul>\n"),
                }
                self.children(node, depth, tight);
                self.push(if ordered { "</ol>\n" } else { "</ul>\n" });
            }
            NodeValue::Item(_) => {
                self.push("<li>");
                self.children(node, depth, tight);
                self.push("</li>\n");
            }
            NodeValue::TaskItem(task) => {
                self.push(match task.symbol {
                    Some(_) => {
                        "<li class=\"task\"><span class=\"hidden\">Done: </span><span aria-hidden=\"true\">☑ </span>"
                    }
                    None => {
                        "<li class=\"task\"><span class=\"hidden\">To do: </span><span aria-hidden=\"true\">☐ </span>"
                    }
                });
                self.children(node, depth, tight);
                self.push("</li>\n");
            }
            NodeValue::Code(code) => self.code(&code.literal),
            // what another page would obey is shown here
            NodeValue::HtmlInline(html) => self.code(html),
            NodeValue::HtmlBlock(html) => self.block("html", html.literal.trim_end()),
            NodeValue::CodeBlock(code) => self.block(&code.info, code.literal.trim_end_matches('\n')),
            NodeValue::Table(table) => self.table(node, &table.alignments, depth),
            NodeValue::Link(link) => match address::read(&link.url) {
                Some(target) => self.link(node, &target, depth),
                // an address that is not followed is told beside its words
                None => {
                    self.children(node, depth, false);
                    self.not_followed(&link.url);
                }
            },
            NodeValue::WikiLink(link) => self.wiki_link(node, &link.url, depth),
            NodeValue::Image(image) => self.picture(&words(node), &image.url),
            NodeValue::FootnoteReference(note) => {
                let (number, times) = (note.ix, note.ref_num);
                self.shown.html.push_str(&format!(
                    "<sup><a id=\"ref-{number}-{times}\" href=\"#note-{number}\"><span class=\"hidden\">Note </span>{number}</a></sup>"
                ));
            }
            // they stand at the end
            NodeValue::FootnoteDefinition(_) => {}
            _ => self.children(node, depth, false),
        }
    }

    fn heading<'n>(&mut self, node: &'n AstNode<'n>, level: u8, depth: usize) {
        let level = (level.saturating_sub(self.first) + 2).min(self.before + 1).clamp(2, 6);
        self.before = level;
        let text = words(node);
        let slug = address::slug(&text);
        let mut id = slug.clone();
        let mut times = 1;
        while !self.ids.insert(id.clone()) {
            times += 1;
            id = format!("{slug}-{times}");
        }
        self.shown.html.push_str(&format!("<h{level} id=\"{}\">", escaped(&id)));
        self.children(node, depth, false);
        self.shown.html.push_str(&format!("</h{level}>\n"));
        self.shown.outline.push(Heading { id, text, below: level > 2 });
    }

    fn code(&mut self, code: &str) {
        self.push("<code>");
        self.text(code);
        self.push("</code>");
    }

    /// A block of code, with its language where it says one.
    fn block(&mut self, info: &str, code: &str) {
        let language = info.split([' ', ',', '{']).next().unwrap_or_default();
        self.push("<figure class=\"code\">");
        if !language.is_empty() {
            self.push("<figcaption>");
            self.text(language);
            self.push(if language == "mermaid" { " diagram, as its source</figcaption>" } else { "</figcaption>" });
        }
        self.push("<pre tabindex=\"0\"><code>");
        self.text(code);
        self.push("</code></pre></figure>\n");
    }

    fn table<'n>(&mut self, node: &'n AstNode<'n>, alignments: &[TableAlignment], depth: usize) {
        self.push("<div class=\"scroll\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>\n");
        for (at, row) in node.children().enumerate() {
            self.push(match at {
                0 => "<thead><tr>",
                1 => "<tbody><tr>",
                _ => "<tr>",
            });
            for (column, cell) in row.children().enumerate() {
                let class = match alignments.get(column) {
                    Some(TableAlignment::Right) => " class=\"right\"",
                    Some(TableAlignment::Center) => " class=\"center\"",
                    _ => "",
                };
                self.push(if at == 0 { "<th scope=\"col\"" } else { "<td" });
                self.push(class);
                self.push(">");
                self.children(cell, depth + 1, false);
                self.push(if at == 0 { "</th>" } else { "</td>" });
            }
            self.push(if at == 0 { "</tr></thead>\n" } else { "</tr>\n" });
        }
        self.push(if node.children().count() > 1 { "</tbody></table></div>\n" } else { "</table></div>\n" });
    }

    fn open_link(&mut self, target: &Target) {
        self.push("<a href=\"");
        self.text(target.href());
        self.push(if target.leads_out() { "\" class=\"out\" rel=\"noopener noreferrer nofollow\">" } else { "\">" });
    }

    fn link<'n>(&mut self, node: &'n AstNode<'n>, target: &Target, depth: usize) {
        self.open_link(target);
        self.children(node, depth, false);
        self.push("</a>");
    }

    fn wiki_link<'n>(&mut self, node: &'n AstNode<'n>, url: &str, depth: usize) {
        let (page, anchor) = url.trim_end_matches('\\').split_once('#').unwrap_or((url.trim_end_matches('\\'), ""));
        let target = match page.trim() {
            "" => Some(Target::here(anchor)),
            page => (self.leads)(page).map(|path| Target::page(&path, anchor)),
        };
        match target {
            Some(target) => self.link(node, &target, depth),
            None => {
                self.push("<span class=\"dead\">");
                self.children(node, depth, false);
                self.push("<span class=\"hidden\"> (no such page yet)</span></span>");
            }
        }
    }

    /// A picture is loaded from nowhere: it is a link, in its own words.
    fn picture(&mut self, words: &str, url: &str) {
        let words = if words.is_empty() { "without words" } else { words };
        let target = address::read(url);
        if let Some(target) = &target {
            self.open_link(target);
        }
        self.push("Picture: ");
        self.text(words);
        match target {
            Some(_) => self.push("</a>"),
            None => self.not_followed(url),
        }
    }

    fn not_followed(&mut self, url: &str) {
        if !url.is_empty() {
            self.push(" <code class=\"address\">");
            self.text(url);
            self.push("</code>");
        }
    }

    fn footnotes<'n>(&mut self, mut defined: Vec<&'n AstNode<'n>>) {
        if defined.is_empty() {
            return;
        }
        let named = |node: &AstNode<'n>| match &node.data().value {
            NodeValue::FootnoteDefinition(note) => note.name.clone(),
            _ => String::new(),
        };
        // in the order of the text, and last what nothing refers to
        defined.sort_by_key(|node| self.notes.get(&named(node)).map_or(u32::MAX, |(number, _)| *number));
        defined.dedup_by_key(|node| self.notes.get(&named(node)).map_or_else(|| named(node), |(n, _)| n.to_string()));
        self.push("<section class=\"footnotes\" aria-label=\"Notes\">\n<ol>\n");
        for node in defined {
            match self.notes.get(&named(node)).copied() {
                Some((number, times)) => {
                    self.shown.html.push_str(&format!("<li id=\"note-{number}\">"));
                    self.children(node, 1, false);
                    for time in 1..=times.min(BACK) {
                        self.shown.html.push_str(&format!(
                            "<a class=\"back\" href=\"#ref-{number}-{time}\" aria-label=\"Back to the text\">↩</a> "
                        ));
                    }
                }
                None => {
                    self.push("<li>");
                    self.children(node, 1, false);
                }
            }
            self.push("</li>\n");
        }
        self.push("</ol>\n</section>\n");
    }
}

/// The words of a node, without its marks.
fn words<'n>(node: &'n AstNode<'n>) -> String {
    let mut words = String::new();
    for node in node.descendants() {
        match &node.data().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::HtmlInline(html) => words.push_str(html),
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push(' '),
            _ => {}
        }
    }
    one_line(&words)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
