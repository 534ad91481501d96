//! Form: a title, and tags from one vocabulary. **The vocabulary grows by use**: a tag that nearly is one that more pages have becomes it.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::document;

use super::{Desk, Stock};

const CHECK: &str = "form";
/// Fewest letters of a tag in which one slip is taken for one.
const LONG: usize = 8;
/// Pages that have a tag before another with one slip is taken for it.
const ESTABLISHED: usize = 3;

pub(super) fn check(desk: &mut Desk<'_>, _: &Stock<'_>) {
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    for tag in desk.sheets.iter().flat_map(|sheet| &sheet.article().tags) {
        *used.entry(tag.trim().to_lowercase()).or_default() += 1;
    }
    let renamed = renamed(&used);
    for at in 0..desk.sheets.len() {
        let article = desk.sheets[at].article();
        if article.title.trim().is_empty() {
            let own = document::title(&article.body);
            let named = article.path.segments().last().unwrap_or_default().replace('-', " ");
            let title = if own.trim().is_empty() { named } else { own };
            desk.mend(at, CHECK, format!("titled “{title}”"), |article| article.title = title);
        }
        let tags = &desk.sheets[at].article().tags;
        let wanted: BTreeSet<String> = tags
            .iter()
            .map(|tag| tag.trim().to_lowercase())
            .filter(|tag| !tag.is_empty())
            .map(|tag| renamed.get(&tag).cloned().unwrap_or(tag))
            .collect();
        let wanted: Vec<String> = wanted.into_iter().collect();
        if *tags != wanted {
            let gone: Vec<&str> = tags.iter().filter(|tag| !wanted.contains(tag)).map(String::as_str).collect();
            let to: Vec<&str> = gone.iter().filter_map(|tag| renamed.get(*tag)).map(String::as_str).collect();
            let what = match to.is_empty() {
                true => format!("tags in lower case and in order: {}", wanted.join(", ")),
                false => format!("tag {} is {}", gone.join(", "), to.join(", ")),
            };
            desk.mend(at, CHECK, what, |article| article.tags = wanted);
        }
    }
}

/// The tags that are another's near miss, each with that other.
fn renamed(used: &BTreeMap<String, usize>) -> BTreeMap<String, String> {
    let mut by_key: BTreeMap<String, Vec<(&String, usize)>> = BTreeMap::new();
    for (tag, count) in used {
        by_key.entry(key(tag)).or_default().push((tag, *count));
    }
    let mut renamed = BTreeMap::new();
    let mut established: Vec<(&String, usize)> = Vec::new();
    for mut same in by_key.into_values() {
        // what most pages have; of equals the shorter, then the first
        same.sort_by(|one, other| (other.1, one.0.len(), one.0).cmp(&(one.1, other.0.len(), other.0)));
        let total: usize = same.iter().map(|(_, count)| count).sum();
        let Some(((tag, _), others)) = same.split_first() else { continue };
        established.push((tag, total));
        renamed.extend(others.iter().map(|(other, _)| ((*other).clone(), (*tag).clone())));
    }
    let slips: Vec<(String, String)> = established
        .iter()
        .filter(|(tag, count)| *count == 1 && tag.len() >= LONG && tag.is_ascii())
        .filter_map(|(tag, _)| {
            let meant = established.iter().filter(|(other, count)| *count >= ESTABLISHED && is_slip(tag, other));
            let meant: Vec<&String> = meant.map(|(other, _)| *other).collect();
            // two that it may be are none
            if let [meant] = meant.as_slice() { Some(((*tag).clone(), (*meant).clone())) } else { None }
        })
        .collect();
    for (tag, meant) in slips {
        for to in renamed.values_mut().filter(|to| **to == tag) {
            to.clone_from(&meant);
        }
        renamed.insert(tag, meant);
    }
    renamed
}

/// What a tag says whatever its case, hyphens and number.
fn key(tag: &str) -> String {
    let mut key: String = tag.chars().filter(|char| !matches!(char, '-' | '_' | ' ' | '.' | '/')).collect();
    let plural = key.len() > 3 && key.ends_with('s') && !["ss", "us", "is", "os"].iter().any(|end| key.ends_with(end));
    if plural && key.is_ascii() {
        if key.ends_with("ies") && key.len() > 4 {
            key.truncate(key.len() - 3);
            key.push('y');
        } else {
            key.pop();
        }
    }
    if key.is_empty() { tag.to_owned() } else { key }
}

/// Whether a word is another with one slip of the hand: two letters changed round, one left out or said twice within, or one
/// vowel for another. A last letter makes another word (`compile`, `compiler`), and so does a figure.
fn is_slip(word: &str, other: &str) -> bool {
    let (one, two): (Vec<char>, Vec<char>) = (word.chars().collect(), other.chars().collect());
    if one.first() != two.first() || one.last() != two.last() || one.len().abs_diff(two.len()) > 1 {
        return false;
    }
    let digits = |text: &[char]| text.iter().filter(|char| char.is_ascii_digit()).copied().collect::<Vec<_>>();
    if digits(&one) != digits(&two) {
        return false;
    }
    let start = one.iter().zip(&two).take_while(|(left, right)| left == right).count();
    let (left, right) = (&one[start..], &two[start..]);
    let is_vowel = |char: &char| "aeiouy".contains(*char);
    match one.len().cmp(&two.len()) {
        std::cmp::Ordering::Less => right.get(1..) == Some(left),
        std::cmp::Ordering::Greater => left.get(1..) == Some(right),
        std::cmp::Ordering::Equal => match (left, right) {
            ([a, b, rest @ ..], [c, d, others @ ..]) => {
                let swapped = a == d && b == c && rest == others;
                swapped || (is_vowel(a) && is_vowel(c) && b == d && rest == others)
            }
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(used: &[(&str, usize)], expected: &[(&str, &str)]) {
        let used = used.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect();
        let found = renamed(&used);
        let found: Vec<(&str, &str)> = found.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_near_miss_becomes_what_more_pages_have() {
        check(&[("certificate", 1), ("certificates", 4)], &[("certificate", "certificates")]);
        check(&[("ci-cd", 2), ("ci_cd", 2), ("cicd", 1)], &[("ci_cd", "ci-cd"), ("cicd", "ci-cd")]);
        check(
            &[("kubernetes", 3), ("kuberentes", 1), ("kubernates", 1)],
            &[("kuberentes", "kubernetes"), ("kubernates", "kubernetes")],
        );
        check(&[("kubernetes", 2), ("kuberentes", 1)], &[]);
        check(&[("policies", 1), ("policy", 2)], &[("policies", "policy")]);
    }

    #[test]
    fn what_may_be_another_word_stays() {
        check(&[("compiler", 9), ("compile", 1), ("compiled", 1)], &[]);
        check(&[("contrast", 9), ("contract", 1)], &[]);
        check(&[("python-v2", 9), ("python-v3", 1)], &[]);
        check(&[("status", 3), ("statu", 1), ("dns", 4), ("dn", 1), ("redis", 5), ("redi", 1)], &[]);
        check(&[("端口", 3), ("端", 1)], &[]);
    }
}
