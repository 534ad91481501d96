//! Real pages with planted faults. Everything is chosen by counting, so that two runs plant the same.

use std::{collections::BTreeSet, path::PathBuf};

use commune_knowledge::document;
use commune_proto::ArticlePath;
use librarian::{
    curate::article_body,
    library::{Article, Kind, Provenance, Revision, statement_ids},
};
use serde_json::Value;

/// How many of each fault are planted in a library of so many pages.
struct Counts {
    dead_links: usize,
    near_links: usize,
    orphans: usize,
    duplicates: usize,
    near_pairs: usize,
    contradictions: usize,
}

impl Counts {
    fn of(pages: usize) -> Self {
        let of_1000 = |many: usize| (pages * many / 1_000).max(1);
        Self {
            dead_links: of_1000(100),
            near_links: of_1000(25),
            orphans: of_1000(25),
            duplicates: of_1000(50),
            near_pairs: of_1000(25),
            contradictions: of_1000(15),
        }
    }
}

/// Agents that wrote the pages, in turn.
const AGENTS: usize = 40;
/// Fewest lines of text of a page that is copied: of less there is too little to tell copies by.
const COPIED: usize = 8;

/// A page as it is in the set.
pub(crate) struct Page {
    path: ArticlePath,
    title: String,
    body: String,
}

/// What was planted, by the paths of pages.
#[derive(Default)]
pub(crate) struct Faults {
    /// The page and the target that is nothing.
    pub(crate) dead_links: Vec<(String, String)>,
    /// The page, the target, and the page that it nearly names.
    pub(crate) near_links: Vec<(String, String, String)>,
    pub(crate) orphans: Vec<String>,
    pub(crate) duplicates: Vec<(String, String)>,
    pub(crate) near_pairs: Vec<(String, String)>,
    pub(crate) contradictions: Vec<String>,
}

impl Faults {
    /// What planted links name.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        let near = self.near_links.iter().map(|(_, target, _)| target.as_str());
        self.dead_links.iter().map(|(_, target)| target.as_str()).chain(near)
    }
}

/// Revisions with faults.
pub(crate) struct Planted {
    pub(crate) pages: Vec<Revision>,
    pub(crate) faults: Faults,
}

impl Planted {
    /// Whether two pages were planted as a pair.
    pub(crate) fn is_pair(&self, one: &ArticlePath, other: &ArticlePath) -> bool {
        self.faults.duplicates.contains(&pair(one.as_str(), other.as_str()))
    }
}

/// Two paths, the first in their order first.
pub(crate) fn pair(one: &str, other: &str) -> (String, String) {
    let (one, other) = if one <= other { (one, other) } else { (other, one) };
    (one.to_owned(), other.to_owned())
}

/// The rows of a file of the set; none where it is not there.
pub(crate) fn rows(file: &str) -> Option<Vec<Value>> {
    let set = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/retrieval/wikirev"));
    let text = std::fs::read_to_string(set.join(file)).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The title of a page of the set, and its body as an article has it.
pub(crate) fn article_of(row: &Value) -> (String, String) {
    let (title, text) = (row["title"].as_str().unwrap(), row["text"].as_str().unwrap());
    (title.to_owned(), article_body(title, text))
}

/// So many pages of the set, evenly; none where it is not there. Of pages with one title and of what is hardly a page only the first.
pub(crate) fn pages(many: usize) -> Option<Vec<Page>> {
    let mut seen = BTreeSet::new();
    let mut pages = Vec::new();
    for row in rows("corpus.jsonl")? {
        let Some(path) = path_of(row["_id"].as_str().unwrap()) else { continue };
        let (title, body) = article_of(&row);
        // the wikis' own links are of other kinds; one that looks like ours would be a fault that nobody planted
        let new = seen.insert(title.to_lowercase()) && seen.insert(path.to_string());
        if new && document::wikilinks(&body).is_empty() {
            pages.push(Page { path, title, body });
        }
    }
    let all = pages.len();
    let mut kept = pages.into_iter().enumerate().filter(|(at, _)| at * many / all != (at + 1) * many / all);
    Some(kept.by_ref().map(|(_, page)| page).collect())
}

/// The path in the library of a file of the set.
pub(crate) fn path_of(id: &str) -> Option<ArticlePath> {
    let plain = |segment: &str| -> String {
        let segment = segment.strip_suffix(".md").unwrap_or(segment).to_lowercase();
        let dashed: String = segment.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    };
    let segments: Vec<String> = id.split('/').map(plain).filter(|segment| !segment.is_empty()).collect();
    segments.join("/").parse().ok()
}

/// Plants all faults.
pub(crate) fn plant(pages: &[Page]) -> Planted {
    let mut faults = Faults::default();
    let counts = Counts::of(pages.len());
    let mut bodies: Vec<String> = pages.iter().map(|page| page.body.clone()).collect();
    let mut taken = BTreeSet::new();
    let orphan = |at: usize| at % (pages.len() / counts.orphans) == 7;
    // each page is linked from the one before it, but for the orphans
    for (at, body) in bodies.iter_mut().enumerate() {
        let next = (at + 1) % pages.len();
        if orphan(next) {
            faults.orphans.push(pages[next].path.to_string());
        } else {
            let (path, title) = (&pages[next].path, one_line(&pages[next].title));
            *body += &format!("\nThe page after this one is [[{path}|{title}]].\n");
        }
    }
    for n in 0..counts.dead_links {
        let at = n * pages.len() / counts.dead_links;
        let target = format!("unwritten/matter-{n}-of-{}", pages[at].path.segments().last().unwrap());
        bodies[at] += &format!("\nIt is told in [[{target}]] how that is done.\n");
        faults.dead_links.push((pages[at].path.to_string(), target));
    }
    for n in 0..counts.near_links {
        let (at, to) = (n * pages.len() / counts.near_links + 3, (n * 37 + 11) % pages.len());
        // another case, and spaces for dashes: the last part of the path as somebody would type it
        let target = pages[to].path.to_string().replace('-', " ").to_uppercase();
        bodies[at] += &format!("\nSee [[{target}]], too.\n");
        faults.near_links.push((pages[at].path.to_string(), target, pages[to].path.to_string()));
    }
    let mut revisions: Vec<Revision> = pages
        .iter()
        .zip(&bodies)
        .enumerate()
        .map(|(at, (page, body))| written(&page.path, &page.title, body, at))
        .collect();
    let long: Vec<usize> =
        (0..pages.len()).filter(|at| pages[*at].body.lines().filter(|l| !l.is_empty()).count() >= COPIED).collect();
    let step = long.len() / (counts.duplicates + counts.near_pairs + counts.contradictions);
    let mut chosen = long.into_iter().step_by(step.max(1)).filter(|at| taken.insert(*at));
    for (n, at) in chosen.by_ref().take(counts.duplicates).enumerate() {
        let page = &pages[at];
        let path: ArticlePath = format!("copies/{n}-{}", page.path.segments().last().unwrap()).parse().unwrap();
        revisions.push(written(
            &path,
            &format!("{} in practice", one_line(&page.title)),
            &copied(&page.body, n),
            at + 1,
        ));
        faults.duplicates.push(pair(page.path.as_str(), path.as_str()));
    }
    for (n, at) in chosen.by_ref().take(counts.near_pairs).enumerate() {
        let page = &pages[at];
        let path: ArticlePath = format!("near/{n}-{}", page.path.segments().last().unwrap()).parse().unwrap();
        let (one, other) = otherwise(n);
        // the page is of one thing, the copy of another that differs in a word or a number
        let standing = revisions[at].article.body.clone() + &format!("\n{one}\n");
        revisions[at] = written(&page.path, &page.title, &standing, at);
        let copy = page.body.clone() + &format!("\n{other}\n");
        revisions.push(written(&path, &format!("{} elsewhere", one_line(&page.title)), &copy, at + 1));
        faults.near_pairs.push(pair(page.path.as_str(), path.as_str()));
    }
    for (n, at) in chosen.take(counts.contradictions).enumerate() {
        let before = revisions[at].article.clone();
        let (one, other) = contradiction(n);
        let body = before.body.clone() + &format!("\n## Observed\n\n{one}\n\n{other}\n");
        let mut revision = written(&before.path, &before.title, &body, at);
        revision.article.revision = 2;
        revision.provenance = vec![said(one, "observer-1", n), said(other, "observer-2", n)];
        revisions.push(revision);
        faults.contradictions.push(before.path.to_string());
    }
    Planted { pages: revisions, faults }
}

fn one_line(title: &str) -> String {
    title.replace(['[', ']', '|', '#', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first revision of a page, by one of the agents.
fn written(path: &ArticlePath, title: &str, body: &str, at: usize) -> Revision {
    let agent = format!("agent-{}", at * 7919 / 64 % AGENTS);
    let article = Article {
        title: title.to_owned(),
        body: body.to_owned(),
        contributors: vec![agent.clone()],
        revision: 1,
        night: "2026-02-01".to_owned(),
        curated_at: "2026-02-01T00:00:00Z".to_owned(),
        ..Article::blank(path.clone(), Kind::Article)
    };
    let statements = statement_ids(body).into_iter().collect();
    let provenance = Provenance { statements, ..provenance(&agent, format!("page-{path}")) };
    Revision { provenance: vec![provenance], ..Revision::of(article, "a page of the set".to_owned()) }
}

/// What an agent said in these words.
pub(crate) fn said(text: &str, agent: &str, n: usize) -> Provenance {
    Provenance { statements: statement_ids(text).into_iter().collect(), ..provenance(agent, format!("{agent}-{n}")) }
}

fn provenance(agent: &str, contribution: String) -> Provenance {
    Provenance {
        contribution,
        agent: agent.to_owned(),
        night: "2026-02-01".to_owned(),
        trace_id: String::new(),
        statements_added: 1,
        statements: Vec::new(),
    }
}

/// The same page as somebody else keeps it: one paragraph in five left out, another order in every third, and a line of its own.
fn copied(body: &str, n: usize) -> String {
    let mut blocks: Vec<&str> = body.split("\n\n").collect();
    let title = blocks.remove(0);
    if n.is_multiple_of(3) && !body.contains("\n#") {
        let half = blocks.len() / 2;
        blocks.rotate_left(half);
    }
    let kept = blocks
        .iter()
        .enumerate()
        .filter(|(at, block)| block.starts_with('#') || block.contains("```") || (at + n) % 5 != 4);
    let kept: Vec<&str> = kept.map(|(_, block)| *block).collect();
    format!(
        "{title}\n\n{}\n\nIt was checked once more on machine {n} and found to hold.\n",
        kept.join("\n\n").trim_end()
    )
}

/// What makes two pages ones on different things.
pub(crate) fn otherwise(n: usize) -> (&'static str, &'static str) {
    const OTHERWISE: [(&str, &str); 10] = [
        ("All of this holds on staging only.", "All of this holds in production only."),
        ("The service listens on port 8080.", "The service listens on port 9090."),
        ("This is of version 2.1.", "This is of version 3.4."),
        ("Use it on Linux.", "Use it on Windows."),
        ("Never do it while the store is open.", "Always do it while the store is open."),
        ("Run this before the nightly backup.", "Run this after the nightly backup."),
        ("The option is enabled from the start.", "The option is disabled from the start."),
        ("The firewall has to allow the port first.", "The firewall has to deny the port first."),
        ("Wait for the minimum that is given here.", "Wait for the maximum that is given here."),
        ("Das gilt immer, auch für die Kopien.", "Das gilt nie, auch für die Kopien."),
    ];
    OTHERWISE[n % OTHERWISE.len()]
}

/// Two statements on one thing.
pub(crate) fn contradiction(n: usize) -> (&'static str, &'static str) {
    const SAID: [(&str, &str); 15] = [
        ("The gateway listens on port 8080.", "The gateway listens on port 9090."),
        ("The cache of the gateway is enabled.", "The cache of the gateway is disabled."),
        ("The timeout of the relay is 30 s.", "The timeout of the relay is 60 s."),
        ("The default branch is `main`.", "The default branch is `trunk`."),
        ("Backups run every 6 hours.", "Backups run every 12 hours."),
        ("The store keeps 7 days of logs.", "The store keeps 30 days of logs."),
        ("The owner of the queue is team blue.", "The owner of the queue is team red."),
        ("The service needs version 2.1.", "The service needs version 3.0."),
        ("Retries are limited to 3.", "Retries are limited to 5."),
        ("The index is rebuilt on Mondays.", "The index is rebuilt on Fridays."),
        ("The registry of images is public.", "The registry of images is private."),
        ("The report of the night is sent daily.", "The report of the night is sent weekly."),
        ("The region of the bucket is Frankfurt.", "The region of the bucket is Dublin."),
        ("Die Sprache der Oberfläche ist Deutsch.", "Die Sprache der Oberfläche ist Englisch."),
        ("The queue is drained by the worker.", "The queue is drained by the scheduler."),
    ];
    SAID[n % SAID.len()]
}
