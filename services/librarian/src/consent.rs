//! Consent: a change that takes something away or moves it is a proposal, applied when its window is over, unless a member objects. Pure: **where a proposal is
//! follows from what happened to it and from the time**, so that any replica says the same.

mod change;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use commune_proto::content_id;
use jiff::{Timestamp, civil::Date};

pub use change::Change;

/// Objections to one proposal.
const OBJECTIONS: usize = 20;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It was made, and is due then.
    Made(Change, Timestamp),
    /// A member objected.
    Objected,
    /// The objection of this number was answered; it is due then.
    Answered(usize, Timestamp),
    /// Another change took its place, and is due then.
    Amended(Change, Timestamp),
    /// Its proposer took it back.
    TakenBack,
    /// It made these revisions.
    Applied(Vec<String>),
    /// It could not be applied.
    Failed,
}

/// Something that happened to a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The proposal.
    pub proposal: String,
    /// Who did it; empty for the librarian.
    pub agent: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What.
    pub step: Step,
}

/// A reasoned stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Who objected.
    pub agent: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Who answered, what, and when.
    pub answer: Option<(String, String, Timestamp)>,
}

/// Where a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its window runs.
    Waiting,
    /// An objection stops it.
    Objected,
    /// It is to be applied.
    Due,
    /// It was applied.
    Applied,
    /// It could not be applied.
    Failed,
    /// It was taken back.
    TakenBack,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Derives from the change, and from how often it was proposed before.
    pub id: String,
    /// What is proposed.
    pub change: Change,
    /// Who proposed it; empty for the librarian.
    pub agent: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it is applied.
    pub due: Timestamp,
    /// What was objected, oldest first.
    pub objections: Vec<Objection>,
    /// How it ended.
    pub ended: Option<Happened>,
    /// The sequence of what happened last.
    pub sequence: u64,
}

impl Proposal {
    /// Where it is at a time.
    pub fn state(&self, now: Timestamp) -> State {
        match self.ended.as_ref().map(|ended| &ended.step) {
            Some(Step::Applied(_)) => State::Applied,
            Some(Step::TakenBack) => State::TakenBack,
            Some(_) => State::Failed,
            None if self.open().next().is_some() => State::Objected,
            None if self.due <= now => State::Due,
            None => State::Waiting,
        }
    }

    /// The objections that are open, with their numbers from 1.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Objection)> {
        (1..).zip(&self.objections).filter(|(_, objection)| objection.answer.is_none())
    }

    /// Whether it may end as it is: somebody may still object, or it is to be applied.
    pub fn stands(&self) -> bool {
        self.ended.is_none()
    }

    fn is_over(&self) -> Option<String> {
        self.ended.is_some().then(|| format!("proposal {} is over: look how it ended", self.id))
    }

    /// Whether a member may object: **agents of one owner count once**.
    ///
    /// # Errors
    /// Why not, for a reader.
    pub fn may_object(&self, agent: &str, owner_of: &dyn Fn(&str) -> String) -> Result<(), String> {
        let own = owner_of(agent);
        if let Some(over) = self.is_over() {
            return Err(over);
        }
        if let Some((number, open)) = self.open().find(|(_, open)| owner_of(&open.agent) == own) {
            return Err(format!(
                "objection {number}, of {}, stops it already: agents of one owner count once, until it is answered",
                open.agent
            ));
        }
        if !self.agent.is_empty() && owner_of(&self.agent) == own {
            return Err("it is your own: take it back, or amend it".to_owned());
        }
        if self.objections.len() >= OBJECTIONS {
            return Err(format!("{OBJECTIONS} objections were made to it: its proposer may take it back"));
        }
        Ok(())
    }

    /// The number of the objection that is answered: the one that is named, or the first that is open.
    ///
    /// # Errors
    /// Why none is, for a reader.
    pub fn may_answer(&self, number: usize) -> Result<usize, String> {
        if let Some(over) = self.is_over() {
            return Err(over);
        }
        let found = self.open().map(|(open, _)| open).find(|open| number == 0 || *open == number);
        found.ok_or_else(|| match number {
            0 => "no objection to it is open".to_owned(),
            number => format!("objection {number} is not there, or was answered"),
        })
    }

    /// Whether a member may amend it or take it back: its proposer, or another agent of the same owner.
    ///
    /// # Errors
    /// Why not, for a reader.
    pub fn is_own(&self, agent: &str, owner_of: &dyn Fn(&str) -> String) -> Result<(), String> {
        match self.is_over() {
            Some(over) => Err(over),
            None if !self.agent.is_empty() && owner_of(agent) == owner_of(&self.agent) => Ok(()),
            None if self.agent.is_empty() => Err("it is the librarian's: object to it, with a reason".to_owned()),
            None => Err(format!("it is {}'s: object to it, with a reason", self.agent)),
        }
    }
}

/// All proposals, as LIBRARY tells them.
#[derive(Debug, Clone, Default)]
pub struct Proposals(BTreeMap<String, Proposal>);

impl Proposals {
    /// Takes in what happened, as it is stored at a sequence. What cannot have happened is left out.
    pub fn take(&mut self, sequence: u64, happened: Happened) {
        let Happened { proposal: id, agent, at, reason, step } = happened.clone();
        if let Step::Made(change, due) = step {
            let objections = Vec::new();
            let made =
                Proposal { id: id.clone(), change, agent, reason, made_at: at, due, objections, ended: None, sequence };
            self.0.entry(id).or_insert(made);
            return;
        }
        let Some(proposal) = self.0.get_mut(&id).filter(|proposal| proposal.stands()) else { return };
        proposal.sequence = sequence;
        match step {
            Step::Objected => proposal.objections.push(Objection { agent, reason, at, answer: None }),
            Step::Answered(number, due) => {
                if let Some(objection) = number.checked_sub(1).and_then(|place| proposal.objections.get_mut(place)) {
                    objection.answer = Some((agent, reason, at));
                    proposal.due = due;
                }
            }
            Step::Amended(change, due) => {
                (proposal.change, proposal.due) = (change, due);
                proposal.reason = reason;
            }
            Step::Made(..) | Step::TakenBack | Step::Applied(_) | Step::Failed => proposal.ended = Some(happened),
        }
    }

    /// A proposal.
    pub fn get(&self, id: &str) -> Option<&Proposal> {
        self.0.get(id)
    }

    /// Those that stand, the first to be applied first.
    pub fn standing(&self) -> Vec<&Proposal> {
        let mut standing: Vec<&Proposal> = self.0.values().filter(|proposal| proposal.stands()).collect();
        standing.sort_by_key(|proposal| (proposal.due, &proposal.id));
        standing
    }

    /// All: those that stand, then the others, the newest first.
    pub fn all(&self) -> Vec<&Proposal> {
        let mut ended: Vec<&Proposal> = self.0.values().filter(|proposal| !proposal.stands()).collect();
        ended.sort_by_key(|proposal| Reverse(proposal.sequence));
        let mut all = self.standing();
        all.extend(ended);
        all
    }

    /// Proposals of this change, in the order in which they were made.
    pub fn of(&self, change: &Change) -> Vec<&Proposal> {
        (0..).map_while(|before| self.0.get(&id(change, before))).collect()
    }

    /// The id of the proposal of a change: that of the one that stands, which is true, or of a new one.
    ///
    /// # Errors
    /// When so many of the owner's proposals stand as may, for a reader.
    pub fn propose(
        &self,
        change: &Change,
        agent: &str,
        most: usize,
        owner_of: &dyn Fn(&str) -> String,
    ) -> Result<(String, bool), String> {
        let earlier = self.of(change);
        // amended, it may be of another change now
        if let Some(there) = self.0.values().find(|proposal| proposal.stands() && proposal.change == *change) {
            return Ok((there.id.clone(), true));
        }
        let own = owner_of(agent);
        let standing = self.0.values().filter(|proposal| proposal.stands() && owner_of(&proposal.agent) == own).count();
        if standing >= most {
            return Err(format!("{standing} proposals of yours stand, and {most} may: wait, or take one back"));
        }
        Ok((id(change, earlier.len()), false))
    }
}

/// The id of the proposal that is made of a change after so many others.
fn id(change: &Change, before: usize) -> String {
    let [kind, path, to] = change.parts();
    content_id(&["proposal", kind, path, to, &before.to_string()])
}

/// **The steward of a day**, who is asked to look at open objections: of all members the one whose id has the greatest hash together with the date. Whoever knows
/// the members can tell it; nobody is in office, and who comes or goes changes nobody else's days.
pub fn steward(day: Date, members: &BTreeSet<String>) -> Option<&String> {
    members.iter().max_by_key(|member| content_id(&["steward", &day.to_string(), member]))
}

#[cfg(test)]
mod tests {
    use commune_proto::ArticlePath;

    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn path(path: &str) -> ArticlePath {
        path.parse().unwrap()
    }

    fn own(agent: &str) -> String {
        agent.trim_end_matches(char::is_numeric).to_owned()
    }

    fn happened(agent: &str, hour: i64, step: Step) -> Happened {
        Happened { proposal: "p".into(), agent: agent.into(), at: at(hour), reason: "so".into(), step }
    }

    fn told(steps: Vec<Happened>) -> Proposal {
        let mut proposals = Proposals::default();
        (1..).zip(steps).for_each(|(sequence, step)| proposals.take(sequence, step));
        proposals.get("p").unwrap().clone()
    }

    #[test]
    fn where_it_is_follows_from_what_happened_and_the_time() {
        let merge = Change::Merge(path("a"), path("b"));
        let made = happened("ada", 0, Step::Made(merge.clone(), at(24)));
        let mut steps = vec![made];
        assert_eq!([23, 24].map(|hour| told(steps.clone()).state(at(hour))), [State::Waiting, State::Due]);
        steps.push(happened("bo", 3, Step::Objected));
        assert_eq!(told(steps.clone()).state(at(99)), State::Objected, "it stops until it is answered");
        steps.push(happened("ada", 30, Step::Answered(1, at(54))));
        assert_eq!([53, 54].map(|hour| told(steps.clone()).state(at(hour))), [State::Waiting, State::Due]);
        let other = Change::Merge(path("b"), path("a"));
        steps.push(happened("ada", 40, Step::Amended(other.clone(), at(64))));
        assert_eq!([63, 64].map(|hour| told(steps.clone()).state(at(hour))), [State::Waiting, State::Due]);
        assert_eq!(told(steps.clone()).change, other);
        steps.push(happened("", 64, Step::Applied(vec!["articles/a/revisions/2".into()])));
        steps.push(happened("bo", 65, Step::Objected));
        let ended = told(steps);
        assert_eq!((ended.state(at(65)), ended.objections.len(), ended.sequence), (State::Applied, 1, 5));
        assert!(
            ended.may_object("cy", &own).is_err() && ended.may_answer(0).is_err() && ended.is_own("ada", &own).is_err()
        );
    }

    #[test]
    fn agents_of_one_owner_count_once() {
        let made = happened("ada", 0, Step::Made(Change::Remove(path("a")), at(24)));
        let proposal = told(vec![made, happened("bo1", 1, Step::Objected)]);
        let why = proposal.may_object("bo2", &own).unwrap_err();
        assert!(why.starts_with("objection 1, of bo1, stops it already"), "{why}");
        assert_eq!(proposal.may_object("cy", &own), Ok(()));
        assert!(proposal.may_object("ada2", &own).unwrap_err().starts_with("it is your own"));
        assert_eq!((proposal.may_answer(0), proposal.may_answer(1)), (Ok(1), Ok(1)));
        assert!(proposal.may_answer(2).is_err());
        assert_eq!(proposal.is_own("ada7", &own), Ok(()));
        assert!(proposal.is_own("bo", &own).unwrap_err().starts_with("it is ada's"));
    }

    #[test]
    fn a_change_is_proposed_once_at_a_time_and_its_id_is_its_own() {
        let (change, mut proposals) = (Change::Split(path("a")), Proposals::default());
        let propose = |proposals: &Proposals, agent: &str| proposals.propose(&change, agent, 1, &own);
        let (id, _) = propose(&proposals, "ada").unwrap();
        proposals.take(1, Happened { proposal: id.clone(), ..happened("ada", 0, Step::Made(change.clone(), at(24))) });
        assert_eq!(propose(&proposals, "bo"), Ok((id.clone(), true)), "it stands");
        let other = Change::Remove(path("b"));
        assert!(proposals.propose(&other, "ada2", 1, &own).unwrap_err().starts_with("1 proposals of yours stand"));
        proposals.take(2, Happened { proposal: id.clone(), ..happened("ada", 1, Step::TakenBack) });
        let (again, stands) = propose(&proposals, "bo").unwrap();
        assert!(again != id && !stands && proposals.of(&change).len() == 1);
    }

    #[test]
    fn the_steward_of_a_day_is_one_of_the_members_and_changes_with_the_days() {
        let members: BTreeSet<String> = ["ada", "bo", "cy"].map(str::to_owned).into();
        let mut days = BTreeMap::new();
        for day in Date::constant(2026, 1, 1).series(jiff::Span::new().days(1)).take(300) {
            *days.entry(steward(day, &members).unwrap().clone()).or_insert(0) += 1;
            let fewer: BTreeSet<String> = members.iter().filter(|member| *member != "cy").cloned().collect();
            let (of_all, of_fewer) = (steward(day, &members), steward(day, &fewer));
            assert!(of_all == of_fewer || of_all.is_some_and(|member| member == "cy"), "{day}");
        }
        assert!(days.len() == 3 && days.values().all(|days| (60..=140).contains(days)), "{days:?}");
        assert_eq!(steward(Date::constant(2026, 1, 1), &BTreeSet::new()), None);
    }
}
