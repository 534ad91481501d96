//! Which pages may be found: what is not said asks for nothing, and all that is said has to hold.

use commune_proto::{AgentId, ArticlePath};
use jiff::Timestamp;

use super::Labels;
use crate::library::Kind;

/// Most tags of a filter.
pub const TAGS: usize = 16;

/// What a page has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only with every one of these tags.
    pub tags: Vec<String>,
    /// Only this page and what stands under it.
    pub section: Option<ArticlePath>,
    /// Only what this agent contributed to.
    pub contributor: Option<AgentId>,
    /// Only what was curated then or later.
    pub since: Option<Timestamp>,
}

impl Filter {
    /// True when it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// True for a page that may be found.
    pub fn allows(&self, path: &ArticlePath, labels: &Labels) -> bool {
        self.kind.is_none_or(|kind| kind == labels.kind)
            && self.tags.iter().all(|tag| labels.tags.binary_search(tag).is_ok())
            && self.section.as_ref().is_none_or(|section| stands_under(path, section))
            && self.contributor.as_ref().is_none_or(|agent| labels.contributors.iter().any(|c| c == agent.as_str()))
            && self.since.is_none_or(|since| labels.curated_at.is_some_and(|at| at >= since))
    }
}

fn stands_under(path: &ArticlePath, section: &ArticlePath) -> bool {
    path.as_str().strip_prefix(section.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_said_has_to_hold() {
        let labels = Labels {
            kind: Kind::Skill,
            tags: vec!["pg".into(), "sql".into()],
            contributors: vec!["ada".into()],
            curated_at: Some("2026-02-14T10:00:00Z".parse().unwrap()),
        };
        let path: ArticlePath = "databases/postgres/vacuum".parse().unwrap();
        let allows = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.allows(&path, &labels)
        };
        assert!(Filter::default().is_empty() && allows(&|_| ()));
        assert!(allows(&|f| f.kind = Some(Kind::Skill)) && !allows(&|f| f.kind = Some(Kind::Article)));
        assert!(allows(&|f| f.tags = vec!["sql".into(), "pg".into()]));
        assert!(!allows(&|f| f.tags = vec!["sql".into(), "mysql".into()]));
        for (section, holds) in
            [("databases", true), ("databases/postgres/vacuum", true), ("data", false), ("x", false)]
        {
            assert_eq!(allows(&|f| f.section = Some(section.parse().unwrap())), holds, "{section}");
        }
        assert!(allows(&|f| f.contributor = Some("ada".parse().unwrap())));
        assert!(!allows(&|f| f.contributor = Some("bo".parse().unwrap())));
        assert!(allows(&|f| f.since = Some("2026-02-14T10:00:00Z".parse().unwrap())));
        assert!(!allows(&|f| f.since = Some("2026-02-14T10:00:01Z".parse().unwrap())));
        assert!(!allows(&|f| {
            f.kind = Some(Kind::Skill);
            f.contributor = Some("bo".parse().unwrap());
        }));
    }
}
