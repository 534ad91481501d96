//! Crash points: named steps in the handling of a message at which a process can be made to end, for tests.
//!
//! Off unless a [`Fault`] is given to the connection. Handlers name the steps after which something different would
//! be lost or left behind; the loop names those that every message passes. **Nothing else may depend on them.**

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A step in the handling of one message, in their order. Not every stage has every one: intake writes nothing, so it
/// has no step of its own; what records a need, or answers a request for a night, has nothing that follows its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The message was delivered; its handler has not begun.
    AfterReceive,
    /// It is decided what will be written; nothing is.
    AfterDecide,
    /// The state and the event that tells of it are stored, as one atomic batch.
    AfterState,
    /// What follows the state is stored as well: the record of the trail, the next night's schedule.
    AfterPublish,
    /// The handler has ended; the message is not acknowledged.
    BeforeAcknowledge,
    /// The acknowledgement is sent; or the message is given back, or given up and the server has confirmed it.
    AfterAcknowledge,
}

impl Point {
    const ALL: [Self; 6] = [
        Self::AfterReceive,
        Self::AfterDecide,
        Self::AfterState,
        Self::AfterPublish,
        Self::BeforeAcknowledge,
        Self::AfterAcknowledge,
    ];

    /// As it is written in a fault.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AfterReceive => "after-receive",
            Self::AfterDecide => "after-decide",
            Self::AfterState => "after-state",
            Self::AfterPublish => "after-publish",
            Self::BeforeAcknowledge => "before-acknowledge",
            Self::AfterAcknowledge => "after-acknowledge",
        }
    }

    /// Where a panic is caught as the handler's own.
    fn is_in_handler(self) -> bool {
        !matches!(self, Self::BeforeAcknowledge | Self::AfterAcknowledge)
    }
}

/// What is to go wrong: `[panic@]<durable>:<point>:<when>`, such as `librarian:after-state:1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    action: Action,
    durable: String,
    point: Point,
    when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// The process ends at once: no destructor runs, nothing is flushed.
    Abort,
    /// The handler panics.
    Panic,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    /// The time that this process reaches the point, from 1.
    Nth(u64),
    /// Every time, for messages with this token in their subject.
    Agent(String),
}

/// A fault that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a fault: {why}. Write `[panic@]<durable>:<point>:<when>`; the point is one of {points}; when is a \
     number from 1 or, with panic@, `agent=<id>`",
    points = Point::ALL.map(Point::as_str).join(", ")
)]
pub struct FaultError {
    text: String,
    why: &'static str,
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let wrong = |why| FaultError { text: text.chars().take(200).collect(), why };
        let (action, rest) = match text.strip_prefix("panic@") {
            Some(rest) => (Action::Panic, rest),
            None => (Action::Abort, text),
        };
        let [durable, point, when] =
            rest.split(':').collect::<Vec<_>>().try_into().map_err(|_| wrong("it has not three parts"))?;
        if durable.is_empty() || !durable.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Err(wrong("its first part is not the name of a durable consumer"));
        }
        let point = Point::ALL.into_iter().find(|known| known.as_str() == point);
        let point = point.ok_or_else(|| wrong("there is no such point"))?;
        if action == Action::Panic && !point.is_in_handler() {
            return Err(wrong("a handler has ended before its message is acknowledged, it cannot panic there"));
        }
        let when = match when.strip_prefix("agent=") {
            Some(_) if action == Action::Abort => return Err(wrong("`agent=` is for panic@ only")),
            Some("") => return Err(wrong("it names no agent")),
            Some(agent) => When::Agent(agent.to_owned()),
            None => match when.parse() {
                Ok(ordinal) if ordinal > 0 => When::Nth(ordinal),
                _ => return Err(wrong("its last part is not a number from 1")),
            },
        };
        Ok(Self { action, durable: durable.to_owned(), point, when })
    }
}

/// Several faults, joined by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl FromStr for Faults {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = if self.action == Action::Panic { "panic@" } else { "" };
        write!(f, "{action}{}:{}:", self.durable, self.point.as_str())?;
        match &self.when {
            When::Nth(ordinal) => write!(f, "{ordinal}"),
            When::Agent(agent) => write!(f, "agent={agent}"),
        }
    }
}

/// A fault with how often its point was reached.
#[derive(Debug)]
pub(crate) struct Armed {
    fault: Fault,
    reached: AtomicU64,
}

impl Armed {
    pub(crate) fn all(faults: Option<&Faults>) -> Vec<Arc<Self>> {
        faults.into_iter().flat_map(|faults| &faults.0).cloned().map(Self::new).map(Arc::new).collect()
    }

    fn new(fault: Fault) -> Self {
        tracing::warn!(%fault, "a fault is armed: this process will fail on purpose");
        Self { fault, reached: AtomicU64::new(0) }
    }
}

/// The points of one delivery. Nothing happens at any of them unless a fault is armed for its consumer.
#[derive(Debug, Clone, Default)]
pub struct Points(Vec<Arc<Armed>>);

impl Points {
    pub(crate) fn of(armed: &[Arc<Armed>], durable: &str, subject: &str) -> Self {
        let meant = |armed: &&Arc<Armed>| {
            armed.fault.durable == durable
                && match &armed.fault.when {
                    When::Agent(agent) => subject.split('.').any(|token| token == agent),
                    When::Nth(_) => true,
                }
        };
        Self(armed.iter().filter(meant).cloned().collect())
    }

    /// Says that a point is reached. Ends the process, or panics, when that is what the fault is about.
    pub fn reach(&self, point: Point) {
        self.0.iter().filter(|armed| armed.fault.point == point).for_each(|armed| fail(armed));
    }
}

#[cold]
#[allow(clippy::panic, reason = "a fault that was asked for")]
fn fail(armed: &Armed) {
    let fault = &armed.fault;
    let ordinal = armed.reached.fetch_add(1, Ordering::Relaxed) + 1;
    if matches!(fault.when, When::Nth(wanted) if wanted != ordinal) {
        return;
    }
    match fault.action {
        Action::Panic => panic!("the fault {fault}"),
        Action::Abort => {
            tracing::error!("aborting at {fault}");
            std::process::abort()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(fault: &str, durable: &str, subject: &str) -> Points {
        Points::of(&Armed::all(Some(&fault.parse().unwrap())), durable, subject)
    }

    fn panics(points: &Points, point: Point) -> bool {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| points.reach(point))).is_err()
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for point in Point::ALL.map(Point::as_str) {
            let text = format!("selfcare-intake-drops:{point}:12");
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        for text in ["panic@librarian:after-state:1", "panic@selfcare-intake:after-receive:agent=poison"] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_the_format() {
        for (text, why) in [
            ("", "three parts"),
            ("librarian:after-state", "three parts"),
            ("librarian:after-state:1:2", "three parts"),
            (":after-state:1", "durable"),
            ("panic@panic@librarian:after-state:1", "durable"),
            ("librarian:after-lunch:1", "no such point"),
            ("librarian:after-state:0", "number from 1"),
            ("librarian:after-state:-1", "number from 1"),
            ("librarian:after-state:ada", "number from 1"),
            ("librarian:after-state:agent=ada", "panic@ only"),
            ("panic@librarian:after-state:agent=", "no agent"),
            ("panic@librarian:after-acknowledge:1", "cannot panic there"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("<durable>:<point>:<when>"), "{text}: {error}");
        }
    }

    #[test]
    fn only_the_wanted_time_at_the_wanted_point_fails() {
        let nights = points("panic@selfcare-nights:after-state:2", "selfcare-nights", "commune.night.begun.x.ada");
        assert!(!panics(&nights, Point::AfterDecide));
        assert!(!panics(&nights, Point::AfterState));
        assert!(!panics(&nights, Point::AfterDecide));
        assert!(panics(&nights, Point::AfterState));
        assert!(!panics(&nights, Point::AfterState));
        assert!(!panics(&points("panic@librarian:after-state:1", "selfcare-nights", "x"), Point::AfterState));
        assert!(!panics(&Points::default(), Point::AfterState));
    }

    #[test]
    fn one_of_several_faults_fails() {
        let both = "panic@selfcare-intake:after-receive:agent=bo,panic@librarian:after-state:1";
        assert!(panics(&points(both, "librarian", "x"), Point::AfterState));
        assert!(!panics(&points(both, "selfcare-intake", "x"), Point::AfterReceive));
        assert!(panics(&points(both, "selfcare-intake", "x.bo"), Point::AfterReceive));
        assert!("librarian:after-state:1,".parse::<Faults>().is_err());
    }

    #[test]
    fn an_agent_fails_every_time_and_alone() {
        let of = |subject| points("panic@selfcare-intake:after-receive:agent=bo", "selfcare-intake", subject);
        let bo = of("commune.agent.bo.note.n1");
        assert!(panics(&bo, Point::AfterReceive) && panics(&bo, Point::AfterReceive));
        assert!(!panics(&of("commune.agent.bob.note.n1"), Point::AfterReceive));
    }
}
