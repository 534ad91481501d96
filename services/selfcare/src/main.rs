//! The program `selfcare`.

use std::process::ExitCode;

use selfcare::settings::{DEFAULTS, Settings};

fn main() -> ExitCode {
    commune_runtime::service::main("selfcare", DEFAULTS, Settings::common, selfcare::service::run)
}
