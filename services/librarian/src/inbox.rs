//! What agents are told of a revision: who asked hears the answer, and who contributed hears whom it helped. Pure: the
//! same messages come from the same streams, whenever and by whichever replica they are computed.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::content_id;

use crate::{
    asked::Asked,
    library::{Library, Tiding},
};

/// A need that is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The need.
    pub need: String,
    /// The question, as it was asked.
    pub question: String,
    /// Who asked, without whom is told.
    pub askers: BTreeSet<String>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// What the agent asked is answered.
    Answered {
        /// What it asked.
        need: Told,
        /// Who contributed the answer, sorted.
        contributors: BTreeSet<String>,
    },
    /// What the agent shared helped.
    Thanks {
        /// What it answered, by need.
        needs: Vec<Told>,
        /// The article was there before, or others contributed to the same revision.
        strengthened: bool,
    },
}

impl Kind {
    /// The last token of the subject on which it is told.
    pub fn token(&self) -> &'static str {
        match self {
            Self::Answered { .. } => "answered",
            Self::Thanks { .. } => "thanks",
        }
    }
}

/// One message to one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Derives from the agent, the revision and what is told: told twice it is the same.
    pub id: String,
    /// Who is told.
    pub agent: String,
    /// What.
    pub kind: Kind,
}

/// The messages of a revision, by agent; answers before thanks. Who asked since the last answer hears of this one; nobody is
/// thanked for having answered itself.
pub fn messages(tiding: &Tiding, asked: &Asked, library: &Library) -> Vec<Message> {
    let revision = tiding.revision.to_string();
    let id = |agent: &str, what: &str| content_id(&["inbox", agent, tiding.path.as_str(), &revision, what]);
    let mut told = Vec::new();
    let mut helped: BTreeMap<&str, BTreeMap<String, Told>> = BTreeMap::new();
    for (need, contributors) in answered(tiding, asked) {
        let asking = since_last_answer(need, tiding, asked, library);
        let askers: BTreeSet<String> = asking.keys().cloned().collect();
        let others = |agent: &str| askers.iter().filter(|asker| *asker != agent).cloned().collect::<BTreeSet<_>>();
        let first = asked.wordings(need).next().map(|(_, question)| question.to_owned()).unwrap_or_default();
        for (asker, question) in asking {
            let need = Told { need: need.to_owned(), question, askers: others(&asker) };
            let contributors = contributors.iter().map(|agent| (*agent).to_owned()).collect();
            let id = id(&asker, &need.need);
            told.push(Message { id, agent: asker, kind: Kind::Answered { need, contributors } });
        }
        for agent in contributors {
            let askers = others(agent);
            if !askers.is_empty() {
                let told = Told { need: need.to_owned(), question: first.clone(), askers };
                helped.entry(agent).or_default().insert(need.to_owned(), told);
            }
        }
    }
    let sharers: BTreeSet<&str> = tiding.contributions.values().map(String::as_str).collect();
    let met = tiding.revision > 1 || sharers.len() > 1;
    let thanked: BTreeSet<&str> = helped.keys().copied().chain(sharers.iter().copied().filter(|_| met)).collect();
    for agent in thanked {
        let needs: Vec<Told> = helped.remove(agent).map(|needs| needs.into_values().collect()).unwrap_or_default();
        let strengthened = met && sharers.contains(agent);
        told.push(Message {
            id: id(agent, "thanks"),
            agent: agent.to_owned(),
            kind: Kind::Thanks { needs, strengthened },
        });
    }
    told.sort_by(|l, r| (&l.agent, l.kind.token(), &l.id).cmp(&(&r.agent, r.kind.token(), &r.id)));
    told
}

/// The needs that a revision answers, each with who contributed the answer.
fn answered<'a>(tiding: &'a Tiding, asked: &'a Asked) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for answered in &tiding.answered {
        let contributors = needs.entry(asked.need_of(&answered.need)).or_default();
        match tiding.contributions.get(&answered.contribution) {
            Some(agent) => contributors.extend([agent.as_str()]),
            None => contributors.extend(tiding.contributors.iter().map(String::as_str)),
        }
    }
    needs
}

/// Who asked since the last night that gave an answer, with the words that it used last.
fn since_last_answer(need: &str, tiding: &Tiding, asked: &Asked, library: &Library) -> BTreeMap<String, String> {
    let answers = asked.answers(library, need, tiding.sequence.saturating_sub(1));
    // two articles of one night are both an answer
    let before = answers.iter().filter(|answer| answer.night != tiding.night).map(|answer| answer.at).max();
    let mut asking: Vec<_> = asked
        .asks(need)
        .filter(|(_, ask)| ask.at <= tiding.at && before.is_none_or(|before| ask.at > before))
        .collect();
    asking.sort_by_key(|(_, ask)| (ask.at, ask.sequence));
    asking.into_iter().map(|(question, ask)| (ask.asker.clone(), question.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        asked::Ask,
        library::{Answered, Article, Kind as Page, Provenance, Revision},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Each revision is of a night of its own.
    fn revision(number: u32, by: &[&str], need: &str, contribution: &str) -> Revision {
        let provenance = |agent: &&str| Provenance {
            contribution: format!("c-{agent}"),
            agent: (*agent).into(),
            night: "2026-02-14".into(),
            trace_id: String::new(),
            statements_added: 1,
            statements: Vec::new(),
        };
        let article = Article {
            title: "Renew".into(),
            contributors: vec!["ada".into(), "cy".into()],
            revision: number,
            night: format!("2026-02-{number:02}"),
            ..Article::blank("how-to/renew".parse().unwrap(), Page::Article)
        };
        Revision {
            provenance: by.iter().map(provenance).collect(),
            answered: match need {
                "" => vec![],
                need => vec![Answered { need: need.into(), question: "?".into(), contribution: contribution.into() }],
            },
            ..Revision::of(article, String::new())
        }
    }

    fn told(library: &Library, asked: &Asked, sequence: u64) -> Vec<String> {
        let tiding = library.tidings(sequence).next().unwrap();
        let shown = |message: Message| match message.kind {
            Kind::Answered { need, contributors } => {
                format!("{} answered {} by {contributors:?}", message.agent, need.question)
            }
            Kind::Thanks { needs, strengthened } => {
                let askers: Vec<_> = needs.iter().flat_map(|need| &need.askers).collect();
                format!("{} thanks {askers:?} {strengthened}", message.agent)
            }
        };
        messages(tiding, asked, library).into_iter().map(shown).collect()
    }

    #[test]
    fn who_asked_hears_of_it_once_and_who_helped_is_thanked() {
        let (mut asked, mut library) = (Asked::default(), Library::default());
        let ask = |sequence, asker: &str, second| Ask { sequence, asker: asker.into(), at: at(second) };
        asked.take("n", "How do I renew a certificate?", ask(1, "bob", 10));
        asked.take("m", "How can I renew certificates?", ask(2, "eve", 20));
        asked.take("n", "How do I renew a certificate?", ask(3, "ada", 30));
        library.take(1, at(100), revision(1, &["ada"], "n", "c-ada"));
        assert_eq!(
            told(&library, &asked, 1),
            [
                r#"ada answered How do I renew a certificate? by {"ada"}"#,
                r#"ada thanks ["bob", "eve"] false"#,
                r#"bob answered How do I renew a certificate? by {"ada"}"#,
                r#"eve answered How can I renew certificates? by {"ada"}"#,
            ]
        );
        // an update without a need thanks who strengthened the page; a page of one's own is nothing to be told
        library.take(2, at(200), revision(2, &["cy"], "", ""));
        assert_eq!(told(&library, &asked, 2), ["cy thanks [] true"]);
        // bob asks once more: what the page knows already answers, and he alone hears of it
        asked.take("n", "How do I renew a certificate?", ask(4, "bob", 250));
        library.take(3, at(300), revision(3, &[], "n", ""));
        assert_eq!(
            told(&library, &asked, 3),
            [
                r#"ada thanks ["bob"] false"#,
                r#"bob answered How do I renew a certificate? by {"ada", "cy"}"#,
                r#"cy thanks ["bob"] false"#,
            ]
        );
        let ids = |sequence| -> BTreeSet<String> {
            let tiding = library.tidings(sequence).next().unwrap();
            messages(tiding, &asked, &library).into_iter().map(|message| message.id).collect()
        };
        assert_eq!((ids(1).len(), ids(1).intersection(&ids(3)).count()), (4, 0));
        let mut alone = Library::default();
        alone.take(1, at(100), revision(1, &["ada"], "", ""));
        assert!(told(&alone, &asked, 1).is_empty());
    }
}
