//! The process `mutualaid`.

use std::process::ExitCode;

use mutualaid::settings::DEFAULTS;

fn main() -> ExitCode {
    commune_runtime::service::main("mutualaid", DEFAULTS, mutualaid::service::run)
}
