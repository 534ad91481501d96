//! A light stemmer of Arabic, after light10 (Larkey, Ballesteros and Connell 2002): the article and what is written together with it, and
//! endings. Beyond it, one letter before three is taken for the person of a verb (`يكتب`, `تكتب`: `كتب`).

/// Before a word, the longest first.
const ARTICLES: [&str; 6] = ["وال", "بال", "كال", "فال", "ال", "لل"];
/// Behind it, each at most once, in this order; the first is an accusative.
const ENDINGS: [&str; 9] = ["ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي", "ا"];
/// The persons of a verb, and what orders.
const PERSONS: [char; 4] = ['ا', 'ت', 'ي', 'ن'];
/// Letters that stay of a word at least, and those of most roots.
const LEAST: usize = 2;
const ROOT: usize = 3;

/// The stem of a word without vowel points. Final forms of a letter that are written for each other are one.
pub(super) fn stem(word: &str) -> String {
    let one = |c| match c {
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        'ٱ' => 'ا',
        c => c,
    };
    let word: String = word.chars().map(one).collect();
    let letters = |word: &str| word.chars().count();
    let long = |rest: &&str| letters(rest) >= LEAST;
    let mut rest = word.strip_prefix('و').filter(|rest| letters(rest) >= ROOT).unwrap_or(&word);
    let article = ARTICLES.iter().find_map(|article| rest.strip_prefix(article)).filter(long);
    rest = article.unwrap_or(rest);
    for ending in ENDINGS {
        // a last alef is as often the root's where little else is
        let least = if ending == "ا" { ROOT } else { LEAST };
        rest = rest.strip_suffix(ending).filter(|bare| letters(bare) >= least).unwrap_or(rest);
    }
    let verb = rest.strip_prefix(PERSONS).filter(|root| article.is_none() && letters(root) == ROOT);
    verb.unwrap_or(rest).to_owned()
}
