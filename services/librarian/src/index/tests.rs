use proptest::prelude::*;

use super::*;

type Owned = (ArticlePath, String, Vec<String>, String);

fn owned(path: &str, title: &str, body: &str) -> Owned {
    (path.parse().unwrap(), title.to_owned(), Vec::new(), body.to_owned())
}

fn page((path, title, aliases, body): &Owned) -> Page<'_> {
    Page { aliases, ..Page::plain(path, title, body) }
}

fn index(pages: &[Owned]) -> Index {
    let mut index = Index::new().unwrap();
    index.put(pages.iter().map(page)).unwrap();
    index
}

fn small_library() -> Vec<Owned> {
    vec![
        owned(
            "certs",
            "Renew a wildcard certificate",
            "# Renew a wildcard certificate\n\nUse the DNS challenge; staging first.\n",
        ),
        owned(
            "nats",
            "Rotate NATS credentials",
            "# Rotate NATS credentials\n\nRun `nsc --no-pager` and reload the server.\n",
        ),
        owned(
            "rust",
            "Mismatched types",
            "# Mismatched types\n\n`E0308` means that `snake_case_fn` returns another type.\n",
        ),
        owned("zh", "更新证书", "# 更新证书\n\n先在测试环境更新证书。\n"),
        owned("ar", "تجديد الشهادة", "# تجديد الشهادة\n\nجرب أولا في بيئة الاختبار.\n"),
        owned("hi", "प्रमाणपत्र नवीनीकरण", "# प्रमाणपत्र नवीनीकरण\n\nपहले परीक्षण करें।\n"),
        owned("fr", "Redémarrer le déploiement", "# Redémarrer le déploiement\n\nAttendre que la file soit vide.\n"),
    ]
}

fn check(question: &str, first: &str, confidence: Confidence) {
    let answer = index(&small_library()).snapshot().search(question, 10).unwrap();
    assert_eq!(answer.confidence(), confidence, "{question}: {answer:?}");
    assert_eq!(answer.hits.first().map_or("", |h| h.path.as_str()), first, "{question}: {answer:?}");
}

#[test]
fn words_code_and_scripts_are_found() {
    use Confidence::Found;
    check("how do I renew wildcard certificates?", "certs", Found);
    check("--no-pager", "nats", Found);
    check("E0308", "rust", Found);
    check("snake_case_fn", "rust", Found);
    check("更新证书", "zh", Found);
    check("تجديد الشهادة", "ar", Found);
    check("प्रमाणपत्र", "hi", Found);
    check("comment redemarrer le deploiement ?", "fr", Found);
    check("rotating nats credential", "nats", Found);
}

#[test]
fn what_the_library_does_not_hold_is_not_known() {
    for question in [
        "how do I bake sourdough bread?",
        "what is the best way to rotate a Kubernetes etcd encryption key",
        "python virtual environments",
        "日本の首都はどこですか",
        "how to mount an nfs share",
        "first thing in the server room",
    ] {
        let answer = index(&small_library()).snapshot().search(question, 10).unwrap();
        assert_eq!(answer.confidence(), Confidence::NotKnown, "{question}: {answer:?}");
    }
    let empty = Index::new().unwrap().snapshot().search("anything", 10).unwrap();
    assert_eq!((empty.total, empty.confidence()), (0, Confidence::NotKnown));
}

fn many_languages() -> Vec<Owned> {
    let german = "Das Zertifikat wird über die Prüfung erneuert, und der Dienst lädt es nicht neu.";
    let french = "Le certificat se renouvelle par le défi, et le service ne le recharge pas dans la nuit.";
    let mut pages = small_library();
    pages.push(owned("de", "Zertifikate erneuern", german));
    pages.push(owned("fr2", "Renouveler un certificat", french));
    pages
}

#[test]
fn a_word_is_found_in_pages_of_every_language() {
    let index = index(&many_languages()).snapshot();
    for (question, found) in [
        // a name is the same word everywhere, and one of several languages is looked for by the rules of each
        ("Dienste", &["de"] as &[_]),
        ("wie erneuere ich Zertifikate?", &["de"]),
        ("renouvellement", &["fr2"]),
        ("certificates", &["certs", "fr2"]),
        ("reloads the server", &["nats"]),
    ] {
        let answer = index.search(question, 10).unwrap();
        let by_words = index.find(question, &Wish { vector: None, ..wish() }).unwrap();
        let mut paths: Vec<&str> = by_words.hits.iter().map(|hit| hit.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, found, "{question}: {answer:?}");
    }
}

#[test]
fn a_word_of_many_forms_counts_once() {
    let explained = Wish { explain: true, vector: None, ..wish() };
    let answer = index(&many_languages()).snapshot().find("certificates", &explained).unwrap();
    for hit in &answer.hits {
        let parts = hit.parts.as_ref().unwrap();
        let fields: Vec<_> = parts.terms.iter().map(|part| part.field).collect();
        assert_eq!(fields.iter().filter(|field| **field == "words").count(), 1, "{parts:?}");
        assert!(parts.terms.iter().all(|part| part.pages == 2), "as rare as all of it together: {parts:?}");
    }
    assert_eq!(answer.hits.len(), 2);
}

#[test]
fn what_was_meant_is_told_by_stems() {
    let index = index(&many_languages()).snapshot();
    assert_eq!(index.suggestion("Zertifikatz erneuern").unwrap().as_deref(), Some("zertifikat erneuern"));
    assert_eq!(index.suggestion("Zertifikaten erneuere").unwrap(), None, "other forms of what is known");
}

#[test]
fn a_pair_between_two_words_is_not_missed() {
    let library = [owned("zh", "更新", "证书"), owned("zh2", "回滚", "发布")];
    let answer = index(&library).snapshot().search("更新证书", 10).unwrap();
    assert_eq!((answer.coverage, answer.lacks), (1.0, Vec::new()), "新证 lies between 更新 and 证书");
    let answer = index(&library).snapshot().search("更新磁盘", 10).unwrap();
    assert_eq!(answer.lacks, ["新磁", "磁盘"]);
}

fn wish() -> Wish<'static> {
    static ALL: std::sync::LazyLock<Filter> = std::sync::LazyLock::new(Filter::default);
    Wish { limit: 10, filter: &ALL, vector: None, tier: tier::Tier::STATIC, explain: false }
}

#[test]
fn equal_scores_are_ordered_by_path() {
    let pages: Vec<Owned> = ["d", "b", "a", "c"].map(|p| owned(p, "Same", "the same words")).into();
    let answer = index(&pages).snapshot().search("same words", 10).unwrap();
    assert_eq!(answer.hits.iter().map(|h| h.path.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert_eq!(index(&pages).snapshot().search("same words", 2).unwrap().total, 4);
}

#[test]
fn a_long_text_finds_its_page() {
    let text = "Before you renew, try the staging environment of the DNS challenge. Other words. ".repeat(50);
    let related = index(&small_library()).snapshot().related("Certificates", &text, 5).unwrap();
    assert_eq!(related[0].path.as_str(), "certs");
}

const WORDS: &[&str] = &[
    "cert",
    "renew",
    "nats",
    "stream",
    "E0308",
    "--flag",
    "证书",
    "更新",
    "deploy",
    "rust",
    "the",
    "snake_case",
    "und",
    "der",
    "nicht",
    "Zertifikate",
    "streams",
    "les",
    "dans",
    "une",
    "streaming",
    "журналы",
    "журнал",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 1..12).prop_map(|words| words.join(" "))
}

fn pages() -> impl Strategy<Value = Vec<Owned>> {
    prop::collection::vec((0..8u8, text(), text()), 1..6)
        .prop_map(|pages| pages.iter().map(|(n, title, body)| owned(&format!("p{n}"), title, body)).collect())
}

fn assert_equal(one: impl Fn(&str) -> Answer, other: impl Fn(&str) -> Answer) {
    for question in
        WORDS.iter().chain(&["renew the cert", "nats stream deploy", "更新证书 rust", "und der Stream", "Zertifikat"])
    {
        assert_eq!(one(question), other(question), "{question}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The index equals the store: after any operations it answers as one made from the result.
    #[test]
    fn any_history_equals_a_rebuilt_index(batches in prop::collection::vec(pages(), 1..6)) {
        let mut grown = Index::new().unwrap();
        let mut store = BTreeMap::new();
        for batch in &batches {
            grown.put(batch.iter().map(page)).unwrap();
            store.extend(batch.iter().map(|p| (p.0.clone(), p.clone())));
        }
        let rebuilt = index(&store.into_values().collect::<Vec<_>>());
        let (grown, rebuilt) = (grown.snapshot(), rebuilt.snapshot());
        assert_equal(|q| grown.search(q, 20).unwrap(), |q| rebuilt.search(q, 20).unwrap());
    }

    /// A draft is judged as the index will judge it.
    #[test]
    fn drafts_answer_as_the_index_will(first in pages(), second in pages()) {
        let store: BTreeMap<ArticlePath, Owned> = first.iter().map(|p| (p.0.clone(), p.clone())).collect();
        let drafts: BTreeMap<ArticlePath, Owned> = second.iter().map(|p| (p.0.clone(), p.clone())).collect();
        let mut index = index(&store.values().cloned().collect::<Vec<_>>());
        let replaced = drafts.keys().filter_map(|path| store.get(path));
        let overlay = index.snapshot().with_drafts(drafts.values().map(page), replaced.map(page)).unwrap();
        index.put(drafts.values().map(page)).unwrap();
        let after = index.snapshot();
        assert_equal(|q| overlay.search(q, 20).unwrap(), |q| after.search(q, 20).unwrap());
    }

    #[test]
    fn no_question_breaks_the_index(question in "\\PC{0,80}") {
        let answer = index(&small_library()).snapshot().search(&question, 10).unwrap();
        prop_assert!(answer.coverage >= 0.0 && answer.coverage <= 1.0 + 1e-9);
    }
}

/// Pages that several threads read, and more than are read together, stand as if they had come one by one.
#[test]
fn many_pages_at_once_are_as_many_one_by_one() {
    let words = ["oil", "hinge", "valve", "pump", "certificate", "renew", "server", "queue", "lamp"];
    let word = |at: usize| words[at % words.len()];
    let of = |at: usize| {
        let body = format!("Before the {} is seen to, look at the {} and {at}.", word(at), word(at / 7 + 3));
        owned(&format!("p{at:04}"), &format!("The {} and the {}", word(at / 3), word(at * 5 + 1)), &body)
    };
    let pages: Vec<Owned> = (0..TOGETHER + 40).map(of).collect();
    let (at_once, mut one_by_one) = (index(&pages), Index::new().unwrap());
    for some in pages.chunks(5) {
        one_by_one.put(some.iter().map(page)).unwrap();
    }
    for question in ["oil the hinge", "how is a certificate renewed?", "p0017", "valves of pumps 123"] {
        let [left, right] = [&at_once, &one_by_one].map(|index| index.snapshot().search(question, 20).unwrap());
        assert_eq!(left, right, "{question}");
        assert!(!left.hits.is_empty() || question == "p0017");
    }
}
