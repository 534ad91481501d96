//! The program `librarian`.

use std::process::ExitCode;

use librarian::settings::DEFAULTS;

fn main() -> ExitCode {
    commune_runtime::service::main("librarian", DEFAULTS, librarian::service::run)
}
