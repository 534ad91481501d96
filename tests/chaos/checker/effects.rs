//! One effective run for each agent and night; no contribution applied twice, none lost; every id derives from what
//! it names.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{Stored, attribute, subject};
use commune_proto::{
    librarian::v1::ArticleCurated,
    mutualaid::v1::{AidSession, Contribution, KnowledgeShared, NeedAsked},
    night::v1::{NightBegun, Outcome, Stage, TrailRecord},
    selfcare::v1::MemoryTidied,
};

use super::{Streams, Verdict, event, ids};

/// An agent and a night.
type Run = (String, String);

pub fn check(streams: &Streams) -> Verdict {
    let mut verdict = Verdict::default();
    nights(streams, &mut verdict);
    contributions(streams, &mut verdict);
    needs(streams, &mut verdict);
    once(streams, &mut verdict);
    ids::check(streams, &mut verdict);
    verdict
}

/// Every begun night went through every stage, once.
fn nights(streams: &Streams, verdict: &mut Verdict) {
    let mut begun: BTreeMap<Run, usize> = BTreeMap::new();
    let mut trail: BTreeMap<(Run, i32), Vec<Outcome>> = BTreeMap::new();
    for message in &streams.nights {
        if message.subject.starts_with("commune.night.begun.") {
            if let Some(night) = event::<NightBegun>(message, verdict) {
                *begun.entry((night.agent, night.night)).or_default() += 1;
            }
        } else if message.subject.starts_with("commune.night.trail.")
            && let Some(record) = event::<TrailRecord>(message, verdict)
        {
            let outcome = record.outcome();
            trail.entry(((record.agent, record.night), record.stage)).or_default().push(outcome);
        }
    }
    let mut tidied: BTreeMap<Run, usize> = BTreeMap::new();
    for message in streams.memory.iter().filter(|m| m.subject.starts_with("commune.event.memory-tidied.")) {
        if let Some(event) = event::<MemoryTidied>(message, verdict) {
            *tidied.entry((event.agent, event.night)).or_default() += 1;
        }
    }
    let mut sessions: BTreeMap<Run, usize> = BTreeMap::new();
    for message in streams.aid.iter().filter(|m| m.subject.starts_with("commune.aid.session.")) {
        if let Some(session) = event::<AidSession>(message, verdict) {
            verdict.count("effects.held", session.held.len());
            *sessions.entry((session.agent, session.night)).or_default() += 1;
        }
    }
    verdict.count("effects.nights", begun.len());
    let unbegun = |what: &str, runs: &mut dyn Iterator<Item = &Run>, verdict: &mut Verdict| {
        for run in runs.filter(|run| !begun.contains_key(*run)) {
            verdict.add("effects.unbegun", format!("{run:?} has {what} and was never begun"));
        }
    };
    unbegun("a memory", &mut tidied.keys(), verdict);
    unbegun("a session", &mut sessions.keys(), verdict);
    unbegun("a record", &mut trail.keys().map(|(run, _)| run), verdict);
    for (run, times) in &begun {
        if *times != 1 {
            verdict.add("effects.twice", format!("{run:?} was begun {times} times"));
        }
        let outcomes = |stage: Stage| trail.get(&(run.clone(), stage as i32)).map_or(&[][..], Vec::as_slice);
        // a stage that failed wrote nothing, and what follows it has nothing to work on
        let failed = |stage: Stage| outcomes(stage).last() == Some(&Outcome::Failed);
        let no_memory = failed(Stage::Selfcare);
        one("memory-tidied", run, tidied.get(run), no_memory, verdict);
        one("session", run, sessions.get(run), no_memory || failed(Stage::Mutualaid), verdict);
        for stage in [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian] {
            // a night that was undone says so in a record of its own
            let outcomes = match outcomes(stage) {
                [ended @ .., Outcome::Undone] => ended,
                ended => ended,
            };
            verdict.count("effects.failed", usize::from(failed(stage)));
            match outcomes.split_last() {
                None if stage == Stage::Mutualaid && no_memory => {}
                None => verdict.add("effects.missing", format!("{run:?} has no record of {stage:?}")),
                // a replay that went well takes the place of a failure
                Some((_, earlier)) if earlier.iter().all(|outcome| *outcome == Outcome::Failed) => {}
                Some(_) => verdict.add("effects.twice", format!("{run:?} has records of {stage:?}: {outcomes:?}")),
            }
        }
    }
}

fn one(what: &str, run: &Run, times: Option<&usize>, may_lack: bool, verdict: &mut Verdict) {
    match times {
        Some(1) => {}
        Some(times) => verdict.add("effects.twice", format!("{run:?} has {times} times {what}")),
        None if may_lack => {}
        None => verdict.add("effects.missing", format!("{run:?} has no {what}")),
    }
}

/// Every contribution is in one revision, and every article's revisions are counted without a gap.
fn contributions(streams: &Streams, verdict: &mut Verdict) {
    let mut shared: BTreeMap<String, (u64, Contribution)> = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for message in streams.aid.iter().filter(|m| m.subject.starts_with("commune.event.knowledge-shared.")) {
        let Some(contribution) = event::<KnowledgeShared>(message, verdict).and_then(|e| e.contribution) else {
            continue;
        };
        let Contribution { id, agent, notes, title, text, .. } = &contribution;
        if !texts.insert((agent.clone(), notes.clone(), title.clone(), text.clone())) {
            verdict.add("effects.twice", format!("{agent} shared the same of {notes:?} twice, again as {id}"));
        }
        if shared.insert(id.clone(), (message.sequence, contribution)).is_some() {
            verdict.add("effects.twice", format!("{} was shared twice", message.subject));
        }
    }
    let mut applied: BTreeMap<String, String> = BTreeMap::new();
    let mut revisions: BTreeMap<&str, u32> = BTreeMap::new();
    for message in &streams.library {
        let Some(curated) = event::<ArticleCurated>(message, verdict) else { continue };
        let revision = curated.article.as_ref().map_or(0, |article| article.revision);
        let last = revisions.entry(&message.subject).or_default();
        if revision != *last + 1 {
            verdict.add("effects.gap", format!("{} has revision {revision} after {last}", message.subject));
        }
        *last = revision;
        let place = format!("{} revision {revision}", message.subject);
        for provenance in curated.provenance.iter().filter(|p| !p.contribution.is_empty()) {
            let id = &provenance.contribution;
            match shared.get(id) {
                None => verdict.add("effects.unshared", format!("{id} is in {place} and was never shared")),
                Some((_, contribution)) if contribution.agent != provenance.agent => {
                    verdict.add(
                        "effects.unshared",
                        format!("{id} of {} is {}'s in {place}", contribution.agent, provenance.agent),
                    );
                }
                Some(_) => {}
            }
            if let Some(before) = applied.insert(id.clone(), place.clone()) {
                verdict.add("effects.applied-twice", format!("{id} is in {before} and in {place}"));
            }
        }
    }
    let refused: BTreeSet<u64> = streams
        .dead
        .iter()
        .filter(|letter| letter.stage == "librarian" && letter.original_stream == "AID")
        .map(|letter| letter.original_sequence)
        .collect();
    for (id, (sequence, contribution)) in &shared {
        match (applied.contains_key(id), refused.contains(sequence)) {
            (true, false) | (false, true) => {}
            (true, true) => verdict.add("effects.twice", format!("{id} is applied and dead")),
            (false, false) => {
                let Contribution { agent, night, .. } = contribution;
                verdict.add("effects.lost", format!("{id} of {agent}, shared in {night}, is in no revision"));
            }
        }
    }
    verdict.count("effects.contributions", shared.len());
    verdict.count("effects.applied", applied.len());
    verdict.count("effects.articles", revisions.len());
    verdict.count("effects.revisions", streams.library.len());
}

/// An agent asked a question once a day: the same asking is not recorded twice.
fn needs(streams: &Streams, verdict: &mut Verdict) {
    let mut asked = BTreeSet::new();
    for message in streams.aid.iter().filter(|m| m.subject.starts_with("commune.aid.need.")) {
        let Some(need) = event::<NeedAsked>(message, verdict) else { continue };
        if !asked.insert((need.need.clone(), need.asker.clone(), need.asked_at.clone())) {
            verdict.add("effects.twice", format!("{} asked {} twice at {}", need.asker, need.need, need.asked_at));
        }
    }
}

/// No event is in a stream twice.
fn once(streams: &Streams, verdict: &mut Verdict) {
    for messages in [&streams.nights, &streams.memory, &streams.aid, &streams.library] {
        let mut seen: BTreeMap<&str, &Stored> = BTreeMap::new();
        for message in messages {
            // the server makes the due message of the schedule's, and a schedule may be armed again
            if [subject::NIGHT_SCHEDULE, subject::NIGHT_DUE].contains(&message.subject.as_str()) {
                continue;
            }
            let Some(id) = message.header(attribute::ID) else {
                verdict.add("effects.id", format!("{} #{} has no id", message.subject, message.sequence));
                continue;
            };
            if let Some(before) = seen.insert(id, message) {
                let what = format!(
                    "{id} is {} #{} and {} #{}",
                    before.subject, before.sequence, message.subject, message.sequence
                );
                verdict.add("effects.id-twice", what);
            }
        }
    }
    let mut letters = BTreeSet::new();
    for letter in &streams.dead {
        if !letters.insert((&letter.stage, &letter.original_stream, letter.original_sequence)) {
            verdict
                .add("effects.twice", format!("two dead letters of {} for {}", letter.stage, letter.original_subject));
        }
    }
}
