//! What a query or a form says, field by field.

/// The fields of a query or a form; a field that is said twice counts as it was said first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=b&c=d`.
    pub(super) fn read(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Of an address.
    pub(super) fn of(uri: &axum::http::Uri) -> Self {
        Self::read(uri.query().unwrap_or_default())
    }

    /// A field, without white space around it; empty when it is not said.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(said, _)| said == name).map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// An address with a query of these fields; those that are empty are left out.
pub(super) fn address(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A value as one segment of a path.
pub(super) fn segment(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = address("/search", &[("q", "a & b = c?"), ("page", ""), ("part", "ä+/")]);
        let fields = Fields::read(written.split_once('?').unwrap().1);
        assert_eq!((fields.get("q"), fields.get("page"), fields.get("part")), ("a & b = c?", "", "ä+/"));
        assert_eq!(address("/", &[("q", "")]), "/");
        assert_eq!(segment("c++ and/or"), "c%2B%2B%20and%2For");
        assert_eq!(Fields::read("q=+x+&q=y").get("q"), "x");
    }
}
