//! Progress of long work: a bar on a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on stderr; hidden when stderr is not a terminal.
pub(crate) fn bar(total: u64, what: &'static str) -> ProgressBar {
    let target =
        if crate::output::words_on_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target).with_prefix(what);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A counter of what has no known end; hidden when stderr is not a terminal.
pub(crate) fn counter(what: &'static str) -> ProgressBar {
    let counter = bar(0, what);
    counter.unset_length();
    if let Ok(style) = ProgressStyle::with_template("{prefix} {pos} {elapsed}") {
        counter.set_style(style);
    }
    counter
}
