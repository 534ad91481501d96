//! History is append-only: every earlier read of a stream is a prefix of every later one.

use std::collections::BTreeMap;

use commune_bus::{Bus, BusError, Stored, StreamName, subject};
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};

use super::Verdict;

/// Reads in flight.
const READS: usize = 16;
/// Older sequences that each observation reads again, of each stream.
const AGAIN: u64 = 40;
/// The streams that are observed. Artifacts are not: no agent of a run has any.
const OBSERVED: [StreamName; 7] = [
    StreamName::Agents,
    StreamName::Drops,
    StreamName::Memory,
    StreamName::Aid,
    StreamName::Library,
    StreamName::Nights,
    StreamName::Dead,
];

/// What a sequence held when it was read first; none when it held nothing.
type Seen = Option<([u8; 16], String)>;

/// What was seen of each stream so far.
#[derive(Debug, Clone, Default)]
pub struct History {
    streams: BTreeMap<StreamName, Vec<Seen>>,
    verdict: Verdict,
    observations: u64,
}

impl History {
    /// Reads what is new of every stream, and some of what is not. A server that cannot be asked is no violation while
    /// faults are at work: what was read stays read, and the rest is read the next time.
    pub async fn observe(&mut self, bus: &Bus) {
        self.observations += 1;
        for name in OBSERVED {
            if self.follow(bus, name).await.is_err() {
                self.verdict.count("history.interrupted", 1);
                return;
            }
        }
    }

    /// Reads everything again, to the last message: for the end of a run.
    pub async fn observe_all(&mut self, bus: &Bus) {
        self.observe(bus).await;
        for name in OBSERVED {
            let known = self.streams.get(&name).map_or(0, Vec::len) as u64;
            if let Err(error) = self.read(bus, name, 1..=known).await {
                self.verdict.add("streams.unreadable", format!("{}: {error}", name.as_str()));
            }
        }
    }

    /// What was found so far.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = self.verdict.clone();
        verdict.count("history.observations", usize::try_from(self.observations).unwrap_or(usize::MAX));
        verdict.count("history.messages", self.streams.values().map(Vec::len).sum());
        verdict
    }

    async fn follow(&mut self, bus: &Bus, name: StreamName) -> Result<(), BusError> {
        let last = bus.last_sequence(name).await?;
        let known = self.streams.entry(name).or_default().len() as u64;
        if last < known && !gives_up_oldest(name) {
            let what = format!("{} went back from sequence {known} to {last}", name.as_str());
            self.verdict.add("history.went-back", what);
        }
        self.read(bus, name, known + 1..=last).await?;
        // a different part of what is old each time, so that all of it has its turn
        if known > 0 {
            let first = 1 + (self.observations * 37 * AGAIN) % known;
            self.read(bus, name, first..=(first + AGAIN).min(known)).await?;
        }
        Ok(())
    }

    async fn read(
        &mut self,
        bus: &Bus,
        name: StreamName,
        sequences: std::ops::RangeInclusive<u64>,
    ) -> Result<(), BusError> {
        let mut reads = stream::iter(sequences)
            .map(|sequence| async move { (sequence, bus.get(name, sequence).await) })
            .buffered(READS);
        while let Some((sequence, stored)) = reads.next().await {
            let stored = stored?;
            self.take(name, sequence, stored.as_ref());
        }
        Ok(())
    }

    /// Takes what a sequence holds now, in any order of sequences that leaves no gap.
    pub fn take(&mut self, name: StreamName, sequence: u64, stored: Option<&Stored>) {
        let seen = stored.map(|stored| (digest(stored), stored.subject.clone()));
        let known = self.streams.entry(name).or_default();
        let place = usize::try_from(sequence).unwrap_or(usize::MAX).saturating_sub(1);
        let Some(before) = known.get(place) else {
            known.push(seen);
            return;
        };
        let at = || format!("{} #{sequence}", name.as_str());
        let problem = match (before, &seen) {
            (Some((before, _)), Some((now, _))) if before == now => None,
            (None, None) => None,
            (Some((_, subject)), Some((_, now))) => {
                Some(("history.rewritten", format!("{}: {subject}, now {now}", at())))
            }
            (Some((_, subject)), None) if gives_up_oldest(name) || subject == subject::NIGHT_SCHEDULE => None,
            (Some((_, subject)), None) if subject.starts_with("commune.night.proposal.") => None,
            (Some((_, subject)), None) => Some(("history.vanished", format!("{}: {subject}", at()))),
            (None, Some((_, subject))) => Some(("history.inserted", format!("{}: {subject}", at()))),
        };
        if let Some((rule, what)) = problem {
            self.verdict.add(rule, what);
        }
    }
}

fn gives_up_oldest(name: StreamName) -> bool {
    name.definition().drops_oldest
}

fn digest(stored: &Stored) -> [u8; 16] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(stored.subject.as_bytes());
    for (name, value) in &stored.headers {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    part(&stored.payload);
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}
