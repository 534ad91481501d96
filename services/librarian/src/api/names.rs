//! Resource names: `articles/{path}`, `articles/{path}/revisions/{revision}` and `agents/{agent}`.

use commune_proto::{AgentId, ArticlePath};
use commune_runtime::grpc::invalid;
use tonic::Status;

/// The article of a name.
///
/// # Errors
/// INVALID_ARGUMENT that names the field and says what is allowed.
pub(super) fn article(field: &str, name: &str) -> Result<ArticlePath, Status> {
    let path = name
        .strip_prefix("articles/")
        .ok_or_else(|| invalid(field, format!("`{}` is not `articles/{{path}}`", short(name))))?;
    path.parse().map_err(|problem| invalid(field, problem))
}

/// The article and the revision of a name.
///
/// # Errors
/// As [`article`].
pub(super) fn revision(field: &str, name: &str) -> Result<(ArticlePath, u32), Status> {
    let refuse = || {
        invalid(
            field,
            format!("`{}` is not `articles/{{path}}/revisions/{{revision}}`, revisions count from 1", short(name)),
        )
    };
    let (parent, number) = name.rsplit_once("/revisions/").ok_or_else(refuse)?;
    let number: u32 = number.parse().ok().filter(|n| *n > 0).ok_or_else(refuse)?;
    Ok((article(field, parent)?, number))
}

/// The agent of a name.
///
/// # Errors
/// As [`article`].
pub(super) fn agent(field: &str, name: &str) -> Result<AgentId, Status> {
    let agent = name
        .strip_prefix("agents/")
        .ok_or_else(|| invalid(field, format!("`{}` is not `agents/{{agent}}`", short(name))))?;
    agent.parse().map_err(|problem| invalid(field, problem))
}

/// The name of an article.
pub(super) fn of(path: &ArticlePath) -> String {
    format!("articles/{path}")
}

fn short(name: &str) -> String {
    name.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_refused() {
        assert_eq!(article("name", "articles/a/b").unwrap().as_str(), "a/b");
        let (path, number) = revision("name", "articles/a/revisions/b/revisions/3").unwrap();
        assert_eq!((path.as_str(), number), ("a/revisions/b", 3));
        for bad in ["", "a", "articles/", "articles/A", "articles/a//b"] {
            assert!(article("name", bad).unwrap_err().message().starts_with("name: "), "{bad}");
        }
        for bad in ["articles/a", "articles/a/revisions/0", "articles/a/revisions/x"] {
            assert!(revision("name", bad).is_err(), "{bad}");
        }
    }
}
