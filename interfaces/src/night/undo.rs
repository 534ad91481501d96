//! `commune night undo`: brings an agent's memory of before a night back.

use clap::Args;
use commune_proto::{
    AgentId, NightId,
    selfcare::v1::{NightUndone, UndoNightRequest},
};

use crate::{connect::Session, failure::Failure, json, output::Output};

/// Bring an agent's memory of before a night back: notes, brief and diary. What was new in the night waits for the next.
///
/// Only the newest night that changed the memory can be undone, and then the one before it. What was shared from the
/// memory of that night stays shared, and stays in the library.
#[derive(Debug, Args)]
pub(super) struct Undo {
    /// The night, such as 2026-02-14
    night: NightId,
    /// The agent whose memory it is
    #[arg(long, value_name = "AGENT")]
    agent: AgentId,
}

impl Undo {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = format!("agents/{}/nights/{}", self.agent, self.night);
        let undone = session.memory()?.undo_night(UndoNightRequest { name }).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&undone));
        }
        for line in told(&undone) {
            output.say(&line);
        }
        Ok(())
    }
}

/// What an operator wants to know, a line each.
fn told(undone: &NightUndone) -> Vec<String> {
    let NightUndone { agent, night, back_to, undone_by, undone_at, .. } = undone;
    let count = |name: &str| undone.counts.get(name).copied().unwrap_or(0);
    let left = match back_to.as_str() {
        "" => "what it was before its first night".to_owned(),
        back_to => format!("what the night {back_to} left"),
    };
    let mut lines = vec![
        format!("the night {night} of {agent} is undone, by {undone_by} at {undone_at}: the memory is {left}"),
        format!(
            "notes as they were: {}; days of the diary: {}; notes that wait for the next night: {}",
            count("changed_back"),
            count("diary_entries"),
            count("waiting")
        ),
    ];
    if !undone.put_back.is_empty() {
        lines.push(format!(
            "notes put back by hand since are as before the night, too ({} in all): {}",
            count("put_back"),
            undone.put_back.join(", ")
        ));
    }
    lines.push(
        "what mutual aid shared from the memory of that night is not taken back, nor what the library has of it"
            .to_owned(),
    );
    if count("waiting") > 0 {
        lines.push(format!(
            "the next night takes in what waits; `commune night run --extra --agent {agent}` does so now"
        ));
    }
    if !back_to.is_empty() {
        lines.push(format!("to go back further: commune night undo {back_to} --agent {agent}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_what_and_what_stays_is_said() {
        let mut undone = NightUndone {
            agent: "ada".into(),
            night: "2026-02-14".into(),
            back_to: "2026-02-13".into(),
            undone_by: "operator root".into(),
            undone_at: "2026-02-15T10:00:00Z".into(),
            counts: [("waiting".to_owned(), 3), ("changed_back".to_owned(), 1), ("put_back".to_owned(), 1)].into(),
            put_back: vec!["n7".into()],
            ..NightUndone::default()
        };
        let said = told(&undone).join("\n");
        for words in ["operator root", "2026-02-13 left", "as they were: 1", "next night: 3", "n7", "not taken back"] {
            assert!(said.contains(words), "`{words}` is not in: {said}");
        }
        assert!(said.contains("night undo 2026-02-13 --agent ada"), "{said}");
        undone.back_to.clear();
        undone.counts.clear();
        let said = told(&undone).join("\n");
        assert!(
            said.contains("before its first night") && !said.contains("further") && !said.contains("--extra"),
            "{said}"
        );
    }
}
