//! Program `commune`: a client of the bus and of gRPC, never of a service's crate.
//!
//! One file a command. Data go to stdout, words to stderr; the exit code tells the kinds of ending apart
//! ([`failure::Failure`]).

mod agent;
mod articles;
mod artifact;
mod backup;
mod blame;
mod cli;
mod completions;
mod connect;
mod dead;
mod diff;
mod doctor;
mod export;
mod failure;
mod feedback;
mod held;
mod history;
mod home;
mod http;
mod import;
mod inbox;
mod json;
mod library;
mod line;
mod mcp;
mod members;
mod memory;
mod need;
mod needs;
mod night;
mod note;
mod output;
mod progress;
mod proposals;
mod read;
mod recall;
mod rest;
mod restore;
mod revert;
mod say;
mod search;
mod skill;
mod status;
mod table;
mod tail;
mod token;
mod trace;
mod up;
mod web;
mod withdraw;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let output = output::Output::new(cli.global.json);
    match run(cli, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.say(&format!("commune: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(cli: cli::Cli, output: &output::Output) -> Result<(), failure::Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(cli::dispatch(cli, output));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done
}
