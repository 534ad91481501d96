//! What every main needs: settings, telemetry, health, signals. The one crate that reads the environment, the
//! clock and names the OTLP exporter.

pub mod access;
pub mod clock;
pub mod grpc;
pub mod health;
mod healthcheck;
mod log_format;
mod log_level;
mod metrics;
pub mod roster;
pub mod service;
pub mod settings;
pub mod signals;
pub mod store_file;
pub mod telemetry;
