//! The access table as a server uses it: the rules of its rpcs, and the decision for one caller.

use std::collections::BTreeMap;

use tonic::Status;

use super::{Caller, Role};

/// Who may call one rpc, besides operators.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rule {
    anyone: bool,
    members: bool,
    services: bool,
}

/// The rule of each rpc, by its path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(BTreeMap<&'static str, Rule>);

impl Table {
    /// The table of the contract.
    ///
    /// # Errors
    /// When a word of it is not known here: the crate of the contract is another version's.
    pub(crate) fn new(rows: &'static [(&'static str, &'static [&'static str])]) -> anyhow::Result<Self> {
        let mut table = BTreeMap::new();
        for (path, words) in rows {
            let mut rule = Rule::default();
            for word in *words {
                match *word {
                    "anyone" => rule.anyone = true,
                    // of `own`, the rest is compared by the handler, which alone reads whose it is
                    "member" | "own" => rule.members = true,
                    "service" => rule.services = true,
                    other => anyhow::bail!("the access table has `{other}` for {path}: no such word"),
                }
            }
            table.insert(*path, rule);
        }
        Ok(Self(table))
    }

    /// The paths that have no row.
    pub(crate) fn without_row<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        paths.filter(|path| !self.0.contains_key(path)).collect()
    }

    /// Whether there is such an rpc.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Whether a call needs no token.
    pub(crate) fn is_open(&self, path: &str) -> bool {
        self.0.get(path).is_some_and(|rule| rule.anyone)
    }

    /// Lets a caller through, or says why not.
    ///
    /// # Errors
    /// PERMISSION_DENIED; also for operators, when the rpc has no row.
    pub(crate) fn check(&self, path: &str, caller: &Caller) -> Result<(), Status> {
        let Some(rule) = self.0.get(path) else {
            return Err(Status::permission_denied("no such rpc is open to anybody here"));
        };
        let may = rule.anyone
            || match caller {
                Caller::Trusted | Caller::Known(Role::Operator, _) => true,
                Caller::Known(Role::Member, _) => rule.members,
                Caller::Known(Role::Service, _) => rule.services,
                Caller::Stranger => false,
            };
        if may { Ok(()) } else { Err(Status::permission_denied(format!("{caller} may not call {path}"))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[(&str, &[&str])] = &[
        ("/a/Open", &["anyone"]),
        ("/a/Read", &["member"]),
        ("/a/Own", &["own"]),
        ("/a/Aid", &["service"]),
        ("/a/Ops", &[]),
    ];

    #[test]
    fn what_has_no_row_is_refused() {
        let table = Table::new(ROWS).unwrap();
        let known = |role| Caller::Known(role, "x".to_owned());
        let check = |caller: Caller, may: [bool; 6]| {
            for (path, may) in ["/a/Open", "/a/Read", "/a/Own", "/a/Aid", "/a/Ops", "/a/None"].into_iter().zip(may) {
                assert_eq!(table.check(path, &caller).is_ok(), may, "{caller} {path}");
            }
        };
        check(Caller::Stranger, [true, false, false, false, false, false]);
        check(known(Role::Member), [true, true, true, false, false, false]);
        check(known(Role::Service), [true, false, false, true, false, false]);
        check(known(Role::Operator), [true, true, true, true, true, false]);
        check(Caller::Trusted, [true, true, true, true, true, false]);
        assert_eq!(table.without_row(["/a/Open", "/a/None"].into_iter()), ["/a/None"]);
        assert!(Table::new(&[("/a/B", &["all"])]).is_err());
    }
}
