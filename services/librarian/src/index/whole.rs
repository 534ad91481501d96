//! One or two snapshots searched as if they were one, by words and by meaning.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::embedding::Vector;
use commune_proto::ArticlePath;
use rustc_hash::FxHashSet;
use tantivy::{
    DocAddress, DocSet, TERMINATED,
    postings::Postings,
    schema::{Field, IndexRecordOption},
};

use super::{
    Answer, Entry, Fields, Hit, IndexError, Snapshot, Wish,
    analysis::Asked,
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

/// Pages of the first part that the second replaces are hidden, and the statistics are those of the whole. **They count live
/// pages only**, so that scores do not depend on how the index came about.
pub(super) struct Whole<'a> {
    pub(super) parts: Vec<&'a Snapshot>,
    pub(super) hidden: &'a BTreeSet<ArticlePath>,
    pub(super) hidden_terms: &'a BTreeMap<(Field, String), u64>,
    pub(super) docs: u64,
    pub(super) tokens: &'a BTreeMap<Field, u64>,
}

/// A page that came into question.
struct Candidate<'a> {
    page: Scored<'a>,
    words: f64,
    meaning: f64,
}

impl<'a> Whole<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        static HIDDEN: BTreeSet<ArticlePath> = BTreeSet::new();
        static HIDDEN_TERMS: BTreeMap<(Field, String), u64> = BTreeMap::new();
        Self {
            parts: vec![snapshot],
            hidden: &HIDDEN,
            hidden_terms: &HIDDEN_TERMS,
            docs: snapshot.docs,
            tokens: &snapshot.tokens,
        }
    }

    /// The pages with the best words for a long text, at most `limit`.
    pub(super) fn by_words(&self, fields: &Fields, asked: &Asked, limit: usize) -> Result<Vec<Hit>, IndexError> {
        let wanted = wanted(self, fields, asked)?;
        let (best, ..) = self.best_by_words(&wanted, limit, None)?;
        Ok(best.iter().map(|scored| Hit::of(scored.path, scored.score)).collect())
    }

    pub(super) fn search(&self, fields: &Fields, asked: &Asked, wish: &Wish<'_>) -> Result<Answer, IndexError> {
        if self.docs == 0 || wish.limit == 0 {
            return Ok(Answer { units: asked.units.len(), ..Answer::default() });
        }
        let wanted = wanted(self, fields, asked)?;
        let all_kinds = wish.filter.is_empty();
        let allowed = |part: usize, entry: &Entry| {
            (part > 0 || !self.hidden.contains(&entry.path))
                && (all_kinds || wish.filter.allows(&entry.path, &entry.labels))
        };
        let everything = all_kinds && self.hidden.is_empty();
        let (by_words, scores, matching, speaking) =
            self.best_by_words(&wanted, CANDIDATES.max(wish.limit), (!everything).then_some(&allowed))?;
        let near = self.best_by_meaning(wish.vector, &allowed);

        let (first, rest) = by_words.split_at(by_words.len().min(CANDIDATES));
        let places: FxHashSet<_> = near.iter().map(Scored::at).collect();
        let words_alone: Vec<Scored<'a>> = first.iter().filter(|page| !places.contains(&page.at())).copied().collect();
        let words = |page: &Scored<'a>| f64::from(scores[page.part][page.place]);
        let mut candidates: Vec<Candidate<'a>> =
            near.iter().map(|page| Candidate { page: *page, words: words(page), meaning: page.score }).collect();
        candidates.extend(self.compared(&words_alone, wish.vector));
        let fusion = Fusion {
            words: Scale::of(candidates.iter().map(|c| c.words)),
            meaning: Scale::of(candidates.iter().map(|c| c.meaning)),
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
        let beyond: Vec<Scored<'a>> = rest.iter().filter(|page| !places.contains(&page.at())).copied().collect();
        let beyond = &beyond[..beyond.len().min(wish.limit.saturating_sub(found.len()))];
        for mut candidate in self.compared(beyond, wish.vector) {
            floor = floor.min(fusion.score(candidate.words, candidate.meaning));
            candidate.page.score = floor;
            found.push(candidate);
        }
        found.truncate(wish.limit);

        let mut answer = self.covered(fields, asked, &wanted, &found)?;
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

    /// The best by words, the scores of all places by part, how many match, and how many would if all were allowed; all are where
    /// nothing says which.
    #[expect(clippy::type_complexity, reason = "four results of one pass")]
    fn best_by_words(
        &self,
        wanted: &[Wanted<'_>],
        limit: usize,
        allowed: Option<&dyn Fn(usize, &Entry) -> bool>,
    ) -> Result<(Vec<Scored<'a>>, Vec<Vec<f32>>, usize, usize), IndexError> {
        let mut best = Best::new(limit);
        let mut all = Vec::new();
        let (mut matching, mut speaking) = (0, 0);
        for (part, snapshot) in self.parts.iter().enumerate() {
            let scores = scores(part, snapshot, wanted)?;
            let Some(allowed) = allowed else {
                let there = scores.iter().filter(|score| **score > 0.0).count();
                (matching, speaking) = (matching + there, speaking + there);
                best.meet_all(part, snapshot, &scores);
                all.push(scores);
                continue;
            };
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

    /// Pages with scores by words, held against the question's meaning, too.
    fn compared(&self, pages: &[Scored<'a>], vector: Option<&Vector>) -> Vec<Candidate<'a>> {
        let mut candidates: Vec<Candidate<'a>> =
            pages.iter().map(|page| Candidate { page: *page, words: page.score, meaning: 0.0 }).collect();
        let Some(vector) = vector else { return candidates };
        for (part, snapshot) in self.parts.iter().enumerate() {
            let mut of_part: Vec<_> = candidates.iter_mut().filter(|candidate| candidate.page.part == part).collect();
            let places: Vec<usize> = of_part.iter().map(|candidate| candidate.page.place).collect();
            for (candidate, cosine) in of_part.iter_mut().zip(snapshot.meanings.cosines(vector, &places)) {
                candidate.meaning = cosine.unwrap_or(0.0);
            }
        }
        candidates
    }

    /// What share of the question's meaning one of the best pages holds, and which units the fullest of them lacks. A unit weighs the
    /// more the rarer it is in the library; a pair of characters that lies between two words less.
    fn covered(
        &self,
        fields: &Fields,
        asked: &Asked,
        wanted: &[Wanted<'_>],
        found: &[Candidate<'a>],
    ) -> Result<Answer, IndexError> {
        let looked_at = &found[..found.len().min(LOOKED_AT)];
        let pages: Vec<Scored<'a>> = looked_at.iter().map(|candidate| candidate.page).collect();
        let mut units = Vec::new();
        for (unit, written) in &asked.units {
            let field = if unit.pair().is_some() { fields.exact } else { fields.all };
            let forms: Vec<&Wanted<'_>> =
                wanted.iter().filter(|wanted| wanted.field == field && wanted.of == unit.text()).collect();
            let holding = forms.first().map_or(0, |form| form.pages);
            let weight = ((self.docs as f64 + BACKGROUND) / (holding as f64 + 1.0)).ln().max(0.01);
            units.push((unit, written, weight, self.holding(&pages, &forms)?));
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
        wanted: &[Wanted<'_>],
    ) -> Result<ScoreParts, IndexError> {
        let mut terms = Vec::new();
        for wanted in wanted {
            let Some((times, length)) = self.times(&candidate.page, wanted)? else { continue };
            terms.push(TermPart {
                field: self.parts[0].fields.name(wanted.field),
                term: wanted.text.to_owned(),
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

    /// Which of some pages have one of these forms. A form's postings are opened once for each segment.
    fn holding(&self, pages: &[Scored<'_>], forms: &[&Wanted<'_>]) -> tantivy::Result<Vec<bool>> {
        let address = |at: &usize| (pages[*at].part, self.parts[pages[*at].part].addresses[pages[*at].place]);
        let mut in_order: Vec<usize> = (0..pages.len()).collect();
        in_order.sort_unstable_by_key(address);
        let mut held = vec![false; pages.len()];
        for form in forms {
            let mut open = None;
            for at in in_order.iter().filter(|at| !held[**at]).copied().collect::<Vec<_>>() {
                let (part, DocAddress { segment_ord, doc_id }) = address(&at);
                if open.as_ref().is_none_or(|(of, _)| *of != (part, segment_ord)) {
                    let opened = &self.parts[part].opened[segment_ord as usize];
                    let info = form.held.at(part, segment_ord as usize);
                    let read = info
                        .zip(opened.terms(form.field))
                        .map(|(info, terms)| terms.read_postings_from_terminfo(info, IndexRecordOption::Basic));
                    open = Some(((part, segment_ord), read.transpose()?));
                }
                let docs = open.as_mut().and_then(|(_, docs)| docs.as_mut());
                held[at] =
                    docs.is_some_and(|docs| docs.doc() == doc_id || docs.doc() < doc_id && docs.seek(doc_id) == doc_id);
            }
        }
        Ok(held)
    }

    /// How often a page has a term, and the length of the field; none when it has not.
    fn times(&self, page: &Scored<'_>, wanted: &Wanted<'_>) -> tantivy::Result<Option<(u32, u32)>> {
        let snapshot = self.parts[page.part];
        let DocAddress { segment_ord, doc_id } = snapshot.addresses[page.place];
        let opened = &snapshot.opened[segment_ord as usize];
        let (terms, norms) = (opened.terms(wanted.field), opened.norms(wanted.field));
        let Some(info) = wanted.held.at(page.part, segment_ord as usize) else { return Ok(None) };
        let (Some(terms), Some(norms)) = (terms, norms) else { return Ok(None) };
        let mut docs = terms.read_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?;
        let at = |docs: &mut dyn DocSet| docs.doc() == doc_id || docs.doc() < doc_id && docs.seek(doc_id) == doc_id;
        if docs.doc() == TERMINATED || !at(&mut docs) {
            return Ok(None);
        }
        Ok(Some((docs.term_freq(), norms.fieldnorm(doc_id))))
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

/// Where no page stands.
pub(super) const NO_ADDRESS: DocAddress = DocAddress { segment_ord: u32::MAX, doc_id: u32::MAX };
