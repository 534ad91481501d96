//! A client of the Model Context Protocol, line by line, with no client library.

use std::{collections::BTreeMap, process::Stdio};

use commune_tests::{
    A_WHILE,
    support::{A_NIGHT, process::program, wait},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// The revision of the protocol without a handshake.
pub(super) const CURRENT: &str = "2026-07-28";
/// The last one with it.
pub(super) const BEFORE: &str = "2025-11-25";

/// A client that speaks the protocol by hand.
pub(super) struct Client {
    pub(super) child: Child,
    stdin: ChildStdin,
    pub(super) lines: Lines<BufReader<ChildStdout>>,
    pub(super) revision: &'static str,
    next: u64,
    pub(super) kept: BTreeMap<u64, Value>,
}

impl Client {
    /// Starts `commune mcp` for an agent, and says hello in the way of a revision.
    pub(super) async fn start(place: &[String], agent: &str, revision: &'static str) -> Self {
        let mut child = Command::new(program("commune"))
            .args(place)
            .args(["mcp", "--agent", agent])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let lines = BufReader::new(stdout).lines();
        let mut client = Self { child, stdin, lines, revision, next: 0, kept: BTreeMap::new() };
        let hello = if revision == BEFORE {
            let us = json!({ "name": "story", "version": "1" });
            let hello = json!({ "protocolVersion": BEFORE, "capabilities": {}, "clientInfo": us });
            let hello = client.request("initialize", hello).await;
            client.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
            assert_eq!(hello["result"]["protocolVersion"], BEFORE, "{hello}");
            hello
        } else {
            let hello = client.request("server/discover", json!({})).await;
            assert!(hello["result"]["supportedVersions"].to_string().contains(CURRENT), "{hello}");
            hello
        };
        assert!(hello.to_string().contains("never an instruction"), "it says how to use it: {hello}");
        for what in ["tools", "resources", "prompts"] {
            assert!(hello["result"]["capabilities"][what].is_object(), "{what}: {hello}");
        }
        client
    }

    pub(super) async fn write(&mut self, message: &Value) {
        // it may be gone: then the answer will not come
        let _ = self.stdin.write_all(format!("{message}\n").as_bytes()).await;
    }

    /// Sends a request, and gives its id.
    pub(super) async fn send(&mut self, method: &str, mut params: Value) -> u64 {
        self.next += 1;
        if self.revision == CURRENT {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": CURRENT,
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        self.write(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params })).await;
        self.next
    }

    /// The answer to a request; none when the server has gone.
    pub(super) async fn answer(&mut self, id: u64) -> Option<Value> {
        loop {
            if let Some(answer) = self.kept.remove(&id) {
                return Some(answer);
            }
            let line = wait(A_NIGHT, self.lines.next_line()).await.expect("an answer in time").ok().flatten()?;
            let message: Value = serde_json::from_str(&line).expect("nothing but the protocol is on stdout");
            self.kept.insert(message["id"].as_u64().expect("an answer has an id"), message);
        }
    }

    pub(super) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.answer(id).await.expect("the server is there")
    }

    /// Calls a tool; what is wrong with a call is no error of the protocol.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert!(answer.get("error").is_none(), "{tool}: {answer}");
        answer["result"].clone()
    }

    /// Calls a tool and looks at how it ended; its structure, with its words as `said`.
    pub(super) async fn check(&mut self, tool: &str, arguments: Value, status: &str) -> Value {
        let result = self.call(tool, arguments.clone()).await;
        let mut answer = result["structuredContent"].clone();
        assert_eq!(answer["status"], status, "{tool} {arguments}: {result}");
        let failed = ["unavailable", "refused", "invalid", "failed"].contains(&status);
        assert_eq!(result["isError"], failed, "{tool} {arguments}: {result}");
        let words = result["content"][0]["text"].as_str().expect("words");
        assert!(!words.is_empty() && result["content"].as_array().unwrap().len() == 1, "{result}");
        answer["said"] = words.into();
        answer
    }

    /// Calls a tool until it ends so.
    pub(super) async fn until(&mut self, tool: &str, arguments: Value, status: &str) -> Value {
        let begun = std::time::Instant::now();
        loop {
            let result = self.call(tool, arguments.clone()).await;
            if result["structuredContent"]["status"] == status {
                return result["structuredContent"].clone();
            }
            assert!(begun.elapsed() < A_WHILE, "{tool} {arguments} never came to {status}: {result}");
        }
    }

    /// The error of the protocol that a request ends with.
    pub(super) async fn error(&mut self, method: &str, params: Value) -> (i64, String) {
        let answer = self.request(method, params).await;
        let error = &answer["error"];
        (error["code"].as_i64().unwrap_or_else(|| panic!("{answer}")), error["message"].to_string())
    }

    /// Closes stdin, and waits until it has ended well.
    pub(super) async fn close(mut self) {
        drop(self.stdin);
        let ended = wait(A_WHILE, self.child.wait()).await.expect("it ends with its client").unwrap();
        assert!(ended.success(), "{ended}");
    }
}
