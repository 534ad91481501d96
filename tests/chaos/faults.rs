//! What each fault does to the world: it begins, lasts for a while, and ends; afterwards all can go on.

use std::time::Duration;

use commune_tests::{Flow, Weather};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::{
    plan::{Fault, REPLICAS, TO_AUTUMN, TO_SPRING, Ways, Who},
    world::{World, change_of_time},
};

/// How long a replica may take to come to the point where it is to die.
const CRASHED: Duration = Duration::from_secs(6);
/// A service gives itself 10 s to drain and ends with this code when that is not enough (`ARCHITECTURE.md`, bounds).
const OUT_OF_TIME: i32 = 124;
const DRAINS: Duration = Duration::from_secs(20);

/// What became of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    Yes,
    /// The replica never came to the point where it was to die.
    NotReached,
    /// The machine lacks what it takes.
    Skipped(String),
}

impl World {
    /// Makes a fault, from its beginning to its end.
    pub async fn suffer(&mut self, fault: &Fault) -> Made {
        match *fault {
            Fault::Kill(who, down) => {
                self.member_mut(who).replica.kill().await;
                sleep(down).await;
                self.member_mut(who).begin(None);
            }
            Fault::Crash(who, durable, point, nth) => return self.crash(who, durable, point, nth).await,
            Fault::KillService(service, down) => {
                for replica in 0..REPLICAS {
                    self.member_mut(Who { service, replica }).replica.kill().await;
                }
                sleep(down).await;
                for replica in 0..REPLICAS {
                    self.member_mut(Who { service, replica }).begin(None);
                }
            }
            Fault::KillServer(index, down) => {
                self.servers.kill(index);
                sleep(down).await;
                self.servers.restart(index).await;
            }
            Fault::Freeze(who, how_long) => {
                self.members[who.index()].replica.signal(Signal::STOP);
                sleep(how_long).await;
                self.members[who.index()].replica.signal(Signal::CONT);
            }
            Fault::FreezeServer(index, how_long) => {
                self.servers.pause(index);
                sleep(how_long).await;
                self.servers.resume(index);
            }
            Fault::Latency(ways, latency, how_long) => {
                self.weather(ways, Weather::slow(latency, latency), how_long).await
            }
            Fault::HalfOpen(ways, how_long) => self.weather(ways, Weather::half_open(), how_long).await,
            Fault::LostAnswers(ways, how_long) => self.weather(ways, Weather::answers_lost(), how_long).await,
            Fault::Resets(ways, times) => {
                for _ in 0..times {
                    self.ways(ways).into_iter().for_each(commune_tests::Proxy::reset);
                    sleep(Duration::from_millis(200)).await;
                }
            }
            Fault::NoLibrarian(replica, how_long) => {
                let lost = Weather { toward: Flow::Lost, back: Flow::Lost, refuse_new: true, ..Weather::default() };
                self.to_librarian[replica].weather(lost);
                sleep(how_long).await;
                self.to_librarian[replica].clear();
            }
            Fault::RollingRestart => {
                for index in 0..self.members.len() {
                    // with more work in hand than fits into the time to drain it ends all the same, and what it had comes again
                    let replica = &mut self.members[index].replica;
                    replica.signal(Signal::TERM);
                    let status = replica.ended(DRAINS).await;
                    assert!(status.success() || status.code() == Some(OUT_OF_TIME), "{}", replica.log_tail());
                    self.members[index].begin(None);
                    self.members[index].replica.ready().await;
                }
            }
            Fault::FullDisk(how_long) => {
                if let Err(why) = self.servers.fill_disk() {
                    return Made::Skipped(why);
                }
                sleep(how_long).await;
                self.servers.free_disk();
                // the server gives JetStream up when it cannot write, and takes it up again only when it starts
                self.servers.kill(0);
                self.servers.restart(0).await;
            }
            Fault::FailingSync(how_long) => {
                match self.servers.failing_sync() {
                    Ok(failing) => {
                        sleep(how_long).await;
                        drop(failing);
                    }
                    Err(why) => return Made::Skipped(why),
                }
                self.servers.kill(0);
                self.servers.restart(0).await;
            }
            Fault::Clock(who, step) => self.move_clocks(who, step).await,
            Fault::Isolate(index, how_long) => {
                self.servers.isolate(index, true);
                sleep(how_long).await;
                self.servers.isolate(index, false);
            }
        }
        Made::Yes
    }

    async fn crash(&mut self, who: Who, durable: &str, point: &str, nth: usize) -> Made {
        let member = self.member_mut(who);
        member.replica.kill().await;
        member.begin(Some(format!("{durable}:{point}:{nth}")));
        let begun = Instant::now();
        while self.member_mut(who).replica.has_ended().is_none() {
            if begun.elapsed() > CRASHED {
                self.member_mut(who).replica.kill().await;
                self.member_mut(who).begin(None);
                return Made::NotReached;
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.member_mut(who).begin(None);
        Made::Yes
    }

    async fn weather(&self, ways: Ways, weather: Weather, how_long: Duration) {
        self.ways(ways).into_iter().for_each(|way| way.weather(weather));
        sleep(how_long).await;
        self.ways(ways).into_iter().for_each(commune_tests::Proxy::clear);
    }

    /// Moves clocks, lets a selfcare look at the schedule, and puts the clocks right again.
    async fn move_clocks(&mut self, who: Option<Who>, step: i64) {
        let offsets = match step {
            TO_SPRING | TO_AUTUMN => {
                let change = change_of_time(step == TO_SPRING);
                let to = change.as_second() - jiff::Timestamp::now().as_second();
                vec![to - 1800, to + 1800, to + 5400]
            }
            step => vec![step],
        };
        for offset in offsets.into_iter().chain([0]) {
            for member in self.members.iter().filter(|member| who.is_none_or(|who| who == member.who)) {
                member.set_clock(offset);
            }
            // it looks at the schedule when it starts
            let looks = Who { service: 0, replica: who.map_or(0, |who| who.replica) };
            self.member_mut(looks).replica.kill().await;
            self.member_mut(looks).begin(None);
            self.member_mut(looks).replica.ready().await;
            sleep(Duration::from_millis(500)).await;
        }
    }
}
