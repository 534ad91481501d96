//! Place: confirm an article, update it or create one, with the reason and what was considered.
//!
//! **Prefer updating over creating**: a new page needs a reason, and the reason is recorded. **What came from the library is
//! no evidence**: a piece that only repeats an article is not shared. **A skill is never folded into an article, nor an
//! article into a skill.**

use commune_knowledge::{
    normalize,
    placement::{CREATE_ALONE, EVEN, Standings, UPDATE_ALONE},
    skill,
};

use super::Kind;

/// Most candidates that are recorded.
pub const CANDIDATES: usize = 5;

/// An article that was considered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Considered {
    /// Its path.
    pub path: String,
    /// Its title.
    pub title: String,
    /// The chance that the piece belongs there, 0 to 1.
    pub chance: f64,
    /// True for a skill.
    pub skill: bool,
    /// The headings under which the piece would go, outermost first.
    pub section: Vec<String>,
    /// What it already says of the piece.
    pub standings: Standings,
}

/// What becomes of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It strengthens an article.
    Update,
    /// It founds one.
    Create,
    /// An article says it already, and is confirmed.
    Confirm,
    /// It repeats an article, and is not shared.
    Echo,
}

/// Where a piece belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Placing {
    /// What becomes of it.
    pub action: Action,
    /// The article's path.
    pub path: String,
    /// The headings under which it goes, outermost first.
    pub section: Vec<String>,
    /// Why, for a reader.
    pub reason: String,
    /// The chance that it belongs to the best candidate.
    pub chance: f64,
    /// True when the chance is between what is decided alone, so that the librarian decides.
    pub left_to_librarian: bool,
    /// Statements that only repeat what the library says.
    pub echoed: usize,
    /// What was considered, best first.
    pub considered: Vec<Considered>,
}

/// Decides where a piece of this kind and title belongs.
pub fn place(kind: Kind, title: &str, mut considered: Vec<Considered>) -> Placing {
    considered.retain(|c| c.chance.is_finite() && c.skill == (kind == Kind::Skill));
    considered.sort_by(|a, b| b.chance.total_cmp(&a.chance).then_with(|| a.path.cmp(&b.path)));
    considered.truncate(CANDIDATES);
    // an article that says all of it is where it belongs, whatever the chance
    let said = considered.iter().find(|c| c.standings.all_said()).cloned();
    let best = considered.first().cloned();
    let chance = best.as_ref().map_or(0.0, |best| best.chance);
    let left = said.is_none() && (CREATE_ALONE..UPDATE_ALONE).contains(&chance);
    let (action, target, reason) = match (said, best) {
        (Some(said), _) if said.standings.is_echo() => {
            let from = if said.standings.from_page { "it says itself that it is from" } else { "it repeats" };
            let reason = format!("{from} “{}” ({}) and adds nothing: no evidence of its own", said.title, said.path);
            (Action::Echo, Some(said), reason)
        }
        (Some(said), _) => {
            let reason = format!("“{}” says all of it, in other words: a confirmation", said.title);
            (Action::Confirm, Some(said), reason)
        }
        (None, Some(best)) if chance >= EVEN => {
            let reason = format!("it belongs to “{}”{}: chance {chance:.2}", best.title, under(&best.section));
            (Action::Update, Some(best), reason)
        }
        (None, Some(best)) => {
            let reason = format!("nothing in the library is on this: the nearest is {}, chance {chance:.2}", best.path);
            (Action::Create, None, reason)
        }
        (None, None) => (Action::Create, None, "nothing in the library is on this: there was no candidate".to_owned()),
    };
    let doubt = match action {
        Action::Update if left => format!("; below {UPDATE_ALONE:.2} the librarian decides"),
        Action::Create if left => format!("; from {CREATE_ALONE:.2} on the librarian decides"),
        _ => String::new(),
    };
    let new_path = || format!("{}/{}", kind.folder(), normalize::slug(title));
    let echoed = target.as_ref().map_or(0, |target| target.standings.echoed());
    let (path, section) = target.map_or_else(|| (new_path(), Vec::new()), |target| (target.path, target.section));
    Placing { action, path, section, reason: reason + &doubt, chance, left_to_librarian: left, echoed, considered }
}

/// Where the folder of a skill belongs: at its name, whatever else is like it. None for every other text.
pub fn place_skill(text: &str, considered: &[Considered]) -> Option<Placing> {
    skill::unpack(text)?;
    let name = text.lines().next()?.strip_prefix("# ").filter(|name| skill::is_name(name))?;
    let path = format!("{}/{name}", Kind::Skill.folder());
    let there = considered.iter().any(|other| other.path == path);
    Some(Placing {
        action: if there { Action::Update } else { Action::Create },
        path,
        section: Vec::new(),
        reason: format!("a skill is known by its name, `{name}`"),
        chance: if there { 1.0 } else { 0.0 },
        left_to_librarian: false,
        echoed: 0,
        considered: considered.iter().take(CANDIDATES).cloned().collect(),
    })
}

fn under(section: &[String]) -> String {
    if section.is_empty() { String::new() } else { format!(", under “{}”", section.join(" / ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidate(path: &str, chance: f64) -> Considered {
        Considered { path: path.into(), title: format!("Title of {path}"), chance, ..Considered::default() }
    }

    fn check(chances: &[(&str, f64)], action: Action, left: bool, path: &str, reason: &str) {
        let considered = chances.iter().map(|(path, chance)| candidate(path, *chance)).collect();
        let placing = place(Kind::HowTo, "Renew a certificate", considered);
        assert_eq!(
            (placing.action, placing.left_to_librarian, placing.path.as_str(), placing.reason.as_str()),
            (action, left, path, reason)
        );
        assert!(placing.considered.len() <= CANDIDATES);
    }

    fn standing(repeated: usize, reworded: usize, from_page: bool) -> Placing {
        let standings = Standings { statements: 3, repeated, reworded, from_page };
        place(Kind::Fix, "x", vec![Considered { standings, ..candidate("fixes/a", 0.3) }, candidate("fixes/b", 0.9)])
    }

    #[test]
    fn a_folder_of_a_skill_belongs_at_its_name() {
        let text = "# rotate-logs\n\nRotates logs.\n\n## SKILL.md\n\n```md\n---\nname: rotate-logs\n---\nx\n```";
        let (other, same) = (candidate("how-to/rotate", 0.9), candidate("skills/rotate-logs", 0.1));
        let placing = place_skill(text, std::slice::from_ref(&other)).unwrap();
        assert_eq!((placing.action, placing.considered.len()), (Action::Create, 1));
        assert_eq!(placing.path, "skills/rotate-logs");
        assert_eq!(place_skill(text, &[other, same]).unwrap().action, Action::Update);
        assert_eq!(place_skill("# rotate-logs\n\nRotate them by hand.", &[]), None);
    }

    #[test]
    fn updating_comes_before_creating() {
        let belongs = "it belongs to “Title of how-to/a”: chance";
        check(&[("how-to/b", 0.2), ("how-to/a", 0.92)], Action::Update, false, "how-to/a", &format!("{belongs} 0.92"));
        check(&[("how-to/a", UPDATE_ALONE)], Action::Update, false, "how-to/a", &format!("{belongs} 0.80"));
        let left = format!("{belongs} 0.50; below 0.80 the librarian decides");
        check(&[("how-to/a", EVEN)], Action::Update, true, "how-to/a", &left);
    }

    #[test]
    fn a_new_page_has_a_reason() {
        let new = "how-to/renew-a-certificate";
        let nearest = "nothing in the library is on this: the nearest is how-to/a, chance";
        check(&[("how-to/a", 0.19)], Action::Create, false, new, &format!("{nearest} 0.19"));
        let left = format!("{nearest} 0.20; from 0.20 on the librarian decides");
        check(&[("how-to/a", CREATE_ALONE)], Action::Create, true, new, &left);
        let none = "nothing in the library is on this: there was no candidate";
        check(&[], Action::Create, false, new, none);
        check(&[("how-to/a", f64::NAN)], Action::Create, false, new, none);
    }

    #[test]
    fn what_an_article_says_already_confirms_it_or_is_an_echo() {
        let own_words = standing(1, 2, false);
        assert_eq!((own_words.action, own_words.path.as_str(), own_words.echoed), (Action::Confirm, "fixes/a", 1));
        assert!(!own_words.left_to_librarian);
        assert_eq!(standing(3, 0, false).action, Action::Echo);
        assert_eq!(standing(0, 3, true).action, Action::Echo);
        assert_eq!((standing(1, 1, true).action, standing(1, 1, true).path.as_str()), (Action::Update, "fixes/b"));
        assert!(standing(3, 0, false).reason.contains("fixes/a"));
    }

    #[test]
    fn a_skill_and_an_article_are_never_one() {
        let skill = Considered { skill: true, ..candidate("skills/a", 0.99) };
        assert_eq!(place(Kind::Lesson, "A", vec![skill.clone()]).action, Action::Create);
        assert_eq!(place(Kind::Skill, "A", vec![candidate("lessons/a", 0.99)]).path, "skills/a");
        assert_eq!(place(Kind::Skill, "A", vec![skill]).action, Action::Update);
    }

    #[test]
    fn at_most_five_candidates_are_recorded_best_first() {
        let considered = (0..9).map(|i| candidate(&format!("p/{i}"), f64::from(i) / 100.0)).collect();
        let placing = place(Kind::Fix, "x", considered);
        assert_eq!(
            placing.considered.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(),
            ["p/8", "p/7", "p/6", "p/5", "p/4"]
        );
    }

    proptest! {
        #[test]
        fn the_order_of_candidates_does_not_matter(chances in prop::collection::vec(0.0..1.0f64, 0..8)) {
            let all: Vec<Considered> =
                chances.iter().enumerate().map(|(at, chance)| candidate(&format!("p/{at}"), *chance)).collect();
            let mut other = all.clone();
            other.reverse();
            let placing = place(Kind::Fact, "x", all);
            prop_assert_eq!(&placing, &place(Kind::Fact, "x", other));
            prop_assert_eq!(placing.action == Action::Update, placing.chance >= EVEN);
        }
    }
}
