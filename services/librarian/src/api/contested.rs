//! What of an article is contested, as it is told.

use commune_proto::librarian::v1 as wire;

use super::blame::{SOURCES, source};
use crate::{
    curate,
    library::{Contested, Entry, Sayings},
    translate,
};

/// Bytes of a statement that is told.
const TEXT: usize = 1024;

/// What is contested in an article as it is now; found once for each revision.
pub(super) fn of(entry: &Entry) -> &[Contested] {
    let article = &entry.newest.article;
    entry.contested.get_or_init(|| curate::contested(&article.body, &entry.said, article.revision))
}

/// An article as it is now, with what is contested in it.
pub(super) fn article(entry: &Entry) -> wire::Article {
    wire::Article {
        contested: of(entry).iter().map(to_wire).collect(),
        ..translate::article_to_wire(&entry.newest.article)
    }
}

/// An article as it was at a revision, with what was contested in it.
pub(super) fn at(article: Option<wire::Article>, sayings: &Sayings) -> Option<wire::Article> {
    article.map(|article| wire::Article {
        contested: curate::contested(&article.body, sayings, article.revision).iter().map(to_wire).collect(),
        ..article
    })
}

fn to_wire(contested: &Contested) -> wire::Contested {
    let statements = contested.iter().map(|disputed| wire::ContestedStatement {
        text: shortened(&disputed.text),
        headings: disputed.headings.clone(),
        sources: disputed.sources.iter().take(SOURCES).map(source).collect(),
    });
    wire::Contested { statements: statements.collect() }
}

fn shortened(text: &str) -> String {
    match text.len() {
        0..=TEXT => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(TEXT - '…'.len_utf8())]),
    }
}
