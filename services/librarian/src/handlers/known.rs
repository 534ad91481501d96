//! Open needs that an article answers already, under words that the search did not find: the article gets a revision that
//! says so, and the question becomes another name of it.

use std::collections::BTreeMap;

use commune_bus::{Failure, Handled, Points, PublishError};
use commune_knowledge::question::{Answering, Question, answers};
use commune_proto::ArticlePath;

use super::{
    Curator, TRIES,
    revisions::{make_findable, unavailable},
};
use crate::{
    asked::{Need, is_answered},
    curate::{Existing, Plan, Planned},
    index::Snapshot,
    library::{Answered, Entry, Library, Revision},
};

/// Needs that are looked up in one night: those that were asked last. An older one was looked up before, and is answered by what
/// is shared anew.
const LOOKED_UP: usize = 1000;
/// Places of an answer at which an article may be meant.
const PLACES: usize = 5;

/// A need that waits, with the wordings that still lead nowhere.
struct Open {
    need: Need,
    wordings: Vec<String>,
    /// Articles that answered it before, each with the question.
    before: Vec<(ArticlePath, String)>,
}

impl Curator {
    /// Answers what the library knows by now. **In doubt nothing is answered**: the rule is that of mutual aid.
    pub(super) async fn answer_from_the_library(&self, night: &str, points: &Points) -> Handled {
        for _ in 0..TRIES {
            let seen = *self.catalogue.library().position().borrow();
            let open = self.open_needs();
            if open.is_empty() {
                return Ok(());
            }
            let base = self.catalogue.index().await.map_err(Failure::retry)?;
            let (library, at) = (self.catalogue.library().clone(), self.clock.now().to_string());
            let of_night = night.to_owned();
            let planned = tokio::task::spawn_blocking(move || {
                let get = |path: &ArticlePath| library.read(|library| library.standing(path).map(existing));
                let wants = |path: &ArticlePath, question: &str| library.read(|library| library.wants(path, question));
                let mut plan = plan(&base, &open, &get, &wants, (&of_night, &at)).map_err(unavailable)?;
                make_findable(&base, &mut plan).map_err(unavailable)?;
                Ok::<_, PublishError>(plan)
            });
            let plan = planned.await.map_err(Failure::retry)?.map_err(Failure::retry)?;
            if plan.revisions.is_empty() {
                return Ok(());
            }
            match self.write(night, &plan.revisions, seen, (&BTreeMap::new(), None), points).await {
                Ok(()) => return Ok(()),
                Err(PublishError::Conflict { subject }) => {
                    tracing::debug!(night, subject, "another replica was first");
                    self.catch_up().await?;
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
        Err(Failure::retry("the library moved on each time that open needs were looked up in it"))
    }

    fn open_needs(&self) -> Vec<Open> {
        let open: Vec<Open> = self.commons.read(|commons| {
            self.catalogue.library().read(|library: &Library| {
                let asked = commons.asked();
                let waits = |need: Need| {
                    let answers = asked.answers(library, &need.id, u64::MAX);
                    let before = answers.iter().map(|answer| (answer.path.clone(), answer.question.clone())).collect();
                    let wordings = asked.wordings(&need.id).map(|(_, question)| question.to_owned()).collect();
                    (!is_answered(&need, &answers)).then_some(Open { need, wordings, before })
                };
                asked.needs(u64::MAX).into_iter().filter_map(waits).collect()
            })
        });
        asked_last(open)
    }
}

/// Those that were asked last, as many as are looked up in one night.
fn asked_last(mut open: Vec<Open>) -> Vec<Open> {
    open.sort_by(|l, r| (r.need.last_asked_at, &l.need.id).cmp(&(l.need.last_asked_at, &r.need.id)));
    open.truncate(LOOKED_UP);
    open
}

fn existing(entry: &Entry) -> Existing {
    Existing { article: entry.newest.article.clone(), sequence: entry.sequence() }
}

/// One revision for each article that answers something.
fn plan(
    base: &Snapshot,
    open: &[Open],
    get: &dyn Fn(&ArticlePath) -> Option<Existing>,
    wants: &dyn Fn(&ArticlePath, &str) -> bool,
    (night, at): (&str, &str),
) -> Result<Plan, crate::index::IndexError> {
    let mut planned: BTreeMap<ArticlePath, Planned> = BTreeMap::new();
    for Open { need, wordings, before } in open {
        let mut found = None;
        for wording in wordings {
            let question = Question::of(wording);
            let hits = base.search(wording, PLACES)?.hits;
            let articles = hits.iter().filter(|hit| !wants(&hit.path, wording)).filter_map(|hit| get(&hit.path));
            // who asked in these words again was not helped by this article
            let helps = |e: &Existing| !before.iter().any(|(path, said)| *path == e.article.path && said == wording);
            found =
                articles.filter(helps).find(|e| answers(&Answering::of(&e.article.title, &e.article.body), &question));
            if found.is_some() {
                break;
            }
        }
        let Some(existing) = found else { continue };
        let planned = planned.entry(existing.article.path.clone()).or_insert_with(|| again(existing, night, at));
        let said = wordings.iter().map(|question| Answered {
            need: need.id.clone(),
            question: question.clone(),
            contribution: String::new(),
        });
        planned.revision.answered.extend(said);
    }
    let mut revisions: Vec<Planned> = planned.into_values().collect();
    for planned in &mut revisions {
        let needs = planned.revision.answered.len();
        planned.revision.reason = match planned.revision.answered.as_slice() {
            [one] => format!("it answers “{}”, which was asked and not found", one.question),
            _ => format!("it answers {needs} questions that were asked and not found"),
        };
    }
    Ok(Plan { revisions, refused: Vec::new() })
}

/// The article as it is, as its next revision.
fn again(before: Existing, night: &str, at: &str) -> Planned {
    let article = before.article.clone().following(Some(&before.article), night, at);
    Planned { revision: Revision::of(article, String::new()), before: Some(before) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_thousand_needs_are_looked_up_those_asked_last() {
        let open = |number: usize| Open {
            need: Need {
                id: format!("{number:04}"),
                question: String::new(),
                wordings: Vec::new(),
                askers: BTreeSet::new(),
                times_asked: 1,
                first_asked_at: Timestamp::UNIX_EPOCH,
                last_asked_at: Timestamp::from_second(number as i64).unwrap(),
            },
            wordings: Vec::new(),
            before: Vec::new(),
        };
        assert_eq!(asked_last((0..LOOKED_UP).map(open).collect()).len(), LOOKED_UP);
        let looked_up = asked_last((0..=LOOKED_UP).map(open).collect());
        assert_eq!((looked_up.len(), looked_up[0].need.id.as_str()), (LOOKED_UP, "1000"));
        assert!(looked_up.iter().all(|open| open.need.id != "0000"), "the oldest waits for what is shared anew");
    }
}
