//! Checks of single fields: their form, their bounds, and errors that say what is allowed.

use commune_knowledge::{hostile, normalize, statement};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{HEADERS_BYTES, HEADERS_LIMIT, IntakeError, Message, STATEMENTS_LIMIT};
use crate::memory::Visibility;

const TAGS_LIMIT: usize = 32;
const TAG_LIMIT: usize = 64;

/// What a message says beside its body is little.
///
/// # Errors
/// [`IntakeError::Headers`] beyond the bound.
pub fn headers_fit(headers: &[(String, String)]) -> Result<(), IntakeError> {
    // `name: value` and the end of the line
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let count = headers.len();
    if count > HEADERS_LIMIT || bytes > HEADERS_BYTES { Err(IntakeError::Headers { count, bytes }) } else { Ok(()) }
}

/// Refuses a note of too many statements. Most notes are not cut up for that: one has no more than its lines and the marks
/// that may end a sentence.
pub(super) fn statements_fit(text: &str) -> Result<(), IntakeError> {
    let may_end = |c: &char| *c == '\n' || (!c.is_alphanumeric() && !matches!(c, ' ' | ',' | '-' | '`' | '#' | '*'));
    if text.chars().filter(may_end).count() < STATEMENTS_LIMIT {
        return Ok(());
    }
    let count = statement::statements(&with_short_heads(text)).len();
    if count > STATEMENTS_LIMIT { Err(IntakeError::TooManyStatements(count)) } else { Ok(()) }
}

/// The text with little in its headings and in the cells of its tables: each statement carries those above it, so that a long
/// one over many would fill the memory before they were counted.
fn with_short_heads(text: &str) -> String {
    let short = |part: &str| part.chars().take(16).collect::<String>();
    let line = |line: &str| match line.trim() {
        // the line above it is no heading then, and counts as a statement
        under if !under.is_empty() && under.chars().all(|c| matches!(c, '=' | '-')) => String::new(),
        heading if heading.starts_with('#') => short(heading),
        row if row.contains('|') => row.split('|').map(short).collect::<Vec<_>>().join("|"),
        _ => line.to_owned(),
    };
    text.lines().map(|l| line(l) + "\n").collect()
}

/// When something was logged and its local day. A bare date is the day itself; within it the order of arrival counts.
pub(super) fn moment(
    field: &'static str,
    text: &str,
    message: &Message<'_>,
    zone: &TimeZone,
) -> Result<(Timestamp, Date), IntakeError> {
    let text = text.trim();
    let day = |at: Timestamp| zone.to_datetime(at).date();
    let refuse = || IntakeError::Field {
        field,
        problem: format!("`{}` is not a time: write 2026-02-14T09:30:00Z or 2026-02-14", shorten(text)),
    };
    if text.is_empty() {
        return Ok((message.stored_at, day(message.stored_at)));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok((at, day(at)));
    }
    if text.len() <= 10 {
        let date: Date = text.parse().map_err(|_| refuse())?;
        if date == day(message.stored_at) {
            return Ok((message.stored_at, date));
        }
        let start = zone.to_timestamp(date.at(0, 0, 0, 0)).map_err(|_| refuse())?;
        let within = i64::try_from(message.sequence % 3_600_000_000).unwrap_or(0);
        return Ok((start.checked_add(within.microseconds()).map_err(|_| refuse())?, date));
    }
    let local: DateTime = text.parse().map_err(|_| refuse())?;
    Ok((zone.to_timestamp(local).map_err(|_| refuse())?, local.date()))
}

pub(super) fn note_kind(kind: &str) -> Result<String, IntakeError> {
    let kind = kind.trim().to_lowercase().replace([' ', '_'], "-");
    match kind.as_str() {
        "" => return Ok("log".to_owned()),
        "howto" => return Ok("how-to".to_owned()),
        _ => {}
    }
    if kind.len() > 32 || !kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        let problem = format!(
            "`{}` is not a kind of note: use 1 to 32 of a-z, 0-9 and `-`, such as lesson, decision, fix",
            shorten(&kind)
        );
        return Err(IntakeError::Field { field: "kind", problem });
    }
    Ok(kind)
}

pub(super) fn visibility(text: &str) -> Result<Visibility, IntakeError> {
    match text.trim().to_lowercase().trim_start_matches("visibility_") {
        "" | "unspecified" => Ok(Visibility::Unspecified),
        "private" => Ok(Visibility::Private),
        "commune" => Ok(Visibility::Commune),
        other => Err(IntakeError::Field {
            field: "visibility",
            problem: format!("`{}` is not a visibility: use private or commune, or leave it out", shorten(other)),
        }),
    }
}

pub(super) fn tags(raw: &[String]) -> Result<Vec<String>, IntakeError> {
    let mut tags = Vec::with_capacity(raw.len().min(TAGS_LIMIT + 1));
    for tag in raw {
        let tag = line("tags", tag.trim().trim_start_matches('#'), usize::MAX)?.to_lowercase();
        if tag.len() > TAG_LIMIT {
            let problem = format!("`{}` has {} bytes, at most {TAG_LIMIT} are allowed", shorten(&tag), tag.len());
            return Err(IntakeError::Field { field: "tags", problem });
        }
        if !tag.is_empty() {
            tags.push(tag);
        }
    }
    tags.sort();
    tags.dedup();
    if tags.len() > TAGS_LIMIT {
        let problem = format!("{} tags, at most {TAGS_LIMIT} are allowed", tags.len());
        return Err(IntakeError::Field { field: "tags", problem });
    }
    Ok(tags)
}

/// A field of one line within its bound.
pub(super) fn line(field: &'static str, text: &str, limit: usize) -> Result<String, IntakeError> {
    let text = normalize::text(text.trim());
    visible(field, &text)?;
    if text.contains('\n') {
        return Err(IntakeError::Field { field, problem: "has more than one line; write it as one".to_owned() });
    }
    if text.len() > limit {
        return Err(IntakeError::Field {
            field,
            problem: format!("has {} bytes, at most {limit} are allowed: shorten it", text.len()),
        });
    }
    Ok(text)
}

/// Refuses what a reader cannot see: control characters, and the rest of [`hostile::unseen`].
pub(super) fn visible(field: &'static str, text: &str) -> Result<(), IntakeError> {
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Some(found) => Err(IntakeError::Control { field, code: u32::from(found) }),
        None => hostile::unseen(text).map_or(Ok(()), |finding| Err(IntakeError::Unseen { field, finding })),
    }
}

pub(super) fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
