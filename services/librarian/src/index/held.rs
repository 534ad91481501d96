//! Where pages have a term: looked up once for a question, which goes back to it for each thing that it wants to know.

use tantivy::{
    SegmentReader, Term,
    postings::{SegmentPostings, TermInfo},
    schema::{Field, IndexRecordOption},
};

use super::whole::Whole;

/// A term that some page has.
pub(super) struct Held {
    /// Where the postings are, segment by segment of each part; none where a segment lacks the term.
    infos: Vec<Vec<Option<TermInfo>>>,
    /// How many pages have it, of those that are not hidden.
    pub(super) pages: u64,
}

impl Held {
    /// The pages of one segment of one part.
    pub(super) fn postings(
        &self,
        part: usize,
        at: usize,
        segment: &SegmentReader,
        field: Field,
        option: IndexRecordOption,
    ) -> tantivy::Result<Option<SegmentPostings>> {
        let Some(info) = &self.infos[part][at] else { return Ok(None) };
        Ok(Some(segment.inverted_index(field)?.read_postings_from_terminfo(info, option)?))
    }
}

impl Whole<'_> {
    /// Where a term is; none when no page has it.
    pub(super) fn held(&self, field: Field, text: &str) -> tantivy::Result<Option<Held>> {
        let term = Term::from_field_text(field, text);
        let mut held = Held { infos: Vec::with_capacity(self.parts.len()), pages: 0 };
        for part in &self.parts {
            let segments = part.searcher.segment_readers();
            let mut infos = Vec::with_capacity(segments.len());
            for segment in segments {
                let index = segment.inverted_index(field)?;
                let info = index.get_term_info(&term)?;
                held.pages += match (&info, segment.alive_bitset()) {
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
