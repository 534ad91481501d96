//! `commune artifact`: stores a file that an agent made, and reads it back.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use commune_proto::{
    AgentId,
    agent::v1 as wire,
    selfcare::v1::{GetArtifactRequest, PutArtifactRequest},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    connect::Session,
    failure::Failure,
    output::Output,
    say::{Said, say},
};

const BODY_LIMIT: u64 = 64 << 20;
const CHUNK: usize = 512 * 1024;

/// Store a file that an agent made, or read one back.
#[derive(Debug, Args)]
#[command(
    override_usage = "commune artifact [OPTIONS] <AGENT> <FILE>\n       commune artifact [OPTIONS] <AGENT> --get <SHA256> [--to <FILE>]"
)]
pub(crate) struct Artifact {
    /// Who made it
    agent: AgentId,
    /// The file, at most 64 MiB
    #[arg(required_unless_present = "get")]
    file: Option<PathBuf>,
    /// One line on what it is
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// The media type [default: from the file's name]
    #[arg(long)]
    media_type: Option<String>,
    /// Read back the file with this hash
    #[arg(long, value_name = "SHA256", conflicts_with_all = ["file", "description", "media_type"])]
    get: Option<String>,
    /// Where it is written [default: stdout]
    #[arg(long, value_name = "FILE", requires = "get")]
    to: Option<PathBuf>,
}

impl Artifact {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        match (&self.get, &self.file) {
            (Some(sha256), _) => self.get(session, output, sha256).await,
            (None, Some(file)) => self.store(session, output, file).await,
            (None, None) => Err(Failure::Usage("give the file, or --get with a hash".to_owned())),
        }
    }

    async fn store(&self, session: &Session, output: &Output, file: &Path) -> Result<(), Failure> {
        let meta = std::fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
        let size = meta.len();
        if size > BODY_LIMIT {
            return Err(Failure::Refused(format!("the file has {size} bytes; at most {BODY_LIMIT} are allowed")));
        }
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| Failure::Usage("the file's name is not UTF-8: rename it".to_owned()))?
            .to_owned();
        let body = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let sha256 = hex::encode(Sha256::digest(&body));
        let size = body.len() as u64;
        self.put(session, &sha256, body).await?;
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
        output.say(if said == Said::New { "stored" } else { "already stored" });
        if output.is_json() {
            output.json(&json!({
                "agent": self.agent.as_str(), "id": id.as_str(), "sha256": sha256, "size": size,
                "new": said == Said::New,
            }));
        } else {
            output.text(&sha256);
        }
        Ok(())
    }

    /// Sends the body, piece by piece.
    async fn put(&self, session: &Session, sha256: &str, body: Vec<u8>) -> Result<(), Failure> {
        let head = PutArtifactRequest {
            parent: format!("agents/{}", self.agent),
            sha256: sha256.to_owned(),
            ..PutArtifactRequest::default()
        };
        let pieces = (0..body.len()).step_by(CHUNK).map(move |start| PutArtifactRequest {
            chunk: body[start..body.len().min(start + CHUNK)].to_vec(),
            ..PutArtifactRequest::default()
        });
        session.memory()?.put_artifact(tokio_stream::iter(std::iter::once(head).chain(pieces))).await?;
        Ok(())
    }

    /// Reads a body back; nothing is written before all of it came and has the hash.
    async fn get(&self, session: &Session, output: &Output, sha256: &str) -> Result<(), Failure> {
        if output.is_json() && self.to.is_none() {
            return Err(Failure::Usage("--json with --get needs --to: a file is not JSON".to_owned()));
        }
        let name = format!("agents/{}/artifacts/{sha256}", self.agent);
        let mut pieces = session.memory()?.get_artifact(GetArtifactRequest { name }).await?.into_inner();
        let mut body = Vec::new();
        while let Some(piece) = pieces.message().await? {
            body.extend_from_slice(&piece.chunk);
        }
        let found = hex::encode(Sha256::digest(&body));
        if found != sha256 {
            return Err(Failure::error(format!("what came has the hash {found}, not {sha256}: nothing was written")));
        }
        let Some(to) = &self.to else { return output.bytes(&body) };
        std::fs::write(to, &body).with_context(|| format!("cannot write {}", to.display()))?;
        if output.is_json() {
            let to = to.display().to_string();
            output.json(&json!({
                "agent": self.agent.as_str(), "sha256": sha256, "size": body.len(), "file": to,
            }));
        } else {
            output.say(&format!("{} bytes written to {}", body.len(), to.display()));
        }
        Ok(())
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
