//! The night's id: the local date of the day that ended, with an ordinal for an extra run by hand.

use std::{fmt, str::FromStr};

use jiff::civil::Date;

/// Why a night's id was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a night: use the date of the day that ended, such as 2026-02-14, or 2026-02-14-x1 for an extra run"
)]
pub struct NightIdError(String);

/// A night: the run for one day. `2026-02-14`, or `2026-02-14-x1` for the first extra run asked for by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NightId {
    date: Date,
    extra: u32,
}

impl NightId {
    /// The night of the day that ended.
    pub fn of(date: Date) -> Self {
        Self { date, extra: 0 }
    }

    /// The extra run after this one.
    pub fn next_extra(self) -> Self {
        Self { extra: self.extra + 1, ..self }
    }

    /// The day that ended.
    pub fn date(self) -> Date {
        self.date
    }

    /// 0 for the night itself, 1 and up for extra runs.
    pub fn extra(self) -> u32 {
        self.extra
    }
}

impl fmt::Display for NightId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date)?;
        if self.extra > 0 {
            write!(f, "-x{}", self.extra)?;
        }
        Ok(())
    }
}

impl FromStr for NightId {
    type Err = NightIdError;

    fn from_str(text: &str) -> Result<Self, NightIdError> {
        let refuse = || NightIdError(text.chars().take(100).collect());
        let (date, extra) = match text.split_once("-x") {
            None => (text, 0),
            Some((date, ordinal)) => (date, ordinal.parse::<u32>().map_err(|_| refuse())?),
        };
        let night = Self { date: date.parse().map_err(|_| refuse())?, extra };
        // one spelling for each night, because the id is part of subjects
        if night.to_string() == text { Ok(night) } else { Err(refuse()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_has_one_spelling() {
        for good in ["2026-02-14", "2026-02-14-x1", "2026-02-14-x12"] {
            assert_eq!(good.parse::<NightId>().map(|n| n.to_string()).as_deref(), Ok(good));
        }
        for bad in
            ["", "2026-2-14", "2026-02-30", "2026-02-14-x0", "2026-02-14-x01", "20260214", "2026-02-14T00:00", "-x1"]
        {
            assert!(bad.parse::<NightId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn extra_runs_come_after_their_night() {
        let night = NightId::of(jiff::civil::date(2026, 2, 14));
        assert!(night < night.next_extra());
        assert!(night.next_extra() < NightId::of(jiff::civil::date(2026, 2, 15)));
    }
}
