//! The guard before every rpc: reads the token, finds its holder, asks the table; and follows the tokens file.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::{Either, Ready, ready};
use http::header::{AUTHORIZATION, HeaderMap};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{Caller, Table, Token, TokensFile};

/// How often it is looked whether the tokens file has changed.
const LOOK: Duration = Duration::from_millis(500);

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
}

impl Guard {
    /// A guard with this table; without tokens everybody is let in to what has a row.
    pub(crate) fn new(table: Table, tokens: Option<Tokens>) -> Self {
        Self { table: Arc::new(table), tokens }
    }

    /// Who calls, when the call may be made.
    ///
    /// # Errors
    /// UNAUTHENTICATED without a token that is known, PERMISSION_DENIED for one whose holder may not.
    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Caller, Status> {
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
        Ok(caller)
    }
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
        match self.guard.admit(request.uri().path(), request.headers()) {
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
        let guard = Guard::new(Table::new(ROWS).unwrap(), Some(Tokens::read(&path).unwrap()));
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
            let found = guard.admit(path, &headers(given)).map_err(|status| status.code());
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
        let guard = Guard::new(Table::new(ROWS).unwrap(), None);
        assert_eq!(guard.admit("/a/Read", &HeaderMap::new()).unwrap(), Caller::Trusted);
        assert_eq!(guard.admit("/a/None", &HeaderMap::new()).unwrap_err().code(), tonic::Code::PermissionDenied);
    }
}
