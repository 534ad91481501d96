//! What mutual aid counts of its nights, for whoever looks at the metrics: nothing of it names an agent.

use std::sync::LazyLock;

use opentelemetry::{KeyValue, global, metrics::Counter};

use crate::share::place::Action;

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let meter = global::meter("mutualaid");
    let counter = |name: &'static str, unit: &'static str, says: &'static str| {
        meter.u64_counter(name).with_unit(unit).with_description(says).build()
    };
    Figures {
        contributions: counter("commune.contributions", "{contribution}", "Contributions, by what was decided of them"),
        held: counter("commune.notes.held", "{note}", "Notes that were held back, by the rule"),
    }
});

struct Figures {
    contributions: Counter<u64>,
    held: Counter<u64>,
}

/// It was decided where a contribution goes, and that is stored.
pub(crate) fn placed(action: Action) {
    let action = match action {
        Action::Update => "update",
        Action::Create => "create",
        Action::Confirm => "confirm",
        Action::Echo => "echo",
    };
    FIGURES.contributions.add(1, &[KeyValue::new("commune.action", action)]);
}

/// A note is held back by a rule, of which there are as many as are written down in the code.
pub(crate) fn held(rule: &str) {
    FIGURES.held.add(1, &[KeyValue::new("commune.rule", rule.to_owned())]);
}
