//! The librarian's program.

fn main() -> std::process::ExitCode {
    commune_runtime::service::main(
        "librarian",
        librarian::settings::DEFAULTS,
        librarian::settings::Settings::common,
        librarian::service::run,
    )
}
