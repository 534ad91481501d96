//! Logs that hold several entries: each entry becomes a note of its own, on the day that it names. The log is archived
//! as it was logged.

use commune_knowledge::{document, heading, log};
use commune_proto::content_id;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::Work;
use crate::memory::Note;

/// Kinds that may be a log of a day. Whatever else an agent logs in one piece it means as one.
const KINDS: &[&str] = &["log", "note", "memory", "session", "status", "heartbeat"];

pub(super) fn apply(work: &mut Work<'_>) {
    let logs = work.fresh_movable().into_iter().filter(|place| is_log(work.note(*place)));
    let cut = logs.map(|place| (place, entries(work.note(place)))).filter(|(_, entries)| !entries.is_empty());
    work.cut(cut.collect());
}

/// True for a note that may be a log, by what its agent says of it.
pub(super) fn is_log(note: &Note) -> bool {
    KINDS.contains(&note.kind.as_str()) && note.key.is_empty()
}

fn entries(note: &Note) -> Vec<Note> {
    let entries = log::entries(&note.text, is_day_file(&note.source), &note.logged_on.to_string());
    let matter = heading::topic(&document::title(&note.text));
    let entry = |(ordinal, entry): (usize, log::Entry)| {
        let (logged_at, logged_on) = moment(note, &entry.stamp, ordinal);
        let title = if entry.title.is_empty() { document::title(&entry.text) } else { entry.title };
        let id = content_id(&["entry", note.id.as_str(), &ordinal.to_string()]);
        Note {
            title: if title.is_empty() { note.title.clone() } else { of(&matter, title) },
            visibility: note.visibility,
            tags: note.tags.clone(),
            source: note.source.clone(),
            part_of: note.id.clone(),
            ..Note::logged(id, note.kind.clone(), entry.text, logged_at, logged_on)
        }
    };
    entries.into_iter().enumerate().map(entry).collect()
}

/// An entry's title; with the matter of its log before it where it is no more than a word, or what any log may have ("Lessons learned").
fn of(matter: &str, title: String) -> String {
    if matter.is_empty() || !heading::topic(&title).is_empty() { title } else { format!("{matter}: {title}") }
}

/// When an entry was made: on the day that it names, unless that is after the day of the log, and in the order of the
/// log. A time of day is read as UTC, the only zone that all can mean; it orders entries and never moves their day.
fn moment(note: &Note, stamp: &log::Stamp, ordinal: usize) -> (Timestamp, Date) {
    let named = stamp.day.parse().ok().filter(|day| *day <= note.logged_on);
    let on: Date = named.unwrap_or(note.logged_on);
    let time = stamp.time.parse().unwrap_or_else(|_| TimeZone::UTC.to_datetime(note.logged_at).time());
    let at = TimeZone::UTC.to_timestamp(on.to_datetime(time)).unwrap_or(note.logged_at).min(note.logged_at);
    let order = i64::try_from(ordinal).unwrap_or_default().microseconds();
    (at.checked_add(order).unwrap_or(at), on)
}

/// True for the path of a file that is named by a day: `memory/2026-02-14.md`.
fn is_day_file(source: &str) -> bool {
    let name = source.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".md").unwrap_or(name).parse::<Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        memory::{State, Visibility},
        tidy::tests::{note, tidied},
    };

    const LOG: &str = "# Log\n\n## 2026-02-09 17:40 UTC — Deployed\n\nThe lamp is on staging.\n\n\
        ## 07:06 UTC — Heartbeat\n\nBacklog: 0\n\n## 07:36 UTC — Heartbeat\n\nBacklog: 0\n\n\
        ## 2099-01-01 — Planned\n\nThe lamp goes to prod.\n";

    fn log(id: &str) -> Note {
        Note { kind: "log".to_owned(), visibility: Visibility::Private, tags: vec!["ops".to_owned()], ..note(id, LOG) }
    }

    #[test]
    fn a_log_becomes_its_entries_and_stays_whole_in_the_archive() {
        let memory = tidied(&[log("a")]);
        let whole = &memory.notes["a"];
        assert_eq!((whole.state, whole.rule.as_str(), whole.text.as_str()), (State::Archived, "daily-log", LOG));
        let mut entries: Vec<&Note> = memory.active().collect();
        entries.sort_by_key(|note| note.order());
        let told: Vec<(&str, Date)> = entries.iter().map(|note| (note.title.as_str(), note.logged_on)).collect();
        let on = whole.logged_on;
        assert_eq!(told, [("Deployed", date(2026, 2, 9)), ("Heartbeat", on), ("Planned", on)]);
        assert!(entries[1].text.ends_with("_From 2026-02-10 07:06 to 2026-02-10 07:36._"), "{}", entries[1].text);
        for entry in entries {
            assert_eq!((entry.part_of.as_str(), entry.visibility), ("a", Visibility::Private));
            assert_eq!((entry.tags.as_slice(), entry.kind.as_str()), (whole.tags.as_slice(), "log"));
        }
    }

    #[test]
    fn a_title_that_any_log_may_have_names_its_log() {
        let log = "# 2026-02-09 — Move of the booking site\n\n## Metrics\n\nFour hours.\n\n## Lessons learned\n\nAsk first.\n\n\
            ## Proxy on rosa\n\nIt stays.\n";
        let source = "memory/2026-02-09.md".to_owned();
        let memory = tidied(&[Note { kind: "log".to_owned(), source, ..note("a", log) }]);
        let mut titles: Vec<&str> = memory.active().map(|note| note.title.as_str()).collect();
        titles.sort_unstable();
        let expected =
            ["Move of the booking site: Lessons learned", "Move of the booking site: Metrics", "Proxy on rosa"];
        assert_eq!(titles, expected);
    }

    #[test]
    fn a_log_that_grew_adds_what_is_new() {
        let grown = Note { text: format!("{LOG}\n## 08:00 — Dark\n\nThe lamp is off.\n"), ..log("b") };
        let memory = tidied(&[log("a"), grown]);
        let active: Vec<&str> = memory.active().map(|note| note.title.as_str()).collect();
        assert_eq!(active.len(), 4, "{active:?}");
        assert!(active.contains(&"Dark"), "{active:?}");
    }

    #[test]
    fn what_is_meant_as_one_stays_one() {
        let lesson = Note { kind: "lesson".to_owned(), ..log("a") };
        let diary = Note { kind: "diary".to_owned(), ..log("b") };
        let keyed = Note { key: "board".to_owned(), ..log("c") };
        let memory = tidied(&[lesson, diary, keyed]);
        assert_eq!(memory.count(State::Active), 3);
        assert!(is_day_file("memory/2026-02-14.md") && !is_day_file("memory/2026-02-14-ping.md") && !is_day_file(""));
    }
}
