//! What a proposal would change.

use commune_proto::ArticlePath;

/// A change that wants consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An article is removed.
    Remove(ArticlePath),
    /// An article becomes a redirect to another.
    Redirect(ArticlePath, ArticlePath),
    /// An article is merged into another.
    Merge(ArticlePath, ArticlePath),
    /// An article goes to a free path.
    Rename(ArticlePath, ArticlePath),
    /// An article is split by its sections.
    Split(ArticlePath),
    /// All that a night, or a proposal, made is taken back.
    Revert(String),
}

impl Change {
    /// The parts that its id derives from.
    pub(super) fn parts(&self) -> [&str; 3] {
        match self {
            Self::Remove(path) => ["remove", path.as_str(), ""],
            Self::Redirect(path, to) => ["redirect", path.as_str(), to.as_str()],
            Self::Merge(path, into) => ["merge", path.as_str(), into.as_str()],
            Self::Rename(path, to) => ["rename", path.as_str(), to.as_str()],
            Self::Split(path) => ["split", path.as_str(), ""],
            Self::Revert(made) => ["revert", made, ""],
        }
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Remove(path) => write!(f, "remove {path}"),
            Self::Redirect(path, to) => write!(f, "redirect {path} to {to}"),
            Self::Merge(path, into) => write!(f, "merge {path} into {into}"),
            Self::Rename(path, to) => write!(f, "rename {path} to {to}"),
            Self::Split(path) => write!(f, "split {path}"),
            Self::Revert(made) => write!(f, "revert {made}"),
        }
    }
}
