//! No random ids: each event carries the id that derives from what it says, whichever replica made it and however often.

use std::collections::BTreeMap;

use commune_bus::{Stored, attribute};
use commune_proto::{content_id, librarian::v1::ArticleCurated, mutualaid::v1::NeedAsked};

use super::{Streams, Verdict, event};

pub fn check(streams: &Streams, verdict: &mut Verdict) {
    let mut briefs: BTreeMap<String, u64> = BTreeMap::new();
    let messages = [&streams.nights, &streams.memory, &streams.aid, &streams.library].into_iter().flatten();
    let mut checked = 0;
    for message in messages {
        let Some(expected) = expected(message, &mut briefs, verdict) else { continue };
        let found = message.header(attribute::ID).unwrap_or_default();
        checked += 1;
        // a record that replaced a failed one says which
        let replaces = message.subject.contains(".trail.") && found.starts_with(&format!("{expected}-after-"));
        if found != expected && !replaces {
            let what = format!("{} #{} is {found}, not {expected}", message.subject, message.sequence);
            verdict.add("effects.id", what);
        }
        if message.header(attribute::MESSAGE_ID).is_some_and(|id| id != found) {
            verdict.add("effects.id", format!("{} #{} has another message id", message.subject, message.sequence));
        }
    }
    verdict.count("effects.ids-checked", checked);
}

/// The id that a message must have; none where nothing is known of it.
fn expected(message: &Stored, briefs: &mut BTreeMap<String, u64>, verdict: &mut Verdict) -> Option<String> {
    let subject = message.subject.as_str();
    Some(match subject.split('.').collect::<Vec<_>>().as_slice() {
        ["commune", "night", "opened", night] => content_id(&["opened", night]),
        ["commune", "night", "begun", night, agent] => content_id(&["begun", night, agent]),
        ["commune", "night", "trail", night, agent, "mutualaid"] => format!("trail-{night}-{agent}-mutualaid"),
        ["commune", "night", "trail", night, agent, stage] => content_id(&["trail", night, agent, stage]),
        ["commune", "memory", agent, "notes", night, page] if *night != "restored" => {
            content_id(&["notes", agent, night, page])
        }
        ["commune", "memory", agent, "undone", night] => content_id(&["undone", "night", agent, night, ""]),
        ["commune", "memory", agent, "notes", "undone", night, page] => {
            content_id(&["undone", "notes", agent, night, page])
        }
        ["commune", "memory", agent, "brief"] => {
            let brief = event::<commune_proto::selfcare::v1::Brief>(message, verdict)?;
            let after = briefs.insert((*agent).to_owned(), message.sequence).unwrap_or_default();
            content_id(&["brief", agent, &brief.night, &after.to_string()])
        }
        ["commune", "memory", agent, "diary", date] => {
            let entry = event::<commune_proto::selfcare::v1::DiaryEntry>(message, verdict)?;
            content_id(&["diary", agent, &entry.night, date])
        }
        ["commune", "event", "memory-tidied", agent, night] => content_id(&["memory-tidied", agent, night]),
        ["commune", "aid", "session", agent, night] => format!("aid-session-{agent}-{night}"),
        ["commune", "event", "knowledge-shared", _, id] => format!("shared-{id}"),
        ["commune", "aid", "need", need, ask] => {
            let asked = event::<NeedAsked>(message, verdict)?;
            let derived = content_id(&["need", &commune_knowledge::normalize::question(&asked.question)]);
            if asked.need != *need || derived != *need {
                verdict.add("effects.id", format!("{subject} is the need {derived}"));
            }
            format!("need-{ask}")
        }
        ["commune", "event", "article-curated", ..] => revision(&event::<ArticleCurated>(message, verdict)?)?,
        _ => return None,
    })
}

fn revision(curated: &ArticleCurated) -> Option<String> {
    let article = curated.article.as_ref()?;
    let number = article.revision.to_string();
    let mut parts = vec!["revision", article.path.as_str(), &number, &article.night, &article.title, &article.body];
    parts.extend(article.tags.iter().chain(&article.aliases).map(String::as_str));
    parts.extend(curated.provenance.iter().map(|p| p.contribution.as_str()));
    Some(content_id(&parts))
}
