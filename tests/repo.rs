//! The rules of this repository that a compiler does not hold: who may depend on whom, where names may appear, the
//! skeleton of a service, the size of files, comments on the contract, and that ARCHITECTURE.md tells the truth.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic that says why")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The services; each is a folder, a crate and a program of this name.
const SERVICES: [&str; 3] = ["selfcare", "mutualaid", "librarian"];
/// The shared crates.
const SHARED: [&str; 4] = ["commune-proto", "commune-bus", "commune-knowledge", "commune-runtime"];
/// The folders of sources.
const SOURCES: [&str; 6] = ["proto", "crates", "services", "interfaces", "tests", "bench"];
/// Lines from which a file is worth splitting, and from which it must be.
const LONG: usize = 400;
const TOO_LONG: usize = 600;

#[test]
fn crates_know_only_whom_they_may() {
    let known = dependencies();
    let check = |krate: &str, allowed: &[&str]| {
        for other in &known[krate] {
            assert!(
                allowed.contains(&other.as_str()),
                "{krate} must not depend on {other}: see ARCHITECTURE.md, Layout"
            );
        }
    };
    check("commune-proto", &[]);
    check("commune-bus", &["commune-proto"]);
    check("commune-knowledge", &[]);
    check("commune-runtime", &[]);
    for service in SERVICES {
        check(service, &SHARED);
    }
    // a client of bus and gRPC, never of a service's crate; knowledge reads Markdown, runtime logs
    check("commune-interfaces", &SHARED);
    check("commune-tests", &SHARED);
    // measures the rules of the services as they are, and the services as the stories run them
    check("commune-bench", &[SHARED.as_slice(), SERVICES.as_slice(), &["commune-tests"]].concat());
    let mut expected: BTreeSet<&str> = SHARED.into_iter().chain(SERVICES).collect();
    expected.extend(["commune-interfaces", "commune-tests", "commune-bench"]);
    let found: BTreeSet<&str> = known.keys().map(String::as_str).collect();
    assert_eq!(found, expected, "a crate came or went: say in this test whom it may know");
}

#[test]
fn libraries_stay_behind_their_one_crate() {
    let mut found = Vec::new();
    for (name, homes) in [
        ("async_nats::", ["crates/commune-bus", "tests"]),
        ("opentelemetry_otlp::", ["crates/commune-runtime", "tests/repo.rs"]),
        ("config::Config", ["crates/commune-runtime", "tests/repo.rs"]),
    ] {
        for file in sources().filter(|file| !homes.iter().any(|home| file.path.starts_with(home))) {
            let named = file.code().any(|line| names(line, name));
            found.extend(named.then(|| format!("{} names {name}: only {} may", file.path.display(), homes[0])));
        }
    }
    for (name, homes) in [
        ("async-nats", ["crates/commune-bus", "tests"]),
        ("opentelemetry-otlp", ["crates/commune-runtime", "crates/commune-runtime"]),
        ("config", ["crates/commune-runtime", "crates/commune-runtime"]),
    ] {
        for path in manifests().into_iter().filter(|path| !homes.iter().any(|home| path.starts_with(home))) {
            let depends = read(&path).lines().any(|line| line.split(['.', ' ', '=']).next() == Some(name));
            found.extend(depends.then(|| format!("{} depends on {name}: only {} may", path.display(), homes[0])));
        }
    }
    none(&found);
}

#[test]
fn rules_are_functions_of_data() {
    let stages = ["services/selfcare/src/tidy", "services/mutualaid/src/share", "services/librarian/src/curate"];
    let generated = |line: &str| line.contains("commune_proto::") && names(line, "v1");
    // `std::net` also parses addresses, which is pure; its sockets and its resolver are not
    let sockets = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"];
    let io = ["tokio", "std::fs", "std::env", "async_nats", "SystemTime", "Instant"];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for file in sources().filter(|file| !file.is_test()) {
        let shown = file.path.display();
        let stage = stages.iter().find(|stage| file.path.with_extension("").starts_with(stage));
        let knowledge = file.path.starts_with("crates/commune-knowledge/src");
        seen.extend(stage);
        if stage.is_none() && !knowledge {
            continue;
        }
        let more: &[&str] = &["commune_bus", "commune_runtime", "tonic", "prost", "tantivy"];
        for line in file.code() {
            let banned = io.iter().chain(&sockets).chain(more).find(|name| names(line, name));
            found.extend(banned.map(|name| format!("{shown}: a rule is pure, but names {name}: {line}")));
            found.extend(generated(line).then(|| format!("{shown}: generated types end in handlers and api: {line}")));
        }
    }
    assert_eq!(seen.len(), stages.len(), "a stage lost its rules: {seen:?}");
    none(&found);
}

#[test]
fn learn_one_service_know_three() {
    for service in SERVICES {
        let folder = Path::new("services").join(service).join("src");
        for file in ["main.rs", "lib.rs", "service.rs", "handlers.rs", "settings.rs", "defaults.toml"] {
            assert!(root().join(&folder).join(file).is_file(), "{} is missing", folder.join(file).display());
        }
        let main = read(&folder.join("main.rs"));
        assert!(main.lines().count() <= 30, "{}: a main is a sentence, 30 lines at most", folder.display());
    }
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for file in sources() {
        let lines = file.text.lines().count();
        let shown = file.path.display();
        if lines > TOO_LONG {
            found.push(format!("{shown} has {lines} lines: split it, {TOO_LONG} is the most"));
        } else if lines > LONG {
            println!("{shown} has {lines} lines: from {LONG} on a file is worth splitting");
        }
    }
    none(&found);
}

#[test]
fn a_file_says_first_what_it_is_for() {
    let says = |file: &Source| file.text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 15);
    let found = sources()
        .filter(|file| !file.is_test() && !says(file))
        .map(|file| format!("{} must begin with a module doc: `//! What it is for.`", file.path.display()));
    none(&found.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_to_do() {
    // spelled apart, so that this file does not find itself
    let marks = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let mut found = Vec::new();
    for file in sources() {
        let left = file.code().find(|line| marks.iter().any(|mark| line.contains(mark.as_str())));
        found.extend(left.map(|line| format!("{}: {}", file.path.display(), line.trim())));
    }
    none(&found);
}

#[test]
fn every_part_of_the_contract_has_a_comment() {
    let mut found = Vec::new();
    for path in files("proto/commune", "proto") {
        let mut before = String::new();
        for (number, line) in read(&path).lines().enumerate() {
            let trimmed = line.trim();
            let declares = ["message ", "enum ", "service ", "rpc "].iter().any(|word| trimmed.starts_with(word))
                || (line.starts_with("  ") && trimmed.contains(" = ") && trimmed.ends_with(';'));
            if declares && !trimmed.starts_with("//") && !before.starts_with("// ") {
                let place = format!("{}:{}", path.display(), number + 1);
                found.push(format!("{place}: `{trimmed}` needs a comment on the line above: meaning, unit, bounds"));
            }
            trimmed.clone_into(&mut before);
        }
    }
    none(&found);
}

#[test]
fn no_message_of_the_contract_ranks_members() {
    // the score of a search result is the article's, within one answer
    let of_no_member = ["SearchResult"];
    let mut found = Vec::new();
    for path in files("proto/commune", "proto") {
        for message in read(&path).split("\nmessage ").skip(1) {
            let name = message.split(' ').next().unwrap();
            let fields: Vec<&str> = message
                .split("\n}")
                .next()
                .unwrap()
                .lines()
                .map(str::trim)
                .filter(|line| line.contains(" = ") && !line.starts_with("//"))
                .filter_map(|line| line.split(" = ").next()?.split(' ').next_back())
                .collect();
            let has = |names: &[&str]| fields.iter().find(|field| names.contains(field)).copied();
            let member = has(&["agent", "asker", "contributor", "contributors", "askers", "member", "members"]);
            let ranks = has(&["rank", "score", "points", "place", "position", "level", "reputation"]);
            if let (Some(member), Some(ranks)) = (member, ranks)
                && !of_no_member.contains(&name)
            {
                found.push(format!("{}: {name} has `{ranks}` beside `{member}`: nobody is ranked", path.display()));
            }
        }
    }
    none(&found);
}

#[test]
fn architecture_quotes_every_invariant_and_names_what_is_there() {
    let page = read(Path::new("ARCHITECTURE.md"));
    for number in 1..=11 {
        let quoted = page
            .lines()
            .any(|line| line.starts_with(&format!("| {number} |")) || line.starts_with(&format!("{number}. ")));
        assert!(quoted, "ARCHITECTURE.md does not quote invariant {number}");
    }
    // a path in backquotes is a promise that it is there
    for path in page.split('`').skip(1).step_by(2).filter(|text| is_path(text)) {
        assert!(root().join(path).exists(), "ARCHITECTURE.md names `{path}`, which is not there");
    }
}

#[test]
fn every_variable_of_the_program_is_left_alone_by_the_services() {
    let settings = read(Path::new("crates/commune-runtime/src/settings.rs"));
    for file in sources().filter(|file| file.path.starts_with("interfaces")) {
        for line in file.code() {
            let Some((_, after)) = line.split_once("env = \"COMMUNE_") else { continue };
            let name = format!("\"COMMUNE_{}\"", after.split('"').next().unwrap_or_default());
            assert!(
                settings.contains(&name),
                "{name} of the program is not in NOT_SETTINGS: a service would refuse it"
            );
        }
    }
}

/// A source file.
struct Source {
    /// From the workspace.
    path: PathBuf,
    text: String,
}

impl Source {
    /// Its lines up to the tests, without those that are only a comment.
    fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]");
        lines.filter(|line| !line.trim_start().starts_with("//"))
    }

    /// Whether it holds tests alone: by its name, or because the module above declares it so.
    fn is_test(&self) -> bool {
        let stem = self.path.file_stem().unwrap().to_string_lossy();
        let above = fs::read_to_string(root().join(self.path.parent().unwrap().with_extension("rs")));
        stem.ends_with("tests") || above.is_ok_and(|text| text.contains(&format!("#[cfg(test)]\nmod {stem};")))
    }
}

/// Fails with all that was found.
fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Whether a line names an item: the name, with no letter, digit or `_` around it.
fn names(line: &str, name: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(name)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + name.len()..].chars().next()))
}

fn is_path(text: &str) -> bool {
    let top = text.split('/').next().unwrap_or_default();
    text.contains('/') && !text.contains(['<', '*', ' ', '{', '…']) && (root().join(top).is_dir() && !top.is_empty())
}

/// Each crate of the workspace and the crates of the workspace that its manifest names, tests included.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap().to_owned();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let of = |package: &serde_json::Value| {
        package["dependencies"].as_array().unwrap().iter().map(name).filter(|other| members.contains(other)).collect()
    };
    packages.iter().map(|package| (name(package), of(package))).collect()
}

fn manifests() -> Vec<PathBuf> {
    SOURCES.iter().flat_map(|folder| files(folder, "toml")).filter(|path| path.ends_with("Cargo.toml")).collect()
}

fn sources() -> impl Iterator<Item = Source> {
    SOURCES.iter().flat_map(|folder| files(folder, "rs")).map(|path| Source { text: read(&path), path })
}

/// Files under a folder of the workspace, sorted, their paths from the workspace.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(root().join(folder))
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|found| found == extension))
        .map(|entry| entry.path().strip_prefix(root()).unwrap().to_owned())
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
