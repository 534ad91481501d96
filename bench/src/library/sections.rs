//! Where a statement goes: paragraphs taken out of real pages, asked about without their headings.
//!
//! A paragraph counts where its section says something beside it: what is added to an article is added to what stands there. Pages whose titles
//! hash to an even number are those that the weights were fitted on; the others are held out.

use std::hash::{DefaultHasher, Hash, Hasher};

use commune_knowledge::{
    document, normalize,
    placement::{self, Ranked, SECTION_NAMED, Sections},
    statement,
};

use crate::plant::{article_of, rows};

/// Fewest sections of a page, the title among them.
const SECTIONS: usize = 4;
/// Paragraphs that are taken out of one page.
const OF_A_PAGE: usize = 6;
/// Fewest words of a paragraph, and of one that may stand by itself.
const WORDS: usize = 5;
const BY_ITSELF: usize = 15;

/// A paragraph with the sections that it may belong to.
pub(crate) struct Case {
    pub(crate) page: String,
    pub(crate) held_out: bool,
    /// Its words would say what it is about on a page of its own: no bare code, table or mark-up.
    pub(crate) by_itself: bool,
    /// It says something by the program's own rule for statements: see [`says_something`].
    pub(crate) says: bool,
    pub(crate) text: String,
    /// The place of its section.
    pub(crate) right: usize,
    pub(crate) ranked: Vec<Ranked>,
}

/// The paragraphs of every `step`-th page; none where the set is not there.
pub(crate) fn cases(step: usize) -> Option<Vec<Case>> {
    let mut cases = Vec::new();
    for row in rows("corpus.jsonl")?.iter().step_by(step) {
        let (title, body) = article_of(row);
        let sections = document::sections(&body);
        if sections.iter().filter(|section| section.level > 0).count() < SECTIONS {
            continue;
        }
        let mut found: Vec<(u64, usize, std::ops::Range<usize>)> = Vec::new();
        for (place, section) in sections.iter().enumerate() {
            let own = &body[section.own.clone()];
            let below = if section.level > 0 { own.split_once('\n').map_or("", |(_, below)| below) } else { own };
            let start = section.own.end - below.len();
            let paragraphs = placement::paragraphs(below);
            for range in paragraphs.iter().filter(|_| paragraphs.len() > 1) {
                let range = start + range.start..start + range.end;
                let text = &body[range.clone()];
                if normalize::words(text).len() >= WORDS {
                    found.push((hash(&(&title, text)), place, range));
                }
            }
        }
        found.sort_unstable_by_key(|(hash, ..)| *hash);
        for (_, right, range) in found.into_iter().take(OF_A_PAGE) {
            let text = body[range.clone()].trim().to_owned();
            let article = format!("{}{}", &body[..range.start], &body[range.end..]);
            if document::sections(&article).len() != sections.len() {
                continue;
            }
            cases.push(Case {
                page: title.clone(),
                held_out: !hash(&title).is_multiple_of(2),
                by_itself: by_itself(&text),
                says: says_something(&text),
                ranked: Sections::of(&article).ranked(&text),
                right,
                text,
            });
        }
    }
    Some(cases)
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

fn by_itself(text: &str) -> bool {
    let prose: String = text.split("```").step_by(2).collect();
    !text.starts_with(['<', '|', '!', '{', '`']) && normalize::words(&document::plain_text(&prose)).len() >= BY_ITSELF
}

/// True when a statement of it says something: no code, no row of mark-up or of a table, no sentence that only leads on to what follows, and
/// as many words as a line of a log must have to be shared.
fn says_something(text: &str) -> bool {
    statement::statements(text).iter().any(|statement| {
        let said = document::plain_text(&statement.text);
        let words = normalize::words(&said);
        let telling = words.iter().filter(|word| word.starts_with(char::is_alphabetic)).count();
        let leads_on = said.trim_end().ends_with([':', '：']);
        !statement.code && !leads_on && telling >= WORDS && !statement.text.starts_with(['<', '|', '!', '{'])
    })
}

/// Of some cases: how many have the right section first, and among the first two.
pub(crate) fn right<'a>(cases: impl Iterator<Item = &'a Case>) -> (f64, f64, usize) {
    let (mut first, mut two, mut all) = (0.0, 0.0, 0);
    for case in cases {
        let at = case.ranked.iter().position(|ranked| ranked.place == case.right);
        first += f64::from(u8::from(at == Some(0)));
        two += f64::from(u8::from(at.is_some_and(|at| at < 2)));
        all += 1;
    }
    let many = f64::from(u32::try_from(all.max(1)).unwrap());
    (first / many, two / many, all)
}

/// Prints the tables.
pub(crate) fn print() {
    let Some(cases) = cases(1) else { return println!("skipped: wikirev is not there") };
    let sections: usize = cases.iter().map(|case| case.ranked.len()).sum();
    println!("\n## Where a statement goes\n\n{} paragraphs, {:.1} sections to choose from\n", cases.len(), {
        sections as f64 / cases.len() as f64
    });
    println!("| paragraphs | how many | right section first | among the first two |\n|---|---|---|---|");
    let row = |name: &str, wanted: &dyn Fn(&&Case) -> bool| {
        let (first, two, all) = right(cases.iter().filter(wanted));
        println!("| {name} | {all} | {:.1} % | {:.1} % |", first * 100.0, two * 100.0);
    };
    row("fitted half", &|case| !case.held_out);
    row("half held out", &|case| case.held_out);
    row("held out, that say something", &|case| case.held_out && case.says);
    row("held out, by themselves", &|case| case.held_out && case.by_itself);
    row("held out, not below the title alone", &|case| {
        case.held_out && case.ranked.iter().any(|one| one.place == case.right && !one.headings.is_empty())
    });
    println!("\n| named from a chance of | held out: share named | of these right |\n|---|---|---|");
    for least in [0.25, 0.4, SECTION_NAMED, 0.6, 0.7, 0.8] {
        let named: Vec<&Case> = cases.iter().filter(|case| case.held_out && case.ranked[0].chance >= least).collect();
        let (_, _, all) = right(cases.iter().filter(|case| case.held_out));
        let (first, _, many) = right(named.iter().copied());
        println!("| {least} | {:.1} % | {:.1} % |", 100.0 * many as f64 / all as f64, first * 100.0);
    }
}

/// Writes the numbers of every case, to fit weights on: one JSON object a line.
pub(crate) fn numbers() {
    for case in cases(1).unwrap_or_default() {
        let right = case.ranked.iter().position(|ranked| ranked.place == case.right);
        let numbers: Vec<&[f64]> = case.ranked.iter().map(|ranked| ranked.numbers.as_slice()).collect();
        let headings: Vec<String> = case.ranked.iter().map(|ranked| ranked.headings.join(" / ")).collect();
        println!(
            "{}",
            serde_json::json!({
                "page": case.page, "held_out": case.held_out, "by_itself": case.by_itself, "right": right, "text": case.text,
                "headings": headings, "numbers": numbers,
            })
        );
    }
}
