//! What a contribution said of what stands in an article: the statements that it brought, and those that it confirmed.
//!
//! **Everything that is new in a body is somebody's**: what stands there and did not before is by whoever was folded in.

use std::collections::BTreeSet;

use commune_knowledge::placement;

use crate::library::{Provenance, statement_ids};

/// Statements that the contributions of one revision tell together at most; what would be more is left out, and answered by reading
/// the contribution.
const TOLD: usize = 8192;

/// The ids of what of a body, as it was before and as it is after, is a contribution's: new, or said by it too.
pub fn said(before: &str, after: &str, own: &str) -> Vec<u64> {
    let stood = statement_ids(before);
    let own = statement_ids(own);
    statement_ids(after).into_iter().filter(|id| own.contains(id) || !stood.contains(id)).collect()
}

/// The same of one that brought nothing: what it says word for word, and what it says in other words.
pub(super) fn confirmed(body: &str, own: &str) -> Vec<u64> {
    let mut said: BTreeSet<u64> = said(body, body, own).into_iter().collect();
    said.extend(placement::reworded(body, own));
    said.into_iter().collect()
}

/// Keeps what a revision tells within its bound.
pub fn bound(provenance: &mut [Provenance]) {
    let mut told = 0;
    for provenance in provenance {
        told += provenance.statements.len();
        if told > TOLD {
            told -= provenance.statements.len();
            provenance.statements = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(body: &str) -> Vec<u64> {
        statement_ids(body).into_iter().collect()
    }

    #[test]
    fn what_is_new_and_what_is_said_again_is_the_contributions() {
        let before = "# T\n\nOne stands here.\n\nTwo stands there.\n";
        let after = "# T\n\nOne stands here.\n\nTwo stands there.\n\nThree is new.\n";
        let mut expected = ids("Three is new.\n\nTwo stands there.");
        expected.sort_unstable();
        assert_eq!(said(before, after, "Two stands there.\n\nThree is new."), expected);
        assert_eq!(said("", before, before), ids(before));
        assert!(said(before, before, "Four.").is_empty(), "nothing of it stands there");
    }

    #[test]
    fn other_words_confirm_too() {
        let body = "# Backups\n\nThe directory is copied each night to the second host.\n\nTapes are kept.\n";
        let folder = "The folder is copied each night to the second host.";
        assert_eq!(confirmed(body, folder), ids("The directory is copied each night to the second host."));
    }

    #[test]
    fn a_revision_tells_so_many_and_no_more() {
        let of = |many: u64| Provenance {
            contribution: String::new(),
            agent: String::new(),
            night: String::new(),
            trace_id: String::new(),
            statements_added: 1,
            statements: (0..many).collect(),
        };
        let told = |mut all: Vec<Provenance>| {
            bound(&mut all);
            all.iter().map(|provenance| provenance.statements.len()).collect::<Vec<_>>()
        };
        assert_eq!(told(vec![of(8000), of(192)]), [8000, 192]);
        assert_eq!(told(vec![of(8000), of(193), of(192)]), [8000, 0, 192]);
    }
}
