//! Tests of assertions.

use super::*;

fn one(text: &str) -> Assertion {
    let mut found = assertions(text);
    assert_eq!(found.len(), 1, "{text:?}: {found:?}");
    found.remove(0).0
}

#[track_caller]
fn check(left: &str, right: &str, contradicts: bool) {
    assert_eq!(one(left).contradicts(&one(right)), contradicts, "{left:?} and {right:?}");
    assert_eq!(one(right).contradicts(&one(left)), contradicts, "{right:?} and {left:?}");
}

#[test]
fn another_value_of_the_same_thing_contradicts() {
    check("The gateway listens on port 8080.", "The gateway now listens on port 9090.", true);
    check("The timeout is 30 seconds.", "The timeout is 60s.", true);
    check("The shop runs on `rosa`.", "The shop now runs on `emma`.", true);
    check("The shop runs on `rosa`.", "The mail runs on `emma`.", false);
    check("Turn on `gzip`.", "Turn on `brotli`.", false);
    check("The hall listens on port 80 and answers.", "The hall listens on port 81 and answers.", true);
    check("Port 80 is used by the gateway.", "Port 81 is used by the gateway.", false);
    check("The timeout is 30 seconds.", "The timeout is 30s!", false);
    check("- The cache of the proxy is enabled", "The cache of the proxy is disabled.", true);
    check("Backups are kept.", "Backups are no longer kept.", true);
    check("Der Dienst läuft auf Port 80.", "Der Dienst läuft jetzt auf Port 81.", true);
    check("The config lives in `/etc/a`.", "The config lives in `/opt/b`.", true);
    check("We run Python 3.11 on staging.", "We run Python 3.12 on staging.", false);
    check("On staging we run Python 3.11.", "On staging we run Python 3.12.", true);
}

#[test]
fn a_plain_word_is_a_value_where_a_thing_has_but_one() {
    check("The owner of the queue is team blue.", "The owner of the queue is team red.", true);
    check("The owner of the queue is the blue team.", "The owner of the queue is now the red team.", true);
    check("The index is rebuilt on Mondays.", "The index is rebuilt on Fridays.", true);
    check("The report is sent daily.", "The report is sent weekly.", true);
    check("The registry is public.", "The registry is now private.", true);
    check("The region of the store is Frankfurt.", "The region of the store is Dublin.", true);
    check("The default shell is bash.", "The default shell is zsh.", true);
    check("Der Index wird montags gebaut.", "Der Index wird freitags gebaut.", false);
    check("Le rapport part chaque lundi.", "Le rapport part chaque jeudi.", true);
}

#[test]
fn other_plain_words_are_none() {
    check("The queue is small.", "The queue is fast.", false);
    check("The owner of the queue is known.", "The owner of the queue is absent.", false);
    check("On Mondays the gateway is slow.", "On Fridays the gateway is slow.", false);
    check("The deploy failed on Monday.", "The deploy failed on Friday.", false);
    check("The registry is public.", "The registry is internal.", false);
    check("The queue is drained by the worker.", "The queue is drained by the scheduler.", false);
    check("The owner of the queue was team blue.", "The owner of the queue was team red.", false);
    check("The issue is open.", "The issue is closed.", false);
    check("The language is a tool for people.", "The language is a toy for people.", false);
}

#[test]
fn another_thing_does_not() {
    check("Lamp 1 in the hall is red.", "Lamp 2 in the hall is red.", false);
    check("Fact number 1.", "Fact number 2.", false);
    check("**[1] `host.id`:** It is not changed.", "**[2] `host.id`:** It is not changed.", false);
    check("The port of `a` is 80.", "The port of `b` is 81.", false);
    check("On prod the timeout is 30 s.", "On staging the timeout is 60 s.", false);
    check("The limit is 5 a day and 20 a week.", "The limit is 6 a day and 30 a week.", false);
    check("# Gateway\n\nThe port is 80.", "# Proxy\n\nThe port is 81.", false);
    check("# Gateway\n\nThe port is 80.", "# Gateway\n\nThe port is 81.", true);
    check("Backups are kept.", "Backups are kept.", false);
    check("Set the default: `nvm alias a`", "Set the default: `nvm use a`", false);
    check("Use `a@b`.", "Use `a@c`.", false);
    check("# 7z\n\nThe level is 3.", "# 7za\n\nThe level is 4.", false);
}

#[test]
fn a_sentence_says_that_something_changed() {
    for text in
        ["The port is now 81.", "The port is no longer 80.", "Le port n'est plus 80.", "Der Port ist nicht mehr 80."]
    {
        assert!(one(text).changes, "{text:?}");
    }
    for text in ["The port is 80.", "The port is not 80.", "Le port est 80 en plus."] {
        assert!(!one(text).changes, "{text:?}");
    }
}

#[test]
fn what_is_not_read_asserts_nothing() {
    for text in
        ["", "# Only a title", "```\nthe port is 80\n```", "端口是 8080。", "80", &"The port is 80. ".repeat(30)]
    {
        assert_eq!(assertions(text), [], "{text:?}");
    }
}
