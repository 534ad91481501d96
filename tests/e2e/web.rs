//! `commune web` as a browser sees it: every page, what is sent by its forms, who is refused, and what is said when a service is away.

mod site;

use commune_proto::librarian::v1::{
    Article, ChangeKind, GetProposalRequest, ImportArticleRequest, Proposal, ProposalState, ProposeChangeRequest,
    ProposedChange,
};
use commune_tests::{
    A_WHILE, eventually, eventually_some,
    support::{A_NIGHT, Commune, Plan},
};
use site::{Page, Web};

const LESSON: &str = "---\nkind: lesson\ntitle: Restart the pool\ntags: [databases]\n---\nDrain the pool before a restart, or requests \
                      that are under way fail[^1]. See [[how-to/open-the-valve]] and [[how-to/nowhere]].\n\n```mermaid\ngraph TD; a-->b\n```\n\n\
                      [^1]: Seen on the first host.";
const TURNING: &str = "Turn it <b>left</b>, slowly: ![a plan](https://example.org/plan.png)\n";
const MORE: &str = "---\nkind: lesson\ntitle: Restart the pool\n---\nDrain the pool before a restart, or requests that are under way \
                    fail.\n\nThe pool of the second host drains in 30 seconds.";
const POOL: &str = "lessons/restart-the-pool";
const VALVE: &str = "how-to/open-the-valve";

/// Puts a page into the library.
async fn import(commune: &Commune, path: &str, title: &str, body: &str) {
    let article = Article { path: path.into(), title: title.into(), body: body.into(), ..Article::default() };
    let import = ImportArticleRequest { article: Some(article), agent: "eve".into(), source: String::new() };
    commune.library().await.import_article(import).await.unwrap();
}

async fn propose(commune: &Commune, reason: &str, path: &str) -> Proposal {
    let change = ProposedChange { kind: ChangeKind::Remove.into(), path: path.into(), ..Default::default() };
    let request = ProposeChangeRequest { agent: "cy".into(), reason: reason.into(), change: Some(change) };
    commune.library().await.propose_change(request).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_at_the_page_of_a_commune() {
    let mut commune = Commune::start(Plan::one()).await;
    let web = Web::start(&commune, &["--agent", "bo", "--jaeger", "http://127.0.0.1:16686/"], None).await;

    // nothing is there yet, and each page says so
    assert!(web.get("/").await.ok().contains("0 articles"));
    assert!(web.get("/needs").await.ok().contains("No such needs"));
    assert!(web.get("/proposals").await.ok().contains("Nothing is proposed"));
    assert!(web.get("/nights").await.ok().contains("No night ran yet"));
    assert_eq!(web.get("/memory").await.status, 404, "no night has made a brief");

    import(&commune, VALVE, "Open the valve", TURNING).await;
    commune.say("ada", "note", "n1", LESSON).await;
    commune.say("bo", "note", "n1", MORE).await;
    commune.say("bo", "note", "n2", "---\nkind: fact\n---\n# The zanzibar shed\nIts key hangs behind the clock.").await;
    commune.say("cy", "need", "q1", "How is the zeppelin moored?").await;
    let night = commune.night();
    let trail = commune.run_night(night, A_NIGHT).await;

    search(&web).await;
    article(&web).await;
    past(&web).await;
    let needs = eventually_some(A_WHILE, "the need is told", async || {
        let needs = web.get("/needs?state=open").await;
        needs.body.contains("How is the zeppelin moored?").then_some(needs)
    })
    .await;
    assert!(needs.ok().contains(">open</span>"), "{}", needs.body);
    assert!(!web.get("/needs?state=answered").await.ok().contains("zeppelin"));

    // the board, with the trace of each stage
    let board = web.get(&format!("/nights/{night}")).await;
    for words in [">selfcare<", ">mutualaid<", ">librarian<", ">ada<", ">bo<", ">done</span>"] {
        assert!(board.ok().contains(words), "{words}: {}", board.body);
    }
    for record in trail.iter().filter(|record| !record.trace_id.is_empty()) {
        assert!(board.body.contains(&format!("http://127.0.0.1:16686/trace/{}", record.trace_id)), "{record:?}");
    }
    assert!(web.get("/nights").await.ok().contains(&format!("/nights/{night}")));
    assert_eq!(web.get("/nights/2001-01-01").await.status, 404);

    memory(&web, &commune).await;
    consent(&web, &commune).await;
    strangers(&web).await;

    // the librarian is away: that is no word of what it knows
    commune.librarian[0].kill().await;
    for path in ["/", "/search?q=pool", &format!("/articles/{POOL}"), "/needs", "/proposals"] {
        let away = web.get(path).await;
        assert_eq!((away.status, away.header("retry-after")), (503, Some("5")), "{path}: {}", away.body);
        assert!(away.body.contains("Not available now") && away.body.contains("<nav"), "{path}: {}", away.body);
    }
    assert!(web.get(&format!("/nights/{night}")).await.ok().contains("selfcare"), "the bus is there");
    commune.librarian[0].restart();
    commune.librarian[0].ready().await;
    eventually(A_WHILE, "it answers again", async || web.get("/").await.status == 200).await;
    web.stop().await;
    commune.finish().await;
}

async fn search(web: &Web) {
    let found = web.get("/search?q=drain+the+pool").await;
    assert!(found.ok().contains(&format!("href=\"/articles/{POOL}\"")), "{}", found.body);
    assert!(found.body.contains("<mark>") && found.body.contains("by ada, bo"), "{}", found.body);
    let part = web.get("/search?q=drain+the+pool&part=results").await;
    assert!(part.ok().trim_start().starts_with("<div id=\"results\""), "{}", part.body);
    assert!(part.body.contains(POOL) && !part.body.contains("<html"), "{}", part.body);
    let unknown = web.get("/search?q=zeppelin+mooring").await;
    assert!(unknown.ok().contains("Not known here") && unknown.body.contains("holds no answer"), "{}", unknown.body);
    let evil = web.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert!(!evil.ok().contains("<script>alert"), "{}", evil.body);
    assert!(web.get("/search?q=").await.ok().contains("type=\"search\""));
    assert!(web.get(&format!("/search?q={}", "x".repeat(1025))).await.ok().contains("ask for less"));

    let home = web.get("/").await;
    assert!(home.ok().contains("2 articles") && home.body.contains("/sections/how-to"), "{}", home.body);
    assert!(home.body.contains("href=\"/tags/databases\""), "{}", home.body);
    assert!(web.get("/sections/lessons").await.ok().contains("Restart the pool"));
    assert!(web.get("/tags/databases").await.ok().contains("Restart the pool"));
    for nothing in ["/sections/zeppelins", "/sections/No%20Path", "/tags/zeppelin", "/nothing", "/assets/none.css"] {
        let page = web.get(nothing).await;
        assert!(page.status == 404 && page.body.contains("Not here"), "{nothing}: {page:?}");
    }
}

async fn article(web: &Web) {
    let page = web.get(&format!("/articles/{POOL}")).await;
    let body = page.ok();
    assert!(body.contains("<h1>Restart the pool</h1>"), "{body}");
    for contributor in ["by%3Aada", "by%3Abo"] {
        assert!(body.contains(contributor), "{contributor}: {body}");
    }
    assert!(body.contains(&format!("<a href=\"/articles/{VALVE}\">")), "a link to a page: {body}");
    assert!(!body.contains("href=\"/articles/how-to/nowhere\""), "a link to nothing is none: {body}");
    assert!(body.contains("mermaid diagram, as its source") && body.contains("graph TD; a--&gt;b"), "{body}");
    assert!(body.contains("aria-label=\"Notes\"") && body.contains("id=\"note-1\""), "{body}");
    assert!(body.contains("<svg class=\"picture\""), "{body}");
    // seen from the other end
    let valve = web.get(&format!("/articles/{VALVE}")).await;
    assert!(valve.ok().contains("Leads here") && valve.body.contains(&format!("/articles/{POOL}")), "{}", valve.body);
    assert!(
        !valve.body.contains("<img") && !valve.body.contains("<b>") && valve.body.contains("left"),
        "{}",
        valve.body
    );
    assert!(valve.body.contains("<a href=\"https://example.org/plan.png\" class=\"out\""), "{}", valve.body);
    assert_eq!(web.get("/articles/how-to/nowhere").await.status, 404);
    assert_eq!(web.get("/articles/No%20Path").await.status, 404);
}

async fn past(web: &Web) {
    let history = web.get(&format!("/history/{POOL}")).await;
    assert!(
        history.ok().contains(&format!("/revisions/1/{POOL}")) && history.body.contains("ada +"),
        "{}",
        history.body
    );
    let first = web.get(&format!("/revisions/1/{POOL}")).await;
    assert!(first.ok().contains("What it began with") && first.body.contains("<ins>"), "{}", first.body);
    assert!(first.body.contains("http://127.0.0.1:16686/trace/"), "{}", first.body);
    for nothing in ["0", "99", "x"] {
        assert_eq!(web.get(&format!("/revisions/{nothing}/{POOL}")).await.status, 404, "{nothing}");
    }
    let blame = web.get(&format!("/blame/{POOL}")).await;
    assert!(blame.ok().contains("drains in 30 seconds") && blame.body.contains("<td>bo</td>"), "{}", blame.body);
}

async fn memory(web: &Web, commune: &Commune) {
    let brief = web.get("/memory").await;
    assert!(brief.ok().contains("zanzibar") && brief.body.contains("The brief of the night"), "{}", brief.body);
    let notes = web.get("/memory/notes").await;
    assert!(notes.ok().contains("/memory/notes/n2"), "{}", notes.body);
    let note = web.get("/memory/notes/n2").await;
    assert!(note.ok().contains("behind the clock") && note.body.contains("near-duplicate"), "{}", note.body);
    let day = commune.night().date();
    assert!(web.get(&format!("/memory/diary?day={day}")).await.ok().contains(&format!("Diary of {day}")));
    assert!(web.get("/memory/diary?day=2001-01-01").await.ok().contains("Nothing is written"));
    assert_eq!(web.get("/memory/diary?day=yesterday").await.status, 400);
    // without a name nobody's memory is shown
    let reader = Web::start(commune, &[], None).await;
    assert!(reader.get("/memory").await.ok().contains("none is shown"));
    assert_eq!(reader.get("/memory/notes").await.status, 404);
    reader.stop().await;
}

async fn consent(web: &Web, commune: &Commune) {
    let proposal = propose(commune, "nobody turns it", VALVE).await;
    let id = proposal.name.trim_start_matches("proposals/");
    let now = async || {
        let get = GetProposalRequest { name: proposal.name.clone() };
        commune.library().await.get_proposal(get).await.unwrap().into_inner()
    };
    let page = web.get(&format!("/proposals/{id}")).await;
    assert!(
        page.ok().contains("remove how-to/open-the-valve") && page.body.contains("nobody turns it"),
        "{}",
        page.body
    );
    assert!(web.get("/proposals").await.ok().contains(id));
    let (object, seal) = (format!("/proposals/{id}/object"), seal(&page));
    let own = format!("http://{}", web.address);
    let form = |seal: &str, reason: &str| format!("seal={seal}&reason={reason}");

    // another page's form, one of another run, and one that says nothing
    let why = form(&seal, "it+is+in+use");
    for (headers, body, status) in [
        (vec![("Origin", "https://evil.example")], why.clone(), 403),
        (vec![("Origin", "null")], why.clone(), 403),
        (vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")], why.clone(), 403),
        (vec![("Host", "evil.example")], why.clone(), 403),
        (vec![("Origin", own.as_str())], form(&"0".repeat(64), "x"), 403),
        (vec![], "reason=x".to_owned(), 403),
        (vec![("Origin", own.as_str())], form(&seal, "++"), 400),
        (vec![("Origin", own.as_str())], form(&seal, &"x".repeat(1025)), 400),
        (vec![("Origin", own.as_str())], form(&seal, &"x".repeat(20_000)), 413),
    ] {
        let refused = web.post(&object, &headers, &body).await;
        assert_eq!(refused.status, status, "{headers:?}: {refused:?}");
    }
    assert_eq!(now().await.state(), ProposalState::Waiting, "nothing of that was taken");

    let headers = [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let taken = web.post(&object, &headers, &why).await;
    assert_eq!((taken.status, taken.header("location")), (303, Some(format!("/proposals/{id}").as_str())), "{taken:?}");
    let objected = eventually_some(A_WHILE, "the objection stands", async || {
        Some(now().await).filter(|proposal| proposal.state() == ProposalState::Objected)
    })
    .await;
    let said = &objected.objections[0];
    assert_eq!((said.agent.as_str(), said.reason.as_str(), objected.objections.len()), ("bo", "it is in use", 1));
    // twice is once
    assert_eq!(web.post(&object, &headers, &why).await.status, 409);

    let page = web.get(&format!("/proposals/{id}")).await;
    assert!(page.ok().contains("it is in use") && page.body.contains("name=\"answer\""), "{}", page.body);
    let answer = format!("seal={seal}&objection=1&answer=then+it+stays");
    let taken = web.post(&format!("/proposals/{id}/answer"), &headers, &answer).await;
    assert_eq!(taken.status, 303, "{taken:?}");
    eventually(A_WHILE, "the answer stands", async || now().await.state() == ProposalState::Waiting).await;
    assert_eq!(now().await.objections[0].answer, "then it stays");
    assert_eq!(web.get(&format!("/proposals/{}", "0".repeat(32))).await.status, 404);
    assert_eq!(web.get("/proposals/none").await.status, 404);
}

/// What a form of a page holds.
fn seal(page: &Page) -> String {
    let seal = page.body.split("name=\"seal\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    seal.unwrap_or_else(|| panic!("no form: {}", page.body)).to_owned()
}

/// Names that are not ours, and what every answer says to a browser.
async fn strangers(web: &Web) {
    let strange = web.ask("GET", "/", &[("Host", "evil.example")], "").await;
    assert!(strange.status == 403 && !strange.body.contains("Restart the pool"), "{strange:?}");
    let css = web.get("/assets/commune.css").await;
    let tag = css.header("etag").expect("it has a tag").to_owned();
    let known = web.ask("GET", "/assets/commune.css", &[("If-None-Match", &tag)], "").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let put = web.ask("PUT", "/", &[], "").await;
    for answer in [web.get("/").await, web.get("/nothing").await, strange, css, known, put] {
        let policy = answer.header("content-security-policy").unwrap_or_default();
        for part in ["default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{part}: {answer:?}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{answer:?}");
        let cached = answer.header("cache-control").expect("it says so");
        assert!(["no-store", "no-cache"].contains(&cached), "{cached}");
        // nothing that the policy would have to stop
        for inline in ["style=\"", " onclick", "<style", "src=\"http"] {
            assert!(!answer.body.contains(inline), "{inline}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memory_is_shown_to_its_own_token_alone() {
    let tokens = site::Tokens::new(&["ada", "bo"]);
    let commune = Commune::start(tokens.plan()).await;
    commune.say("ada", "note", "n1", "# The zanzibar shed\nIts key hangs behind the clock.").await;
    commune.say("bo", "note", "n1", "The hall is warm.").await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let ours = Web::start(&commune, &["--agent", "ada"], Some(tokens.of("ada"))).await;
    assert!(ours.get("/memory").await.ok().contains("zanzibar"));
    let others = Web::start(&commune, &["--agent", "ada"], Some(tokens.of("bo"))).await;
    for path in
        ["/memory", "/memory/notes", "/memory/notes/n1", &format!("/memory/diary?day={}", commune.night().date())]
    {
        let refused = others.get(path).await;
        assert!(refused.status == 403 && !refused.body.contains("zanzibar"), "{path}: {refused:?}");
    }
    assert!(others.get("/").await.ok().contains("articles"), "the library is everybody's");
    // nobody objects in another's name
    let proposal = import_as_operator(&commune, &tokens).await;
    let path = format!("/proposals/{}", proposal.name.trim_start_matches("proposals/"));
    let form = format!("seal={}&reason=no", seal(&others.get(&path).await));
    assert_eq!(others.post(&format!("{path}/object"), &[], &form).await.status, 403);
    let form = format!("seal={}&reason=no", seal(&ours.get(&path).await));
    assert_eq!(ours.post(&format!("{path}/object"), &[], &form).await.status, 303);
    let nobody = Web::start(&commune, &["--agent", "ada"], None).await;
    for path in ["/", "/memory", "/needs"] {
        assert_eq!(nobody.get(path).await.status, 403, "{path} without a token");
    }
    for web in [ours, others, nobody] {
        web.stop().await;
    }
    commune.finish().await;
}

/// A page that an operator put there, and its removal proposed.
async fn import_as_operator(commune: &Commune, tokens: &site::Tokens) -> Proposal {
    let mut library = commune.library().await;
    let article =
        Article { path: VALVE.into(), title: "Open the valve".into(), body: "Turn it.".into(), ..Article::default() };
    let import = ImportArticleRequest { article: Some(article), agent: "eve".into(), source: String::new() };
    library.import_article(tokens.by("root", import)).await.unwrap();
    let change = ProposedChange { kind: ChangeKind::Remove.into(), path: VALVE.into(), ..Default::default() };
    let request = ProposeChangeRequest { agent: "bo".into(), reason: "why not".into(), change: Some(change) };
    library.propose_change(tokens.by("bo", request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn beyond_this_machine_it_has_to_be_said() {
    let refused = site::refused(&["--listen", "0.0.0.0:0"]).await;
    assert!(refused.contains("--behind-proxy"), "{refused}");
}
