//! What the librarian's process does: one list, from start to drain.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use commune_bus::{Bus, BusOptions, Connection, ConsumerSpec, StreamName, View, subject};
use commune_knowledge::{embedding::Embedder, personal::Names};
use commune_runtime::{grpc::Contract, health::Part, service::Context, store_file::StoreFile};
use jiff::{SignedDuration, tz::TimeZone};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{LibraryApi, Readers},
    catalogue::Catalogue,
    commons::Commons,
    figures::Gauges,
    handlers,
    handlers::{Curator, FeedbackHandler, ProposalsHandler, Views, Withdrawals},
    library::Library,
    meaning,
    nights::Nights,
    settings::{Consent, Embeddings, Settings},
    tending::Tending,
    transformer::Transformer,
    uses::{Uses, reads::Reads},
};

/// Runs until drained.
///
/// # Errors
/// When the service cannot start, or a part of it ends in an error.
pub async fn run(settings: Settings, context: Context) -> anyhow::Result<()> {
    let stop = context.stop.clone();
    let time_zone = TimeZone::get(&settings.commune.time_zone)
        .with_context(|| format!("commune.time_zone: `{}` is not a time zone", settings.commune.time_zone))?;
    let bus_part = context.health.part("bus");
    let topology_part = context.health.part("topology");
    let views_part = context.health.part("views");
    let index_part = context.health.part("index");
    topology_part.not_ready("waiting for the bus");
    views_part.not_ready("waiting for the bus");
    index_part.not_ready("waiting for the library");

    let bus = Bus::connect(BusOptions {
        url: settings.nats.url.clone(),
        name: context.instance.clone(),
        nkey_seed: settings.nats.nkey_seed()?,
        replicas: settings.nats.replicas,
        fault: context.fault.as_deref().map(str::parse).transpose().context("COMMUNE_FAULT")?,
    })
    .await?;
    let connection = tokio::spawn(watch_connection(bus.clone(), bus_part, stop.clone()));
    let store = StoreFile::read(&settings.nats)?;
    tokio::select! {
        made = bus.ensure_store(store.kept(), store.place()) => store.keep(&made?)?,
        () = stop.cancelled() => {
            bus.drain().await;
            return Ok(());
        }
    }
    topology_part.ready();

    // what handlers read goes on until the last of them is done
    let views_stop = CancellationToken::new();
    let index_file = Some(settings.library.index_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let library = match &index_file {
        // beside the index
        Some(file) => {
            let kept = file.with_extension("stream");
            View::start_kept(&bus, StreamName::Library, Library::default(), kept, views_stop.clone())
        }
        None => View::start(&bus, StreamName::Library, Vec::new(), Library::default(), views_stop.clone()),
    };
    let commons = View::start(&bus, StreamName::Aid, Vec::new(), Commons::default(), views_stop.clone());
    let nights = View::start(&bus, StreamName::Nights, nights_filters(), Nights::default(), views_stop.clone());
    let uses = View::start(&bus, StreamName::Uses, Vec::new(), Uses::default(), views_stop.clone());
    let reads = Reads::new(bus.clone(), uses.clone(), context.clock.clone());
    let mut catalogue = Catalogue::new(library.clone())?;
    if let Some(file) = index_file {
        catalogue = catalogue.saved_in(file);
    }
    let views = Views {
        catalogue: catalogue.clone(),
        commons: commons.clone(),
        nights: nights.clone(),
        reads: reads.clone(),
        tending: Tending::new(catalogue.clone(), commons.clone()),
    };
    let names = Arc::new(Names::new(context.roster.names()));
    let people = (Arc::clone(&context.roster), names);
    let curator = Arc::new(Curator::new(
        bus.clone(),
        views.clone(),
        context.clock.clone(),
        time_zone.clone(),
        people.clone(),
        Consent::from(&settings.consent),
    ));
    let embeddings = settings.library.embeddings;
    let transformer: Option<Arc<dyn Embedder>> = match embeddings {
        Embeddings::Static => None,
        Embeddings::Documents | Embeddings::Both => {
            Some(Arc::new(Transformer::load(&settings.library.model_folder, true)?))
        }
    };
    let api = LibraryApi::new(
        bus.clone(),
        views,
        context.clock.clone(),
        time_zone,
        people,
        (settings.library.watchers, Consent::from(&settings.consent)),
        stop.clone(),
    )
    .read_by(Readers { transformer: transformer.clone(), by_transformer: embeddings == Embeddings::Both });
    let embedded = tokio::spawn({
        let (library, meanings, stop) = (library.clone(), Arc::new(catalogue.clone()), views_stop.clone());
        async move {
            if let Some(transformer) = transformer {
                meaning::follow(transformer, library, meanings, stop).await;
            }
        }
    });

    let gauges = Gauges {
        catalogue: catalogue.clone(),
        commons: commons.clone(),
        nights: nights.clone(),
        clock: context.clock.clone(),
        late: SignedDuration::from_mins(settings.library.late_after_minutes.into()),
    };
    let figures = tokio::spawn(gauges.follow(views_stop.clone()));
    let follow = tokio::spawn(catalogue.follow(index_part, views_stop.clone()));
    let watch_views = tokio::spawn(watch_views(library, commons, nights, uses, views_part, views_stop.clone()));
    let routes = tonic::service::Routes::new(api.into_server());
    let contract = Contract { descriptors: commune_proto::FILE_DESCRIPTOR_SET, access: commune_proto::ACCESS };
    let serve = context.serve_grpc(routes, contract);
    let read = tokio::spawn(reads.clone().follow(stop.clone()));
    let withdrawals = Arc::new(Withdrawals(Arc::clone(&curator)));
    let feedback = Arc::new(FeedbackHandler(Arc::clone(&curator)));
    let proposals = Arc::new(ProposalsHandler(Arc::clone(&curator)));
    let look = tokio::spawn(Arc::clone(&proposals).follow(stop.clone()));
    let settle = bus.consume(proposals_consumer(), proposals, stop.clone());
    let consume = bus.consume(trail_consumer(), curator, stop.clone());
    let take_out = bus.consume(withdrawn_consumer(), withdrawals, stop.clone());
    let [said, dropped] = feedback_consumers();
    let said = bus.consume(said, Arc::clone(&feedback), stop.clone());
    let dropped = bus.consume(dropped, feedback, stop.clone());

    let work = async {
        let (served, consumed, taken_out, settled, said, dropped) = tokio::join!(
            part(&stop, "gRPC", serve),
            part(&stop, "consuming the trail", consume),
            part(&stop, "consuming withdrawals", take_out),
            part(&stop, "consuming the ends of windows", settle),
            part(&stop, "consuming feedback", said),
            part(&stop, "consuming feedback without an id", dropped),
        );
        // nobody reads any more
        reads.drain().await;
        served.and(consumed).and(taken_out).and(settled).and(said).and(dropped)
    };
    let store_part = context.health.part("store");
    let ended = tokio::select! {
        biased;
        // everything is dropped where it stands: the store is not the one that it was begun for
        refused = bus.store_refused(|doubt| store_part.ready_unless(doubt)) => {
            stop.cancel();
            Err(refused.into())
        }
        ended = work => ended,
    };
    views_stop.cancel();
    for task in [connection, figures, follow, watch_views, embedded, read, look] {
        if let Err(failed) = task.await {
            tracing::error!(error = %failed, "a background task failed");
        }
    }
    bus.drain().await;
    ended
}

/// A part of the service: whichever ends first, in an error or not, drains the rest.
async fn part<E>(
    stop: &CancellationToken,
    name: &'static str,
    part: impl Future<Output = Result<(), E>>,
) -> anyhow::Result<()>
where
    Result<(), E>: anyhow::Context<(), E>,
{
    let ended = part.await.with_context(|| format!("{name} ended"));
    stop.cancel();
    ended
}

fn trail_consumer() -> ConsumerSpec {
    ConsumerSpec {
        stage: handlers::STAGE,
        stream: StreamName::Nights,
        durable: "librarian",
        filters: vec![subject::TRAIL_ALL.into()],
        concurrency: 4,
        ack_wait: Duration::from_secs(15),
        max_attempts: 20,
    }
}

fn withdrawn_consumer() -> ConsumerSpec {
    ConsumerSpec {
        stream: StreamName::Aid,
        durable: "librarian-withdrawn",
        filters: vec![subject::WITHDRAWN_ALL.into()],
        ..trail_consumer()
    }
}

fn proposals_consumer() -> ConsumerSpec {
    ConsumerSpec { durable: "librarian-proposals", filters: vec![subject::PROPOSAL_DUE_ALL.into()], ..trail_consumer() }
}

/// What agents say of articles, with an id and without; nothing else that they say is read here.
fn feedback_consumers() -> [ConsumerSpec; 2] {
    let of = |stream, durable, filter| ConsumerSpec { stream, durable, filters: vec![filter], ..trail_consumer() };
    [
        of(StreamName::Agents, "librarian-feedback", subject::kind_in_agents("feedback")),
        of(StreamName::Drops, "librarian-feedback-drops", subject::kind_in_drops("feedback")),
    ]
}

fn nights_filters() -> Vec<String> {
    vec![subject::NIGHT_OPENED_ALL.into(), subject::NIGHT_BEGUN_ALL.into(), subject::TRAIL_ALL.into()]
}

async fn watch_connection(bus: Bus, health: Part, stop: CancellationToken) {
    let mut connection = bus.connection();
    loop {
        match *connection.borrow_and_update() {
            Connection::Up => health.ready(),
            Connection::Down => health.not_ready("the bus cannot be reached; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = connection.changed() => if changed.is_err() { return },
        }
    }
}

/// The views are ready while they are current; looked at again every second, since nothing tells of a stall.
async fn watch_views(
    library: View<Library>,
    commons: View<Commons>,
    nights: View<Nights>,
    uses: View<Uses>,
    health: Part,
    stop: CancellationToken,
) {
    let caught_up = async {
        library.caught_up().await;
        commons.caught_up().await;
        nights.caught_up().await;
        uses.caught_up().await;
    };
    tokio::select! {
        () = stop.cancelled() => return,
        () = caught_up => {}
    }
    loop {
        if library.is_current() && commons.is_current() && nights.is_current() && uses.is_current() {
            health.ready();
        } else {
            health.not_ready("a view is behind its stream");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}
