//! `make instructions`: the instructions that the pure hot functions take, counted under callgrind, and held against what they took
//! when `held.tsv` was written.
//!
//! A count is hardly another from run to run, and does not depend on what else the machine does; it is that of one
//! toolchain and profile, and of a processor with AVX2, which valgrind shows to the program.
//!
//! With `--write` it writes what it counted into the file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "it measures, and fails loudly"
)]

mod hot;

use std::{
    collections::BTreeMap,
    process::{Command, ExitCode},
};

use hot::{HOT, Hot};

/// What was counted before: a name, a tab and a number in each line.
const HELD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/instructions/held.tsv");
/// A function may take so much more, in percent.
const MORE: u64 = 10;
/// Tells the program to run one function, under callgrind.
const ONE: &str = "--one";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [ONE, name] => {
            let (_, work) = HOT.iter().find(|(known, _)| known == name).expect("a function of the list");
            // tables are read and expressions compiled once; that is no part of a call
            work();
            counted(*work);
            ExitCode::SUCCESS
        }
        [] => held_against(&held()),
        ["--write"] => {
            let lines: Vec<String> = HOT.iter().map(|hot| format!("{}\t{}\n", hot.0, count(hot))).collect();
            std::fs::write(HELD, lines.concat()).unwrap();
            ExitCode::SUCCESS
        }
        other => {
            println!(
                "unknown: {}; without an argument it counts and compares, with --write it writes {HELD}",
                other.join(" ")
            );
            ExitCode::FAILURE
        }
    }
}

/// Prints what each function takes; a failure when one takes too much more than was held.
fn held_against(held: &BTreeMap<String, u64>) -> ExitCode {
    if let Err(problem) = Command::new("valgrind").arg("--version").output() {
        println!("skipped: valgrind cannot be run ({problem}): apt-get install valgrind");
        return ExitCode::SUCCESS;
    }
    println!("| function | instructions | held | ratio |\n|---|---|---|---|");
    let mut grown = Vec::new();
    for hot in &HOT {
        let now = count(hot);
        let Some(before) = held.get(hot.0) else {
            grown.push(format!("{} is not in {HELD}: write it with --write", hot.0));
            continue;
        };
        println!("| {} | {now} | {before} | {:.3} |", hot.0, now as f64 / *before as f64);
        if now * 100 > before * (100 + MORE) {
            grown.push(format!("{} takes {now} instructions, {before} were held: more than {MORE} % more", hot.0));
        }
    }
    grown.iter().for_each(|grown| println!("{grown}"));
    if grown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn held() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(HELD).unwrap_or_default();
    let line = |line: &str| line.split_once('\t').map(|(name, count)| (name.to_owned(), count.trim().parse().unwrap()));
    text.lines().filter_map(line).collect()
}

/// Runs this program once more under callgrind, which counts between the entry and the end of [`counted`].
fn count((name, _): &Hot) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("callgrind.out");
    let ended = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*bench_instructions::counted*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .args([ONE, name])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.filter(|count| *count > 0).unwrap_or_else(|| panic!("nothing was counted of {name}:\n{said}"))
}

/// One call, which callgrind knows by the name of this function.
#[inline(never)]
fn counted(work: fn()) {
    work();
}
