//! Place: update an article or create one, with the reason and what was considered.
//!
//! **Prefer updating over creating**: a new page needs a reason, and the reason is recorded.

use commune_knowledge::{normalize, placement::UPDATE_FLOOR, skill};

use super::Kind;

/// Most candidates that are recorded.
pub const CANDIDATES: usize = 5;

/// An article that was considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// Its path.
    pub path: String,
    /// Its title.
    pub title: String,
    /// How well the piece belongs there, 0 to 1.
    pub score: f64,
}

/// Where a piece belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Placing {
    /// True to strengthen an article, false to create one.
    pub update: bool,
    /// The article's path.
    pub path: String,
    /// Why, for a reader.
    pub reason: String,
    /// What was considered, best first.
    pub considered: Vec<Considered>,
}

/// Decides where a piece of this kind and title belongs.
pub fn place(kind: Kind, title: &str, mut considered: Vec<Considered>) -> Placing {
    considered.retain(|c| c.score.is_finite());
    considered.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    considered.truncate(CANDIDATES);
    let (update, path, reason) = match considered.first() {
        Some(best) if best.score >= UPDATE_FLOOR => {
            let reason =
                format!("it belongs to “{}”: {:.2}, and {UPDATE_FLOOR:.2} is enough to update", best.title, best.score);
            (true, best.path.clone(), reason)
        }
        Some(best) => {
            let reason = format!(
                "nothing in the library is on this: best candidate {} {:.2} < {UPDATE_FLOOR:.2}",
                best.path, best.score
            );
            (false, new_path(kind, title), reason)
        }
        None => (false, new_path(kind, title), "nothing in the library is on this: there was no candidate".to_owned()),
    };
    Placing { update, path, reason, considered }
}

/// Where the folder of a skill belongs: at its name, whatever else is like it. None for every other text.
pub fn place_skill(text: &str, considered: &[Considered]) -> Option<Placing> {
    skill::unpack(text)?;
    let name = text.lines().next()?.strip_prefix("# ").filter(|name| skill::is_name(name))?;
    let path = format!("{}/{name}", Kind::Skill.folder());
    let reason = format!("a skill is known by its name, `{name}`");
    let update = considered.iter().any(|other| other.path == path);
    Some(Placing { update, path, reason, considered: considered.iter().take(CANDIDATES).cloned().collect() })
}

fn new_path(kind: Kind, title: &str) -> String {
    format!("{}/{}", kind.folder(), normalize::slug(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scores: &[(&str, f64)], update: bool, path: &str, reason: &str) {
        let considered = scores
            .iter()
            .map(|(path, score)| Considered { path: (*path).into(), title: format!("Title of {path}"), score: *score })
            .collect();
        let placing = place(Kind::HowTo, "Renew a certificate", considered);
        assert_eq!((placing.update, placing.path.as_str(), placing.reason.as_str()), (update, path, reason));
        assert!(placing.considered.len() <= CANDIDATES);
    }

    #[test]
    fn a_folder_of_a_skill_belongs_at_its_name() {
        let text = "# rotate-logs\n\nRotates logs.\n\n## SKILL.md\n\n```md\n---\nname: rotate-logs\n---\nx\n```";
        let other = Considered { path: "how-to/rotate".into(), title: "Rotate".into(), score: 0.9 };
        let same = Considered { path: "skills/rotate-logs".into(), score: 0.1, ..other.clone() };
        let placing = place_skill(text, std::slice::from_ref(&other)).unwrap();
        assert_eq!((placing.update, placing.path.as_str(), placing.considered.len()), (false, "skills/rotate-logs", 1));
        assert!(place_skill(text, &[other, same]).unwrap().update);
        assert_eq!(place_skill("# rotate-logs\n\nRotate them by hand.", &[]), None);
    }

    #[test]
    fn updating_comes_before_creating() {
        check(
            &[("how-to/b", 0.2), ("how-to/a", 0.62)],
            true,
            "how-to/a",
            "it belongs to “Title of how-to/a”: 0.62, and 0.45 is enough to update",
        );
        check(
            &[("how-to/a", UPDATE_FLOOR)],
            true,
            "how-to/a",
            "it belongs to “Title of how-to/a”: 0.45, and 0.45 is enough to update",
        );
    }

    #[test]
    fn a_new_page_has_a_reason() {
        let new = "how-to/renew-a-certificate";
        check(
            &[("how-to/a", 0.21)],
            false,
            new,
            "nothing in the library is on this: best candidate how-to/a 0.21 < 0.45",
        );
        check(&[], false, new, "nothing in the library is on this: there was no candidate");
        check(&[("how-to/a", f64::NAN)], false, new, "nothing in the library is on this: there was no candidate");
    }

    #[test]
    fn at_most_five_candidates_are_recorded_best_first() {
        let considered = (0..9)
            .map(|i| Considered { path: format!("p/{i}"), title: String::new(), score: f64::from(i) / 100.0 })
            .collect();
        let placing = place(Kind::Fix, "x", considered);
        assert_eq!(
            placing.considered.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(),
            ["p/8", "p/7", "p/6", "p/5", "p/4"]
        );
    }
}
