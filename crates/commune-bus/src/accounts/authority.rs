//! Whose word the server takes: the keys that sign accounts and members.
//!
//! The server is given public halves and signed accounts; no seed. **Each role has a signing key of its own, and the
//! rights stand with the key, in the account**: whom a key signed has those rights and can have no others, so a new
//! agent is one signature, and no server is changed or told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nkeys::{KeyPair, KeyPairType};
use serde_json::{Map, Value, json};

use super::{
    jwt,
    rights::{Principal, Subjects, TABLE},
};

/// The keys of one commune. Whoever has them can let anybody in: keep them where the server is not, if you can.
#[derive(Clone)]
pub struct Authority {
    seeds: BTreeMap<String, String>,
}

/// A member who was let in.
#[derive(Clone)]
pub struct Credentials {
    /// The public key by which the server knows it (`U…`).
    pub public_key: String,
    /// The text of its credentials file; a secret.
    pub text: String,
}

/// Somebody who was let in and is not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its public key.
    pub public_key: String,
    /// What was signed for the key until then is void.
    pub at: Timestamp,
}

/// What the server is given: nothing of it is secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignedAccounts {
    /// The token of the authority itself.
    pub root: String,
    /// The public key of the server's own account.
    pub system: String,
    /// Each account's public key and token.
    pub accounts: Vec<(String, String)>,
    /// The public key of the account that has the streams: the name of its folder in the server's store.
    pub commune: String,
}

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the authority's keys cannot be used: {0}")]
pub struct AuthorityError(String);

const ROOT: &str = "root";
/// Signs the accounts; the root itself signs nothing but that.
const SIGNER: &str = "root-signer";
/// A time that every server takes for past.
const ROOT_ISSUED: Timestamp = Timestamp::constant(1_700_000_000, 0);
const COMMUNE: &str = "commune";
const AGENTS: &str = "agents";
const SYSTEM: &str = "system";

impl Authority {
    /// New keys.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn generate() -> Result<Self, AuthorityError> {
        let mut seeds = BTreeMap::new();
        for name in names() {
            let pair = if is_root(&name) { KeyPair::new_operator() } else { KeyPair::new_account() };
            seeds.insert(name, pair.seed()?);
        }
        Ok(Self { seeds })
    }

    /// The keys as they were kept.
    ///
    /// # Errors
    /// When the text is not what [`Authority::to_json`] gave.
    pub fn from_json(text: &str) -> Result<Self, AuthorityError> {
        let seeds = serde_json::from_str(text).map_err(|_| AuthorityError("not a list of keys".to_owned()))?;
        let authority = Self { seeds };
        for name in names() {
            authority.key(&name)?;
        }
        Ok(authority)
    }

    /// The keys as they are to be kept; a secret.
    pub fn to_json(&self) -> String {
        let seeds: Map<String, Value> = self.seeds.iter().map(|(name, seed)| (name.clone(), json!(seed))).collect();
        format!("{:#}\n", Value::Object(seeds))
    }

    /// Lets somebody in: one signature. An agent's name is its id, a service's that of its principal.
    ///
    /// # Errors
    /// When the keys cannot be used.
    pub fn admit(&self, principal: Principal, name: &str, at: Timestamp) -> Result<Credentials, AuthorityError> {
        let user = KeyPair::new_user();
        let account = if principal == Principal::Agent { AGENTS } else { COMMUNE };
        let mut nats = kind("user");
        nats.insert("issuer_account".to_owned(), json!(self.key(account)?.public_key()));
        let token = jwt::signed(&self.key(&role(principal))?, &user.public_key(), name, at, nats)?;
        Ok(Credentials { public_key: user.public_key(), text: jwt::credentials(&token, &user.seed()?) })
    }

    /// What the server is given.
    ///
    /// # Errors
    /// When the keys cannot be used.
    pub fn accounts(&self, revoked: &[Revoked], at: Timestamp) -> Result<SignedAccounts, AuthorityError> {
        let (root, signer) = (self.key(ROOT)?, self.key(SIGNER)?);
        let public = |name: &str| self.key(name).map(|key| key.public_key());
        let (commune, agents, system) = (public(COMMUNE)?, public(AGENTS)?, public(SYSTEM)?);

        let mut of_commune = account(json!(-1));
        of_commune.insert("signing_keys".to_owned(), self.scopes(&Principal::WITH_STREAMS)?);
        of_commune.insert("exports".to_owned(), crossing(None));
        let mut of_agents = account(json!(0));
        of_agents.insert("signing_keys".to_owned(), self.scopes(&[Principal::Agent])?);
        of_agents.insert("imports".to_owned(), crossing(Some(&commune)));
        for claims in [&mut of_commune, &mut of_agents] {
            let keys = revoked.iter().map(|one| (one.public_key.clone(), json!(one.at.as_second())));
            claims.insert("revocations".to_owned(), Value::Object(keys.collect()));
        }
        let mut accounts = Vec::new();
        let all = [(commune.clone(), "COMMUNE", of_commune), (agents, "AGENTS", of_agents)];
        for (key, name, claims) in all.into_iter().chain([(system.clone(), "SYS", account(json!(0)))]) {
            let token = jwt::signed(&signer, &key, name, at, claims)?;
            accounts.push((key, token));
        }
        let mut of_root = kind("operator");
        of_root.insert("system_account".to_owned(), json!(system));
        of_root.insert("signing_keys".to_owned(), json!([signer.public_key()]));
        // the accounts' own keys sign nobody: only a key with rights does
        of_root.insert("strict_signing_key_usage".to_owned(), json!(true));
        // a server that runs takes new accounts, but no other root: its token is the same each time
        let root = jwt::signed(&root, &root.public_key(), "commune", ROOT_ISSUED, of_root)?;
        Ok(SignedAccounts { root, system, accounts, commune })
    }

    /// The signing keys of these roles with their rights.
    fn scopes(&self, principals: &[Principal]) -> Result<Value, AuthorityError> {
        let scope = |principal: &Principal| {
            // the server puts in the name of whom the key signed
            let name = if *principal == Principal::Agent { "{{name()}}" } else { principal.name() };
            let Subjects { publish, never_publish, listen } = principal.subjects(name);
            let key = self.key(&role(*principal))?.public_key();
            Ok(json!({
                "kind": "user_scope",
                "key": key,
                "role": principal.name(),
                "template": {
                    "pub": { "allow": publish, "deny": never_publish },
                    "sub": { "allow": listen },
                    "subs": -1, "data": -1, "payload": -1,
                },
            }))
        };
        principals.iter().map(scope).collect::<Result<Vec<_>, AuthorityError>>().map(Value::Array)
    }

    fn key(&self, name: &str) -> Result<KeyPair, AuthorityError> {
        let seed = self.seeds.get(name).ok_or_else(|| AuthorityError(format!("`{name}` is missing")))?;
        let pair = KeyPair::from_seed(seed).map_err(|_| AuthorityError(format!("`{name}` is not a seed")))?;
        let wanted = if is_root(name) { KeyPairType::Operator } else { KeyPairType::Account };
        if pair.key_pair_type() != wanted {
            return Err(AuthorityError(format!("`{name}` is a seed of another kind")));
        }
        Ok(pair)
    }
}

impl From<nkeys::error::Error> for AuthorityError {
    fn from(error: nkeys::error::Error) -> Self {
        Self(error.to_string())
    }
}

/// Who the text of a credentials file is for: the agent's id, or the name of a service.
pub fn name_in(credentials: &str) -> Option<String> {
    let claims = jwt::claims(jwt::token_of(credentials)?)?;
    claims["name"].as_str().map(str::to_owned)
}

fn names() -> impl Iterator<Item = String> {
    [ROOT, SIGNER, COMMUNE, AGENTS, SYSTEM]
        .into_iter()
        .map(str::to_owned)
        .chain(TABLE.iter().map(|(who, _)| role(*who)))
}

fn is_root(name: &str) -> bool {
    name == ROOT || name == SIGNER
}

/// The name of a role's signing key.
fn role(principal: Principal) -> String {
    format!("role-{principal}")
}

fn kind(name: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!(name))])
}

/// An account without bounds but these: how much it may store.
fn account(storage: Value) -> Map<String, Value> {
    let mut claims = kind("account");
    let (streams, none) = (storage.clone(), json!(-1));
    let limits = json!({
        "subs": none, "data": none, "payload": none, "imports": none, "exports": none, "wildcards": true,
        "conn": none, "leaf": 0,
        "mem_storage": storage, "disk_storage": streams, "streams": streams, "consumer": streams,
    });
    claims.insert("limits".to_owned(), limits);
    claims
}

/// What crosses from account to account: what agents say one way, their inboxes the other.
fn crossing(from: Option<&str>) -> Value {
    let one = |name: &str, kind: &str, subject: &str| {
        let mut crossing = json!({ "name": name, "type": kind, "subject": subject });
        if let Some(account) = from {
            crossing["account"] = json!(account);
        }
        crossing
    };
    json!([one("said", "service", "commune.agent.>"), one("inbox", "stream", "commune.inbox.>")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_whole_or_refused() {
        let authority = Authority::generate().unwrap();
        let text = authority.to_json();
        let again = Authority::from_json(&text).unwrap();
        assert_eq!(
            again.accounts(&[], Timestamp::UNIX_EPOCH).unwrap(),
            authority.accounts(&[], Timestamp::UNIX_EPOCH).unwrap()
        );
        let later = again.accounts(&[], Timestamp::constant(7, 0)).unwrap();
        assert_eq!(later.root, again.accounts(&[], Timestamp::UNIX_EPOCH).unwrap().root);
        let lacking = text.replace("\"system\"", "\"sistem\"");
        assert!(Authority::from_json(&lacking).is_err_and(|error| error.to_string().contains("`system`")));
        assert!(Authority::from_json("{").is_err());
    }

    #[test]
    fn the_server_is_given_no_seed() {
        let authority = Authority::generate().unwrap();
        let given = format!("{:?}", authority.accounts(&[], Timestamp::UNIX_EPOCH).unwrap());
        assert!(authority.seeds.values().all(|seed| !given.contains(seed)));
    }

    #[test]
    fn a_member_is_known_by_its_name_and_has_its_rights_from_the_key() {
        let authority = Authority::generate().unwrap();
        let ada = authority.admit(Principal::Agent, "ada", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(name_in(&ada.text).as_deref(), Some("ada"));
        let claims = jwt::claims(jwt::token_of(&ada.text).unwrap()).unwrap();
        assert!(claims["nats"].get("pub").is_none(), "{claims}");
        assert_ne!(claims["iss"], claims["nats"]["issuer_account"]);
    }
}
