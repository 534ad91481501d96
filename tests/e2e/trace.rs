//! One trace id runs from an agent's night through all three services to the article's revision, as a real
//! OTLP receiver sees it: which spans there are, of which kind, and what is below what.

use std::collections::BTreeSet;

use commune_bus::{StreamName, subject};
use commune_proto::{
    librarian::v1::{ArticleCurated, GetArticleRequest},
    night::v1::TrailRecord,
};
use commune_tests::{A_WHILE, eventually_some};

use commune_tests::support::{
    A_NIGHT, Commune, Plan, agent,
    otlp::{Receiver, Span},
};

const CANARY: &str = "hazelnut-lighthouse";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_from_the_night_to_the_revision() {
    let receiver = Receiver::start().await;
    let commune = Commune::start(Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &receiver.endpoint)).await;
    for who in ["ada", "bo"] {
        let text =
            format!("---\ntitle: The clock of {who}\nkind: lesson\n---\nThe {CANARY} of {who} is wound by hand.\n");
        commune.say(who, "note", "n1", &text).await;
    }
    let night = commune.night();
    let trail = commune.run_night(night, A_NIGHT).await;

    let begun = trace_of(&commune, StreamName::Nights, &subject::night_begun(night, &agent("ada"))).await;
    let other = trace_of(&commune, StreamName::Nights, &subject::night_begun(night, &agent("bo"))).await;
    assert_eq!(begun.len(), 32, "the night carries a trace context");
    assert_ne!(begun, other, "each agent's night is a trace of its own");
    assert_eq!(trace_of(&commune, StreamName::Memory, &subject::memory_tidied(&agent("ada"), night)).await, begun);
    assert_eq!(trace_of(&commune, StreamName::Aid, "commune.event.knowledge-shared.ada.*").await, begun);
    let records: Vec<&TrailRecord> = trail.iter().filter(|r| r.agent == "ada").collect();
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|r| r.trace_id == begun), "{records:?}");

    let revisions = commune.bus.read(StreamName::Library, &[], 100).await.unwrap();
    let of_ada = |event: &ArticleCurated| event.provenance.iter().any(|p| p.agent == "ada" && p.trace_id == begun);
    let revision = revisions.iter().find(|m| of_ada(&m.event().unwrap())).expect("the revision tells the trace");
    let first: ArticleCurated = revision.event().unwrap();
    assert_eq!(revision.trace_id(), first.provenance[0].trace_id, "the event carries its first contribution's trace");

    let services = eventually_some(A_WHILE, "spans of all three services are in one trace", || async {
        let spans = receiver.spans();
        let services: BTreeSet<String> =
            spans.iter().filter(|s| s.trace_id == begun).map(|s| s.service.clone()).collect();
        (services.len() >= 3).then_some(services)
    })
    .await;
    assert_eq!(services.iter().map(String::as_str).collect::<Vec<_>>(), ["librarian", "mutualaid", "selfcare"]);

    commune.finish().await;
    // what a service had not sent yet it sends when it drains, so that the trace is whole
    let spans: Vec<_> = receiver.spans().into_iter().filter(|s| s.trace_id == begun).collect();
    let known: BTreeSet<&str> = spans.iter().map(|s| s.span_id.as_str()).collect();
    let roots: Vec<_> = spans.iter().filter(|s| s.parent.is_empty()).collect();
    assert_eq!(roots.len(), 1, "one root: {roots:?}");
    for span in &spans {
        assert!(span.parent.is_empty() || known.contains(span.parent.as_str()), "an orphan: {span:?}");
    }
    for span in receiver.spans() {
        let told = format!("{} {:?}", span.name, span.attributes);
        assert!(!told.contains(CANARY), "a note's text is in a span: {span:?}");
    }
}

/// What one night of one agent with one lesson comes to, each span below its parent, sorted by what it says.
const NIGHT: &str = "\
night ada [producer selfcare]
  process commune.night.begun.{night}.{agent} [consumer selfcare]
    send commune.event.memory-tidied.{agent}.{night} [producer selfcare]
      process commune.event.memory-tidied.{agent}.{night} [consumer mutualaid]
        commune.librarian.v1.LibraryService/SuggestPlacement [client mutualaid]
          commune.librarian.v1.LibraryService/SuggestPlacement [server librarian]
        send commune.aid.session.{agent}.{night} [producer mutualaid]
        send commune.night.trail.{night}.{agent}.{stage} [producer mutualaid]
          process commune.night.trail.{night}.{agent}.{stage} [consumer librarian]
          send commune.night.trail.{night}.{agent}.{stage} [producer librarian]
            process commune.night.trail.{night}.{agent}.{stage} [consumer librarian]
        share [internal mutualaid]
          curate [internal librarian]
            send commune.event.article-curated.{path} [producer librarian]
    send commune.night.trail.{night}.{agent}.{stage} [producer selfcare]
      process commune.night.trail.{night}.{agent}.{stage} [consumer librarian]
    tidy [internal selfcare]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spans_of_a_night_are_these_and_no_other() {
    let receiver = Receiver::start().await;
    let commune = Commune::start(Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &receiver.endpoint)).await;
    let own = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let traceparent = format!("00-{}-{}-01", own.0, own.1);
    let text = "---\nkind: lesson\n---\n# The clock\nThe clock of the tower is wound by hand on Mondays.\n";
    commune.say_as("ada", "note", "n1", &[("traceparent", &traceparent)], text.as_bytes()).await;
    let night = commune.night();
    let trail = commune.run_night(night, A_NIGHT).await;
    // whatever is still on its way is sent when they drain: nothing is lost at the end
    commune.finish().await;

    let spans = receiver.spans();
    let of_night: Vec<&Span> = spans.iter().filter(|s| s.trace_id == trail[0].trace_id).collect();
    assert_eq!(tree(&of_night, ""), NIGHT);
    let ids: BTreeSet<&str> = of_night.iter().map(|s| s.span_id.as_str()).collect();
    assert_eq!(ids.len(), of_night.len(), "a span was sent twice");

    for span in &of_night {
        let said = |name: &str| span.attributes.get(name).map(String::as_str).unwrap_or_default();
        match span.kind {
            "consumer" => {
                assert_eq!(span.links, [span.parent.as_str()], "handled below its sender, and linked to it");
                assert_eq!((said("messaging.system"), said("messaging.operation.type")), ("nats", "process"));
                assert!(!said("messaging.consumer.group.name").is_empty() && !said("messaging.message.id").is_empty());
            }
            "producer" if span.name.starts_with("send ") => {
                assert_eq!((said("messaging.system"), said("messaging.operation.type")), ("nats", "send"));
                assert!(span.name.ends_with(said("messaging.destination.name")));
            }
            "server" | "client" => {
                assert_eq!((said("rpc.system.name"), said("rpc.response.status_code")), ("grpc", "OK"));
                assert_eq!(said("rpc.method"), span.name);
                assert_eq!(said("server.address"), if span.kind == "client" { "127.0.0.1" } else { "" });
            }
            _ => {}
        }
        assert!(said("error.type").is_empty(), "{span:?}");
    }
    let named = |name: &str| of_night.iter().find(|s| s.name.starts_with(name)).unwrap();
    assert_eq!(named("tidy").links, [own.1], "the agent's own trace is joined by a link");
    let session = named("send commune.aid.session");
    assert_eq!(session.links.len(), 2, "a batch links to what each of its messages was made in: {session:?}");
    assert!(session.links.contains(&named("share").span_id) && session.links.contains(&session.parent));
    let of_agent = spans.iter().find(|s| s.trace_id == own.0).expect("the agent's trace goes on with us");
    assert_eq!((of_agent.kind, of_agent.parent.as_str()), ("consumer", own.1));
}

/// The spans below one, two blanks deeper each, sorted.
fn tree(spans: &[&Span], parent: &str) -> String {
    let below = spans.iter().filter(|span| span.parent == parent);
    let mut parts: Vec<String> = below
        .map(|span| {
            let deeper: String = tree(spans, &span.span_id).lines().map(|line| format!("  {line}\n")).collect();
            format!("{} [{} {}]\n{deeper}", span.name, span.kind, span.service)
        })
        .collect();
    parts.sort();
    parts.concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_and_a_refused_call_tell_their_trace() {
    let receiver = Receiver::start().await;
    let mut commune = Commune::start(Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &receiver.endpoint)).await;
    commune.say("ada", "note", "n1", "---\nkind: lesson\nkind: [\n---\nThe clock.\n").await;
    let letter = eventually_some(A_WHILE, "the note is a dead letter", || async {
        commune.bus.dead_letters(10).await.ok()?.pop()
    })
    .await;
    let request = GetArticleRequest { name: "articles/nowhere".to_owned(), ..Default::default() };
    let refused = commune.library().await.get_article(request).await.unwrap_err();
    let told = refused.metadata().get(commune_runtime::grpc::TRACE_ID).expect("the error tells its trace");
    let told = told.to_str().unwrap().to_owned();
    commune.finish_with_dead().await;

    let spans = receiver.spans();
    let of_letter = |s: &&Span| s.trace_id == letter.trace_id && s.kind == "consumer";
    let rejected = spans.iter().find(of_letter).expect("the letter's trace is there");
    assert_eq!(rejected.attributes["error.type"], "rejected", "{rejected:?}");
    assert!(spans.iter().any(|s| s.name == "send commune.dead.{stage}.{stream}.{sequence}"));
    let call = spans.iter().find(|s| s.trace_id == told).expect("the call's trace is there");
    assert_eq!(call.attributes["rpc.response.status_code"], "NOT_FOUND", "{call:?}");
    assert!(!call.attributes.contains_key("error.type"), "what is not there is no failure of the server: {call:?}");
}

async fn trace_of(commune: &Commune, stream: StreamName, filter: &str) -> String {
    let messages = commune.bus.read(stream, &[filter], 10).await.unwrap();
    messages.first().unwrap_or_else(|| panic!("nothing on {filter}")).trace_id()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_holds_up_nobody() {
    // connections are made, because the kernel takes them, and nothing is ever said
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let commune = Commune::start(Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &endpoint)).await;
    commune.say("ada", "note", "n1", "---\nkind: lesson\n---\nThe clock is wound by hand.\n").await;
    commune.run_night(commune.night(), A_NIGHT).await;
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_absent_or_dies_holds_up_nobody() {
    let dying = Receiver::start().await;
    let commune = Commune::start(Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &dying.endpoint)).await;
    commune.say("ada", "note", "n1", "---\nkind: lesson\n---\nThe clock is wound by hand.\n").await;
    eventually_some(A_WHILE, "the collector has a span", || async { dying.spans().pop() }).await;
    // from here on nobody listens at its address
    drop(dying);
    commune.run_night(commune.night(), A_NIGHT).await;
    commune.finish().await;
}
