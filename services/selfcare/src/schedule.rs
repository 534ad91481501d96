//! When nights are due: pure arithmetic of local time, right across changes of daylight saving time.
//!
//! The night of a day is due on the day after it, at the hour of the settings. Where that hour does not exist (clocks
//! go forward) it is due as much later as the clocks jump; where it exists twice it is due the first time.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

/// The hour of the nights and the zone it is told in.
#[derive(Debug, Clone)]
pub struct Schedule {
    time: Time,
    zone: TimeZone,
}

/// A night's hour or zone that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Not a time of day.
    #[error("night.time: `{0}` is not a time of day; write hours and minutes, such as 04:00")]
    Time(String),
    /// Not a zone.
    #[error("commune.time_zone: `{0}` is not a time zone; write an IANA name, such as Europe/Berlin")]
    Zone(String),
}

impl Schedule {
    /// A schedule from the settings' texts.
    ///
    /// # Errors
    /// [`ScheduleError`] for what is not a time or a zone.
    pub fn new(time: &str, zone: &str) -> Result<Self, ScheduleError> {
        let bad_time = || ScheduleError::Time(time.to_owned());
        let (hour, minute) = time.split_once(':').ok_or_else(bad_time)?;
        let (hour, minute) = (hour.parse().map_err(|_| bad_time())?, minute.parse().map_err(|_| bad_time())?);
        Ok(Self {
            time: Time::new(hour, minute, 0, 0).map_err(|_| bad_time())?,
            zone: TimeZone::get(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))?,
        })
    }

    /// The zone of the commune.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The local day of an instant.
    pub fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// When the night of a day is due.
    pub fn due(&self, day: Date) -> Timestamp {
        let local = day.saturating_add(1.day()).to_datetime(self.time);
        self.zone.to_ambiguous_zoned(local).compatible().map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// The latest day whose night is due by now.
    pub fn ended(&self, now: Timestamp) -> Date {
        let mut day = self.day(now);
        while self.due(day) > now && day > Date::MIN {
            day = day.saturating_sub(1.day());
        }
        day
    }

    /// The first day whose night is due after now, and when.
    pub fn next(&self, now: Timestamp) -> (Date, Timestamp) {
        let day = self.ended(now).saturating_add(1.day());
        (day, self.due(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At `now`, the night of `ended` is the latest one due, and that of the next day comes at `next`.
    fn check(time: &str, zone: &str, now: &str, ended: &str, next: &str) {
        let schedule = Schedule::new(time, zone).expect("a schedule");
        let now: Timestamp = now.parse().expect("an instant");
        assert_eq!(schedule.ended(now).to_string(), ended, "ended at {now} in {zone}");
        let (day, at) = schedule.next(now);
        assert_eq!(day, schedule.ended(now).tomorrow().expect("a day"));
        assert_eq!(at.to_string(), next, "next after {now} in {zone}");
        assert!(at > now);
    }

    #[test]
    fn a_night_belongs_to_the_day_that_ended() {
        let la = "America/Los_Angeles";
        check("04:00", la, "2026-02-14T11:59:59Z", "2026-02-12", "2026-02-14T12:00:00Z");
        check("04:00", la, "2026-02-14T12:00:00Z", "2026-02-13", "2026-02-15T12:00:00Z");
        check("00:00", "Asia/Kolkata", "2026-02-13T18:30:00Z", "2026-02-13", "2026-02-14T18:30:00Z");
    }

    #[test]
    fn los_angeles_keeps_its_hour_across_both_changes() {
        let la = "America/Los_Angeles";
        check("04:00", la, "2026-03-07T12:00:00Z", "2026-03-06", "2026-03-08T11:00:00Z");
        check("04:00", la, "2026-03-08T11:00:00Z", "2026-03-07", "2026-03-09T11:00:00Z");
        check("04:00", la, "2026-10-31T11:00:00Z", "2026-10-30", "2026-11-01T12:00:00Z");
        check("04:00", la, "2026-11-01T11:30:00Z", "2026-10-30", "2026-11-01T12:00:00Z");
    }

    #[test]
    fn berlin_and_a_zone_without_changes() {
        check("04:00", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-27", "2026-03-29T02:00:00Z");
        check("04:00", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-23", "2026-10-25T03:00:00Z");
        check("04:00", "Asia/Tokyo", "2026-03-28T20:00:00Z", "2026-03-28", "2026-03-29T19:00:00Z");
    }

    #[test]
    fn an_hour_that_does_not_exist_comes_later_and_one_that_exists_twice_comes_once() {
        // Los Angeles skips 02:30 on 8 March 2026 and has 01:30 twice on 1 November; Berlin has 02:30 twice on 25 October
        let la = "America/Los_Angeles";
        check("02:30", la, "2026-03-08T00:00:00Z", "2026-03-06", "2026-03-08T10:30:00Z");
        check("02:30", la, "2026-03-08T10:30:00Z", "2026-03-07", "2026-03-09T09:30:00Z");
        check("02:30", la, "2026-11-01T00:00:00Z", "2026-10-30", "2026-11-01T10:30:00Z");
        check("01:30", la, "2026-11-01T00:00:00Z", "2026-10-30", "2026-11-01T08:30:00Z");
        check("01:30", la, "2026-11-01T09:30:00Z", "2026-10-31", "2026-11-02T09:30:00Z");
        let berlin = "Europe/Berlin";
        check("02:30", berlin, "2026-03-28T12:00:00Z", "2026-03-27", "2026-03-29T01:30:00Z");
        check("02:30", berlin, "2026-10-25T00:30:00Z", "2026-10-24", "2026-10-26T01:30:00Z");
    }

    #[test]
    fn every_hour_of_a_year_has_one_ended_day_and_they_never_go_back() {
        for zone in ["America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Pacific/Apia", "Australia/Lord_Howe"] {
            for time in ["04:00", "02:30", "00:00", "23:45"] {
                let schedule = Schedule::new(time, zone).expect("a schedule");
                let mut now: Timestamp = "2011-12-20T00:00:00Z".parse().expect("an instant");
                let mut before = schedule.ended(now);
                for _ in 0..(24 * 400) {
                    now += 1.hour();
                    let ended = schedule.ended(now);
                    assert!(ended >= before && ended <= before.saturating_add(2.days()), "{zone} {time} {now}");
                    assert!(schedule.next(now).1 > now);
                    before = ended;
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_time_or_a_zone_is_refused() {
        for (time, zone) in [("25:00", "UTC"), ("4", "UTC"), ("", "UTC"), ("04:00", "Mars/Olympus")] {
            assert!(Schedule::new(time, zone).is_err(), "{time} {zone}");
        }
    }
}
