//! What is the matter with nights: late, stuck, or empty for an agent that used to write. Ages are arguments.
//!
//! **Nobody is nagged for a day without a note.** An agent is silent only when it has been so for longer than it was in the
//! two weeks before, and it is told of for a week at most: after that it is an agent that does not write any more.

use std::{collections::BTreeMap, time::Duration};

/// Where a night stands that is not through all stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It has time.
    OnItsWay,
    /// It should have been through; it goes on.
    Late,
    /// It is late, and nothing of it has moved for half of the time that it had.
    Stuck,
}

/// Where a night stands that began so long ago, of which something was last written so long ago, and that may take so long.
pub fn standing(begun: Duration, moved: Duration, allowed: Duration) -> Standing {
    if begun <= allowed {
        Standing::OnItsWay
    } else if moved <= allowed / 2 {
        Standing::Late
    } else {
        Standing::Stuck
    }
}

/// What a day of an agent came to; of two things that are told of one day the greater counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Day {
    /// There was no new note.
    Empty,
    /// There was none, and the agent rested.
    Rested,
    /// There were new notes.
    Wrote,
}

/// The days of agents, as they are told in any order; of each agent the newest.
#[derive(Debug, Clone, Default)]
pub struct Days(BTreeMap<String, BTreeMap<String, Day>>);

impl Days {
    /// Something is told of an agent's day; the date in a form that sorts, such as 2026-02-14.
    pub fn told(&mut self, agent: &str, date: &str, day: Day) {
        let days = self.0.entry(agent.to_owned()).or_default();
        let known = days.entry(date.to_owned()).or_insert(day);
        *known = day.max(*known);
        if days.len() > KEPT {
            days.pop_first();
        }
    }

    /// Agents that used to write and are silent, and for how many days.
    pub fn silent(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().filter_map(|(agent, days)| {
            let days: Vec<Day> = days.values().copied().collect();
            silent(&days).map(|silent| (agent.as_str(), silent))
        })
    }
}

/// Days before the silence that are looked at.
const LOOKED_AT: usize = 14;
/// Fewer days say nothing about what an agent used to do.
const ENOUGH: usize = 7;
/// For how many days a silence is told of.
const TOLD: usize = 7;
/// Days of one agent that are kept: a silence as long as any that is told of, and what was before it, with some rest.
const KEPT: usize = 60;

/// For how many days an agent that used to write has been silent, of its days in order; none when that is nothing to tell of.
fn silent(days: &[Day]) -> Option<usize> {
    if days.last() == Some(&Day::Rested) {
        return None;
    }
    let days: Vec<Day> = days.iter().copied().filter(|day| *day != Day::Rested).collect();
    let now = run_at_end(&days);
    let before = &days[..days.len() - now];
    let before = &before[before.len().saturating_sub(LOOKED_AT)..];
    let wrote = before.iter().filter(|day| **day == Day::Wrote).count();
    if before.len() < ENOUGH || wrote * 2 < before.len() {
        return None;
    }
    let longest = (1..=before.len()).map(|end| run_at_end(&before[..end])).max().unwrap_or(0);
    (now > longest && now <= longest + TOLD).then_some(now)
}

fn run_at_end(days: &[Day]) -> usize {
    days.iter().rev().take_while(|day| **day == Day::Empty).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_late_after_its_time_and_stuck_when_nothing_moves() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let check = |begun: u64, moved: u64, expected: Standing| {
            assert_eq!(standing(hours(begun), hours(moved), hours(2)), expected, "{begun} {moved}");
        };
        check(1, 1, Standing::OnItsWay);
        check(2, 2, Standing::OnItsWay);
        check(3, 0, Standing::Late);
        check(3, 1, Standing::Late);
        check(3, 2, Standing::Stuck);
        check(30, 29, Standing::Stuck);
    }

    /// `w` is a day with notes, `.` one without, `r` a day of rest.
    fn check(days: &str, expected: Option<usize>) {
        let of = |day| match day {
            'w' => Day::Wrote,
            'r' => Day::Rested,
            _ => Day::Empty,
        };
        assert_eq!(silent(&days.chars().map(of).collect::<Vec<_>>()), expected, "{days}");
    }

    #[test]
    fn who_writes_every_day_is_missed_on_the_first_day() {
        check("wwwwwww", None);
        check("wwwwwww.", Some(1));
        check("wwwwwww.......", Some(7));
        check("wwwwwww........", None);
        check("wwwwwww.w", None);
    }

    #[test]
    fn who_has_days_off_is_missed_when_they_last_longer_than_usual() {
        check("wwwww..wwwww", None);
        check("wwwww..wwwww..", None);
        check("wwwww..wwwww...", Some(3));
        check("w.w.w.w.w.w.", None);
        check("w.w.w.w.w.w..", Some(2));
    }

    #[test]
    fn who_is_new_or_seldom_writes_or_rests_is_left_alone() {
        check("", None);
        check("ww.", None);
        check("wwwwww.", None);
        check("w..w...w..w...w....", None);
        check("wwwwwwwr", None);
        check("wwwwwwwrr.", Some(1));
        check("...............", None);
    }

    #[test]
    fn days_are_told_in_any_order_and_what_is_more_counts() {
        let mut days = Days::default();
        for day in [8, 3, 1, 2, 5, 4, 7, 6] {
            let date = format!("2026-02-{day:02}");
            days.told("ada", &date, Day::Empty);
            days.told("bo", &date, Day::Wrote);
            // the night itself found nothing, an extra run of the same day did
            let of_ada = if day == 8 { Day::Empty } else { Day::Wrote };
            days.told("ada", &date, of_ada);
        }
        assert_eq!(days.silent().collect::<Vec<_>>(), [("ada", 1)]);
        days.told("ada", "2026-02-08", Day::Rested);
        assert_eq!(days.silent().count(), 0);
        for day in 0..200 {
            days.told("eve", &format!("{day:04}"), Day::Wrote);
        }
        assert_eq!(days.0["eve"].len(), KEPT);
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        // ten days without a note, and then a fortnight of writing every day
        check("w..........wwwwwwwwwwwwww.", Some(1));
    }
}
