//! Who is let in to gRPC: every principal by every rpc, the tokens file, TLS.
//!
//! What is expected is computed from [`rpcs`], which is written here by hand and not read from the product's table; that no
//! rpc is missing in it is held against the compiled descriptors.

mod consent;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use bytes::{Buf, BufMut};
use commune_proto::{
    ACCESS, FILE_DESCRIPTOR_SET,
    librarian::v1::{
        Article, BlameArticleRequest, CheckLibraryRequest, DiffRevisionsRequest, GetArticleRequest, GetRevisionRequest,
        ImportArticleRequest, ListArticlesRequest, ListFeedbackRequest, ListHeldRequest, ListInboxRequest,
        ListLinksRequest, ListNeedsRequest, ListRevisionsRequest, RevertRevisionRequest, SearchArticlesRequest,
        SuggestPlacementRequest, WatchArticlesRequest,
    },
    selfcare::v1::{
        ExplainNoteRequest, GetArtifactRequest, GetBriefRequest, GetDiaryEntryRequest, ListNotesRequest,
        PutArtifactRequest, RecallNotesRequest, RestoreNoteRequest, UndoNightRequest,
    },
};
use commune_tests::{
    A_WHILE, Program, eventually_some,
    support::{
        A_NIGHT, Commune, Plan,
        process::{Replica, program},
        server::Server,
    },
};
use prost::Message;
use prost_types::FileDescriptorSet;
use sha2::{Digest, Sha256};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

/// Whom an rpc is for, besides operators.
#[derive(Debug, Clone, Copy, PartialEq)]
enum For {
    Everybody,
    /// Whoever has a token.
    Known,
    Members,
    /// ada, of whom every request here speaks.
    Ada,
    Services,
    Nobody,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Nobody,
    WrongToken,
    Ada,
    Bob,
    Service,
    Operator,
}

const EVERYBODY: [Who; 6] = [Who::Nobody, Who::WrongToken, Who::Ada, Who::Bob, Who::Service, Who::Operator];

fn expected(who: Who, rpc: For) -> Result<(), Code> {
    let may = match (who, rpc) {
        (_, For::Everybody) | (Who::Operator, _) => true,
        (Who::Nobody | Who::WrongToken, _) => return Err(Code::Unauthenticated),
        (_, For::Known) | (Who::Ada, For::Members | For::Ada) | (Who::Bob, For::Members) => true,
        (Who::Service, For::Services) => true,
        _ => false,
    };
    if may { Ok(()) } else { Err(Code::PermissionDenied) }
}

/// Its path, whom it is for, and a good request about ada.
type Rpc = (&'static str, For, Vec<u8>);

/// Every rpc: its path, whom it is for, and a good request about ada.
fn rpcs() -> Vec<Rpc> {
    let hash = hex::encode(Sha256::digest(b"abc"));
    let name = |rest: &str| format!("agents/ada{rest}");
    let article = || "articles/how-to/x".to_owned();
    let page =
        Article { path: "how-to/x".into(), title: "X".into(), body: "# X\n\nDo x.".into(), ..Article::default() };
    let put = PutArtifactRequest { parent: name(""), sha256: hash.clone(), chunk: b"abc".to_vec() };
    let search = SearchArticlesRequest { query: "what is y".into(), asker: "ada".into(), ..Default::default() };
    let import = ImportArticleRequest { article: Some(page), agent: "ada".into(), source: String::new() };
    let place = SuggestPlacementRequest { title: "x".into(), text: "y".into(), kind: "lesson".into() };
    let diff = DiffRevisionsRequest { name: article(), ..DiffRevisionsRequest::default() };
    let blame = BlameArticleRequest { name: article(), ..BlameArticleRequest::default() };
    let revision = GetRevisionRequest { name: format!("{}/revisions/1", article()) };
    // no such revision: whoever is let in hears so
    let revert = RevertRevisionRequest {
        name: format!("{}/revisions/99", article()),
        agent: "ada".into(),
        reason: "it is wrong".into(),
    };
    let revisions = ListRevisionsRequest { parent: article(), ..ListRevisionsRequest::default() };
    let notes = ListNotesRequest { parent: name(""), ..ListNotesRequest::default() };
    let inbox = ListInboxRequest { parent: name(""), ..ListInboxRequest::default() };
    // ListServices of reflection: field 7, a string
    let list_services = vec![0x3a, 0x01, b'*'];
    let mut rpcs = vec![
        ("/commune.selfcare.v1.MemoryService/GetBrief", For::Ada, bytes(&GetBriefRequest { name: name("/brief") })),
        (
            "/commune.selfcare.v1.MemoryService/GetDiaryEntry",
            For::Ada,
            bytes(&GetDiaryEntryRequest { name: name("/diaryEntries/2026-02-14") }),
        ),
        ("/commune.selfcare.v1.MemoryService/ListNotes", For::Ada, bytes(&notes)),
        (
            "/commune.selfcare.v1.MemoryService/RestoreNote",
            For::Ada,
            bytes(&RestoreNoteRequest { name: name("/notes/n1") }),
        ),
        (
            "/commune.selfcare.v1.MemoryService/ExplainNote",
            For::Ada,
            bytes(&ExplainNoteRequest { name: name("/notes/n1") }),
        ),
        (
            "/commune.selfcare.v1.MemoryService/RecallNotes",
            For::Ada,
            bytes(&RecallNotesRequest { parent: name(""), question: "which port".into(), page_size: 0 }),
        ),
        (
            "/commune.selfcare.v1.MemoryService/UndoNight",
            For::Ada,
            bytes(&UndoNightRequest { name: name("/nights/2001-01-01") }),
        ),
        ("/commune.selfcare.v1.MemoryService/PutArtifact", For::Ada, bytes(&put)),
        (
            "/commune.selfcare.v1.MemoryService/GetArtifact",
            For::Ada,
            bytes(&GetArtifactRequest { name: name(&format!("/artifacts/{hash}")) }),
        ),
        ("/commune.librarian.v1.LibraryService/SearchArticles", For::Ada, bytes(&search)),
        (
            "/commune.librarian.v1.LibraryService/GetArticle",
            For::Ada,
            bytes(&GetArticleRequest { name: article(), reader: "ada".into(), found: true, ..Default::default() }),
        ),
        ("/commune.librarian.v1.LibraryService/ListArticles", For::Members, bytes(&ListArticlesRequest::default())),
        ("/commune.librarian.v1.LibraryService/ListRevisions", For::Members, bytes(&revisions)),
        ("/commune.librarian.v1.LibraryService/GetRevision", For::Members, bytes(&revision)),
        ("/commune.librarian.v1.LibraryService/DiffRevisions", For::Members, bytes(&diff)),
        ("/commune.librarian.v1.LibraryService/BlameArticle", For::Members, bytes(&blame)),
        ("/commune.librarian.v1.LibraryService/WatchArticles", For::Members, bytes(&WatchArticlesRequest::default())),
        ("/commune.librarian.v1.LibraryService/ListNeeds", For::Members, bytes(&ListNeedsRequest::default())),
        ("/commune.librarian.v1.LibraryService/ListInbox", For::Ada, bytes(&inbox)),
        (
            "/commune.librarian.v1.LibraryService/ListHeld",
            For::Ada,
            bytes(&ListHeldRequest { parent: name(""), ..ListHeldRequest::default() }),
        ),
        ("/commune.librarian.v1.LibraryService/SuggestPlacement", For::Services, bytes(&place)),
        ("/commune.librarian.v1.LibraryService/RevertRevision", For::Ada, bytes(&revert)),
        ("/commune.librarian.v1.LibraryService/ImportArticle", For::Nobody, bytes(&import)),
        (
            "/commune.librarian.v1.LibraryService/ListFeedback",
            For::Members,
            bytes(&ListFeedbackRequest { parent: article(), page_size: 0 }),
        ),
        ("/commune.librarian.v1.LibraryService/CheckLibrary", For::Members, bytes(&CheckLibraryRequest::default())),
        (
            "/commune.librarian.v1.LibraryService/ListLinks",
            For::Members,
            bytes(&ListLinksRequest { parent: article(), page_size: 0 }),
        ),
        ("/grpc.health.v1.Health/Check", For::Everybody, Vec::new()),
        ("/grpc.health.v1.Health/Watch", For::Everybody, Vec::new()),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", For::Known, list_services),
    ];
    rpcs.extend(consent::rpcs());
    rpcs
}

fn bytes(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}

#[tokio::test]
async fn every_principal_is_let_in_to_what_is_for_it_and_to_nothing_else() {
    let described: BTreeSet<String> =
        [FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET, tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET]
            .into_iter()
            .flat_map(paths)
            .collect();
    let rpcs = rpcs();
    let known: BTreeSet<String> = rpcs.iter().map(|(path, ..)| (*path).to_owned()).collect();
    let rows: BTreeSet<String> = ACCESS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(described, known, "an rpc came or went: say in `rpcs` of this story whom it is for");
    assert_eq!(described, rows);

    let keys = Keys::new();
    let commune = Commune::start(keys.plan()).await;
    let (selfcare, mutualaid, librarian) =
        (&commune.selfcare[0].grpc, &commune.mutualaid[0].grpc, &commune.librarian[0].grpc);
    let mut asked = 0;
    for (path, rpc, body) in &rpcs {
        let servers = match path.split('.').nth(1) {
            Some("selfcare") => vec![selfcare],
            Some("librarian") => vec![librarian],
            _ => vec![selfcare, mutualaid, librarian],
        };
        for server in servers {
            let channel = Endpoint::from_shared(format!("http://{server}")).unwrap().connect_lazy();
            for who in EVERYBODY {
                let found = call(channel.clone(), path, keys.of(who), body).await;
                let refused = [Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented, Code::Unavailable];
                let found = match found {
                    Err(status) if refused.contains(&status.code()) => Err(status.code()),
                    // nothing is there yet: who hears so was let in
                    Err(status) if status.code() == Code::NotFound => Ok(()),
                    Err(status) => panic!("{who:?} {path}: {status}"),
                    Ok(()) => Ok(()),
                };
                assert_eq!(found, expected(who, *rpc), "{who:?} calls {path}, which is for {rpc:?}");
                asked += 1;
            }
        }
    }
    println!("{asked} calls of {} principals by {} rpcs", EVERYBODY.len(), rpcs.len());

    // a path without a row is refused, also to an operator, and tells nothing to strangers
    let channel = Endpoint::from_shared(format!("http://{librarian}")).unwrap().connect_lazy();
    let none = "/commune.librarian.v1.LibraryService/DropEverything";
    assert_eq!(code(call(channel.clone(), none, keys.of(Who::Operator), &[]).await), Code::PermissionDenied);
    assert_eq!(code(call(channel.clone(), none, None, &[]).await), Code::Unauthenticated);
    // asking without a name is anybody's who may read; in another's name it is not
    let search = "/commune.librarian.v1.LibraryService/SearchArticles";
    let unnamed = bytes(&SearchArticlesRequest { query: "what is y".into(), ..Default::default() });
    assert_eq!(code(call(channel, search, keys.of(Who::Bob), &unnamed).await), Code::Ok);
    commune.finish().await;
}

#[tokio::test]
async fn a_night_goes_over_tls_with_tokens_and_no_token_is_written_anywhere() {
    let keys = Keys::new();
    let (certificate, key) = certificate(keys.dir.path());
    let plan = keys
        .plan()
        .with("LISTEN__TLS_CERT_FILE", &certificate)
        .with("LISTEN__TLS_KEY_FILE", &key)
        .with("SHARE__LIBRARIAN_CA_FILE", &certificate)
        // what a program could write at all, it writes
        .with("TELEMETRY__LOG_LEVEL", "trace");
    let commune = Commune::start(plan).await;
    commune
        .say("ada", "note", "n1", "---\nkind: lesson\n---\n# Restart the pool\n\nDrain the pool before a restart.")
        .await;
    commune.run_night(commune.night(), A_NIGHT).await;

    let library = format!("https://{}", commune.librarian[0].grpc);
    let search = |token: &str, ca: Option<&str>| {
        let mut command = Command::new(program("commune"));
        command.args(["--home", "/nonexistent", "--library", &library, "--json"]).env("COMMUNE_TOKEN", token);
        if let Some(ca) = ca {
            command.args(["--ca", ca]);
        }
        command.args(["search", "restart the pool"]).output().unwrap()
    };
    let found = search(&keys.ada, Some(&certificate));
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(
        found.status.success() && said.contains("Restart the pool"),
        "{said}{}",
        String::from_utf8_lossy(&found.stderr)
    );
    // refused is 5, not available is 4
    assert_eq!(search(&keys.wrong, Some(&certificate)).status.code(), Some(5));
    assert_eq!(search(&keys.ada, None).status.code().filter(|code| *code != 0), Some(4), "an unknown authority");
    let plain = Endpoint::from_shared(format!("http://{}", commune.librarian[0].grpc)).unwrap().connect_lazy();
    let health = "/grpc.health.v1.Health/Check";
    assert!(call(plain, health, None, &[]).await.is_err(), "nothing is told in the clear");
    let ca = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(fs::read(&certificate).unwrap()));
    let tls = Endpoint::from_shared(library.clone()).unwrap().tls_config(ca).unwrap().connect_lazy();
    assert_eq!(code(call(tls, health, None, &[]).await), Code::Ok);

    let file = fs::read_to_string(keys.file()).unwrap();
    for token in [&keys.ada, &keys.bob, &keys.service, &keys.operator, &keys.wrong] {
        let secret = token.split('_').nth(2).unwrap();
        assert!(!file.contains(secret), "the tokens file has a token");
        for replica in commune.replicas() {
            assert!(!replica.log().contains(secret), "{} logged a token", replica.service);
        }
    }
    commune.finish().await;
}

#[tokio::test]
async fn a_change_of_the_tokens_file_is_taken_up_and_a_bad_one_is_not() {
    let keys = Keys::new();
    let server = Server::start().await;
    let mut environment = server.service_env();
    environment.push(("COMMUNE_ACCESS__TOKENS_FILE".into(), keys.file()));
    let mut librarian = Replica::start("librarian", 0, keys.dir.path(), environment).await;
    librarian.ready().await;
    let channel = Endpoint::from_shared(format!("http://{}", librarian.grpc)).unwrap().connect_lazy();
    let may = async |token: &str| {
        let list = "/commune.librarian.v1.LibraryService/ListArticles";
        code(call(channel.clone(), list, Some(token), &[]).await)
    };
    let becomes = async |token: &str, wanted: Code| {
        let what = format!("a token is answered with {wanted:?}");
        eventually_some(A_WHILE, &what, || async { (may(token).await == wanted).then_some(()) }).await;
    };
    assert_eq!(may(&keys.ada).await, Code::Ok);

    let carol = add(&keys.file(), "member", "carol");
    becomes(&carol, Code::Ok).await;

    // a malformed line: what was said before stays in force, and the log says which line, not what is in it
    let good = fs::read_to_string(keys.file()).unwrap();
    let lines = good.lines().count();
    fs::write(keys.file(), format!("{good}member dave {}\n", keys.wrong)).unwrap();
    librarian.logged("the tokens of before stay in force").await;
    let line = format!("line {}: 3 fields", lines + 1);
    assert!(librarian.log().contains(&line), "{}", librarian.log_tail());
    assert!(!librarian.log().contains(&keys.wrong));
    assert_eq!(may(&carol).await, Code::Ok);

    // taken back
    fs::write(keys.file(), &good).unwrap();
    let list = Command::new(program("commune")).args(["token", "--file", &keys.file(), "list"]).output().unwrap();
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    let id = list.lines().find(|line| line.contains("carol")).and_then(|line| line.split(' ').next()).unwrap();
    let removed =
        Command::new(program("commune")).args(["token", "--file", &keys.file(), "remove", id]).status().unwrap();
    assert!(removed.success());
    becomes(&carol, Code::Unauthenticated).await;
    assert_eq!(may(&keys.ada).await, Code::Ok);

    // a file that others may write names nobody any more who was not named before
    let dave = add(&keys.file(), "operator", "dave");
    becomes(&dave, Code::Ok).await;
    fs::set_permissions(keys.file(), fs::Permissions::from_mode(0o666)).unwrap();
    librarian.logged("must be its owner's alone").await;
    assert_eq!(may(&keys.ada).await, Code::Ok);
    librarian.drain().await;
}

#[tokio::test]
async fn a_door_that_cannot_be_guarded_is_not_opened() {
    let keys = Keys::new();
    let (certificate, key) = certificate(keys.dir.path());
    let other = tempfile::tempdir().unwrap();
    let (_, other_key) = self::certificate(other.path());
    let bad = keys.dir.path().join("bad");
    fs::write(&bad, "member ada\n").unwrap();
    fs::set_permissions(&bad, fs::Permissions::from_mode(0o600)).unwrap();
    let shared = keys.dir.path().join("shared");
    fs::copy(keys.file(), &shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o644)).unwrap();
    let (bad, shared) = (bad.display().to_string(), shared.display().to_string());

    let tls = [("LISTEN__TLS_CERT_FILE", certificate.as_str()), ("LISTEN__TLS_KEY_FILE", key.as_str())];
    let open = ("LISTEN__GRPC", "0.0.0.0:0");
    let file = keys.file();
    let tokens = ("ACCESS__TOKENS_FILE", file.as_str());
    let mismatch = [tls[0], ("LISTEN__TLS_KEY_FILE", other_key.as_str())];
    for (index, (settings, problem)) in [
        (vec![open], "which others reach: give access.tokens_file and listen.tls_cert_file"),
        (vec![open, tokens], "give listen.tls_cert_file and listen.tls_key_file"),
        (vec![open, tls[0], tls[1]], "give access.tokens_file, or listen on 127.0.0.1"),
        (vec![tls[0]], "need each other"),
        (vec![("ACCESS__TOKENS_FILE", bad.as_str())], "line 1: 2 fields"),
        (vec![("ACCESS__TOKENS_FILE", shared.as_str())], "has the mode 0644"),
        (vec![("ACCESS__TOKENS_FILE", "/nonexistent")], "cannot read the tokens file /nonexistent"),
        (mismatch.to_vec(), "cannot be used: both must be PEM, and of each other"),
    ]
    .into_iter()
    .enumerate()
    {
        let dir = keys.dir.path().join(index.to_string());
        fs::create_dir(&dir).unwrap();
        let mut environment: Vec<(String, String)> =
            [("COMMUNE_LISTEN__HTTP", "127.0.0.1:0"), ("COMMUNE_LISTEN__GRPC", "127.0.0.1:0")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec();
        environment.extend(settings.iter().map(|(name, value)| (format!("COMMUNE_{name}"), (*value).to_owned())));
        let mut librarian = Program::start("librarian", &[], &environment, &dir);
        assert_eq!(librarian.ended(A_WHILE).await.code(), Some(1), "{settings:?}");
        let said = librarian.stderr();
        assert!(said.contains(problem), "{settings:?}: {said}");
    }
}

#[tokio::test]
async fn what_deploy_makes_opens_the_door_that_compose_guards() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("new-tokens");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/new-tokens"), &script).unwrap();
    for needed in ["openssl", "python3"] {
        if Command::new(needed).arg("--help").output().is_err() {
            println!("skipped: {needed} is not on this machine");
            return;
        }
    }
    for _ in 0..2 {
        let made = Command::new(&script).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let made = |file: &str| dir.path().join("secrets").join(file).display().to_string();
    let server = Server::start().await;
    let mut environment = server.service_env();
    for (name, value) in [
        ("ACCESS__TOKENS_FILE", made("access/tokens")),
        ("LISTEN__TLS_CERT_FILE", made("tls.pem")),
        ("LISTEN__TLS_KEY_FILE", made("tls.key")),
    ] {
        environment.push((format!("COMMUNE_{name}"), value));
    }
    // as in the container: every address of the machine
    let port = commune_tests::support::port();
    let (grpc, http) = (format!("0.0.0.0:{port}"), format!("127.0.0.1:{}", commune_tests::support::port()));
    let mut librarian = Replica::start_at("librarian", 0, dir.path(), environment, grpc, http).await;
    librarian.ready().await;
    let ca = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(fs::read(made("tls.pem")).unwrap()));
    let address = format!("https://127.0.0.1:{port}");
    let channel = Endpoint::from_shared(address).unwrap().tls_config(ca).unwrap().connect_lazy();
    let token = |name: &str| fs::read_to_string(made(name)).unwrap().trim().to_owned();
    let carol = add(&made("access/tokens"), "member", "carol");
    assert_eq!(fs::metadata(made("access/tokens")).unwrap().permissions().mode() & 0o777, 0o444);
    let place = bytes(&SuggestPlacementRequest { title: "x".into(), text: "y".into(), kind: "lesson".into() });
    let (list, suggest) =
        ("/commune.librarian.v1.LibraryService/ListArticles", "/commune.librarian.v1.LibraryService/SuggestPlacement");
    let operator = code(call(channel.clone(), list, Some(&token("operator.token")), &[]).await);
    let mutualaid = code(call(channel.clone(), suggest, Some(&token("mutualaid.token")), &place).await);
    assert_eq!((operator, mutualaid), (Code::Ok, Code::Ok));
    eventually_some(A_WHILE, "a new member is let in", || async {
        (code(call(channel.clone(), list, Some(&carol), &[]).await) == Code::Ok).then_some(())
    })
    .await;
    librarian.drain().await;
}

/// A tokens file with a holder for each principal.
struct Keys {
    dir: tempfile::TempDir,
    ada: String,
    bob: String,
    service: String,
    operator: String,
    /// Well formed, and nobody's here.
    wrong: String,
}

impl Keys {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens").display().to_string();
        let elsewhere = dir.path().join("elsewhere").display().to_string();
        let keys = Self {
            ada: add(&file, "member", "ada"),
            bob: add(&file, "member", "bob"),
            service: add(&file, "service", "mutualaid"),
            operator: add(&file, "operator", "root"),
            wrong: add(&elsewhere, "operator", "root"),
            dir,
        };
        fs::write(keys.dir.path().join("service.token"), &keys.service).unwrap();
        keys
    }

    fn file(&self) -> String {
        self.dir.path().join("tokens").display().to_string()
    }

    /// A commune that asks for these tokens.
    fn plan(&self) -> Plan {
        let service: PathBuf = self.dir.path().join("service.token");
        Plan::one()
            .with("ACCESS__TOKENS_FILE", &self.file())
            .with("SHARE__LIBRARIAN_TOKEN_FILE", &service.display().to_string())
    }

    fn of(&self, who: Who) -> Option<&str> {
        match who {
            Who::Nobody => None,
            Who::WrongToken => Some(&self.wrong),
            Who::Ada => Some(&self.ada),
            Who::Bob => Some(&self.bob),
            Who::Service => Some(&self.service),
            Who::Operator => Some(&self.operator),
        }
    }
}

/// A new token, made as an operator makes it.
fn add(file: &str, role: &str, name: &str) -> String {
    let made = Command::new(program("commune")).args(["token", "--file", file, "add", role, name]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// A certificate that signed itself, for this machine, and its key: their files.
fn certificate(dir: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (dir.join("tls.pem"), dir.join("tls.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate.display().to_string(), key.display().to_string())
}

/// The paths of the rpcs of compiled descriptors.
fn paths(descriptors: &[u8]) -> Vec<String> {
    let set = FileDescriptorSet::decode(descriptors).unwrap();
    let mut paths = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let name = format!("/{}.{}", file.package(), service.name());
            paths.extend(service.method.iter().map(|method| format!("{name}/{}", method.name())));
        }
    }
    paths
}

/// Calls an rpc of any kind with one message: on the wire they differ only in how many messages there are.
async fn call(channel: Channel, path: &str, token: Option<&str>, body: &[u8]) -> Result<(), Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(body.to_vec());
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let path = path.parse().unwrap();
    grpc.server_streaming(request, path, Raw).await.map(drop)
}

fn code(answer: Result<(), Status>) -> Code {
    answer.map_or_else(|status| status.code(), |()| Code::Ok)
}

/// Messages as they are on the wire.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}
