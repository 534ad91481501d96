//! The search index: tantivy in memory, equal to the library after every operation.
//!
//! **The index equals the store**: it is made from articles alone, can be made again at any time, and answers the
//! same whichever way it came about (statistics count live pages, ties are ordered by path).

pub mod analysis;
mod placing;
mod search;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::{
    document,
    placement::{Reading, Shelf},
};
use commune_proto::ArticlePath;
use tantivy::{
    DocAddress, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use analysis::{Analyzer, Asked, exact, humps};
use search::Whole;
pub use search::{Answer, Confidence, FOUND_FLOOR, Hit, KNOWN_FLOOR};

/// How often the title counts in the field of words.
const TITLE_TIMES: usize = 3;
/// The terms of a long text that are searched for.
const BEST_TERMS: usize = 64;
/// Memory of the writer; a night's batch is far smaller.
const WRITER_BYTES: usize = 15_000_000;

/// The index failed; it is made again from the library.
#[derive(Debug, thiserror::Error)]
#[error("the search index failed: {0}")]
pub struct IndexError(#[from] tantivy::TantivyError);

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
}

/// The index and its writer. Answers come from [`Index::snapshot`].
pub struct Index {
    fields: Fields,
    analyzer: Analyzer,
    writer: IndexWriter,
    reader: IndexReader,
    pages: BTreeMap<ArticlePath, Known>,
    ids: Vec<ArticlePath>,
    shelf: Shelf,
    snapshot: Arc<Snapshot>,
}

/// The index at one moment; searched without a lock.
pub struct Snapshot {
    fields: Fields,
    searcher: Searcher,
    ids: Vec<ArticlePath>,
    /// The places of the pages in `ids`, in the order of their paths.
    by_path: Vec<usize>,
    shelf: Shelf,
    docs: u64,
    tokens: BTreeMap<Field, u64>,
}

/// The index as it will be when drafts are in it: answers exactly what the index will answer then.
pub struct Overlay {
    base: Arc<Snapshot>,
    draft: Arc<Snapshot>,
    hidden: BTreeSet<ArticlePath>,
    hidden_terms: BTreeMap<(Field, String), u64>,
    docs: u64,
    tokens: BTreeMap<Field, u64>,
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    id: Field,
    all: Field,
    title: Field,
    exact: Field,
}

/// What is counted of a page in the index.
#[derive(Debug, Clone)]
struct Known {
    id: u64,
    tokens: [u64; 3],
}

/// The terms of a page by field.
struct Analyzed {
    all: Vec<String>,
    title: Vec<String>,
    exact: Vec<String>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Index({} pages)", self.pages.len())
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({} pages)", self.docs)
    }
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Overlay({} pages)", self.docs)
    }
}

impl Index {
    /// An empty index.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy cannot make one.
    pub fn new() -> Result<Self, IndexError> {
        let (schema, fields) = schema();
        let index = tantivy::Index::create_in_ram(schema);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let snapshot = Arc::new(Snapshot {
            fields,
            searcher: reader.searcher(),
            ids: Vec::new(),
            by_path: Vec::new(),
            shelf: Shelf::default(),
            docs: 0,
            tokens: BTreeMap::new(),
        });
        let analyzer = Analyzer::default();
        Ok(Self {
            fields,
            analyzer,
            writer,
            reader,
            pages: BTreeMap::new(),
            ids: Vec::new(),
            shelf: Shelf::default(),
            snapshot,
        })
    }

    /// Puts pages in, each in place of what it was before: one commit.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails; make the index again.
    pub fn put<'a>(&mut self, pages: impl IntoIterator<Item = Page<'a>>) -> Result<(), IndexError> {
        self.change(pages, [])
    }

    /// Puts pages in and takes others out: one commit. Nothing of what is taken out counts or answers any more.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails; make the index again.
    pub fn change<'a>(
        &mut self,
        pages: impl IntoIterator<Item = Page<'a>>,
        out: impl IntoIterator<Item = &'a ArticlePath>,
    ) -> Result<(), IndexError> {
        for path in out {
            if let Some(known) = self.pages.remove(path) {
                self.shelf.take_down(known.id as usize);
                self.writer.delete_term(Term::from_field_u64(self.fields.id, known.id));
            }
        }
        for page in pages {
            let analyzed = analyze(&mut self.analyzer, &page);
            let next = self.ids.len() as u64;
            let known = self.pages.entry(page.path.clone()).or_insert_with(|| Known { id: next, tokens: [0; 3] });
            if known.id == next {
                self.ids.push(page.path.clone());
            }
            known.tokens = analyzed.tokens();
            self.shelf.put(known.id as usize, Reading::of(page.title, page.body));
            self.writer.delete_term(Term::from_field_u64(self.fields.id, known.id));
            let mut document = TantivyDocument::default();
            document.add_u64(self.fields.id, known.id);
            document.add_pre_tokenized_text(self.fields.all, pre_tokenized(analyzed.all));
            document.add_pre_tokenized_text(self.fields.title, pre_tokenized(analyzed.title));
            document.add_pre_tokenized_text(self.fields.exact, pre_tokenized(analyzed.exact));
            self.writer.add_document(document)?;
        }
        self.writer.commit()?;
        self.reader.reload()?;
        let mut tokens = BTreeMap::new();
        for (at, field) in self.fields.text().into_iter().enumerate() {
            tokens.insert(field, self.pages.values().map(|p| p.tokens[at]).sum());
        }
        self.snapshot = Arc::new(Snapshot {
            fields: self.fields,
            searcher: self.reader.searcher(),
            ids: self.ids.clone(),
            by_path: self.pages.values().map(|page| page.id as usize).collect(),
            shelf: self.shelf.clone(),
            docs: self.pages.len() as u64,
            tokens,
        });
        Ok(())
    }

    /// The index as it is now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }
}

impl Snapshot {
    /// Pages in the index.
    pub fn pages(&self) -> u64 {
        self.docs
    }

    /// Answers a question with at most `limit` pages.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn search(&self, question: &str, limit: usize) -> Result<Answer, IndexError> {
        Whole::of(self).search(&self.fields, &Analyzer::default().asked(question), limit)
    }

    /// Pages that a long text is likely to belong to: its 64 best terms by tf-idf are searched for.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn related(&self, title: &str, text: &str, limit: usize) -> Result<Vec<Hit>, IndexError> {
        use tantivy::query::Bm25StatisticsProvider as _;
        let whole = Whole::of(self);
        let path = ArticlePath::from_segments(["piece"]);
        let Ok(path) = path else { return Ok(Vec::new()) };
        let analyzed = analyze(&mut Analyzer::default(), &Page { path: &path, title, aliases: &[], body: text });
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for term in analyzed.all {
            *counts.entry(term).or_default() += 1;
        }
        let mut weighted = Vec::new();
        for (term, times) in counts {
            let pages = whole.doc_freq(&Term::from_field_text(self.fields.all, &term))?;
            if pages > 0 {
                let idf = (1.0 + (self.docs as f64 - pages as f64 + 0.5) / (pages as f64 + 0.5)).ln();
                weighted.push((f64::from(times.min(3)) * idf, term, times.min(3)));
            }
        }
        weighted.sort_by(|l, r| r.0.total_cmp(&l.0).then_with(|| l.1.cmp(&r.1)));
        weighted.truncate(BEST_TERMS);
        let terms = weighted.into_iter().map(|(_, term, times)| (term, times)).collect();
        let mut exacts: BTreeMap<String, u32> = analyzed.exact.into_iter().map(|token| (token, 1)).collect();
        while exacts.len() > BEST_TERMS {
            exacts.pop_last();
        }
        Ok(whole.search(&self.fields, &Asked { terms, exact: exacts, units: Vec::new() }, limit)?.hits)
    }

    /// The index as it will be when `drafts` are in it, in place of `replaced` (the same pages as they are now).
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn with_drafts<'a>(
        self: &Arc<Self>,
        drafts: impl IntoIterator<Item = Page<'a>>,
        replaced: impl IntoIterator<Item = Page<'a>>,
    ) -> Result<Overlay, IndexError> {
        let mut index = Index::new()?;
        index.put(drafts)?;
        let draft = index.snapshot();
        let mut overlay = Overlay {
            base: Arc::clone(self),
            hidden: BTreeSet::new(),
            hidden_terms: BTreeMap::new(),
            docs: self.docs + draft.docs,
            tokens: self.tokens.clone(),
            draft,
        };
        for (field, tokens) in &overlay.draft.tokens {
            *overlay.tokens.entry(*field).or_default() += tokens;
        }
        for page in replaced {
            if !overlay.hidden.insert(page.path.clone()) {
                continue;
            }
            let analyzed = analyze(&mut index.analyzer, &page);
            overlay.docs = overlay.docs.saturating_sub(1);
            let [all, title, exact] = self.fields.text();
            for (field, terms) in [(all, analyzed.all), (title, analyzed.title), (exact, analyzed.exact)] {
                let tokens = overlay.tokens.entry(field).or_default();
                *tokens = tokens.saturating_sub(terms.len() as u64);
                for term in BTreeSet::from_iter(terms) {
                    *overlay.hidden_terms.entry((field, term)).or_default() += 1;
                }
            }
        }
        Ok(overlay)
    }

    fn path(&self, address: DocAddress) -> Result<&ArticlePath, IndexError> {
        let column = self.searcher.segment_reader(address.segment_ord).fast_fields().u64("id")?;
        let id = column.first(address.doc_id).unwrap_or(u64::MAX);
        let missing = || tantivy::TantivyError::InternalError(format!("page {id} is in the index and has no path"));
        Ok(self.ids.get(id as usize).ok_or_else(missing)?)
    }
}

impl Overlay {
    /// Answers a question as the index will.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn search(&self, question: &str, limit: usize) -> Result<Answer, IndexError> {
        let whole = Whole {
            parts: vec![&self.base, &self.draft],
            hidden: self.hidden.clone(),
            hidden_terms: self.hidden_terms.clone(),
            docs: self.docs,
            tokens: self.tokens.clone(),
        };
        whole.search(&self.base.fields, &Analyzer::default().asked(question), limit)
    }
}

impl Fields {
    fn text(self) -> [Field; 3] {
        [self.all, self.title, self.exact]
    }
}

impl Analyzed {
    fn tokens(&self) -> [u64; 3] {
        [self.all.len() as u64, self.title.len() as u64, self.exact.len() as u64]
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_fieldnorms(true).set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        id: schema.add_u64_field("id", INDEXED | FAST),
        all: schema.add_text_field("all", text.clone()),
        title: schema.add_text_field("title", text.clone()),
        exact: schema.add_text_field("exact", text),
    };
    (schema.build(), fields)
}

fn analyze(analyzer: &mut Analyzer, page: &Page<'_>) -> Analyzed {
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
    all.extend(analyzer.terms(&plain));
    all.extend(analyzer.terms(&humps(&plain)));
    exacts.extend(exact(&plain));
    Analyzed { all, title, exact: exacts }
}

fn pre_tokenized(terms: Vec<String>) -> PreTokenizedString {
    let tokens = terms
        .into_iter()
        .enumerate()
        .map(|(position, text)| Token { offset_from: 0, offset_to: 0, position, text, position_length: 1 })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}

#[cfg(test)]
mod tests;
