//! The search index: tantivy in memory and a table of vectors, equal to the library after every operation.
//!
//! **The index equals the store**: it is made from articles alone, can be made again at any time, and answers the
//! same whichever way it came about (statistics count live pages, ties are ordered by path).

pub mod analysis;
pub mod filter;
pub mod fuse;
pub mod grammar;
mod held;
mod overlay;
mod placing;
mod reading;
mod saved;
mod search;
mod spelling;
pub mod tier;
mod whole;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use commune_knowledge::{
    embedding::{StaticModel, Vector, Vectors},
    placement::Shelf,
};
use commune_proto::ArticlePath;
use tantivy::{
    DocAddress, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, SegmentReader, Term,
    directory::RamDirectory, index::SegmentId, schema::Field,
};

use analysis::{Asked, Language};
use filter::Filter;
use held::Opened;
pub use overlay::Overlay;
use reading::{Fields, Stamp, read_all, schema, sought};
pub use reading::{Labels, Page};
pub use saved::{LoadError, Saving};
pub use search::{Answer, Confidence, FOUND_FLOOR, Hit, KNOWN_FLOOR, ScoreParts, TermPart, Wish};
use tier::Tier;
use whole::{NO_ADDRESS, Whole};

/// The terms of a long text that are searched for.
const BEST_TERMS: usize = 64;
/// Memory of the writer; a night's batch is far smaller.
const WRITER_BYTES: usize = 15_000_000;
/// Pages that are read before they are put in.
const TOGETHER: usize = 256;
/// The place of what was taken out.
const NOWHERE: u32 = u32::MAX;

/// The index failed; it is made again from the library.
#[derive(Debug, thiserror::Error)]
#[error("the search index failed: {0}")]
pub struct IndexError(#[from] tantivy::TantivyError);

/// The index and its writer. Answers come from [`Index::snapshot`].
pub struct Index {
    fields: Fields,
    directory: RamDirectory,
    writer: IndexWriter,
    reader: IndexReader,
    pages: BTreeMap<ArticlePath, Known>,
    entries: Vec<Option<Arc<Entry>>>,
    /// The places of the documents of each segment, which hold until more of it is deleted.
    places: Vec<(SegmentId, u32, Arc<[u32]>)>,
    shelf: Shelf,
    meanings: Vectors,
    snapshot: Arc<Snapshot>,
}

/// The index at one moment; searched without a lock.
pub struct Snapshot {
    fields: Fields,
    searcher: Searcher,
    entries: Vec<Option<Arc<Entry>>>,
    /// Its segments, in their order.
    opened: Vec<Opened>,
    /// The document at each place.
    addresses: Vec<DocAddress>,
    /// The places of the pages, in the order of their paths.
    by_path: Vec<usize>,
    shelf: Shelf,
    /// What each page means, for searching.
    meanings: Vectors,
    docs: u64,
    tokens: BTreeMap<Field, u64>,
    /// Those that words are looked for in beside English: of the pages, and of some that were taken out.
    languages: Vec<Language>,
}

/// What stands at a place.
#[derive(Debug)]
struct Entry {
    path: ArticlePath,
    labels: Labels,
}

/// What is counted of a page in the index.
#[derive(Debug, Clone)]
struct Known {
    place: usize,
    tokens: [u64; 3],
    /// A hash of what was indexed.
    stamp: Stamp,
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

impl Index {
    /// An empty index.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy cannot make one.
    pub fn new() -> Result<Self, IndexError> {
        Self::open(RamDirectory::create(), true)
    }

    /// The index in a directory, a new one or one that was there; its pages are not known yet.
    fn open(directory: RamDirectory, new: bool) -> Result<Self, IndexError> {
        let (schema, fields) = schema();
        let index = match new {
            true => tantivy::Index::create(directory.clone(), schema, IndexSettings::default())?,
            false => tantivy::Index::open(directory.clone())?,
        };
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let snapshot = Arc::new(Snapshot {
            fields,
            searcher: reader.searcher(),
            entries: Vec::new(),
            opened: Vec::new(),
            addresses: Vec::new(),
            by_path: Vec::new(),
            shelf: Shelf::default(),
            meanings: Vectors::default(),
            docs: 0,
            tokens: BTreeMap::new(),
            languages: Vec::new(),
        });
        Ok(Self {
            fields,
            directory,
            writer,
            reader,
            pages: BTreeMap::new(),
            entries: Vec::new(),
            places: Vec::new(),
            shelf: Shelf::default(),
            meanings: Vectors::default(),
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
                self.shelf.take_down(known.place);
                self.meanings.put(known.place, None);
                self.entries[known.place] = None;
                self.writer.delete_term(Term::from_field_u64(self.fields.id, known.place as u64));
            }
        }
        let mut places = Vec::new();
        let mut pages = pages.into_iter();
        loop {
            let together: Vec<Page<'a>> = pages.by_ref().take(TOGETHER).collect();
            if together.is_empty() {
                break;
            }
            for (page, read) in together.iter().zip(read_all(&together)) {
                let next = self.entries.len();
                let known = self.pages.entry(page.path.clone()).or_insert_with(|| Known {
                    place: next,
                    tokens: [0; 3],
                    stamp: Stamp::default(),
                });
                let place = known.place;
                known.tokens = read.analyzed.tokens();
                known.stamp = read.stamp;
                places.push(place);
                if place == next {
                    self.entries.push(None);
                }
                self.entries[place] = Some(Arc::new(Entry { path: page.path.clone(), labels: page.labels() }));
                self.shelf.put(place, read.reading);
                self.meanings.put(place, self.shelf.vectors().at(place).as_ref());
                self.writer.delete_term(Term::from_field_u64(self.fields.id, place as u64));
                self.writer.add_document(read.analyzed.document(&self.fields, place as u64))?;
            }
        }
        self.meanings.share(self.shelf.vectors(), places);
        self.writer.commit()?;
        self.reader.reload()?;
        self.take_snapshot()
    }

    /// Puts better vectors in, by path; what does not stand is passed over.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails; make the index again.
    pub fn mean<'a>(
        &mut self,
        vectors: impl IntoIterator<Item = (&'a ArticlePath, &'a Vector)>,
    ) -> Result<(), IndexError> {
        for (path, vector) in vectors {
            if let Some(known) = self.pages.get(path) {
                self.meanings.put(known.place, Some(vector));
            }
        }
        self.take_snapshot()
    }

    /// The index as it is now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn take_snapshot(&mut self) -> Result<(), IndexError> {
        let searcher = self.reader.searcher();
        let mut places = Vec::new();
        for segment in searcher.segment_readers() {
            let (id, deleted) = (segment.segment_id(), segment.num_deleted_docs());
            let known = self.places.iter().find(|(known, of, _)| (*known, *of) == (id, deleted));
            let column = match known {
                Some((_, _, column)) => Arc::clone(column),
                None => {
                    let ids = segment.fast_fields().u64("id")?;
                    let alive = segment.alive_bitset();
                    let place = |doc| match ids.first(doc) {
                        Some(id) if alive.is_none_or(|alive| alive.is_alive(doc)) => id as u32,
                        _ => NOWHERE,
                    };
                    (0..segment.max_doc()).map(place).collect()
                }
            };
            places.push((id, deleted, column));
        }
        let mut addresses = vec![NO_ADDRESS; self.entries.len()];
        for (segment, (_, _, column)) in (0..).zip(&places) {
            for (doc, place) in (0..).zip(column.iter()).filter(|(_, place)| **place != NOWHERE) {
                addresses[*place as usize] = DocAddress { segment_ord: segment, doc_id: doc };
            }
        }
        let opened = searcher.segment_readers().iter().zip(&places);
        let opened = opened.map(|(segment, (_, _, column))| Opened::of(segment, &self.fields, Arc::clone(column)));
        let opened = opened.collect::<tantivy::Result<_>>()?;
        let total = |at: usize| self.pages.values().map(|page| page.tokens[at]).sum();
        self.snapshot = Arc::new(Snapshot {
            fields: self.fields,
            searcher,
            entries: self.entries.clone(),
            opened,
            addresses,
            by_path: self.pages.values().map(|page| page.place).collect(),
            shelf: self.shelf.clone(),
            meanings: self.meanings.clone(),
            docs: self.pages.len() as u64,
            tokens: self.fields.text().into_iter().enumerate().map(|(at, field)| (field, total(at))).collect(),
            languages: languages(self.reader.searcher().segment_readers(), self.fields.all)?,
        });
        self.places = places;
        Ok(())
    }
}

/// The languages that some term of a field is marked with.
fn languages(segments: &[SegmentReader], field: Field) -> Result<Vec<Language>, IndexError> {
    let mut languages = Vec::new();
    for language in Language::ALL.into_iter().filter(|language| !language.prefix().is_empty()) {
        let prefix = language.prefix();
        for segment in segments {
            let index = segment.inverted_index(field)?;
            let mut terms = index.terms().range().ge(prefix).into_stream().map_err(tantivy::TantivyError::from)?;
            if terms.advance() && terms.key().starts_with(prefix.as_bytes()) {
                languages.push(language);
                break;
            }
        }
    }
    Ok(languages)
}

impl Snapshot {
    /// Pages in the index.
    pub fn pages(&self) -> u64 {
        self.docs
    }

    /// Answers a question with at most `limit` pages, as the static model reads it.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn search(&self, question: &str, limit: usize) -> Result<Answer, IndexError> {
        let vector = StaticModel::shipped().embed(question);
        let filter = Filter::default();
        self.find(
            question,
            &Wish { limit, filter: &filter, vector: vector.as_ref(), tier: Tier::STATIC, explain: false },
        )
    }

    /// Answers a question as it is wished.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn find(&self, question: &str, wish: &Wish<'_>) -> Result<Answer, IndexError> {
        Whole::of(self).search(&self.fields, &Asked::of(question, &self.languages), wish)
    }

    /// The pages that a filter allows, by their paths: what is asked without words.
    pub fn browse(&self, wish: &Wish<'_>) -> Answer {
        let entries = self.by_path.iter().filter_map(|place| self.entries[*place].as_deref());
        let allowed: Vec<&Entry> = entries.filter(|entry| wish.filter.allows(&entry.path, &entry.labels)).collect();
        Answer {
            total: allowed.len(),
            hits: allowed.iter().take(wish.limit).map(|entry| Hit::of(&entry.path, 0.0)).collect(),
            coverage: if allowed.is_empty() { 0.0 } else { 1.0 },
            ..Answer::default()
        }
    }

    /// What filters know of a page.
    pub fn labels(&self, path: &ArticlePath) -> Option<&Labels> {
        self.entries.get(self.place_of(path)?)?.as_ref().map(|entry| &entry.labels)
    }

    /// Pages that a long text is likely to belong to: its 64 best terms by tf-idf are searched for.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn related(&self, title: &str, text: &str, limit: usize) -> Result<Vec<Hit>, IndexError> {
        let whole = Whole::of(self);
        let Ok(path) = ArticlePath::from_segments(["piece"]) else { return Ok(Vec::new()) };
        let mut asked = sought(title, text, &path, &self.languages);
        let mut weighted = Vec::new();
        for (term, times) in std::mem::take(&mut asked.terms) {
            let pages = whole.pages_with(self.fields.all, asked.forms(&term))?;
            if pages > 0 {
                let idf = (1.0 + (self.docs as f64 - pages as f64 + 0.5) / (pages as f64 + 0.5)).ln();
                weighted.push((f64::from(times.min(3)) * idf, term, times.min(3)));
            }
        }
        weighted.sort_by(|l, r| r.0.total_cmp(&l.0).then_with(|| l.1.cmp(&r.1)));
        weighted.truncate(BEST_TERMS);
        asked.terms = weighted.into_iter().map(|(_, term, times)| (term, times)).collect();
        while asked.exact.len() > BEST_TERMS {
            asked.exact.pop_last();
        }
        whole.by_words(&self.fields, &asked, limit)
    }
}

#[cfg(test)]
mod tests;
