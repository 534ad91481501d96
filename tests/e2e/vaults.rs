//! What goes out of the commune into folders, and comes back: nothing is lost, nothing is written outside, nothing changes by coming back.

mod git;
mod round;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::symlink,
    path::Path,
};

use commune_bus::{Outgoing, StreamName, subject};
use commune_knowledge::document;
use commune_proto::{
    ArticlePath, content_id,
    librarian::v1::{Article, ArticleCurated, ImportArticleRequest, ListArticlesRequest},
};
use commune_tests::{
    A_WHILE, eventually,
    support::{Commune, LONG_NIGHT, Plan, now, process::program},
};
use serde_json::Value;
use tokio::process::Command;

/// How a command ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the program `commune` against this commune.
async fn run(commune: &Commune, arguments: &[&str]) -> Ended {
    run_in(commune, arguments, &[]).await
}

/// The same with variables.
async fn run_in(commune: &Commune, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(program("commune"));
    command.arg("--home").arg(commune.folder().join("cli")).arg("--nats").arg(commune.server.url());
    command.arg("--library").arg(format!("http://{}", commune.librarian[0].grpc));
    command.arg("--memory").arg(format!("http://{}", commune.selfcare[0].grpc));
    command.arg("--operator-key").arg(commune.server.seed_file());
    let output =
        command.args(arguments).envs(environment.iter().copied()).output().await.expect("commune can be started");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a command that ends with this code, and reads what it told as JSON.
async fn told(commune: &Commune, arguments: &[&str], code: i32) -> Value {
    let ended = run(commune, &[arguments, &["--json"]].concat()).await;
    assert_eq!(ended.code, code, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).expect("one object")
}

/// Puts a page into the library.
async fn page(commune: &Commune, path: &str, title: &str, body: &str) {
    let article = Article {
        path: path.into(),
        title: title.into(),
        body: format!("# {title}\n\n{body}\n"),
        tags: vec!["log rotation".into()],
        aliases: vec![format!("other name of {}", path.replace('/', " "))],
        ..Article::default()
    };
    let import = ImportArticleRequest { article: Some(article), agent: "ada".into(), source: String::new() };
    commune.library().await.import_article(import).await.unwrap();
}

/// Writes a revision as a librarian would, past every gate, and waits until so many pages stand.
async fn write(commune: &Commune, article: Article, reason: &str, standing: i32) {
    let path: ArticlePath = article.path.parse().unwrap();
    let id = content_id(&["story", path.as_str(), &article.revision.to_string()]);
    let curated = ArticleCurated { article: Some(article), reason: reason.into(), ..ArticleCurated::default() };
    let event = Outgoing::event(subject::article_curated(&path), &id, "story", now(), &curated);
    commune.bus.publish(event).await.unwrap();
    let library = commune.library().await;
    eventually(A_WHILE, "the revision is read", || {
        let mut library = library.clone();
        async move {
            let listed = library.list_articles(ListArticlesRequest::default()).await;
            listed.is_ok_and(|listed| listed.get_ref().total_size == standing)
        }
    })
    .await;
}

/// Every file below a folder, without hidden ones, with its text.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let shown = |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_entry(shown).map(Result::unwrap);
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (path, fs::read_to_string(entry.path()).unwrap())
    };
    entries.filter(|entry| entry.file_type().is_file()).map(read).collect()
}

/// Links of a vault to no file: the page and the target.
fn dead_links(files: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let mut dead = BTreeSet::new();
    for (file, text) in files.iter().filter(|(file, _)| file.ends_with(".md")) {
        let body = document::Document::parse(text).unwrap().body;
        let links = document::wikilinks(&body).into_iter();
        dead.extend(links.filter(|to| !files.contains_key(&format!("{to}.md"))).map(|to| (file.clone(), to)));
    }
    dead
}

/// The last revision of the library.
async fn last(commune: &Commune) -> u64 {
    commune.bus.last_sequence(StreamName::Library).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_goes_into_a_vault_and_comes_back_unchanged() {
    let commune = Commune::start(Plan::one()).await;
    page(&commune, "how-to/renew", "Renew: \"the\" certificate", "Then [[how-to/reload]], see [[the obelisk]].").await;
    page(&commune, "how-to/reload", "Reload the proxy", "Nothing more, said `[[code]]`.").await;
    page(&commune, "how-to", "How to", "All of [[how-to/renew]].").await;
    page(&commune, "a/b/index", "An index", "A page of this name.").await;
    let gone = Article { redirect_to: "how-to/renew".into(), ..article("tls/renew", "Renewing", "", 1) };
    write(&commune, gone, "merged", 4).await;

    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("deep/vault");
    let to = dir.to_str().unwrap();
    let first = told(&commune, &["export", "vault", to], 0).await;
    assert_eq!((&first["pages"], &first["files"]["new"]), (&4.into(), &8.into()), "{first}");
    let written = files(&dir);
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "a.md",
            "a/b.md",
            "a/b/index.md",
            "how-to.md",
            "how-to/reload.md",
            "how-to/renew.md",
            "index.md",
            "tls/renew.md"
        ]
        .into_iter()
        .collect::<Vec<_>>(),
        "a page for each path, and one for each folder that has none"
    );
    let renew = &written["how-to/renew.md"];
    assert!(
        renew.starts_with("---\ntitle: \"Renew: \\u0022the\\u0022 certificate\"\ncommune: \"how-to/renew\"\n"),
        "{renew}"
    );
    assert!(
        renew.contains("\nrevision: 1\nnight: \"import\"\n") && renew.contains("\ntags: [\"log rotation\"]\n"),
        "{renew}"
    );
    assert!(renew.contains("\ncontributors: [\"ada\"]\n") && renew.contains("\naliases: [\"other name of"), "{renew}");
    assert!(written["tls/renew.md"].ends_with("This page went to [[how-to/renew]].\n"));
    assert!(written["index.md"].contains("- [[how-to|How to]]"), "{}", written["index.md"]);

    // every dead link is one that the library lists
    let listed = round::listed(&commune).await;
    for (file, to) in dead_links(&written) {
        assert!(
            listed.get(&file).is_some_and(|what| what.contains(&to)),
            "{file} leads to {to}, which nobody lists: {listed:?}"
        );
    }

    // the same again writes nothing, and what is brought back changes nothing
    let made = |file: &str| fs::metadata(dir.join(file)).unwrap().modified().unwrap();
    let before = made("how-to/renew.md");
    let again = told(&commune, &["export", "vault", to], 0).await;
    assert_eq!((&again["files"]["same"], &again["files"]["new"]), (&8.into(), &0.into()), "{again}");
    assert_eq!(made("how-to/renew.md"), before);
    let sequence = last(&commune).await;
    let back = told(&commune, &["import", to, "--agent", "bo"], 0).await;
    assert_eq!((&back["already_there"], &back["new"], &back["updated"]), (&4.into(), &0.into(), &0.into()), "{back}");
    assert_eq!((&back["refused"], last(&commune).await), (&0.into(), sequence), "{back}");

    // in an empty library it is the same again
    let other = Commune::start(Plan::one()).await;
    told(&other, &["import", to, "--agent", "ada"], 0).await;
    let copy = folder.path().join("copy");
    told(&other, &["export", "vault", copy.to_str().unwrap()], 0).await;
    let body = |text: &str| document::Document::parse(text).unwrap().body;
    for (file, text) in files(&copy) {
        let same = file == "index.md" || body(&text) == body(&written[&file]);
        assert!(same, "{file} came back as {text}");
    }
    other.finish().await;
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_stays_in_its_folder_and_leaves_alone_what_is_not_its_own() {
    let commune = Commune::start(Plan::one()).await;
    for name in ["a", "b", "c", "d"] {
        page(&commune, &format!("notes/{name}"), &format!("Page {name}"), "Text.").await;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("vault");
    let to = dir.to_str().unwrap();
    told(&commune, &["export", "vault", to], 0).await;

    // one file is changed by hand, one was there before, one is a link out, one folder is a link out
    let precious = folder.path().join("precious.md");
    let outside = folder.path().join("outside");
    fs::write(&precious, "precious\n").unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(dir.join("notes/a.md"), "mine\n").unwrap();
    fs::remove_file(dir.join("notes/b.md")).unwrap();
    symlink(&precious, dir.join("notes/b.md")).unwrap();
    fs::create_dir(dir.join("mine")).unwrap();
    fs::write(dir.join("mine/own.md"), "mine, too\n").unwrap();
    symlink(&outside, dir.join("away")).unwrap();
    page(&commune, "away/e", "Page e", "Text.").await;
    for name in ["a", "b", "c"] {
        page(&commune, &format!("notes/{name}"), &format!("Page {name}"), "Text, and more.").await;
    }
    let d = Article { withdrawn_on: "2026-02-14".into(), body: String::new(), ..article("notes/d", "", "", 2) };
    write(&commune, d, "withdrawn", 4).await;
    let second = told(&commune, &["export", "vault", to], 0).await;
    let kept: BTreeSet<&str> =
        second["files"]["kept"].as_array().unwrap().iter().map(|k| k["file"].as_str().unwrap()).collect();
    assert_eq!(kept, BTreeSet::from(["away/e.md", "notes/a.md", "notes/b.md"]), "{second}");
    assert_eq!(second["files"]["removed"], 1, "{second}");
    let read = |file: &str| fs::read_to_string(dir.join(file)).unwrap();
    assert_eq!((read("notes/a.md").as_str(), read("mine/own.md").as_str()), ("mine\n", "mine, too\n"));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "nothing is written through a link");
    assert!(read("notes/c.md").contains("and more") && !dir.join("notes/d.md").exists());

    // a manifest that names what is elsewhere takes nothing away
    let manifest = dir.join(".commune-vault.json");
    let hash = "4f6a1ef2a2a3b1d1a5c8b2f2d4b64c1f7f1ea1c9ac2b7ad0b0e7a0f0a4dcb3f1";
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("{\n", &format!("{{\n \"coming\": {{\"../precious.md\": \"{hash}\"}},\n"), 1))
        .unwrap();
    let refused = run(&commune, &["export", "vault", to]).await;
    assert_eq!(refused.code, 5, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`../precious.md` is no file of an export") && precious.exists(),
        "{}",
        refused.stderr
    );
    fs::write(&manifest, text).unwrap();

    // a page that holds a secret is not written, and what was written of it goes
    let secret = format!("The key is AKIA{}.", "Z7QX3MNB5TRW2LKD");
    write(&commune, article("notes/f", "Page f", "Text.", 1), "new", 5).await;
    told(&commune, &["export", "vault", to], 0).await;
    assert!(dir.join("notes/f.md").exists());
    write(&commune, article("notes/f", "Page f", &secret, 2), "changed", 5).await;
    write(&commune, article("notes/g", "Page g", "Text.", 1), "new", 6).await;
    let held = told(&commune, &["export", "vault", to], 5).await;
    assert_eq!(held["held"][0]["what"], "notes/f", "{held}");
    assert!(held["held"][0]["reason"].as_str().unwrap().ends_with("looks like a secret (aws-access-key)"), "{held}");
    assert!(!dir.join("notes/f.md").exists() && dir.join("notes/g.md").exists());
    assert!(!read("notes.md").contains("notes/f"), "what is not there is not listed");
    commune.finish().await;
}

/// A revision of a page as the librarian stores it.
fn article(path: &str, title: &str, text: &str, revision: u32) -> Article {
    Article {
        path: path.into(),
        title: title.into(),
        kind: commune_proto::librarian::v1::ArticleKind::Article.into(),
        body: if text.is_empty() { String::new() } else { format!("# {title}\n\n{text}\n") },
        contributors: vec!["ada".into()],
        revision,
        night: "2026-02-14".into(),
        curated_at: "2026-02-15T11:00:00Z".into(),
        ..Article::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_kept_is_brought_in_once() {
    let commune = Commune::start(Plan::one()).await;
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("import");
    let empty = Value::Array(Vec::new());
    for (path, layout, found, alone) in [
        ("openclaw", "notes", 4, 1),
        ("claude-code/memory", "notes", 3, 0),
        ("basic-memory", "notes", 2, 1),
        ("mem0.json", "notes", 2, 1),
        ("mcp-memory-service.json", "notes", 3, 0),
        ("obsidian", "articles", 1, 1),
        ("quartz", "articles", 2, 1),
        ("llms/llms.txt", "articles", 3, 1),
    ] {
        let path = samples.join(path);
        let import = ["import", path.to_str().unwrap(), "--agent", "ada"];
        let dry = told(&commune, &[&import[..], &["--dry-run"]].concat(), 0).await;
        assert_eq!((&dry["layout"], &dry["found"], &dry["new"]), (&layout.into(), &found.into(), &0.into()), "{dry}");
        let first = told(&commune, &import, 0).await;
        let counts = (&first["new"], &first["left_alone"], &first["refused"]);
        assert_eq!(counts, (&found.into(), &alone.into(), &0.into()), "{path:?}: {first}");
        let again = told(&commune, &import, 0).await;
        assert_eq!((&again["new"], &again["already_there"]), (&0.into(), &found.into()), "{path:?}: {again}");
        assert_ne!(first["files"], empty);
    }
    let mut library = commune.library().await;
    let listed = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner().articles;
    let paths: Vec<&str> = listed.iter().map(|article| article.path.as_str()).collect();
    assert_eq!(paths, ["docs/airing", "docs/watering", "greenhouse-handbook", "index", "prune-a-vine", "sowing"]);

    // the notes are the agent's: tidied by night, recalled, and what is private stays so
    commune.run_night(commune.night(), LONG_NIGHT).await;
    let recalled = run(&commune, &["recall", "ada", "which port has the greenhouse controller?"]).await;
    assert!(recalled.code == 0 && recalled.stdout.contains("8443"), "{}{}", recalled.stdout, recalled.stderr);
    let notes = run(&commune, &["memory", "ada", "--state", "all", "--json"]).await;
    let notes: Vec<Value> = notes.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |words: &str| notes.iter().find(|note| note["text"].as_str().unwrap().contains(words)).expect(words);
    assert_eq!(of("third pot")["visibility"], "private");
    assert_eq!(
        (&of("first of each month")["kind"], &of("first of each month")["logged_on"]),
        (&"decision".into(), &commune.date_of("2026-01-05T20:00:00Z").into())
    );
    assert_eq!((&of("port 5433")["title"], &of("port 5433")["kind"]), (&"staging-database".into(), &"fact".into()));
    assert_eq!(of("the result first")["kind"], "preference");
    assert_eq!(of("hums and does not turn")["kind"], "fix");

    // one file that is nothing of this
    let other = samples.join("quartz/quartz.config.ts");
    let refused = run(&commune, &["import", other.to_str().unwrap(), "--agent", "ada"]).await;
    assert!(refused.code == 2 && refused.stderr.contains("commune note ada --file"), "{}", refused.stderr);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_takes_its_own_memory_along() {
    let commune = Commune::start(Plan::one()).await;
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("chart.svg");
    fs::write(&chart, "<svg/>\n").unwrap();
    let stored = run(&commune, &["artifact", "ada", chart.to_str().unwrap(), "--description", "The loop"]).await;
    assert_eq!(stored.code, 0, "{}", stored.stderr);
    let secret = format!("The key is AKIA{}.", "Z7QX3MNB5TRW2LKD");
    for (id, text) in [
        ("port", "---\nkind: fact\nkey: port\ndate: 2026-01-05\n---\nThe controller listens on port 8443.\n"),
        ("again", "---\nkind: fact\nkey: port\ndate: 2026-01-06\n---\nThe controller listens on port 9443.\n"),
        ("key", &format!("---\nkind: fact\nvisibility: private\n---\n{secret}\n")),
    ] {
        commune.say("ada", "note", id, text).await;
    }
    commune.say("bo", "note", "tea", "---\nkind: preference\n---\nPrefers green tea.\n").await;
    commune.quiet().await;
    let dir = folder.path().join("ada");
    let to = dir.to_str().unwrap();
    let nobody =
        run(&commune, &["export", "workspace", "nobody", folder.path().join("nobody").to_str().unwrap()]).await;
    assert_eq!(nobody.code, 3, "{}", nobody.stderr);
    commune.run_night(commune.night(), LONG_NIGHT).await;

    let first = run(&commune, &["export", "workspace", "ada", to, "--json"]).await;
    assert_eq!(first.code, 5, "one note holds a secret: {}{}", first.stdout, first.stderr);
    let written = files(&dir);
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    assert!(written["archive/port.md"].contains("state: \"superseded\"\ninto: \"again\""), "{names:?}");
    assert!(written["notes/again.md"].contains("---\nThe controller listens on port 9443."), "{names:?}");
    assert!(written["memory/2026-01-06.md"].contains("9443"), "{names:?}");
    let artifact = written.iter().find(|(name, _)| name.starts_with("artifacts/") && name.ends_with("/chart.svg"));
    assert_eq!(artifact.expect("the artifact").1, "<svg/>\n");
    for (name, text) in &written {
        assert!(!text.contains("AKIA"), "{name} holds the secret");
    }

    // the same again writes nothing, and none of it is taken for something that was learned
    let again = told(&commune, &["export", "workspace", "ada", to], 5).await;
    assert_eq!((&again["files"]["new"], &again["files"]["changed"]), (&0.into(), &0.into()), "{again}");
    let before = commune.bus.last_sequence(StreamName::Agents).await.unwrap();
    let back = told(&commune, &["import", to, "--agent", "ada"], 0).await;
    assert_eq!((&back["found"], &back["new"], &back["refused"]), (&0.into(), &0.into(), &0.into()), "{back}");
    assert_eq!(commune.bus.last_sequence(StreamName::Agents).await.unwrap(), before);

    // a brief without a secret stands where an agent looks for it, and is no memory of anybody either
    let dir = folder.path().join("bo");
    told(&commune, &["export", "workspace", "bo", dir.to_str().unwrap()], 0).await;
    let brief = fs::read_to_string(dir.join("MEMORY.md")).unwrap();
    assert!(brief.starts_with("<!-- written by commune") && brief.contains("green tea"), "{brief}");
    let back = told(&commune, &["import", dir.to_str().unwrap(), "--agent", "bo"], 0).await;
    assert_eq!((&back["found"], &back["refused"]), (&0.into(), &0.into()), "{back}");
    commune.finish().await;
}
