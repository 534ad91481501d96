//! Dead letters, and the night watch.

use commune_bus::{Bus, DeadLetter, StreamName};
use jiff::{SignedDuration, Timestamp};

use super::look::Looks;
use crate::{
    failure::Failure,
    night::{all_nights, judge},
};

/// Letters that are younger have not been looked at yet, it may be.
const NEW: SignedDuration = SignedDuration::from_hours(24);
/// Of the newest letters so many are read.
const READ: u64 = 1_000;

/// Looks at what could not be handled lately.
pub(super) async fn look_at_letters(looks: &mut Looks, bus: &Bus, now: Timestamp) {
    match newest_letters(bus).await {
        Ok((all, letters)) => judge_letters(looks, all, &letters, now),
        Err(failure) => looks.failed("letters", failure),
    }
}

/// How many letters there are, and the newest of them.
async fn newest_letters(bus: &Bus) -> Result<(u64, Vec<DeadLetter>), Failure> {
    let Some(found) = bus.inspect_stream(StreamName::Dead).await? else { return Ok((0, Vec::new())) };
    let first = found.last_sequence.saturating_sub(READ) + 1;
    Ok((found.messages, bus.dead_letters_from(first, usize::try_from(READ).unwrap_or(usize::MAX)).await?))
}

fn judge_letters(looks: &mut Looks, all: u64, letters: &[DeadLetter], now: Timestamp) {
    let new: Vec<&DeadLetter> =
        letters.iter().filter(|letter| now.duration_since(letter.message.stored_at) < NEW).collect();
    match new.last() {
        None => looks.well("letters", format!("none was given up in the last day ({all} older ones are kept)")),
        Some(newest) => looks.wrong(
            "letters",
            format!(
                "{} messages were given up in the last day; the newest by {}: {}",
                new.len(),
                newest.stage,
                newest.reason
            ),
            format!("`commune dead show {}`; mend the reason, then `commune dead replay {0}`", newest.sequence),
        ),
    }
}

/// Looks at nights that did not begin, are late, stuck or failed, and at agents that fell silent.
pub(super) async fn look(looks: &mut Looks, bus: &Bus, now: Timestamp) {
    let (nights, scheduled) = match (all_nights(bus).await, judge::scheduled(bus).await) {
        (Ok(nights), Ok(scheduled)) => (nights, scheduled),
        (Err(failure), _) | (_, Err(failure)) => return looks.failed("nights", failure),
    };
    let concerns = nights.read(|nights| judge::concerns(nights, scheduled, now));
    for concern in &concerns {
        looks.wrong("nights", concern.said(), concern.advice());
    }
    if concerns.is_empty() {
        let next = scheduled.next.map(|(night, due)| format!("; the next, {night}, is due {due}")).unwrap_or_default();
        looks.well("nights", format!("all that began are through, or have time{next}"));
    }
}
