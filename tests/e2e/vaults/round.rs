//! Round trips over real pages and a real workspace: import, export, import; nothing changes, nothing is lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Instant,
};

use commune_bus::StreamName;
use commune_proto::librarian::v1::CheckLibraryRequest;
use commune_tests::support::{Commune, LONG_NIGHT, Plan};
use serde_json::Value;

use super::{
    dead_links, files,
    git::{is_sound, says},
    last, told,
};

/// Pages, unless `ROUND_TRIP_PAGES` says how many.
const PAGES: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_pages_go_out_and_come_back_unchanged() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let (corpus, workspace) = (data.join("retrieval/wikirev/corpus.jsonl"), data.join("workspaces/lobsterops"));
    let Ok(corpus) = fs::read_to_string(corpus) else {
        println!("skipped: no real pages here");
        return;
    };
    let wanted = std::env::var("ROUND_TRIP_PAGES").ok().and_then(|pages| pages.parse().ok()).unwrap_or(PAGES);
    let folder = tempfile::tempdir().unwrap();
    let wiki = folder.path().join("wiki");
    let lines: Vec<&str> = corpus.lines().collect();
    for line in lines.iter().step_by((lines.len() / wanted).max(1)).take(wanted) {
        let page: Value = serde_json::from_str(line).unwrap();
        let file = wiki.join(page["_id"].as_str().unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, format!("# {}\n\n{}\n", page["title"].as_str().unwrap(), page["text"].as_str().unwrap()))
            .unwrap();
    }
    let commune = Commune::start(Plan::one().cap(500)).await;
    let mut timed = BTreeMap::new();
    let mut time = |what: &'static str, since: Instant| _ = timed.insert(what, since.elapsed().as_millis());

    let from = Instant::now();
    let brought = told(&commune, &["import", wiki.to_str().unwrap(), "--agent", "ada", "--as", "library"], 0).await;
    time("import", from);
    let count = |what: &str| brought[what].to_string();
    let counts = ["new", "updated", "left_alone", "refused"].map(|what| format!("{} {what}", count(what)));
    println!("import of {wanted}: {}", counts.join(", "));
    told(&commune, &["import", workspace.to_str().unwrap(), "--agent", "ralph"], 0).await;
    commune.run_night(commune.night(), LONG_NIGHT * 4).await;

    let (vault, history) = (folder.path().join("vault"), folder.path().join("history"));
    let (to_vault, to_history) = (vault.to_str().unwrap(), history.to_str().unwrap());
    let from = Instant::now();
    let out = told(&commune, &["export", "vault", to_vault], 0).await;
    time("vault", from);
    let from = Instant::now();
    told(&commune, &["export", "vault", to_vault], 0).await;
    time("vault again", from);
    let written = files(&vault);
    println!(
        "vault: {} pages, {} files, {} bytes",
        out["pages"],
        written.len(),
        written.values().map(String::len).sum::<usize>()
    );

    // not one revision by coming back
    let sequence = last(&commune).await;
    let from = Instant::now();
    let back = told(&commune, &["import", to_vault, "--agent", "bo"], 0).await;
    time("import of the vault", from);
    let counts = (&back["already_there"], &back["new"], &back["updated"], &back["refused"]);
    let refused: Vec<&Value> =
        back["files"].as_array().unwrap().iter().filter(|f| f["outcome"] == "refused").take(5).collect();
    assert_eq!(counts, (&out["pages"], &0.into(), &0.into(), &0.into()), "{refused:?}");
    assert_eq!(last(&commune).await, sequence);
    let said = commune.bus.last_sequence(StreamName::Agents).await.unwrap();
    let own = folder.path().join("ralph");
    let kept = super::run(&commune, &["export", "workspace", "ralph", own.to_str().unwrap()]).await;
    assert!([0, 5].contains(&kept.code), "{}", kept.stderr);
    told(&commune, &["import", own.to_str().unwrap(), "--agent", "ralph"], 0).await;
    assert_eq!(commune.bus.last_sequence(StreamName::Agents).await.unwrap(), said);
    println!("workspace: {}{}", kept.stdout, kept.stderr);

    let from = Instant::now();
    let commits = told(&commune, &["export", "git", to_history], 0).await;
    time("git", from);
    let from = Instant::now();
    let none = told(&commune, &["export", "git", to_history], 0).await;
    time("git again", from);
    assert_eq!((&commits["commits"]["new"], &none["commits"]["new"]), (&sequence.into(), &0.into()));
    is_sound(&history);
    assert_eq!(says(&history, &["rev-list", "--count", "main"]).trim(), sequence.to_string());
    assert!(files(&history) == written, "the files of the last commit are those of the vault");
    let size = says(&history, &["count-objects", "-vH"]);
    println!(
        "git: {sequence} commits, {}",
        size.lines().find(|line| line.starts_with("size-pack")).unwrap_or_default()
    );

    // no dead link but those that the library lists
    let listed = listed(&commune).await;
    let dead = dead_links(&written);
    let links: usize = written.values().map(|text| commune_knowledge::document::wikilinks(text).len()).sum();
    let unlisted: BTreeSet<_> =
        dead.iter().filter(|(file, to)| !listed.get(file).is_some_and(|what| what.contains(to.as_str()))).collect();
    println!("links: {links}, dead {}, of them not listed by the library {}", dead.len(), unlisted.len());
    assert!(unlisted.is_empty(), "{unlisted:?}");
    println!("milliseconds: {timed:?}");
    commune.finish().await;
}

/// What the library says of links, by file.
pub(super) async fn listed(commune: &Commune) -> BTreeMap<String, String> {
    let mut library = commune.library().await;
    let mut listed: BTreeMap<String, String> = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let check = CheckLibraryRequest { page_size: 1000, page_token, check: "links".into() };
        let page = library.check_library(check).await.unwrap().into_inner();
        for finding in page.findings {
            let file = finding.name.trim_start_matches("articles/").to_owned() + ".md";
            listed.entry(file).or_default().push_str(&finding.what);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return listed;
        }
    }
}
