//! What the librarian counts, for whoever looks at the metrics: nothing of it names an agent, a page or a question.
//!
//! What stands in the streams (needs, nights, the index) is a gauge that each replica tells of all: of several replicas the greatest
//! counts, never the sum.

use std::{sync::LazyLock, time::Duration};

use commune_bus::View;
use commune_runtime::clock::Clock;
use jiff::SignedDuration;
use opentelemetry::{
    KeyValue, global,
    metrics::{Counter, Gauge},
};
use tokio_util::sync::CancellationToken;

use crate::{
    asked::is_answered,
    catalogue::Catalogue,
    commons::Commons,
    curate::GOOD_RANK,
    library::{Library, Revision},
    nights::Nights,
};

/// How often the gauges are looked at.
const EVERY: Duration = Duration::from_secs(5);

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let meter = global::meter("librarian");
    let counter = |name: &'static str, unit: &'static str, says: &'static str| {
        meter.u64_counter(name).with_unit(unit).with_description(says).build()
    };
    let gauge = |name: &'static str, unit: &'static str, says: &'static str| {
        meter.u64_gauge(name).with_unit(unit).with_description(says).build()
    };
    Figures {
        revisions: counter("commune.revisions", "{revision}", "Revisions that nights wrote"),
        statements: counter("commune.statements.shared", "{statement}", "Statements that were new to the library"),
        searched: counter(
            "commune.findability",
            "{question}",
            "Questions of new revisions, by whether they lead there",
        ),
        needs: gauge("commune.needs", "{need}", "Needs, by whether the library answers them"),
        articles: gauge("commune.articles", "{article}", "Pages of the library"),
        behind: gauge("commune.index.behind", "{article}", "Pages that changed and are not in the index yet"),
        nights: gauge("commune.nights.unfinished", "{night}", "Nights of agents that are not through all stages"),
        late: gauge("commune.nights.late", "{night}", "Nights of agents that should have been through all stages"),
        stuck: gauge("commune.nights.stuck", "{night}", "Nights of agents that are late and of which nothing moves"),
        silent: gauge(
            "commune.agents.silent",
            "{agent}",
            "Agents that used to write and have not for longer than usual",
        ),
        begun: gauge("commune.night.last_begun", "s", "When the newest night was begun, seconds since 1970"),
    }
});

struct Figures {
    revisions: Counter<u64>,
    statements: Counter<u64>,
    searched: Counter<u64>,
    needs: Gauge<u64>,
    articles: Gauge<u64>,
    behind: Gauge<u64>,
    nights: Gauge<u64>,
    late: Gauge<u64>,
    stuck: Gauge<u64>,
    silent: Gauge<u64>,
    begun: Gauge<u64>,
}

/// A revision was written.
pub(crate) fn curated(revision: &Revision) {
    FIGURES.revisions.add(1, &[]);
    FIGURES.statements.add(revision.provenance.iter().map(|p| u64::from(p.statements_added)).sum(), &[]);
    for ranked in &revision.findability {
        let found = (1..=GOOD_RANK).contains(&ranked.rank);
        FIGURES.searched.add(1, &[KeyValue::new("commune.found", found)]);
    }
}

/// What the gauges are read from.
#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) catalogue: Catalogue,
    pub(crate) commons: View<Commons>,
    pub(crate) nights: View<Nights>,
    pub(crate) clock: Clock,
    /// How long a night may take.
    pub(crate) late: SignedDuration,
}

impl Gauges {
    /// Tells the gauges every few seconds, until stopped. A view that is not whole yet tells nothing.
    pub(crate) async fn follow(self, stop: CancellationToken) {
        let whole = async {
            self.catalogue.library().caught_up().await;
            self.commons.caught_up().await;
            self.nights.caught_up().await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = whole => {}
        }
        let (mut asked_at, mut nights_at) = (None, None);
        loop {
            self.tell();
            let at = *self.nights.position().borrow();
            if nights_at != Some(at) {
                FIGURES.silent.record(number(self.nights.read(Nights::silent)), &[]);
                nights_at = Some(at);
            }
            // every need is looked through, so only when something was asked or written since
            let at = (*self.commons.position().borrow(), *self.catalogue.library().position().borrow());
            if asked_at != Some(at) {
                self.tell_needs();
                asked_at = Some(at);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    fn tell(&self) {
        FIGURES.articles.record(number(self.catalogue.library().read(Library::len)), &[]);
        FIGURES.behind.record(number(self.catalogue.behind()), &[]);
        let now = self.clock.now();
        let (unfinished, begun) = self.nights.read(|nights| (nights.unfinished(now, self.late), nights.last_begun()));
        FIGURES.nights.record(number(unfinished.all), &[]);
        FIGURES.late.record(number(unfinished.late), &[]);
        FIGURES.stuck.record(number(unfinished.stuck), &[]);
        if let Some(begun) = begun {
            FIGURES.begun.record(u64::try_from(begun.as_second()).unwrap_or(0), &[]);
        }
    }

    fn tell_needs(&self) {
        let (mut open, mut met) = (0_u64, 0_u64);
        self.commons.read(|commons| {
            self.catalogue.library().read(|library| {
                for need in commons.asked().needs(u64::MAX) {
                    let answers = commons.asked().answers(library, &need.id, u64::MAX);
                    *(if is_answered(&need, &answers) { &mut met } else { &mut open }) += 1;
                }
            });
        });
        FIGURES.needs.record(open, &[KeyValue::new("commune.state", "open")]);
        FIGURES.needs.record(met, &[KeyValue::new("commune.state", "met")]);
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
