//! `commune mcp --listen`: who is let in over HTTP, from where, and that a restart is not noticed.

use std::{process::Stdio, time::Duration};

use commune_runtime::access::{Role, Token};
use commune_tests::{
    A_WHILE, NatsServer, eventually_some,
    support::{port, process::program, wait},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use super::{
    BEFORE, CURRENT,
    kept::{notes, place},
};

/// A running `commune mcp --listen`. Killed when dropped.
pub(super) struct Served {
    child: Child,
    pub(super) address: String,
}

impl Served {
    pub(super) async fn start(place: &[String], agent: &str, more: &[&str]) -> Self {
        let mut child = Command::new(program("commune"))
            .args(place)
            .args(["mcp", "--agent", agent])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = wait(A_WHILE, lines.next_line()).await.expect("it says where it is").unwrap().expect("it runs");
        let address = said.split("http://").nth(1).unwrap_or_else(|| panic!("{said}"));
        let address = address.trim_end_matches("/mcp").to_owned();
        // what more it says is read, so that it is never held up
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address }
    }

    /// Posts a message: the status, and what is answered.
    async fn post(&self, headers: &[(&str, &str)], message: &Value) -> (u16, Value) {
        post(&self.address, headers, &message.to_string()).await.expect("it answers")
    }
}

/// Posts a body: the status, and the answer as JSON where it is JSON.
async fn post(address: &str, headers: &[(&str, &str)], body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let has = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let mut head = format!("POST /mcp HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in
        [("Host", address), ("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json")]
    {
        if !has(name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    // whoever is refused may not be read to the end
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
    let mut answer = Vec::new();
    let _ = wait(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split_whitespace().nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    // it may come in chunks, of which each is one line
    let json = body.lines().find_map(|line| serde_json::from_str(line).ok().filter(Value::is_object));
    Some((status, json.unwrap_or(Value::Null)))
}

fn remember(text: &str) -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": CURRENT,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "name": "remember", "arguments": { "text": text }, "_meta": meta });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params })
}

/// What the current revision wants beside the body.
const HEADERS: [(&str, &str); 3] =
    [("MCP-Protocol-Version", CURRENT), ("Mcp-Method", "tools/call"), ("Mcp-Name", "remember")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_strangers_pages_and_names_are_refused() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let place = place(&server);
    let served =
        Served::start(&place, "ada", &["--listen", "127.0.0.1:0", "--origin", "https://board.example:443"]).await;
    let with = |name: &'static str, value: &'static str| [HEADERS.as_slice(), &[(name, value)]].concat();

    // (who asks, how it ends)
    let own = format!("http://{}", served.address);
    let cases: Vec<(Vec<(&str, &str)>, u16)> = vec![
        (HEADERS.to_vec(), 200),
        ([HEADERS.as_slice(), &[("Origin", own.as_str())]].concat(), 200),
        (with("Origin", "http://localhost:5173"), 200),
        (with("Origin", "https://board.example"), 200),
        (with("Origin", "https://evil.example"), 403),
        (with("Origin", "null"), 403),
        (with("Host", "evil.example"), 403),
        (with("Content-Type", "text/plain"), 415),
    ];
    for (headers, status) in cases {
        let (ended, answer) = served.post(&headers, &remember("over http")).await;
        assert_eq!(ended, status, "{headers:?}: {answer}");
        if status == 200 {
            assert_eq!(answer["result"]["structuredContent"]["status"], "stored", "{answer}");
        }
    }
    assert_eq!(notes(&bus).await.len(), 1, "only who was let in, and once");

    // a client of the revision before shakes hands, and needs no session
    let hello = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": { "protocolVersion": BEFORE, "capabilities": {}, "clientInfo": { "name": "story", "version": "1" } },
    });
    let (status, answer) = served.post(&[], &hello).await;
    assert_eq!((status, &answer["result"]["protocolVersion"]), (200, &json!(BEFORE)), "{answer}");
    let (status, answer) = served
        .post(&[("MCP-Protocol-Version", BEFORE)], &json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }))
        .await;
    assert_eq!((status, answer["result"]["tools"].as_array().map(Vec::len)), (200, Some(11)), "{answer}");

    let large = remember(&"x".repeat(3 << 20)).to_string();
    let (status, _) = post(&served.address, &HEADERS, &large).await.expect("it answers");
    assert_eq!(status, 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_this_machine_the_token_is_wanted_and_a_restart_is_not_noticed() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let place = place(&server);
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (Token::generate(Role::Member).unwrap(), Token::generate(Role::Member).unwrap());
    let file = folder.path().join("token");
    std::fs::write(&file, ours.expose()).unwrap();
    let file = file.display().to_string();

    let open =
        Command::new(program("commune")).args(&place).args(["mcp", "--agent", "ada", "--listen", "0.0.0.0:0"]).output();
    let open = wait(A_WHILE, open).await.expect("it ends").unwrap();
    assert_eq!(open.status.code(), Some(5), "{open:?}");
    assert!(String::from_utf8_lossy(&open.stderr).contains("--bearer FILE"), "{open:?}");

    let listen = format!("0.0.0.0:{}", port());
    let more = ["--listen", &listen, "--bearer", &file];
    let mut served = Served::start(&place, "ada", &more).await;
    let local = served.address.replace("0.0.0.0", "127.0.0.1");
    served.address.clone_from(&local);
    let bearer = |token: &str| format!("Bearer {token}");
    for (shown, status) in [
        (None, 401),
        (Some(bearer("cmn_m_x")), 401),
        (Some(bearer(others.expose())), 401),
        (Some(ours.expose().to_owned()), 401),
        (Some(bearer(ours.expose())), 200),
    ] {
        let mut headers = HEADERS.to_vec();
        headers.extend(shown.as_deref().map(|shown| ("Authorization", shown)));
        assert_eq!(served.post(&headers, &remember("with a token")).await.0, status, "{shown:?}");
    }

    served.child.kill().await.unwrap();
    let served = Served::start(&place, "ada", &more).await;
    let shown = bearer(ours.expose());
    let headers = [HEADERS.as_slice(), &[("Authorization", shown.as_str())]].concat();
    let body = remember("with a token").to_string();
    let again = eventually_some(A_WHILE, "it is there again", async || post(&local, &headers, &body).await).await;
    assert_eq!((again.0, &again.1["result"]["structuredContent"]["new"]), (200, &json!(false)), "{again:?}");
    assert_eq!(notes(&bus).await.len(), 1);
    drop(served);
}
