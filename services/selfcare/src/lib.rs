//! Self-care: tidies each agent's memory by night and emits memory-tidied.
//!
//! `handlers`, `translate`, `api`, `artifacts` and the two views see the wire; everything else is rules over own types ([`memory`]).

pub mod api;
pub mod artifacts;
pub mod brief;
pub mod diary;
mod figures;
pub mod handlers;
pub mod intake;
pub mod log_view;
pub mod memory;
pub mod memory_view;
pub mod recall;
pub mod relations;
pub mod schedule;
pub mod service;
pub mod settings;
pub mod tidy;
pub mod translate;
pub mod undo;
pub mod value;
