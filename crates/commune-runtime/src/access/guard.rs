//! The guard before every rpc: reads the token, finds its holder, asks the table, counts the call; and follows the tokens file.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::{Either, Ready, ready};
use http::header::{AUTHORIZATION, HeaderMap};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{Caller, Rates, Table, Token, TokensFile};

/// How often it is looked whether the tokens file has changed.
const LOOK: Duration = Duration::from_millis(500);
/// Most bytes of a call's metadata, each entry with its name and 32 bytes beside, as HTTP/2 counts them.
const METADATA_LIMIT: usize = 8 * 1024;
const BESIDE: usize = 32;

/// The tokens of a server, as its tokens file says now. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    path: PathBuf,
    now: Arc<RwLock<Arc<TokensFile>>>,
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// As [`TokensFile::read`].
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = TokensFile::read(path)?;
        Ok(Self { path: path.to_owned(), now: Arc::new(RwLock::new(Arc::new(file))) })
    }

    /// Takes up what the file says whenever it changes; what cannot be used is said, and what was said before stays.
    pub(crate) async fn follow(self) {
        let mut seen = None;
        loop {
            let found = mark(&self.path);
            if found != seen {
                match TokensFile::read(&self.path) {
                    Ok(file) => {
                        let tokens = file.entries().count();
                        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(file);
                        tracing::info!(tokens, "the tokens file was read");
                    }
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::error!(error, "the tokens file cannot be used: the tokens of before stay in force");
                    }
                }
                seen = found;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn holder(&self, token: &Token) -> Option<Caller> {
        let now = Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner));
        now.holder(token)
    }
}

/// What changes when a file is written, replaced, or given to others; none when it is not there.
fn mark(path: &Path) -> Option<(i64, i64, i64, i64, u64, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec(), meta.size(), meta.ino()))
}

/// Stands before every rpc of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    table: Arc<Table>,
    /// None where everybody on the machine is trusted.
    tokens: Option<Tokens>,
    rates: Rates,
}

impl Guard {
    /// A guard with this table; without tokens everybody is let in to what has a row.
    pub(crate) fn new(table: Arc<Table>, tokens: Option<Tokens>, rates: Rates) -> Self {
        Self { table, tokens, rates }
    }

    /// Who calls, when the call may be made.
    ///
    /// # Errors
    /// UNAUTHENTICATED without a token that is known, PERMISSION_DENIED for one whose holder may not, RESOURCE_EXHAUSTED for
    /// too much metadata and for one who calls too often.
    fn admit(&self, path: &str, headers: &HeaderMap, now: Instant) -> Result<Caller, Status> {
        metadata_fits(headers)?;
        let caller = match &self.tokens {
            None => Caller::Trusted,
            // a wrong token does not hinder what needs none
            Some(_) if self.table.is_open(path) => Caller::Stranger,
            Some(tokens) => {
                let token = bearer(headers)?;
                tokens.holder(&token).ok_or_else(|| Status::unauthenticated("the token is not known here"))?
            }
        };
        self.table.check(path, &caller).inspect_err(|_| {
            tracing::info!(%caller, rpc.method = path.chars().take(100).collect::<String>(), "call refused");
        })?;
        self.rates.take(&caller, now).inspect_err(|refused| {
            tracing::debug!(%caller, reason = refused.message(), "call refused");
        })?;
        Ok(caller)
    }
}

fn metadata_fits(headers: &HeaderMap) -> Result<(), Status> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + BESIDE).sum();
    if bytes <= METADATA_LIMIT {
        return Ok(());
    }
    let entries = headers.len();
    Err(Status::resource_exhausted(format!(
        "the metadata of the call has {bytes} bytes in {entries} entries, at most {METADATA_LIMIT} are allowed (each entry counts {BESIDE} more): send less of it"
    )))
}

/// The token of a call.
fn bearer(headers: &HeaderMap) -> Result<Token, Status> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Status::unauthenticated("one token is needed: `authorization: Bearer cmn_…`"));
    };
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
    let token = token.ok_or_else(|| Status::unauthenticated("a token is given as `authorization: Bearer cmn_…`"))?;
    Token::parse(token).map_err(|problem| Status::unauthenticated(problem.to_string()))
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.clone(), inner }
    }
}

/// A service behind the guard.
#[derive(Debug, Clone)]
pub(crate) struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S, B> Service<http::Request<B>> for Guarded<S>
where
    S: Service<http::Request<B>, Response = http::Response<Body>>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Self::Response, Self::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        match self.guard.admit(request.uri().path(), request.headers(), Instant::now()) {
            Ok(caller) => {
                // nothing behind the guard has to do with a token, and what does not have it cannot log it
                while request.headers_mut().remove(AUTHORIZATION).is_some() {}
                request.extensions_mut().insert(caller);
                Either::Right(self.inner.call(request))
            }
            Err(status) => Either::Left(ready(Ok(status.into_http()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Entry, Role};

    const ROWS: &[(&str, &[&str])] = &[("/a/Open", &["anyone"]), ("/a/Read", &["member"])];

    fn guarded() -> (Guard, Token, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let token = Token::generate(Role::Member).unwrap();
        let mut file = TokensFile::default();
        let created = "2026-02-14T09:30:00Z".to_owned();
        file.add(Entry { role: Role::Member, name: "ada".into(), hash: token.hash(), created });
        file.write(&path).unwrap();
        let guard =
            Guard::new(Arc::new(Table::new(ROWS).unwrap()), Some(Tokens::read(&path).unwrap()), Rates::new(100));
        (guard, token, folder)
    }

    fn headers(values: &[String]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn a_call_has_one_known_token() {
        let (guard, token, _folder) = guarded();
        let good = format!("Bearer {}", token.expose());
        let other = format!("Bearer {}", Token::generate(Role::Member).unwrap().expose());
        let ada = Caller::Known(Role::Member, "ada".into());
        let check = |path: &str, given: &[String], wanted: Result<&Caller, tonic::Code>| {
            let found = guard.admit(path, &headers(given), Instant::now()).map_err(|status| status.code());
            assert_eq!(found.as_ref().map_err(|code| *code), wanted, "{path} {given:?}");
        };
        check("/a/Read", std::slice::from_ref(&good), Ok(&ada));
        check("/a/Read", &[good.replace("Bearer", "bearer")], Ok(&ada));
        check("/a/Read", &[], Err(tonic::Code::Unauthenticated));
        check("/a/Read", std::slice::from_ref(&other), Err(tonic::Code::Unauthenticated));
        check("/a/Read", &[good.replace("Bearer", "Basic")], Err(tonic::Code::Unauthenticated));
        check("/a/Read", &[token.expose().to_owned()], Err(tonic::Code::Unauthenticated));
        check("/a/Read", &[good[..good.len() - 1].to_owned()], Err(tonic::Code::Unauthenticated));
        check("/a/Read", &[good.clone(), other.clone()], Err(tonic::Code::Unauthenticated));
        check("/a/None", std::slice::from_ref(&good), Err(tonic::Code::PermissionDenied));
        check("/a/None", &[], Err(tonic::Code::Unauthenticated));
        check("/a/Open", &[], Ok(&Caller::Stranger));
        check("/a/Open", &[other], Ok(&Caller::Stranger));
    }

    #[test]
    fn without_tokens_the_machine_is_trusted_and_the_table_still_holds() {
        let guard = Guard::new(Arc::new(Table::new(ROWS).unwrap()), None, Rates::new(100));
        let admit = |path| guard.admit(path, &HeaderMap::new(), Instant::now());
        assert_eq!(admit("/a/Read").unwrap(), Caller::Trusted);
        assert_eq!(admit("/a/None").unwrap_err().code(), tonic::Code::PermissionDenied);
    }

    #[test]
    fn metadata_has_a_bound() {
        let guard = Guard::new(Arc::new(Table::new(ROWS).unwrap()), None, Rates::new(100));
        let admit = |entries: &[(&'static str, usize)]| {
            let mut headers = HeaderMap::new();
            for (name, bytes) in entries {
                headers.append(*name, "x".repeat(*bytes).parse().unwrap());
            }
            guard.admit("/a/Read", &headers, Instant::now()).map(|_| ()).map_err(|status| status.message().to_owned())
        };
        let check = |entries: &[(&'static str, usize)], words: &str| {
            let refused = admit(entries).unwrap_err();
            assert!(refused.contains(words) && refused.contains("send less"), "{refused}");
        };
        assert_eq!(admit(&[("x-one", METADATA_LIMIT - 5 - BESIDE)]), Ok(()));
        check(&[("x-one", METADATA_LIMIT - 5 - BESIDE + 1)], "8193 bytes in 1 entries, at most 8192");
        // many small ones are as much
        let many = [("x-many", 26); METADATA_LIMIT / 64];
        assert_eq!(admit(&many), Ok(()));
        check(&[many.as_slice(), &[("x", 0)]].concat(), "8225 bytes in 129 entries");
    }

    #[test]
    fn who_calls_too_often_is_refused_and_the_other_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let mut file = TokensFile::default();
        let [ada, bob] = ["ada", "bob"].map(|name| {
            let token = Token::generate(Role::Member).unwrap();
            let created = "2026-02-14T09:30:00Z".to_owned();
            file.add(Entry { role: Role::Member, name: name.into(), hash: token.hash(), created });
            headers(&[format!("Bearer {}", token.expose())])
        });
        file.write(&path).unwrap();
        let guard = Guard::new(Arc::new(Table::new(ROWS).unwrap()), Some(Tokens::read(&path).unwrap()), Rates::new(5));
        let now = Instant::now();
        for _ in 0..10 {
            guard.admit("/a/Read", &ada, now).unwrap();
        }
        assert_eq!(guard.admit("/a/Read", &ada, now).unwrap_err().code(), tonic::Code::ResourceExhausted);
        assert_eq!(guard.admit("/a/Open", &ada, now).unwrap(), Caller::Stranger, "health is not counted");
        guard.admit("/a/Read", &bob, now).unwrap();
    }
}
