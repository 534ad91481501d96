//! When something was logged, as its heading or line says it.

use std::{fmt, sync::LazyLock};

use regex::Regex;

use crate::heading;

/// A date, a time of day, or both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamp {
    /// `2026-02-14`; empty where it says none.
    pub day: String,
    /// `18:06`; empty where it says none.
    pub time: String,
}

/// When something was: a day, and the time where one is known. As a text it is `2026-02-14 18:06`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// `2026-02-14`.
    pub day: String,
    /// `18:06`, or empty.
    pub time: String,
}

impl Stamp {
    /// The moment, on `day` where the stamp names none.
    pub fn on(&self, day: &str) -> Moment {
        let day = if self.day.is_empty() { day } else { &self.day };
        Moment { day: day.to_owned(), time: self.time.clone() }
    }

    /// True when it says neither a date nor a time.
    pub fn is_empty(&self) -> bool {
        self.day.is_empty() && self.time.is_empty()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.day)?;
        if self.time.is_empty() { Ok(()) } else { write!(formatter, " {}", self.time) }
    }
}

const DAY: &str = r"(?P<day>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))";
const TIME: &str = r"(?P<hour>[01]?\d|2[0-3])(?::|h)(?P<minute>[0-5]\d)(?::[0-5]\d)?";
const ZONE: &str = r"(?:\s*(?P<half>[aApP][mM])\b)?(?:\s*(?:UTC|GMT|Z|CES?T|[PMCE][SD]T)\b)?";

/// What begins with a stamp: marks, the stamp, perhaps a second time that ends a span, and what divides it from the rest.
/// A rule that fails to compile finds nothing; a test holds that both compile.
static LEADING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let until = r"(?:\s*(?:-|–|—|→)\s*\d{1,2}(?::|h)[0-5]\d)?";
    let time = format!("{TIME}{until}{ZONE}");
    let end = r"(?:[\]*_)]*(?:\s*(?:—|–|-|\||·|:|,)+\s+|\s+|$)|[\]*_)]+:?\s*)";
    Regex::new(&format!(r"^[^\w\x22«“`$/~]*(?:{DAY}(?:(?:T|[ ,—–-]+){time})?|{})Z?{end}", unnamed(&time))).ok()
});

static TRAILING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?:^|[\s(\[:,—–-])\s*{DAY}(?:[T ,]+{TIME}{ZONE})?[)\]*_]*\s*$")).ok());

/// The same rule for a time without a date; a regular expression names a group once.
fn unnamed(time: &str) -> String {
    time.replace("?P<hour>", "?P<only_hour>")
        .replace("?P<minute>", "?P<only_minute>")
        .replace("?P<half>", "?P<only_half>")
}

/// The stamp that a heading or a line begins or ends with, and what it says beside; none where it has none.
pub(super) fn stamped(line: &str) -> Option<(Stamp, String)> {
    leading(line).or_else(|| {
        let found = TRAILING.as_ref()?.captures(line)?;
        let rest = line[..found.get(0)?.start()].trim_end_matches([' ', '—', '–', '-', ':', '(']).to_owned();
        Some((read(&found)?, rest))
    })
}

/// The stamp that a line begins with.
pub(super) fn leading(line: &str) -> Option<(Stamp, String)> {
    let found = LEADING.as_ref()?.captures(line)?;
    let rest = line[found.get(0)?.end()..].trim_start().to_owned();
    Some((read(&found)?, rest))
}

fn read(found: &regex::Captures<'_>) -> Option<Stamp> {
    let group = |name: &str| found.name(name).map_or("", |group| group.as_str());
    let either = |name: &str| if group(name).is_empty() { group(&format!("only_{name}")) } else { group(name) };
    let day = group("day").to_owned();
    let time = match (either("hour").parse::<u32>(), either("minute")) {
        (Ok(hour), minute) if !minute.is_empty() => {
            let hour = match either("half").to_lowercase().as_str() {
                "pm" if hour < 12 => hour + 12,
                "am" if hour == 12 => 0,
                _ => hour,
            };
            format!("{hour:02}:{minute}")
        }
        _ => String::new(),
    };
    (!day.is_empty() || !time.is_empty()).then_some(Stamp { day, time })
}

/// Words of a title that is a day's and says nothing else. Lower case, without accents.
const DAY_WORDS: &[&str] = &[
    "log",
    "logs",
    "journal",
    "journals",
    "diary",
    "daily",
    "day",
    "session",
    "sessions",
    "memory",
    "notes",
    "note",
    "worklog",
    "standup",
    "jour",
    "journee",
    "memoire",
    "bord",
    "tagebuch",
    "tag",
    "protokoll",
    "notizen",
    "diario",
    "notas",
    "bitacora",
    "giornale",
    "appunti",
    "dagboek",
    "dnevnik",
    "дневник",
    "журнал",
    "заметки",
    "日志",
    "日記",
    "日誌",
    "업무일지",
    "일지",
];

/// True for a title that is a date, or begins with one, or says beside it only that this is a log.
pub(super) fn is_day(title: &str) -> bool {
    if let Some((stamp, _)) = leading(title) {
        return !stamp.day.is_empty() && stamp.time.is_empty();
    }
    let words = heading::fold::tokens(title);
    let is_date = |word: &String| heading::is_date_or_time(word);
    let numbers = words.iter().filter(|word| word.chars().any(|c| c.is_ascii_digit())).count();
    let day_only =
        words.iter().all(|word| is_date(word) || DAY_WORDS.contains(&word.as_str()) || heading::is_generic(word));
    day_only && numbers >= 2 && stamped(title).is_none_or(|(stamp, _)| stamp.time.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, day: &str, time: &str, rest: &str) {
        let (stamp, said) = stamped(line).unwrap_or_else(|| panic!("no stamp in {line:?}"));
        assert_eq!((stamp.day.as_str(), stamp.time.as_str(), said.as_str()), (day, time, rest), "{line:?}");
    }

    #[test]
    fn stamps_of_real_logs_are_read() {
        assert!(LEADING.is_some() && TRAILING.is_some());
        check("10:47 — Veille : \"24/7 AI\"", "", "10:47", "Veille : \"24/7 AI\"");
        check("2026-02-14 18:06 UTC — Heartbeat", "2026-02-14", "18:06", "Heartbeat");
        check("2026-02-15 05:06 UTC", "2026-02-15", "05:06", "");
        check("2026-02-16 04:01 UTC - Heartbeat Check", "2026-02-16", "04:01", "Heartbeat Check");
        check("19:00–20:30 — Session Client", "", "19:00", "Session Client");
        check("[18:06] HEARTBEAT_OK", "", "18:06", "HEARTBEAT_OK");
        check("**06:10** Releases", "", "06:10", "Releases");
        check("🕐 6:05 PM: all quiet", "", "18:05", "all quiet");
        check("18h30 : réunion", "", "18:30", "réunion");
        check("2026-02-14 — Mode Vitesse", "2026-02-14", "", "Mode Vitesse");
        check("2026-02-14T18:06Z ping", "2026-02-14", "18:06", "ping");
        check("Heartbeat 2x/Day Check - 2026-02-17 02:00 UTC", "2026-02-17", "02:00", "Heartbeat 2x/Day Check");
        check("Session: 2026-02-19 13:20:10 UTC", "2026-02-19", "13:20", "Session");
    }

    #[test]
    fn what_is_no_stamp_is_not_read_as_one() {
        for line in [
            "",
            "1. Validation",
            "16:9 screens",
            "3 replicas",
            "99:99 x",
            "Version 2.14",
            "`10:47`",
            "Deploys at 10:47",
        ] {
            assert_eq!(stamped(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_title_that_is_a_day() {
        for title in [
            "2026-02-14",
            "2026-02-12 — Démarrage",
            "Session Log — 2026-02-14",
            "Journal 2026-02-18",
            "Daily Memory — 15 février 2026",
        ] {
            assert!(is_day(title), "{title:?}");
        }
        for title in [
            "",
            "Fallback Test Incident — 2026-02-15",
            "Heartbeat Check - 2026-02-17 02:00 UTC",
            "Notes",
            "Session: 2026-02-19 13:20:10 UTC",
        ] {
            assert!(!is_day(title), "{title:?}");
        }
    }
}
