//! How a page is read into the fields of the index.

use commune_knowledge::document;
use commune_proto::ArticlePath;
use jiff::Timestamp;
use tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use super::analysis::{Analyzer, exact, humps, spellings};
use crate::library::Kind;

/// How often the title counts in the field of words.
const TITLE_TIMES: usize = 3;

/// What the index reads of a page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Its path.
    pub path: &'a ArticlePath,
    /// Its title.
    pub title: &'a str,
    /// Other names and questions.
    pub aliases: &'a [String],
    /// The Markdown body.
    pub body: &'a str,
    /// The kind of page.
    pub kind: Kind,
    /// Its tags, sorted.
    pub tags: &'a [String],
    /// Who contributed.
    pub contributors: &'a [String],
    /// When it was curated, RFC 3339.
    pub curated_at: &'a str,
}

impl<'a> Page<'a> {
    /// An article with nothing but a text.
    pub fn plain(path: &'a ArticlePath, title: &'a str, body: &'a str) -> Self {
        Self { path, title, aliases: &[], body, kind: Kind::Article, tags: &[], contributors: &[], curated_at: "" }
    }

    /// What a filter asks of it.
    pub(super) fn labels(&self) -> Labels {
        Labels {
            kind: self.kind,
            tags: self.tags.to_vec(),
            contributors: self.contributors.to_vec(),
            curated_at: self.curated_at.parse().ok(),
        }
    }
}

/// What filters and facets know of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// The kind of page.
    pub kind: Kind,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// Who contributed.
    pub contributors: Vec<String>,
    /// When it was curated.
    pub curated_at: Option<Timestamp>,
}

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) id: Field,
    pub(super) all: Field,
    pub(super) title: Field,
    pub(super) exact: Field,
    /// Words as they are written, to tell what a misspelled one may have been.
    pub(super) spelled: Field,
}

impl Fields {
    /// The fields that are scored.
    pub(super) fn text(self) -> [Field; 3] {
        [self.all, self.title, self.exact]
    }

    pub(super) fn name(&self, field: Field) -> &'static str {
        match field {
            field if field == self.title => "title",
            field if field == self.exact => "exact",
            _ => "words",
        }
    }
}

pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let options = |option: IndexRecordOption, norms: bool| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_fieldnorms(norms).set_index_option(option))
    };
    let text = options(IndexRecordOption::WithFreqs, true);
    let fields = Fields {
        id: schema.add_u64_field("id", INDEXED | FAST),
        all: schema.add_text_field("all", text.clone()),
        title: schema.add_text_field("title", text.clone()),
        exact: schema.add_text_field("exact", text),
        spelled: schema.add_text_field("spelled", options(IndexRecordOption::Basic, false)),
    };
    (schema.build(), fields)
}

/// The terms of a page by field.
pub(super) struct Analyzed {
    pub(super) all: Vec<String>,
    pub(super) title: Vec<String>,
    pub(super) exact: Vec<String>,
    pub(super) spelled: Vec<String>,
}

impl Analyzed {
    pub(super) fn of(analyzer: &mut Analyzer, page: &Page<'_>) -> Self {
        let title = analyzer.terms(page.title);
        let plain = document::plain_text(page.body);
        let mut all: Vec<String> = std::iter::repeat_n(title.clone(), TITLE_TIMES).flatten().collect();
        let mut exacts = exact(page.title);
        for section in document::sections(page.body) {
            all.extend(analyzer.terms(&section.heading));
        }
        for alias in page.aliases {
            all.extend(analyzer.terms(alias));
            exacts.extend(exact(alias));
        }
        for tag in page.tags {
            all.extend(analyzer.terms(tag));
        }
        all.extend(analyzer.terms(&plain));
        all.extend(analyzer.terms(&humps(&plain)));
        exacts.extend(exact(&plain));
        let mut spelled = spellings(page.title);
        spelled.extend(spellings(&plain));
        spelled.sort();
        spelled.dedup();
        Self { all, title, exact: exacts, spelled }
    }

    /// How many terms there are in each field that is scored.
    pub(super) fn tokens(&self) -> [u64; 3] {
        [self.all.len() as u64, self.title.len() as u64, self.exact.len() as u64]
    }

    pub(super) fn document(self, fields: &Fields, id: u64) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(fields.id, id);
        document.add_pre_tokenized_text(fields.all, pre_tokenized(self.all));
        document.add_pre_tokenized_text(fields.title, pre_tokenized(self.title));
        document.add_pre_tokenized_text(fields.exact, pre_tokenized(self.exact));
        document.add_pre_tokenized_text(fields.spelled, pre_tokenized(self.spelled));
        document
    }
}

fn pre_tokenized(terms: Vec<String>) -> PreTokenizedString {
    let tokens = terms
        .into_iter()
        .enumerate()
        .map(|(position, text)| Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}
