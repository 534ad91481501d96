//! `commune tail`: follows the messages of the bus, decoded.

use clap::Args;
use commune_bus::{Bus, Project, Stored, StreamName, View, attribute};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    connect::Session,
    failure::Failure,
    json as wire,
    output::{Output, one_line},
};

/// Longest body of a line for a person, in characters.
const WIDTH: usize = 160;

/// Follow the messages of the bus, decoded; Ctrl-C ends it.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Only this stream: AGENTS, DROPS, NIGHTS, MEMORY, AID, LIBRARY, USES or DEAD; may be given again
    #[arg(long = "stream", value_name = "STREAM", value_parser = stream)]
    streams: Vec<StreamName>,
    /// Only subjects that match this filter (NATS wildcards), with one --stream
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// From this sequence of the stream on [default: the last 10 messages]
    #[arg(long, value_name = "N", conflicts_with = "new")]
    from: Option<u64>,
    /// Only messages stored from now on
    #[arg(long)]
    new: bool,
    /// Stop at the end instead of following
    #[arg(long, conflicts_with = "new")]
    once: bool,
}

impl Tail {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        if self.subject.is_some() && self.streams.len() != 1 {
            return Err(Failure::Usage("--subject needs exactly one --stream".to_owned()));
        }
        let bus = session.bus().await?;
        let streams = if self.streams.is_empty() { told() } else { self.streams.clone() };
        let stop = CancellationToken::new();
        let mut views = Vec::new();
        for stream in streams {
            let from = self.first(&bus, stream).await?;
            let lines = Lines { from, output: output.clone() };
            views.push(View::start(&bus, stream, self.subject.iter().cloned().collect(), lines, stop.clone()));
        }
        for view in &views {
            view.caught_up().await;
        }
        if self.once {
            stop.cancel();
            return Ok(());
        }
        output.say("following; Ctrl-C ends");
        tokio::signal::ctrl_c().await?;
        stop.cancel();
        Ok(())
    }

    async fn first(&self, bus: &Bus, stream: StreamName) -> Result<u64, Failure> {
        if let Some(from) = self.from {
            return Ok(from);
        }
        let last = bus.last_sequence(stream).await?;
        Ok(if self.new { last + 1 } else { last.saturating_sub(9) })
    }
}

/// Prints each message as it comes; a slow reader slows the reading down, nothing is queued.
#[derive(Debug)]
struct Lines {
    from: u64,
    output: Output,
}

impl Project for Lines {
    fn apply(&mut self, message: &Stored) {
        if message.sequence < self.from {
            return;
        }
        if self.output.is_json() {
            self.output.json(&whole(message));
        } else {
            self.output.text(&line(message));
        }
    }
}

/// The body of a message: an event as an object, text as a string, else hexadecimal.
pub(crate) fn body(message: &Stored) -> Value {
    let event = message.header(attribute::TYPE).and_then(|name| wire::decode(name, &message.payload));
    if let Some(event) = event {
        return event;
    }
    match std::str::from_utf8(&message.payload) {
        Ok(text) => serde_json::from_str::<Value>(text)
            .ok()
            .filter(Value::is_object)
            .unwrap_or_else(|| Value::String(text.to_owned())),
        Err(_) => json!({"hex": hex::encode(&message.payload)}),
    }
}

/// The streams of messages: the bodies of artifacts are none.
fn told() -> Vec<StreamName> {
    StreamName::ALL.into_iter().filter(|stream| *stream != StreamName::Artifacts).collect()
}

fn stream(name: &str) -> Result<StreamName, String> {
    StreamName::from_name(&name.to_uppercase()).filter(|stream| told().contains(stream)).ok_or_else(|| {
        let names: Vec<&str> = told().iter().map(|stream| stream.as_str()).collect();
        format!("there is no such stream; the streams are {}", names.join(", "))
    })
}

fn whole(message: &Stored) -> Value {
    json!({
        "stream": message.stream.as_str(),
        "sequence": message.sequence,
        "subject": message.subject,
        "stored_at": message.stored_at.to_string(),
        "type": message.header(attribute::TYPE),
        "id": message.header(attribute::ID),
        "source": message.header(attribute::SOURCE),
        "trace_id": message.trace_id(),
        "body": body(message),
    })
}

fn line(message: &Stored) -> String {
    let body = match body(message) {
        Value::String(text) => one_line(&text),
        body => body.to_string(),
    };
    let mut short: String = body.chars().take(WIDTH).collect();
    if short.len() < body.len() {
        short.push('…');
    }
    let at = message.stored_at.strftime("%H:%M:%S");
    format!("{at} {}#{} {} {short}", message.stream.as_str(), message.sequence, message.subject)
}
