//! Who calls, and who may: bearer tokens, and the access table by which each call is let in or refused.
//!
//! **Default deny**: an rpc without a row in the table is refused, whoever calls. The table is the contract's
//! (`proto/access.toml`); what the handler has to compare, because only it reads the request, it asks of [`Caller`].

mod file;
mod guard;
mod rate;
mod table;
mod token;

use std::fmt;

use tonic::Status;

pub(crate) use file::is_name;
pub use file::{Entry, TokensFile, check_mode};
pub(crate) use guard::{Guard, Tokens};
pub(crate) use rate::Rates;
pub(crate) use table::Table;
pub use token::{Token, TokenError};

/// What a token's holder is to the commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An agent.
    Member,
    /// A service of the commune.
    Service,
    /// Who runs the commune: may do everything, for any agent.
    Operator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Member, Self::Service, Self::Operator];

    /// As it is written in a tokens file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Service => "service",
            Self::Operator => "operator",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Member => 'm',
            Self::Service => 's',
            Self::Operator => 'o',
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| "the role must be member, service or operator".to_owned())
    }
}

/// Who makes a call, as its token says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// There is no tokens file: whoever reaches the listener, which is on this machine, is trusted.
    Trusted,
    /// No token was given, for an rpc that needs none.
    Stranger,
    /// The holder of a token.
    Known(Role, String),
}

impl Caller {
    /// Whose call it is; a stranger's when nothing says.
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or(Self::Stranger)
    }

    /// Lets a caller through who is this agent, or may act for any.
    ///
    /// # Errors
    /// PERMISSION_DENIED for everybody else.
    pub fn acts_for(&self, agent: impl fmt::Display) -> Result<(), Status> {
        match self {
            Self::Trusted | Self::Known(Role::Operator, _) => Ok(()),
            Self::Known(Role::Member, name) if *name == agent.to_string() => Ok(()),
            Self::Stranger | Self::Known(..) => {
                Err(Status::permission_denied(format!("{self} may not act for agents/{agent}: each for itself")))
            }
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted => f.write_str("somebody on this machine"),
            Self::Stranger => f.write_str("a stranger"),
            Self::Known(role, name) => write!(f, "{role} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_acts_for_itself() {
        let known = |role, name: &str| Caller::Known(role, name.to_owned());
        for (caller, may) in [
            (Caller::Trusted, true),
            (Caller::Stranger, false),
            (known(Role::Member, "ada"), true),
            (known(Role::Member, "bob"), false),
            (known(Role::Member, "ad"), false),
            // a service that has an agent's name is not that agent
            (known(Role::Service, "ada"), false),
            (known(Role::Operator, "root"), true),
        ] {
            let answer = caller.acts_for("ada").map_err(|status| status.code());
            assert_eq!(answer, if may { Ok(()) } else { Err(tonic::Code::PermissionDenied) }, "{caller}");
        }
        assert_eq!(Caller::of(&tonic::Request::new(())), Caller::Stranger);
    }
}
