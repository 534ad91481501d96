//! `commune backup`: all streams, the bodies of artifacts among them, into one folder that says what is in it.
//!
//! **What is kept is of one moment.** A stage's consumer must not be ahead of what the stage has written, nor behind it in what it
//! refers to. So nothing but what agents say may be stored meanwhile; that is taken last, so that whatever the rest refers to is
//! in it. Where something else was stored, all is taken anew.

pub(crate) mod manifest;

use std::{
    fs::{self, DirBuilder, File},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use commune_bus::{Bus, StreamName};
use commune_runtime::clock::Clock;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{connect::Session, failure::Failure, output::Output};
use manifest::{FORM, Kept, Manifest};

/// How often all is taken anew before it is given up.
const TRIES: usize = 10;
const BETWEEN: Duration = Duration::from_secs(2);

/// What agents say may be stored meanwhile, and is taken last.
const SAID: [StreamName; 2] = [StreamName::Agents, StreamName::Drops];

/// Put all streams and artifacts into one folder, checked.
///
/// The commune may run. No night may: nothing but what agents say is stored while a backup is taken.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The folder; it must not be there, or be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Backup {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        make_empty(&self.folder)?;
        let bus = session.bus().await?;
        let streams = self.take(&bus, output).await?;
        let manifest = Manifest {
            form: FORM,
            made_at: Clock::system().now().to_string(),
            by: env!("CARGO_PKG_VERSION").to_owned(),
            server: bus.server_version().0,
            streams,
        };
        // whoever finds a manifest finds all that it names
        manifest.write(&self.folder)?;
        manifest.check(&self.folder)?;
        let (messages, bytes) = (manifest.messages()?, manifest.bytes());
        output.say(&format!(
            "{} streams with {messages} messages are in {} ({} MiB), each file checked. It holds what agents keep to themselves: \
             keep it as you keep the commune",
            manifest.streams.len(),
            self.folder.display(),
            bytes >> 20
        ));
        if output.is_json() {
            output.json(&json!({"folder": self.folder, "streams": manifest.streams.len(), "messages": messages, "bytes": bytes}));
        }
        Ok(())
    }

    /// Takes all streams at one moment.
    async fn take(&self, bus: &Bus, output: &Output) -> Result<Vec<Kept>, Failure> {
        let others = StreamName::ALL.into_iter().filter(|stream| !SAID.contains(stream));
        let order: Vec<StreamName> = others.chain(SAID).collect();
        let mut moved = Vec::new();
        for tried in 0..TRIES {
            if tried > 0 {
                output.say(&format!("{} moved meanwhile; taking all anew", moved.join(", ")));
                tokio::time::sleep(BETWEEN).await;
            }
            let before = ends(bus).await?;
            let mut kept = Vec::new();
            for stream in &order {
                kept.push(self.take_one(bus, *stream).await?);
            }
            let after = ends(bus).await?;
            moved = before
                .iter()
                .zip(&after)
                .filter(|(before, after)| before != after && !SAID.contains(&before.0))
                .map(|(before, _)| before.0.as_str())
                .collect();
            if moved.is_empty() {
                return Ok(kept);
            }
        }
        Err(Failure::Unavailable(format!(
            "{} moved each of {TRIES} times: a night runs, or members read and search all the while. Try again when it is quiet, \
             or stop the services meanwhile",
            moved.join(", ")
        )))
    }

    async fn take_one(&self, bus: &Bus, stream: StreamName) -> Result<Kept, Failure> {
        let name = format!("{}.snapshot", stream.as_str());
        let path = self.folder.join(&name);
        let failed = || format!("cannot write {}", path.display());
        let mut file = owners_file(&path).with_context(failed)?;
        let mut snapshot = bus.snapshot(stream).await?;
        let (mut hash, mut bytes) = (Sha256::new(), 0);
        while let Some(piece) = snapshot.next().await? {
            file.write_all(&piece).with_context(failed)?;
            hash.update(&piece);
            bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        }
        file.sync_all().with_context(failed)?;
        let taken = snapshot.taken().clone();
        Ok(Kept { stream: stream.as_str().to_owned(), file: name, bytes, sha256: hex::encode(hash.finalize()), taken })
    }
}

/// Where each stream ends; all of them must be there.
async fn ends(bus: &Bus) -> Result<Vec<(StreamName, u64)>, Failure> {
    let mut ends = Vec::new();
    for stream in StreamName::ALL {
        let extent = bus.extent(stream).await?.ok_or_else(|| {
            let name = stream.as_str();
            Failure::NotFound(format!(
                "the server has no stream {name}: is this a commune's server, and did selfcare run?"
            ))
        })?;
        ends.push((stream, extent.last_sequence));
    }
    Ok(ends)
}

fn make_empty(folder: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut inside = fs::read_dir(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    match inside.next() {
        None => Ok(()),
        Some(_) => {
            Err(Failure::Refused(format!("{} is not empty: give each backup a folder of its own", folder.display())))
        }
    }
}

/// A new file that its owner alone may read.
fn owners_file(path: &Path) -> std::io::Result<File> {
    File::options().create(true).write(true).truncate(true).mode(0o600).open(path)
}
