//! What every target holds: an input of at most 64 KiB is handled within 250 ms of this thread's time.
//!
//! The thread's own time, not the wall's: a busy machine is no finding. libFuzzer's `-timeout` counts whole seconds.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Most time for one input.
pub const LIMIT: Duration = Duration::from_millis(250);

/// Runs a target over an input and fails when it takes longer than [`LIMIT`], three times in a row.
pub fn within_the_limit(mut target: impl FnMut()) {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let start = spent();
        target();
        best = best.min(spent().saturating_sub(start));
        if best <= LIMIT {
            return;
        }
    }
    panic!("took {best:?}, and {LIMIT:?} are allowed");
}

fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
