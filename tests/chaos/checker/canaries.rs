//! No canary on any shared surface. A canary may be in what its agent said, in that agent's memory, and in the dead
//! letters of its agent; nowhere else, and in no reason, log or trace.

use commune_bus::{DeadLetter, Stored, StreamName};
use commune_proto::librarian::v1::{SearchArticlesRequest, SearchStatus, library_service_client::LibraryServiceClient};

use super::{
    Evidence, Streams, Verdict,
    views::{Answers, connect},
};
use crate::{
    canary::{Canary, Search},
    ledger::Heard,
};

/// Canaries that are searched for in the library, as a curious reader would.
const ASKED_FOR: usize = 20;

pub async fn check(streams: &Streams, evidence: &Evidence) -> Verdict {
    let canaries = evidence.ledger.canaries();
    let search = canaries.search();
    let mut verdict = Verdict::default();
    verdict.count("canaries.planted", canaries.all().len());
    verdict.count("canaries.forms", search.len());
    stored(streams, &search, &mut verdict);
    heard(&evidence.ledger.heard(), &search, &mut verdict);
    for path in &evidence.logs {
        match std::fs::read(path) {
            Ok(log) => look(&search, "canaries.log", &path.display().to_string(), &[&log], None, &mut verdict),
            Err(error) => verdict.add("canaries.unreadable", format!("{}: {error}", path.display())),
        }
        verdict.count("canaries.logs", 1);
    }
    for span in &evidence.spans {
        let (attributes, trace) = (format!("{:?}", span.attributes), format!("span {} of {}", span.name, span.service));
        look(&search, "canaries.trace", &trace, &[span.name.as_bytes(), attributes.as_bytes()], None, &mut verdict);
    }
    verdict.count("canaries.spans", evidence.spans.len());
    for address in evidence.librarians.iter().chain([&evidence.fresh_librarian]) {
        match outsider(address, &canaries.all(), &search, &mut verdict).await {
            Ok(()) => {}
            Err(status) => verdict.add("canaries.unreadable", format!("librarian at {address}: {status}")),
        }
    }
    // told by figure too, because "0 of n" is the figure that matters
    let found = verdict.violations.iter().filter(|v| v.rule != "canaries.unreadable").count();
    verdict.count("canaries.found", found);
    verdict
}

/// What the streams hold that others read.
pub(super) fn stored(streams: &Streams, search: &Search, verdict: &mut Verdict) {
    let tidied = streams.memory.iter().filter(|m| m.subject.starts_with("commune.event."));
    for message in streams.library.iter().chain(&streams.aid).chain(&streams.nights).chain(tidied) {
        let rule = match message.stream {
            StreamName::Library => "canaries.library",
            StreamName::Aid => "canaries.aid",
            StreamName::Nights => "canaries.nights",
            _ => "canaries.event",
        };
        look(search, rule, &place(message), &parts(message), None, verdict);
    }
    // an agent's memory is for that agent alone
    for message in &streams.memory {
        if let Some(agent) = message.subject.strip_prefix("commune.memory.").and_then(|rest| rest.split('.').next()) {
            look(search, "canaries.memory", &place(message), &parts(message), Some(agent), verdict);
        }
    }
    for letter in &streams.dead {
        dead(letter, search, verdict);
    }
    verdict.count("canaries.messages", streams.library.len() + streams.aid.len() + streams.nights.len());
}

fn dead(letter: &DeadLetter, search: &Search, verdict: &mut Verdict) {
    let owner = commune_bus::subject::parse_said(&letter.original_subject).map(|said| said.agent);
    let place = format!("dead letter {} of {}", letter.sequence, letter.original_subject);
    look(search, "canaries.reason", &place, &[letter.reason.as_bytes(), letter.stage.as_bytes()], None, verdict);
    look(search, "canaries.dead", &place, &parts(&letter.message), owner, verdict);
}

pub(super) fn heard(inbox: &[Heard], search: &Search, verdict: &mut Verdict) {
    for Heard { subject, headers, payload } in inbox {
        // what is told of a held note names the rule and never the text, to its own agent either
        let parts = [subject.as_bytes(), headers.as_bytes(), payload];
        look(search, "canaries.inbox", subject, &parts, None, verdict);
    }
    verdict.count("canaries.heard", inbox.len());
}

/// What anybody can read of the library.
async fn outsider(
    address: &str,
    canaries: &[Canary],
    search: &Search,
    verdict: &mut Verdict,
) -> Result<(), tonic::Status> {
    let answers = Answers::read(address).await?;
    for (question, answer) in &answers.texts {
        look(search, "canaries.answer", question, &[answer.as_bytes()], None, verdict);
    }
    let mut library = LibraryServiceClient::new(connect(address).await?);
    for canary in canaries.iter().take(ASKED_FOR) {
        let request = SearchArticlesRequest { query: canary.word.clone(), ..Default::default() };
        let mut answer = library.search_articles(request).await?.into_inner();
        // what the library lacks is named in the words of the question
        answer.reason = answer.reason.replace(&canary.word, "");
        if answer.status() == SearchStatus::Found {
            verdict.add("canaries.answer", format!("a search for {canary:?} finds {:?}", answer.results));
        }
        look(
            search,
            "canaries.answer",
            &format!("a search for {}", canary.word),
            &[format!("{answer:?}").as_bytes()],
            None,
            verdict,
        );
    }
    Ok(())
}

/// Looks at every part by itself; what belongs to `owner` is allowed.
fn look(search: &Search, rule: &'static str, place: &str, parts: &[&[u8]], owner: Option<&str>, verdict: &mut Verdict) {
    for part in parts {
        for sighting in search.scan(part) {
            let Canary { agent, word, place: planted } = &sighting.canary;
            if owner != Some(agent) {
                verdict.add(rule, format!("{word} of {agent} ({planted}), as {}, is in {place}", sighting.form));
            }
        }
    }
}

fn parts(message: &Stored) -> Vec<&[u8]> {
    let headers = message.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    headers.chain([message.subject.as_bytes(), &message.payload]).collect()
}

fn place(message: &Stored) -> String {
    format!("{} #{} of {}", message.subject, message.sequence, message.stream.as_str())
}
