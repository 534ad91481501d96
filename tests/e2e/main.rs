//! Whole nights on a real NATS server with real processes: stories, run in parallel on free ports.
//!
//! **Nothing here sleeps to wait**: every step waits for a state, with a deadline that says what was missing.
//! The services' programs must have been built (`make test` does it); they are found beside this one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a story fails loudly, and reads the machine that it runs on"
)]

mod access;
mod artifacts;
mod backup;
mod bad_input;
mod bounds;
mod browser;
mod cli;
mod clock;
mod cluster;
mod consent;
mod crash_points;
mod disk;
mod doctor;
mod embeddings;
mod faults;
mod gates;
mod held;
mod history;
mod hostile;
mod librarian;
mod mcp;
mod metrics;
mod mutualaid;
mod needs;
mod network;
mod night;
mod operators;
mod placement;
mod private;
mod recall;
mod recordings;
mod redirects;
mod search;
mod secure;
mod selfcare;
mod skills;
mod statements;
mod store;
mod tend;
mod trace;
mod traces;
mod undo;
mod uses;
mod vaults;
mod web;
mod withdraw;
mod workspace;
