//! `commune restore`: makes an empty commune what a backup says. **Nothing that is there is ever touched.**

use std::{fs::File, io::Read as _, path::Path, path::PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use commune_bus::{Bus, OLDEST_SERVER, PIECE, StreamName};
use serde_json::json;

use crate::{
    backup::manifest::{Kept, Manifest},
    connect::Session,
    failure::Failure,
    output::Output,
};

/// Make an empty commune what a backup says.
///
/// The server runs, its store is empty, and no service runs yet: `commune up --restore DIR` does all of it on one machine.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only look whether every file is what the manifest says
    #[arg(long)]
    check: bool,
}

impl Restore {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let manifest = checked(&self.folder)?;
        if !self.check {
            into(&session.bus().await?, &self.folder, &manifest, output).await?;
            output.say(
                "start the services now. A service that remembers the store of before (nats.store_file) refuses this one until \
                 that file is removed",
            );
        }
        let messages = manifest.messages()?;
        let verb = if self.check { "is whole" } else { "is restored" };
        output.say(&format!("the backup of {} {verb}: {messages} messages", manifest.made_at));
        if output.is_json() {
            let streams: Vec<&str> = manifest.streams.iter().map(|kept| kept.stream.as_str()).collect();
            output.json(&json!({"made_at": manifest.made_at, "streams": streams, "messages": messages, "restored": !self.check}));
        }
        Ok(())
    }
}

/// The backup of a folder, every file of which is what the manifest says.
pub(crate) fn checked(folder: &Path) -> Result<Manifest, Failure> {
    let manifest = Manifest::read(folder)?;
    manifest.check(folder)?;
    for kept in &manifest.streams {
        kept.name()?;
    }
    Ok(manifest)
}

/// Makes all streams of a backup that was checked, on a server that has none of them.
pub(crate) async fn into(bus: &Bus, folder: &Path, manifest: &Manifest, output: &Output) -> Result<(), Failure> {
    let (version, new_enough) = bus.server_version();
    if !new_enough {
        let (major, minor) = OLDEST_SERVER;
        return Err(Failure::Refused(format!("nats-server {version} is too old: install {major}.{minor} or newer")));
    }
    for stream in StreamName::ALL {
        if let Some(there) = bus.extent(stream).await? {
            return Err(Failure::Refused(format!(
                "this commune is not empty: {} is there, with {} messages. Nothing was changed; restore into a server with an \
                 empty store, before any service has started",
                stream.as_str(),
                there.messages
            )));
        }
    }
    let mut made: Vec<&str> = Vec::new();
    for kept in &manifest.streams {
        if let Err(failure) = one(bus, folder, kept).await {
            let rest = match made.as_slice() {
                [] => "Nothing was made".to_owned(),
                made => format!("{} were made: begin anew with an empty store", made.join(", ")),
            };
            return Err(Failure::error(format!("{} cannot be restored: {failure}. {rest}", kept.stream)));
        }
        made.push(&kept.stream);
        output.say(&format!("{} is restored, with {} messages", kept.stream, kept.extent()?.messages));
    }
    // looked at once more when all is there, as whoever comes next will find it
    for kept in &manifest.streams {
        same(kept, bus.extent(kept.name()?).await?)?;
    }
    Ok(())
}

async fn one(bus: &Bus, folder: &Path, kept: &Kept) -> Result<(), Failure> {
    let path = folder.join(&kept.file);
    let unreadable = || format!("cannot read {}", path.display());
    let mut file = File::open(&path).with_context(unreadable)?;
    let restore = bus.restore(kept.name()?, &kept.taken).await?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece).with_context(unreadable)?;
        if read == 0 {
            break;
        }
        restore.send(Bytes::from(piece)).await?;
    }
    same(kept, Some(restore.finish().await?))
}

/// Whether the stream reaches as far as it did.
fn same(kept: &Kept, found: Option<commune_bus::Extent>) -> Result<(), Failure> {
    let wanted = kept.extent()?;
    // of an empty stream the server tells no first message in one way only
    let first = |extent: &commune_bus::Extent| if extent.messages == 0 { 0 } else { extent.first_sequence };
    let reach = |extent: &commune_bus::Extent| (extent.messages, first(extent), extent.last_sequence);
    match found {
        Some(found) if reach(&found) == reach(&wanted) => Ok(()),
        found => Err(Failure::error(format!(
            "the stream {} is not what was kept: {found:?} instead of {wanted:?}",
            kept.stream
        ))),
    }
}
