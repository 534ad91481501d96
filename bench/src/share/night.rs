//! What the clearing is of a whole night: three services and a real nats-server, from the request to the last record of the trail.
//!
//! The clearing is timed here, of the pieces that the night clears and by the same code, once, with the expressions
//! compiled on the way; the night is what its processes spent, as the system counts it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use commune_bus::StreamName;
use commune_knowledge::{hostile, personal, secrets};
use commune_proto::{NightId, mutualaid::v1::KnowledgeShared};
use commune_tests::support::{Commune, Plan, process::Replica, read_all};
use mutualaid::share::{Piece, clear::Guard, clear::clear, extract::extract};
use rustix::time::{ClockId, clock_gettime};

use crate::{cost, labelled::Labelled, process};

const AGENTS: usize = 20;
/// Notes of the first night, and further ones of the second.
const NOTES: (usize, usize) = (2_000, 20);
/// How long a night may take, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(600);

/// Prints the table: a night in which everything is new, and the next, in which what was not shared yet waits.
pub(crate) fn print(notes: &[Labelled]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let commune = Commune::start(Plan::one()).await;
        println!(
            "| night | wall | CPU: selfcare | mutualaid | librarian | the clearing | of the wall | of the CPU |\n|---|---|---|---|---|---|---|---|"
        );
        let (first, more) = notes[..NOTES.0 + NOTES.1].split_at(NOTES.0);
        say(&commune, first).await;
        let night = commune.night();
        // as in mutual aid, what the first night clears need not be cleared again
        let guard = Guard { names: personal::Names::new(&cost::roster()), ..Guard::default() };
        measure(&commune, "all is new", night, first, &guard).await;
        say(&commune, more).await;
        measure(&commune, "1 % is new", night.next_extra(), &notes[..NOTES.0 + NOTES.1], &guard).await;
        commune.finish().await;
    });
}

fn agent(index: usize) -> String {
    format!("agent-{}", index % AGENTS)
}

/// Logs the notes as lessons, and waits until they are taken in.
async fn say(commune: &Commune, notes: &[Labelled]) {
    for (index, note) in notes.iter().enumerate() {
        let title = serde_json::to_string(&note.title).unwrap();
        let text = format!("---\nkind: lesson\ntitle: {title}\n---\n{}\n", note.text);
        let answer = commune.say(&agent(index), "note", &note.id, &text).await;
        assert!(answer["error"].is_null(), "{answer}");
    }
    commune.quiet().await;
}

async fn measure(commune: &Commune, what: &str, night: NightId, notes: &[Labelled], guard: &Guard) {
    let before = shared(commune).await;
    let (start, began) = (now(), spent(commune));
    commune.request(night).await;
    commune.trail_complete(night, PATIENCE).await;
    let (wall, ended) = (now().saturating_sub(start).as_secs_f64(), spent(commune));
    let cpu: Vec<f64> = ended.iter().zip(began).map(|(ended, began)| ended - began).collect();
    let after = shared(commune).await;
    let clearing = clearing(notes, guard, &before, &after).as_secs_f64();
    let all: f64 = cpu.iter().sum();
    println!(
        "| {what} | {wall:.2} s | {:.2} s | {:.2} s | {:.2} s | {clearing:.3} s | {:.1} % | {:.1} % |",
        cpu[0],
        cpu[1],
        cpu[2],
        100.0 * clearing / wall,
        100.0 * clearing / all
    );
}

/// What was shared so far, by its id.
async fn shared(commune: &Commune) -> BTreeMap<String, String> {
    let events = read_all(&commune.bus, StreamName::Aid, &["commune.event.knowledge-shared.>"]).await;
    let of = |event: KnowledgeShared| event.contribution.map(|piece| (piece.id, piece.text)).unwrap();
    events.iter().map(|message| of(message.event().unwrap())).collect()
}

/// What a night's clearing takes of this thread: every wording of an agent that was not shared before, in mutual aid, and what is shared once
/// more at the door of the library. Notes that tidying merges are counted in, though the night does not clear them.
fn clearing(
    notes: &[Labelled],
    guard: &Guard,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Duration {
    let mut said = BTreeSet::new();
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, note) in notes.iter().enumerate() {
        let agent = agent(index);
        let drawn = extract(&agent, &cost::shareable(note)).into_iter();
        let new = drawn.filter(|piece| !before.contains_key(&piece.id));
        pieces.extend(new.filter(|piece| said.insert((agent.clone(), piece.wording.clone()))));
    }
    let start = cost::spent();
    let holds: usize = pieces.iter().map(|piece| clear(piece, guard).len()).sum();
    for text in after.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(_, text)| text) {
        let found = secrets::scan(text).len() + personal::scan(text, &guard.names).len() + hostile::scan(text).len();
        assert_eq!(found, 0, "what is shared was cleared");
    }
    let time = cost::spent().saturating_sub(start);
    assert!(holds < pieces.len(), "something is cleared");
    time
}

/// Seconds that each service has spent.
fn spent(commune: &Commune) -> [f64; 3] {
    let of = |replicas: &[Replica]| {
        let pids = replicas.iter().map(|replica| replica.pid().unwrap().as_raw_nonzero().get().unsigned_abs());
        pids.map(process::cpu).sum()
    };
    [of(&commune.selfcare), of(&commune.mutualaid), of(&commune.librarian)]
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
