//! A page as an answer, and what is answered where there is none: not there, not allowed, not available now.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use tonic::Code;

use super::site::Chrome;
use crate::failure::Failure;

/// What every handler gives.
pub(super) type Answer = Result<Response, Trouble>;

/// Why there is no page.
#[derive(Debug)]
pub(super) struct Trouble {
    status: StatusCode,
    words: String,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    chrome: Chrome,
    title: &'a str,
    words: &'a str,
    advice: &'a str,
}

/// A page, whole.
pub(super) fn page(template: &impl Template) -> Answer {
    Ok(Html(template.render().map_err(Failure::error)?).into_response())
}

/// What is not one of our pages.
pub(super) async fn no_such_page() -> Trouble {
    Trouble::new(StatusCode::NOT_FOUND, "There is no such page here.")
}

/// A page that cannot be asked for in this way.
pub(super) async fn no_such_method() -> Trouble {
    Trouble::new(StatusCode::METHOD_NOT_ALLOWED, "This page cannot be asked for in this way.")
}

impl Trouble {
    /// Trouble with words for a reader.
    pub(super) fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self { status, words: words.into() }
    }

    /// What was asked for is not there.
    pub(super) fn not_found(words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, words)
    }

    /// The request cannot be read.
    pub(super) fn bad(words: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }
}

impl From<tonic::Status> for Trouble {
    fn from(status: tonic::Status) -> Self {
        let code = match status.code() {
            Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
            Code::FailedPrecondition | Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
            Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Code::PermissionDenied | Code::Unauthenticated => StatusCode::FORBIDDEN,
            _ => return Failure::from(status).into(),
        };
        Self::new(code, Failure::from(status).to_string())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let status = match failure {
            Failure::NotFound(_) => StatusCode::NOT_FOUND,
            Failure::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Failure::Refused(_) => StatusCode::FORBIDDEN,
            Failure::Usage(_) => StatusCode::BAD_REQUEST,
            Failure::Error(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, failure.to_string())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (title, advice) = match self.status {
            StatusCode::NOT_FOUND => ("Not here", "Search the library, or begin at its first page."),
            StatusCode::METHOD_NOT_ALLOWED => ("Not in this way", "Nothing was changed."),
            StatusCode::BAD_REQUEST => ("This cannot be read", "Go back, change what was sent, and try again."),
            StatusCode::FORBIDDEN => ("Not allowed", "Nothing was changed."),
            StatusCode::CONFLICT => {
                ("Not as things stand", "Nothing was changed. Load the page again to see how things stand.")
            }
            StatusCode::TOO_MANY_REQUESTS => ("Too much at once", "Wait a moment, then load this page again."),
            StatusCode::SERVICE_UNAVAILABLE => {
                ("Not available now", "This says nothing of what the commune knows. Load this page again in a while.")
            }
            _ => ("Something went wrong", "`commune doctor` looks at everything and says what to do."),
        };
        let shown = TroublePage { chrome: Chrome::default(), title, words: &self.words, advice };
        let body = shown.render().unwrap_or_else(|_| title.to_owned());
        let mut answer = (self.status, Html(body)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
        }
        answer
    }
}
