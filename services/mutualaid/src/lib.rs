//! Mutual aid: shares what may be shared and helps, within a cap and rest days, and emits knowledge-shared.
//!
//! [`service`] tells what the process does; [`handlers`] translates between the bus and the pure steps of
//! [`share`] and [`needs`]; [`views`] is what a replica knows from the streams.

mod figures;
pub mod handlers;
pub mod lineage;
pub mod needs;
pub mod quotes;
pub mod service;
pub mod settings;
pub mod share;
pub mod views;
