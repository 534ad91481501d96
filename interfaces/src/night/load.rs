//! Whether a few carry most of a night's load. **A figure and no names**: it is about the commune, and ranks nobody.

use commune_proto::night::v1::Stage;

use super::state::OneNight;

/// The share of the load that counts as most of it, in percent.
const MOST: u64 = 80;
/// A few are at most one in so many of those who took part.
const FEW: usize = 5;
/// Fewer contributions than this say nothing about who carries what.
const ENOUGH: u64 = 10;

/// How the load of a night lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    /// So many agents …
    pub(super) few: usize,
    /// … of so many …
    pub(super) agents: usize,
    /// … shared so many percent of the night's contributions.
    pub(super) percent: u64,
}

/// The fewest agents that together shared at least 80 % of what a night shared, when they are at most a fifth of those who
/// took part, and the night shared at least 10 contributions; none otherwise.
pub(super) fn of(one: &OneNight) -> Option<Load> {
    let agents = one.agents();
    let of_agent = |agent: &String| {
        one.record(agent, Stage::Mutualaid).and_then(|record| record.counts.get("shared")).copied().unwrap_or(0)
    };
    let mut shared: Vec<u64> = agents.iter().map(of_agent).collect();
    let total: u64 = shared.iter().sum();
    if total < ENOUGH {
        return None;
    }
    shared.sort_unstable_by(|l, r| r.cmp(l));
    let (mut few, mut carried) = (0, 0);
    for count in shared {
        if carried * 100 >= total * MOST {
            break;
        }
        few += 1;
        carried += count;
    }
    (few * FEW <= agents.len()).then(|| Load { few, agents: agents.len(), percent: carried * 100 / total })
}

impl Load {
    /// The sentence for a reader.
    pub(super) fn sentence(self) -> String {
        format!("load: {} of {} agents carried {} % of what was shared", self.few, self.agents, self.percent)
    }
}

#[cfg(test)]
mod tests {
    use commune_proto::night::v1::{NightOpened, TrailRecord};

    use super::*;

    fn night(shared: &[u64]) -> OneNight {
        let members: Vec<String> = (0..shared.len()).map(|agent| format!("agent-{agent:02}")).collect();
        let mut one = OneNight::default();
        for (agent, shared) in members.iter().zip(shared) {
            let counts = [("shared".to_owned(), *shared)].into();
            let record = TrailRecord { counts, stage: Stage::Mutualaid.into(), ..TrailRecord::default() };
            one.trail.insert((agent.clone(), Stage::Mutualaid.into()), record);
        }
        one.opened = Some(NightOpened { members, ..NightOpened::default() });
        one
    }

    #[test]
    fn it_is_said_when_a_few_carry_most_and_only_then() {
        let check = |shared: &[u64], expected: Option<&str>| {
            assert_eq!(of(&night(shared)).map(Load::sentence).as_deref(), expected, "{shared:?}");
        };
        let mut thirty = [0; 30];
        thirty[3..6].copy_from_slice(&[10, 8, 10]);
        thirty[20..26].fill(1);
        check(&thirty, Some("load: 3 of 30 agents carried 82 % of what was shared"));
        check(&[10, 0, 0, 0, 0], Some("load: 1 of 5 agents carried 100 % of what was shared"));
        // two of nine are more than a fifth
        check(&[8, 8, 0, 0, 0, 0, 0, 0, 0], None);
        check(&[8, 8, 0, 0, 0, 0, 0, 0, 0, 0], Some("load: 2 of 10 agents carried 100 % of what was shared"));
        check(&[9, 0, 0, 0, 0], None);
        check(&[2; 30], None);
        // at 80 % exactly one is enough
        check(&[8, 1, 1, 0, 0], Some("load: 1 of 5 agents carried 80 % of what was shared"));
        check(&[7, 2, 1, 0, 0], None);
        check(&[], None);
    }
}
