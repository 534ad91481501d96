//! A commune that lets nobody in without credentials, as a person makes one: two agents are let in, each is heard as
//! itself alone, and one is shut out again.

use std::{path::Path, process::Command, time::Duration};

use commune_tests::{A_WHILE, Program, eventually, nats_server_path};
use futures::{FutureExt, StreamExt};
use serde_json::Value;

const A_NIGHT: Duration = Duration::from_secs(120);

const LESSON: &str = "# Renew the wildcard certificate\nRun `certbot renew --dns-plugin acme` on host lantern; the reload \
                      hook restarts the proxy afterwards.";

/// A passphrase that the clearing holds back, put together so that no scanner takes this file for one that leaks.
fn with_a_secret() -> String {
    format!(
        "# The pool's password\nThe staging pool is opened with {}: {}",
        "password",
        ["hunter", "-2-", "Xy9Qz!w"].concat()
    )
}

struct Commune {
    home: tempfile::TempDir,
    up: Program,
}

impl Commune {
    async fn up(home: tempfile::TempDir, more: &[&str]) -> Self {
        let (nats, folder) = (nats_server_path(), home.path().to_owned());
        let start = ["--home", folder.to_str().unwrap(), "up", "--free-ports", "--nats-server", nats.to_str().unwrap()];
        let commune = Self { up: Program::start("commune", &[&start, more].concat(), &[], &folder), home };
        eventually(A_NIGHT, "every part is ready", || {
            let ready = commune.run(&["status"]).0 == 0;
            async move { ready }
        })
        .await;
        commune
    }

    async fn down(self) -> tempfile::TempDir {
        let Self { home, mut up } = self;
        up.terminate();
        assert!(up.ended(A_NIGHT).await.success(), "{}", up.stderr());
        home
    }

    /// Runs a command: its code, and both outputs.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        run(self.home.path(), arguments)
    }

    fn check(&self, arguments: &[&str], code: i32, words: &str) -> String {
        let (ended, said) = self.run(arguments);
        assert!(ended == code && said.contains(words), "{arguments:?} ended with {ended}: {said}");
        said
    }

    fn creds(&self, agent: &str) -> String {
        self.home.path().join(format!("agents/{agent}.creds")).display().to_string()
    }

    fn url(&self) -> String {
        let text = std::fs::read_to_string(self.home.path().join("commune.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["nats_url"].as_str().unwrap().to_owned()
    }

    async fn client(&self, agent: &str) -> Result<async_nats::Client, async_nats::ConnectError> {
        let options = async_nats::ConnectOptions::with_credentials_file(self.creds(agent)).await.unwrap();
        options.custom_inbox_prefix(format!("_INBOX_{agent}")).connect(self.url()).await
    }
}

fn run(home: &Path, arguments: &[&str]) -> (i32, String) {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("commune");
    let output = Command::new(program).arg("--home").arg(home).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_are_let_in_and_each_is_heard_as_itself_alone() {
    let commune = Commune::up(tempfile::tempdir().unwrap(), &["--secure"]).await;
    for agent in ["ada", "bo"] {
        commune.check(&["agent", "add", agent], 0, &format!("--inbox-prefix _INBOX_{agent}"));
    }
    commune.check(&["agent", "add", "ada"], 5, "a member already");
    commune.check(&["agent", "add", "Ada!"], 2, "is not an agent id");
    assert!(async_nats::connect(commune.url()).await.is_err(), "nobody without credentials");

    let (ada, bo) = (commune.client("ada").await.unwrap(), commune.client("bo").await.unwrap());
    let mut inboxes = Vec::new();
    for (client, agent) in [(&ada, "ada"), (&bo, "bo")] {
        inboxes.push(client.subscribe(format!("commune.inbox.{agent}.>")).await.unwrap());
        let note = format!("---\nkind: lesson\n---\n{}", with_a_secret());
        let stored = client.request(format!("commune.agent.{agent}.note.n1"), note.into()).await.unwrap();
        assert!(String::from_utf8_lossy(&stored.payload).contains("AGENTS"), "{stored:?}");
    }
    commune.check(&["--creds", &commune.creds("ada"), "note", "ada", LESSON, "--kind", "lesson"], 0, "logged");
    commune.check(&["--creds", &commune.creds("ada"), "note", "bo", LESSON, "--kind", "lesson"], 5, "does not let us");
    let mut of_bo = ada.subscribe("commune.inbox.bo.>").await.unwrap();

    commune.check(&["night", "run", "2026-02-14"], 0, "done");
    for (inbox, agent) in inboxes.iter_mut().zip(["ada", "bo"]) {
        let mut heard = Some(tokio::time::timeout(A_WHILE, inbox.next()).await.unwrap().unwrap());
        while let Some(message) = heard {
            assert_eq!(message.subject.as_str(), format!("commune.inbox.{agent}.held"));
            heard = inbox.next().now_or_never().flatten();
        }
    }
    assert!(of_bo.next().now_or_never().flatten().is_none(), "ada does not hear what bo hears");
    let found = commune.check(&["search", "renew the wildcard certificate"], 0, "certificate");
    assert!(!found.contains("hunter"), "{found}");

    // each knows its own memory by its token, and no other
    let token = |agent: &str| {
        let file = commune.home.path().join(format!("agents/{agent}.token"));
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    };
    let adas = token("ada");
    eventually(A_WHILE, "the services have taken up its token", || {
        let (code, _) = commune.run(&["--token", &adas, "memory", "ada"]);
        async move { code == 0 }
    })
    .await;
    commune.check(&["--token", &adas, "memory", "bo"], 5, "");
    let bos_token = token("bo");
    let bos = std::fs::read_to_string(commune.creds("bo")).unwrap();
    commune.check(&["agent", "remove", "bo"], 0, "shut out");
    eventually(A_WHILE, "bo is not let in any more", || {
        let connecting = async_nats::ConnectOptions::with_credentials(&bos).unwrap().connect(commune.url());
        async move { connecting.await.is_err() }
    })
    .await;
    eventually(A_WHILE, "its token is worth nothing", || {
        let (code, said) = commune.run(&["--token", &bos_token, "memory", "bo"]);
        async move { code != 0 && !said.contains("wildcard") }
    })
    .await;
    let listed = commune.check(&["agent", "list"], 0, "ada");
    assert!(!listed.contains("\nbo "), "{listed}");
    ada.request("commune.agent.ada.note.n3", "still here".into()).await.unwrap();
    commune.check(&["dead", "list"], 0, "no dead letters");
    commune.down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commune_that_is_made_secure_goes_on_with_what_it_has_and_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["up", "--listen", "0.0.0.0"]);
    assert!(refused.0 == 5 && refused.1.contains("--secure"), "{refused:?}");
    let (code, said) = run(folder.path(), &["agent", "add", "ada"]);
    assert!(code == 3 && said.contains("up --secure"), "{code}: {said}");

    let commune = Commune::up(folder, &[]).await;
    assert!(commune.up.stderr().contains("every program on this machine is trusted"), "it says so");
    commune.check(&["note", "ada", LESSON, "--kind", "lesson"], 0, "logged");
    commune.check(&["night", "run", "2026-02-14"], 0, "done");
    let folder = commune.down().await;

    let commune = Commune::up(folder, &["--secure"]).await;
    commune.check(&["search", "renew the wildcard certificate"], 0, "certificate");
    commune.check(&["night", "status", "2026-02-14"], 0, "done");
    commune.check(&["agent", "add", "ada"], 0, "let in");
    let again = ["--creds", &commune.creds("ada"), "note", "ada", LESSON, "--kind", "lesson"];
    commune.check(&again, 0, "already logged");
    let folder = commune.down().await;
    let refused = run(folder.path(), &["up"]);
    assert!(refused.0 == 5 && refused.1.contains("--secure"), "{refused:?}");

    // and after a restart the same members are in
    let commune = Commune::up(folder, &["--secure"]).await;
    commune.check(&again, 0, "already logged");
    commune.down().await;
}
