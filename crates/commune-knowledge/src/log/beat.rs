//! Signs of life: what an agent writes every hour to say that there is nothing to say.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use super::stamp::{Moment, leading, stamped};
use super::{Entry, Part, Stamp};
use crate::normalize;

/// Most bytes of a sign of life, and of one that is a line among others.
const TEXT_LIMIT: usize = 600;
const LINE_LIMIT: usize = 200;

/// What signs of life say, in the languages that agents were seen to write. A rule that fails to compile finds none; a
/// test holds that it compiles.
static SAYS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = [
        r"heartbeat\w*|keep-?alive|still alive|ping|pong|(?:health|status|routine) check|check-?in",
        r"nothing (?:new|to report)|no (?:new )?(?:changes?|updates?|news|messages?)|all (?:is )?(?:quiet|good|well|clear|green)",
        r"all systems (?:ok|operational|nominal|green|normal)|idle|battement|rien (?:à|a) signaler|ras|aucun changement",
        r"herzschlag|nichts (?:neues|zu melden)|keine (?:änderung|änderungen|neuigkeiten)|alles ruhig",
        r"sin (?:cambios|novedades)|nessuna novità|sem (?:alterações|novidades)|geen (?:wijzigingen|nieuws)|без изменений",
    ];
    Regex::new(&format!(r"(?i)\b(?:{})\b|心跳|无变化|無變化|一切正常|異常なし|変化なし|이상 없음", words.join("|")))
        .ok()
});

/// The line that tells the span of what was folded.
static SPAN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\n*_From (\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}))? to (\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}))?\._\s*$").ok()
});

/// A text that is nothing but a sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// What it says but for when; two with the same are one sign of life at two times.
    pub identity: String,
    /// When it was made, or the first of those folded into it was.
    pub from: Moment,
    /// When the last of those folded into it was made.
    pub to: Moment,
}

/// Reads a text as a sign of life; none when it is something else. `logged` is when it was logged, for one that does not
/// say it itself, and the day of one that says only the time.
pub fn beat(text: &str, logged: &Moment) -> Option<Beat> {
    if text.len() > TEXT_LIMIT {
        return None;
    }
    let (text, span) = without_span(text);
    let line = Line::of(text)?;
    if !SAYS.as_ref()?.is_match(&line.said) {
        return None;
    }
    let identity = normalize::identity(&format!("{}{}", line.before, line.said));
    let made = if line.stamp.is_empty() { logged.clone() } else { line.stamp.on(&logged.day) };
    let (from, to) = span.unwrap_or_else(|| (made.clone(), made));
    Some(Beat { identity, from, to })
}

/// The text of several signs of life that are one: what the first says, and from when to when.
pub fn folded(text: &str, from: &Moment, to: &Moment) -> String {
    let (text, _) = without_span(text);
    let said = Line::of(text).map_or_else(|| text.to_owned(), |line| format!("{}{}", line.before, line.said));
    format!("{}\n\n_From {from} to {to}._", said.trim_end())
}

/// From when to when signs of life were made; none when there are none.
pub fn span<'a>(beats: impl Iterator<Item = &'a Beat> + Clone) -> Option<(&'a Moment, &'a Moment)> {
    beats.clone().map(|beat| &beat.from).min().zip(beats.map(|beat| &beat.to).max())
}

/// A sign of life taken apart.
struct Line<'a> {
    /// The headings above it, and the marks that it begins with.
    before: &'a str,
    stamp: Stamp,
    /// The rest, without the stamp.
    said: String,
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut at = text.len() - text.trim_start_matches('\n').len();
        loop {
            let own = &text[at..];
            let (line, rest) = own.split_once('\n').unwrap_or((own, ""));
            let content = line.trim_start_matches(['#', '-', '*', '+', '>', ' ']);
            let marks = line.len() - content.len();
            let is_heading = line.starts_with('#');
            let found = if is_heading { stamped(content) } else { leading(content) };
            // a heading that only stands above the one that says when
            if found.is_none() && is_heading && rest.trim_start().starts_with('#') {
                at = text.len() - rest.trim_start().len();
                continue;
            }
            let (stamp, content) = found.unwrap_or_else(|| (Stamp::default(), content.to_owned()));
            let said = if rest.is_empty() { content } else { format!("{content}\n{rest}") };
            return (!said.trim().is_empty()).then(|| Self { before: &text[..at + marks], stamp, said });
        }
    }
}

fn without_span(text: &str) -> (&str, Option<(Moment, Moment)>) {
    let Some(found) = SPAN.as_ref().and_then(|span| span.captures(text)) else { return (text, None) };
    let group = |index: usize| found.get(index).map_or_else(String::new, |group| group.as_str().to_owned());
    let start = found.get(0).map_or(text.len(), |all| all.start());
    let moment = |day: usize| Moment { day: group(day), time: group(day + 1) };
    (&text[..start], Some((moment(1), moment(3))))
}

/// Takes the parts out that are one sign of life made several times; each such one becomes an entry.
pub(super) fn fold_parts(parts: &mut Vec<Part>, day: &str) -> Vec<Entry> {
    let logged = Moment { day: day.to_owned(), time: String::new() };
    let beats: Vec<Option<Beat>> = parts.iter().map(|part| beat(&part.whole(), &logged)).collect();
    let groups = groups(beats.iter().flatten());
    let mut entries = BTreeMap::new();
    let mut kept = Vec::new();
    for (part, beat) in parts.drain(..).zip(&beats) {
        match beat.as_ref().and_then(|beat| groups.get_key_value(beat.identity.as_str())) {
            Some((said, span)) => _ = entries.entry(*said).or_insert_with(|| entry(&part.entry(), span)),
            None => kept.push(part),
        }
    }
    *parts = kept;
    entries.into_values().collect()
}

/// Takes the lines out that are one sign of life made several times; each such one becomes an entry.
pub(super) fn fold_lines(parts: &mut [Part], day: &str) -> Vec<Entry> {
    let logged = Moment { day: day.to_owned(), time: String::new() };
    let read = |line: &str| -> Option<Beat> {
        let content = line.trim_start_matches(['-', '*', '+']).trim_start();
        let is_plain = line.len() <= LINE_LIMIT && !line.starts_with([' ', '\t', '#', '|', '>', '`']);
        leading(content).filter(|_| is_plain).and_then(|_| beat(line, &logged))
    };
    let lines: Vec<(usize, usize, Beat)> = parts
        .iter()
        .enumerate()
        .flat_map(|(index, part)| top_lines(&part.text).into_iter().map(move |(at, line)| (index, at, line)))
        .filter_map(|(index, at, line)| Some((index, at, read(line)?)))
        .collect();
    let groups = groups(lines.iter().map(|(_, _, beat)| beat));
    let mut entries = BTreeMap::new();
    let mut kept: Vec<(usize, String)> = parts.iter().map(|_| (0, String::new())).collect();
    for (index, at, beat) in &lines {
        let Some((said, span)) = groups.get_key_value(beat.identity.as_str()) else { continue };
        let text = &parts[*index].text;
        let end = text[*at..].find('\n').map_or(text.len(), |end| at + end + 1);
        let line =
            || Entry { text: text[*at..end].trim_end().to_owned(), title: String::new(), stamp: Stamp::default() };
        entries.entry(*said).or_insert_with(|| entry(&line(), span));
        let (from, kept) = &mut kept[*index];
        kept.push_str(&text[std::mem::replace(from, end)..*at]);
    }
    for (part, (from, mut kept)) in parts.iter_mut().zip(kept).filter(|(_, (from, _))| *from > 0) {
        kept.push_str(&part.text[from..]);
        part.text = kept;
    }
    entries.into_values().collect()
}

/// Lines with the byte that each begins at, that are in no code block and have no lines that belong below them.
fn top_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let (mut at, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= fence;
        if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            lines.pop_if(|(start, last)| text[*start + last.len()..at].trim().is_empty());
        } else if !fenced && !fence && !line.trim().is_empty() {
            lines.push((at, line.trim_end()));
        }
        at += line.len();
    }
    lines
}

/// The entry of a sign of life that was made at several times: what the first says, with the span of all.
fn entry(first: &Entry, (from, to): &(&Moment, &Moment)) -> Entry {
    let stamp = Stamp { day: from.day.clone(), time: from.time.clone() };
    Entry { text: folded(&first.text, from, to), title: first.title.clone(), stamp }
}

/// The spans of the signs of life that were made more than once, by what they say.
fn groups<'a>(beats: impl Iterator<Item = &'a Beat>) -> BTreeMap<&'a str, (&'a Moment, &'a Moment)> {
    let mut groups: BTreeMap<&str, Vec<&Beat>> = BTreeMap::new();
    for beat in beats {
        groups.entry(&beat.identity).or_default().push(beat);
    }
    groups.retain(|_, beats| beats.len() > 1);
    groups.into_iter().filter_map(|(said, beats)| Some((said, span(beats.into_iter())?))).collect()
}
