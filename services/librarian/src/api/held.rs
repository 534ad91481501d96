//! ListHeld: what is held back from an agent's memory now, folded from the sessions of mutual aid and from what was withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{StreamName, subject};
use commune_proto::{
    AgentId,
    librarian::v1::{HeldBack, ListHeldRequest, ListHeldResponse},
    mutualaid::v1::{AidSession, NoteWithdrawn},
};
use commune_runtime::{access::Caller, grpc};
use prost::{Message, Name};
use tonic::Status;

use super::{LibraryApi, internal, names, paging, unavailable};

/// Sessions, and withdrawals, of one agent that are read; a night has one session.
const LIMIT: usize = 100_000;

/// What holds one note.
#[derive(Debug, Default)]
struct Held {
    since: String,
    night: String,
    /// By rule and fingerprint, what can be done.
    rules: BTreeMap<(String, String), String>,
}

impl LibraryApi {
    pub(super) async fn held(&self, caller: &Caller, request: &ListHeldRequest) -> Result<ListHeldResponse, Status> {
        let agent = names::agent("parent", &request.parent)?;
        caller.acts_for(&agent)?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListHeld", &[&request.parent]);
        let from = page.number(&request.page_token)?;

        let sessions: Vec<AidSession> = self.said_of(subject::AID_SESSION_ALL, &agent).await?;
        let withdrawn: Vec<NoteWithdrawn> = self.said_of(subject::WITHDRAWN_ALL, &agent).await?;
        let nights = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
        let all = held(&agent, sessions, withdrawn);
        let (total, next) = (all.len(), from.saturating_add(size));
        Ok(ListHeldResponse {
            held: all.into_iter().skip(from).take(size).collect(),
            next_page_token: if next < total { page.token(&next.to_string()) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
            nights,
        })
    }

    /// The messages of AID on a subject that is about one agent, in order.
    async fn said_of<M: Message + Name + Default>(&self, subjects: &str, agent: &AgentId) -> Result<Vec<M>, Status> {
        let of_agent = format!("{}.*", subjects.replace('>', agent.as_str()));
        let messages = self.bus.read(StreamName::Aid, &[&of_agent], LIMIT).await.map_err(unavailable)?;
        messages.iter().map(|message| message.event().map_err(internal)).collect()
    }
}

/// What is held after these sessions, in their order, by note, rule and fingerprint.
fn held(agent: &AgentId, sessions: Vec<AidSession>, withdrawn: Vec<NoteWithdrawn>) -> Vec<HeldBack> {
    let mut now: BTreeMap<String, Held> = BTreeMap::new();
    for session in sessions {
        for note in &session.released {
            now.remove(note);
        }
        for held in session.held {
            let entry =
                now.entry(held.note).or_insert_with(|| Held { since: session.night.clone(), ..Held::default() });
            // a night tells all that holds the note then
            if entry.night != session.night {
                entry.night.clone_from(&session.night);
                entry.rules.clear();
            }
            entry.rules.insert((held.rule, held.fingerprint), held.advice);
        }
    }
    let gone: BTreeSet<String> =
        withdrawn.into_iter().flat_map(|event| event.notes.into_iter().chain([event.note])).collect();
    now.retain(|note, _| !gone.contains(note));
    let told = |(note, held): (String, Held)| {
        let name = format!("agents/{agent}/notes/{note}");
        let rules = held.rules.into_iter();
        rules.map(move |((rule, fingerprint), advice)| HeldBack {
            name: name.clone(),
            since: held.since.clone(),
            night: held.night.clone(),
            rule,
            advice,
            fingerprint,
        })
    };
    now.into_iter().flat_map(told).collect()
}

#[cfg(test)]
mod tests {
    use commune_proto::mutualaid::v1::HeldNote;

    use super::*;

    fn session(night: &str, held: &[(&str, &str)], released: &[&str]) -> AidSession {
        let held = held.iter().map(|(note, rule)| HeldNote {
            note: (*note).to_owned(),
            rule: (*rule).to_owned(),
            ..HeldNote::default()
        });
        AidSession {
            night: night.to_owned(),
            held: held.collect(),
            released: released.iter().map(|note| (*note).to_owned()).collect(),
            ..AidSession::default()
        }
    }

    #[test]
    fn what_is_held_is_what_the_last_night_said_of_each_note() {
        let sessions = vec![
            session(
                "2026-02-13",
                &[("a", "secret:x"), ("a", "quote:private"), ("b", "secret:x"), ("c", "secret:x")],
                &[],
            ),
            session("2026-02-14", &[("a", "quote:private"), ("d", "personal:mail")], &["b"]),
        ];
        let withdrawn = NoteWithdrawn { note: "e".into(), notes: vec!["c".into()], ..NoteWithdrawn::default() };
        let agent = "ada".parse().unwrap();
        let told: Vec<_> = held(&agent, sessions, vec![withdrawn])
            .into_iter()
            .map(|held| (held.name, held.since, held.night, held.rule))
            .collect();
        let row = |note: &str, since: &str, rule: &str| {
            (format!("agents/ada/notes/{note}"), since.to_owned(), "2026-02-14".to_owned(), rule.to_owned())
        };
        assert_eq!(told, [row("a", "2026-02-13", "quote:private"), row("d", "2026-02-14", "personal:mail")]);
    }
}
