//! What a link means: the page that it names, or nearly names.

use std::collections::BTreeMap;

use commune_knowledge::normalize;
use commune_proto::ArticlePath;

/// Fewest characters of a name in which one slip, and two slips, are taken for them.
const ONE_SLIP: usize = 6;
const TWO_SLIPS: usize = 14;

/// The names of a library's pages.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// All paths, of the pages of sections, too.
    paths: BTreeMap<ArticlePath, ()>,
    redirects: BTreeMap<ArticlePath, ArticlePath>,
    /// By kind of name, the pages that have it; none of what several have.
    titles: BTreeMap<String, Option<ArticlePath>>,
    ends: BTreeMap<String, Option<ArticlePath>>,
    aliases: BTreeMap<String, Option<ArticlePath>>,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meant {
    /// The page of that path.
    Page,
    /// Another page.
    Nearly(ArticlePath),
    /// Nothing.
    Nothing,
}

impl Names {
    pub(super) fn new(redirects: &BTreeMap<ArticlePath, ArticlePath>) -> Self {
        Self { redirects: redirects.clone(), ..Self::default() }
    }

    /// A page that may be linked to by its path alone.
    pub(super) fn section(&mut self, path: &ArticlePath) {
        self.paths.insert(path.clone(), ());
    }

    /// A page with its names.
    pub(super) fn page(&mut self, path: &ArticlePath, title: &str, aliases: &[String]) {
        self.paths.insert(path.clone(), ());
        let put = |names: &mut BTreeMap<String, Option<ArticlePath>>, name: &str| {
            let name = normalize::slug(name);
            names
                .entry(name)
                .and_modify(|page| {
                    if page.as_ref() != Some(path) {
                        *page = None;
                    }
                })
                .or_insert_with(|| Some(path.clone()));
        };
        put(&mut self.titles, title);
        for alias in aliases {
            put(&mut self.aliases, alias);
        }
        if let Some(end) = path.segments().last() {
            put(&mut self.ends, end);
        }
    }

    /// What a target means. **In doubt nothing**: what two pages are called leads to neither.
    pub(super) fn meant(&self, target: &str) -> Meant {
        if target.parse::<ArticlePath>().is_ok_and(|path| self.paths.contains_key(&path)) {
            return Meant::Page;
        }
        let bare = target.trim().trim_start_matches("./").trim_matches('/');
        let bare = bare.strip_prefix("articles/").unwrap_or(bare);
        let bare = bare.strip_suffix(".md").unwrap_or(bare).trim();
        if bare.is_empty() {
            return Meant::Nothing;
        }
        let segments: Vec<String> = bare.split('/').map(normalize::slug).collect();
        let path = ArticlePath::from_segments(segments.iter().map(String::as_str)).ok();
        if let Some(path) = &path {
            if let Some(to) = self.redirects.get(path) {
                return Meant::Nearly(to.clone());
            }
            if self.paths.contains_key(path) {
                return Meant::Nearly(path.clone());
            }
        }
        let name = normalize::slug(bare);
        let of = |names: &BTreeMap<String, Option<ArticlePath>>, name: &str| names.get(name).cloned().flatten();
        let end = segments.last().cloned().unwrap_or_default();
        let named = of(&self.titles, &name).or_else(|| of(&self.aliases, &name));
        // a path that ends so is meant by its end, unless it says that it is elsewhere
        let ended = || of(&self.ends, &end).filter(|page| segments.len() == 1 || is_part(&segments, page));
        named.or_else(ended).or_else(|| self.misspelled(&name, path.as_ref())).map_or(Meant::Nothing, Meant::Nearly)
    }

    /// The one page whose name or path differs by a slip.
    fn misspelled(&self, name: &str, path: Option<&ArticlePath>) -> Option<ArticlePath> {
        let slips = match name.chars().count() {
            0..ONE_SLIP => return None,
            ONE_SLIP..TWO_SLIPS => 1,
            _ => 2,
        };
        let mut best: Option<(usize, &ArticlePath)> = None;
        let mut twice = false;
        let mut look = |said: &str, known: &str, page| {
            let Some(found) = distance(said, known, slips) else { return };
            match best {
                Some((least, of)) if found > least || of == page => {
                    best = Some((least.min(found), of));
                }
                Some((least, _)) => {
                    twice = found == least;
                    best = Some((found, page));
                }
                None => best = Some((found, page)),
            }
        };
        if let Some(path) = path.filter(|path| path.as_str().contains('/')) {
            self.paths.keys().for_each(|known| look(path.as_str(), known.as_str(), known));
        } else {
            for (known, page) in self.titles.iter().chain(&self.ends) {
                if let Some(page) = page {
                    look(name, known, page);
                }
            }
        }
        best.filter(|_| !twice).map(|(_, page)| page.clone())
    }
}

/// Whether all segments that a link names are in a path, in their order.
fn is_part(segments: &[String], path: &ArticlePath) -> bool {
    let mut rest = path.segments();
    segments.iter().all(|segment| rest.any(|other| other == segment))
}

/// How many letters are to be changed, put in, left out or exchanged with the next (optimal string alignment), when that is at
/// most `most`; none for words that differ in their first letter or in a figure.
fn distance(one: &str, other: &str, most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most || one.bytes().next() != other.bytes().next() {
        return None;
    }
    let figures = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
    if figures(one) != figures(other) {
        return None;
    }
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut rows: [Vec<usize>; 3] = [vec![0; other.len() + 1], (0..=other.len()).collect(), vec![0; other.len() + 1]];
    for (i, a) in one.iter().enumerate() {
        rows[2][0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let mut least = (rows[1][j] + usize::from(a != b)).min(rows[1][j + 1] + 1).min(rows[2][j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[0][j - 1] + 1);
            }
            rows[2][j + 1] = least;
        }
        if rows[2].iter().min().is_some_and(|least| *least > most) {
            return None;
        }
        rows.rotate_left(1);
    }
    Some(rows[1][other.len()]).filter(|found| *found <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let path = |path: &str| path.parse::<ArticlePath>().unwrap();
        let mut names = Names::new(&BTreeMap::from([(path("lessons/old-renewal"), path("how-to/renew-certificates"))]));
        names.page(&path("how-to/renew-certificates"), "Renew wildcard certificates", &["Which DNS challenge?".into()]);
        names.page(&path("how-to/restart"), "Restart", &[]);
        names.page(&path("databases/restart"), "Restart", &[]);
        names.page(&path("databases/postgres-15"), "PostgreSQL 15", &[]);
        names.page(&path("notes/log"), "日志轮换", &[]);
        names.section(&path("databases"));
        names
    }

    #[track_caller]
    fn check(target: &str, expected: &str) {
        let found = match names().meant(target) {
            Meant::Page => "page".to_owned(),
            Meant::Nearly(path) => path.to_string(),
            Meant::Nothing => "nothing".to_owned(),
        };
        assert_eq!(found, expected, "{target}");
    }

    #[test]
    fn a_link_means_the_page_that_it_names() {
        check("how-to/restart", "page");
        check("databases", "page");
        check("How To/Restart", "how-to/restart");
        check("/how-to/restart.md", "how-to/restart");
        check("articles/how-to/restart", "how-to/restart");
        check("Renew Wildcard Certificates", "how-to/renew-certificates");
        check("renew-certificates", "how-to/renew-certificates");
        check("which DNS challenge", "how-to/renew-certificates");
        check("lessons/old-renewal", "how-to/renew-certificates");
        check("Renew wildcrad certificates", "how-to/renew-certificates");
        check("how-to/renew-certifcates", "how-to/renew-certificates");
        check("日志轮换", "notes/log");
    }

    #[test]
    fn in_doubt_it_means_nothing() {
        check("Restart", "nothing");
        check("PostgreSQL 16", "nothing");
        check("lessons/renew-certificates", "nothing");
        check("Revoke a certificate", "nothing");
        check("start", "nothing");
        check("端口", "nothing");
        check("", "nothing");
    }
}
