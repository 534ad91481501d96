//! The night watch: what is the matter with nights, by what stands in the stream NIGHTS and the time, which is an argument.

use commune_bus::{Bus, StreamName, subject};
use commune_knowledge::night_watch::{Day, Days, Standing, standing};
use commune_proto::{
    NightId,
    night::v1::{NightDue, Outcome, Stage},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    board::outcome_word,
    state::{Nights, OneNight},
};
use crate::failure::Failure;

/// How long a night may take to come through all stages.
const ALLOWED: std::time::Duration = std::time::Duration::from_secs(2 * 3600);
/// How long after its time a night has begun at the latest.
const GRACE: SignedDuration = SignedDuration::from_hours(1);
/// Most agents that are named in one sentence.
const NAMED: usize = 10;

/// What stands of the next night.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scheduled {
    /// The night that is scheduled next, and when it is due.
    pub(crate) next: Option<(NightId, Timestamp)>,
    /// When a schedule last fell due.
    pub(crate) fired: Option<Timestamp>,
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Nothing will begin the next night.
    NotScheduled,
    /// The night is due since then and was not begun.
    NotBegun(NightId, Timestamp),
    /// The night should have been through for these agents, and goes on.
    Late(NightId, Vec<String>),
    /// The night is late for these agents, each of whom waits for a stage, and nothing of it moves.
    Stuck(NightId, Vec<(String, Option<Stage>)>),
    /// A stage gave up for the agent, or stopped at a bound.
    Ended(NightId, String, Stage, Outcome),
    /// The agent used to write and has had nothing new for so many days.
    Silent(String, usize),
}

/// Reads what stands of the next night.
pub(crate) async fn scheduled(bus: &Bus) -> Result<Scheduled, Failure> {
    let standing = bus.last(StreamName::Nights, subject::NIGHT_SCHEDULE).await?;
    let next = standing.and_then(|message| {
        let due: NightDue = message.event().ok()?;
        let at = message.header("Nats-Schedule")?.strip_prefix("@at ")?.parse().ok()?;
        Some((due.night.parse().ok()?, at))
    });
    let fired = bus.last(StreamName::Nights, subject::NIGHT_DUE).await?.map(|message| message.stored_at);
    Ok(Scheduled { next, fired })
}

/// What is the matter, the gravest first.
pub(crate) fn concerns(nights: &Nights, scheduled: Scheduled, now: Timestamp) -> Vec<Concern> {
    let mut concerns: Vec<Concern> = not_begun(nights, scheduled, now).into_iter().collect();
    concerns.extend(nights.iter().filter_map(|(night, one)| unfinished(*night, one, now)));
    if let Some((night, one)) = nights.newest().and_then(|night| Some((night, nights.get(night)?))) {
        let ended = one.trail.values().filter(|record| matches!(record.outcome(), Outcome::Failed | Outcome::Stopped));
        // who stopped in one stage has nothing to do in the next
        let ended = ended.filter(|record| record.outcome() == Outcome::Failed || record.stage() == Stage::Selfcare);
        concerns.extend(ended.map(|r| Concern::Ended(night, r.agent.clone(), r.stage(), r.outcome())));
    }
    concerns.extend(days(nights).silent().map(|(agent, days)| Concern::Silent(agent.to_owned(), days)));
    concerns
}

fn not_begun(nights: &Nights, scheduled: Scheduled, now: Timestamp) -> Option<Concern> {
    let long_ago = |at: Timestamp| now.duration_since(at) > GRACE;
    match scheduled.next {
        Some((night, due)) => (long_ago(due) && nights.get(night).is_none()).then_some(Concern::NotBegun(night, due)),
        // a schedule that fires is gone until the night is begun and the next one is told
        None => scheduled.fired.is_none_or(long_ago).then_some(Concern::NotScheduled),
    }
}

fn unfinished(night: NightId, one: &OneNight, now: Timestamp) -> Option<Concern> {
    let age = |at: Option<Timestamp>| at.and_then(|at| now.duration_since(at).try_into().ok()).unwrap_or_default();
    let left: Vec<String> = one.agents().into_iter().filter(|agent| !one.is_over_for(agent)).collect();
    match standing(age(one.begun_at), age(one.moved_at), ALLOWED) {
        _ if left.is_empty() => None,
        Standing::OnItsWay => None,
        Standing::Late => Some(Concern::Late(night, left)),
        Standing::Stuck => {
            let waits = left.into_iter().map(|agent| {
                let stage = one.waits_for(&agent);
                (agent, stage)
            });
            Some(Concern::Stuck(night, waits.collect()))
        }
    }
}

/// What the days of agents came to.
fn days(nights: &Nights) -> Days {
    let mut days = Days::default();
    for (night, one) in nights.iter() {
        for record in one.trail.values() {
            let wrote = record.counts.get("notes_new").is_some_and(|new| *new > 0);
            let day = match (record.stage(), record.outcome()) {
                (Stage::Selfcare, _) if wrote => Day::Wrote,
                (Stage::Selfcare, Outcome::Done | Outcome::Nothing) => Day::Empty,
                (Stage::Mutualaid, Outcome::Resting) => Day::Rested,
                _ => continue,
            };
            days.told(&record.agent, &night.date().to_string(), day);
        }
    }
    days
}

impl Concern {
    /// Whether the board of this night tells of it; what is about no night is told by the newest.
    pub(super) fn belongs_to(&self, night: NightId, newest: bool) -> bool {
        match self {
            Self::Late(of, _) | Self::Stuck(of, _) | Self::Ended(of, ..) => *of == night,
            Self::NotScheduled | Self::NotBegun(..) | Self::Silent(..) => newest,
        }
    }

    /// Its kind in one word.
    fn kind(&self) -> &'static str {
        match self {
            Self::NotScheduled => "not-scheduled",
            Self::NotBegun(..) => "not-begun",
            Self::Late(..) => "late",
            Self::Stuck(..) => "stuck",
            Self::Ended(..) => "ended",
            Self::Silent(..) => "silent",
        }
    }

    /// What is the matter.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::NotScheduled => "no night is scheduled".to_owned(),
            Self::NotBegun(night, due) => format!("the night {night} was due {due} and has not begun"),
            Self::Late(night, agents) => format!("the night {night} is late for {}", named(agents.iter().cloned())),
            Self::Stuck(night, agents) => {
                let waits = agents.iter().map(|(agent, stage)| match stage {
                    Some(stage) => format!("{agent} (waits for {})", subject::stage_token(*stage)),
                    None => agent.clone(),
                });
                format!("the night {night} is stuck for {}", named(waits))
            }
            Self::Ended(night, agent, stage, outcome) => {
                format!("the night {night}: {} {} for {agent}", subject::stage_token(*stage), outcome_word(*outcome))
            }
            Self::Silent(agent, 1) => format!("{agent} used to write every day and wrote nothing on the last one"),
            Self::Silent(agent, days) => format!("{agent} has written nothing for {days} days, longer than it used to"),
        }
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::NotScheduled => {
                "is selfcare ready (`commune status`)? It schedules the next night when it starts; `commune night run` \
                 runs one now"
                    .to_owned()
            }
            Self::NotBegun(..) => "is selfcare ready (`commune status`)? It makes up for the night when it starts; \
                                   `commune night run` runs one now. Compare the clocks of the machines"
                .to_owned(),
            Self::Late(night, _) => format!("it goes on: look again with `commune night status {night}`"),
            Self::Stuck(..) => {
                "is that stage's service ready (`commune status`), and what does its log say of messages that it \
                                tries again? RUNBOOK.md: CommuneNightStuck"
                    .to_owned()
            }
            Self::Ended(night, ..) => {
                format!(
                    "`commune night status {night}` says why; mend that, and `commune dead replay` what is in `dead list`"
                )
            }
            Self::Silent(agent, _) => format!(
                "does {agent} run, and do its messages arrive (`commune tail`)? If it has nothing to say, that is fine: \
                 `commune rest {agent} --until DATE` says so"
            ),
        }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let agents: Vec<&str> = match self {
            Self::NotScheduled | Self::NotBegun(..) => Vec::new(),
            Self::Late(_, agents) => agents.iter().map(String::as_str).collect(),
            Self::Stuck(_, agents) => agents.iter().map(|(agent, _)| agent.as_str()).collect(),
            Self::Ended(_, agent, ..) | Self::Silent(agent, _) => vec![agent],
        };
        json!({"kind": self.kind(), "agents": agents, "said": self.said(), "advice": self.advice()})
    }
}

/// A few names, and how many more.
fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let first: Vec<String> = names.take(NAMED).collect();
    match more {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
