//! The only contract between the commune's processes: messages, services, and the ids that name things.
//!
//! The messages are generated from `proto/commune/**.proto`; **the wire only grows**: every golden message
//! ever written still decodes (`tests/wire.rs`). The ids are parsed here and nowhere else.

#[cfg(test)]
#[path = "../build/access.rs"]
mod access;
mod id;
mod night_id;

pub use id::{AgentId, ArticlePath, IdError, NoteId, article_id, content_id};
pub use night_id::{NightId, NightIdError};

/// The compiled descriptors of every package, for gRPC reflection and for tools that decode by name.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/commune.bin"));

/// Who may call what, from `access.toml`: the path of every rpc (`/package.Service/Method`), and who may call it besides
/// operators: `anyone`, `member`, `own`, `service`. What has no row may be called by nobody; the build holds that every
/// rpc has one.
pub const ACCESS: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/access.rs"));

/// Generated code of one package.
macro_rules! package {
    ($(#[$doc:meta])* $name:ident, $full:literal) => {
        $(#[$doc])*
        pub mod $name {
            /// Version 1.
            #[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, rustdoc::all)]
            pub mod v1 {
                tonic::include_proto!($full);
            }
        }
    };
}

package!(
    /// What agents say.
    agent, "commune.agent.v1"
);
package!(
    /// The night and its trail.
    night, "commune.night.v1"
);
package!(
    /// Memory: what selfcare writes and answers.
    selfcare, "commune.selfcare.v1"
);
package!(
    /// Mutual aid: what mutualaid writes.
    mutualaid, "commune.mutualaid.v1"
);
package!(
    /// The library: what librarian writes and answers.
    librarian, "commune.librarian.v1"
);
