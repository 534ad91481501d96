//! In which revisions of an article something counts.

/// From one revision on until it is taken out; what is taken back may bring it in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    from: u32,
    out: Option<u32>,
    /// The revisions in which it did not count in between, each from one to before another.
    gaps: Vec<(u32, u32)>,
}

impl Span {
    /// From a revision on.
    pub(super) fn from(revision: u32) -> Self {
        Self { from: revision, out: None, gaps: Vec::new() }
    }

    /// Whether it counts at a revision.
    pub(super) fn counts_at(&self, revision: u32) -> bool {
        let is_in = self.from <= revision && self.out.is_none_or(|out| out > revision);
        is_in && !self.gaps.iter().any(|(out, back)| (*out..*back).contains(&revision))
    }

    /// It counts no more from a revision on.
    pub(super) fn take_out(&mut self, revision: u32) {
        self.out.get_or_insert(revision);
    }

    /// The revision `at` takes back what changed after `after` through `through`.
    pub(super) fn revert(&mut self, (after, through): (u32, u32), at: u32) {
        match (self.counts_at(after), self.counts_at(through)) {
            (false, true) => self.take_out(at),
            (true, false) => self.gaps.extend(self.out.take().map(|out| (out, at))),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_goes_and_comes_with_the_revisions() {
        let mut span = Span::from(3);
        span.revert((2, 3), 5);
        let at = |span: &Span| (1..=9).filter(|revision| span.counts_at(*revision)).collect::<Vec<_>>();
        assert_eq!(at(&span), [3, 4]);
        span.revert((4, 5), 7);
        assert_eq!(at(&span), [3, 4, 7, 8, 9], "what took it back is taken back");
        span.revert((1, 2), 8);
        assert_eq!(at(&span), [3, 4, 7, 8, 9], "it was no part of that");
        span.take_out(9);
        assert_eq!(at(&span), [3, 4, 7, 8]);
    }
}
