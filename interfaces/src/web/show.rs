//! Times, counts and names as a page shows them.

/// A time for a reader: `2026-02-14 04:00 UTC`; what is none stays as it is.
pub(super) fn time(rfc3339: &str) -> String {
    match rfc3339.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => rfc3339.to_owned(),
    }
}

/// `1 article`, `2 articles`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// The path in a name such as `articles/how-to/renew`.
pub(super) fn path(name: &str) -> String {
    name.strip_prefix("articles/").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counts_are_for_people() {
        assert_eq!(time("2026-02-14T04:00:59.5Z"), "2026-02-14 04:00 UTC");
        assert_eq!(time(""), "");
        assert_eq!((count(1, "need", "needs").as_str(), count(0, "need", "needs").as_str()), ("1 need", "0 needs"));
    }
}
