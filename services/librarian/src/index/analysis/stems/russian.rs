//! What a Russian verb and the noun made of it have in common, beyond what Snowball's stemmer takes off: `обновить`, `обновлять`, `обновление`.

/// What makes a noun of a verb, or a verb of a single act one of a lasting one; the longest first. Snowball has taken off what stood behind.
const DERIVED: [&str; 6] = ["ыван", "иван", "ыва", "ива", "ен", "я"];
/// Letters that stay of a word at least.
const ROOT: usize = 4;
/// Behind one of these, an `л` comes and goes with the form: `обновить`, `обновлю`.
const LABIALS: [char; 5] = ['б', 'в', 'м', 'п', 'ф'];

/// What stays of a stem.
pub(super) fn derived(stem: &str) -> &str {
    let long = |rest: &&str| rest.chars().count() >= ROOT;
    let Some(rest) = DERIVED.iter().find_map(|ending| stem.strip_suffix(ending)).filter(long) else { return stem };
    rest.strip_suffix('л').filter(|rest| rest.ends_with(LABIALS)).filter(long).unwrap_or(rest)
}
