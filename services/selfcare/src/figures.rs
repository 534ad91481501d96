//! What selfcare counts of its nights, for whoever looks at the metrics: nothing of it names an agent.

use std::sync::LazyLock;

use opentelemetry::{KeyValue, global, metrics::Counter};

use crate::memory::{Note, State};

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let meter = global::meter("selfcare");
    let counter = |name: &'static str, unit: &'static str, says: &'static str| {
        meter.u64_counter(name).with_unit(unit).with_description(says).build()
    };
    Figures {
        begun: counter("commune.nights.begun", "{night}", "Nights that were begun, one for each agent"),
        notes: counter("commune.notes", "{note}", "Notes that nights took in, and what became of notes"),
    }
});

struct Figures {
    begun: Counter<u64>,
    notes: Counter<u64>,
}

/// The nights of so many agents have begun.
pub(crate) fn begun(agents: usize) {
    FIGURES.begun.add(u64::try_from(agents).unwrap_or(u64::MAX), &[]);
}

/// A night has taken notes in, left out what is invalid, and changed these.
pub(crate) fn tidied(new: u64, invalid: u64, changed: &[Note]) {
    let of = |state: State| changed.iter().filter(|note| note.state == state).count();
    let moved = |state| u64::try_from(of(state)).unwrap_or(u64::MAX);
    for (outcome, count) in [
        ("new", new),
        ("invalid", invalid),
        ("merged", moved(State::Merged)),
        ("superseded", moved(State::Superseded)),
        ("archived", moved(State::Archived)),
    ] {
        FIGURES.notes.add(count, &[KeyValue::new("commune.outcome", outcome)]);
    }
}
