//! What is told as contested after real updates: each page of wikirev, and by another contributor the newer whole of it. Nothing of that contradicts: it
//! is how the page went on.

use librarian::{
    curate,
    library::{Article, Entry, Kind, Library, Provenance, Revision},
};

use crate::plant::{article_of, path_of, rows, said};

/// A page with what is told as contested in it, as pairs of statements.
pub(crate) type Contested = (String, Vec<[String; 2]>);

/// How many updates there were, and the pages in which something is told as contested afterwards.
pub(crate) fn contested() -> Option<(usize, Vec<Contested>)> {
    let (corpus, notes) = (rows("corpus.jsonl")?, rows("dev/notes.jsonl")?);
    let (mut updates, mut contested) = (0, Vec::new());
    for note in notes.iter().filter(|note| note["label"] == "update") {
        let Some(page) = corpus.iter().find(|page| page["_id"] == note["target"]) else { continue };
        let Some(path) = path_of(note["target"].as_str().unwrap_or_default()) else { continue };
        let (title, body) = article_of(page);
        let newer = commune_knowledge::statement::merge(&body, note["full"].as_str().unwrap_or_default());
        updates += 1;
        let article = |body: &str, revision: u32| Article {
            title: title.clone(),
            body: body.to_owned(),
            revision,
            ..Article::blank(path.clone(), Kind::Article)
        };
        let revision = |body: &str, number: u32, by: Provenance| Revision {
            provenance: vec![by],
            ..Revision::of(article(body, number), String::new())
        };
        let mut library = Library::default();
        let added = note["full"].as_str().unwrap_or_default();
        for (at, one) in [revision(&body, 1, said(&body, "ada", 1)), revision(&newer, 2, said(added, "bo", 2))]
            .into_iter()
            .enumerate()
        {
            library.take(at as u64 + 1, jiff::Timestamp::UNIX_EPOCH, one);
        }
        let Some(entry): Option<&Entry> = library.get(&path) else { continue };
        let found = curate::contested(&newer, &entry.said, 2);
        if !found.is_empty() {
            let texts = found.iter().map(|one| std::array::from_fn(|at| one[at].text.clone())).collect();
            contested.push((path.to_string(), texts));
        }
    }
    Some((updates, contested))
}
