//! One or two snapshots searched as if they were one, by words and by meaning.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::embedding::Vector;
use commune_proto::ArticlePath;
use tantivy::{
    DocAddress, DocSet, Searcher, TERMINATED, Term,
    postings::Postings,
    query::Bm25StatisticsProvider,
    schema::{Field, IndexRecordOption},
};

use super::{
    Answer, Entry, Fields, Hit, IndexError, Snapshot, Wish,
    analysis::{Asked, Unit},
    fuse::{Fusion, Scale},
    search::{ScoreParts, TermPart},
    words::{Best, Scored, Wanted, scores, wanted},
};

/// Candidates by words, and as many by meaning.
const CANDIDATES: usize = 200;
/// How many of the best are looked at to tell whether the question is covered.
const LOOKED_AT: usize = 3;
/// Pages that a unit of meaning is assumed to be rare in, beside the library: keeps a small library from judging
/// by its own few words.
const BACKGROUND: f64 = 100.0;
/// What share of such pages has a word of the question.
const USUAL: f64 = 0.3;

/// Pages of the first part that the second replaces are hidden, and the statistics are those of the whole.
pub(super) struct Whole<'a> {
    pub(super) parts: Vec<&'a Snapshot>,
    pub(super) hidden: BTreeSet<ArticlePath>,
    pub(super) hidden_terms: BTreeMap<(Field, String), u64>,
    pub(super) docs: u64,
    pub(super) tokens: BTreeMap<Field, u64>,
}

/// A page that came into question.
struct Candidate<'a> {
    page: Scored<'a>,
    words: f64,
    meaning: f64,
}

impl<'a> Whole<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        Self {
            parts: vec![snapshot],
            hidden: BTreeSet::new(),
            hidden_terms: BTreeMap::new(),
            docs: snapshot.docs,
            tokens: snapshot.tokens.clone(),
        }
    }

    /// The pages with the best words for a long text, at most `limit`.
    pub(super) fn by_words(&self, fields: &Fields, asked: &Asked, limit: usize) -> Result<Vec<Hit>, IndexError> {
        let wanted = wanted(self, fields, asked)?;
        let (best, ..) = self.best_by_words(&wanted, limit, &|_, _| true)?;
        Ok(best.iter().map(|scored| Hit::of(scored.path, scored.score)).collect())
    }

    pub(super) fn search(&self, fields: &Fields, asked: &Asked, wish: &Wish<'_>) -> Result<Answer, IndexError> {
        if self.docs == 0 || wish.limit == 0 {
            return Ok(Answer { units: asked.units.len(), ..Answer::default() });
        }
        let wanted = wanted(self, fields, asked)?;
        let allowed = |part: usize, entry: &Entry| {
            (part > 0 || !self.hidden.contains(&entry.path))
                && (wish.filter.is_empty() || wish.filter.allows(&entry.path, &entry.labels))
        };
        let (by_words, scores, matching, speaking) =
            self.best_by_words(&wanted, CANDIDATES.max(wish.limit), &allowed)?;
        let near = self.best_by_meaning(wish.vector, &allowed);

        let (first, rest) = by_words.split_at(by_words.len().min(CANDIDATES));
        let mut pages: BTreeMap<&ArticlePath, Scored<'a>> = BTreeMap::new();
        pages.extend(first.iter().chain(&near).map(|scored| (scored.path, *scored)));
        let candidates: Vec<Candidate<'a>> =
            pages.into_values().map(|page| self.candidate(page, &scores, wish.vector)).collect();
        let fusion = Fusion {
            words: Scale::of(&candidates.iter().map(|c| c.words).collect::<Vec<_>>()),
            meaning: Scale::of(&candidates.iter().map(|c| c.meaning).collect::<Vec<_>>()),
            tier: wish.tier,
        };
        let mut found: Vec<Candidate<'a>> =
            candidates.into_iter().filter(|c| c.words > 0.0 || c.meaning >= wish.tier.near).collect();
        for candidate in &mut found {
            candidate.page.score = fusion.score(candidate.words, candidate.meaning);
        }
        found.sort_by(|left, right| left.page.order(&right.page));
        let total = matching + found.iter().filter(|c| c.words <= 0.0).count();

        // beyond the candidates words alone decide
        let mut floor = found.last().map_or(0.0, |last| last.page.score);
        for page in rest {
            let mut candidate = self.candidate(*page, &scores, wish.vector);
            if found.len() >= wish.limit {
                break;
            }
            if near.iter().any(|near| near.path == page.path) {
                continue;
            }
            floor = floor.min(fusion.score(candidate.words, candidate.meaning));
            candidate.page.score = floor;
            found.push(candidate);
        }
        found.truncate(wish.limit);

        let mut answer = self.covered(fields, asked, &found)?;
        answer.total = total;
        answer.tier = wish.tier;
        answer.familiar = (speaking as f64 + BACKGROUND * USUAL) / (self.docs as f64 + BACKGROUND);
        answer.hits = found
            .iter()
            .map(|candidate| {
                let parts = if wish.explain { Some(self.explained(candidate, &fusion, &wanted)?) } else { None };
                Ok(Hit { parts, ..Hit::of(candidate.page.path, candidate.page.score) })
            })
            .collect::<Result<_, IndexError>>()?;
        Ok(answer)
    }

    /// The best by words, the scores of all places by part, how many match, and how many would if all were allowed.
    #[expect(clippy::type_complexity, reason = "four results of one pass")]
    fn best_by_words(
        &self,
        wanted: &[Wanted],
        limit: usize,
        allowed: &dyn Fn(usize, &Entry) -> bool,
    ) -> Result<(Vec<Scored<'a>>, Vec<Vec<f32>>, usize, usize), IndexError> {
        let mut best = Best::new(limit);
        let mut all = Vec::new();
        let (mut matching, mut speaking) = (0, 0);
        for (part, snapshot) in self.parts.iter().enumerate() {
            let scores = scores(snapshot, wanted)?;
            for (place, score) in scores.iter().enumerate().filter(|(_, score)| **score > 0.0) {
                let Some(entry) = &snapshot.entries[place] else { continue };
                speaking += usize::from(part > 0 || !self.hidden.contains(&entry.path));
                if allowed(part, entry) {
                    matching += 1;
                    if f64::from(*score) >= best.floor() {
                        best.meet(Scored { score: f64::from(*score), part, place, path: &entry.path });
                    }
                }
            }
            all.push(scores);
        }
        Ok((best.in_order(), all, matching, speaking))
    }

    fn best_by_meaning(&self, vector: Option<&Vector>, allowed: &dyn Fn(usize, &Entry) -> bool) -> Vec<Scored<'a>> {
        let Some(vector) = vector else { return Vec::new() };
        let mut best = Best::new(CANDIDATES);
        for (part, snapshot) in self.parts.iter().enumerate() {
            let entry = |place: usize| snapshot.entries.get(place).and_then(Option::as_deref);
            let allowed = |place: usize| entry(place).is_some_and(|entry| allowed(part, entry));
            for (place, score) in snapshot.meanings.nearest(vector, CANDIDATES, allowed) {
                if let Some(entry) = entry(place) {
                    best.meet(Scored { score, part, place, path: &entry.path });
                }
            }
        }
        best.in_order()
    }

    fn candidate(&self, page: Scored<'a>, scores: &[Vec<f32>], vector: Option<&Vector>) -> Candidate<'a> {
        let words = f64::from(scores[page.part][page.place]);
        let known = vector.zip(self.parts[page.part].meanings.at(page.place));
        Candidate { page, words, meaning: known.map_or(0.0, |(question, page)| question.cosine(&page)) }
    }

    /// What share of the question's meaning one of the best pages holds, and which units the fullest of them lacks. A unit weighs the
    /// more the rarer it is in the library; a pair of characters that lies between two words less.
    fn covered(&self, fields: &Fields, asked: &Asked, found: &[Candidate<'a>]) -> Result<Answer, IndexError> {
        let looked_at = &found[..found.len().min(LOOKED_AT)];
        let mut units = Vec::new();
        for (unit, written) in &asked.units {
            let (field, forms) = match unit {
                Unit::Word(word) => (fields.all, asked.forms(word).collect()),
                Unit::Pair(pair) => (fields.exact, vec![pair.as_str()]),
            };
            let holding = self.pages_with(field, forms.iter().copied())?;
            let weight = ((self.docs as f64 + BACKGROUND) / (holding as f64 + 1.0)).ln().max(0.01);
            let held = looked_at.iter().map(|candidate| self.has(&candidate.page, field, &forms));
            units.push((unit, written, weight, held.collect::<Result<Vec<bool>, _>>()?));
        }
        let mut fullest = (0.0, asked.units.values().cloned().collect());
        for at in 0..looked_at.len() {
            let pairs: Vec<&str> =
                units.iter().filter(|(.., held)| held[at]).filter_map(|(unit, ..)| unit.pair()).collect();
            let (mut all, mut covered, mut lacks) = (0.0, 0.0, Vec::new());
            for (unit, written, weight, held) in &units {
                let between = unit.pair().map_or(0.0, |pair| between(pair, &pairs));
                if held[at] {
                    all += weight;
                    covered += weight;
                } else if between < 1.0 {
                    all += weight * (1.0 - between);
                    lacks.push((*written).clone());
                }
            }
            let coverage = if all > 0.0 { covered / all } else { 0.0 };
            if at == 0 || coverage > fullest.0 {
                fullest = (coverage, lacks);
            }
        }
        let (coverage, lacks) = fullest;
        Ok(Answer {
            coverage,
            units: asked.units.len(),
            foreign: asked.foreign,
            lacks,
            meaning: looked_at.iter().map(|candidate| candidate.meaning).fold(0.0, f64::max),
            ..Answer::default()
        })
    }

    fn explained(
        &self,
        candidate: &Candidate<'_>,
        fusion: &Fusion,
        wanted: &[Wanted],
    ) -> Result<ScoreParts, IndexError> {
        let mut terms = Vec::new();
        for wanted in wanted {
            let Some((times, length)) = self.times(&candidate.page, &wanted.term())? else { continue };
            terms.push(TermPart {
                field: self.parts[0].fields.name(wanted.field),
                term: wanted.text.clone(),
                times,
                pages: wanted.pages,
                score: f64::from(wanted.adds(times, length)),
            });
        }
        terms.sort_by(|left, right| right.score.total_cmp(&left.score).then_with(|| left.term.cmp(&right.term)));
        Ok(ScoreParts {
            words: candidate.words,
            words_scaled: fusion.words.scaled(candidate.words),
            meaning: candidate.meaning,
            meaning_scaled: fusion.meaning.scaled(candidate.meaning),
            tier: fusion.tier,
            terms,
        })
    }

    /// How many pages have a word, in one of its forms.
    pub(super) fn pages_with<'f>(&self, field: Field, forms: impl Iterator<Item = &'f str>) -> tantivy::Result<u64> {
        let mut pages = 0;
        for form in forms {
            pages += self.doc_freq(&Term::from_field_text(field, form))?;
        }
        Ok(pages.min(self.docs))
    }

    fn has(&self, page: &Scored<'_>, field: Field, forms: &[&str]) -> tantivy::Result<bool> {
        for form in forms {
            if self.times(page, &Term::from_field_text(field, form))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How often a page has a term, and the length of the field; none when it has not.
    fn times(&self, page: &Scored<'_>, term: &Term) -> tantivy::Result<Option<(u32, u32)>> {
        let snapshot = self.parts[page.part];
        let address = snapshot.addresses[page.place];
        let segment = snapshot.searcher.segment_reader(address.segment_ord);
        let index = segment.inverted_index(term.field())?;
        let Some(mut docs) = index.read_postings(term, IndexRecordOption::WithFreqs)? else { return Ok(None) };
        let at = |docs: &mut dyn DocSet| {
            docs.doc() == address.doc_id || docs.doc() < address.doc_id && docs.seek(address.doc_id) == address.doc_id
        };
        if docs.doc() == TERMINATED || !at(&mut docs) {
            return Ok(None);
        }
        Ok(Some((docs.term_freq(), segment.get_fieldnorms_reader(term.field())?.fieldnorm(address.doc_id))))
    }
}

/// What share of a pair belongs to words that are there beside it: 新证 lies between 更新 and 证书.
fn between(pair: &str, there: &[&str]) -> f64 {
    let mut ends = pair.chars();
    let (Some(first), Some(last)) = (ends.next(), ends.next_back()) else { return 0.0 };
    let before = there.iter().any(|other| other.ends_with(first));
    let behind = there.iter().any(|other| other.starts_with(last));
    (f64::from(before) + f64::from(behind)) / 2.0
}

/// **The statistics count live pages only**, so that scores do not depend on how the index came about.
impl Bm25StatisticsProvider for Whole<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Ok(self.tokens.get(&field).copied().unwrap_or(0))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let mut pages = 0;
        for snapshot in &self.parts {
            pages += live_doc_freq(&snapshot.searcher, term)?;
        }
        if !self.hidden_terms.is_empty() {
            let text = term.value().as_str().unwrap_or_default().to_owned();
            pages = pages.saturating_sub(self.hidden_terms.get(&(term.field(), text)).copied().unwrap_or(0));
        }
        Ok(pages)
    }
}

fn live_doc_freq(searcher: &Searcher, term: &Term) -> tantivy::Result<u64> {
    let mut pages = 0;
    for segment in searcher.segment_readers() {
        let postings = segment.inverted_index(term.field())?;
        match segment.alive_bitset() {
            None => pages += u64::from(postings.doc_freq(term)?),
            Some(alive) => {
                if let Some(mut docs) = postings.read_postings(term, IndexRecordOption::Basic)? {
                    pages += u64::from(docs.count(alive));
                }
            }
        }
    }
    Ok(pages)
}

/// Where no page stands.
pub(super) const NO_ADDRESS: DocAddress = DocAddress { segment_ord: u32::MAX, doc_id: u32::MAX };
