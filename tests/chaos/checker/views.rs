//! Views rebuilt from the streams equal the live ones: replicas that went through everything give the same answers as
//! replicas that were started when all was over, and both say what the streams say.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use commune_proto::{
    librarian::v1::{
        Article, ArticleCurated, ArticleKind, GetArticleRequest, ListArticlesRequest, ListNeedsRequest,
        ListRevisionsRequest, SearchArticlesRequest, library_service_client::LibraryServiceClient,
    },
    selfcare::v1::{
        GetBriefRequest, GetDiaryEntryRequest, ListNotesRequest, memory_service_client::MemoryServiceClient,
    },
};
use tonic::{Code, Status, transport::Channel};

use super::{Evidence, Streams, Verdict};

const PAGE: i32 = 1000;
/// Articles and needs whose names are searched for.
const SEARCHED: usize = 60;
/// Scores are sums of single-precision parts, and their order may differ between indexes.
const CLOSE: f64 = 1e-5;
/// Every answer comes within this time.
const ANSWERED: Duration = Duration::from_secs(15);
const QUESTIONS: [&str; 4] = ["the", "before it is heard", "what is too late", "nothing that anybody ever said"];

/// The answers of one replica, by question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    pub texts: BTreeMap<String, String>,
    pub scores: BTreeMap<String, Vec<f64>>,
}

pub async fn check(evidence: &Evidence, streams: &Streams) -> Verdict {
    let mut verdict = Verdict::default();
    let newest = newest(streams);
    let mut libraries = Vec::new();
    for address in [&evidence.fresh_librarian].into_iter().chain(&evidence.librarians) {
        match Answers::read(address).await {
            Ok(answers) => libraries.push((address, answers)),
            Err(status) => verdict.add("views.unreadable", format!("librarian at {address}: {status}")),
        }
    }
    let memories_of = memories_of(streams);
    let mut memories = Vec::new();
    for address in [&evidence.fresh_selfcare].into_iter().chain(&evidence.selfcares) {
        match Answers::memories(address, &memories_of).await {
            Ok(answers) => memories.push((address, answers)),
            Err(status) => verdict.add("views.unreadable", format!("selfcare at {address}: {status}")),
        }
    }
    for replicas in [&libraries, &memories] {
        let Some(((fresh, rebuilt), live)) = replicas.split_first() else { continue };
        verdict.count("views.answers", rebuilt.texts.len() * replicas.len());
        for (address, answers) in live {
            compare(&format!("live {address} and fresh {fresh}"), answers, rebuilt, &mut verdict);
        }
    }
    if let Some((address, answers)) = libraries.first() {
        for (path, revision) in &newest {
            let said = answers.texts.get(&format!("revision of articles/{path}"));
            if said != Some(&revision.to_string()) {
                verdict
                    .add("views.store", format!("{path} has revision {revision} in LIBRARY and {said:?} at {address}"));
            }
        }
        let listed = answers.texts.keys().filter(|question| question.starts_with("revision of ")).count();
        if listed != newest.len() {
            verdict.add("views.store", format!("LIBRARY has {} articles, {address} lists {listed}", newest.len()));
        }
    }
    verdict
}

/// Says where two replicas differ.
pub fn compare(who: &str, live: &Answers, fresh: &Answers, verdict: &mut Verdict) {
    let questions: BTreeSet<&String> = live.texts.keys().chain(fresh.texts.keys()).collect();
    for question in questions {
        let (left, right) = (live.texts.get(question), fresh.texts.get(question));
        if left != right {
            let (left, right) = (shortened(left), shortened(right));
            verdict.add("views.differ", format!("{who}: {question}:\n      live: {left}\n     fresh: {right}"));
        }
    }
    for (question, left) in &live.scores {
        let Some(right) = fresh.scores.get(question) else { continue };
        let close = |(l, r): (&f64, &f64)| (l - r).abs() <= CLOSE * l.abs().max(r.abs());
        if left.len() != right.len() || !left.iter().zip(right).all(close) {
            verdict.add("views.scores", format!("{who}: {question}: {left:?} and {right:?}"));
        }
    }
}

fn shortened(answer: Option<&String>) -> String {
    answer.map_or_else(|| "nothing".to_owned(), |text| text.chars().take(400).collect())
}

impl Answers {
    /// What a librarian answers to anybody.
    pub async fn read(address: &str) -> Result<Self, Status> {
        let mut library = LibraryServiceClient::new(connect(address).await?);
        let mut answers = Self::default();
        let mut questions: Vec<String> = QUESTIONS.map(str::to_owned).to_vec();
        let mut page_token = String::new();
        loop {
            let request = ListArticlesRequest { page_size: PAGE, page_token, ..Default::default() };
            let page = library.list_articles(request).await?.into_inner();
            for listed in page.articles {
                let name = format!("articles/{}", listed.path);
                answers.texts.insert(format!("revision of {name}"), listed.revision.to_string());
                answers.texts.insert(format!("listed {name}"), format!("{listed:?}"));
                let article = library
                    .get_article(GetArticleRequest { name: name.clone(), ..Default::default() })
                    .await?
                    .into_inner();
                answers.texts.insert(format!("get {name}"), format!("{article:?}"));
                let request = ListRevisionsRequest { parent: name.clone(), page_size: PAGE, ..Default::default() };
                let revisions = library.list_revisions(request).await?.into_inner();
                answers.texts.insert(format!("revisions of {name}"), format!("{revisions:?}"));
                if questions.len() < SEARCHED {
                    questions.push(listed.title);
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        loop {
            let request = ListNeedsRequest { page_size: PAGE, page_token, ..Default::default() };
            let page = library.list_needs(request).await?.into_inner();
            let before = answers.texts.len();
            for (place, need) in page.needs.into_iter().enumerate() {
                if place < SEARCHED {
                    questions.push(need.question.clone());
                }
                answers.texts.insert(format!("need {:05}", before + place), format!("{need:?}"));
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        for question in questions {
            let request = SearchArticlesRequest { query: question.clone(), page_size: 20, ..Default::default() };
            let mut answer = library.search_articles(request).await?.into_inner();
            let scores = answer.results.iter_mut().map(|result| std::mem::take(&mut result.score)).collect();
            answers.scores.insert(format!("search {question}"), scores);
            answers.texts.insert(format!("search {question}"), format!("{answer:?}"));
        }
        Ok(answers)
    }

    /// What a selfcare answers to whoever may read these memories.
    pub async fn memories(address: &str, of: &BTreeMap<String, BTreeSet<String>>) -> Result<Self, Status> {
        let mut memory = MemoryServiceClient::new(connect(address).await?);
        let mut answers = Self::default();
        for (agent, dates) in of {
            let name = format!("agents/{agent}/brief");
            let brief = said(memory.get_brief(GetBriefRequest { name: name.clone() }).await)?;
            answers.texts.insert(name, brief);
            let mut page_token = String::new();
            loop {
                let parent = format!("agents/{agent}");
                let request = ListNotesRequest { parent, page_size: 200, page_token, ..Default::default() };
                let page = match memory.list_notes(request).await {
                    Ok(page) => page.into_inner(),
                    Err(status) if status.code() == Code::NotFound => break,
                    Err(status) => return Err(status),
                };
                for note in page.notes {
                    answers.texts.insert(format!("agents/{agent}/notes/{}", note.id), format!("{note:?}"));
                }
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            for date in dates {
                let name = format!("agents/{agent}/diaryEntries/{date}");
                let entry = said(memory.get_diary_entry(GetDiaryEntryRequest { name: name.clone() }).await)?;
                answers.texts.insert(name, entry);
            }
        }
        Ok(answers)
    }
}

/// An answer as text; that there is none is an answer too.
fn said<T: std::fmt::Debug>(answer: Result<tonic::Response<T>, Status>) -> Result<String, Status> {
    match answer {
        Ok(answer) => Ok(format!("{:?}", answer.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok("not there".to_owned()),
        Err(status) => Err(status),
    }
}

pub(super) async fn connect(address: &str) -> Result<Channel, Status> {
    let endpoint =
        Channel::from_shared(format!("http://{address}")).map_err(|e| Status::invalid_argument(e.to_string()))?;
    let endpoint = endpoint.connect_timeout(ANSWERED).timeout(ANSWERED);
    endpoint.connect().await.map_err(|e| Status::unavailable(e.to_string()))
}

/// The newest revision of each article in LIBRARY.
fn newest(streams: &Streams) -> BTreeMap<String, u32> {
    let curated = streams.library.iter().filter_map(|message| message.event::<ArticleCurated>().ok()?.article);
    // the newest of each path counts: what is withdrawn, leads elsewhere, or is the page of a section is not listed
    let newest: BTreeMap<String, Article> = curated.map(|article| (article.path.clone(), article)).collect();
    let listed = |article: &Article| {
        article.withdrawn_on.is_empty() && article.redirect_to.is_empty() && article.kind() != ArticleKind::Section
    };
    newest.into_iter().filter(|(_, article)| listed(article)).map(|(path, article)| (path, article.revision)).collect()
}

/// Who has a memory, and the days of each diary.
fn memories_of(streams: &Streams) -> BTreeMap<String, BTreeSet<String>> {
    let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in &streams.memory {
        match message.subject.split('.').collect::<Vec<_>>().as_slice() {
            ["commune", "memory", agent, "diary", date] => {
                of.entry((*agent).to_owned()).or_default().insert((*date).to_owned());
            }
            ["commune", "memory", agent, ..] => {
                of.entry((*agent).to_owned()).or_default();
            }
            _ => {}
        }
    }
    of
}
