//! Comparisons of notes.

use super::*;
use proptest::prelude::*;

const NOTE: &str = "# Log rotation\n\nThe server writes its log without a bound and the disk fills within a month.\n\n- Rotate: `logrotate -f /etc/logrotate.d/nats`\n- The timeout of the rotation is 30 seconds on staging.\n- Run the check before the rotation, then copy from alpha to beta.\n- Compression is enabled and the reload is not forced.\n";

#[track_caller]
fn same(left: &str, right: &str) {
    for (one, other) in [(left, right), (right, left)] {
        let verdict = compare(one, other);
        assert!(verdict.is_duplicate(), "{verdict:?} for {one:?} and {other:?}");
    }
}

#[track_caller]
fn differ(left: &str, right: &str) {
    for (one, other) in [(left, right), (right, left)] {
        let verdict = compare(one, other);
        assert!(!verdict.is_duplicate(), "{verdict:?} for {one:?} and {other:?}");
    }
}

#[test]
fn one_decisive_difference_keeps_two_notes_apart() {
    for (from, to) in [
        ("30 seconds", "90 seconds"),
        ("30 seconds", "30 minutes"),
        ("staging", "production"),
        ("before", "after"),
        ("enabled", "disabled"),
        ("is not forced", "is forced"),
        ("from alpha to beta", "from beta to alpha"),
        ("/etc/logrotate.d/nats", "/etc/logrotate.d/redis"),
        ("-f", "-d"),
        ("disk", "memory"),
        ("month", "week"),
        ("The server", "The client"),
        ("Compression is enabled and the reload is not", "Compression is not enabled and the reload is"),
        ("Rotate:", "Rotate only:"),
        ("# Log rotation", "# Log deletion"),
    ] {
        let other = NOTE.replace(from, to);
        assert_ne!(other, NOTE);
        differ(NOTE, &other);
    }
    differ("端口是8080。服务器把日志写到磁盘。", "端口是9090。服务器把日志写到磁盘。");
    differ("重启之前备份数据库，然后通知团队。", "重启之后备份数据库，然后通知团队。");
    differ("Le serveur écoute sur le port public de la machine", "Le serveur écoute sur le port privé de la machine");
    differ("सर्वर का पोर्ट सभी के लिए खुला है", "सर्वर का पोर्ट सभी के लिए बंद है");
    differ("الخادم يستمع على المنفذ العام دائما", "الخادم يستمع على المنفذ الخاص دائما");
}

#[test]
fn form_provenance_and_synonyms_make_no_difference() {
    assert_eq!(compare(NOTE, &NOTE.replace("\n- ", "\n* ")), Verdict::Same);
    same(NOTE, &format!("{NOTE}\nContext: useful for a runbook (edge-proxy, noted by heron on 2026-09-18).\n"));
    same(
        &format!("{NOTE}\nContext: useful for a runbook (edge-proxy, noted by heron on 2026-09-18).\n"),
        &format!(
            "{NOTE}\nContext: asked about in review (data-lake, noted by fjord on 2026-01-02). Keep a backup before trying this.\n"
        ),
    );
    same("Show the status of every service in the folder", "Display the status of all service in the directory");
    assert!(same_claim("Show the log.", "display the log"));
    assert!(!same_claim("Show the log.", "show the trace"));
    assert!(!same_claim("端口开放", "端口不开放"));
}

proptest! {
    #[test]
    fn a_comparison_is_symmetric(left in "([a-d0-9]{1,2} |\\PC|\n- ){0,20}", right in "([a-d0-9]{1,2} |\\PC|\n- ){0,20}") {
        prop_assert_eq!(compare(&left, &right).is_duplicate(), compare(&right, &left).is_duplicate());
        prop_assert_eq!(compare(&left, &left), Verdict::Same);
    }
}
