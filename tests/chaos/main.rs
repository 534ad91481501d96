//! Faults of every kind, by a seed, while agents publish; then what they were told is compared with what is there.
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
