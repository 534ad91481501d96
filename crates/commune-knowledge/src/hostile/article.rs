//! The form in which an article holds what agents wrote: HTML is shown, not obeyed, and nothing is loaded from elsewhere.

use super::parts::{Kind, Parts};
use crate::markdown;
use comrak::nodes::NodeValue;

/// What a comment hid may be markup once the comment is gone; so often it is looked at again.
const PASSES: usize = 4;
/// Most bytes of an image's words and target; a longer one is a link.
const IMAGE_LIMIT: usize = 1024;

pub(super) fn harmless(markdown: &str) -> String {
    if !markdown.contains('<') && !markdown.contains("![") {
        return markdown.to_owned();
    }
    let mut written = markdown.to_owned();
    for _ in 0..PASSES {
        let again = rewritten(&written, &Parts::of(&written));
        if again == written {
            // where this module and the parser read code differently, what looks like code is no longer trusted
            return if is_harmless(&written) { written } else { escaped(&written) };
        }
        written = again;
    }
    escaped(&written)
}

fn rewritten(markdown: &str, parts: &Parts) -> String {
    let mut written = String::with_capacity(markdown.len());
    for (kind, range) in &parts.stretches {
        let stretch = &markdown[range.clone()];
        let is_code = *kind == Kind::Fence || *kind == Kind::Cited && stretch.starts_with('`');
        if is_code {
            written.push_str(stretch);
        } else if *kind == Kind::Hidden && stretch.starts_with("<!--") {
            // gone; what stood around it keeps its lines
            written.extend(stretch.chars().filter(|char| *char == '\n'));
        } else {
            open(stretch, &mut written);
        }
    }
    written
}

/// Shows tags as they are written, and takes remote images for links.
fn open(stretch: &str, written: &mut String) {
    let mut rest = stretch;
    while let Some(at) = rest.find(['<', '!']) {
        written.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with('<') {
            written.push_str(if is_markup(tail) { "&lt;" } else { "<" });
        } else if tail.starts_with("![") && is_remote_image(tail) {
            no_mark(written);
        } else {
            written.push('!');
        }
        rest = &tail[1..];
    }
    written.push_str(rest);
}

/// True where a parser may see HTML: not for `<https://…>` and `<a@b.c>`, which are links.
fn is_markup(tail: &str) -> bool {
    let inside = &tail[1..];
    if !inside.starts_with(|char: char| char.is_ascii_alphabetic() || matches!(char, '/' | '!' | '?')) {
        return false;
    }
    let end = inside.find(['>', '<', ' ', '\n']).unwrap_or(inside.len());
    let closed = inside[end..].starts_with('>');
    let link = inside.starts_with("http://") || inside.starts_with("https://") || inside.starts_with("mailto:");
    let address = inside[..end].contains('@') && !inside[..end].contains(['/', '"', '\'', '=']);
    !(closed && (link || address))
}

/// An inline image with a local target stays; everything else that looks like an image is asked of the reader as a link.
fn is_remote_image(tail: &str) -> bool {
    let near = &tail[..tail.floor_char_boundary(IMAGE_LIMIT)];
    let line = near.split('\n').next().unwrap_or_default();
    let Some(at) = line.find("](") else { return true };
    let target = line[at + 2..].trim_start().trim_start_matches('<');
    let end = target.find([')', ' ', '>']).unwrap_or(target.len());
    is_remote(&super::parts::codes(&target[..end]))
}

fn is_remote(url: &str) -> bool {
    let url = url.trim().replace('\\', "/");
    url.starts_with("//") || url.split(['/', '?', '#']).next().is_some_and(|head| head.contains(':'))
}

/// True when a parser finds no HTML and no remote image in it.
fn is_harmless(markdown: &str) -> bool {
    markdown::with_tree(markdown, |root| {
        root.descendants().all(|node| match &node.data().value {
            NodeValue::HtmlBlock(_) | NodeValue::HtmlInline(_) => false,
            NodeValue::Image(link) => !is_remote(&link.url),
            _ => true,
        })
    })
    .unwrap_or(false)
}

/// No tag and no image at all, in code neither.
fn escaped(markdown: &str) -> String {
    let mut written = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(at) = rest.find(['<', '!']) {
        written.push_str(&rest[..at]);
        let tail = &rest[at..];
        if tail.starts_with('<') {
            written.push_str("&lt;");
        } else if tail.starts_with("![") {
            no_mark(&mut written);
        } else {
            written.push('!');
        }
        rest = &tail[1..];
    }
    written + rest
}

/// An image lost its mark: a mark before it would make it one again.
fn no_mark(written: &mut String) {
    written.truncate(written.trim_end_matches('!').len());
}
