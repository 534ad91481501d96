//! Artifacts: a file is stored by its hash, read back byte for byte, stored once, and remembered as a note.

use std::process::Command;

use async_nats::jetstream::{self, object_store::ObjectStore};
use commune_bus::{OBJECT_LIMIT, PublishError, StreamName};
use commune_proto::selfcare::v1::{
    GetArtifactRequest, ListNotesRequest, PutArtifactRequest, PutArtifactResponse, TidiedNote,
};
use commune_tests::NatsServer;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use tonic::{Code, Status};

use commune_tests::support::{A_NIGHT, Commune, Plan};

const PIECE: usize = 512 << 10;

/// A body that does not compress to nothing, and its hash.
fn file(size: usize, seed: u32) -> (Vec<u8>, String) {
    let mut state = seed | 1;
    let body: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(size)
    .collect();
    let sha256 = hex::encode(Sha256::digest(&body));
    (body, sha256)
}

/// The command line, pointed at a commune.
struct Shell<'a> {
    commune: &'a Commune,
}

impl Shell<'_> {
    /// Runs `commune artifact …`: exit code, stdout, words.
    fn artifact(&self, arguments: &[&str]) -> (i32, Vec<u8>, String) {
        let test = std::env::current_exe().unwrap();
        let ended = Command::new(test.ancestors().nth(2).unwrap().join("commune"))
            .arg("--home")
            .arg(self.commune.folder())
            .args(["--nats", &self.commune.server.url(), "--operator-key", &self.commune.server.seed_file()])
            .args(["--memory", &format!("http://{}", self.commune.selfcare[0].grpc), "artifact"])
            .args(arguments)
            .output()
            .unwrap();
        (ended.status.code().unwrap_or(-1), ended.stdout, String::from_utf8_lossy(&ended.stderr).into_owned())
    }
}

async fn put(commune: &Commune, sha256: &str, body: &[u8]) -> Result<PutArtifactResponse, Status> {
    let head = PutArtifactRequest { parent: "agents/ada".into(), sha256: sha256.into(), chunk: Vec::new() };
    let pieces = body.chunks(PIECE).map(|chunk| PutArtifactRequest { chunk: chunk.to_vec(), ..Default::default() });
    let pieces: Vec<_> = std::iter::once(head).chain(pieces).collect();
    commune.memory().await.put_artifact(tokio_stream::iter(pieces)).await.map(tonic::Response::into_inner)
}

async fn get(commune: &Commune, agent: &str, sha256: &str) -> Result<Vec<u8>, Status> {
    let name = format!("agents/{agent}/artifacts/{sha256}");
    let mut pieces = commune.memory().await.get_artifact(GetArtifactRequest { name }).await?.into_inner();
    let mut body = Vec::new();
    while let Some(piece) = pieces.message().await? {
        assert!(piece.chunk.len() <= PIECE);
        body.extend(piece.chunk);
    }
    Ok(body)
}

async fn stored(commune: &Commune) -> u64 {
    commune.bus.last_sequence(StreamName::Artifacts).await.unwrap()
}

/// The store as any client sees it.
async fn bucket(seed: &str, url: String) -> ObjectStore {
    let client = async_nats::ConnectOptions::with_nkey(seed.trim().to_owned()).connect(url).await.unwrap();
    jetstream::new(client).get_object_store("ARTIFACTS").await.unwrap()
}

async fn notes(commune: &Commune) -> Vec<TidiedNote> {
    let all = ListNotesRequest { parent: "agents/ada".into(), ..Default::default() };
    commune.memory().await.list_notes(all).await.unwrap().into_inner().notes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_stored_once_and_comes_back_whole() {
    let commune = Commune::start(Plan::one()).await;
    let shell = Shell { commune: &commune };
    let (body, sha256) = file(3 << 20, 7);
    let path = commune.folder().join("report.bin");
    std::fs::write(&path, &body).unwrap();
    let file_name = path.to_str().unwrap();

    let (code, printed, words) = shell.artifact(&["ada", file_name, "--description", "Kiln temperatures"]);
    assert_eq!((code, String::from_utf8_lossy(&printed).trim()), (0, sha256.as_str()), "{words}");
    let objects = stored(&commune).await;
    assert!(objects > 1, "chunks and a record");

    // once more: nothing new, whoever stores it
    let (code, _, words) = shell.artifact(&["ada", file_name, "--description", "Kiln temperatures"]);
    assert!(code == 0 && words.contains("already stored"), "{code} {words}");
    assert_eq!(put(&commune, &sha256, &body).await.unwrap().size, body.len() as u64);
    assert_eq!(stored(&commune).await, objects, "no second copy");

    // back, byte for byte: by the command, by gRPC, and by any client of the bus
    let (code, back, words) = shell.artifact(&["ada", "--get", &sha256]);
    assert!(code == 0 && back == body, "{code} {words}");
    let copy = commune.folder().join("copy.bin");
    let (code, back, words) = shell.artifact(&["ada", "--get", &sha256, "--to", copy.to_str().unwrap()]);
    assert!(code == 0 && back.is_empty() && std::fs::read(&copy).unwrap() == body, "{code} {words}");
    assert_eq!(get(&commune, "ada", &sha256).await.unwrap(), body);
    let seed = std::fs::read_to_string(commune.server.seed_file()).unwrap();
    let mut back = Vec::new();
    let mut object = bucket(&seed, commune.server.url()).await.get(&sha256).await.unwrap();
    object.read_to_end(&mut back).await.unwrap();
    assert!(back == body, "the store is what every client knows");

    // after a night it is a note that names the hash, and the body is still there
    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    assert!(!trail.is_empty());
    let notes = notes(&commune).await;
    let note = notes.iter().find(|note| note.kind == "artifact").expect("a note of the artifact");
    assert!(note.text.contains(&sha256) && note.text.contains("Kiln temperatures"), "{}", note.text);
    assert_eq!((note.title.as_str(), note.source.clone()), ("report.bin", format!("sha256:{sha256}")));
    assert_eq!(get(&commune, "ada", &sha256).await.unwrap(), body);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_refused_and_leaves_nothing() {
    let commune = Commune::start(Plan::one()).await;
    let shell = Shell { commune: &commune };
    let (body, sha256) = file(700_000, 3);
    let refused = |status: Status, field: &str| {
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().starts_with(field), "{status}");
    };
    refused(put(&commune, &"0".repeat(64), &body).await.unwrap_err(), "sha256: ");
    refused(put(&commune, "nonsense", &body).await.unwrap_err(), "sha256: ");
    let too_long =
        PutArtifactRequest { parent: "agents/ada".into(), sha256: sha256.clone(), chunk: vec![0; PIECE + 1] };
    let answer = commune.memory().await.put_artifact(tokio_stream::iter([too_long])).await;
    refused(answer.unwrap_err(), "chunk: ");
    let nothing = commune.memory().await.put_artifact(tokio_stream::iter([])).await;
    refused(nothing.unwrap_err(), "parent: ");
    assert_eq!(stored(&commune).await, 0, "nothing was stored");

    // stored, but nobody's yet; then ada's, and still not bob's
    put(&commune, &sha256, &body).await.unwrap();
    assert_eq!(get(&commune, "ada", &sha256).await.unwrap_err().code(), Code::NotFound);
    let said = format!(r#"{{"name":"a.bin","sha256":"{sha256}","size":{}}}"#, body.len());
    commune.say_as("ada", "artifact", "a1", &[("Content-Type", "application/json")], said.as_bytes()).await;
    assert_eq!(get(&commune, "ada", &sha256).await.unwrap(), body);
    assert_eq!(get(&commune, "bob", &sha256).await.unwrap_err().code(), Code::NotFound);
    let name = "agents/ada/artifacts/nonsense".to_owned();
    refused(commune.memory().await.get_artifact(GetArtifactRequest { name }).await.unwrap_err(), "name: ");
    let (code, out, words) = shell.artifact(&["bob", "--get", &sha256]);
    assert_eq!((code, out.len()), (3, 0), "{words}");

    // named, but its body was never stored
    let (_, absent) = file(10, 9);
    let said = format!(r#"{{"name":"b.bin","sha256":"{absent}","size":10}}"#);
    commune.say_as("ada", "artifact", "a2", &[("Content-Type", "application/json")], said.as_bytes()).await;
    let status = get(&commune, "ada", &absent).await.unwrap_err();
    assert!(status.code() == Code::NotFound && status.message().contains("never stored"), "{status}");

    // an agent has no way into the store
    let before = stored(&commune).await;
    for subject in ["$O.ARTIFACTS.M.x", "$O.ARTIFACTS.C.x", "$JS.API.STREAM.MSG.GET.OBJ_ARTIFACTS"] {
        let request = async_nats::Request::new().timeout(Some(std::time::Duration::from_millis(500)));
        let answer = commune.agents.send_request(subject, request.payload(r#"{"seq":1}"#.into())).await;
        assert!(answer.is_err(), "{subject}: {answer:?}");
    }
    assert_eq!(stored(&commune).await, before);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_of_the_largest_body_store_it_once() {
    let server = NatsServer::start().await;
    let (one, two) = (server.bus().await, server.bus().await);
    let (body, sha256) = file(OBJECT_LIMIT, 5);
    let body = bytes::Bytes::from(body);
    let (first, second) = tokio::join!(one.put_object(&sha256, body.clone()), two.put_object(&sha256, body.clone()));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.duplicate, second.duplicate, "one of them stored it");
    let last = one.last_sequence(StreamName::Artifacts).await.unwrap();
    assert_eq!((first.sequence, second.sequence), (last, last), "nothing came after it");
    assert!(one.get_object(&sha256).await.unwrap().is_some_and(|back| back == body));

    let wrong = one.put_object(&sha256, body.slice(1..)).await;
    assert!(matches!(wrong, Err(PublishError::Refused { .. })), "{wrong:?}");
    assert!(one.get_object(&"0".repeat(64)).await.unwrap().is_none());
    assert!(one.get_object("x").await.unwrap().is_none());

    // what an operator removed can be stored again
    let store = bucket(server.seed(), server.url()).await;
    store.delete(&sha256).await.unwrap();
    assert!(one.get_object(&sha256).await.unwrap().is_none());
    assert!(!one.put_object(&sha256, body.clone()).await.unwrap().duplicate);
    assert!(two.get_object(&sha256).await.unwrap().is_some_and(|back| back == body));
}
