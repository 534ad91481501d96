//! Tests of the detector. The values are put together here, so that no scanner takes this file for a leak.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expected: &[(&str, usize)]) {
    let found: Vec<(&str, usize)> = scan(text).iter().map(|finding| (finding.rule, finding.line)).collect();
    assert_eq!(found, expected, "for {text:?}");
}

#[track_caller]
fn held(text: &str) {
    assert!(!scan(text).is_empty(), "{text:?} is not held");
}

#[track_caller]
fn free(text: &str) {
    check(text, &[]);
}

const BODY: &str = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5";

#[test]
fn tokens_are_found_by_their_shape() {
    check(&format!("line\ntoken is {}{BODY} here", "ghp_"), &[("github-token", 2)]);
    check(&format!("key {}{}", "AKIA", "QXJ7RTVB2LMN4WYZ"), &[("aws-access-key", 1)]);
    check(&format!("a\nb\nc {}api03-{BODY}{BODY}", "sk-ant-"), &[("anthropic-key", 3)]);
    held(&format!("{}live_{BODY}", "sk_"));
    held(&format!("-----BEGIN OPENSSH {}-----\nabc", "PRIVATE KEY"));
    held(&format!("postgres://svc:{}@db.internal/app", "k3Jd9sQw"));
    held(&format!("Authorization: Basic {}", "YWRtaW46S2VzdHh5eiNhQjNkNDI="));
    held(&format!(
        "{}.{}.{}",
        "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    ));
}

#[test]
fn our_own_tokens_are_found() {
    for role in ["m", "s", "o"] {
        let token = format!("{}{role}_{BODY}q7Rt2Zk_{}", "cmn_", "0Ab9xZ");
        check(&format!("call it with\n`authorization: {token}`"), &[("commune-token", 2)]);
        held(&format!("COMMUNE_TOKEN={token}"));
        held(&token.chars().map(|char| format!("{char}\u{200b}")).collect::<String>());
        free(&token[..40]);
    }
    free("a token is `cmn_m_…`, as `commune token add` prints it; the rest is in cmn_notes_of_the_week_and_others");
}

#[test]
fn seeds_need_their_check_sum() {
    let seed = format!("{}{}", "SU", "ACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY");
    let valid = !scan(&seed).is_empty();
    let mut broken = seed.clone();
    broken.replace_range(10..11, if &seed[10..11] == "A" { "B" } else { "A" });
    assert!(valid, "a valid seed is held");
    free(&broken);
}

#[test]
fn assignments_and_prose_are_found_in_many_languages() {
    let value = format!("{}#aB3d42", "Kestxyz");
    for text in [
        "password = \"{}\"",
        "DB_PASSWORD={}",
        "The admin password is {}, keep it.",
        "Das Passwort lautet {} seit gestern",
        "le mot de passe est {}",
        "la contraseña es {}",
        "a senha é {}",
        "密码是{}。",
        "パスワードは{}です",
        "пароль: {}",
        "كلمة المرور {}",
        "पासवर्ड {} है",
        "use {} when it asks for the sudo password",
        "login as root / {} on the host",
        "curl -u admin:{} https://x.example",
    ] {
        held(&text.replace("{}", &value));
    }
    held("her PIN is 482913 for the printer");
    held("DB_PASSWORD = \"todopisodorema_4Z\"");
    held("the passphrase is orchid-lantern-gravel-pelican42");
}

#[test]
fn hidden_forms_are_found() {
    use base64::Engine;
    let token = format!("{}{BODY}", "ghp_");
    held(&token.chars().map(|char| format!("{char}\u{200b}")).collect::<String>());
    held(&base64::engine::general_purpose::STANDARD.encode(format!("token={token}")));
    held(&hex::encode(format!("token={token}")));
    held(&format!("{}\n    {}", &token[..20], &token[20..]));
    held(&format!("'{}' + '{}'", &token[..20], &token[20..]));
    held(&token.chars().rev().collect::<String>());
    held(&token.chars().map(|char| format!("%{:02X}", u32::from(char))).collect::<String>());
    held(&token.chars().map(|char| format!("&#{};", u32::from(char))).collect::<String>());
    held(&token.chars().filter_map(|char| char::from_u32(u32::from(char) + 0xFEE0)).collect::<String>());
}

#[test]
fn what_only_looks_like_a_secret_is_free() {
    for text in [
        "fixed in commit 3f2a9c1d8e7b6a5f4c3d2e1f0a9b8c7d6e5f4a3b",
        "password: ${DB_PASSWORD}",
        "api_key = \"<YOUR_API_KEY>\"",
        "DB_PASSWORD={{ .Values.db.password }}",
        "export GITHUB_TOKEN=$(vault kv get -field=token ci/gh)",
        "postgres://user:password@localhost:5432/db",
        "Rotate passwords every 90 days and never share API keys.",
        "The password is stored in 1Password under 'staging'; ask ops.",
        "The token bucket refills every 250 ms; secret sauce is the jitter.",
        "let api_key = env::var(\"API_KEY\")?;",
        "secretName: commune-db-credentials\nkey: password",
        "Das Passwort steht im Tresor.",
        "密码保存在密码库里。",
        "see the login page of Python3.12 and RFC-7519",
        "",
    ] {
        free(text);
    }
}

#[test]
fn a_large_text_is_scanned_soon() {
    for body in [
        "password ".repeat(7_000),
        "a".repeat(65_536),
        "x=".repeat(32_768),
        "&#".repeat(32_768),
        "%41".repeat(21_845),
        "eyJ".repeat(21_845),
        "://:".repeat(16_384),
    ] {
        let start = std::time::Instant::now();
        let _ = scan(&body);
        assert!(start.elapsed().as_millis() < 1_000, "{:?} took {:?}", &body[..4], start.elapsed());
    }
}

#[test]
fn encodings_within_encodings_are_undone() {
    use base64::Engine;
    let token = format!("{}{BODY}", "ghp_");
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    held(&base64(&base64(&token)));
    held(&base64(&hex::encode(&token)));
    held(&token.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>());
    held(&token.bytes().map(|byte| format!("\\u{{{byte:x}}}")).collect::<String>());
    held(&token.bytes().map(|byte| format!("{byte:02x}:")).collect::<String>());
    let wrapped = base64(&format!("the token is {token}, keep it"));
    held(&format!("{}\n{}\n{}", &wrapped[..24], &wrapped[24..48], &wrapped[48..]));
    held(&token.replace('_', "&lowbar;"));
    held(&format!("| {} |\n| {} |", &token[..20], &token[20..]));
    held(&format!("> {}\n> {}", &token[..20], &token[20..]));
}

#[test]
fn a_text_that_expands_beyond_the_bound_is_held() {
    // one character of three bytes that stands for eighteen
    let dense = "\u{fdfa}".repeat(200);
    free("one such character \u{fdfa} in a sentence is nothing unusual");
    check(&dense, &[("expands-too-much", 1)]);
}

#[test]
fn a_secret_has_the_same_fingerprint_in_every_form() {
    let token = format!("{}{BODY}", "ghp_");
    let key = Key::parse(&"0f".repeat(32)).unwrap();
    let first = |text: &str| scan_with(text, Some(&key)).remove(0).fingerprint;
    assert_eq!(first(&token), first(&hex::encode(&token)));
    assert_ne!(first(&token), first(&token.replace("aB3", "aB4")));
    assert!(scan(&token).iter().all(|finding| finding.fingerprint.is_empty()));
}

proptest! {
    #[test]
    fn all_views_together_are_bounded(text in "(\\PC|[\n%&#=:'\"]|\u{fdfa}|[0-9a-f]{16,40}|[A-Za-z0-9+/]{20,60}|\\\\x41|&#65;|%41){0,60}") {
        let views = views::views(&text);
        let total: usize = views.all.iter().map(|view| view.text.len()).sum();
        prop_assert!(total <= views::EXPANSION * text.len(), "{total} of {}", text.len());
    }

    #[test]
    fn any_text_can_be_scanned(text in "(\\PC|[\n%&#=:'\"]|password|token=){0,80}") {
        let lines = text.split('\n').count();
        for finding in scan(&text) {
            prop_assert!((1..=lines).contains(&finding.line));
        }
    }
}
