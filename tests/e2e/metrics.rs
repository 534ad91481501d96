//! What a night comes to in figures: scraped from each replica as Prometheus does it, and held against what happened.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::librarian::v1::SearchArticlesRequest;
use commune_tests::{
    A_WHILE, eventually_some,
    support::{A_NIGHT, Commune, Plan, otlp::Receiver, process::Replica},
};

/// Series by name and labels, as one line of the text says it before the value.
struct Scraped(BTreeMap<String, f64>);

impl Scraped {
    async fn of(replica: &Replica) -> Self {
        let text = replica.http_get("/metrics").await;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(|line| line.rsplit_once(' ')).map(|(s, v)| (s.to_owned(), v.parse().unwrap())).collect())
    }

    /// The sum over the series of a name that have all of these labels; none when there is none.
    fn sum(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let of_name = |series: &str| series.split('{').next() == Some(name);
        let found: Vec<f64> = self
            .0
            .iter()
            .filter(|(series, _)| of_name(series) && labels.iter().all(|label| series.contains(label)))
            .map(|(_, value)| *value)
            .collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_is_counted_once_however_many_replicas_there_are() {
    let receiver = Receiver::start().await;
    let plan = Plan::two().with("TELEMETRY__OTLP_METRICS_ENDPOINT", &receiver.endpoint);
    let mut commune = Commune::start(plan).await;
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    for (who, id, text) in [
        ("ada", "n1", "---\nkind: lesson\n---\n# The clock\nThe clock of the tower is wound by hand on Mondays.\n"),
        ("ada", "n2", "---\nkind: lesson\n---\n# The clock\nThe clock of the tower is wound by hand on Mondays.\n"),
        ("bo", "n1", &format!("---\nkind: lesson\n---\n# The key\nThe key of the gate is {secret} for now.\n")),
        ("bo", "n2", "---\nkind: [\n---\nnot YAML\n"),
    ] {
        commune.say(who, "note", id, text).await;
    }
    let asked = SearchArticlesRequest {
        query: "how do I tame a dragon".to_owned(),
        asker: "bo".to_owned(),
        ..SearchArticlesRequest::default()
    };
    commune.library().await.search_articles(asked).await.unwrap();
    commune.run_night(commune.night(), A_NIGHT).await;

    // gauges are looked at every few seconds
    let scraped = eventually_some(A_WHILE, "every replica tells what there is", || async {
        let mut all = Vec::new();
        for replica in commune.replicas() {
            all.push((replica.service, Scraped::of(replica).await));
        }
        let librarians = all.iter().filter(|(service, _)| *service == "librarian");
        let known = librarians.clone().all(|(_, s)| {
            s.sum("commune_needs", &["open"]) == Some(1.0)
                && s.sum("commune_nights_unfinished", &[]) == Some(0.0)
                && s.sum("commune_backlog", &[]) == Some(0.0)
        });
        let asked = all.iter().all(|(_, s)| s.sum("commune_oldest_waiting_seconds", &[]).is_some());
        (known && asked).then_some(all)
    })
    .await;
    // what a replica did itself is added up over replicas
    let counted = |name: &str, labels: &[&str]| scraped.iter().filter_map(|(_, s)| s.sum(name, labels)).sum::<f64>();
    assert_eq!(counted("commune_nights_begun_total", &[]), 2.0);
    for stage in ["selfcare", "mutualaid", "librarian"] {
        let stage = format!("commune_stage=\"{stage}\"");
        assert_eq!(counted("commune_nights_ended_total", &[&stage]), 2.0, "{stage}");
    }
    assert_eq!(counted("commune_nights_ended_total", &["outcome=\"failed\""]), 0.0);
    assert_eq!(counted("commune_notes_total", &["\"new\""]), 3.0);
    assert_eq!(counted("commune_notes_total", &["\"merged\""]), 1.0);
    assert_eq!(counted("commune_notes_total", &["\"invalid\""]), 1.0);
    assert_eq!(counted("commune_dead_letters_total", &["commune_stage=\"selfcare\"", "AGENTS"]), 1.0);
    assert_eq!(counted("commune_notes_held_total", &["rule=\"secret:"]), 1.0);
    assert_eq!(counted("commune_contributions_total", &["\"create\""]), 1.0);
    assert_eq!(counted("commune_revisions_total", &[]), 1.0);
    assert!(counted("commune_statements_shared_total", &[]) >= 1.0);
    assert!(counted("commune_findability_total", &["found=\"true\""]) >= 1.0);
    let begun = "messaging_destination_name=\"commune.night.begun.{night}.{agent}\"";
    assert_eq!(counted("messaging_client_sent_messages_total", &[begun]), 2.0);
    assert_eq!(counted("messaging_client_consumed_messages_total", &[begun, "selfcare-nights"]), 2.0);
    assert_eq!(counted("messaging_process_duration_seconds_count", &[begun, "selfcare-nights"]), 2.0);
    assert_eq!(counted("messaging_process_duration_seconds_count", &["error_type=\"rejected\""]), 1.0);
    assert!(counted("messaging_client_operation_duration_seconds_count", &[begun]) >= 1.0);
    let placed = ["rpc_method=\"commune.librarian.v1.LibraryService/SuggestPlacement\"", "\"OK\""];
    assert_eq!(counted("rpc_client_call_duration_seconds_count", &placed), 1.0);
    assert_eq!(counted("rpc_server_call_duration_seconds_count", &placed), 1.0);

    for (service, figures) in &scraped {
        // what stands in the streams each replica tells of all: the greatest counts, never the sum
        if *service == "librarian" {
            assert_eq!(figures.sum("commune_needs", &["\"met\""]), Some(0.0));
            assert_eq!(figures.sum("commune_articles", &[]), Some(1.0));
            assert_eq!(figures.sum("commune_index_behind", &[]), Some(0.0));
            assert_eq!(figures.sum("commune_nights_late", &[]), Some(0.0));
            assert_eq!(figures.sum("commune_nights_stuck", &[]), Some(0.0));
            assert_eq!(figures.sum("commune_agents_silent", &[]), Some(0.0));
            assert!(figures.sum("commune_night_last_begun_seconds", &[]).unwrap() > 1.7e9);
        }
        assert_eq!(figures.sum("commune_ready", &["commune_part=\"bus\""]), Some(1.0), "{service}");
        assert!(figures.sum("commune_view_behind", &[]).is_some(), "{service}");
        assert!(figures.sum("commune_oldest_waiting_seconds", &[]).is_some(), "{service}");
        assert_eq!(figures.sum("target_info", &[&format!("service_name=\"{service}\"")]), Some(1.0));
        for series in figures.0.keys() {
            for named in ["\"ada\"", "\"bo\"", "dragon", "clock", secret] {
                assert!(!series.contains(named), "{service} tells of somebody: {series}");
            }
        }
    }
    every_figure_that_operators_look_at_is_there(scraped.iter().map(|(_, figures)| figures));
    commune.finish_with_dead().await;
    // the same figures were pushed, at the latest when they drained
    for service in ["selfcare", "mutualaid", "librarian"] {
        let names = receiver.metrics(service);
        for name in ["commune.nights.ended", "messaging.process.duration", "commune.ready"] {
            assert!(names.contains(name), "{service} pushed no {name}: {names:?}");
        }
    }
}

/// The rules of the alerts and the dashboard name nothing that no service tells.
fn every_figure_that_operators_look_at_is_there<'a>(scraped: impl Iterator<Item = &'a Scraped>) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = |text: &str| -> BTreeSet<String> { text.split(|c| !word(c)).map(str::to_owned).collect() };
    let there: BTreeSet<String> =
        scraped.flat_map(|figures| figures.0.keys().flat_map(|series| words(series))).collect();
    let deploy = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("deploy");
    for file in ["prometheus/alerts.yml", "grafana/dashboards/commune.json"] {
        let text = std::fs::read_to_string(deploy.join(file)).unwrap();
        let ours = |word: &String| ["commune_", "messaging_", "rpc_"].iter().any(|prefix| word.starts_with(prefix));
        let missing: Vec<String> =
            words(&text).into_iter().filter(|word| ours(word) && !there.contains(word)).collect();
        assert!(missing.is_empty(), "{file} names what nobody tells: {missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_stage_that_is_away_is_seen_from_the_others() {
    let mut commune = Commune::start(Plan::two()).await;
    let (first, second) = commune.mutualaid.split_at_mut(1);
    for replica in [&mut first[0], &mut second[0]] {
        replica.kill().await;
    }
    commune.say("ada", "note", "n1", "---\nkind: lesson\n---\nThe clock is wound by hand.\n").await;
    commune.request(commune.night()).await;
    // the night stands still before mutual aid, and the librarian says that it is not through
    eventually_some(A_WHILE, "the librarian tells of an unfinished night", || async {
        let figures = Scraped::of(&commune.librarian[0]).await;
        (figures.sum("commune_nights_unfinished", &[]) == Some(1.0)).then_some(())
    })
    .await;
    // no librarian: what comes back to mutual aid waits there, and says since when
    commune.librarian[0].kill().await;
    commune.librarian[1].kill().await;
    commune.mutualaid[0].restart();
    eventually_some(A_WHILE, "mutual aid tells what waits, since when, and that it is tried again", || async {
        let figures = Scraped::of(&commune.mutualaid[0]).await;
        let of = ["messaging_consumer_group_name=\"mutualaid\""];
        let waits = figures.sum("commune_backlog", &of) == Some(1.0)
            && figures.sum("commune_oldest_waiting_seconds", &of)? > 0.0
            && figures.sum("commune_redeliveries_total", &of)? >= 1.0;
        waits.then_some(())
    })
    .await;
    for index in 0..2 {
        commune.librarian[index].restart();
    }
    commune.mutualaid[1].restart();
    commune.trail_complete(commune.night(), A_NIGHT).await;
    commune.quiet().await;
    commune.finish().await;
}
