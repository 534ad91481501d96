use proptest::prelude::*;

use super::*;

fn check(text: &str, language: Language, expected: &[&str]) {
    assert_eq!(terms(text, language), expected, "{text}");
}

fn asked(question: &str) -> Asked {
    Asked::of(question, &Language::ALL)
}

fn language(text: &str) -> Language {
    Language::of_page(words(text).iter().map(|word| word.text.as_str()))
}

#[test]
fn every_script_gives_terms() {
    use Language::{English, German};
    check("Renewing the Zertifikate, naïvely", English, &["renew", "zertifik", "naiv"]);
    check("E0308 in snake_case", English, &["e0308", "snake", "case"]);
    check("更新证书", German, &["更", "新", "证", "书"]);
    check("नमस्ते दुनिया", German, &["नमस\u{94d}त", "दुनिय"]);
    check("각 인증서", English, &["각", "인", "증", "서"]);
    check("חידוש תעודה", English, &["חידוש", "תעודה"]);
}

/// The forms of each line are one term in a page of the language.
#[test]
fn forms_of_a_word_are_one() {
    use Language::{Dutch, English, French, German, Italian, Portuguese, Spanish};
    for (forms, language) in [
        ("renew renewed renewing", English),
        ("erneuern erneuere", German),
        ("Wiederherstellung wiederherstellen", German),
        ("Schlüssel Schlüsseln Schluessel", German),
        ("dreißig dreissig", German),
        ("renouveler renouvellement renouvelle", French),
        ("gardées gardees gardé", French),
        ("actualización actualizacion actualizaciones", Spanish),
        ("atualização atualizacao atualizações", Portuguese),
        ("certificato certificati", Italian),
        ("certificaten certificaat", Dutch),
        ("сертификат сертификаты сертификатов", English),
        ("обновить обновляется обновление", English),
        ("восстановить восстановление", English),
        ("удалить удаляются удаление", English),
        ("развёртывание развертывания", English),
        ("الشهادة شهادات والشهادات", English),
        ("تُحذف احذفها يحذف", English),
        ("السجل السجـل سجلات", English),
        ("फ़ाइलें फाइल फाइलों", English),
        ("प्रमाणपत्र प्रमाणपत्रों", English),
        ("πιστοποιητικό πιστοποιητικα", English),
    ] {
        let stems: BTreeSet<String> = terms(forms, language).into_iter().collect();
        assert_eq!(stems.len(), 1, "{forms}: {stems:?}");
    }
}

#[test]
fn other_words_stay_apart() {
    for (other, language) in [
        ("Zeit Zeitung", Language::German),
        ("модель модуль", Language::English),
        ("земля зима", Language::English),
        ("شهادة شاهد", Language::English),
        ("कार्य कारण", Language::English),
    ] {
        let stems: BTreeSet<String> = terms(other, language).into_iter().collect();
        assert_eq!(stems.len(), 2, "{other}: {stems:?}");
    }
}

/// What is no word of a language is the same in pages of each; what is, is marked with its own.
#[test]
fn terms_of_a_language_are_its_own() {
    for language in Language::ALL {
        check("v1.2 E0308 k8s db 证 сертификат", language, &["v1", "2", "e0308", "k8s", "db", "证", "сертификат"]);
    }
    check("kubectl rollout", Language::German, &["de:kubectl", "de:rollout"]);
    check("kubectl rollout", Language::English, &["kubectl", "rollout"]);
}

#[test]
fn a_page_is_told_by_its_function_words() {
    for (text, expected) in [
        ("The certificate is renewed by the DNS challenge.", Language::English),
        ("Das Zertifikat wird über die DNS-Prüfung erneuert.", Language::German),
        ("Le certificat se renouvelle par le défi DNS.", Language::French),
        ("El certificado se renueva con el desafío DNS, y luego se recarga nginx.", Language::Spanish),
        ("Il certificato si rinnova con la sfida DNS, poi si ricarica nginx.", Language::Italian),
        ("O certificado é renovado pelo desafio DNS e depois o nginx não para.", Language::Portuguese),
        ("Het certificaat wordt vernieuwd via de DNS-test.", Language::Dutch),
        // one quote does not make a page German, nor code French or Portuguese
        (
            "The error says `Der Schlüssel ist ungültig und die Sperre`; it is of the key, so we do not retry.",
            Language::English,
        ),
        ("import os\nfor line in con.execute(sql):\n    die(line)\n", Language::English),
        ("a.example.com b.example.com c.example.com", Language::English),
        ("更新证书", Language::English),
        ("", Language::English),
    ] {
        assert_eq!(language(text), expected, "{text}");
    }
}

#[test]
fn composed_and_decomposed_are_one() {
    for (one, other) in [
        ("café й", "cafe\u{301} и\u{306}"),
        ("क्षेत्र क\u{93c}", "क्षेत्र क"),
        ("क्‍या", "क्या"),
        ("أَحمد", "احمد"),
        ("Zertifi\u{ad}kat über", "Zertifikat u\u{308}ber"),
    ] {
        for language in Language::ALL {
            assert_eq!(terms(one, language), terms(other, language));
        }
    }
    assert_ne!(words("мой")[0].text, words("мои")[0].text, "й is a letter of its own");
}

#[test]
fn code_stays_whole() {
    let text = "run `git --no-pager log`, see src/lib.rs:12 (v1.2.3), E0308. snake_case! C++ ok.";
    let tokens = exact(text, &words(text));
    for token in ["--no-pager", "no-pager", "src/lib.rs:12", "v1.2.3", "e0308", "snake_case", "c++"] {
        assert!(tokens.iter().any(|t| t == token), "{token} in {tokens:?}");
    }
    assert!(!tokens.iter().any(|t| t == "ok" || t == "run" || t == "see"), "{tokens:?}");
    assert_eq!(exact("更新证", &words("更新证")), ["更新", "新证"]);
}

/// What is left of a question, as it was written.
#[test]
fn what_every_question_has_is_left_out() {
    for (question, left) in [
        ("How do I renew a wildcard certificate?", "renew wildcard certificate"),
        ("die in docker after a restart", "die docker after restart"),
        ("Wie erneuere ich das Zertifikat?", "erneuere Zertifikat"),
        ("comment renouveler les certificats ?", "renouveler certificats"),
        ("¿cómo puedo renovar el certificado?", "renovar certificado"),
        ("come si rinnova il certificato?", "rinnova certificato"),
        ("como posso renovar o certificado?", "renovar certificado"),
        ("как обновить сертификаты?", "обновить сертификаты"),
        ("كيف أجدد الشهادات؟", "أجدد الشهادات"),
        ("प्रमाणपत्र का नवीनीकरण कैसे करें?", "प्रमाणपत्र नवीनीकरण"),
        ("证书怎么更新?", "证书 更新"),
        ("如何回滚发布吗", "回滚 滚发 发布"),
        ("証明書を更新するにはどうすればいいですか", "証明 明書 更新"),
        ("인증서는 어떻게", "인증 증서 서는"),
        ("how is it", "how"),
        ("怎么办", "怎么 么办"),
    ] {
        let expected: BTreeSet<&str> = left.split(' ').collect();
        let asked = asked(question);
        assert_eq!(asked.units.values().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{question}");
    }
}

#[test]
fn other_languages_than_english_are_told_of_a_question() {
    for (question, foreign) in [
        ("how do I renew a certificate", false),
        ("wildcard certificate", false),
        ("wie erneuere ich ein Zertifikat", true),
        ("证书", true),
        ("证书 wildcard certificate renewal", false),
    ] {
        assert_eq!(asked(question).foreign, foreign, "{question}");
    }
}

#[test]
fn helpers_are_folded() {
    for helper in include_str!("helpers.txt").split_whitespace().filter(|word| !word.ends_with(':')) {
        assert_eq!(words(helper).iter().map(|word| word.text.as_str()).collect::<String>(), helper);
    }
}

/// What leaves words out by how they begin leaves out none that has the term.
#[test]
fn a_word_and_its_term_begin_alike() {
    let dying = "dying lying tying skies by early oing Yes yielding ueber Ärger aerger été eee ita æther";
    for language in Language::ALL {
        begin_alike(dying, language);
    }
    assert_eq!(start("gewerkt", Language::Dutch), None);
    assert_eq!(start("сертификат", Language::English), None);
}

fn begin_alike(text: &str, language: Language) {
    for word in words(text) {
        let (Some(term), Some((first, second))) = (term(text, &word, language), start(&word.text, language)) else {
            continue;
        };
        let of_term = start(&term, language);
        let alike = [Some((first, second)), Some((first, None))].contains(&of_term);
        assert!(alike, "{} as {term} in {language:?}: {of_term:?}", word.text);
    }
}

proptest! {
    #[test]
    fn any_word_and_its_term_begin_alike(text in "([a-zA-Zäéßñçœæïëêø']{1,14} ){0,8}|([aeioubcdy]{1,9}(ing|ed|ies|es|ment|ées|ció|ità)? ){0,8}|\\PC{0,40}") {
        for language in Language::ALL {
            begin_alike(&text, language);
        }
    }

    /// A word of a question that stands in a page is found there, whatever language either is taken for.
    #[test]
    fn a_word_meets_itself(text in "\\PC{0,80}|([a-zäéßñçа-яё]{1,12} ){0,6}|[\u{620}-\u{6d3} ]{0,30}|[\u{900}-\u{97f} ]{0,30}") {
        for (word, language) in words(&text).iter().zip(Language::ALL.into_iter().cycle()) {
            let mut asked = Asked::default();
            let said = asked.say(&text, word, &Language::ALL);
            let held = term(&text, word, language);
            prop_assert_eq!(said.is_some(), held.is_some());
            if let Some((said, held)) = said.zip(held) {
                prop_assert!(asked.forms(&said).any(|form| form == held), "{} of {:?}", held, asked);
            }
        }
    }
}
