//! Footnotes: what a text refers to is there, and what is there is referred to.

use super::{Desk, Stock};

const CHECK: &str = "footnotes";

pub(super) fn check(desk: &mut Desk<'_>, _: &Stock<'_>) {
    for at in 0..desk.sheets.len() {
        let facts = std::sync::Arc::clone(desk.sheets[at].facts());
        let (missing, unused) = &facts.footnotes;
        if !missing.is_empty() {
            desk.report(at, CHECK, format!("footnotes that are not there: {}", missing.join(", ")));
        }
        if !unused.is_empty() {
            desk.report(at, CHECK, format!("footnotes that nothing refers to: {}", unused.join(", ")));
        }
    }
}
