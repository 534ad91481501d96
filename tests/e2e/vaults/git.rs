//! The library as a git repository: each revision a commit, what is new and nothing else, and git finds nothing wrong.

use std::{fs, path::Path, process::Output};

use commune_bus::StreamName;
use commune_proto::librarian::v1::{Article, ListArticlesRequest};
use commune_tests::support::{A_NIGHT, Commune, Plan};

use super::{article, files, page, run, run_in, told, write};

/// Runs git in a folder.
fn git(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new("git");
    command.arg("-C").arg(dir).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.output().expect("git can be run")
}

/// What git prints, which ends well.
pub(super) fn says(dir: &Path, arguments: &[&str]) -> String {
    let output = git(dir, arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Nothing is wrong with a repository, and its files are what is committed.
pub(super) fn is_sound(dir: &Path) {
    let output = git(dir, &["fsck", "--strict", "--full"]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let bad: Vec<&str> =
        said.lines().filter(|line| !line.starts_with("notice:") && !line.contains("Checking")).collect();
    assert!(output.status.success() && bad.is_empty(), "{said}");
    assert_eq!(says(dir, &["status", "--porcelain"]), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_revision_is_a_commit() {
    let commune = Commune::start(Plan::one()).await;
    page(&commune, "how-to/renew", "Renew a certificate", "With certbot.").await;
    page(&commune, "how-to/reload", "Reload the proxy", "As [[how-to/renew]] says.").await;
    for (agent, text) in [
        ("bo", "---\nkind: lesson\ntitle: Descale the kettle\n---\nDescale the kettle with citric acid each month.\n"),
        ("cy", "---\nkind: lesson\ntitle: Descale the kettle\n---\nRinse the kettle twice after it was descaled.\n"),
    ] {
        commune.say(agent, "note", "kettle", text).await;
    }
    commune.quiet().await;
    let night = commune.night();
    commune.run_night(night, A_NIGHT).await;
    let revisions = commune.bus.read(StreamName::Library, &[], 1_000).await.unwrap().len();

    let folder = tempfile::tempdir().unwrap();
    let (dir, vault) = (folder.path().join("history"), folder.path().join("vault"));
    let (to, to_vault) = (dir.to_str().unwrap(), vault.to_str().unwrap());
    let first = told(&commune, &["export", "git", to], 0).await;
    assert_eq!(first["commits"]["new"], revisions, "{first}");
    is_sound(&dir);
    assert_eq!(says(&dir, &["rev-list", "--count", "main"]).trim(), revisions.to_string());
    told(&commune, &["export", "vault", to_vault], 0).await;
    assert_eq!(files(&dir), files(&vault), "the files are those of the vault");

    // who, when, and why
    let log = says(&dir, &["log", "--format=%an|%ae|%aI|%s", "--", "how-to/renew.md"]);
    assert!(log.starts_with("ada|ada@agents.commune.invalid|") && log.trim().ends_with("|imported by ada"), "{log}");
    let kettle = says(&dir, &["log", "--format=%an|%as|%(trailers:key=Co-authored-by,valueonly)", "--", "lessons"]);
    let lines: Vec<&str> = kettle.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.iter().all(|line| line.contains("bo") || line.contains("cy")), "{kettle}");
    assert!(lines.iter().any(|line| line.contains(&format!("|{night}|"))), "{kettle}");
    assert!(kettle.contains("cy") && kettle.contains("bo"), "{kettle}");

    // the same library gives the same commits, and a second export adds only what is new
    let other = folder.path().join("other");
    told(&commune, &["export", "git", other.to_str().unwrap()], 0).await;
    assert_eq!(says(&dir, &["rev-parse", "main"]), says(&other, &["rev-parse", "main"]));
    let again = told(&commune, &["export", "git", to], 0).await;
    assert_eq!(again["commits"]["new"], 0, "{again}");
    let before = says(&dir, &["rev-parse", "main"]);
    page(&commune, "how-to/renew", "Renew a certificate", "With certbot, or by hand.").await;
    let gone =
        Article { withdrawn_on: "2026-02-14".into(), body: String::new(), ..article("how-to/reload", "", "", 2) };
    let standing = commune.library().await.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner();
    write(&commune, gone, "withdrawn", standing.total_size - 1).await;
    fs::write(dir.join("mine.md"), "a file of my own\n").unwrap();
    let more = told(&commune, &["export", "git", to], 0).await;
    assert_eq!(more["commits"]["new"], 2, "{more}");
    assert_eq!(says(&dir, &["rev-parse", "main~2"]), before);
    assert!(!dir.join("how-to/reload.md").exists() && dir.join("mine.md").exists());
    fs::remove_file(dir.join("mine.md")).unwrap();
    is_sound(&dir);
    told(&commune, &["export", "vault", to_vault], 0).await;
    assert_eq!(files(&dir), files(&vault));

    // what is changed by hand stays, where nothing else is to stand there; and stops the files, not the commits, where it would
    fs::write(dir.join("how-to/renew.md"), "mine\n").unwrap();
    page(&commune, "how-to/other", "Other", "Text.").await;
    let kept = told(&commune, &["export", "git", to], 0).await;
    assert_eq!(kept["changed_by_hand"], serde_json::json!(["how-to/renew.md"]), "{kept}");
    page(&commune, "how-to/renew", "Renew a certificate", "By hand.").await;
    let stopped = run(&commune, &["export", "git", to]).await;
    assert!(stopped.code == 5 && stopped.stderr.contains("refs/commune/exported"), "{}", stopped.stderr);
    assert_eq!(fs::read_to_string(dir.join("how-to/renew.md")).unwrap(), "mine\n");
    says(&dir, &["checkout", "--quiet", "how-to/renew.md"]);
    told(&commune, &["export", "git", to], 0).await;
    is_sound(&dir);
    assert_eq!(says(&dir, &["rev-list", "--count", "main"]).trim(), (revisions + 4).to_string());

    // a secret is in no commit
    let secret = format!("The key is AKIA{}.", "Z7QX3MNB5TRW2LKD");
    write_past(&commune, &secret).await;
    let held = told(&commune, &["export", "git", to], 5).await;
    assert_eq!(held["held"][0]["what"], "how-to/key@1", "{held}");
    assert!(!says(&dir, &["log", "-p", "--all"]).contains("AKIA"));
    is_sound(&dir);

    // what is no export's is left alone, and where git is missing that is said
    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("x"), "x").unwrap();
    let refused = run(&commune, &["export", "git", foreign.to_str().unwrap()]).await;
    assert!(refused.code == 5 && refused.stderr.contains("neither empty nor a git repository"), "{}", refused.stderr);
    let missing = run_in(&commune, &["export", "git", to], &[("PATH", "/nowhere")]).await;
    assert!(missing.code == 3 && missing.stderr.contains("the program git was not found"), "{}", missing.stderr);
    let other = Commune::start(Plan::one()).await;
    page(&other, "a/b", "Another library", "Text.").await;
    let refused = run(&other, &["export", "git", to]).await;
    assert!(refused.code == 5 && refused.stderr.contains("the history of another library"), "{}", refused.stderr);
    other.finish().await;
    commune.finish().await;
}

/// A page with a secret, past every gate.
async fn write_past(commune: &Commune, text: &str) {
    let mut library = commune.library().await;
    let listed = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner().total_size;
    write(commune, article("how-to/key", "A key", text, 1), "new", listed + 1).await;
}
