//! A child that ends with its parent: this program, asked to become another one.

use std::{ffi::OsString, os::unix::process::CommandExt, path::PathBuf, process::Command};

use clap::Args;

use crate::failure::Failure;

/// The hidden command.
pub(crate) const COMMAND: &str = "__child";

/// Becomes another program that is told to end when the parent does, however it ends.
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// The process that started this one
    #[arg(long)]
    parent: i32,
    /// The program
    program: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Exec {
    /// Runs the command; returns only when the program cannot be started.
    pub(crate) fn run(self) -> Result<(), Failure> {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Signal, getppid, set_parent_process_death_signal};
            set_parent_process_death_signal(Some(Signal::TERM)).map_err(std::io::Error::from)?;
            if getppid().map(|pid| pid.as_raw_nonzero().get()) != Some(self.parent) {
                return Err(Failure::error("the parent ended before its child began"));
            }
        }
        let error = Command::new(&self.program).args(&self.arguments).exec();
        Err(Failure::error(format!("cannot start {}: {error}", self.program.display())))
    }
}
