//! What was shared and asked (stream AID): contributions by night, where they are, and needs.

use std::collections::{BTreeMap, BTreeSet};

/// Where a contribution is; its text is fetched when it is curated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The contribution.
    pub id: String,
    /// Who shared it.
    pub agent: String,
    /// Its sequence in AID.
    pub sequence: u64,
}

/// A question that the library could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its id.
    pub id: String,
    /// The question as it was first asked.
    pub question: String,
    /// Who asked.
    pub askers: BTreeSet<String>,
    /// How often.
    pub times_asked: u32,
    /// When first, RFC 3339 UTC.
    pub first_asked_at: String,
}

/// Contributions and needs, as the stream says.
#[derive(Debug, Clone, Default)]
pub struct Commons {
    nights: BTreeMap<String, BTreeMap<String, Shared>>,
    positions: BTreeMap<String, usize>,
    needs: BTreeMap<String, Need>,
}

impl Commons {
    /// A contribution was shared in a night. The first message of a contribution counts.
    pub fn shared(&mut self, night: &str, shared: Shared) {
        self.nights.entry(night.to_owned()).or_default().entry(shared.id.clone()).or_insert(shared);
    }

    /// A session named its contributions in order.
    pub fn session(&mut self, contributions: impl IntoIterator<Item = String>) {
        self.positions.extend(contributions.into_iter().enumerate().map(|(at, id)| (id, at)));
    }

    /// A need was asked (once more).
    pub fn asked(&mut self, need: String, question: String, asker: String, at: String) {
        let need = self.needs.entry(need).or_insert_with_key(|id| Need {
            id: id.clone(),
            question,
            askers: BTreeSet::new(),
            times_asked: 0,
            first_asked_at: at.clone(),
        });
        need.askers.insert(asker);
        need.times_asked += 1;
        if at < need.first_asked_at {
            need.first_asked_at = at;
        }
    }

    /// The contributions of a night by (agent, position in the session): an order that does not depend on arrival.
    pub fn of_night(&self, night: &str) -> Vec<Shared> {
        let mut shared: Vec<Shared> = self.nights.get(night).into_iter().flat_map(|n| n.values()).cloned().collect();
        let position = |s: &Shared| self.positions.get(&s.id).copied().unwrap_or(usize::MAX);
        shared.sort_by(|l, r| l.agent.cmp(&r.agent).then(position(l).cmp(&position(r))).then(l.id.cmp(&r.id)));
        shared
    }

    /// A need.
    pub fn need(&self, id: &str) -> Option<&Need> {
        self.needs.get(id)
    }

    /// All needs, by id.
    pub fn needs(&self) -> impl Iterator<Item = &Need> {
        self.needs.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_agent_and_session() {
        let mut commons = Commons::default();
        for (id, agent) in [("3", "bob"), ("1", "ada"), ("2", "ada")] {
            commons.shared("n", Shared { id: id.into(), agent: agent.into(), sequence: 1 });
        }
        commons.session(["2".to_owned(), "1".to_owned()]);
        let ids: Vec<String> = commons.of_night("n").into_iter().map(|s| s.id).collect();
        assert_eq!(ids, ["2", "1", "3"]);
        assert!(commons.of_night("m").is_empty());
    }

    #[test]
    fn a_need_keeps_its_first_question_and_counts() {
        let mut commons = Commons::default();
        commons.asked("n".into(), "How?".into(), "bob".into(), "2026-02-02T00:00:00Z".into());
        commons.asked("n".into(), "how".into(), "ada".into(), "2026-02-01T00:00:00Z".into());
        let need = commons.need("n").unwrap();
        assert_eq!((need.question.as_str(), need.times_asked), ("How?", 2));
        assert_eq!(need.first_asked_at, "2026-02-01T00:00:00Z");
        assert_eq!(need.askers.iter().collect::<Vec<_>>(), ["ada", "bob"]);
    }
}
