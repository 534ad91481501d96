//! The process `mutualaid`.

use std::process::ExitCode;

use mutualaid::settings::{DEFAULTS, Settings};

fn main() -> ExitCode {
    commune_runtime::service::main("mutualaid", DEFAULTS, Settings::common, mutualaid::service::run)
}
