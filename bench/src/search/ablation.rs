//! What each part of a search adds, and what it costs: words and meaning apart, the two ways to join them, and the transformer.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use commune_knowledge::embedding::{Embedder, StaticModel, Vector};
use commune_proto::ArticlePath;
use librarian::{
    index::{Index, Page, Snapshot, Wish, filter::Filter, tier::Tier},
    transformer::Transformer,
};

use crate::{
    house::path,
    quality::{is_official, number},
    score::Score,
    sets::{NAMES, Question, Set},
};

/// The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009).
const RANK: f64 = 60.0;
/// Pages of each list that are joined by their ranks.
const JOINED: usize = 200;
/// Words alone.
const WORDS: Tier = Tier::STATIC.weighing(0.0);
/// Meaning alone.
const MEANING: Tier = Tier::STATIC.weighing(1.0);

const WAYS: [&str; 6] = [
    "words alone",
    "static meaning alone",
    "both, joined by their ranks",
    "**both, as shipped**",
    "the transformer reads pages",
    "the transformer reads both",
];

/// Sums over one set.
#[derive(Default, Clone)]
struct Column {
    scores: [Score; WAYS.len()],
    times: [Vec<Duration>; WAYS.len()],
}

/// Prints nDCG@10 set by set, and the median time of a question.
pub(crate) fn print() {
    println!("## What each part adds\n");
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/model"));
    let transformer = Transformer::load(&folder, true).inspect_err(|problem| println!("skipped: {problem}\n")).ok();
    let (mut columns, mut embedding) = (BTreeMap::new(), (Duration::ZERO, 0));
    for name in NAMES {
        match Set::read(name) {
            Some(set) => drop(columns.insert(name, column(&set, transformer.as_ref(), &mut embedding))),
            None => println!("skipped: {name} is not there"),
        }
    }
    println!("| | {} | mean | median time of a question |", columns.keys().copied().collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(columns.len() + 2));
    for (at, way) in WAYS.iter().enumerate() {
        let scores: Vec<f64> = columns.values().map(|column| column.scores[at].ndcg()).collect();
        let mut times: Vec<Duration> = columns.values().flat_map(|column| column.times[at].clone()).collect();
        times.sort();
        let Some(middle) = times.get(times.len() / 2) else { continue };
        let each: Vec<String> = scores.iter().map(|score| format!("{score:.4}")).collect();
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        println!("| {way} | {} | {mean:.4} | {:.2} ms |", each.join(" | "), 1e3 * middle.as_secs_f64());
    }
    if embedding.1 > 0 {
        let rate = embedding.1 as f64 / embedding.0.as_secs_f64();
        println!("\nThe transformer read {} pages, {rate:.0} a second.", embedding.1);
    }
}

fn column(set: &Set, transformer: Option<&Transformer>, embedding: &mut (Duration, usize)) -> Column {
    let mut column = Column::default();
    for (pages, questions) in set.groups() {
        let paths: Vec<ArticlePath> = pages.iter().map(|at| path(*at)).collect();
        let mut index = Index::new().unwrap();
        let docs = || pages.iter().map(|at| &set.docs[*at]);
        index.put(docs().zip(&paths).map(|(doc, path)| Page::plain(path, &doc.title, &doc.body))).unwrap();
        let read_by_table = index.snapshot();
        let read = transformer.map(|transformer| {
            let began = Instant::now();
            let embed = |doc: &crate::sets::Doc| transformer.document(&format!("{}\n{}", doc.title, doc.body));
            let vectors: Vec<Option<Vector>> = docs().map(embed).collect();
            embedding.0 += began.elapsed();
            embedding.1 += vectors.len();
            index.mean(paths.iter().zip(&vectors).filter_map(|(path, vector)| Some((path, vector.as_ref()?)))).unwrap();
            (index.snapshot(), transformer)
        });
        for question in questions.iter().filter(|question| is_official(question)) {
            ask(&mut column, question, &read_by_table, read.as_ref());
        }
    }
    column
}

fn ask(column: &mut Column, question: &Question, table: &Arc<Snapshot>, read: Option<&(Arc<Snapshot>, &Transformer)>) {
    let text = question.cut();
    let by_table = |text: &str| StaticModel::shipped().embed(text);
    let found = |index: &Snapshot, vector: Option<Vector>, tier: Tier, limit: usize| -> Vec<usize> {
        let wish = Wish { limit, filter: &Filter::default(), vector: vector.as_ref(), tier, explain: false };
        index.find(text, &wish).unwrap().hits.iter().map(|hit| number(&hit.path)).collect()
    };
    let mut take = |way: usize, find: &dyn Fn() -> Vec<usize>| {
        let began = Instant::now();
        let ranking = find();
        column.times[way].push(began.elapsed());
        column.scores[way].take(&ranking, &question.grades);
    };
    take(0, &|| found(table, None, WORDS, 10));
    take(1, &|| found(table, by_table(text), MEANING, 10));
    take(2, &|| {
        by_rank([None, by_table(text)].map(|vector| {
            let tier = if vector.is_some() { MEANING } else { WORDS };
            found(table, vector, tier, JOINED)
        }))
    });
    take(3, &|| found(table, by_table(text), Tier::STATIC, 10));
    if let Some((index, transformer)) = read {
        take(4, &|| found(index, by_table(text), Tier::DOCUMENTS, 10));
        take(5, &|| found(index, transformer.question(text), Tier::BOTH, 10));
    }
}

/// Two rankings joined by the reciprocals of their ranks.
fn by_rank(rankings: [Vec<usize>; 2]) -> Vec<usize> {
    let mut scores: BTreeMap<usize, f64> = BTreeMap::new();
    for ranking in rankings {
        for (rank, page) in ranking.into_iter().enumerate() {
            *scores.entry(page).or_default() += 1.0 / (RANK + rank as f64 + 1.0);
        }
    }
    let mut joined: Vec<(usize, f64)> = scores.into_iter().collect();
    joined.sort_by(|left, right| right.1.total_cmp(&left.1));
    joined.into_iter().map(|(page, _)| page).collect()
}
