//! The one style sheet, the one script and the icon: a part of the program.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::answer::{Answer, Trouble};

/// A file, and what it is.
type Asset = (&'static str, &'static str, &'static str);

const ASSETS: [Asset; 3] = [
    ("commune.css", "text/css; charset=utf-8", include_str!("assets/commune.css")),
    ("commune.js", "text/javascript; charset=utf-8", include_str!("assets/commune.js")),
    ("commune.svg", "image/svg+xml", include_str!("assets/commune.svg")),
];

/// A file; nothing where the browser has it already.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Answer {
    let (_, kind, text) = ASSETS
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| Trouble::not_found("There is no such page here."))?;
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(text)[..16]));
    // it is asked for anew, and answered in a line
    let told = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    let answer: Response = match known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag) {
        true => (StatusCode::NOT_MODIFIED, told).into_response(),
        false => (told, [(header::CONTENT_TYPE, *kind)], *text).into_response(),
    };
    Ok(answer)
}
