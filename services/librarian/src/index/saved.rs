//! The index on disk, so that a librarian that starts again need not read every page anew.
//!
//! **What is saved is a cache of articles and never a source**: each page lies there with a hash of what was indexed, and whoever loads it
//! compares that with the article as it stands. A file that is damaged, half written or of another analysis is not used.

mod form;

use std::{
    fs::{self, File, Permissions},
    io::{self, BufWriter, ErrorKind, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use commune_bus::others_may_write;
use commune_knowledge::{
    embedding::Vectors,
    placement::{Reading, Shelf},
};
use commune_proto::{ArticlePath, content_id};
use tantivy::directory::{Directory as _, OwnedBytes, RamDirectory};

use super::{
    Entry, Index, IndexError, Known, Labels, Page,
    reading::{Analyzed, Stamp},
};
use crate::library::Kind;
use form::{Sink, Source};

/// What a file begins with; the last byte is the version of its form.
const MAGIC: &[u8; 8] = b"COMMUNE\x02";
/// What tantivy says of its files.
const META: [&str; 2] = ["meta.json", ".managed.json"];
/// A text in several languages and with code: an analysis that makes something else of it than before is another.
const SAMPLE: &str = include_str!("saved/sample.md");
/// The name of this analysis.
static ANALYSIS: LazyLock<String> = LazyLock::new(|| {
    let Ok(path) = ArticlePath::from_segments(["sample"]) else { return String::new() };
    let page = Page { aliases: &["How is it renewed?".to_owned()], ..Page::plain(&path, "Sample", SAMPLE) };
    let read = Analyzed::of(&page);
    let reading = Reading::of(page.title, page.body);
    let vector = reading.vector().map(|vector| vector.to_bytes().to_vec()).unwrap_or_default();
    let mut parts: Vec<Vec<u8>> = vec![env!("CARGO_PKG_VERSION").into(), reading.to_bytes(), vector];
    for terms in [read.all, read.title, read.exact, read.spelled] {
        parts.push(terms.join("\n").into_bytes());
    }
    content_id(&parts)
});

/// Why a saved index is not used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Others may write it: they could say what the library answers.
    #[error("others may write it or its folder (mode {mode:o}): take that away with `chmod go-w`")]
    Open {
        /// The mode of the file or folder.
        mode: u32,
    },
    /// It is not what was saved.
    #[error("it is damaged, or was not written to its end")]
    Damaged,
    /// Another version or analysis.
    #[error("another version of the librarian wrote it")]
    Other,
    /// It cannot be read.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    /// Tantivy does not open what is in it.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// An index as it was at one moment, to be written without holding it up.
pub struct Saving {
    files: Vec<(PathBuf, OwnedBytes)>,
    pages: Vec<(Known, Arc<Entry>)>,
    places: usize,
    shelf: Shelf,
}

impl std::fmt::Debug for Saving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Saving({} pages)", self.pages.len())
    }
}

impl Page<'_> {
    /// A hash of everything that the index reads of it.
    pub(super) fn stamp(&self) -> Stamp {
        let kind = if self.kind == Kind::Skill { "skill" } else { "article" };
        let lists = [self.aliases, self.tags, self.contributors].map(|list| list.join("\n"));
        let [aliases, tags, contributors] = &lists;
        let parts = [self.path.as_str(), self.title, self.body, kind, aliases, tags, contributors, self.curated_at];
        let mut stamp = Stamp::default();
        // a content id has as many digits
        let _ = hex::decode_to_slice(content_id(&parts), &mut stamp);
        stamp
    }
}

impl Index {
    /// What is to be saved; none while tantivy rearranges its files.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn saving(&self) -> Result<Option<Saving>, IndexError> {
        let failed =
            |error: tantivy::directory::error::OpenReadError| IndexError::from(tantivy::TantivyError::from(error));
        let read = |name: &Path| -> Result<OwnedBytes, IndexError> {
            let bytes = self.directory.open_read(name).map_err(failed)?.read_bytes();
            bytes.map_err(|error| IndexError::from(tantivy::TantivyError::from(error)))
        };
        let before = read(Path::new(META[0]))?;
        let mut files = Vec::new();
        for name in self.writer.index().load_metas()?.list_segment_files() {
            // a part that no document needs has no file
            if self.directory.exists(&name).map_err(failed)? {
                let bytes = read(&name)?;
                files.push((name, bytes));
            }
        }
        for name in META.map(Path::new) {
            files.push((name.to_path_buf(), read(name)?));
        }
        if read(Path::new(META[0]))?.as_slice() != before.as_slice() {
            return Ok(None);
        }
        let page = |known: &Known| Some((known.clone(), Arc::clone(self.entries[known.place].as_ref()?)));
        let pages = self.pages.values().filter_map(page).collect();
        Ok(Some(Saving { files, pages, places: self.entries.len(), shelf: self.shelf.clone() }))
    }

    /// Begins to rewrite the parts that hold pages which were taken out or replaced: until then their words lie there, unread. None where there
    /// are none. [`Index::refresh`] takes up what came of it.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn purge(&mut self) -> Result<Option<impl FnOnce() -> Result<(), IndexError> + use<>>, IndexError> {
        let segments = self.writer.index().searchable_segment_metas()?;
        let ids: Vec<_> = segments.iter().filter(|segment| segment.has_deletes()).map(|segment| segment.id()).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let merging = self.writer.merge(&ids);
        Ok(Some(move || Ok(merging.wait().map(|_| ())?)))
    }

    /// Reads what tantivy rearranged.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn refresh(&mut self) -> Result<(), IndexError> {
        self.reader.reload()?;
        self.take_snapshot()
    }

    /// True when a page was indexed just as it is.
    pub fn holds(&self, page: &Page<'_>) -> bool {
        self.pages.get(page.path).is_some_and(|known| known.stamp == page.stamp())
    }

    /// The pages in the index.
    pub fn paths(&self) -> impl Iterator<Item = &ArticlePath> {
        self.pages.keys()
    }

    /// Reads an index that was saved; none where there is no file.
    ///
    /// # Errors
    /// [`LoadError`] when there is one that cannot be used.
    pub fn load(path: &Path) -> Result<Option<Self>, LoadError> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if let Some(mode) = others_may_write(&file, path)? {
            return Err(LoadError::Open { mode });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut source = Source::of(&bytes)?;
        if source.bytes()? != MAGIC || source.text()? != *ANALYSIS {
            return Err(LoadError::Other);
        }
        let directory = RamDirectory::create();
        for _ in 0..source.number()? {
            let (name, bytes) = (source.text()?, source.bytes()?);
            directory.atomic_write(Path::new(name), bytes)?;
        }
        let (places, pages) = (source.number()?, source.number()?);
        let (mut read, mut readings) = (Vec::new(), Vec::new());
        for _ in 0..pages {
            let known = Known {
                place: source.number()?,
                tokens: source.numbers()?,
                stamp: source.bytes()?.try_into().map_err(|_| LoadError::Damaged)?,
            };
            let path: ArticlePath = source.text()?.parse().map_err(|_| LoadError::Damaged)?;
            let kind = if source.number()? == 1 { Kind::Skill } else { Kind::Article };
            let (tags, contributors, curated_at) = (source.texts()?, source.texts()?, source.text()?);
            let labels = Labels { kind, tags, contributors, curated_at: curated_at.parse().ok() };
            let reading = Reading::of_bytes(source.bytes()?).ok_or(LoadError::Damaged)?;
            if known.place >= places {
                return Err(LoadError::Damaged);
            }
            readings.push((known.place, reading));
            read.push((known, Entry { path, labels }));
        }
        let pieces: Vec<&[u8]> = (0..source.number()?).map(|_| source.bytes()).collect::<Result<_, _>>()?;
        let vectors = Vectors::of_pieces(pieces).ok_or(LoadError::Damaged)?;
        let counts = source.bytes()?.as_chunks::<8>().0.iter().map(count);
        let shelf = Shelf::of(readings, vectors, counts);
        source.finish()?;
        drop(bytes);
        let mut index = Self::open(directory, false)?;
        index.shelf = shelf;
        index.entries.resize(places, None);
        let mut known_pages = Vec::with_capacity(read.len());
        for (known, entry) in read {
            let (path, place) = (entry.path.clone(), known.place);
            known_pages.push((path, known));
            index.entries[place] = Some(Arc::new(entry));
        }
        index.pages = known_pages.into_iter().collect();
        index.meanings = index.shelf.vectors().clone();
        index.take_snapshot()?;
        Ok(Some(index))
    }
}

impl Saving {
    /// Writes it beside `path`; [`Saving::keep`] puts it in place. Says how many bytes there are.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<u64> {
        fs::create_dir_all(folder(path))?;
        let file = File::create(beside(path))?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        let mut sink = Sink::of(BufWriter::with_capacity(1 << 20, file));
        sink.bytes(MAGIC)?;
        sink.bytes(ANALYSIS.as_bytes())?;
        sink.number(self.files.len())?;
        for (name, bytes) in &self.files {
            sink.bytes(name.to_string_lossy().as_bytes())?;
            sink.bytes(bytes)?;
        }
        sink.number(self.places)?;
        sink.number(self.pages.len())?;
        for (known, entry) in &self.pages {
            sink.number(known.place)?;
            for tokens in known.tokens {
                sink.number(tokens as usize)?;
            }
            sink.bytes(&known.stamp)?;
            sink.bytes(entry.path.as_str().as_bytes())?;
            sink.number(usize::from(entry.labels.kind == Kind::Skill))?;
            sink.texts(&entry.labels.tags)?;
            sink.texts(&entry.labels.contributors)?;
            sink.bytes(entry.labels.curated_at.map(|at| at.to_string()).unwrap_or_default().as_bytes())?;
            sink.bytes(&self.shelf.at(known.place).map(Reading::to_bytes).unwrap_or_default())?;
        }
        let mut pieces = self.shelf.vectors().pieces();
        sink.number(pieces.len())?;
        pieces.try_for_each(|piece| sink.bytes(&piece))?;
        let counts: Vec<u8> =
            self.shelf.counts().flat_map(|(term, count)| [term.to_le_bytes(), count.to_le_bytes()].concat()).collect();
        sink.bytes(&counts)?;
        let (mut file, bytes) = sink.finish()?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(bytes)
    }

    /// Puts what was written in place: whoever opens it finds all of it.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn keep(path: &Path) -> io::Result<()> {
        fs::rename(beside(path), path)?;
        File::open(folder(path))?.sync_all()
    }
}

/// A term, and how many pages have it.
fn count([a, b, c, d, e, f, g, h]: &[u8; 8]) -> (u32, u32) {
    (u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes([*e, *f, *g, *h]))
}

fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
