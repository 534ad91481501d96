//! The same work on many things, on as many threads as the machine has cores for.

use std::{num::NonZero, thread};

/// What comes of each, in their order. Fewer than `few` for each thread are not worth its while.
pub(crate) fn each<T: Sync, R: Send>(things: &[T], few: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(things.len().div_ceil(few.max(1)));
    if threads < 2 {
        return things.iter().map(work).collect();
    }
    let part = |things: &[T]| things.iter().map(&work).collect::<Vec<R>>();
    thread::scope(|scope| {
        let mut parts = things.chunks(things.len().div_ceil(threads));
        let here = parts.next().unwrap_or_default();
        let running: Vec<_> = parts.map(|things| (scope.spawn(|| part(things)), things)).collect();
        let mut all = part(here);
        // what cannot be borne fails here, as without threads
        all.extend(running.into_iter().flat_map(|(thread, things)| thread.join().unwrap_or_else(|_| part(things))));
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_in_their_order() {
        for count in [0, 1, 2, 3, 7, 64, 1_001] {
            let things: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = things.iter().map(|thing| 2 * thing).collect();
            assert_eq!(each(&things, 2, |thing| 2 * thing), doubled);
        }
    }
}
