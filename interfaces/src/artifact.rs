//! `commune artifact`: stores a file that an agent made.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use commune_proto::{AgentId, agent::v1 as wire, selfcare::v1::PutArtifactRequest};
use serde_json::json;
use sha2::{Digest, Sha256};
use tonic::Code;

use crate::{
    connect::Session,
    failure::Failure,
    output::Output,
    say::{Said, say},
};

const BODY_LIMIT: u64 = 64 << 20;
const CHUNK: usize = 512 * 1024;

/// Store a file that an agent made.
#[derive(Debug, Args)]
pub(crate) struct Artifact {
    /// Who made it
    agent: AgentId,
    /// The file, at most 64 MiB
    file: PathBuf,
    /// One line on what it is
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// The media type [default: from the file's name]
    #[arg(long)]
    media_type: Option<String>,
}

impl Artifact {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let meta = std::fs::metadata(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let size = meta.len();
        if size > BODY_LIMIT {
            return Err(Failure::Refused(format!("the file has {size} bytes; at most {BODY_LIMIT} are allowed")));
        }
        let name = self
            .file
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| Failure::Usage("the file's name is not UTF-8: rename it".to_owned()))?
            .to_owned();
        let body = std::fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let sha256 = hex::encode(Sha256::digest(&body));
        let size = body.len() as u64;
        let body_stored = self.put(session, &sha256, body).await?;
        let artifact = wire::Artifact {
            name: name.clone(),
            sha256: sha256.clone(),
            size,
            media_type: self.media_type.clone().unwrap_or_else(|| media_type(Path::new(&name)).to_owned()),
            description: self.description.clone(),
            made_at: String::new(),
        };
        let bus = session.bus().await?;
        let (id, said) = say(&bus, &self.agent, "artifact", &[&sha256, &name, &self.description], &artifact).await?;
        bus.drain().await;
        output.say(match (body_stored, said) {
            (true, Said::New) => "stored",
            (true, Said::Already) => "already stored",
            (false, _) => "its name, size and hash are logged; this commune does not store bodies: keep the file",
        });
        if output.is_json() {
            output.json(&json!({
                "agent": self.agent.as_str(), "id": id.as_str(), "sha256": sha256, "size": size,
                "body_stored": body_stored, "new": said == Said::New,
            }));
        } else {
            output.text(&sha256);
        }
        Ok(())
    }

    /// Sends the body; false when this commune does not store bodies.
    async fn put(&self, session: &Session, sha256: &str, body: Vec<u8>) -> Result<bool, Failure> {
        let head = PutArtifactRequest {
            parent: format!("agents/{}", self.agent),
            sha256: sha256.to_owned(),
            ..PutArtifactRequest::default()
        };
        let pieces: Vec<PutArtifactRequest> = std::iter::once(head)
            .chain(
                body.chunks(CHUNK)
                    .map(|chunk| PutArtifactRequest { chunk: chunk.to_vec(), ..PutArtifactRequest::default() }),
            )
            .collect();
        match session.memory()?.put_artifact(tokio_stream::iter(pieces)).await {
            Ok(_) => Ok(true),
            Err(status) if status.code() == Code::Unimplemented => Ok(false),
            Err(status) => Err(status.into()),
        }
    }
}

fn media_type(name: &Path) -> &'static str {
    match name.extension().and_then(|extension| extension.to_str()) {
        Some("md") => "text/markdown",
        Some("txt" | "log") => "text/plain",
        Some("json") => "application/json",
        Some("html") => "text/html",
        Some("csv") => "text/csv",
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
