//! `commune trace`: the trace of an agent's night as a tree, from Jaeger's query API.
//!
//! Only `GET /api/traces/{id}` is asked for, which every Jaeger of version 1 and 2 answers.

mod tree;

pub(crate) use tree::order;

use std::time::Duration;

use clap::Args;
use commune_bus::{Bus, StreamName, subject};
use commune_proto::{AgentId, NightId, night::v1::TrailRecord};
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    http,
    night::board::duration,
    output::{Output, one_line},
    table::Table,
};
use tree::Span;

/// How long Jaeger may take: it may have to look on a disk.
const PATIENCE: Duration = Duration::from_secs(15);
/// Where Jaeger answers when nothing else is said.
const USUAL: &str = "http://127.0.0.1:16686";
/// More records than stages of one agent's night, written anew when it was undone.
const RECORDS: usize = 100;

/// Show the trace of an agent's night as a tree, with how long each step took.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The night, such as 2026-02-14
    night: NightId,
    /// The agent
    #[arg(long)]
    agent: AgentId,
    /// Where Jaeger answers (its page and its query API) [default: the page of `commune up --traces`, else
    /// http://127.0.0.1:16686]
    #[arg(long, value_name = "URL", env = "COMMUNE_JAEGER")]
    jaeger: Option<String>,
}

impl Trace {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let id = self.trace_id(&session.bus().await?).await?;
        let jaeger = self.jaeger(session)?;
        let jaeger = jaeger.trim_end_matches('/');
        let page = format!("{jaeger}/trace/{id}");
        let found = match http::get_within(PATIENCE, jaeger, &format!("/api/traces/{id}")).await {
            Some((200, body)) => tree::read(&body).ok_or_else(|| {
                Failure::error(format!("{jaeger} did not answer as Jaeger does: is this its address (--jaeger)?"))
            })?,
            Some((404, _)) => Vec::new(),
            Some((status, _)) => {
                return Err(Failure::Unavailable(format!("Jaeger at {jaeger} answered {status}; the trace is {id}")));
            }
            None => {
                return Err(Failure::Unavailable(format!(
                    "no Jaeger answers at {jaeger}: start it, say where it is (--jaeger http://HOST:16686), or let `commune up \
                     --traces` keep the next ones. The trace of this night is {id}"
                )));
            }
        };
        if found.is_empty() {
            return Err(Failure::NotFound(format!(
                "Jaeger at {jaeger} has no trace {id}. Do the services export theirs (telemetry.otlp_endpoint), is all of \
                 it sampled (OTEL_TRACES_SAMPLER), and was Jaeger restarted since, which empties it when it keeps traces in \
                 memory?"
            )));
        }
        self.show(&id, &page, &found, output);
        Ok(())
    }

    /// As asked, else where the commune of the data folder shows its traces, else Jaeger's usual place.
    fn jaeger(&self, session: &Session) -> Result<String, Failure> {
        if let Some(asked) = &self.jaeger {
            return Ok(asked.clone());
        }
        // a server that was named need not be the one of the data folder
        let running = if session.global.nats.is_none() { session.home.running()? } else { None };
        let own = running.map(|running| running.traces_url).filter(|url| !url.is_empty());
        Ok(own.unwrap_or_else(|| USUAL.to_owned()))
    }

    /// The trace of the night: as the trail has it, else as the night was begun with.
    async fn trace_id(&self, bus: &Bus) -> Result<String, Failure> {
        let (night, agent) = (self.night, &self.agent);
        let trail = format!("commune.night.trail.{night}.{agent}.*");
        let records = bus.read(StreamName::Nights, &[&trail], RECORDS).await?;
        let told = records.iter().filter_map(|record| record.event::<TrailRecord>().ok()).map(|record| record.trace_id);
        let told = told.into_iter().find(|id| !id.is_empty());
        let begun = bus.last(StreamName::Nights, &subject::night_begun(night, agent)).await?;
        let context = begun.as_ref().and_then(commune_bus::Stored::span_context);
        if context.as_ref().is_some_and(|context| !context.is_sampled()) {
            return Err(Failure::NotFound(format!(
                "the trace of {agent}'s night {night} was not sampled, so nobody has it (OTEL_TRACES_SAMPLER)"
            )));
        }
        match (told, context, begun) {
            (Some(id), ..) => Ok(id),
            (None, Some(context), _) => Ok(context.trace_id().to_string()),
            (None, None, Some(_)) => Err(Failure::NotFound(format!("{agent}'s night {night} has no trace"))),
            (None, None, None) => Err(Failure::NotFound(format!(
                "the night {night} did not begin for {agent}; `commune night list` shows all nights"
            ))),
        }
    }

    fn show(&self, id: &str, page: &str, spans: &[Span], output: &Output) {
        if output.is_json() {
            let spans: Vec<_> = spans.iter().map(Span::json).collect();
            let (night, agent) = (self.night.to_string(), self.agent.to_string());
            return output.json(&json!({"night": night, "agent": agent, "trace_id": id, "page": page, "spans": spans}));
        }
        let mut table = Table::new(&["SPAN", "SERVICE", "TOOK", "AFTER", ""]);
        for span in spans {
            let failed = if span.failed { "failed" } else { "" };
            table.row_as_it_is([
                format!("{}{}", "  ".repeat(span.depth), one_line(&span.name)),
                span.service.clone(),
                duration(span.took_us),
                duration(span.after_us),
                failed.to_owned(),
            ]);
        }
        output.text(&table.to_string());
        output.text(&format!("\n{page}"));
    }
}
