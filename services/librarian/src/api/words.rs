//! What changed between two texts, word by word: whole lines first, then the words of the lines that changed.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use commune_proto::librarian::v1::{DiffKind, DiffSegment};
use similar::{ChangeTag, DiffTag, TextDiff};

/// Segments of one answer.
const SEGMENTS: usize = 20_000;
/// Of lines that have less than this in common, each is told whole.
const ALIKE: f32 = 0.5;

/// The segments that lead from one text to the other, within a time; past it, they are coarser.
pub(super) fn segments(older: &str, newer: &str, time: Duration) -> Vec<DiffSegment> {
    let end = Instant::now().checked_add(time);
    let diff = TextDiff::configure().timeout(time).diff_lines(older, newer);
    let old = |lines: Range<usize>| lines.filter_map(|line| diff.old_slice(line)).collect::<String>();
    let new = |lines: Range<usize>| lines.filter_map(|line| diff.new_slice(line)).collect::<String>();
    let mut lines = Segments::default();
    let mut words = Segments::default();
    for op in diff.ops() {
        let (removed, added) = (old(op.old_range()), new(op.new_range()));
        let (equal, removed, added) = match op.tag() {
            DiffTag::Equal => (removed, String::new(), String::new()),
            _ => (String::new(), removed, added),
        };
        for segments in [&mut lines, &mut words] {
            segments.push(DiffKind::Equal, &equal);
        }
        lines.push(DiffKind::Removed, &removed);
        lines.push(DiffKind::Added, &added);
        words.of_words(&removed, &added, end);
    }
    let told = if words.0.len() > SEGMENTS { lines } else { words };
    if told.0.len() > SEGMENTS {
        let mut whole = Segments::default();
        whole.push(DiffKind::Removed, older);
        whole.push(DiffKind::Added, newer);
        return whole.0;
    }
    told.0
}

#[derive(Default)]
struct Segments(Vec<DiffSegment>);

impl Segments {
    fn push(&mut self, kind: DiffKind, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.kind() == kind => last.text.push_str(text),
            _ => self.0.push(DiffSegment { kind: kind as i32, text: text.to_owned() }),
        }
    }

    fn of_words(&mut self, removed: &str, added: &str, end: Option<Instant>) {
        let left = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        let diff = TextDiff::configure().timeout(left).diff_words(removed, added);
        if removed.is_empty() || added.is_empty() || left.is_zero() || diff.ratio() < ALIKE {
            self.push(DiffKind::Removed, removed);
            self.push(DiffKind::Added, added);
            return;
        }
        // a blank that stands between two changes is part of both: so a reader sees runs, and not word after word
        let changes: Vec<(ChangeTag, &str)> =
            diff.iter_all_changes().map(|change| (change.tag(), change.value())).collect();
        let (mut gone, mut come) = (String::new(), String::new());
        for (at, (tag, text)) in changes.iter().enumerate() {
            let changed =
                |at: Option<usize>| at.and_then(|at| changes.get(at)).is_some_and(|(tag, _)| *tag != ChangeTag::Equal);
            let bridges = text.trim().is_empty()
                && !text.contains('\n')
                && changed(at.checked_sub(1))
                && changed(at.checked_add(1));
            match tag {
                ChangeTag::Delete => gone.push_str(text),
                ChangeTag::Insert => come.push_str(text),
                ChangeTag::Equal if bridges => {
                    gone.push_str(text);
                    come.push_str(text);
                }
                ChangeTag::Equal => {
                    self.push(DiffKind::Removed, &std::mem::take(&mut gone));
                    self.push(DiffKind::Added, &std::mem::take(&mut come));
                    self.push(DiffKind::Equal, text);
                }
            }
        }
        self.push(DiffKind::Removed, &gone);
        self.push(DiffKind::Added, &come);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TIME: Duration = Duration::from_secs(5);

    fn text(segments: &[DiffSegment], without: DiffKind) -> String {
        segments.iter().filter(|segment| segment.kind() != without).map(|segment| segment.text.as_str()).collect()
    }

    #[track_caller]
    fn check(older: &str, newer: &str, expected: &str) {
        let told = segments(older, newer, TIME);
        let mark = |segment: &DiffSegment| match segment.kind() {
            DiffKind::Removed => format!("[-{}-]", segment.text),
            DiffKind::Added => format!("{{+{}+}}", segment.text),
            _ => segment.text.clone(),
        };
        assert_eq!(told.iter().map(mark).collect::<String>(), expected);
    }

    #[test]
    fn words_that_changed_are_told_and_lines_that_are_others_whole() {
        check("The port is 80.\n", "The port is 81.\n", "The port is [-80.-]{+81.+}\n");
        check("One.\nTwo.\n", "One.\nTwo.\nThree.\n", "One.\nTwo.\n{+Three.\n+}");
        check("Wait a minute first.\n", "Wait half an hour first.\n", "Wait [-a minute-]{+half an hour+} first.\n");
        check("Roses need light.\n", "端口是 8080。\n", "[-Roses need light.\n-]{+端口是 8080。\n+}");
        check("Same.\n", "Same.\n", "Same.\n");
        check("", "New.\n", "{+New.\n+}");
    }

    #[test]
    fn what_would_be_too_many_segments_is_coarser() {
        let lines = |word: &str, many: usize| {
            (0..many).map(|at| format!("a {at} {word} b {at} {word} c\n")).collect::<String>()
        };
        let told = segments(&lines("x", 100), &lines("y", 100), TIME);
        assert!(told.len() > 300, "{}", told.len());
        let (older, newer) = (lines("x", 6000), lines("y", 6000));
        let told = segments(&older, &newer, TIME);
        assert!(told.len() <= SEGMENTS, "{}", told.len());
        assert_eq!((text(&told, DiffKind::Added), text(&told, DiffKind::Removed)), (older, newer));
    }

    proptest! {
        /// **Nothing of either text is lost or made up.**
        #[test]
        fn both_texts_follow_from_the_segments(older in "([a-c]{1,2}|[ \n]|é){0,40}", newer in "([a-c]{1,2}|[ \n]|é){0,40}") {
            let told = segments(&older, &newer, TIME);
            prop_assert_eq!(text(&told, DiffKind::Added), older);
            prop_assert_eq!(text(&told, DiffKind::Removed), newer);
        }
    }
}
