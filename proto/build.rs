//! Compiles the contract with protox, so that no `protoc` has to be installed, and the access table, in which every rpc
//! must have its row.

#[path = "build/access.rs"]
mod access;

use std::path::PathBuf;

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};

#[allow(clippy::disallowed_methods, reason = "a build script is told its folder by cargo, in the environment")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "commune/agent/v1/agent.proto",
        "commune/night/v1/night.proto",
        "commune/selfcare/v1/events.proto",
        "commune/selfcare/v1/memory_service.proto",
        "commune/mutualaid/v1/events.proto",
        "commune/librarian/v1/statements.proto",
        "commune/librarian/v1/events.proto",
        "commune/librarian/v1/uses.proto",
        "commune/librarian/v1/held.proto",
        "commune/librarian/v1/proposals.proto",
        "commune/librarian/v1/consent.proto",
        "commune/librarian/v1/library_service.proto",
    ];
    println!("cargo:rerun-if-changed=commune");
    println!("cargo:rerun-if-changed=access.toml");
    println!("cargo:rerun-if-changed=build");
    let descriptors = protox::compile(files, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("commune.bin"), descriptors.encode_to_vec())?;
    match access::table(&std::fs::read_to_string("access.toml")?, &rpcs(&descriptors)) {
        Ok(table) => std::fs::write(out.join("access.rs"), source(&table))?,
        Err(problems) => {
            for problem in problems {
                println!("cargo::error={problem}");
            }
            std::process::exit(1);
        }
    }
    let mut messages = prost_build::Config::new();
    messages.btree_map(["."]).enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, messages)?;
    Ok(())
}

/// The path of every rpc.
fn rpcs(descriptors: &FileDescriptorSet) -> Vec<String> {
    let services = descriptors.file.iter().flat_map(|file| file.service.iter().map(move |service| (file, service)));
    let path = |(file, service): (&FileDescriptorProto, &ServiceDescriptorProto)| {
        let name = format!("/{}.{}", file.package(), service.name());
        service.method.iter().map(|method| format!("{name}/{}", method.name())).collect::<Vec<_>>()
    };
    services.flat_map(path).collect()
}

/// The table as a constant.
fn source(table: &[access::Row]) -> String {
    let rows: Vec<String> = table.iter().map(|(path, who)| format!("    ({path:?}, &{who:?}),\n")).collect();
    format!("&[\n{}]\n", rows.concat())
}
