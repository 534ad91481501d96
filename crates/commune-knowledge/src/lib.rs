//! Pure rules of text: the Markdown document, headings, statements, similarity, secrets, hostile text; and of an agent's
//! nights. No I/O, no clock, no generated type.
//!
//! **Any language and script must survive**: nothing here assumes ASCII, English or spaces between words.

pub mod document;
pub mod duplicate;
pub mod embedding;
mod expression;
pub mod heading;
pub mod hostile;
pub mod log;
pub mod markdown;
pub mod night_watch;
pub mod normalize;
pub mod personal;
pub mod placement;
pub mod question;
pub mod quote;
pub mod recall;
pub mod secrets;
pub mod similarity;
pub mod skill;
pub mod statement;

/// What the commune's own briefs, diaries and exports begin with: **outputs are never inputs**, so a text with it is no news.
pub const OUTPUT_MARK: &str = "<!-- written by commune";
