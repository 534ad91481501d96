//! How a page is read into the fields of the index.

use std::borrow::Cow;

use commune_knowledge::{document, placement};
use commune_proto::ArticlePath;
use jiff::Timestamp;
use tantivy::{
    TantivyDocument,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use super::analysis::{Asked, Language, exact, humps, is_spelled, term, terms, words};
use crate::{library::Kind, parallel};

/// How often the title counts in the field of words.
const TITLE_TIMES: usize = 3;
/// Pages for which a thread is worth its while.
const FEW: usize = 16;

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

/// A hash of what was indexed of a page.
pub(super) type Stamp = [u8; 16];

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
    pub(super) fn of(page: &Page<'_>) -> Self {
        let plain = document::plain_text(page.body);
        let said = words(&plain);
        let language = Language::of_page(said.iter().map(|word| word.text.as_str()));
        let title = terms(page.title, language);
        let mut all: Vec<String> = std::iter::repeat_n(title.clone(), TITLE_TIMES).flatten().collect();
        for text in beside(page, &plain) {
            all.extend(terms(&text, language));
        }
        all.extend(said.iter().filter_map(|word| term(&plain, word, language)));
        let mut exacts = exact(page.title, &words(page.title));
        for alias in page.aliases {
            exacts.extend(exact(alias, &words(alias)));
        }
        exacts.extend(exact(&plain, &said));
        let mut spelled = words(page.title);
        spelled.extend(said);
        let mut spelled: Vec<String> = spelled.into_iter().filter(is_spelled).map(|word| word.text).collect();
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

/// A page as it is read for the index, which depends on nothing else.
pub(super) struct Read {
    pub(super) analyzed: Analyzed,
    pub(super) reading: placement::Reading,
    pub(super) stamp: Stamp,
}

impl Read {
    fn of(page: &Page<'_>) -> Self {
        Self {
            analyzed: Analyzed::of(page),
            reading: placement::Reading::of(page.title, page.body),
            stamp: page.stamp(),
        }
    }
}

/// Reads pages, on as many threads as the machine has cores for; in their order.
pub(super) fn read_all(pages: &[Page<'_>]) -> Vec<Read> {
    parallel::each(pages, FEW, Read::of)
}

/// What the field of words holds of a page beside its title and its body: headings once more, names, tags, and the parts of names.
fn beside<'a>(page: &Page<'a>, plain: &str) -> Vec<Cow<'a, str>> {
    let mut texts: Vec<Cow<'a, str>> =
        document::sections(page.body).into_iter().map(|section| Cow::Owned(section.heading.to_string())).collect();
    texts.extend(page.aliases.iter().chain(page.tags).map(|text| Cow::Borrowed(text.as_str())));
    texts.push(Cow::Owned(humps(plain)));
    texts
}

/// What a long text asks for of pages in some languages: its words, as often as the field of words would hold them.
pub(super) fn sought(title: &str, body: &str, path: &ArticlePath, languages: &[Language]) -> Asked {
    let mut asked = Asked::default();
    let plain = document::plain_text(body);
    let page = Page::plain(path, title, body);
    let texts = beside(&page, &plain);
    let titles = std::iter::repeat_n(title, TITLE_TIMES);
    for text in titles.chain(texts.iter().map(Cow::as_ref)).chain([plain.as_str()]) {
        for word in words(text) {
            asked.say(text, &word, languages);
        }
    }
    for text in [title, &plain] {
        asked.exact.extend(exact(text, &words(text)).into_iter().map(|token| (token, 1)));
    }
    asked
}

fn pre_tokenized(terms: Vec<String>) -> PreTokenizedString {
    let tokens = terms
        .into_iter()
        .enumerate()
        .map(|(position, text)| Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}
