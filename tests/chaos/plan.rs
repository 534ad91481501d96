//! Which faults come in a run, in which order: a function of the seed alone.

use std::time::Duration;

use crate::roll::Roll;

pub const SERVICES: [&str; 3] = ["selfcare", "mutualaid", "librarian"];
/// Replicas of each service.
pub const REPLICAS: usize = 2;

/// A replica of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub service: usize,
    pub replica: usize,
}

impl Who {
    /// Its place in the world's list of members.
    pub fn index(self) -> usize {
        self.service * REPLICAS + self.replica
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", SERVICES[self.service], self.replica)
    }
}

/// Whose way to the server is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    Of(Who),
    AllServices,
    Agents,
}

/// One fault. What it does is in `faults.rs`.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// SIGKILL of a replica, at any moment.
    Kill(Who, Duration),
    /// A replica dies at a named point.
    Crash(Who, &'static str, &'static str, usize),
    /// SIGKILL of both replicas of a service.
    KillService(usize, Duration),
    /// SIGKILL of a nats-server; it comes back with its store.
    KillServer(usize, Duration),
    /// A replica stands still for longer than the server waits for its acknowledgements, and then goes on.
    Freeze(Who, Duration),
    /// The nats-server stands still.
    FreezeServer(usize, Duration),
    /// Everything takes longer.
    Latency(Ways, Duration, Duration),
    /// Nothing comes through, and nobody is told; then everything comes at once.
    HalfOpen(Ways, Duration),
    /// What the server answers is lost, then the connection.
    LostAnswers(Ways, Duration),
    /// Connections are reset, several times.
    Resets(Ways, usize),
    /// mutualaid cannot reach the librarian.
    NoLibrarian(usize, Duration),
    /// Every replica is asked to end and started again, one after the other.
    RollingRestart,
    /// The disk of the server is full for a while.
    FullDisk(Duration),
    /// The server's disk answers each sync with an error for a while, then the server is killed.
    FailingSync(Duration),
    /// The clocks of the services move by so many seconds, of one or of all, and a selfcare starts again.
    Clock(Option<Who>, i64),
    /// A server of three is cut off from the two others.
    Isolate(usize, Duration),
}

impl Fault {
    /// Its kind, for figures.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kill(..) => "replica killed",
            Self::Crash(..) => "replica killed at a point",
            Self::KillService(..) => "both replicas killed",
            Self::KillServer(..) => "nats-server killed",
            Self::Freeze(..) => "replica stopped past the acknowledgement wait",
            Self::FreezeServer(..) => "nats-server stopped",
            Self::Latency(..) => "latency",
            Self::HalfOpen(..) => "half-open connections",
            Self::LostAnswers(..) => "lost acknowledgements",
            Self::Resets(..) => "connections reset",
            Self::NoLibrarian(..) => "librarian out of reach",
            Self::RollingRestart => "rolling restart",
            Self::FullDisk(..) => "disk full",
            Self::FailingSync(..) => "failing sync",
            Self::Clock(..) => "clock moved",
            Self::Isolate(..) => "server isolated",
        }
    }
}

/// Where replicas can be made to die: durable and points, by service.
const POINTS: [&str; 6] =
    ["after-receive", "after-decide", "after-state", "after-publish", "before-acknowledge", "after-acknowledge"];
const DURABLES: [&str; 3] = ["selfcare-nights", "mutualaid", "librarian"];

const HOUR: i64 = 3600;

/// The faults of a run, without end. The kinds come in a shuffled order, each once before any comes again.
pub struct Plan {
    roll: Roll,
    /// nats-servers: 1 or 3.
    servers: usize,
    deck: Vec<usize>,
}

/// How many kinds of fault a deck holds.
const KINDS: usize = 16;

impl Plan {
    pub fn new(seed: u64, servers: usize) -> Self {
        Self { roll: Roll::new(seed, 1), servers, deck: Vec::new() }
    }

    fn kind(&mut self) -> usize {
        if self.deck.is_empty() {
            self.deck = (0..KINDS).collect();
            for last in (1..self.deck.len()).rev() {
                let other = self.roll.below(last + 1);
                self.deck.swap(last, other);
            }
        }
        self.deck.pop().expect("just filled")
    }

    fn who(&mut self) -> Who {
        Who { service: self.roll.below(SERVICES.len()), replica: self.roll.below(REPLICAS) }
    }

    fn ways(&mut self) -> Ways {
        match self.roll.below(4) {
            0 => Ways::Agents,
            1 => Ways::AllServices,
            _ => Ways::Of(self.who()),
        }
    }

    fn time(&mut self, least: u64, most: u64) -> Duration {
        self.roll.between(Duration::from_millis(least), Duration::from_millis(most))
    }
}

impl Iterator for Plan {
    type Item = Fault;

    fn next(&mut self) -> Option<Fault> {
        let server = self.roll.below(self.servers);
        Some(match self.kind() {
            0 => Fault::Kill(self.who(), self.time(0, 3_000)),
            1 | 2 => {
                let who = self.who();
                let (point, nth) = (self.roll.pick(&POINTS), 1 + self.roll.below(4));
                Fault::Crash(who, DURABLES[who.service], point, nth)
            }
            3 => Fault::KillService(self.roll.below(SERVICES.len()), self.time(0, 3_000)),
            4 => Fault::KillServer(server, self.time(0, 4_000)),
            5 => Fault::Freeze(self.who(), self.time(16_000, 19_000)),
            6 => Fault::FreezeServer(server, self.time(500, 7_000)),
            7 => Fault::Latency(self.ways(), self.time(20, 400), self.time(3_000, 6_000)),
            8 => Fault::HalfOpen(self.ways(), self.time(2_000, 12_000)),
            9 => Fault::LostAnswers(self.ways(), self.time(500, 3_000)),
            10 => Fault::Resets(self.ways(), 1 + self.roll.below(5)),
            11 => Fault::NoLibrarian(self.roll.below(REPLICAS), self.time(1_000, 5_000)),
            12 => Fault::RollingRestart,
            13 if self.servers == 1 => Fault::FullDisk(self.time(1_000, 4_000)),
            14 if self.servers == 1 => Fault::FailingSync(self.time(1_000, 3_000)),
            13 | 14 => Fault::Isolate(server, self.time(2_000, 8_000)),
            _ => {
                // an hour either way, a day, and the two changes of daylight saving time (see `world.rs`)
                let step = self.roll.pick(&[HOUR, -HOUR, 24 * HOUR, -24 * HOUR, TO_SPRING, TO_AUTUMN]);
                let who = if self.roll.percent(50) { None } else { Some(self.who()) };
                Fault::Clock(who, step)
            }
        })
    }
}

/// Not numbers of seconds, but marks: the clock is set shortly before the next change in spring or autumn, runs for a
/// moment, and is set after it.
pub const TO_SPRING: i64 = i64::MAX;
pub const TO_AUTUMN: i64 = i64::MIN;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_gives_one_plan_and_every_kind_comes() {
        let plan = |seed, servers| Plan::new(seed, servers).take(200).collect::<Vec<_>>();
        assert_eq!(plan(7, 1), plan(7, 1));
        assert_ne!(plan(7, 1), plan(8, 1));
        let kinds = |servers| plan(7, servers).iter().map(Fault::kind).collect::<BTreeSet<_>>();
        assert_eq!(kinds(1).len(), 15, "{:?}", kinds(1));
        assert!(!kinds(1).contains("server isolated") && kinds(3).contains("server isolated"));
        assert!(!kinds(3).contains("disk full"));
    }
}
