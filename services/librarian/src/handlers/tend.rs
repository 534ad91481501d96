//! Tending the library, once a night after its contributions are in it: what the checks mend is written, and what they ask for is asked.

use std::collections::BTreeMap;

use commune_bus::{Failure, Handled, Outgoing, Points, PublishError};
use commune_knowledge::normalize;
use commune_proto::{AgentId, NoteId, content_id};

use super::{Curator, TRIES};
use crate::{
    consent::Change,
    curate::{
        LINES, Planned,
        tend::{self, Finding, Tended, Wanted},
    },
    library::Library,
    once,
};

/// Revisions in one atomic batch, and the bytes of their bodies together: half of what the server takes.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Findings that are named in a night's trail.
const NAMED: usize = 3;

impl Curator {
    /// Mends what is to be mended. Whichever replica writes first is right: another that looks afterwards finds it done.
    pub(super) async fn tend(&self, night: &str, points: &Points) -> Handled {
        let mut tries = 0;
        loop {
            let seen = self.tending.look(night, self.clock.now()).await.map_err(Failure::retry)?;
            for wanted in &seen.tended.wanted {
                self.want(wanted).await?;
            }
            match self.write_parts(night, &seen.tended.revisions, seen.through, None, points).await {
                Ok(()) => return self.propose_what_was_found(&seen.tended).await,
                Err(PublishError::Conflict { subject }) if tries < TRIES => {
                    tracing::debug!(night, subject, "another replica was first");
                    tries += 1;
                    self.catch_up().await?;
                }
                Err(PublishError::Refused { subject, reason }) => {
                    return Err(Failure::reject(format!("the library refused `{subject}`: {reason}")));
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
    }

    /// Proposes what was found and is not mended without consent.
    async fn propose_what_was_found(&self, tended: &Tended) -> Handled {
        for (path, into) in &tended.duplicates {
            let reason = "both say the same".to_owned();
            let change = Change::Merge(path.clone(), into.clone());
            let other = Change::Merge(into.clone(), path.clone());
            self.propose(&change, &[&other], reason).await?;
        }
        for path in &tended.long {
            let reason = format!("it has more than {LINES} lines");
            self.propose(&Change::Split(path.clone()), &[], reason).await?;
        }
        Ok(())
    }

    /// Writes revisions in as many batches as they need, with the event in the last of them.
    pub(super) async fn write_parts(
        &self,
        night: &str,
        revisions: &[Planned],
        mut seen: u64,
        event: Option<Outgoing>,
        points: &Points,
    ) -> Result<(), PublishError> {
        let mut rest = revisions;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(BATCH).take_while(|planned| {
                bytes += planned.revision.article.body.len();
                bytes <= BATCH_BYTES
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let event = if later.is_empty() { event.clone() } else { None };
            self.write(night, now, seen, (&BTreeMap::new(), event), points).await?;
            seen = self.catalogue.library().read(Library::last_sequence);
            rest = later;
        }
        Ok(())
    }

    /// Asks for what a page links to and nobody has written, in the name of who linked to it. **Asked once for all**: the id derives from
    /// the question, and the log of what agents say takes each id once.
    async fn want(&self, wanted: &Wanted) -> Handled {
        let asker: AgentId = wanted.asker.parse().map_err(Failure::reject)?;
        let id = content_id(&["want", &normalize::question(&wanted.question), asker.as_str()]);
        let id: NoteId = id.parse().map_err(Failure::reject)?;
        once::need(&self.bus, &asker, &id, &wanted.question).await.map_err(Failure::retry)
    }

    /// What tending comes to in a night's trail: counts, and a few words. Counted in the library and looked up in it, so that any
    /// replica says the same.
    pub(super) async fn tended(&self, night: &str) -> Result<(BTreeMap<String, u64>, Option<String>), Failure> {
        let found = self.tending.look(night, self.clock.now()).await.map_err(Failure::retry)?.tended.findings;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        self.catalogue.library().read(|library| {
            for entry in library.tended_in(night).filter(|entry| entry.tended_in == night) {
                *counts.entry("pages_mended".to_owned()).or_default() += 1;
                for check in mended_by(entry) {
                    *counts.entry(format!("mended_{}", check.replace('-', "_"))).or_default() += 1;
                }
            }
        });
        if !found.is_empty() {
            counts.insert("found".to_owned(), found.len() as u64);
        }
        Ok((counts, told(&found)))
    }
}

/// The checks that mended a page last.
fn mended_by(entry: &crate::library::Entry) -> impl Iterator<Item = &String> {
    entry.newest.mended.iter()
}

/// What is left to be looked at, in a few words; none when nothing is.
fn told(found: &[Finding]) -> Option<String> {
    let mut by_check: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in found {
        by_check.entry(finding.check).or_default().push(finding);
    }
    let told: Vec<String> = tend::names()
        .filter_map(|check| by_check.get_key_value(check))
        .map(|(check, found)| {
            let named: Vec<&str> = found.iter().take(NAMED).map(|finding| finding.path.as_str()).collect();
            let more = if found.len() > NAMED { ", …" } else { "" };
            format!("{check} {} ({}{more})", found.len(), named.join(", "))
        })
        .collect();
    (!told.is_empty()).then(|| format!("to be looked at (`commune library check`): {}", told.join("; ")))
}
