//! `commune completions`: for shells.

use clap::{Args, CommandFactory};

use crate::{failure::Failure, output::Output};

/// Print the completions of a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Runs the command.
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut crate::cli::Cli::command(), "commune", &mut script);
        output.text(&String::from_utf8_lossy(&script));
        Ok(())
    }
}
