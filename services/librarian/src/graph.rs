//! The graph of links: which page's text names which, and which page names which to be seen, too.
//!
//! It follows from the newest revisions alone. What was read of a page is kept until the page changes, so that whoever asks pays for
//! what changed since somebody asked last; the first who asks waits while every page with a link is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use commune_bus::View;
use commune_knowledge::{document, skill};
use commune_proto::ArticlePath;

use crate::library::{Article, Library};

/// The graph, by the paths that texts name.
#[derive(Debug, Default)]
pub struct Graph {
    /// Where each page leads; true for what its text names.
    leads: BTreeMap<ArticlePath, BTreeMap<ArticlePath, bool>>,
    /// What leads to each path.
    led: BTreeMap<ArticlePath, BTreeSet<ArticlePath>>,
    /// The sequence of the library that it is of.
    through: u64,
}

/// A page at the other end of a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// False where the text names it, and so first.
    pub see_also: bool,
    /// The page.
    pub path: ArticlePath,
    /// The path that is named, where that redirects.
    pub through: Option<ArticlePath>,
}

impl Graph {
    /// Takes in a page as it is now.
    pub fn take(&mut self, article: &Article) {
        let path = &article.path;
        for to in self.leads.remove(path).unwrap_or_default().into_keys() {
            if let Some(led) = self.led.get_mut(&to) {
                led.remove(path);
                if led.is_empty() {
                    self.led.remove(&to);
                }
            }
        }
        if !article.stands() && !article.is_section() {
            return;
        }
        // the files of a skill are no text of a page
        let text = if skill::unpack(&article.body).is_some() { "" } else { article.body.as_str() };
        let named = document::links(text).into_iter().filter_map(|link| link.target.parse().ok());
        let mut leads: BTreeMap<ArticlePath, bool> = article.see_also.iter().map(|to| (to.clone(), false)).collect();
        leads.extend(named.map(|to: ArticlePath| (to, true)));
        leads.remove(path);
        for to in leads.keys() {
            self.led.entry(to.clone()).or_default().insert(path.clone());
        }
        if !leads.is_empty() {
            self.leads.insert(path.clone(), leads);
        }
    }

    /// Where a page leads, by what stands in the library.
    pub fn links(&self, path: &ArticlePath, library: &Library) -> Vec<Edge> {
        let leads = self.leads.get(path).into_iter().flatten();
        let edges = leads.filter_map(|(to, named)| {
            let there = &library.resolved(to)?.newest.article.path;
            Some(edge(there, Some(to).filter(|to| *to != there), !named)).filter(|edge| edge.path != *path)
        });
        sorted(edges)
    }

    /// What leads to a page, by its own path and by those that redirect to it.
    pub fn linked_from(&self, path: &ArticlePath, library: &Library) -> Vec<Edge> {
        let others = library.redirects_to(path).map(|entry| &entry.newest.article.path);
        let named = std::iter::once(path).chain(others);
        let edges = named.flat_map(|to| {
            let led = self.led.get(to).into_iter().flatten();
            led.filter(|from| *from != path).map(move |from| {
                let named = self.leads.get(from).and_then(|leads| leads.get(to)).copied().unwrap_or_default();
                edge(from, Some(to).filter(|to| *to != path), !named)
            })
        });
        sorted(edges)
    }
}

fn edge(path: &ArticlePath, through: Option<&ArticlePath>, see_also: bool) -> Edge {
    Edge { see_also, path: path.clone(), through: through.cloned() }
}

/// Each page once, as its text names it where it does.
fn sorted(edges: impl Iterator<Item = Edge>) -> Vec<Edge> {
    let mut edges: Vec<Edge> = edges.collect();
    edges.sort_by(|one, other| {
        (&one.path, one.see_also, &one.through).cmp(&(&other.path, other.see_also, &other.through))
    });
    edges.dedup_by(|one, other| one.path == other.path);
    edges.sort();
    edges
}

/// The graph of a library that changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Linked {
    library: View<Library>,
    graph: Arc<Mutex<Graph>>,
}

impl Linked {
    /// The graph of this view, read when it is first asked for.
    pub fn new(library: View<Library>) -> Self {
        Self { library, graph: Arc::default() }
    }

    /// Where a page leads and what leads to it, in the library as it is. It may take seconds for who asks first, beside the threads
    /// that answer.
    pub fn of(&self, path: &ArticlePath) -> (Vec<Edge>, Vec<Edge>) {
        let mut graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        let (changed, through) =
            self.library.read(|library| (library.changed_since(graph.through), library.last_sequence()));
        changed.iter().for_each(|revision| graph.take(&revision.article));
        graph.through = through;
        self.library.read(|library| (graph.links(path, library), graph.linked_from(path, library)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::library::{Kind, Revision};

    /// Pages that come one after the other, in a library and its graph.
    #[derive(Default)]
    struct Story {
        library: Library,
        graph: Graph,
    }

    impl Story {
        fn page(&mut self, path: &str, body: &str, change: impl FnOnce(&mut Article)) {
            let sequence = self.library.last_sequence() + 1;
            let mut article = Article::blank(path.parse().unwrap(), Kind::Article);
            article.body = body.to_owned();
            article.revision = self.library.get(&article.path).map_or(1, |entry| entry.newest.article.revision + 1);
            change(&mut article);
            self.graph.take(&article);
            self.library.take(sequence, Timestamp::UNIX_EPOCH, Revision::of(article, String::new()));
        }

        #[track_caller]
        fn check(&self, path: &str, links: &[&str], linked_from: &[&str]) {
            let path: ArticlePath = path.parse().unwrap();
            let shown = |edges: Vec<Edge>| -> Vec<String> {
                let through = |edge: &Edge| edge.through.as_ref().map(|p| format!(" through {p}")).unwrap_or_default();
                let kind = |edge: &Edge| if edge.see_also { "~" } else { "" };
                edges.iter().map(|edge| format!("{}{}{}", kind(edge), edge.path, through(edge))).collect()
            };
            assert_eq!(shown(self.graph.links(&path, &self.library)), links, "from {path}");
            assert_eq!(shown(self.graph.linked_from(&path, &self.library)), linked_from, "to {path}");
        }
    }

    #[test]
    fn links_are_seen_from_both_ends_and_follow_what_changes() {
        let mut story = Story::default();
        story.page("a", "See [[b]], [[b|again]], [[a]], [[gone]] and [[Not a path]].", |_| {});
        story.check("a", &[], &[]);
        story.page("b", "nothing", |b| b.see_also = vec!["a".parse().unwrap(), "c".parse().unwrap()]);
        story.page("c", "[[b]] `[[a]]`", |_| {});
        story.check("a", &["b"], &["~b"]);
        story.check("b", &["~a", "~c"], &["a", "c"]);
        // what the text names is no less named because it is to be seen, too
        story.page("b", "[[c]]", |b| b.see_also = vec!["a".parse().unwrap(), "c".parse().unwrap()]);
        story.check("b", &["c", "~a"], &["a", "c"]);
        story.page("c", "no more", |_| {});
        story.check("b", &["c", "~a"], &["a"]);
        assert!(story.graph.led.values().all(|led| !led.is_empty()));
    }

    #[test]
    fn a_link_to_a_page_that_went_elsewhere_leads_there() {
        let mut story = Story::default();
        story.page("old", "x", |_| {});
        story.page("new", "x", |_| {});
        story.page("a", "[[old]]", |_| {});
        story.page("old", "", |old| old.redirect_to = Some("new".parse().unwrap()));
        story.check("a", &["new through old"], &[]);
        story.check("new", &[], &["a through old"]);
        story.page("a", "[[old]] [[new]]", |_| {});
        story.check("a", &["new"], &[]);
        story.check("new", &[], &["a"]);
        story.page("a", "", |a| "2026-02-14".clone_into(&mut a.withdrawn_on));
        story.check("new", &[], &[]);
    }
}
