//! Telling agents what a night's revisions mean to them, on `commune.inbox.<agent>.answered` and `.thanks`.
//!
//! **Told at least once, after the revision is durable**: the trail of the night is written only after everybody was told, so that
//! whoever takes up a night that was left tells once more, with the same ids. An inbox is not kept by the bus: `ListInbox`
//! tells the same later.

use commune_bus::{Failure, Handled, subject};
use commune_proto::AgentId;
use serde_json::{Value, json};

use super::Curator;
use crate::{
    inbox::{self, Kind, Message, Told},
    library::Tiding,
};

impl Curator {
    /// Tells everybody of the night's revisions.
    pub(super) async fn tell(&self, night: &str) -> Handled {
        let told: Vec<(AgentId, Message, Value)> = self.commons.read(|commons| {
            self.catalogue.library().read(|library| {
                let of_night = library.tidings(u64::MAX).filter(|tiding| tiding.night == night);
                let all = of_night.flat_map(|tiding| {
                    let messages = inbox::messages(tiding, commons.asked(), library).into_iter();
                    messages.map(|message| (body(tiding, &message), message))
                });
                all.filter_map(|(body, message)| Some((message.agent.parse().ok()?, message, body))).collect()
            })
        });
        for (agent, message, body) in &told {
            let subject = subject::inbox(agent, message.kind.token());
            self.bus.tell_with_id(subject, &message.id, body.to_string().into_bytes()).await.map_err(Failure::retry)?;
        }
        tracing::info!(night, messages = told.len(), "agents were told");
        Ok(())
    }
}

fn body(tiding: &Tiding, message: &Message) -> Value {
    let need = |told: &Told| json!({ "need": told.need, "question": told.question, "askers": told.askers });
    let mut body = json!({
        "id": message.id, "night": tiding.night, "article": tiding.path.as_str(), "title": tiding.title,
        "revision": tiding.revision,
    });
    match &message.kind {
        Kind::Answered { need, contributors } => {
            body["need"] = json!(need.need);
            body["question"] = json!(need.question);
            body["contributors"] = json!(contributors);
        }
        Kind::Thanks { needs, strengthened } => {
            body["answered"] = needs.iter().map(need).collect();
            body["strengthened"] = json!(strengthened);
        }
    }
    body
}
