//! What all pages share: who is asked, in whose name, and what stands around every page.

use std::sync::Arc;

use commune_proto::AgentId;
use sha2::{Digest, Sha256};

use super::nights::Sky;
use crate::{connect::Session, failure::Failure};

/// The site. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Site(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    session: Session,
    agent: Option<AgentId>,
    jaeger: Option<String>,
    /// What a form of ours holds: nobody else's page can know it.
    seal: String,
    sky: Sky,
}

/// What stands around a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Chrome {
    /// In whose name; empty for nobody's.
    pub(super) agent: String,
    /// The part of the site that the page belongs to.
    pub(super) part: &'static str,
    /// What is being searched for.
    pub(super) query: String,
}

impl Chrome {
    /// Whether the page belongs to this part.
    pub(super) fn is(&self, part: &str) -> bool {
        self.part == part
    }
}

impl Site {
    /// Nothing is connected yet.
    pub(super) fn new(session: Session, agent: Option<AgentId>, jaeger: Option<&str>) -> Result<Self, Failure> {
        let jaeger = jaeger.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = jaeger.as_ref().filter(|url| !(url.starts_with("http://") || url.starts_with("https://"))) {
            return Err(Failure::Usage(format!("--jaeger: `{url}` does not begin with http:// or https://")));
        }
        let mut seal = [0; 32];
        getrandom::fill(&mut seal).map_err(Failure::error)?;
        let (seal, sky) = (hex::encode(seal), Sky::default());
        Ok(Self(Arc::new(Inner { session, agent, jaeger, seal, sky })))
    }

    /// Who is asked.
    pub(super) fn session(&self) -> &Session {
        &self.0.session
    }

    /// In whose name.
    pub(super) fn agent(&self) -> Option<&AgentId> {
        self.0.agent.as_ref()
    }

    /// What a form of ours holds.
    pub(super) fn seal(&self) -> &str {
        &self.0.seal
    }

    /// Whether a form is ours. **Hashes are compared**: how long it takes tells nothing of the seal.
    pub(super) fn is_seal(&self, shown: &str) -> bool {
        Sha256::digest(shown) == Sha256::digest(&self.0.seal)
    }

    /// What is known of the nights.
    pub(super) fn sky(&self) -> &Sky {
        &self.0.sky
    }

    /// The address of a trace's page; empty where nobody said where traces are, or there is none.
    pub(super) fn trace(&self, id: &str) -> String {
        match &self.0.jaeger {
            Some(jaeger) if !id.is_empty() => format!("{jaeger}/trace/{id}"),
            _ => String::new(),
        }
    }

    /// What stands around a page of this part.
    pub(super) fn chrome(&self, part: &'static str) -> Chrome {
        let agent = self.agent().map(ToString::to_string).unwrap_or_default();
        Chrome { agent, part, query: String::new() }
    }
}
