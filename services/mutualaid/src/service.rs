//! What the process does: five consumers over three views, and health.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use commune_bus::{Bus, BusError, BusOptions, Connection, ConsumerSpec, Handler, StreamName, subject};
use commune_knowledge::personal::Names;
use commune_proto::librarian::v1::library_service_client::LibraryServiceClient;
use commune_runtime::{grpc::Contract, service::Context, store_file::StoreFile};
use jiff::tz::TimeZone;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    handlers::{MemoryTidiedHandler, MutualAid, NeedAskedHandler, SOURCE, WithdrawHandler},
    settings::Settings,
    share::clear::Guard,
    views::Views,
};

/// How long the server waits for an acknowledgement; progress is sent meanwhile.
const ACK_WAIT: Duration = Duration::from_secs(15);
/// Deliveries of one night: the librarian may be away for a while.
const ATTEMPTS: u64 = 20;
/// How often readiness looks at the views.
const LOOK: Duration = Duration::from_millis(500);

/// Runs the service until it is to drain: consumers first, then the views, then the connection.
///
/// # Errors
/// When the settings cannot be used, the streams cannot be made ready, or a consumer or gRPC fails for good.
pub async fn run(settings: Settings, context: Context) -> anyhow::Result<()> {
    let zone = TimeZone::get(&context.common.commune.time_zone).with_context(|| {
        format!("commune.time_zone is `{}`: use an IANA name such as Europe/Paris", context.common.commune.time_zone)
    })?;
    let librarian = LibraryServiceClient::new(settings.share.channel()?);
    let (names, key) = (Names::new(context.roster.names()), settings.share.fingerprint_key()?);
    let guard = Guard { names, key, ..Guard::default() };
    let guard = Arc::new(guard);
    let bus = Bus::connect(options(&context)?).await?;

    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let health = context.clone();
    tasks.spawn(async move {
        let contract = Contract { descriptors: commune_proto::FILE_DESCRIPTOR_SET, access: commune_proto::ACCESS };
        health.serve_grpc(tonic::service::Routes::default(), contract).await
    });
    watch_connection(&bus, &context);

    let topology = context.health.part("topology");
    let views_part = context.health.part("views");
    topology.not_ready("the streams are being made ready");
    views_part.not_ready("the views are being built");
    let store = StoreFile::read(&context.common.nats)?;
    tokio::select! {
        () = context.stop.cancelled() => return Ok(()),
        made = bus.ensure_store(store.kept(), store.place()) => store.keep(&made?)?,
    }
    topology.ready();

    let views_stop = CancellationToken::new();
    let views = Views::start(&bus, &views_stop);
    watch_views(views.clone(), views_part, context.stop.clone());

    let clock = context.clock.clone();
    let aid = Arc::new(MutualAid {
        bus: bus.clone(),
        views,
        librarian,
        clock,
        zone,
        cap: settings.share.cap,
        needs_per_day: settings.needs.per_day,
        guard,
        roster: context.roster.clone(),
    });
    register(&mut tasks, &aid, settings.share.concurrency, &context.stop);

    let store = context.health.part("store");
    let ended = tokio::select! {
        biased;
        // everything is dropped where it stands: the store is not the one that it was begun for
        refused = bus.store_refused(|doubt| store.ready_unless(doubt)) => Err(refused.into()),
        ended = until_drained(&mut tasks, &context.stop) => ended,
    };
    drop(tasks);
    views_stop.cancel();
    bus.drain().await;
    ended
}

/// The one list of what this service reacts to.
fn register(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    aid: &Arc<MutualAid>,
    concurrency: usize,
    stop: &CancellationToken,
) {
    let tidied = Arc::new(MemoryTidiedHandler(Arc::clone(aid)));
    let asked = Arc::new(NeedAskedHandler(Arc::clone(aid)));
    let withdrawn = Arc::new(WithdrawHandler(Arc::clone(aid)));
    let mut on = Registrar { tasks, bus: aid.bus.clone(), concurrency, stop };
    on.messages(StreamName::Memory, "mutualaid", subject::MEMORY_TIDIED_ALL.to_owned(), &tidied);
    on.messages(StreamName::Agents, "mutualaid-needs", subject::kind_in_agents("need"), &asked);
    on.messages(StreamName::Drops, "mutualaid-needs-drops", subject::kind_in_drops("need"), &asked);
    on.messages(StreamName::Agents, "mutualaid-withdraws", subject::kind_in_agents("withdraw"), &withdrawn);
    on.messages(StreamName::Drops, "mutualaid-withdraws-drops", subject::kind_in_drops("withdraw"), &withdrawn);
}

struct Registrar<'a> {
    tasks: &'a mut JoinSet<anyhow::Result<()>>,
    bus: Bus,
    concurrency: usize,
    stop: &'a CancellationToken,
}

impl Registrar<'_> {
    fn messages<H: Handler>(&mut self, stream: StreamName, durable: &'static str, filter: String, handler: &Arc<H>) {
        let spec = ConsumerSpec {
            stage: SOURCE,
            stream,
            durable,
            filters: vec![filter],
            concurrency: self.concurrency,
            ack_wait: ACK_WAIT,
            max_attempts: ATTEMPTS,
        };
        let (bus, handler, stop) = (self.bus.clone(), Arc::clone(handler), self.stop.clone());
        self.tasks.spawn(async move {
            consume(bus, spec, handler, stop).await.with_context(|| format!("consumer {durable}"))
        });
    }
}

async fn consume<H: Handler>(
    bus: Bus,
    spec: ConsumerSpec,
    handler: Arc<H>,
    stop: CancellationToken,
) -> Result<(), BusError> {
    bus.consume(spec, handler, stop).await
}

/// Waits for every task. The first failure, or a task that ends unasked, stops the others.
async fn until_drained(tasks: &mut JoinSet<anyhow::Result<()>>, stop: &CancellationToken) -> anyhow::Result<()> {
    let mut ended = Ok(());
    while let Some(task) = tasks.join_next().await {
        let task = task.context("a task of the service ended abnormally").flatten();
        if ended.is_ok() {
            ended = match task {
                Ok(()) if !stop.is_cancelled() => Err(anyhow::anyhow!("a task of the service ended unasked")),
                task => task,
            };
        }
        stop.cancel();
    }
    ended
}

fn watch_connection(bus: &Bus, context: &Context) {
    let part = context.health.part("bus");
    let mut connection = bus.connection();
    let stop = context.stop.clone();
    tokio::spawn(async move {
        loop {
            match *connection.borrow_and_update() {
                Connection::Up => part.ready(),
                Connection::Down => part.not_ready("the NATS server cannot be reached; trying again"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                changed = connection.changed() => if changed.is_err() { return },
            }
        }
    });
}

fn watch_views(views: Views, part: commune_runtime::health::Part, stop: CancellationToken) {
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => return,
            () = views.caught_up() => {}
        }
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => {}
            }
            if views.are_current() {
                part.ready();
            } else {
                part.not_ready("a view cannot follow its stream; trying again");
            }
        }
    });
}

fn options(context: &Context) -> anyhow::Result<BusOptions> {
    let nats = &context.common.nats;
    Ok(BusOptions {
        url: nats.url.clone(),
        name: context.instance.clone(),
        nkey_seed: nats.nkey_seed()?,
        replicas: nats.replicas,
        fault: context.fault.as_deref().map(str::parse).transpose().context("COMMUNE_FAULT")?,
    })
}
