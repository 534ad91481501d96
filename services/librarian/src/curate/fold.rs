//! Folding: contributions into articles. What belongs together ends in one article, even when two agents created
//! it in the same night.

use std::collections::BTreeMap;

use commune_knowledge::{
    normalize,
    placement::{self, CREATE_ALONE, EVEN, Profile, UPDATE_FLOOR},
    statement::{self, Asserted, Claims, Statement},
};
use commune_proto::ArticlePath;

use super::{
    Action, Existing, Piece, Shelf, answered,
    confirm::confirm,
    form, provenance, said, size, skill,
    twins::{Twins, better},
};
use crate::library::{Answered, Article, Kind, Provenance};

/// Redirects that are followed one after another.
const HOPS: usize = 8;
/// Tries for a path that is not taken.
const PATH_TRIES: usize = 1000;

/// An article on the desk.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) article: Article,
    pub(super) before: Option<Existing>,
    pub(super) provenance: Vec<Provenance>,
    pub(super) answered: Vec<Answered>,
    pub(super) reasons: Vec<String>,
}

/// What is known of a piece before it is folded, whatever else there is in its group.
pub(super) struct Looked<'a> {
    /// The article that it belongs to by the index; looked up where the sharer was in doubt.
    belonging: Option<(ArticlePath, f64)>,
    /// Looked up where it is to be an article of its own.
    alike: Option<Alike<'a>>,
}

/// What the night touched before that is on the same thing as a piece.
struct Alike<'a> {
    profile: Profile,
    touched: Vec<(f64, &'a ArticlePath)>,
}

impl<'a> Looked<'a> {
    pub(super) fn at(
        piece: &Piece,
        twins: &'a Twins,
        belonging: &(dyn Fn(&Piece) -> Option<(ArticlePath, f64)> + Sync),
    ) -> Self {
        Self {
            belonging: piece.left_to_librarian.then(|| belonging(piece)).flatten(),
            alike: (piece.action == Action::Create).then(|| Alike::of(piece, twins)),
        }
    }
}

impl<'a> Alike<'a> {
    fn of(piece: &Piece, twins: &'a Twins) -> Self {
        let profile = placement::profile(&piece.title, &piece.text);
        let touched = twins.scored(kind_of(piece), &profile);
        Self { profile, touched }
    }
}

/// The articles that a group of contributions goes into.
pub(super) struct Desk<'a> {
    shelf: &'a Shelf<'a>,
    drafts: BTreeMap<ArticlePath, Draft>,
    /// What a new piece may be the twin of, beside what the night touched before: the drafts.
    twins: Twins,
}

impl<'a> Desk<'a> {
    pub(super) fn new(shelf: &'a Shelf<'a>) -> Self {
        Self { shelf, drafts: BTreeMap::new(), twins: Twins::default() }
    }

    /// Takes a contribution into the article where it belongs.
    ///
    /// # Errors
    /// Why it cannot be taken in.
    pub(super) fn fold(&mut self, piece: &Piece, looked: Looked<'_>) -> Result<(), String> {
        let path = self.place(piece, looked)?;
        self.take_down(&path);
        match self.drafts.get_mut(&path) {
            None => self.create(path, piece, form::body(&piece.title, &piece.text)),
            Some(draft) => {
                add(draft, piece, self.shelf)?;
                self.twins.put(&draft.article);
                Ok(())
            }
        }
    }

    pub(super) fn into_drafts(self) -> impl Iterator<Item = Draft> {
        // what was only looked at, because its contribution was refused, stays as it is
        self.drafts.into_values().filter(|draft| !draft.provenance.is_empty())
    }

    /// The article that the contribution goes into; one that does not exist is to be created.
    fn place(&self, piece: &Piece, looked: Looked<'_>) -> Result<ArticlePath, String> {
        if let Some(path) = skill::path(piece) {
            return Ok(self.followed(path));
        }
        if piece.left_to_librarian
            && let Some((path, chance)) = looked.belonging
            && (chance >= EVEN || chance >= CREATE_ALONE && self.is_twin(&path, piece))
            && self.takes(&path, piece)
        {
            return Ok(path);
        }
        let meant = self.followed(piece.path.clone());
        if piece.action != Action::Create && self.takes(&meant, piece) {
            return Ok(meant);
        }
        let Alike { profile, touched } = looked.alike.unwrap_or_else(|| Alike::of(piece, self.shelf.twins));
        let drafted = self.twins.scored(kind_of(piece), &profile).into_iter().reduce(better);
        let touched = touched.into_iter().filter(|(_, path)| !self.twins.has(path)).reduce(better);
        if let Some((_, path)) = drafted.into_iter().chain(touched).reduce(better) {
            return Ok(path.clone());
        }
        for number in 1..=PATH_TRIES {
            // what redirects is not free; where that leads may be what is meant
            let path = self.followed(numbered(&piece.path, number));
            let Some(taken) = self.article(&path) else { return Ok(path) };
            let there = placement::profile(&taken.title, &taken.body);
            if taken.kind == kind_of(piece) && placement::score(&profile, &there) >= UPDATE_FLOOR {
                return Ok(path);
            }
        }
        Err(format!(
            "no path like `{}` is free after {PATH_TRIES} tries: give the note a more telling title",
            piece.path
        ))
    }

    /// True when an article would have taken the piece in, had both come in one night. **Titles that differ in a figure, a name or an environment are never
    /// of one thing**, nor are those that each name what the other does not speak of.
    fn is_twin(&self, path: &ArticlePath, piece: &Piece) -> bool {
        self.article(path).is_some_and(|article| {
            let own = placement::profile(&piece.title, &piece.text);
            let there = placement::profile(&article.title, &article.body);
            let claims = [claimed(&article.title, &own), claimed(&piece.title, &there)];
            statement::difference(&claims[0], &claims[1]).is_none()
                && !own.is_of_another_thing(&there)
                && placement::score(&own, &there) >= UPDATE_FLOOR
        })
    }

    /// True when there is such an article, of the contribution's kind: a skill is never folded into a page, nor the other way.
    fn takes(&self, path: &ArticlePath, piece: &Piece) -> bool {
        let there = self.drafts.contains_key(path) || self.standing(path).is_some();
        // what is no skill of files is not written into one
        let fits = |article: &Article| article.kind == kind_of(piece) && !skill::is_packed(&article.body);
        there && self.article(path).is_some_and(|article| fits(&article))
    }

    fn article(&self, path: &ArticlePath) -> Option<std::borrow::Cow<'_, Article>> {
        use std::borrow::Cow;
        match self.drafts.get(path) {
            Some(draft) => Some(Cow::Borrowed(&draft.article)),
            None => self.standing(path).map(|existing| Cow::Owned(existing.article)),
        }
    }

    /// Where a path leads: itself, unless something redirects it.
    fn followed(&self, path: ArticlePath) -> ArticlePath {
        let went = |path: &ArticlePath| (self.shelf.get)(path).and_then(|existing| existing.article.redirect_to);
        if self.drafts.contains_key(&path) {
            return path;
        }
        (0..HOPS).try_fold(path, |path, _| went(&path).ok_or(path)).unwrap_or_else(|path| path)
    }

    /// What stands at a path: where everything was withdrawn, it is free.
    fn standing(&self, path: &ArticlePath) -> Option<Existing> {
        (self.shelf.get)(path).filter(|existing| existing.article.stands())
    }

    /// Puts an article of the library on the desk.
    fn take_down(&mut self, path: &ArticlePath) {
        if self.drafts.contains_key(path) {
            return;
        }
        if let Some(existing) = self.standing(path) {
            let draft = Draft {
                article: existing.article.clone(),
                before: Some(existing),
                provenance: Vec::new(),
                answered: Vec::new(),
                reasons: Vec::new(),
            };
            self.drafts.insert(path.clone(), draft);
        }
    }

    fn create(&mut self, path: ArticlePath, piece: &Piece, body: String) -> Result<(), String> {
        // a page of which nothing was left goes on from there
        let before = (self.shelf.get)(&path);
        let draft = Draft { before, ..found(path.clone(), piece, body, self.shelf)? };
        self.twins.put(&draft.article);
        self.drafts.insert(path, draft);
        Ok(())
    }
}

/// A new article.
pub(super) fn found(path: ArticlePath, piece: &Piece, body: String, shelf: &Shelf<'_>) -> Result<Draft, String> {
    size::bound(&path, &body)?;
    let added = statement::statements(&body).len();
    let said = said::said("", &body, &body);
    let why = match piece.placement_reason.as_str() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let article = Article {
        title: form::title(&piece.title, &piece.text),
        body,
        tags: piece.tags.clone(),
        contributors: vec![piece.agent.clone()],
        ..Article::blank(path, kind_of(piece))
    };
    Ok(Draft {
        article,
        before: None,
        provenance: vec![provenance(piece, added, said)],
        answered: answered(piece, shelf.questions),
        reasons: vec![format!("created from a {} by {}{}{why}", kind_word(piece), piece.agent, decided(piece))],
    })
}

/// Adds what the article does not say yet.
pub(super) fn add(draft: &mut Draft, piece: &Piece, shelf: &Shelf<'_>) -> Result<(), String> {
    if skill::of(piece).is_some() {
        return version(draft, piece, shelf);
    }
    if skill::is_packed(&draft.article.body) {
        let path = &draft.article.path;
        return Err(format!(
            "`{path}` is a skill of files: share its folder with `commune skill share`, or take another title"
        ));
    }
    let addition = addition(&draft.article, piece);
    let missing = match piece.action {
        // what it says in other words is not said twice
        Action::Confirm if placement::unsaid(&draft.article.body, &piece.text).is_empty() => 0,
        _ => statement::missing(&draft.article.body, &addition).len(),
    };
    let mut outdated = 0;
    let said = if missing > 0 {
        let stands = outdate(draft, piece, &addition, shelf);
        outdated = stands.1;
        let merged = statement::merge(&stands.0, &addition);
        size::bound(&draft.article.path, &merged)?;
        let said = said::said(&draft.article.body, &merged, &addition);
        draft.article.body = merged;
        said
    } else {
        said::confirmed(&draft.article.body, &piece.text)
    };
    let confirms = missing == 0 && confirm(&mut draft.article, &piece.agent, shelf.owner_of);
    let reason = match missing {
        0 if confirms => format!("confirmed by {}", piece.agent),
        0 => format!("said again by {}", piece.agent),
        1 => format!("adds 1 statement by {}", piece.agent),
        n => format!("adds {n} statements by {}", piece.agent),
    };
    let replaced = match outdated {
        0 => String::new(),
        1 => ", one in the place of what it says is no longer so".to_owned(),
        n => format!(", {n} in the place of what they say is no longer so"),
    };
    draft.reasons.push(reason + &replaced + decided(piece));
    let title = form::title(&piece.title, &piece.text);
    if normalize::identity(&title) != normalize::identity(&draft.article.title) {
        draft.article.aliases.push(title);
    }
    draft.article.tags.extend(piece.tags.iter().cloned());
    draft.article.contributors.push(piece.agent.clone());
    draft.provenance.push(provenance(piece, missing, said));
    draft.answered.extend(answered(piece, shelf.questions));
    Ok(())
}

/// The article with each statement replaced that a contribution says is no longer so, and how many those are. **In doubt both stay**, contested: one is
/// replaced only by a statement that says that it changed, of the same thing with another value, and that was said in a later night than anybody
/// said the one before.
fn outdate(draft: &Draft, piece: &Piece, addition: &str, shelf: &Shelf<'_>) -> (String, usize) {
    let (mut body, mut outdated) = (draft.article.body.clone(), 0);
    let changes: Vec<Asserted> =
        statement::asserted(addition).into_iter().filter(|one| one.assertion.changes).collect();
    if changes.is_empty() {
        return (body, outdated);
    }
    for newer in changes {
        let stands = statement::asserted(&body);
        let of_it: Vec<&Asserted> =
            stands.iter().filter(|one| one.assertion.subject == newer.assertion.subject).collect();
        // two values or more are a list, or contested already
        let [older] = of_it.as_slice() else { continue };
        let day = piece.night.get(.."2026-02-14".len()).unwrap_or_default();
        let earlier = || said_on(draft, &older.statement, shelf).is_some_and(|said| said.as_str() < day);
        if older.contradicts(&newer)
            && earlier()
            && let Some(replaced) = statement::replaced(&body, &older.statement.identity, &newer.statement.text)
        {
            (body, outdated) = (replaced, outdated + 1);
        }
    }
    (body, outdated)
}

/// The day on which a statement was last said in an article.
fn said_on(draft: &Draft, statement: &Statement, shelf: &Shelf<'_>) -> Option<String> {
    let id = statement.id();
    let here = draft.provenance.iter().filter(|said| said.statements.contains(&id)).map(|said| said.night.clone());
    here.chain((shelf.said_on)(&draft.article.path, id)).max()
}

/// A skill of files takes the place of what stood there: the newest version counts, and the history has the others.
fn version(draft: &mut Draft, piece: &Piece, shelf: &Shelf<'_>) -> Result<(), String> {
    let body = form::body(&piece.title, &piece.text);
    size::bound(&draft.article.path, &body)?;
    let changes = skill::changes(&draft.article.body, &body);
    let confirms = changes.is_none() && confirm(&mut draft.article, &piece.agent, shelf.owner_of);
    draft.reasons.push(match &changes {
        None if confirms => format!("confirmed by {}", piece.agent),
        None => format!("said again by {}", piece.agent),
        Some((_, what)) => format!("a new version by {}: {what}", piece.agent),
    });
    let said = said::said(&draft.article.body, &body, &body);
    draft.article.body = body;
    draft.article.kind = Kind::Skill;
    draft.article.title = form::title(&piece.title, &piece.text);
    draft.article.tags.extend(piece.tags.iter().cloned());
    draft.article.contributors.push(piece.agent.clone());
    draft.provenance.push(provenance(piece, changes.map_or(0, |(files, _)| files), said));
    draft.answered.extend(answered(piece, shelf.questions));
    Ok(())
}

/// What a contribution adds to an article: each paragraph where it belongs, else below the headings that were named for the whole, where the
/// article has them all still. What is about something else by its title, such as another environment, keeps to itself.
fn addition(article: &Article, piece: &Piece) -> String {
    let own = form::body(&piece.title, &piece.text);
    let titles = [&article.title, &piece.title].map(|title| statement::claims(title));
    if statement::difference(&titles[0], &titles[1]).is_some() {
        return own;
    }
    let titled_alike =
        normalize::identity(&article.title) == normalize::identity(&form::title(&piece.title, &piece.text));
    let article = article.body.as_str();
    let named: &[String] = if placement::has_headings(article, &piece.section) { &piece.section } else { &[] };
    let (title, text) = form::split_title(&own);
    format!("{title}{}", placement::addition(article, text, named, titled_alike))
}

/// Who decided, where it was not the sharer.
fn decided(piece: &Piece) -> &'static str {
    if piece.left_to_librarian { " (placed by the librarian, the sharer being in doubt)" } else { "" }
}

/// What a title claims, but for what another says in a form of the same words: in a title any word may be written as a name is.
fn claimed(title: &str, other: &Profile) -> Claims {
    let mut claims = statement::claims(title);
    let said = |token: &String| {
        let words = placement::profile(token, "").title;
        !words.is_empty() && words.iter().all(|word| other.title.binary_search(word).is_ok())
    };
    claims.tokens.retain(|token| !said(token));
    claims
}

fn kind_of(piece: &Piece) -> Kind {
    if piece.kind == "skill" { Kind::Skill } else { Kind::Article }
}

fn kind_word(piece: &Piece) -> &str {
    if piece.kind.is_empty() { "note" } else { &piece.kind }
}

/// The path with `-2`, `-3`, … at its last segment, within the segment's bound.
fn numbered(path: &ArticlePath, number: usize) -> ArticlePath {
    if number == 1 {
        return path.clone();
    }
    let suffix = format!("-{number}");
    let mut segments: Vec<String> = path.segments().map(str::to_owned).collect();
    if let Some(last) = segments.last_mut() {
        last.truncate(80 - suffix.len());
        last.push_str(&suffix);
    }
    ArticlePath::from_segments(segments.iter().map(String::as_str)).unwrap_or_else(|_| path.clone())
}
