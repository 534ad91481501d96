//! Compiles the contract with protox, so that no `protoc` has to be installed.

use std::path::PathBuf;

use prost::Message;

#[allow(clippy::disallowed_methods, reason = "a build script is told its folder by cargo, in the environment")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "commune/agent/v1/agent.proto",
        "commune/night/v1/night.proto",
        "commune/selfcare/v1/events.proto",
        "commune/selfcare/v1/memory_service.proto",
        "commune/mutualaid/v1/events.proto",
        "commune/librarian/v1/events.proto",
        "commune/librarian/v1/library_service.proto",
    ];
    println!("cargo:rerun-if-changed=commune");
    let descriptors = protox::compile(files, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("commune.bin"), descriptors.encode_to_vec())?;
    let mut messages = prost_build::Config::new();
    messages.btree_map(["."]).enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, messages)?;
    Ok(())
}
