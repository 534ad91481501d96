//! Writing the server's signed tokens: claims as JSON, signed by an nkey.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use nkeys::KeyPair;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const HEADER: &str = r#"{"typ":"JWT","alg":"ed25519-nkey"}"#;

/// A token about `subject` (a public key), issued and signed by `issuer`. `nats` is what it says, and of which type.
pub(super) fn signed(
    issuer: &KeyPair,
    subject: &str,
    name: &str,
    at: Timestamp,
    nats: Map<String, Value>,
) -> Result<String, nkeys::error::Error> {
    let mut nats = nats;
    nats.insert("version".to_owned(), json!(2));
    let mut claims = json!({
        "iat": at.as_second(),
        "iss": issuer.public_key(),
        "name": name,
        "nats": nats,
        "sub": subject,
    });
    // an id of its own, as the format wants it; equal claims have equal ids
    claims["jti"] = hex::encode(&Sha256::digest(claims.to_string())[..16]).into();
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = issuer.sign(said.as_bytes())?;
    Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// What a token says. Its signature is not looked at: the server does that.
pub(super) fn claims(token: &str) -> Option<Value> {
    let said = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()
}

/// The text of a credentials file: a user's token and the seed of its key.
pub(super) fn credentials(token: &str, seed: &str) -> String {
    let begin = "-".repeat(5);
    let end = "-".repeat(6);
    format!(
        "{begin}BEGIN NATS USER JWT{begin}\n{token}\n{end}END NATS USER JWT{end}\n\n\
         {begin}BEGIN USER NKEY SEED{begin}\n{seed}\n{end}END USER NKEY SEED{end}\n"
    )
}

/// The token in the text of a credentials file.
pub(super) fn token_of(credentials: &str) -> Option<&str> {
    let mut lines = credentials.lines().map(str::trim);
    lines.find(|line| line.contains("BEGIN NATS USER JWT"))?;
    lines.find(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_signed_by_its_issuer_and_says_what_was_given() {
        let (issuer, user) = (KeyPair::new_account(), KeyPair::new_user());
        let nats = json!({"type": "user"}).as_object().cloned().unwrap_or_default();
        let token = signed(&issuer, &user.public_key(), "ada", Timestamp::UNIX_EPOCH, nats).unwrap();
        let (said, signature) = token.rsplit_once('.').unwrap();
        issuer.verify(said.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let claims = claims(&token).unwrap();
        assert_eq!((&claims["name"], &claims["nats"]["version"]), (&json!("ada"), &json!(2)));
        assert_eq!(claims["iss"], json!(issuer.public_key()));
        let text = credentials(&token, "SEED");
        assert_eq!(token_of(&text), Some(token.as_str()));
        assert_eq!(token_of("no file of credentials"), None);
    }
}
