//! What the stories need: a real nats-server, real processes, and waiting for a state with a deadline.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "it is test code: it fails loudly, and reads the machine that it runs on"
)]

pub mod bare;
mod cluster;
mod disk;
mod process;
mod proxy;
mod secure;
mod server;
pub mod support;
mod wait;

pub use cluster::{Cluster, SERVERS};
pub use disk::{FailingSync, TmpDisk};
pub use process::Program;
pub use proxy::{Flow, Proxy, Weather};
pub use secure::{Line, SecureServer};
pub use server::{NatsServer, nats_server_path};
pub use wait::{A_WHILE, eventually, eventually_some};
