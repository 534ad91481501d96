//! "Yesterday" as a date: words for a day that hang on when they were said, in English and French. Pure.
//!
//! A brief is read on other days than its notes were written on, so its lines name the day. **In doubt the words
//! stay**: in code, links, quotations and URLs, where the word is a name or part of one ("Yesterday" in the middle of
//! a sentence, `today.md`, "a today widget"), or where it can mean two days ("next Friday", said on a Monday).

use std::ops::Range;

use jiff::{
    Span,
    civil::{Date, Weekday},
};

/// Words after which a date stands alone; after others it gets its own ("deployed **on** 2026-02-13").
const PREPOSITIONS: &[&str] = &[
    "since", "until", "till", "by", "from", "of", "for", "before", "after", "on", "to", "than", "between", "and", "or",
    "about", "around", "through", "during", "till", "à", "de", "is", "was", "not",
];
/// Words before a name: "a today widget".
const DETERMINERS: &[&str] =
    &["the", "a", "an", "this", "that", "our", "my", "your", "its", "their", "every", "each", "le", "un", "ce", "mon"];
/// Words that make a name or a thing of the word before them, or a subject: "the `today` view".
const NOUNS: &[&str] = &[
    "button", "view", "tab", "page", "column", "filter", "widget", "branch", "label", "tag", "field", "key", "folder",
    "section", "show", "command", "keyword", "option", "flag",
];
/// After these a number of days is no exact one.
const VAGUE: &[&str] =
    &["than", "over", "under", "least", "most", "almost", "nearly", "every", "within", "or", "to", "and", "some", "up"];
/// Words of a sentence that looks ahead: only there is "in 3 days" a day and no duration.
const AHEAD: &[&str] = &[
    "will",
    "shall",
    "due",
    "expire",
    "expires",
    "end",
    "ends",
    "start",
    "starts",
    "begin",
    "begins",
    "back",
    "again",
    "must",
    "should",
    "is",
    "are",
    "next",
    "check",
    "review",
    "retry",
    "renew",
    "deadline",
    "release",
    "launch",
    "ll",
    "going",
    "planned",
    "scheduled",
    "wait",
    "remove",
    "delete",
    "rotate",
];
/// Words that only French has: "hier" is German and Dutch for "here".
const FRENCH: &[&str] = &[
    "le", "la", "les", "une", "est", "et", "dans", "pour", "avec", "nous", "été", "sur", "pas", "que", "qui", "ai",
    "il", "elle", "ils", "mais", "au", "aux", "depuis", "jusqu",
];
const NUMBERS: &[&str] =
    &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
/// Most days that are counted from the day something was said.
const DAYS_LIMIT: i64 = 400;

/// Of a longer text no brief shows more than the beginning; it is left alone.
const TEXT_LIMIT: usize = 8 * 1024;

/// A text with its relative days as dates; `day` is when it was said.
pub(super) fn absolute(text: &str, day: Date) -> String {
    if text.len() > TEXT_LIMIT {
        return text.to_owned();
    }
    let words = Words::of(text);
    let mut written = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while at < words.list.len() {
        match phrase(&words, at, day).filter(|phrase| words.speaks(at, phrase)) {
            Some(phrase) => {
                written.push_str(&text[copied..words.list[at].start]);
                written.push_str(&words.written(at, &phrase));
                copied = words.list[at + phrase.words - 1].end;
                at += phrase.words;
            }
            None => at += 1,
        }
    }
    written.push_str(&text[copied..]);
    written
}

/// Words that say a day.
struct Phrase {
    words: usize,
    /// What stands before the date unless a preposition does.
    lead: &'static str,
    date: String,
    /// Its last word is written with a capital anyway.
    capital: bool,
}

fn phrase(words: &Words<'_>, at: usize, day: Date) -> Option<Phrase> {
    let word = words.lower[at].as_str();
    let after = |days: i64| day.checked_add(Span::new().days(days)).ok();
    let exact = |count: usize, lead: &'static str, days: i64| {
        Some(Phrase { words: count, lead, date: after(days)?.to_string(), capital: false })
    };
    let week = |weeks: i64| {
        let monday = after(weeks * 7 - i64::from(day.weekday().to_monday_zero_offset()))?;
        Some(Phrase { words: 2, lead: "in ", date: format!("the week of {monday}"), capital: false })
    };
    match word {
        "yesterday" => exact(1, "on ", -1),
        "today" => exact(1, "on ", 0),
        "tomorrow" => exact(1, "on ", 1),
        "last" if words.next_is(at, "week") => week(-1),
        "this" if words.next_is(at, "week") => week(0),
        "next" if words.next_is(at, "week") => week(1),
        "last" | "next" => {
            let name = words.lower.get(at + 1).filter(|_| words.spaced(at))?;
            let (_, weekday) = WEEKDAYS.iter().find(|(known, _)| known == name)?;
            let days = named_day(day.weekday(), *weekday, word == "next")?;
            exact(2, "on ", days).map(|phrase| Phrase { capital: true, ..phrase })
        }
        "in" if words.looks_ahead(at) => {
            let (days, weeks) = words.span(at + 1)?;
            exact(3, if weeks { "around " } else { "on " }, days)
        }
        "hier" if words.is_french() => exact(1, "le ", -1),
        "demain" => exact(1, "le ", 1),
        "aujourd" if words.apostrophe(at) && words.lower.get(at + 1).is_some_and(|next| next == "hui") => {
            exact(2, "le ", 0)
        }
        _ => {
            let (days, weeks) = words.span(at)?;
            let vague = at > 0 && VAGUE.contains(&words.lower[at - 1].as_str());
            let ago = words.lower.get(at + 2).is_some_and(|next| next == "ago") && words.spaced(at + 1);
            if vague || !ago { None } else { exact(3, if weeks { "around " } else { "on " }, -days) }
        }
    }
}

/// How many days off the named day is; none where "next Friday" can be this week's or that of the week after.
fn named_day(today: Weekday, named: Weekday, next: bool) -> Option<i64> {
    let (today, named) = (i64::from(today.to_monday_zero_offset()), i64::from(named.to_monday_zero_offset()));
    match next {
        true => (named <= today).then_some(named - today + 7),
        false => (named >= today).then_some(named - today - 7),
    }
}

/// The words of a text, with what stands between them.
struct Words<'a> {
    text: &'a str,
    list: Vec<Range<usize>>,
    lower: Vec<String>,
    /// Code, links, URLs and quotations.
    closed: Vec<Range<usize>>,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let mut list: Vec<Range<usize>> = Vec::new();
        for (at, char) in text.char_indices().filter(|(_, char)| char.is_alphanumeric()) {
            let end = at + char.len_utf8();
            match list.last_mut() {
                Some(word) if word.end == at => word.end = end,
                _ => list.push(at..end),
            }
        }
        let lower = list.iter().map(|word| text[word.clone()].to_lowercase()).collect();
        Self { text, list, lower, closed: closed(text) }
    }

    /// True where a word and the next have only white space between them.
    fn spaced(&self, at: usize) -> bool {
        let between = self.between(at);
        !between.is_empty() && between.chars().all(char::is_whitespace)
    }

    /// What stands between a word and the next.
    fn between(&self, at: usize) -> &str {
        let end = self.list.get(at + 1).map_or(self.text.len(), |next| next.start);
        &self.text[self.list[at].end..end]
    }

    fn next_is(&self, at: usize, word: &str) -> bool {
        self.spaced(at) && self.lower.get(at + 1).is_some_and(|next| next == word)
    }

    fn apostrophe(&self, at: usize) -> bool {
        matches!(self.between(at), "'" | "’")
    }

    /// A number of days or weeks, in days, and whether it was weeks.
    fn span(&self, at: usize) -> Option<(i64, bool)> {
        let number = self.lower.get(at)?;
        let number = match number.as_str() {
            "a" | "an" => 1,
            word => match NUMBERS.iter().position(|known| *known == word) {
                Some(place) => i64::try_from(place + 1).ok()?,
                None => word.parse().ok()?,
            },
        };
        let unit = self.lower.get(at + 1).filter(|_| self.spaced(at))?;
        let (days, weeks) = match unit.as_str() {
            "day" | "days" => (number, false),
            "week" | "weeks" => (number * 7, true),
            _ => return None,
        };
        (1..=DAYS_LIMIT).contains(&days).then_some((days, weeks))
    }

    /// True when a word before it in the same sentence looks ahead.
    fn looks_ahead(&self, at: usize) -> bool {
        let sentence = (0..at).rev().take_while(|word| !self.between(*word).contains(['.', '!', '?', '\n', ';']));
        sentence.into_iter().any(|word| AHEAD.contains(&self.lower[word].as_str()))
    }

    fn is_french(&self) -> bool {
        self.lower.iter().any(|word| FRENCH.contains(&word.as_str()))
    }

    /// True when the words are a day and not a name, a mention or a part of something else.
    fn speaks(&self, at: usize, phrase: &Phrase) -> bool {
        let (start, last) = (self.list[at].start, at + phrase.words - 1);
        let end = self.list[last].end;
        let before = self.text[..start].chars().next_back();
        let after = self.text[end..].chars().next();
        let stands_free = before.is_none_or(|c| c.is_whitespace() || "(*—–".contains(c))
            && after.is_none_or(|c| c.is_whitespace() || ".,;:!?)]*—–…".contains(c))
            // `today.md`, `today:12`
            && (after.is_none_or(|c| !".:".contains(c))
                || self.text[end..].chars().nth(1).is_none_or(|c| !c.is_alphanumeric()));
        let follows = |list: &[&str]| at > 0 && self.spaced(at - 1) && list.contains(&self.lower[at - 1].as_str());
        let precedes = |list: &[&str]| {
            self.spaced(last) && self.lower.get(last + 1).is_some_and(|next| list.contains(&next.as_str()))
        };
        stands_free
            && !self.closed.iter().any(|closed| closed.start < end && start < closed.end)
            && !follows(DETERMINERS)
            && !precedes(NOUNS)
            && (!self.is_capital(at) || (self.begins_sentence(at) && (phrase.capital || self.goes_on(last))))
            && (at..last).all(|word| self.apostrophe(word) || self.spaced(word))
    }

    fn is_capital(&self, at: usize) -> bool {
        self.text[self.list[at].clone()].chars().next().is_some_and(char::is_uppercase)
    }

    /// True for the first word of the text, of a line or of a sentence, marks of Markdown aside.
    fn begins_sentence(&self, at: usize) -> bool {
        let before = &self.text[..self.list[at].start];
        let marks = before.trim_end_matches(|c: char| c == ' ' || "*#>-+([".contains(c));
        marks.is_empty() || marks.ends_with(['.', '!', '?', ':', '\n', '…'])
    }

    /// True when a sentence goes on after a word, in small letters: "Yesterday we …", "Today I …".
    fn goes_on(&self, at: usize) -> bool {
        let next = self.list.get(at + 1).map(|next| &self.text[next.clone()]);
        matches!(self.between(at), " " | ", " | ": ")
            && next.is_some_and(|next| next == "I" || next.chars().next().is_some_and(char::is_lowercase))
            && !self.lower.get(at + 1).is_some_and(|next| next == "is" || next == "by")
    }

    /// The date, with the word that it needs before it.
    fn written(&self, at: usize, phrase: &Phrase) -> String {
        let before = &self.text[..self.list[at].start];
        let alone = (at > 0 && self.spaced(at - 1) && PREPOSITIONS.contains(&self.lower[at - 1].as_str()))
            || before.ends_with('(')
            || self.between(at + phrase.words - 1).starts_with(':')
            || ["is", "was", "will"].into_iter().any(|verb| self.next_is(at + phrase.words - 1, verb));
        let lead = if alone { "" } else { phrase.lead };
        let mut text = format!("{lead}{}", phrase.date);
        if self.is_capital(at) && text.is_char_boundary(1) {
            text[..1].make_ascii_uppercase();
        }
        text
    }
}

/// Code spans, link targets, wikilinks, URLs and quotations.
fn closed(text: &str) -> Vec<Range<usize>> {
    let mut closed = Vec::new();
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match char {
            '`' => {
                let marks = rest.len() - rest.trim_start_matches('`').len();
                let inside = rest[marks..].find(&rest[..marks]).map(|end| marks + end + marks);
                Some(inside.unwrap_or(marks))
            }
            '[' if rest.starts_with("[[") => rest.find("]]").map(|end| end + 2),
            ']' if rest.starts_with("](") => rest.find(')').map(|end| end + 1),
            '<' => rest.find('>').map(|end| end + 1),
            '"' => rest[1..].find('"').map(|end| end + 2),
            '“' | '„' => rest.find(['”', '“']).filter(|end| *end > 0).or_else(|| rest.find('”')).map(|end| end + 3),
            '«' => rest.find('»').map(|end| end + 2),
            ':' if rest.starts_with("://") => Some(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            _ => None,
        };
        match length {
            Some(length) => {
                closed.push(at..at + length);
                at += length;
            }
            None => at += char.len_utf8(),
        }
    }
    closed
}

#[cfg(test)]
mod tests;
