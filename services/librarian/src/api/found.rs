//! What a search found, as it is told.

use std::{cmp::Reverse, collections::BTreeMap};

use commune_bus::View;
use commune_knowledge::document;
use commune_proto::librarian::v1::{Facet, FacetCount, Highlight, ScoreExplanation, SearchResult, TermScore};

use super::{contested, names};
use crate::{
    index::{Answer, Confidence, Hit, Labels, ScoreParts, Snapshot, filter::Filter},
    library::{Kind, Library},
    snippet::Snippets,
    translate,
};

/// Values of a facet that are told.
const FACET_VALUES: usize = 20;
/// Words that are named as missing.
const LACKING: usize = 5;

pub(super) fn results<'a>(
    hits: impl Iterator<Item = &'a Hit>,
    words: &str,
    library: &View<Library>,
) -> Vec<SearchResult> {
    let snippets = Snippets::of(words);
    let mut results = Vec::new();
    for hit in hits {
        let Some(entry) = library.read(|library| library.standing(&hit.path).cloned()) else { continue };
        let article = &entry.newest.article;
        let snippet = snippets.cut(&document::plain_text(&article.body));
        let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        results.push(SearchResult {
            name: names::of(&hit.path),
            title: article.title.clone(),
            highlights: snippet.highlights.iter().map(|h| Highlight { start: at(h.start), end: at(h.end) }).collect(),
            snippet: snippet.text,
            score: hit.score,
            contributors: article.contributors.clone(),
            revision: article.revision,
            confirmations: u32::try_from(article.confirmed_by.len()).unwrap_or(u32::MAX),
            kind: translate::kind_to_wire(article.kind) as i32,
            tags: article.tags.clone(),
            explanation: hit.parts.as_ref().map(explanation),
            contested: u32::try_from(contested::of(&entry).len()).unwrap_or(u32::MAX),
        });
    }
    results
}

fn explanation(parts: &ScoreParts) -> ScoreExplanation {
    let terms = parts.terms.iter().map(|part| TermScore {
        term: part.term.clone(),
        field: part.field.to_owned(),
        times: part.times,
        articles: part.pages,
        score: part.score,
    });
    ScoreExplanation {
        words: parts.words,
        words_scaled: parts.words_scaled,
        words_weight: parts.tier.words_weight(),
        meaning: parts.meaning,
        meaning_scaled: parts.meaning_scaled,
        meaning_weight: parts.tier.meaning_weight,
        terms: terms.collect(),
    }
}

/// What the pages of an answer are, in numbers; only what one of them is.
pub(super) fn facets(answer: &Answer, index: &Snapshot) -> Vec<Facet> {
    type Values = fn(&Labels, &str) -> Vec<String>;
    let respects: [(&str, Values); 4] = [
        ("kind", |labels, _| vec![if labels.kind == Kind::Skill { "skill" } else { "article" }.to_owned()]),
        ("tag", |labels, _| labels.tags.clone()),
        ("in", |_, path| path.split_once('/').map(|(first, _)| first.to_owned()).into_iter().collect()),
        ("by", |labels, _| labels.contributors.clone()),
    ];
    let mut facets = Vec::new();
    for (name, values) in respects {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for hit in &answer.hits {
            for value in index.labels(&hit.path).map(|labels| values(labels, hit.path.as_str())).unwrap_or_default() {
                *counts.entry(value).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().map(|(value, count)| FacetCount { value, count }).collect();
        counts.sort_by_key(|counted| Reverse(counted.count));
        counts.truncate(FACET_VALUES);
        if !counts.is_empty() {
            facets.push(Facet { name: name.to_owned(), values: counts });
        }
    }
    facets
}

/// Why nothing is returned, or why the answer is doubtful.
pub(super) fn reason(answer: &Answer, filter: &Filter, articles: u64) -> String {
    if articles == 0 {
        return "not known here: the library is empty".to_owned();
    }
    let lacks: Vec<String> = answer.lacks.iter().take(LACKING).map(|word| format!("“{word}”")).collect();
    let lacks = if lacks.is_empty() { String::new() } else { format!(", and lack {}", lacks.join(", ")) };
    let part = if filter.is_empty() { "" } else { " that the filter allows" };
    match answer.confidence() {
        Confidence::Found => String::new(),
        Confidence::Low => format!("low confidence: the best articles{part} hold only a part of what was asked{lacks}"),
        Confidence::NotKnown if answer.total == 0 => {
            format!("not known here: none of the articles{part} holds anything of what was asked")
        }
        Confidence::NotKnown => {
            format!("not known here: the best articles{part} hold too little of what was asked{lacks}")
        }
    }
}
