//! What names or finds a person, and what only looks like it.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let names = Names::new(&["Ada Lovelace", "李雷", "Bo"]);
    let found: Vec<&str> = scan(text, &names).iter().map(|finding| finding.rule).collect();
    assert_eq!(found, expected, "{text:?}");
}

#[track_caller]
fn free(text: &str) {
    check(text, &[]);
}

#[test]
fn mail_addresses_of_people() {
    check("write to ada.lovelace@analytical.io", &["email"]);
    check("ada [at] analytical [dot] io knows", &["email"]);
    check("<mailto:charles+engine@babbage.ac.uk>", &["email"]);
    for text in [
        "write to support@analytical.io or no-reply@shop.io",
        "ada@example.org",
        "git@github.com:org/repo.git",
        "left-pad@1.2.3",
        "logo@2x.png",
        "user@host prompt",
        "systemctl start getty@tty1.service",
        "foo@bar::baz",
        "noreply@localhost",
        "@agent-17 said",
        "1234+ada@users.noreply.github.com",
    ] {
        free(text);
    }
}

#[test]
fn telephone_numbers() {
    for text in [
        "+49 170 1234567",
        "call +1 (212) 555-0147",
        "(415) 867-5309",
        "415-867-5309",
        "0049 30 901820",
        "Tel. 030/901820-11",
        "01 42 68 53 00",
        "手机：13800138000",
        "phone: 02079460123",
        "tel:+442079460123",
    ] {
        check(text, &["phone"]);
    }
    for text in [
        "v1.2.3 to +1.2.4",
        "ISBN 978-0-13-468599-1",
        "2026-11-23T02:40:00Z",
        "1-800 lines of log",
        "took 123-45-678 ms",
        "+15 -3 lines",
        "call depth 555-0100",
        "token count 123456789",
        "sum +1000000",
        "01 02 03 04 05 06 07",
        "uuid 8b7f0f1e-1c0a-4c55-9e7e-1d7d7a9c0e11",
    ] {
        free(text);
    }
}

#[test]
fn cards_and_accounts_have_check_sums() {
    check("paid with 4111 1111 1111 1111.", &["card"]);
    check("amex 378282246310005", &["card"]);
    check("IBAN DE89 3704 0044 0532 0130 00 bitte", &["bank-account"]);
    check("gb82west12345698765432", &["bank-account"]);
    check("SSN: 078-05-1120", &["social-security"]);
    for text in [
        "seq 4111111111111112",
        "order 4111-2222-0001",
        "DE89 3704 0044 0532 0130 01",
        "id 41111111111111110",
        "ab12 cdef ghij klmn",
    ] {
        free(text);
    }
}

#[test]
fn postal_addresses() {
    for text in [
        "lives at 221 Baker Street",
        "12 Elm St, Springfield, IL 62704",
        "Hauptstraße 12",
        "Berliner Allee 7a",
        "12 bis, rue de la Paix",
        "Calle Mayor 14",
        "Via Roma 3",
        "Rua Augusta, 120",
        "Keizersgracht 174",
        "ул. Ленина, д. 5",
        "中山路12号",
        "〒100-0001",
    ] {
        check(text, &["address"]);
    }
    for text in ["3 Way Handshake", "a 404 page", "Chapter 12 Street smarts", "the critical path 3"] {
        free(text);
    }
}

#[test]
fn machines_of_a_private_network() {
    for text in [
        "db at 10.3.12.7:5432",
        "192.168.178.23",
        "172.20.4.9",
        "http://vault.acme.corp/ui",
        "ssh build-7.internal",
        "fd12:3456::7",
    ] {
        check(text, &["private-host"]);
    }
    check("ssh root@11.22.33.44", &["login-address"]);
    for text in [
        "192.0.2.7 and 198.51.100.3",
        "10.0.0.0/8 is private",
        "listen on 0.0.0.0:80 or 127.0.0.1",
        "v10.0.3.1",
        "2001:db8::/32",
        "http://host.docker.internal:8080",
        "svc.cluster.local",
        "settings.local.json",
        ".env.local",
        "fd00::/8",
        "ssh me@127.0.0.1",
        "ssh root@203.0.113.7",
        "jdk.internal.misc",
        "std::internal",
        "192.168.0.0/16",
    ] {
        free(text);
    }
}

#[test]
fn home_folders() {
    check("It lies in /home/ada/notes.", &["home-path"]);
    check("It lies in C:\\Users\\Ada\\notes.", &["home-path"]);
    free("Run `ls ~/.config`, or /home/user/x, or /home/$USER, see https://example.org/home/news");
}

#[test]
fn names_of_the_roster() {
    check("asked Ada  Lovelace\nabout it", &["name"]);
    check("ADA LOVELACE's engine; Ａｄａ Lovelace", &["name"]);
    check("问了李雷才知道", &["name"]);
    check("Bo said so.", &["name"]);
    for text in ["Boat, bo_2, bo-tree, src/bo.rs, @bo/core", "ada_lovelace.rs", "Lovelace, Ada"] {
        free(text);
    }
    assert_eq!(scan("a\nb\nAda Lovelace", &Names::new(&["Ada Lovelace"]))[0].line, 3);
    assert!(scan("Ada Lovelace", &Names::default()).is_empty());
}

proptest! {
    #[test]
    fn any_text_can_be_scanned(text in "(\\PC|[\n@+.:/-]|[0-9]{1,4}|10\\.|/home/|bo|corp){0,60}") {
        let lines = text.split('\n').count();
        for finding in scan(&text, &Names::new(&["Bo"])) {
            prop_assert!((1..=lines).contains(&finding.line));
        }
    }
}
