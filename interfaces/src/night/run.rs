//! `commune night run`: asks for a night, waits until it is done, shows its board.

use std::{collections::BTreeSet, time::Duration};

use clap::Args;
use commune_bus::{Bus, Outgoing, StreamName, View, subject};
use commune_proto::{AgentId, NightId, content_id, night::v1::NightRequested, night::v1::Stage};
use commune_runtime::clock::Clock;
use serde_json::json;
use tokio::time::Instant;

use super::state::{Nights, OneNight};
use crate::{connect::Session, failure::Failure, output::Output, progress};

/// How long an agent that is not begun yet is waited for when the night was opened before.
const NEWCOMERS: Duration = Duration::from_secs(10);

/// How often a line tells the progress where there is no bar.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// Most messages looked at for agents that joined after a night was opened.
const SCAN_LIMIT: usize = 200_000;

/// Ask for a night now, wait until it is done, and show its board.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The night: the date of the day that ended, such as 2026-02-14 [default: yesterday in the commune's time zone]
    night: Option<NightId>,
    /// Only for this agent; may be given again
    #[arg(long = "agent", value_name = "AGENT")]
    agents: Vec<AgentId>,
    /// One more run of the same day, which takes in what was logged since
    #[arg(long)]
    extra: bool,
    /// Do not wait for the end
    #[arg(long)]
    no_wait: bool,
    /// The commune's time zone [default: of the running commune]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// How long to wait for the end
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    timeout: u64,
    /// Also show what was shared and where it was placed, and what was held back and why
    #[arg(long)]
    details: bool,
}

impl Run {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let zone = session.time_zone(self.zone.as_deref())?;
        let clock = Clock::system();
        let today = clock.now().to_zoned(zone).date();
        let night = match self.night {
            Some(night) if night.date() > today => {
                let problem = format!("the night {night} lies ahead, today is {today}: ask for a day that has begun");
                return Err(Failure::Usage(problem));
            }
            Some(night) => night,
            None => NightId::of(today.yesterday().map_err(Failure::error)?),
        };
        let bus = session.bus().await?;
        let nights = super::all_nights(&bus).await?;
        let night = if self.extra { nights.read(|nights| nights.next_extra(night)) } else { night };
        let before = nights.read(|nights| nights.get(night).cloned()).unwrap_or_default();
        let mut agents: Vec<String> = self.agents.iter().map(ToString::to_string).collect();
        agents.sort();
        agents.dedup();

        let newcomers = match before.opened.is_some() && agents.is_empty() {
            true => newcomers(&bus, &before).await?,
            false => BTreeSet::new(),
        };
        request(&bus, night, &agents, clock.now()).await?;
        if self.no_wait {
            output.say(&format!("asked for the night {night}; `commune night watch` follows it"));
            if output.is_json() {
                output.json(&json!({"night": night.to_string(), "waited": false}));
            }
            return Ok(());
        }
        let expected = Expected { agents: agents.into_iter().collect(), newcomers };
        wait(&nights, night, &expected, Duration::from_secs(self.timeout), output).await?;
        super::show(&bus, &nights, night, self.details, output).await?;
        if nights.read(|nights| nights.get(night).is_some_and(|one| one.agents().is_empty())) {
            output.say("no agent has logged anything yet; `commune note AGENT TEXT` logs a note");
        }
        if before.state_word() == "done" && expected.newcomers.is_empty() {
            said_again(&bus, night, &before, output).await?;
        }
        match nights.read(|nights| nights.get(night).map(OneNight::state_word)) {
            Some("failed") => Err(Failure::error(
                "a stage gave up for an agent; `commune dead list` shows why, `commune dead replay` tries again",
            )),
            _ => Ok(()),
        }
    }
}

/// Who has to be through before the waiting ends.
#[derive(Debug)]
struct Expected {
    /// Only these, when there are any.
    agents: BTreeSet<String>,
    /// Agents that joined after the night was opened.
    newcomers: BTreeSet<String>,
}

impl Expected {
    /// How many agents are through, and how many there are; none while a night for all is not opened.
    fn progress(&self, one: &OneNight, wait_for_newcomers: bool) -> Option<(usize, usize)> {
        if self.agents.is_empty() {
            one.opened.as_ref()?;
        }
        let mut all = if self.agents.is_empty() { one.agents() } else { self.agents.clone() };
        if wait_for_newcomers {
            all.extend(self.newcomers.iter().cloned());
        }
        Some((all.iter().filter(|agent| one.is_over_for(agent)).count(), all.len()))
    }
}

async fn request(bus: &Bus, night: NightId, agents: &[String], now: jiff::Timestamp) -> Result<(), Failure> {
    let event = NightRequested { night: night.to_string(), agents: agents.to_vec() };
    // asking again is a new request as soon as anything has happened since
    let state = bus.last_sequence(StreamName::Nights).await?.to_string();
    let id = content_id(&["night-requested", &event.night, &agents.join(","), &state]);
    let message = Outgoing::event(subject::night_requested(night), &id, "commune-cli", now, &event);
    bus.publish(message).await?;
    Ok(())
}

async fn wait(
    nights: &View<Nights>,
    night: NightId,
    expected: &Expected,
    timeout: Duration,
    output: &Output,
) -> Result<(), Failure> {
    let bar = progress::bar(0, "night");
    let started = Instant::now();
    let mut position = nights.position();
    // without a terminal a line now and then is enough
    let mut said: Option<Instant> = None;
    loop {
        let one = nights.read(|nights| nights.get(night).cloned()).unwrap_or_default();
        let progress = expected.progress(&one, started.elapsed() < NEWCOMERS);
        let words = words(&one);
        if let Some((through, all)) = progress {
            bar.set_length(all as u64 * 3);
            bar.set_position(super::STAGES.iter().map(|stage| one.reached(*stage) as u64).sum());
            bar.set_message(words.clone());
            let due = said.is_none_or(|said| said.elapsed() > SAID_EVERY);
            if bar.is_hidden() && (due || through == all) {
                output.say(&format!("night {night}: {words}"));
                said = Some(Instant::now());
            }
            if through == all {
                bar.finish_and_clear();
                return Ok(());
            }
        }
        if started.elapsed() > timeout {
            bar.finish_and_clear();
            return Err(Failure::Unavailable(format!(
                "the night {night} is not done after {} s; it goes on. `commune status` tells whether every part is \
                 ready, `commune night status {night}` how far it is",
                timeout.as_secs()
            )));
        }
        let _ = tokio::time::timeout(Duration::from_millis(500), position.changed()).await;
    }
}

/// How far a night is: `selfcare 3/3, mutualaid 2/3, librarian 0/3`.
fn words(one: &OneNight) -> String {
    let all = one.agents().len();
    let stage = |stage: &Stage| format!("{} {}/{all}", subject::stage_token(*stage), one.reached(*stage));
    super::STAGES.iter().map(stage).collect::<Vec<_>>().join(", ")
}

/// Agents with something in the log that the night has not begun for.
async fn newcomers(bus: &Bus, one: &OneNight) -> Result<BTreeSet<String>, Failure> {
    let mut agents = BTreeSet::new();
    let through = |stream| {
        one.opened.as_ref().map_or(0, |o| match stream {
            StreamName::Agents => o.agents_through,
            _ => o.drops_through,
        })
    };
    for stream in [StreamName::Agents, StreamName::Drops] {
        if bus.last_sequence(stream).await? <= through(stream) {
            continue;
        }
        for message in bus.read(stream, &[], SCAN_LIMIT).await? {
            let said = subject::parse_said(&message.subject);
            if let Some(agent) = said.map(|said| said.agent).filter(|agent| agent.parse::<AgentId>().is_ok()) {
                agents.insert(agent.to_owned());
            }
        }
    }
    Ok(agents.into_iter().filter(|agent| !one.begun.contains_key(agent)).collect())
}

/// Says that the night had run already, and whether newer notes wait.
async fn said_again(bus: &Bus, night: NightId, one: &OneNight, output: &Output) -> Result<(), Failure> {
    let through = |pick: fn(&commune_proto::night::v1::NightBegun) -> u64| one.begun.values().map(pick).max();
    let agents = bus.last_sequence(StreamName::Agents).await?;
    let drops = bus.last_sequence(StreamName::Drops).await?;
    let newer = agents.saturating_sub(through(|begun| begun.agents_through).unwrap_or(agents))
        + drops.saturating_sub(through(|begun| begun.drops_through).unwrap_or(drops));
    output.say(&match newer {
        0 => format!("the night {night} had run already; nothing was changed"),
        newer => format!(
            "the night {night} had run already; nothing was changed. {newer} newer messages wait for the next night. \
             To take them in now: commune night run {} --extra",
            night.date()
        ),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use commune_proto::night::v1::{NightOpened, Outcome, TrailRecord};

    use super::*;

    fn record(agent: &str, stage: Stage, outcome: Outcome) -> ((String, i32), TrailRecord) {
        let record = TrailRecord {
            agent: agent.to_owned(),
            stage: stage.into(),
            outcome: outcome.into(),
            ..TrailRecord::default()
        };
        ((agent.to_owned(), stage.into()), record)
    }

    #[test]
    fn the_waiting_ends_when_everybody_is_through() {
        let mut one = OneNight::default();
        let all = Expected { agents: BTreeSet::new(), newcomers: ["new".to_owned()].into() };
        assert_eq!(all.progress(&one, false), None);
        one.opened = Some(NightOpened { members: vec!["ada".into(), "bo".into()], ..NightOpened::default() });
        assert_eq!(all.progress(&one, false), Some((0, 2)));
        assert_eq!(all.progress(&one, true), Some((0, 3)));
        one.trail.extend([record("ada", Stage::Selfcare, Outcome::Failed)]);
        one.trail.extend([record("bo", Stage::Librarian, Outcome::Nothing)]);
        assert_eq!(all.progress(&one, false), Some((2, 2)));
        let only = Expected { agents: ["bo".to_owned()].into(), newcomers: BTreeSet::new() };
        assert_eq!(only.progress(&one, true), Some((1, 1)));
        assert_eq!(words(&one), "selfcare 1/2, mutualaid 0/2, librarian 1/2");
        assert_eq!(one.state_word(), "failed");
    }
}
