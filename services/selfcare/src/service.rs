//! selfcare as a process: what it follows, what it consumes, what it serves; and the order in which it drains.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use commune_bus::{Bus, BusOptions, Connection, ConsumerSpec, Handler, StreamName, View, subject};
use commune_proto::{ACCESS, FILE_DESCRIPTOR_SET, selfcare::v1::memory_service_server::MemoryServiceServer};
use commune_runtime::{grpc::Contract, health::Part, service::Context, store_file::StoreFile};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    api::Api,
    handlers::{INTAKE_ATTEMPTS, Intake, Nights, Opens, SELFCARE, Shared},
    log_view::{Log, LogView},
    memory_view::Memories,
    schedule::Schedule,
    settings::Settings,
};

/// How often the schedule is looked after, besides each night itself.
const SCHEDULE_EVERY: Duration = Duration::from_secs(300);
/// How soon what failed to be looked after is tried again.
const SCHEDULE_RETRY: Duration = Duration::from_secs(3);
/// How often readiness is looked at.
const HEALTH_EVERY: Duration = Duration::from_millis(500);

/// Runs selfcare until it is told to drain.
///
/// # Errors
/// When the settings, the streams or the listener cannot be used.
pub async fn run(settings: Settings, context: Context) -> anyhow::Result<()> {
    let schedule = Schedule::new(&settings.night.time, &settings.commune.time_zone)?;
    let limits = settings.limits();
    let bus = Bus::connect(options(&settings, &context)?).await?;
    let api = Api::default();
    let routes = tonic::service::Routes::new(MemoryServiceServer::new(api.clone()));
    let stop = context.stop.clone();
    let work = async {
        let store = context.health.part("store");
        let worked = tokio::select! {
            biased;
            // everything is dropped where it stands: the store is not the one that it was begun for
            refused = bus.store_refused(|doubt| store.ready_unless(doubt)) => Err(refused.into()),
            worked = work(&settings, &context, bus.clone(), schedule, limits, api) => worked,
        };
        stop.cancel();
        worked
    };
    let contract = Contract { descriptors: FILE_DESCRIPTOR_SET, access: ACCESS };
    let watch = watch_bus(bus.clone(), context.health.part("bus"), context.stop.clone());
    let (served, worked, ()) = tokio::join!(context.serve_grpc(routes, contract), work, watch);
    bus.drain().await;
    worked.and(served)
}

async fn work(
    settings: &Settings,
    context: &Context,
    bus: Bus,
    schedule: Schedule,
    limits: crate::tidy::Limits,
    api: Api,
) -> anyhow::Result<()> {
    let (topology, views) = (context.health.part("topology"), context.health.part("views"));
    topology.not_ready("the streams are being looked at");
    views.not_ready("the streams are being read");
    let store = StoreFile::read(&settings.nats)?;
    tokio::select! {
        () = context.stop.cancelled() => return Ok(()),
        ready = bus.ensure_store(store.kept(), store.place()) => store.keep(&ready?)?,
    }
    topology.ready();

    // the views outlive the consumers, which finish their work with them
    let follow = CancellationToken::new();
    let _unfollow = follow.clone().drop_guard();
    let log = Log::default();
    let per_day = settings.night.notes_per_day;
    let view = |stream| {
        View::start(
            &bus,
            stream,
            Vec::new(),
            LogView::new(log.clone(), schedule.zone().clone(), per_day),
            follow.clone(),
        )
    };
    let memories = View::start(&bus, StreamName::Memory, Vec::new(), Memories::new(log.clone()), follow.clone());
    // first what the memories have, so that the log keeps no more than what waits
    tokio::select! {
        () = context.stop.cancelled() => return Ok(()),
        () = memories.caught_up() => {}
    }
    let (agents, drops) = (view(StreamName::Agents), view(StreamName::Drops));
    tokio::select! {
        () = context.stop.cancelled() => return Ok(()),
        () = async { tokio::join!(agents.caught_up(), drops.caught_up()); } => {}
    }
    let clock = context.clock.clone();
    let shared =
        Shared { bus: bus.clone(), log, agents, drops, memories, schedule, limits, known: Arc::default(), clock };
    api.serve(shared.clone());

    let stop = context.stop.clone();
    let opens = Arc::new(Opens::new(shared.clone()));
    let mut tasks = JoinSet::new();
    tasks.spawn(watch_views(shared.clone(), views, stop.clone()));
    tasks.spawn(keep_schedule(opens.clone(), stop.clone()));

    // everything that selfcare consumes
    let intake = Arc::new(Intake::new(shared.clone()));
    let nights = Arc::new(Nights::new(shared));
    let concurrency = settings.night.concurrency;
    consume(
        &mut tasks,
        &bus,
        spec("selfcare-intake", StreamName::Agents, &[], 64, INTAKE_ATTEMPTS),
        intake.clone(),
        &stop,
    );
    consume(
        &mut tasks,
        &bus,
        spec("selfcare-intake-drops", StreamName::Drops, &[], 64, INTAKE_ATTEMPTS),
        intake,
        &stop,
    );
    let opened_by = [subject::NIGHT_DUE, subject::NIGHT_REQUESTED_ALL];
    consume(&mut tasks, &bus, spec("selfcare-opens", StreamName::Nights, &opened_by, 1, 20), opens, &stop);
    let begun = [subject::NIGHT_BEGUN_ALL];
    consume(&mut tasks, &bus, spec("selfcare-nights", StreamName::Nights, &begun, concurrency, 20), nights, &stop);

    let mut result = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.context("a task ended early").and_then(|ended| ended);
        if ended.is_err() && result.is_ok() {
            result = ended;
            context.stop.cancel();
        }
    }
    result
}

fn options(settings: &Settings, context: &Context) -> anyhow::Result<BusOptions> {
    Ok(BusOptions {
        url: settings.nats.url.clone(),
        name: context.instance.clone(),
        nkey_seed: settings.nats.nkey_seed()?,
        replicas: settings.nats.replicas,
        fault: context.fault.as_deref().map(str::parse).transpose().context("COMMUNE_FAULT")?,
    })
}

fn spec(
    durable: &'static str,
    stream: StreamName,
    filters: &[&str],
    concurrency: usize,
    max_attempts: u64,
) -> ConsumerSpec {
    ConsumerSpec {
        stage: SELFCARE,
        stream,
        durable,
        filters: filters.iter().map(ToString::to_string).collect(),
        concurrency,
        ack_wait: Duration::from_secs(15),
        max_attempts,
    }
}

fn consume<H: Handler>(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    bus: &Bus,
    spec: ConsumerSpec,
    handler: Arc<H>,
    stop: &CancellationToken,
) {
    let (bus, stop) = (bus.clone(), stop.clone());
    tasks.spawn(async move {
        let durable = spec.durable;
        bus.consume(spec, handler, stop).await.with_context(|| format!("the consumer {durable} cannot be used"))
    });
}

async fn keep_schedule(opens: Arc<Opens>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        let wait = match opens.keep_schedule().await {
            Ok(()) => SCHEDULE_EVERY,
            Err(failure) => {
                tracing::warn!(?failure, "the schedule could not be looked after");
                SCHEDULE_RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn watch_bus(bus: Bus, part: Part, stop: CancellationToken) {
    let mut connection = bus.connection();
    loop {
        match *connection.borrow_and_update() {
            Connection::Up => part.ready(),
            Connection::Down => part.not_ready("the NATS server cannot be reached; trying for as long as it takes"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = connection.changed() => if changed.is_err() { return },
        }
    }
}

async fn watch_views(shared: Shared, part: Part, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        if shared.agents.is_current() && shared.drops.is_current() && shared.memories.is_current() {
            part.ready();
        } else {
            part.not_ready("the streams are being read");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(HEALTH_EVERY) => {}
        }
    }
}
