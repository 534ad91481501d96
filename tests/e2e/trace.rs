//! One trace id runs from an agent's night through all three services to the article's revision, as a real
//! OTLP receiver sees it.

use std::collections::BTreeSet;

use commune_bus::{StreamName, subject};
use commune_proto::{librarian::v1::ArticleCurated, night::v1::TrailRecord};
use commune_tests::{A_WHILE, eventually_some};

use commune_tests::support::{A_NIGHT, Commune, Plan, agent, otlp::Receiver};

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
