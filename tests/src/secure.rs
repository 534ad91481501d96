//! A real nats-server that lets nobody in without credentials, and a client that hears its every word.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use commune_bus::{
    Bus, BusOptions, ServerConfiguration,
    accounts::{Authority, Principal, Revoked},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{A_WHILE, NatsServer};

const ACCOUNTS_FILE: &str = "accounts.conf";

/// A running server and the keys that it trusts.
pub struct SecureServer {
    pub server: NatsServer,
    pub authority: Authority,
}

impl SecureServer {
    /// Starts a server with an empty store, as `commune up --secure` does.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let authority = Authority::generate().expect("keys can be made");
        let accounts = authority.accounts(&[], Timestamp::now()).expect("the keys are good");
        std::fs::write(dir.path().join(ACCOUNTS_FILE), accounts.render()).expect("the folder can be written");
        let configuration = ServerConfiguration {
            port: 0,
            store_dir: dir.path().join("store"),
            signed: Some(ACCOUNTS_FILE.to_owned()),
            ports_dir: Some(dir.path().to_owned()),
            ..ServerConfiguration::default()
        };
        Self { server: NatsServer::start_as(dir, configuration, String::new()).await, authority }
    }

    /// Writes the accounts again, as of some time later, and lets the server read them.
    pub fn shut_out(&self, revoked: &[Revoked]) {
        let later = Timestamp::now() + jiff::SignedDuration::from_secs(5);
        let accounts = self.authority.accounts(revoked, later).expect("the keys are good");
        std::fs::write(self.server.dir().join(ACCOUNTS_FILE), accounts.render()).expect("the folder can be written");
        self.server.hang_up();
    }

    /// The credentials of a service, of the operator, or (any other name) of an agent.
    pub fn credentials(&self, name: &str) -> String {
        let principal = Principal::from_name(name).unwrap_or(Principal::Agent);
        self.authority.admit(principal, name, Timestamp::now()).expect("the keys are good").text
    }

    /// The connection of a service, of the operator, or of an agent.
    pub async fn bus(&self, name: &str) -> Bus {
        self.bus_with(name, self.credentials(name)).await
    }

    /// The connection of whoever has these credentials.
    pub async fn bus_with(&self, name: &str, credentials: String) -> Bus {
        let options = BusOptions {
            url: self.server.url(),
            name: format!("{name}@tests"),
            nkey_seed: Some(credentials),
            replicas: 1,
            fault: None,
        };
        Bus::connect(options).await.expect("the options are good")
    }

    /// Any NATS client with the credentials of this name.
    pub async fn client(&self, name: &str) -> async_nats::Client {
        async_nats::ConnectOptions::with_credentials(&self.credentials(name))
            .expect("the credentials are good")
            .custom_inbox_prefix(format!("_INBOX_{name}"))
            .request_timeout(Some(std::time::Duration::from_millis(500)))
            .connect(self.server.url())
            .await
            .expect("it is let in")
    }

    /// The bare line, with the credentials of this name.
    pub async fn line(&self, name: &str) -> Line {
        Line::open(&self.server.url(), Some(&self.credentials(name))).await.expect("it is let in")
    }
}

/// A connection in the server's own protocol: every word goes out as it is, and every answer is waited for.
pub struct Line {
    stream: BufReader<TcpStream>,
    subscriptions: usize,
}

impl Line {
    /// Connects; what the server says when it lets nobody in.
    pub async fn open(url: &str, credentials: Option<&str>) -> Result<Self, String> {
        let address = url.strip_prefix("nats://").expect("a NATS address");
        let mut stream = BufReader::new(TcpStream::connect(address).await.expect("the server is there"));
        let mut info = String::new();
        stream.read_line(&mut info).await.expect("the server speaks first");
        let info: Value = serde_json::from_str(info.trim_start_matches("INFO ").trim()).expect("it tells who it is");
        let mut hello =
            json!({"verbose": false, "pedantic": false, "headers": true, "no_responders": true, "lang": "tests"});
        if let Some(credentials) = credentials {
            let lines: Vec<&str> = credentials.lines().filter(|line| !line.is_empty() && !line.contains('-')).collect();
            let token = credentials.lines().find(|line| line.starts_with("eyJ")).expect("a token");
            let seed = lines.last().expect("a seed");
            let key = nkeys::KeyPair::from_seed(seed).expect("a good seed");
            let nonce = info["nonce"].as_str().expect("a nonce");
            let signature = key.sign(nonce.as_bytes()).expect("it can sign");
            hello["jwt"] = token.into();
            hello["sig"] = URL_SAFE_NO_PAD.encode(signature).into();
        }
        let mut line = Self { stream, subscriptions: 0 };
        match line.complaint(&format!("CONNECT {hello}\r\n")).await {
            Some(complaint) => Err(complaint),
            None => Ok(line),
        }
    }

    /// Publishes; what the server says against it.
    pub async fn publish(&mut self, subject: &str) -> Option<String> {
        self.complaint(&format!("PUB {subject} 2\r\n{{}}\r\n")).await
    }

    /// Subscribes for a moment; what the server says against it.
    pub async fn listen(&mut self, subject: &str) -> Option<String> {
        self.subscriptions += 1;
        let sid = self.subscriptions;
        self.complaint(&format!("SUB {subject} {sid}\r\nUNSUB {sid}\r\n")).await
    }

    /// What the server says against this; messages are passed over.
    async fn complaint(&mut self, words: &str) -> Option<String> {
        let asked = async {
            let mut complaint = None;
            // a server that closed the line has said why before
            let _ = self.stream.write_all(format!("{words}PING\r\n").as_bytes()).await;
            loop {
                let mut said = String::new();
                if self.stream.read_line(&mut said).await.is_ok_and(|bytes| bytes == 0) {
                    return complaint.or(Some("closed".to_owned()));
                }
                if let Some(words) = said.strip_prefix("-ERR ") {
                    complaint = Some(words.trim().to_owned());
                } else if said.starts_with("PONG") {
                    return complaint;
                } else if said.starts_with("MSG ") || said.starts_with("HMSG ") {
                    let size: usize =
                        said.split_whitespace().last().and_then(|size| size.parse().ok()).expect("a size");
                    let mut body = vec![0; size + 2];
                    self.stream.read_exact(&mut body).await.expect("the body follows");
                }
            }
        };
        tokio::time::timeout(A_WHILE, asked).await.expect("the server answers")
    }
}
