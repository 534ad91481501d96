//! A commune is backed up while it runs, and comes back on an empty server as it was; what is damaged or would overwrite
//! something is refused.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use commune_tests::{A_WHILE, eventually};
use serde_json::Value;

use super::cli::{Commune, run};

const LESSON: &str = "Renew the wildcard certificate with `certbot renew --dns-plugin acme` on host lantern; \
                      the reload hook restarts the proxy afterwards.";

/// Streams of which the operator may read every message.
const READ: [&str; 7] = ["AGENTS", "DROPS", "NIGHTS", "MEMORY", "AID", "LIBRARY", "DEAD"];

fn all(commune: &Commune, stream: &str) -> Vec<Value> {
    commune.json(&["tail", "--stream", stream, "--from", "1", "--once"])
}

fn found(commune: &Commune) -> Value {
    let found = commune.json(&["search", "renew", "wildcard", "certificate"]).remove(0);
    assert_eq!(found["status"], "found", "{found}");
    found["results"][0]["name"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commune_comes_back_as_it_was_with_the_same_answers_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (backup, file) = (folder.path().join("backup"), folder.path().join("report.txt"));
    let at = backup.to_str().unwrap();
    std::fs::write(&file, "measured on Monday").unwrap();

    let commune = Commune::up().await;
    commune.check(
        &["note", "ada", LESSON, "--kind", "how-to", "--title", "Renew the wildcard certificate"],
        0,
        "logged",
    );
    commune.check(&["need", "bo", "How deep is the well behind the mill?"], 0, "asked");
    let artifact = commune.json(&["artifact", "ada", file.to_str().unwrap()]).remove(0);
    let sha256 = artifact["sha256"].as_str().unwrap();
    // the night that ended last: nothing is left to be made up for
    let board = commune.json(&["night", "run"]).remove(0);
    assert_eq!(board["state"], "done", "{board}");
    let article = found(&commune);
    let nights = commune.json(&["night", "list"]);

    // agents speak all the while
    let url = commune.running()["nats_url"].as_str().unwrap().to_owned();
    let (stop, spoken) = (AtomicBool::new(false), AtomicUsize::new(0));
    let speaking = async {
        let agent = async_nats::connect(&url).await.unwrap();
        while !stop.load(Ordering::Relaxed) {
            let ordinal = spoken.fetch_add(1, Ordering::Relaxed);
            let subject = format!("commune.agent.eve.note.n{ordinal}");
            agent.request(subject, format!("The {ordinal}th bell of the tower is rung at noon.").into()).await.unwrap();
        }
    };
    let taking = async {
        eventually(A_WHILE, "an agent speaks", || async { spoken.load(Ordering::Relaxed) > 3 }).await;
        let (home, at) = (commune.home().to_owned(), at.to_owned());
        let taken = tokio::task::spawn_blocking(move || run(&home, &["backup", &at, "--json"])).await.unwrap();
        stop.store(true, Ordering::Relaxed);
        taken
    };
    let ((), taken) = tokio::join!(speaking, taking);
    assert_eq!(taken.code, 0, "{}{}", taken.stdout, taken.stderr);
    let told: Value = serde_json::from_str(&taken.stdout).unwrap();
    assert_eq!(told["streams"], 9, "{told}");
    commune.check(&["backup", at], 5, "is not empty");
    commune.check(&["restore", at], 5, "this commune is not empty");
    let before: Vec<Vec<Value>> = READ.iter().map(|stream| all(&commune, stream)).collect();
    drop(commune);

    damaged_files_are_refused(folder.path(), &backup);
    let again = Commune::up_with(&["--restore", at]).await;
    let manifest: Value = serde_json::from_slice(&std::fs::read(backup.join("manifest.json")).unwrap()).unwrap();
    for (stream, before) in READ.iter().zip(&before) {
        let kept = manifest["streams"].as_array().unwrap().iter().find(|kept| kept["stream"] == *stream).unwrap();
        let messages = usize::try_from(kept["state"]["messages"].as_u64().unwrap()).unwrap();
        let after = all(&again, stream);
        // sequences, times and headers are told with each message; what came after the backup is not there
        assert!(messages <= before.len() && messages <= after.len(), "{stream}");
        assert_eq!(after[..messages], before[..messages], "{stream}");
    }
    assert_eq!(found(&again), article);
    assert_eq!(again.json(&["night", "list"]), nights);
    assert!(again.json(&["needs", "--open"]).iter().any(|need| need.to_string().contains("the well behind the mill")));
    assert_eq!(again.run(&["artifact", "ada", "--get", sha256]).stdout, "measured on Monday");

    // a night goes on from there, and takes in what was said before the backup
    again.check(&["note", "bo", "The well behind the mill is nine metres deep.", "--kind", "lesson"], 0, "logged");
    let board = again.json(&["night", "run", "--extra"]).remove(0);
    assert_eq!(
        (&board["state"], &board["agents"]),
        (&"done".into(), &serde_json::json!(["ada", "bo", "eve"])),
        "{board}"
    );
    assert!(!again.json(&["memory", "eve", "--state", "active"]).is_empty());
    assert!(again.json(&["dead", "list"]).is_empty());
    eventually(A_WHILE, "all is well", || {
        let well = again.run(&["doctor"]).code == 0;
        async move { well }
    })
    .await;
}

/// One byte, the end of a file, a whole file: each is refused before any server is asked, and names the file.
fn damaged_files_are_refused(folder: &Path, backup: &Path) {
    let home = folder.join("no-commune");
    let check = |restore: &[&str], damage: &dyn Fn(&Path), words: &str| {
        let copy = folder.join("copy");
        let _ = std::fs::remove_dir_all(&copy);
        let copied = std::process::Command::new("cp").arg("-a").args([backup, &copy]).status().unwrap();
        assert!(copied.success());
        damage(&copy);
        let ended = run(&home, &[restore, &[copy.to_str().unwrap()]].concat());
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        ended.code
    };
    let flip = |copy: &Path| {
        let file = copy.join("MEMORY.snapshot");
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
    };
    let cut = |copy: &Path| {
        let file = std::fs::File::options().write(true).open(copy.join("AGENTS.snapshot")).unwrap();
        file.set_len(10).unwrap();
    };
    assert_eq!(check(&["restore", "--check"], &|_| (), "is whole"), 0);
    assert_eq!(check(&["restore"], &flip, "MEMORY.snapshot is damaged"), 5);
    assert_eq!(check(&["restore", "--check"], &cut, "AGENTS.snapshot is damaged"), 5);
    assert_eq!(
        check(&["restore"], &|copy| std::fs::remove_file(copy.join("manifest.json")).unwrap(), "is no backup"),
        3
    );
    // what is whole needs a server that is there
    assert_eq!(check(&["--nats", "nats://127.0.0.1:9", "restore"], &|_| (), "no NATS server"), 4);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(backup.join("AGENTS.snapshot")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600, "what agents keep to themselves is its owner's alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commune_whose_store_was_lost_begins_again_in_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("backup");
    let mut commune = Commune::up_with(&["--secure"]).await;
    let token = std::fs::read_to_string(commune.home().join("keys/operator.token"));
    assert!(token.is_ok(), "nobody is let in without a key");
    commune.check(&["note", "ada", LESSON, "--kind", "lesson"], 0, "logged");
    assert_eq!(commune.json(&["night", "run"]).remove(0)["state"], "done");
    commune.check(&["backup", at.to_str().unwrap()], 0, "each file checked");
    commune.down().await;
    std::fs::remove_dir_all(commune.home().join("nats/jetstream")).unwrap();
    let refused = commune.start_again(&["--secure"]).ended(Duration::from_secs(60)).await;
    assert_eq!(refused.code(), Some(5), "the store is gone, and the services know it");
    commune.up_again(&["--secure", "--restore", at.to_str().unwrap()]).await;
    assert_eq!(commune.json(&["night", "list"]).len(), 1);
    found(&commune);
}
