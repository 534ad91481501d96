//! Values that are plain words: days that come again, one of two contraries, and who or what something is.
//!
//! **In doubt a word is no value.** A day counts where it comes again and ends the sentence ("on Mondays"), a contrary right after "is", and any other word
//! only as what an owner, a region or a format is: much is small and red and fast at the same time, and only some things have one owner.

use super::super::lookup::known;

/// Days of the week: those that come again whatever stands before them, and those that do after a word such as "every".
const DAYS: &[(&[&str], &[&str])] = &[
    (&["mondays", "montags", "maandags"], &["monday", "montag", "lundi", "lundis", "lunes", "lunedì", "maandag"]),
    (
        &["tuesdays", "dienstags", "dinsdags"],
        &["tuesday", "dienstag", "mardi", "mardis", "martes", "martedì", "dinsdag"],
    ),
    (
        &["wednesdays", "mittwochs", "woensdags"],
        &["wednesday", "mittwoch", "mercredi", "mercredis", "miércoles", "mercoledì", "woensdag"],
    ),
    (
        &["thursdays", "donnerstags", "donderdags"],
        &["thursday", "donnerstag", "jeudi", "jeudis", "jueves", "giovedì", "donderdag"],
    ),
    (
        &["fridays", "freitags", "vrijdags"],
        &["friday", "freitag", "vendredi", "vendredis", "viernes", "venerdì", "vrijdag"],
    ),
    (
        &["saturdays", "samstags", "zaterdags"],
        &["saturday", "samstag", "samedi", "samedis", "sábado", "sábados", "sabato", "zaterdag"],
    ),
    (
        &["sundays", "sonntags", "zondags"],
        &["sunday", "sonntag", "dimanche", "dimanches", "domingo", "domingos", "domenica", "zondag"],
    ),
];
/// Words after which a day comes again.
const AGAIN: &[&str] = &["every", "each", "jeden", "chaque", "le", "les", "cada", "los", "ogni", "elke"];
/// Words between what something is called and what it is; of the past tells none what is.
const COPULAS: &[&str] = &[
    "is", "are", "stays", "remains", "ist", "sind", "bleibt", "est", "sont", "reste", "es", "son", "está", "están",
    "è", "sono", "é", "são", "zijn", "blijft",
];
/// Groups of contraries of which a thing is one at a time.
const STANDING: &[&str] = &["access", "place", "pace", "safety", "sort", "need"];
/// The group of contraries that say how often.
const OFTEN: &str = "often";
/// What a thing has one of.
const ATTRIBUTES: &[&str] = &[
    "owner",
    "maintainer",
    "leader",
    "contact",
    "steward",
    "region",
    "shell",
    "branch",
    "engine",
    "editor",
    "language",
    "locale",
    "encoding",
    "format",
    "licence",
    "license",
    "protocol",
    "algorithm",
    "provider",
    "registrar",
    "vendor",
    "backend",
    "database",
    "broker",
    "scheduler",
    "compiler",
    "runtime",
    "distribution",
    "driver",
    "theme",
    "strategy",
    "mode",
    "codec",
    "timezone",
    "currency",
    "besitzer",
    "eigentümer",
    "sprache",
    "lizenz",
    "protokoll",
    "anbieter",
    "zeitzone",
    "währung",
    "modus",
    "propriétaire",
    "responsable",
    "région",
    "langue",
    "protocole",
    "fournisseur",
    "devise",
    "propietario",
    "dueño",
    "región",
    "idioma",
    "formato",
    "licencia",
    "protocolo",
    "proveedor",
    "moneda",
    "modo",
    "proprietario",
    "regione",
    "lingua",
    "licenza",
    "fornitore",
    "proprietário",
    "região",
    "licença",
    "moeda",
    "eigenaar",
    "taal",
    "licentie",
];
/// What stands beside a name.
const KINDS: &[&str] = &["team", "group", "squad", "crew", "équipe", "groupe", "equipo", "grupo", "squadra", "gruppe"];
/// Words, and endings of words, that say how something is and not what.
const STATES: &[&str] = &[
    "known",
    "unknown",
    "wrong",
    "right",
    "fine",
    "ok",
    "okay",
    "empty",
    "new",
    "old",
    "slow",
    "fast",
    "small",
    "large",
    "big",
    "short",
    "long",
    "good",
    "bad",
    "free",
    "full",
    "here",
    "there",
    "gone",
    "away",
    "sick",
    "happy",
    "ready",
    "up",
    "down",
    "unset",
    "on",
    "off",
    "late",
    "busy",
    "simple",
    "strict",
    "same",
    "different",
    "clear",
    "bekannt",
    "falsch",
    "richtig",
    "leer",
    "connu",
    "faux",
    "vide",
    "conocido",
    "vacío",
];
const STATE_ENDINGS: &[&str] =
    &["ed", "ing", "able", "ible", "ful", "ive", "less", "ous", "ent", "ant", "al", "ic", "ly"];

/// True for a word between what something is called and what it is.
pub(super) fn is_copula(lower: &str) -> bool {
    COPULAS.contains(&lower)
}

/// What a word that ends a sentence says as a value, and of which kind it is. `is` is true right after a copula.
pub(super) fn last_word(lower: &str, previous: &str, is: bool) -> Option<(&'static str, &'static str)> {
    let day = DAYS
        .iter()
        .find(|(always, after)| always.contains(&lower) || (AGAIN.contains(&previous) && after.contains(&lower)));
    if let Some(name) = day.and_then(|(always, _)| always.first()) {
        return Some((*name, "day"));
    }
    let (group, side) = known(lower).contrary?;
    (group == OFTEN || is && STANDING.contains(&group)).then_some((side, group))
}

/// Which of the words after a copula says who or what something is, of the words before it; each with whether it is written as a name.
pub(super) fn named(before: &[&str], after: &[(&str, bool)]) -> Option<usize> {
    if !before.iter().any(|word| ATTRIBUTES.contains(word)) {
        return None;
    }
    let is_kind = |(word, _): &(&str, bool)| KINDS.contains(word);
    match after {
        [(word, name)] => {
            let ends = |ending: &&str| word.len() > ending.len() + 2 && word.ends_with(*ending);
            let state = STATES.contains(word) || STATE_ENDINGS.iter().any(ends);
            (*name || !state).then_some(0)
        }
        [one, other] if is_kind(one) && !is_kind(other) => Some(1),
        [one, other] if is_kind(other) && !is_kind(one) => Some(0),
        _ => None,
    }
}
