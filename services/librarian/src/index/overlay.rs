//! The index as it will be when drafts are in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::embedding::StaticModel;
use commune_proto::ArticlePath;
use tantivy::schema::Field;

use super::{
    Answer, Index, IndexError, Page, Snapshot, Wish, analysis::Asked, filter::Filter, reading::Analyzed, tier::Tier,
    whole::Whole,
};

/// Answers what the index will answer once the drafts are in it.
pub struct Overlay {
    base: Arc<Snapshot>,
    draft: Arc<Snapshot>,
    hidden: BTreeSet<ArticlePath>,
    hidden_terms: BTreeMap<(Field, String), u64>,
    docs: u64,
    tokens: BTreeMap<Field, u64>,
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Overlay({} pages)", self.docs)
    }
}

impl Snapshot {
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
            let analyzed = Analyzed::of(&page);
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
}

impl Overlay {
    /// Answers a question as the index will.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn search(&self, question: &str, limit: usize) -> Result<Answer, IndexError> {
        let whole = Whole {
            parts: vec![&self.base, &self.draft],
            hidden: &self.hidden,
            hidden_terms: &self.hidden_terms,
            docs: self.docs,
            tokens: &self.tokens,
        };
        let vector = StaticModel::shipped().embed(question);
        let wish =
            Wish { limit, filter: &Filter::default(), vector: vector.as_ref(), tier: Tier::STATIC, explain: false };
        let mut languages = self.base.languages.clone();
        languages.extend(&self.draft.languages);
        whole.search(&self.base.fields, &Asked::of(question, &languages), &wish)
    }
}
