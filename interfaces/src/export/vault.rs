//! `commune export vault`: the library as it is, as a folder of Markdown.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use commune_proto::librarian::v1::Article;

use super::{
    folder::{Folder, hash},
    history, page,
    report::{self, Held},
    secret,
    shelf::{Shelf, redirects, stands},
};
use crate::{connect::Session, failure::Failure, output::Output, progress};

/// Write the library into a folder of Markdown, ready for Quartz and Obsidian.
///
/// Each page is `<path>.md` with front matter; pages that went elsewhere lead there, and each folder has a page that lists it. What an earlier
/// export wrote and the library no longer has is taken away; what you changed or added is kept, and told.
#[derive(Debug, Args)]
pub(crate) struct Vault {
    /// The folder; made where there is none
    dir: PathBuf,
}

impl Vault {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let mut folder = Folder::open(&self.dir, "vault")?;
        let Library { pages, files, held } = Library::read(session).await?;
        let coming = files.iter().map(|(file, text)| (file.clone(), hash(text.as_bytes()))).collect();
        folder.begin(coming)?;
        let bar = progress::bar(files.len() as u64, "files");
        for (file, text) in &files {
            if let Some(want) = folder.wants(file)? {
                folder.write(file, text.as_bytes(), want)?;
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        report::tell(output, &self.dir, &[("pages", pages)], &folder.end()?, &held)
    }
}

/// The library as files.
#[derive(Debug, Default)]
pub(super) struct Library {
    /// Pages that stand and are written.
    pub(super) pages: usize,
    /// Each file with its text.
    pub(super) files: BTreeMap<String, String>,
    /// Pages that are not written.
    pub(super) held: Vec<Held>,
}

impl Library {
    async fn read(session: &Session) -> Result<Self, Failure> {
        Ok(Self::of(newest(session).await?.into_values()))
    }

    /// The files of pages as they are now.
    pub(super) fn of(articles: impl Iterator<Item = Article>) -> Self {
        let mut library = Self::default();
        let mut shelf = Shelf::default();
        for article in articles {
            let is_page = stands(&article);
            let text = (is_page || redirects(&article)).then(|| page::text(&article));
            let found = text.as_deref().and_then(secret);
            shelf.take(&article, found.is_some());
            match (text, found) {
                (_, Some(why)) => library.held.push(Held { what: article.path, why }),
                (Some(text), None) => {
                    library.pages += usize::from(is_page);
                    library.files.insert(file(&article.path), text);
                }
                (None, None) => {}
            }
        }
        for place in shelf.listings() {
            if let Some(text) = shelf.listing(&place) {
                library.files.insert(file(&place), text);
            }
        }
        library
    }
}

/// Every page as it is now, by path; those that are withdrawn or went elsewhere, too.
pub(super) async fn newest(session: &Session) -> Result<BTreeMap<String, Article>, Failure> {
    let mut revisions = history(session).await?;
    let counter = progress::counter("revisions read");
    let mut newest = BTreeMap::new();
    while let Some(next) = revisions.message().await? {
        counter.inc(1);
        if let Some(article) = next.revision.and_then(|revision| revision.article) {
            newest.insert(article.path.clone(), article);
        }
    }
    counter.finish_and_clear();
    Ok(newest)
}

/// The file of a place.
pub(super) fn file(place: &str) -> String {
    format!("{place}.md")
}
