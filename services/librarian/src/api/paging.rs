//! Page tokens: opaque, stable, and only for the request that they were given for.

use commune_proto::{ArticlePath, content_id};
use commune_runtime::grpc::invalid;
use tonic::Status;

/// Hexadecimal digits of the request's hash in a token.
const HASH: usize = 16;

/// A request as its tokens know it: the call and every field but the page's.
#[derive(Debug, Clone)]
pub(super) struct Request(String);

impl Request {
    pub(super) fn new(call: &str, fields: &[&str]) -> Self {
        let mut parts = vec!["page", call];
        parts.extend(fields);
        Self(content_id(&parts)[..HASH].to_owned())
    }

    /// The token of a position.
    pub(super) fn token(&self, position: &str) -> String {
        hex::encode(format!("{}{position}", self.0))
    }

    /// The position of a token; none for the first page.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a token of another request, or none of ours.
    pub(super) fn position(&self, token: &str) -> Result<Option<String>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        hex::decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| text.strip_prefix(&self.0).map(str::to_owned))
            .map(Some)
            .ok_or_else(|| {
                invalid("page_token", "not a token of this request: use `next_page_token` of its last answer, with all other fields unchanged")
            })
    }

    /// The position of a token as the path of an article; none for the first page.
    ///
    /// # Errors
    /// As [`Request::position`].
    pub(super) fn path(&self, token: &str) -> Result<Option<ArticlePath>, Status> {
        let position = self.position(token)?;
        position.map(|path| path.parse().map_err(|problem| invalid("page_token", problem))).transpose()
    }

    /// The position of a token as a number; 0 for the first page.
    ///
    /// # Errors
    /// As [`Request::position`].
    pub(super) fn number(&self, token: &str) -> Result<usize, Status> {
        match self.position(token)? {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| invalid("page_token", "not a token of this request")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_its_request() {
        let (one, other) = (Request::new("List", &["a"]), Request::new("List", &["b"]));
        let token = one.token("how-to/x");
        assert_eq!(one.position(&token).unwrap().as_deref(), Some("how-to/x"));
        assert_eq!(one.position("").unwrap(), None);
        assert!(other.position(&token).is_err());
        assert!(one.position("zz").is_err() && one.position("00").is_err());
        assert_eq!(one.path(&token).unwrap(), Some("how-to/x".parse().unwrap()));
        assert_eq!(one.number(&one.token("12")).unwrap(), 12);
        assert!(one.number(&token).is_err());
    }
}
