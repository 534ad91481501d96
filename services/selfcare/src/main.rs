//! The program `selfcare`.

use std::process::ExitCode;

use selfcare::settings::DEFAULTS;

fn main() -> ExitCode {
    commune_runtime::service::main("selfcare", DEFAULTS, selfcare::service::run)
}
