//! How often each caller may call: a bucket for each, which fills up again at a steady pace.
//!
//! **One caller's flood is that caller's alone**: who calls too often is refused before anything is done for it, and told
//! when to try again; nobody else's bucket is touched. A bucket is one instant, that at which it is full again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tonic::Status;

use super::{Caller, Role};

/// Who was silent may make the calls of so long at once.
const BURST: Duration = Duration::from_secs(2);
/// Services, operators and the machine where it is trusted call for many, and may call so many times as often.
const FOR_MANY: u32 = 20;
/// From so many callers on, those whose bucket is full are forgotten.
const KEPT: usize = 10_000;
/// By which a client of gRPC that tries again by itself knows when.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// The pace of all callers of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    member: u32,
    full_at: Arc<Mutex<BTreeMap<Caller, Instant>>>,
}

impl Rates {
    /// A member may make so many calls a second.
    pub(crate) fn new(member: u32) -> Self {
        Self { member: member.max(1), full_at: Arc::default() }
    }

    /// Takes one call out of the caller's bucket.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when it is empty, with the bound and when to try again.
    pub(crate) fn take(&self, caller: &Caller, now: Instant) -> Result<(), Status> {
        let pace = match caller {
            // what needs no token costs nothing, and has no caller who could be told apart
            Caller::Stranger => return Ok(()),
            Caller::Known(Role::Member, _) => self.member,
            Caller::Known(Role::Service | Role::Operator, _) | Caller::Trusted => self.member.saturating_mul(FOR_MANY),
        };
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.get(caller).copied().unwrap_or(now).max(now) + Duration::from_secs(1) / pace;
        let wait = (full_at - now).saturating_sub(BURST);
        if !wait.is_zero() {
            return Err(too_often(caller, pace, wait));
        }
        if buckets.len() >= KEPT && !buckets.contains_key(caller) {
            buckets.retain(|_, full_at| *full_at > now);
        }
        buckets.insert(caller.clone(), full_at);
        Ok(())
    }
}

fn too_often(caller: &Caller, pace: u32, wait: Duration) -> Status {
    let wait = u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
    let mut status = Status::resource_exhausted(format!(
        "{caller} may make {pace} calls a second here (access.calls_per_second) and made more: try again in {wait} ms"
    ));
    status.metadata_mut().insert(PUSHBACK, wait.into());
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Caller {
        Caller::Known(Role::Member, name.to_owned())
    }

    /// How many of `calls` at once are let in.
    fn let_in(rates: &Rates, caller: &Caller, calls: u32, now: Instant) -> u32 {
        (0..calls).map(|_| u32::from(rates.take(caller, now).is_ok())).sum()
    }

    #[test]
    fn a_caller_gets_its_burst_then_its_pace() {
        let (rates, start) = (Rates::new(50), Instant::now());
        let check = |caller: &Caller, pace: u32| {
            assert_eq!(let_in(&rates, caller, pace * 3, start), pace * 2, "{caller}: the burst, and not one more");
            let refused = rates.take(caller, start).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
            let wait: u64 = refused.metadata().get(PUSHBACK).unwrap().to_str().unwrap().parse().unwrap();
            let words = format!("{caller} may make {pace} calls a second");
            assert!(refused.message().starts_with(&words), "{}", refused.message());
            assert!(refused.message().ends_with(&format!("try again in {wait} ms")), "{}", refused.message());
            let then = start + Duration::from_millis(wait);
            assert_eq!(let_in(&rates, caller, 2, then - Duration::from_millis(2)), 0, "{caller}: a moment too early");
            assert!(rates.take(caller, then).is_ok(), "{caller}: as it was told");
            assert_eq!(
                let_in(&rates, caller, pace * 3, start + Duration::from_secs(60)),
                pace * 2,
                "{caller}: full again"
            );
        };
        check(&member("ada"), 50);
        check(&member("bob"), 50);
        check(&Caller::Trusted, 1000);
        check(&Caller::Known(Role::Service, "ada".to_owned()), 1000);
        check(&Caller::Known(Role::Operator, "root".to_owned()), 1000);
        assert_eq!(let_in(&rates, &Caller::Stranger, 9_999, start), 9_999);
    }

    #[test]
    fn the_silent_are_forgotten() {
        let (rates, start) = (Rates::new(1), Instant::now());
        for number in 0..KEPT {
            rates.take(&member(&number.to_string()), start).unwrap();
        }
        let later = start + Duration::from_secs(3);
        rates.take(&member("late"), later).unwrap();
        assert_eq!(rates.full_at.lock().unwrap().len(), 1);
    }
}
