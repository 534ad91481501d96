//! Who may do what, walked on a real server that lets nobody in without credentials: every principal against every
//! subject, listened to and published on, and against JetStream's own subjects; and then what an agent's credentials
//! come to when it means harm.

mod harm;
mod services;

use commune_bus::{
    StreamName,
    accounts::{Principal, Revoked},
};
use commune_tests::{A_WHILE, Line, SecureServer, eventually};

/// Everybody with credentials; two agents, so that each is a stranger to the other.
const ALL: [&str; 6] = ["ada", "bob", "selfcare", "mutualaid", "librarian", "operator"];

/// Who may publish on it; nobody else may.
const PUBLISH: &[(&str, &str)] = &[
    // what agents say
    ("commune.agent.ada.note", "ada operator"),
    ("commune.agent.ada.note.n1", "ada operator"),
    ("commune.agent.ada.need.n1", "ada operator librarian"),
    ("commune.agent.ada.need", "ada operator"),
    ("commune.agent.ada.artifact.n1", "ada operator"),
    ("commune.agent.ada.rest", "ada operator"),
    ("commune.agent.ada.withdraw.n1", "ada operator"),
    ("commune.agent.ada.a.b.c", "ada operator"),
    ("commune.agent.bob.note", "bob operator"),
    ("commune.agent.bob.voice.n1", "bob operator"),
    ("commune.agent.*.note", "operator"),
    ("commune.agent.eve.note", "operator"),
    ("commune.agent", ""),
    ("commune.log.3.ada.note.n1", ""),
    // their inboxes
    ("commune.inbox.ada.held", "selfcare mutualaid librarian"),
    ("commune.inbox.bob.thanks", "selfcare mutualaid librarian"),
    // nights
    ("commune.night.schedule", "selfcare"),
    ("commune.night.due", "selfcare operator"),
    ("commune.night.requested.2026-02-14", "operator"),
    ("commune.night.opened.2026-02-14", "selfcare"),
    ("commune.night.begun.2026-02-14.ada", "selfcare operator"),
    ("commune.night.trail.2026-02-14.ada.selfcare", "selfcare operator"),
    ("commune.night.trail.2026-02-14.ada.mutualaid", "mutualaid operator"),
    ("commune.night.trail.2026-02-14.ada.librarian", "librarian operator"),
    ("commune.night.else", ""),
    // memory
    ("commune.memory.ada.brief", "selfcare"),
    ("commune.memory.ada.diary.2026-02-14", "selfcare"),
    ("commune.memory.ada.notes.2026-02-14.1", "selfcare"),
    ("commune.event.memory-tidied.ada.2026-02-14", "selfcare operator"),
    // mutual aid
    ("commune.event.knowledge-shared.ada.x", "mutualaid operator"),
    ("commune.aid.session.ada.2026-02-14", "mutualaid"),
    ("commune.aid.need.x.y", "mutualaid"),
    ("commune.aid.withdrawn.ada.n1", "mutualaid operator"),
    // the library
    ("commune.event.article-curated.how-to.x", "librarian"),
    ("commune.library.proposal.x", "librarian"),
    ("commune.night.proposal.x", "librarian"),
    ("commune.night.proposal-due.x", "librarian operator"),
    // what members did with it
    ("commune.use.read.ada.x", "librarian"),
    ("commune.use.feedback.ada.x", "librarian"),
    ("commune.use.receipts.2026-02-14.1", "librarian"),
    // bodies, letters, and what is not the commune's
    ("$O.ARTIFACTS.C.x", "selfcare"),
    ("$O.ARTIFACTS.M.x", "selfcare"),
    ("$O.OTHER.M.x", ""),
    ("$KV.bucket.key", ""),
    ("commune.dead.selfcare.AGENTS.1", "selfcare"),
    ("commune.dead.bus.AGENTS.1", "selfcare"),
    ("commune.dead.mutualaid.MEMORY.1", "mutualaid"),
    ("commune.dead.librarian.NIGHTS.1", "librarian"),
    ("$SYS.REQ.SERVER.PING", ""),
    ("$SYS.REQ.USER.INFO", ""),
    ("$SRV.PING", ""),
    ("$JS.FC.AGENTS.x.y", ""),
    ("_INBOX.x", ""),
    ("_INBOX_ada.x", ""),
    ("_INBOX_selfcare.x", ""),
    ("anything", ""),
    // JetStream as a whole
    ("$JS.API.INFO", "operator"),
    ("$JS.SNAPSHOT.ACK.AGENTS.x.1.1", "operator"),
    ("$JS.SNAPSHOT.RESTORE.AGENTS.x", "operator"),
    ("$JS.SNAPSHOT.RESTORE.OTHER.x", ""),
    ("$JS.API.STREAM.RESTORE.OTHER", ""),
    ("$JS.API.STREAM.NAMES", ""),
    ("$JS.API.STREAM.LIST", ""),
    ("$JS.API.STREAM.CREATE.KV_mine", ""),
    ("$JS.API.STREAM.CREATE.OBJ_mine", ""),
    ("$JS.API.ACCOUNT.PURGE.x", ""),
    ("$JS.API.META.LEADER.STEPDOWN", ""),
];

/// Who may listen to it; nobody else may.
const LISTEN: &[(&str, &str)] = &[
    ("commune.inbox.ada.>", "ada"),
    ("commune.inbox.ada.held", "ada"),
    ("commune.inbox.bob.>", "bob"),
    ("commune.inbox.>", ""),
    ("commune.inbox.*.held", ""),
    ("commune.agent.ada.>", ""),
    ("commune.agent.>", ""),
    ("commune.log.>", ""),
    ("commune.night.>", ""),
    ("commune.memory.>", ""),
    ("commune.memory.ada.>", ""),
    ("commune.event.>", ""),
    ("commune.aid.>", ""),
    ("commune.dead.>", ""),
    ("commune.>", ""),
    (">", ""),
    ("*", ""),
    ("*.>", ""),
    ("_INBOX.>", ""),
    ("_INBOX_ada.>", "ada"),
    ("_INBOX_bob.>", "bob"),
    ("_INBOX_selfcare.>", "selfcare"),
    ("_INBOX_mutualaid.>", "mutualaid"),
    ("_INBOX_librarian.>", "librarian"),
    ("_INBOX_operator.>", "operator"),
    ("$JS.>", ""),
    ("$JS.API.>", ""),
    ("$JS.ACK.>", ""),
    ("$JS.EVENT.>", ""),
    ("$SYS.>", ""),
    ("$SRV.>", ""),
    ("$O.>", ""),
    ("$KV.>", ""),
    ("_R_.>", ""),
];

/// Who reads a stream: by a consumer that comes and goes, and one message by its sequence.
const READ: [(StreamName, &str); 9] = [
    (StreamName::Agents, "selfcare operator"),
    (StreamName::Drops, "selfcare operator"),
    (StreamName::Nights, "selfcare mutualaid librarian operator"),
    (StreamName::Memory, "selfcare mutualaid operator"),
    (StreamName::Aid, "mutualaid librarian operator"),
    (StreamName::Library, "mutualaid librarian operator"),
    (StreamName::Uses, "librarian operator"),
    (StreamName::Artifacts, "selfcare"),
    (StreamName::Dead, "selfcare operator"),
];

/// Whose each durable consumer is; where there is a filter, it may be made with this one only.
const DURABLES: [(StreamName, &str, &str, Option<&str>); 14] = [
    (StreamName::Agents, "selfcare-intake", "selfcare", None),
    (StreamName::Drops, "selfcare-intake-drops", "selfcare", None),
    (StreamName::Nights, "selfcare-opens", "selfcare", None),
    (StreamName::Nights, "selfcare-nights", "selfcare", None),
    (StreamName::Memory, "mutualaid", "mutualaid", None),
    (StreamName::Agents, "mutualaid-needs", "mutualaid", Some("commune.log.*.*.need.*")),
    (StreamName::Drops, "mutualaid-needs-drops", "mutualaid", Some("commune.agent.*.need")),
    (StreamName::Agents, "mutualaid-withdraws", "mutualaid", Some("commune.log.*.*.withdraw.*")),
    (StreamName::Drops, "mutualaid-withdraws-drops", "mutualaid", Some("commune.agent.*.withdraw")),
    (StreamName::Nights, "librarian", "librarian", None),
    (StreamName::Nights, "librarian-proposals", "librarian", None),
    (StreamName::Aid, "librarian-withdrawn", "librarian", None),
    (StreamName::Agents, "librarian-feedback", "librarian", Some("commune.log.*.*.feedback.*")),
    (StreamName::Drops, "librarian-feedback-drops", "librarian", Some("commune.agent.*.feedback")),
];

/// What nobody may ask of any stream.
const NEVER: &[&str] = &[
    "STREAM.DELETE.{S}",
    "STREAM.PURGE.{S}",
    "STREAM.PEER.REMOVE.{S}",
    "STREAM.LEADER.STEPDOWN.{S}",
    "DIRECT.GET.{S}",
    "DIRECT.GET.{S}.commune.log.3.ada.note.n1",
    "DIRECT.GET.{S}.>",
    "CONSUMER.LIST.{S}",
    "CONSUMER.NAMES.{S}",
    "CONSUMER.INFO.{S}.mine",
    "CONSUMER.CREATE.{S}",
    "CONSUMER.CREATE.{S}.mine.commune.>",
    "CONSUMER.CREATE.{S}.mine.commune.log.*.*.need.*",
    "CONSUMER.DURABLE.CREATE.{S}.mine",
    "CONSUMER.PAUSE.{S}.selfcare-intake",
    "CONSUMER.RESET.{S}.selfcare-intake",
    "CONSUMER.UNPIN.{S}.selfcare-intake",
    "CONSUMER.LEADER.STEPDOWN.{S}.selfcare-intake",
];

/// Every JetStream subject with who may publish on it.
fn of_jetstream() -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |subject: String, who: &str| rows.push((format!("$JS.API.{subject}"), who.to_owned()));
    for (stream, readers) in READ {
        let name = stream.as_str();
        row(format!("STREAM.INFO.{name}"), "selfcare mutualaid librarian operator");
        row(format!("STREAM.CREATE.{name}"), "selfcare");
        row(format!("STREAM.UPDATE.{name}"), "selfcare");
        row(format!("STREAM.SNAPSHOT.{name}"), "operator");
        row(format!("STREAM.RESTORE.{name}"), "operator");
        row(format!("STREAM.MSG.GET.{name}"), readers);
        row(format!("CONSUMER.CREATE.{name}.x7"), readers);
        row(format!("CONSUMER.MSG.NEXT.{name}.x7"), readers);
        row(format!("CONSUMER.DELETE.{name}.x7"), readers);
        let takes_out = matches!(stream, StreamName::Agents | StreamName::Drops);
        row(format!("STREAM.MSG.DELETE.{name}"), if takes_out { "selfcare" } else { "" });
        for never in NEVER {
            row(never.replace("{S}", name), "");
        }
    }
    for (stream, durable, owner, filter) in DURABLES {
        let name = stream.as_str();
        row(format!("CONSUMER.MSG.NEXT.{name}.{durable}"), owner);
        row(format!("CONSUMER.INFO.{name}.{durable}"), &format!("{owner} operator"));
        // the owner of a whole reader may take its own away; the owner of a narrow one may not
        row(format!("CONSUMER.DELETE.{name}.{durable}"), if filter.is_none() { owner } else { "" });
        row(format!("CONSUMER.CREATE.{name}.{durable}"), if filter.is_none() { owner } else { "" });
        row(format!("CONSUMER.CREATE.{name}.{durable}.commune.>"), if filter.is_none() { owner } else { "" });
        row(format!("CONSUMER.CREATE.{name}.{durable}.>"), if filter.is_none() { owner } else { "" });
        if let Some(filter) = filter {
            row(format!("CONSUMER.CREATE.{name}.{durable}.{filter}"), owner);
        }
    }
    for (stream, durable, owner, _) in DURABLES {
        let name = stream.as_str();
        rows.push((format!("$JS.ACK.{name}.{durable}.1.1.1.1.0"), owner.to_owned()));
        rows.push((format!("$JS.ACK._.hash.{name}.{durable}.1.1.1.1.0"), owner.to_owned()));
    }
    rows
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let server = SecureServer::start().await;
    server.bus("selfcare").await.ensure_topology().await.unwrap();
    let jetstream = of_jetstream();
    let publish: Vec<(&str, &str)> = PUBLISH
        .iter()
        .copied()
        .chain(jetstream.iter().map(|(subject, who)| (subject.as_str(), who.as_str())))
        .collect();
    let mut wrong = Vec::new();
    for who in ALL {
        let mut line = server.line(who).await;
        for (subject, may) in &publish {
            let denied = line.publish(subject).await;
            judge(&mut wrong, who, "publish on", subject, may, denied.as_deref());
        }
        for (subject, may) in LISTEN {
            let denied = line.listen(subject).await;
            judge(&mut wrong, who, "listen to", subject, may, denied.as_deref());
        }
    }
    assert!(wrong.is_empty(), "{} of the table are not so:\n{}", wrong.len(), wrong.join("\n"));
}

fn judge(wrong: &mut Vec<String>, who: &str, does: &str, subject: &str, may: &str, denied: Option<&str>) {
    let expected = may.split(' ').any(|one| one == who);
    match denied {
        None if expected => {}
        Some(words) if !expected && words.contains("Permissions Violation") && words.contains(subject) => {}
        denied => wrong.push(format!("{who} may {does} {subject}: expected {expected}, the server said {denied:?}")),
    }
}

#[tokio::test]
async fn whoever_has_no_credentials_or_those_of_another_commune_is_not_let_in() {
    let (server, other) = (SecureServer::start().await, SecureServer::start().await);
    let url = server.server.url();
    let refused = |opened: Result<Line, String>| opened.err().unwrap_or_default();
    assert!(refused(Line::open(&url, None).await).contains("Authorization Violation"));
    for who in ALL {
        let said = refused(Line::open(&url, Some(&other.credentials(who))).await);
        assert!(said.contains("Authorization Violation"), "{who}: {said}");
    }
    // a token of somebody else's is worth nothing without its key
    let (ada, bob) = (server.credentials("ada"), server.credentials("bob"));
    let token = ada.lines().find(|line| line.starts_with("eyJ")).unwrap();
    let forged = bob.lines().map(|line| if line.starts_with("eyJ") { token } else { line }).collect::<Vec<_>>();
    assert!(refused(Line::open(&url, Some(&forged.join("\n"))).await).contains("Authorization Violation"));
    assert!(Line::open(&url, Some(&bob)).await.is_ok());
}

#[tokio::test]
async fn an_agent_that_is_shut_out_is_cut_off_and_the_others_are_not() {
    let server = SecureServer::start().await;
    let at = jiff::Timestamp::now();
    let [ada, bob] = ["ada", "bob"].map(|name| server.authority.admit(Principal::Agent, name, at).unwrap());
    let url = server.server.url();
    let mut bobs = Line::open(&url, Some(&bob.text)).await.unwrap();
    let adas = Line::open(&url, Some(&ada.text)).await.unwrap();
    server.shut_out(&[Revoked { public_key: ada.public_key.clone(), at: jiff::Timestamp::now() }]);
    eventually(A_WHILE, "ada is not let in any more", || async { Line::open(&url, Some(&ada.text)).await.is_err() })
        .await;
    let adas = tokio::sync::Mutex::new(adas);
    eventually(A_WHILE, "its open connection is closed", || async {
        adas.lock().await.publish("commune.agent.ada.note").await.is_some()
    })
    .await;
    assert_eq!(bobs.publish("commune.agent.bob.note").await, None);
    // after a restart too
    let again = server.credentials("ada");
    assert!(Line::open(&url, Some(&again)).await.is_ok(), "new credentials are good");
}
