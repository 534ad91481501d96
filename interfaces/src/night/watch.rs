//! `commune night watch`: follows the trail as it is written.

use clap::Args;
use commune_bus::{Project, Stored, StreamName, View, subject};
use commune_proto::night::v1::TrailRecord;
use tokio_util::sync::CancellationToken;

use super::board::{duration, outcome_word, told};
use crate::{connect::Session, failure::Failure, json, output::Output};

/// Follow the trail as it is written; Ctrl-C ends it.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// From the beginning, not only what comes
    #[arg(long)]
    all: bool,
}

struct Lines {
    after: u64,
    output: Output,
}

impl Project for Lines {
    fn apply(&mut self, message: &Stored) {
        if message.sequence <= self.after {
            return;
        }
        let Ok(record) = message.event::<TrailRecord>() else { return };
        if self.output.is_json() {
            return self.output.json(&json::of(&record));
        }
        self.output.text(&format!(
            "{} {} {} {} in {} {}",
            record.night,
            record.agent,
            subject::stage_token(record.stage()),
            outcome_word(record.outcome()),
            duration(record.duration_us),
            told(&record)
        ));
    }
}

impl Watch {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let bus = session.bus().await?;
        let after = if self.all { 0 } else { bus.last_sequence(StreamName::Nights).await? };
        let stop = CancellationToken::new();
        let lines = Lines { after, output: output.clone() };
        let view = View::start(&bus, StreamName::Nights, vec![subject::TRAIL_ALL.to_owned()], lines, stop.clone());
        output.say("following the trail; Ctrl-C ends");
        tokio::signal::ctrl_c().await?;
        stop.cancel();
        drop(view);
        Ok(())
    }
}
