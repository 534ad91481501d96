use std::{io::Write as _, os::unix::fs::MetadataExt as _};

use proptest::prelude::*;

use super::*;
use crate::index::Answer;

const PATHS: [&str; 5] = ["certs", "nats", "how-to/oil", "how-to/weigh", "zh"];
const WORDS: [&str; 6] =
    ["renew certificates", "oil the hinge", "`E0308` in snake_case", "更新证书", "weigh a whale", "reload the server"];
const QUESTIONS: [&str; 6] =
    ["how is a certificate renewed?", "hinge oil", "E0308", "更新证书", "a whale's weight", "server"];

/// Which pages stand, by what words they hold.
type Pages = std::collections::BTreeMap<usize, (usize, usize)>;

fn pages() -> impl Strategy<Value = Pages> {
    prop::collection::btree_map(0..PATHS.len(), (0..WORDS.len(), 0..WORDS.len()), 0..PATHS.len())
}

/// Makes an index equal to some pages, as a catalogue does.
fn equal(index: &mut Index, pages: &Pages) {
    let texts: Vec<(ArticlePath, &str, String)> = pages
        .iter()
        .map(|(path, (title, body))| {
            (PATHS[*path].parse().unwrap(), WORDS[*title], format!("# {}\n\n{}", WORDS[*title], WORDS[*body]))
        })
        .collect();
    let page = |(path, title, body): &'_ (ArticlePath, &'static str, String)| (path.clone(), *title, body.clone());
    let owned: Vec<_> = texts.iter().map(page).collect();
    let out: Vec<ArticlePath> = index.paths().filter(|path| !owned.iter().any(|o| o.0 == **path)).cloned().collect();
    let anew: Vec<Page<'_>> = owned
        .iter()
        .map(|(path, title, body)| Page::plain(path, title, body))
        .filter(|page| !index.holds(page))
        .collect();
    index.change(anew, &out).unwrap();
}

fn answers(index: &Index) -> Vec<Answer> {
    QUESTIONS.iter().map(|question| index.snapshot().search(question, 10).unwrap()).collect()
}

fn save(index: &Index, path: &Path) {
    index.saving().unwrap().unwrap().write(path).unwrap();
    Saving::keep(path).unwrap();
}

fn load(path: &Path) -> Index {
    Index::load(path).unwrap().unwrap()
}

fn small() -> Index {
    let mut index = Index::new().unwrap();
    equal(&mut index, &[(0, (0, 5)), (2, (1, 3)), (4, (3, 3))].into_iter().collect());
    index
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever came before it was saved and after, it answers like one that was made from nothing.
    #[test]
    fn what_was_saved_answers_like_one_made_anew(before in pages(), saved in pages(), after in pages()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index");
        let (mut grown, mut anew) = (Index::new().unwrap(), Index::new().unwrap());
        equal(&mut grown, &before);
        equal(&mut grown, &saved);
        save(&grown, &path);
        let mut loaded = load(&path);
        prop_assert_eq!(answers(&loaded), answers(&grown));
        equal(&mut loaded, &after);
        if let Some(merge) = loaded.purge().unwrap() {
            merge().unwrap();
            loaded.refresh().unwrap();
        }
        equal(&mut anew, &after);
        prop_assert_eq!(answers(&loaded), answers(&anew));
        save(&loaded, &path);
        prop_assert_eq!(answers(&load(&path)), answers(&anew));
    }

    /// A file in which any byte is another, or which ends too early, is not used.
    #[test]
    fn what_is_damaged_is_not_used(at in any::<prop::sample::Index>(), cut in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index");
        save(&small(), &path);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 0x40 }
        File::create(&path).unwrap().write_all(&bytes).unwrap();
        prop_assert!(matches!(Index::load(&path), Err(LoadError::Damaged | LoadError::Other)));
    }
}

#[test]
fn what_is_not_there_or_may_be_forged_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep").join("index");
    assert!(Index::load(&path).unwrap().is_none());
    save(&small(), &path);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    for (target, mode) in [(path.as_path(), 0o620), (path.parent().unwrap(), 0o777)] {
        let was = fs::metadata(target).unwrap().permissions();
        fs::set_permissions(target, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(Index::load(&path), Err(LoadError::Open { mode: m }) if m == mode));
        fs::set_permissions(target, was).unwrap();
    }
    assert!(Index::load(&path).is_ok());
}

#[test]
fn what_was_taken_out_lies_nowhere_once_it_is_purged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let mut index = small();
    equal(&mut index, &[(0, (0, 5))].into_iter().collect());
    // how many documents have a word, those that were taken out as well
    let lying = |index: &Index, word: &str| {
        let term = tantivy::Term::from_field_text(index.fields.all, word);
        index.snapshot().searcher.doc_freq(&term).unwrap()
    };
    assert_eq!(lying(&index, "hing"), 1, "it lies there unread");
    index.purge().unwrap().unwrap()().unwrap();
    index.refresh().unwrap();
    save(&index, &path);
    assert_eq!((lying(&load(&path), "hing"), lying(&load(&path), "certif")), (0, 1));
}
