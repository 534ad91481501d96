//! Consent, with two replicas: a merge is proposed, objected to, answered, changed, and applied after its window; a night is taken back in one call. Time is
//! moved, never waited for.

mod commands;
mod moves;

use std::collections::BTreeMap;

use commune_bus::{Outgoing, StreamName, subject};
use commune_proto::librarian::v1::{
    AmendProposalRequest, AnswerObjectionRequest, Article, BlameArticleRequest, ChangeKind, GetArticleRequest,
    GetProposalRequest, ImportArticleRequest, InboxKind, LineOrigin, ListArticlesRequest, ListInboxRequest,
    ListProposalsRequest, ObjectToProposalRequest, Proposal, ProposalChanged, ProposalDue, ProposalState, ProposalStep,
    ProposeChangeRequest, ProposedChange, RevertRevisionRequest, TakeBackProposalRequest,
    library_service_client::LibraryServiceClient,
};
use commune_tests::{
    A_WHILE, eventually_some,
    support::{A_NIGHT, Commune, Plan, now, read_all},
};
use jiff::Timestamp;
use tonic::{Code, transport::Channel};

const KETTLE: &str =
    "---\nkind: lesson\ntitle: Descale the kettle\n---\nDescale the kettle with citric acid each month.\n";
const BOILER: &str =
    "---\nkind: lesson\ntitle: Boiler pressure\n---\nThe boiler keeps 1.4 bar, and the valve opens at 3 bar.\n";
const HOUR: i64 = 3600;

/// A commune whose librarians have a clock of the story's.
struct Story {
    commune: Commune,
    library: LibraryServiceClient<Channel>,
    other: LibraryServiceClient<Channel>,
}

impl Story {
    async fn start() -> Self {
        let mut commune = Commune::start(Plan::two()).await;
        let file = commune.folder().join("offset").display().to_string();
        std::fs::write(&file, "0").unwrap();
        for replica in &mut commune.librarian {
            replica.kill().await;
            replica.set("COMMUNE_CLOCK_FILE", Some(file.clone()));
            replica.restart();
            replica.ready().await;
        }
        let client = |at: usize| LibraryServiceClient::connect(format!("http://{}", commune.librarian[at].grpc));
        let (library, other) = (client(0).await.unwrap(), client(1).await.unwrap());
        Self { commune, library, other }
    }

    /// The clock of the librarians, from now on.
    fn clock(&self, at: Timestamp) {
        let offset = at.duration_since(now()).as_secs();
        std::fs::write(self.commune.folder().join("offset"), offset.to_string()).unwrap();
    }

    /// The schedule fires, as far as the librarians can tell.
    async fn fires(&self, proposal: &Proposal, ordinal: u32) {
        let due = ProposalDue { proposal: id(proposal).to_owned() };
        let (subject, id) = (subject::proposal_due(id(proposal)), format!("fired-{}-{ordinal}", id(proposal)));
        self.commune.bus.publish(Outgoing::event(subject, &id, "tests", now(), &due)).await.unwrap();
        self.commune.quiet().await;
    }

    /// A proposal as the other replica tells it, once it is in this state.
    async fn is(&self, proposal: &Proposal, state: ProposalState) -> Proposal {
        eventually_some(A_WHILE, &format!("the proposal is {state:?} at both replicas"), || async {
            let name = proposal.name.clone();
            let mut of = Vec::new();
            for library in [&self.library, &self.other] {
                of.push(
                    library.clone().get_proposal(GetProposalRequest { name: name.clone() }).await.ok()?.into_inner(),
                );
            }
            (of[0].state() == state && of[0] == of[1]).then(|| of.remove(0))
        })
        .await
    }

    async fn propose(&self, agent: &str, change: ProposedChange, reason: &str) -> Proposal {
        let request = ProposeChangeRequest { agent: agent.into(), reason: reason.into(), change: Some(change) };
        self.library.clone().propose_change(request).await.unwrap().into_inner()
    }

    async fn read(&self, path: &str) -> Article {
        let get = GetArticleRequest { name: format!("articles/{path}"), ..Default::default() };
        self.other.clone().get_article(get).await.unwrap().into_inner()
    }

    /// Every article that is listed, as a reader sees it: without numbers and times.
    async fn whole(&self) -> BTreeMap<String, Article> {
        let listed = self.library.clone().list_articles(ListArticlesRequest::default()).await.unwrap().into_inner();
        let mut whole = BTreeMap::new();
        for listed in listed.articles {
            let article = Article {
                revision: 0,
                night: String::new(),
                curated_at: String::new(),
                ..self.read(&listed.path).await
            };
            whole.insert(listed.path, article);
        }
        whole
    }

    /// Brings a page of cy's into the library.
    async fn import(&mut self, path: &str, title: &str, body: &str) {
        let article = Article { path: path.into(), title: title.into(), body: body.into(), ..Article::default() };
        let import = ImportArticleRequest { article: Some(article), agent: "cy".into(), ..Default::default() };
        assert!(self.library.import_article(import).await.unwrap().into_inner().changed);
    }

    /// Who said the line of an article that has these words.
    async fn said_by(&self, path: &str, words: &str) -> Vec<String> {
        let blame = BlameArticleRequest { name: format!("articles/{path}"), ..Default::default() };
        let lines = self.other.clone().blame_article(blame).await.unwrap().into_inner().lines;
        let line = lines.iter().find(|line| line.text.contains(words));
        line.unwrap().sources.iter().map(|source| source.agent.clone()).collect()
    }

    /// What happened to a proposal, as the stream has it.
    async fn steps(&self, proposal: &Proposal) -> Vec<ProposalStep> {
        let messages = read_all(&self.commune.bus, StreamName::Library, &[&subject::proposal(id(proposal))]).await;
        messages.iter().map(|message| message.event::<ProposalChanged>().unwrap().step()).collect()
    }
}

fn id(proposal: &Proposal) -> &str {
    proposal.name.trim_start_matches("proposals/")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn merge(path: &str, to: &str) -> ProposedChange {
    ProposedChange { kind: ChangeKind::Merge.into(), path: path.into(), to: to.into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_proposed_objected_to_answered_changed_and_applied_after_its_window() {
    let mut story = Story::start().await;
    story.commune.say("ada", "note", "kettle", KETTLE).await;
    story.commune.say("bo", "note", "boiler", BOILER).await;
    let night = story.commune.night();
    story.commune.run_night(night, A_NIGHT).await;
    let (kettle, boiler) = ("lessons/descale-the-kettle", "lessons/boiler-pressure");
    assert_eq!(story.whole().await.len(), 2);

    // visible at once, everywhere; proposed once more it is the same
    let proposed = story.propose("ada", merge(boiler, kettle), "both are about hot water").await;
    assert_eq!(proposed.state(), ProposalState::Waiting);
    assert_eq!(time(&proposed.applies_at).duration_since(time(&proposed.made_at)).as_secs(), 24 * HOUR);
    story.is(&proposed, ProposalState::Waiting).await;
    assert_eq!(story.propose("cy", merge(boiler, kettle), "me too").await.name, proposed.name);
    let window = subject::proposal_window(id(&proposed));
    let armed = story.commune.bus.last(StreamName::Nights, &window).await.unwrap().unwrap().due_at().unwrap();
    let late = armed.duration_since(time(&proposed.applies_at)).as_secs();
    assert!((0..=2).contains(&late), "{armed} is not when {proposed:?} is applied");
    for (change, code) in
        [(merge("lessons/none", kettle), Code::NotFound), (merge(kettle, kettle), Code::FailedPrecondition)]
    {
        let request = ProposeChangeRequest { agent: "ada".into(), reason: "x".into(), change: Some(change) };
        assert_eq!(story.library.propose_change(request).await.unwrap_err().code(), code);
    }

    // an objection stops it, whatever the clock says
    let name = proposed.name.clone();
    let object =
        ObjectToProposalRequest { name: name.clone(), agent: "bo".into(), reason: "a boiler is no kettle".into() };
    story.other.object_to_proposal(object.clone()).await.unwrap();
    let refused = story.other.object_to_proposal(object).await.unwrap_err();
    assert!(refused.message().contains("agents of one owner count once"), "{refused}");
    story.is(&proposed, ProposalState::Objected).await;
    story.clock(time(&proposed.applies_at) + jiff::SignedDuration::from_hours(1));
    story.fires(&proposed, 1).await;
    assert_eq!(story.whole().await.len(), 2);
    let listed = story.library.list_proposals(ListProposalsRequest::default()).await.unwrap().into_inner();
    let steward = listed.steward;
    assert!(["ada", "bo"].contains(&steward.as_str()), "{steward}");
    for (agent, kind) in [("ada", InboxKind::Objected), (steward.as_str(), InboxKind::Steward)] {
        let inbox = ListInboxRequest { parent: format!("agents/{agent}"), ..Default::default() };
        let told = story.library.list_inbox(inbox).await.unwrap().into_inner().messages;
        assert!(told.iter().any(|message| message.kind() == kind), "{agent}: {told:?}");
    }

    // answered and changed: each begins the window anew
    let answer = AnswerObjectionRequest {
        name: name.clone(),
        agent: "ada".into(),
        answer: "then the other way round".into(),
        objection: 0,
    };
    let answered = story.library.answer_objection(answer).await.unwrap().into_inner();
    assert!(time(&answered.applies_at) > time(&proposed.applies_at));
    let amend = |agent: &str| AmendProposalRequest {
        name: name.clone(),
        agent: agent.into(),
        reason: "the boiler is the broader one".into(),
        change: Some(merge(kettle, boiler)),
    };
    let refused = story.library.amend_proposal(amend("bo")).await.unwrap_err();
    assert!(refused.message().starts_with("it is ada's"), "{refused}");
    let amended = story.library.amend_proposal(amend("ada")).await.unwrap().into_inner();
    story.fires(&proposed, 2).await;
    story.is(&amended, ProposalState::Waiting).await;
    assert_eq!(story.whole().await.len(), 2, "its window runs");

    // the schedule itself fires, by the clock of the librarians, and one of the two applies it
    story.clock(time(&amended.applies_at) - jiff::SignedDuration::from_secs(2));
    story.commune.librarian[0].drain().await;
    story.commune.librarian[0].restart();
    story.commune.librarian[0].ready().await;
    let applied = story.is(&amended, ProposalState::Applied).await;
    assert_eq!(applied.revisions, [format!("articles/{boiler}/revisions/2"), format!("articles/{kettle}/revisions/2")]);
    use ProposalStep::{Amended, Answered, Applied, Made, Objected};
    story.fires(&proposed, 3).await;
    assert_eq!(story.steps(&proposed).await, [Made, Objected, Answered, Amended, Applied]);
    let merged = story.read(kettle).await;
    assert_eq!((merged.path.as_str(), merged.contributors), (boiler, vec!["ada".to_owned(), "bo".to_owned()]));
    assert!(merged.body.contains("citric acid") && merged.body.contains("1.4 bar"), "{}", merged.body);

    // blame of every line names agent, night and contribution, of the page that went, too
    let blame = BlameArticleRequest { name: format!("articles/{boiler}"), ..Default::default() };
    let lines = story.other.blame_article(blame).await.unwrap().into_inner().lines;
    for line in lines.iter().filter(|line| line.text.contains("bar") || line.text.contains("acid")) {
        let [source] = line.sources.as_slice() else { panic!("{line:?}") };
        let agent = if line.text.contains("acid") { "ada" } else { "bo" };
        assert_eq!(
            (line.origin(), source.agent.as_str(), source.night.as_str()),
            (LineOrigin::Agents, agent, night.to_string().as_str())
        );
        assert_eq!(source.contribution.len(), 32, "{source:?}");
    }
    let revert = RevertRevisionRequest {
        name: format!("articles/{boiler}/revisions/2"),
        agent: "bo".into(),
        reason: "no".into(),
    };
    let refused = story.library.revert_revision(revert).await.unwrap_err();
    assert!(refused.message().contains("is a part of proposal"), "{refused}");

    // what was merged is two pages again, and what is withdrawn of one of them leaves nothing in either
    let back = ProposedChange { kind: ChangeKind::Revert.into(), made: id(&proposed).into(), ..Default::default() };
    let back = story.propose("bo", back, "they were better apart").await;
    story.clock(time(&back.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&back, 1).await;
    story.is(&back, ProposalState::Applied).await;
    let apart = story.whole().await;
    assert_eq!(apart.keys().collect::<Vec<_>>(), [boiler, kettle]);
    assert!(!apart[boiler].body.contains("acid") && apart[kettle].body.contains("acid"), "{apart:?}");
    story
        .commune
        .say_as("ada", "withdraw", "w", &[("Content-Type", "application/json")], br#"{"note": "kettle"}"#)
        .await;
    eventually_some(A_WHILE, "it is withdrawn", || async {
        let listed = story.library.clone().list_articles(ListArticlesRequest::default()).await.ok()?.into_inner();
        (listed.total_size == 1).then_some(())
    })
    .await;
    for path in [kettle, boiler] {
        let night = applied.ended_at.clone();
        let get = GetArticleRequest { name: format!("articles/{path}"), as_of_time: night, ..Default::default() };
        let then = story.library.get_article(get).await.map(|article| article.into_inner().body).unwrap_or_default();
        assert!(!then.contains("acid"), "{path}: {then}");
    }
    story.commune.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_is_taken_back_in_one_call_and_the_library_is_what_it_was() {
    let mut story = Story::start().await;
    story.commune.say("ada", "note", "kettle", KETTLE).await;
    let first = story.commune.night();
    story.commune.run_night(first, A_NIGHT).await;
    let before = story.whole().await;
    story.commune.say("bo", "note", "boiler", BOILER).await;
    let more = format!("{KETTLE}\nRinse it twice afterwards, or the tea is sour.\n");
    story.commune.say("cy", "note", "kettle", &more).await;
    let second = first.next_extra();
    story.commune.run_night(second, A_NIGHT).await;
    let after = story.whole().await;
    assert!(after.len() == 2 && after != before, "{after:?}");

    let revert =
        |made: &str| ProposedChange { kind: ChangeKind::Revert.into(), made: made.into(), ..Default::default() };
    let request = |change| ProposeChangeRequest { agent: "ada".into(), reason: "x".into(), change: Some(change) };
    let none = story.library.propose_change(request(revert("2001-01-01"))).await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound, "{none}");
    // taken back, it is over; proposed again, it is another one
    let withdrawn = story.propose("ada", revert(&second.to_string()), "it was a bad night").await;
    let take_back = TakeBackProposalRequest { name: withdrawn.name.clone(), agent: "ada".into() };
    story.library.take_back_proposal(take_back).await.unwrap();
    story.is(&withdrawn, ProposalState::TakenBack).await;
    let proposal = story.propose("ada", revert(&second.to_string()), "it was a bad night").await;
    assert_ne!(proposal.name, withdrawn.name);
    story.clock(time(&proposal.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&proposal, 1).await;
    story.is(&proposal, ProposalState::Applied).await;
    story.is(&withdrawn, ProposalState::TakenBack).await;
    assert_eq!(story.whole().await, before, "the library is what it was");
    let gone = GetArticleRequest { name: "articles/lessons/boiler-pressure".into(), ..Default::default() };
    let refused = story.library.get_article(gone).await.unwrap_err();
    assert!(refused.message().contains("was removed on"), "{refused}");
    // the night that is run again does not bring it back
    story.commune.run_night(second, A_NIGHT).await;
    assert_eq!(story.whole().await, before);

    // what took it back is taken back
    let again = story.propose("bo", revert(id(&proposal)), "it was a good night").await;
    story.clock(time(&again.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&again, 1).await;
    story.is(&again, ProposalState::Applied).await;
    assert_eq!(story.whole().await, after, "and what it was before that");
    let blame = BlameArticleRequest { name: "articles/lessons/descale-the-kettle".into(), ..Default::default() };
    let lines = story.other.blame_article(blame).await.unwrap().into_inner().lines;
    let of = |text: &str| lines.iter().find(|line| line.text.contains(text)).unwrap().sources[0].clone();
    assert_eq!((of("sour").agent.as_str(), of("sour").night), ("cy", second.to_string()));
    assert_eq!(of("citric").agent, "ada");

    // a change that is not possible any more fails, visibly
    let split = ProposedChange {
        kind: ChangeKind::Rename.into(),
        path: "lessons/boiler-pressure".into(),
        to: "how-to/boiler".into(),
        ..Default::default()
    };
    let rename = story.propose("cy", split, "it is a how-to").await;
    let remove = ProposedChange {
        kind: ChangeKind::Remove.into(),
        path: "lessons/boiler-pressure".into(),
        ..Default::default()
    };
    let remove = story.propose("bo", remove, "nobody has a boiler").await;
    story.clock(time(&remove.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&remove, 1).await;
    story.is(&remove, ProposalState::Applied).await;
    story.fires(&rename, 1).await;
    let failed = story.is(&rename, ProposalState::Failed).await;
    assert!(failed.outcome.contains("is no page"), "{failed:?}");
    story.commune.finish().await;
}

const POOL: &str = "# Restarting the pool\n\nDrain the connections of the pool before the restart. The pool of the booking service takes a minute.\n\n\
    ## Steps\n\n- stop the scheduler on the first host\n- drain the connections with `poolctl drain`\n- restart it with systemctl\n\
    - look at the dashboard until all is green\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_librarian_proposes_to_merge_what_says_the_same_and_only_once() {
    let mut story = Story::start().await;
    let other = POOL.replace("before the restart", "before a restart").replace("- restart it with systemctl\n", "");
    for (path, body) in [("how-to/restarting-the-pool", POOL), ("lessons/restarting-the-pool", &other)] {
        story.import(path, "Restarting the pool", body).await;
    }
    story.commune.say("ada", "note", "kettle", KETTLE).await;
    story.commune.say("bo", "note", "boiler", BOILER).await;
    let first = story.commune.night();
    story.commune.run_night(first, A_NIGHT).await;
    let proposals = |story: &Story| {
        let mut library = story.other.clone();
        async move { library.list_proposals(ListProposalsRequest::default()).await.unwrap().into_inner().proposals }
    };
    let standing = proposals(&story).await;
    let [proposed] = standing.as_slice() else { panic!("{standing:?}") };
    let change = proposed.change.clone().unwrap();
    assert_eq!(
        (proposed.proposer.as_str(), change),
        ("", merge("lessons/restarting-the-pool", "how-to/restarting-the-pool"))
    );

    // stopped and answered it is the same proposal; the next night makes no other
    let name = proposed.name.clone();
    let object = ObjectToProposalRequest { name: name.clone(), agent: "bo".into(), reason: "look again".into() };
    story.other.object_to_proposal(object).await.unwrap();
    story.commune.run_night(first.next_extra(), A_NIGHT).await;
    assert_eq!(proposals(&story).await.len(), 1);
    let answer = AnswerObjectionRequest { name, agent: "cy".into(), answer: "they are one".into(), objection: 1 };
    let answered = story.library.answer_objection(answer).await.unwrap().into_inner();
    story.clock(time(&answered.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(proposed, 1).await;
    story.is(proposed, ProposalState::Applied).await;
    let merged = story.read("lessons/restarting-the-pool").await;
    assert!(merged.path == "how-to/restarting-the-pool" && merged.body.contains("before a restart"), "{merged:?}");

    // undone, it is not proposed again
    let back = ProposedChange { kind: ChangeKind::Revert.into(), made: id(proposed).into(), ..Default::default() };
    let back = story.propose("bo", back, "two teams read them").await;
    story.clock(time(&back.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&back, 1).await;
    story.is(&back, ProposalState::Applied).await;
    story.commune.run_night(first.next_extra().next_extra(), A_NIGHT).await;
    assert_eq!(proposals(&story).await.len(), 2);
    story.commune.finish().await;
}
