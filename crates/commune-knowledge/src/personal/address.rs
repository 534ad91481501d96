//! Postal addresses: a street and a number, as ten countries write them.

use std::sync::LazyLock;

use super::Found;
use crate::expression::Guarded;

static STREET: LazyLock<Option<Guarded>> = LazyLock::new(|| {
    let wide = concat!(
        r" (?:Street|Avenue|Road|Boulevard|Lane|Drive|Court|Terrace|Crescent|Close|Parkway|Highway)",
        r"| (?:St|Ave|Rd|Blvd|Ln|Dr|Ct|Way|Pl|Sq)[., ]",
        r"|(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|plein|gracht|kade|singel|dijk|gatan|vägen|vej|gade|katu|tie) \d",
        r"| (?:Straße|Strasse|Str\.|Platz|Allee|Weg|Ufer|Damm|Ring) \d",
        r"|(?:\d|bis|ter),? (?:rue|avenue|boulevard|bd|place|chemin|impasse|allée|quai|cours|route) ",
        r"|(?:Calle|Avenida|Avda\.|Plaza|Paseo|C/|Carrera|Rua|Travessa|Praça|Alameda|Largo|Via|Viale|Piazza|Corso|Vicolo) [\p{L} ,.º°]*\d",
        r"|ул\.|улица|просп\.|проспект|пер\.|наб\.|ul\. |(?:路|街|大道|巷|弄)\d|〒|丁目\d"
    );
    let exact = concat!(
        r"\b\d{1,5}[A-Za-z]? (?:[NSEW]\.? )?(?:\p{Lu}[\p{Ll}']+\.? ){1,3}(?:Street|Avenue|Road|Boulevard|Lane|Drive|Court|Terrace|Crescent|Close|Parkway|Highway)\b",
        r"|\b\d{1,5} (?:[NSEW]\.? )?(?:\p{Lu}[\p{Ll}']+ ){1,3}(?:St|Ave|Rd|Blvd|Ln|Dr|Ct|Way|Pl|Sq)\b\.?,? (?:(?:Apt|Suite|Unit|#)[^\n,]{0,10},? )?(?:\p{Lu}[\p{Ll}]+ ?){1,3},? [A-Z]{2}\b",
        r"|\b\p{Lu}[\p{Ll}-]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|plein|gracht|kade|singel|dijk|gatan|vägen|vej|gade|katu|tie) \d{1,4} ?[a-z]?\b",
        r"|\b\p{Lu}\p{Ll}{2,20}(?:er|e)? (?:Straße|Strasse|Str\.|Platz|Allee|Weg|Ufer|Damm|Ring) \d{1,4} ?[a-z]?\b",
        r"|\b\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|bd|place|chemin|impasse|allée|quai|cours|route) (?:de |du |des |de la |de l'|la |le |les |l'|d')?\p{Lu}\p{L}+",
        r"|\b(?:Calle|Avenida|Avda\.|Plaza|Paseo|C/|Carrera|Rua|Travessa|Praça|Alameda|Largo|Via|Viale|Piazza|Corso|Vicolo) (?:de |del |de la |da |do |dos |das |della |dei |di )?\p{Lu}\p{L}+(?: (?:de |del |da |do |di )?\p{Lu}\p{L}+){0,3},? (?:n[.º°]? ?)?\d{1,4}\b",
        r"|\b(?:ул\.|улица|просп\.|проспект|пер\.|наб\.) ?\p{Lu}\p{L}+(?: \p{L}+)?,? ?(?:д\. ?|дом )?\d{1,4}\b",
        r"|\bul\. \p{Lu}\p{L}+(?: \p{L}+)? \d{1,4}\b",
        r"|\p{Han}{2,8}(?:路|街|大道|巷|弄)\d{1,5}(?:号|號|弄)|〒 ?\d{3}-\d{4}|\p{Han}{1,6}\d{1,2}丁目\d{1,3}"
    );
    Guarded::new(wide, exact)
});

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    for street in STREET.iter().filter_map(|street| street.on(text)).flat_map(|street| street.find_iter(text)) {
        found(street.start(), "address", "it has a postal address: take it out and log the note again");
    }
}

#[cfg(test)]
#[test]
fn the_expressions_compile_and_the_wide_one_is_wide() {
    crate::expression::check(STREET.as_ref());
}
