//! An expression behind a wider one. Bounds of words, counts and captures take an engine that is many times slower than the one
//! that answers whether there is a match at all, and next to no text has one.
//!
//! **The wide expression lets through whatever the exact one finds**; the tests of whoever has a pair hold it.

use std::sync::OnceLock;

use regex::Regex;

/// An expression, which is compiled when a text first needs it, and a wider one that is quick to say no.
#[derive(Debug)]
pub(crate) struct Guarded {
    wide: Regex,
    exact: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Guarded {
    /// Nothing when the wide one does not compile.
    pub(crate) fn new(wide: &str, exact: &str) -> Option<Self> {
        Some(Self { wide: Regex::new(wide).ok()?, exact: exact.to_owned(), compiled: OnceLock::new() })
    }

    /// Behind itself without its bounds of words.
    pub(crate) fn unbounded(exact: &str) -> Option<Self> {
        Self::new(&exact.replace(r"\b", ""), exact)
    }

    /// The exact expression, when the text may have a match.
    pub(crate) fn on(&self, text: &str) -> Option<&Regex> {
        if self.wide.is_match(text) { self.exact() } else { None }
    }

    fn exact(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.exact).ok()).as_ref()
    }
}

/// Makes up what the exact expression finds, with something before and behind it, and holds that the wide one lets it through.
#[cfg(test)]
pub(crate) fn check(guarded: Option<&Guarded>) {
    use proptest::{strategy::Strategy as _, test_runner::TestRunner};
    let guarded = guarded.expect("the wide expression compiles");
    let exact = guarded.exact().expect("the exact expression compiles");
    // what is made up has no bounds; a line may begin anywhere
    let made_up = guarded.exact.replace(r"\b", "").replace("^|", "");
    let around = |signs: &'static str| proptest::string::string_regex(signs).unwrap();
    let found = std::cell::Cell::new(0);
    let text = (around("[ \nxé]{0,2}"), proptest::string::string_regex(&made_up).unwrap(), around("[ \nxé]{0,2}"));
    let outcome = TestRunner::deterministic().run(&text.prop_map(|(a, b, c)| a + &b + &c), |text| {
        let is_match = exact.is_match(&text);
        found.set(found.get() + usize::from(is_match));
        proptest::prop_assert!(!is_match || guarded.on(&text).is_some(), "{text:?}");
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(found.get() >= 10, "of what was made up, {} are found at all", found.get());
}
