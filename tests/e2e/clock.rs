//! A service's clock that jumps, and the two days of the year on which local time does: each night is opened once.

use commune_bus::{Bus, Outgoing, Stored, StreamName, subject};
use commune_proto::{NightId, night::v1::NightDue};
use commune_tests::{A_WHILE, NatsServer, Program, eventually, eventually_some};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

const LOS_ANGELES: &str = "America/Los_Angeles";

/// A server and one selfcare whose clock is the test's.
struct Clockwork {
    server: NatsServer,
    bus: Bus,
    dir: tempfile::TempDir,
    /// The hour of the nights, and the zone it is told in.
    settings: [(String, String); 2],
    selfcare: Option<Program>,
}

impl Clockwork {
    /// With a note of one agent, and no service yet.
    async fn new(time: &str, zone: &str) -> Self {
        let server = NatsServer::start().await;
        let dir = tempfile::tempdir().expect("a folder can be made");
        let bus = server.bus().await;
        let agent = server.agent().await;
        let answer = agent.request("commune.agent.ada.note.n1", "Oil the clock in spring.".into()).await;
        assert!(answer.is_ok(), "{answer:?}");
        let settings = [("NIGHT__TIME", time), ("COMMUNE__TIME_ZONE", zone)]
            .map(|(name, value)| (format!("COMMUNE_{name}"), value.to_owned()));
        Self { server, bus, dir, settings, selfcare: None }
    }

    /// Ends selfcare, sets its clock and starts it again; waits until it has looked after the schedule.
    async fn at(&mut self, time: Timestamp) {
        self.selfcare = None;
        let offset = time.duration_since(Timestamp::now()).as_secs();
        let file = self.dir.path().join("offset");
        std::fs::write(&file, offset.to_string()).expect("the folder can be written");
        let seed = self.dir.path().join("seed");
        std::fs::write(&seed, self.server.seed()).expect("the folder can be written");
        let mut environment = self.settings.to_vec();
        environment.extend(
            [
                ("NATS__URL", self.server.url()),
                ("NATS__NKEY_SEED_FILE", seed.display().to_string()),
                ("LISTEN__GRPC", "127.0.0.1:0".to_owned()),
                ("LISTEN__HTTP", "127.0.0.1:0".to_owned()),
                ("CLOCK_FILE", file.display().to_string()),
            ]
            .map(|(name, value)| (format!("COMMUNE_{name}"), value)),
        );
        self.selfcare = Some(Program::start("selfcare", &[], &environment, self.dir.path()));
        // whatever there is to make up for, the schedule is armed after it
        let (time, ahead) = (time - 1.minute(), SignedDuration::from_secs(-offset));
        eventually(A_WHILE, "the next night is scheduled by this clock", || async {
            self.scheduled().await.is_some_and(|at| {
                let here = at.checked_sub(ahead).expect("a time");
                here > time && here < time + 26.hours()
            })
        })
        .await;
        self.settled().await;
    }

    /// When the next night is due, by the server's clock.
    async fn scheduled(&self) -> Option<Timestamp> {
        let standing = self.bus.last(StreamName::Nights, subject::NIGHT_SCHEDULE).await.ok()??;
        standing.header("Nats-Schedule")?.strip_prefix("@at ")?.parse().ok()
    }

    async fn nights(&self, filter: &str) -> Vec<Stored> {
        self.bus.read(StreamName::Nights, &[filter], 1_000).await.expect("the server answers")
    }

    /// Waits until selfcare has nothing left to do.
    async fn settled(&self) {
        let options = async_nats::ConnectOptions::with_nkey(self.server.seed().to_owned());
        let client = options.connect(self.server.url()).await.expect("a service can connect");
        let context = async_nats::jetstream::new(client);
        for consumer in ["selfcare-opens", "selfcare-nights"] {
            eventually_some(A_WHILE, &format!("{consumer} is idle"), || async {
                let info = context.get_stream("NIGHTS").await.ok()?.consumer_info(consumer).await.ok()?;
                (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
            })
            .await;
        }
    }

    /// Waits until a night is opened.
    async fn opened(&self, night: &str) {
        let subject = subject::night_opened(night.parse().expect("a night"));
        eventually(A_WHILE, &format!("{night} is opened"), || async { self.nights(&subject).await.len() == 1 }).await;
        self.settled().await;
    }

    /// These nights were opened, begun and tidied, each once, and no other.
    async fn exactly(&self, nights: &[&str]) {
        self.settled().await;
        let subjects = |messages: Vec<Stored>| messages.into_iter().map(|m| m.subject).collect::<Vec<_>>();
        let expected = |subject: &dyn Fn(NightId) -> String| {
            nights.iter().map(|night| subject(night.parse().expect("a night"))).collect::<Vec<_>>()
        };
        let ada = "ada".parse().expect("an agent");
        let opened = subjects(self.nights(subject::NIGHT_OPENED_ALL).await);
        assert_eq!(opened, expected(&|night| subject::night_opened(night)), "opened");
        let begun = subjects(self.nights(subject::NIGHT_BEGUN_ALL).await);
        assert_eq!(begun, expected(&|night| subject::night_begun(night, &ada)), "begun");
        let tidied = self.bus.read(StreamName::Memory, &[subject::MEMORY_TIDIED_ALL], 1_000).await.expect("an answer");
        assert_eq!(subjects(tidied), expected(&|night| subject::memory_tidied(&ada, night)), "tidied");
    }

    /// The schedule fires, as far as selfcare can tell.
    async fn fires(&self, night: &str, ordinal: u32) {
        let due = NightDue { night: night.to_owned() };
        let message = Outgoing::event(
            subject::NIGHT_DUE.to_owned(),
            &format!("fired-{ordinal}"),
            "tests",
            Timestamp::now(),
            &due,
        );
        self.bus.publish(message).await.expect("stored");
        self.settled().await;
    }
}

/// An hour of the nights that is some minutes from now, with the night that is then due, and when.
fn due_in(minutes: i64) -> (String, String, Timestamp) {
    let at = (Timestamp::now() + minutes.minutes()).to_zoned(TimeZone::UTC);
    let at = at.with().second(0).subsec_nanosecond(0).build().expect("a time");
    let night = at.date().yesterday().expect("a day").to_string();
    (at.strftime("%H:%M").to_string(), night, at.timestamp())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_forward_and_back_opens_a_night_once() {
    let (time, night, due) = due_in(30);
    let mut clockwork = Clockwork::new(&time, "UTC").await;
    clockwork.at(Timestamp::now()).await;
    assert_eq!(clockwork.scheduled().await, Some(due));
    clockwork.exactly(&[]).await;

    // past the hour, of the very first night too
    clockwork.at(Timestamp::now() + 1.hour()).await;
    clockwork.opened(&night).await;
    clockwork.exactly(&[&night]).await;
    // and back before it
    clockwork.at(Timestamp::now()).await;
    clockwork.fires(&night, 1).await;
    clockwork.exactly(&[&night]).await;
    clockwork.at(Timestamp::now() + 1.hour()).await;
    clockwork.exactly(&[&night]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_behind_the_servers_neither_spins_nor_opens_another_night() {
    let (time, night, due) = due_in(-30);
    let mut clockwork = Clockwork::new(&time, "UTC").await;
    clockwork.at(Timestamp::now() - 1.hour()).await;
    // by the server's clock the hour is over: the schedule is told in its time
    let told = clockwork.scheduled().await.expect("scheduled");
    let behind = told.duration_since(due);
    assert!((behind - SignedDuration::from_hours(1)).abs() < SignedDuration::from_mins(1), "{behind}");
    clockwork.exactly(&[]).await;

    // a schedule that was told before the clock was set back
    let before = clockwork.nights(">").await.len();
    for ordinal in 1..=3 {
        clockwork.fires(&night, ordinal).await;
    }
    clockwork.exactly(&[]).await;
    let after = clockwork.nights(">").await.len();
    assert!(after <= before + 3, "{} messages came of three", after - before);

    clockwork.at(Timestamp::now()).await;
    clockwork.opened(&night).await;
    clockwork.exactly(&[&night]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_a_little_behind_the_servers_opens_a_night_once() {
    let (time, night, _) = due_in(0);
    let mut clockwork = Clockwork::new(&time, "UTC").await;
    // five minutes early by our clock, and then by the server's
    clockwork.at(Timestamp::now() - 5.minutes()).await;
    for ordinal in 1..=3 {
        clockwork.fires(&night, ordinal).await;
    }
    clockwork.exactly(&[&night]).await;
    let next = clockwork.scheduled().await.expect("scheduled");
    assert!(next > Timestamp::now() + 22.hours(), "the next night comes a day later, not at {next}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hour_that_exists_twice_is_one_night() {
    let mut clockwork = Clockwork::new("01:30", LOS_ANGELES).await;
    let first: Timestamp = "2026-11-01T08:30:00Z".parse().unwrap();
    // the schedule itself fires, by the clock of the service
    clockwork.at(first - 3.seconds()).await;
    clockwork.opened("2026-10-31").await;
    for minutes in [10, 55, 65, 130] {
        clockwork.at(first + minutes.minutes()).await;
        clockwork.exactly(&["2026-10-31"]).await;
    }
    clockwork.at(first + 25.hours() - 3.seconds()).await;
    clockwork.opened("2026-11-01").await;
    clockwork.exactly(&["2026-10-31", "2026-11-01"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hour_that_does_not_exist_is_one_night_all_the_same() {
    let mut clockwork = Clockwork::new("02:30", LOS_ANGELES).await;
    let jump: Timestamp = "2026-03-08T10:00:00Z".parse().unwrap();
    clockwork.at(jump - 1.minute()).await;
    clockwork.exactly(&[]).await;
    clockwork.at(jump + 30.minutes() - 3.seconds()).await;
    clockwork.opened("2026-03-07").await;
    for minutes in [45, 90] {
        clockwork.at(jump + minutes.minutes()).await;
        clockwork.exactly(&["2026-03-07"]).await;
    }
    clockwork.at(jump + 23.hours() + 30.minutes() - 3.seconds()).await;
    clockwork.opened("2026-03-08").await;
    clockwork.exactly(&["2026-03-07", "2026-03-08"]).await;
}
