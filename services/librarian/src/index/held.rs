//! Where pages have a term: looked up once for a question, which goes back to it for each thing that it wants to know.

use std::sync::Arc;

use tantivy::{
    InvertedIndexReader, SegmentReader, Term,
    fastfield::AliveBitSet,
    fieldnorm::FieldNormReader,
    postings::TermInfo,
    schema::{Field, IndexRecordOption},
};

use super::{Fields, whole::Whole};

/// A segment with everything open that a question looks at: opening it anew for each term took longer than looking.
pub(super) struct Opened {
    /// The place of each document.
    pub(super) places: Arc<[u32]>,
    alive: Option<AliveBitSet>,
    /// By the fields that are scored, and the one for spelling.
    fields: Vec<(Field, Arc<InvertedIndexReader>, Option<FieldNormReader>)>,
}

impl Opened {
    /// Opens a segment whose documents have these places.
    ///
    /// # Errors
    /// When tantivy fails.
    pub(super) fn of(segment: &SegmentReader, fields: &Fields, places: Arc<[u32]>) -> tantivy::Result<Self> {
        let all = fields.text().into_iter().chain([fields.spelled]);
        let open = |field| Ok((field, segment.inverted_index(field)?, segment.get_fieldnorms_reader(field).ok()));
        let fields = all.map(open).collect::<tantivy::Result<_>>()?;
        Ok(Self { places, alive: segment.alive_bitset().cloned(), fields })
    }

    /// The terms of a field; none of one that is not searched.
    pub(super) fn terms(&self, field: Field) -> Option<&InvertedIndexReader> {
        self.fields.iter().find(|(of, ..)| *of == field).map(|(_, terms, _)| terms.as_ref())
    }

    /// The lengths of a field.
    pub(super) fn norms(&self, field: Field) -> Option<&FieldNormReader> {
        self.fields.iter().find(|(of, ..)| *of == field).and_then(|(.., norms)| norms.as_ref())
    }
}

/// A term that some page has.
pub(super) struct Held {
    /// Where the postings are, segment by segment of each part; none where a segment lacks the term.
    infos: Vec<Vec<Option<TermInfo>>>,
    /// How many pages have it, of those that are not hidden.
    pub(super) pages: u64,
}

impl Held {
    /// Where the pages of one segment of one part are.
    pub(super) fn at(&self, part: usize, segment: usize) -> Option<&TermInfo> {
        self.infos[part][segment].as_ref()
    }
}

impl Whole<'_> {
    /// Where a term is; none when no page has it.
    pub(super) fn held(&self, field: Field, text: &str) -> tantivy::Result<Option<Held>> {
        let term = Term::from_field_text(field, text);
        let mut held = Held { infos: Vec::with_capacity(self.parts.len()), pages: 0 };
        for part in &self.parts {
            let mut infos = Vec::with_capacity(part.opened.len());
            for opened in &part.opened {
                let Some(index) = opened.terms(field) else {
                    infos.push(None);
                    continue;
                };
                let info = index.get_term_info(&term)?;
                held.pages += match (&info, &opened.alive) {
                    (None, _) => 0,
                    (Some(info), None) => u64::from(info.doc_freq),
                    (Some(info), Some(alive)) => {
                        let mut docs = index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                        u64::from(tantivy::DocSet::count(&mut docs, alive))
                    }
                };
                infos.push(info);
            }
            held.infos.push(infos);
        }
        if !self.hidden_terms.is_empty() {
            let hidden = self.hidden_terms.get(&(field, text.to_owned())).copied().unwrap_or(0);
            held.pages = held.pages.saturating_sub(hidden);
        }
        Ok((held.pages > 0).then_some(held))
    }

    /// How many pages have a word, in one of its forms.
    pub(super) fn pages_with<'f>(&self, field: Field, forms: impl Iterator<Item = &'f str>) -> tantivy::Result<u64> {
        let mut pages = 0;
        for form in forms {
            pages += self.held(field, form)?.map_or(0, |held| held.pages);
        }
        Ok(pages.min(self.docs))
    }

    /// How many terms a field has, of pages that are not hidden.
    pub(super) fn tokens_of(&self, field: Field) -> u64 {
        self.tokens.get(&field).copied().unwrap_or(0)
    }
}
