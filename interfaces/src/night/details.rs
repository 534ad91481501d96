//! What a night shared and where it was placed, what it held back and why.

use std::{collections::BTreeMap, fmt::Write};

use commune_bus::{Bus, StreamName, subject};
use commune_proto::{
    NightId,
    librarian::v1::ArticleCurated,
    mutualaid::v1::{AidSession, KnowledgeShared},
};
use serde_json::{Value, json};

use crate::{failure::Failure, output::one_line};

/// Most messages read of each kind.
const LIMIT: usize = 100_000;

/// What was shared, held and left waiting in a night.
#[derive(Debug, Default)]
pub(super) struct Details {
    /// In the order of the stream.
    pub(super) shared: Vec<Shared>,
    /// By agent.
    pub(super) held: Vec<Held>,
    /// Notes that wait for a later night because of the cap, by agent.
    pub(super) waiting: BTreeMap<String, usize>,
}

/// A contribution and its place.
#[derive(Debug)]
pub(super) struct Shared {
    event: KnowledgeShared,
    /// The article and its revision; none while it is not curated.
    article: Option<(String, u32)>,
}

/// A note that was held back.
#[derive(Debug)]
pub(super) struct Held {
    agent: String,
    note: String,
    rule: String,
    advice: String,
}

/// Reads them from the streams AID and LIBRARY.
pub(super) async fn read(bus: &Bus, night: NightId) -> Result<Details, Failure> {
    let night = night.to_string();
    let mut articles: BTreeMap<String, (String, u32)> = BTreeMap::new();
    for message in bus.read(StreamName::Library, &[subject::ARTICLE_CURATED_ALL], LIMIT).await? {
        let Ok(curated) = message.event::<ArticleCurated>() else { continue };
        let Some(article) = curated.article else { continue };
        for provenance in curated.provenance {
            articles.entry(provenance.contribution).or_insert_with(|| (article.path.clone(), article.revision));
        }
    }
    let mut details = Details::default();
    for message in bus.read(StreamName::Aid, &[subject::KNOWLEDGE_SHARED_ALL], LIMIT).await? {
        let Ok(event) = message.event::<KnowledgeShared>() else { continue };
        let contribution = event.contribution.clone().unwrap_or_default();
        if contribution.night == night {
            details.shared.push(Shared { event, article: articles.get(&contribution.id).cloned() });
        }
    }
    let sessions = subject::AID_SESSION_ALL.replace('>', &format!("*.{night}"));
    for message in bus.read(StreamName::Aid, &[&sessions], LIMIT).await? {
        let Ok(session) = message.event::<AidSession>() else { continue };
        if !session.waiting.is_empty() {
            details.waiting.insert(session.agent.clone(), session.waiting.len());
        }
        details.held.extend(session.held.into_iter().map(|held| Held {
            agent: session.agent.clone(),
            note: held.note,
            rule: held.rule,
            advice: held.advice,
        }));
    }
    Ok(details)
}

impl Details {
    /// For a person.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "shared: {}", if self.shared.is_empty() { "nothing, which is fine" } else { "" }.trim());
        for shared in &self.shared {
            text.push_str(&shared.render());
        }
        let _ = writeln!(text, "held back: {}", if self.held.is_empty() { "nothing" } else { "" });
        for held in &self.held {
            let _ =
                writeln!(text, "  {} note {}\n    {}: {}", held.agent, held.note, held.rule, one_line(&held.advice));
        }
        for (agent, count) in &self.waiting {
            let _ = writeln!(text, "waiting for a later night: {count} notes of {agent}");
        }
        text
    }
}

impl Shared {
    fn render(&self) -> String {
        let contribution = self.event.contribution.clone().unwrap_or_default();
        let placement = self.event.placement.clone().unwrap_or_default();
        let place = match &self.article {
            Some((path, revision)) => format!("{path} (revision {revision})"),
            None => format!("{} (not curated yet)", placement.path),
        };
        let mut text = format!(
            "  {} {}: {}\n    → {place}\n    because {}\n",
            contribution.agent,
            contribution.kind,
            one_line(&contribution.title),
            one_line(&placement.reason)
        );
        if !contribution.answers.is_empty() {
            text.push_str(&format!("    answers {} need(s)\n", contribution.answers.len()));
        }
        let considered: Vec<String> =
            placement.candidates.iter().map(|c| format!("{} {:.2}", c.path, c.score)).collect();
        if !considered.is_empty() {
            text.push_str(&format!("    considered {}\n", considered.join(", ")));
        }
        text
    }

    /// As JSON: never the text, which is in the article.
    pub(super) fn json(&self) -> Value {
        let contribution = self.event.contribution.clone().unwrap_or_default();
        let placement = self.event.placement.clone().unwrap_or_default();
        json!({
            "contribution": contribution.id,
            "agent": contribution.agent,
            "kind": contribution.kind,
            "title": contribution.title,
            "notes": contribution.notes,
            "answers": contribution.answers,
            "placement": crate::json::of(&placement),
            "article": self.article.as_ref().map(|(path, _)| path),
            "revision": self.article.as_ref().map(|(_, revision)| revision),
        })
    }
}

impl Held {
    /// As JSON.
    pub(super) fn json(&self) -> Value {
        json!({"agent": self.agent, "note": self.note, "rule": self.rule, "advice": self.advice})
    }
}
