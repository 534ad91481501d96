use commune_knowledge::placement::Reading;

use super::*;
use crate::library::{Entry, Kind, Library};

/// A library that is tended as the service does it.
#[derive(Default)]
struct House {
    library: Library,
    memory: Memory,
}

impl House {
    fn put(&mut self, article: Article) {
        let number = self.library.get(&article.path).map_or(0, |entry| entry.newest.article.revision) + 1;
        let article = Article { revision: number, curated_at: "2026-02-01T00:00:00Z".into(), ..article };
        self.library.take(
            self.library.last_sequence() + 1,
            Timestamp::UNIX_EPOCH,
            Revision::of(article, String::new()),
        );
    }

    fn page(&mut self, path: &str, body: &str) {
        let article = Article {
            title: path.rsplit('/').next().unwrap().replace('-', " "),
            body: body.into(),
            contributors: vec!["ada".into()],
            ..Article::blank(path.parse().unwrap(), Kind::Article)
        };
        self.put(article);
    }

    fn look(&mut self, night: &str) -> Tended {
        let shelved = |entry: &Entry| Shelved {
            newest: Arc::clone(&entry.newest),
            sequence: entry.sequence(),
            tended: entry.tended_in == night,
        };
        let pages = self.library.to_be_tended().map(shelved);
        let absent = self.library.absent().map(|entry| (entry.newest.article.path.clone(), shelved(entry)));
        let redirects = self.library.all_redirects().map(|(from, to)| (from.clone(), to.clone())).collect();
        let vector = |path: &ArticlePath| {
            let article = &self.library.standing(path)?.newest.article;
            Reading::of(&article.title, &article.body).vector().cloned()
        };
        let stock = Stock {
            pages: pages.collect(),
            absent: absent.collect(),
            redirects,
            vector: &vector,
            is_asked: &|question| question == "What is asked before?",
            night,
            now: "2026-02-14T03:00:00Z".parse().unwrap(),
        };
        tend(&stock, &mut self.memory, self.library.last_sequence())
    }

    /// Tends, and says what was done.
    fn night(&mut self, night: &str) -> Tended {
        let tended = self.look(night);
        for planned in &tended.revisions {
            let path = &planned.revision.article.path;
            assert_eq!(planned.before.as_ref().map(|b| b.sequence), self.library.get(path).map(|e| e.sequence()));
            self.library.take(self.library.last_sequence() + 1, Timestamp::UNIX_EPOCH, planned.revision.clone());
        }
        tended
    }

    fn article(&self, path: &str) -> Article {
        self.library.get(&path.parse().unwrap()).unwrap().newest.article.clone()
    }
}

fn paths(tended: &Tended) -> Vec<&str> {
    tended.revisions.iter().map(|planned| planned.revision.article.path.as_str()).collect()
}

#[test]
fn a_page_is_read_again_when_it_says_something_else_and_not_when_it_names_another() {
    let mut house = House::default();
    let path: ArticlePath = "how-to/pool".parse().unwrap();
    house.page(path.as_str(), "Drain it.\n");
    house.page("how-to/log", "Rotate it.\n");
    let read = |house: &mut House| {
        house.look("2026-02-14");
        let known = &house.memory.facts[&path];
        (known.since, Arc::as_ptr(&known.facts) as usize)
    };
    let first = read(&mut house);
    let beside = Article { see_also: vec!["how-to/log".parse().unwrap()], ..house.article(path.as_str()) };
    house.put(beside.clone());
    assert_eq!(read(&mut house), first);
    assert_eq!(house.memory.facts[&path].newest.article.see_also, beside.see_also);
    for changed in [
        Article { tags: vec!["linux".into()], ..beside.clone() },
        Article { title: "Pools".into(), ..beside.clone() },
        Article { body: "Drain it first.\n".into(), ..beside },
    ] {
        house.put(changed);
        assert_eq!(read(&mut house).0, house.library.last_sequence());
    }
}

#[test]
fn links_are_mended_or_asked_for_and_a_second_night_finds_nothing() {
    let mut house = House::default();
    house.page("how-to/restart-the-pool", "# Restart\n\nDrain it. See [[Log Rotation]], [[nowhere/kafka-retention]] and [[nowhere/kafka-retention|that]].\n\n```\n[[code]]\n```\n");
    house.page(
        "how-to/log-rotation",
        "# Logs\n\nSee `[[code]]` and [[how-to/restart-the-pool]], and [[asked before]].\n",
    );
    let tended = house.night("2026-02-14");
    let body = house.article("how-to/restart-the-pool").body;
    assert_eq!(
        body,
        "# Restart\n\nDrain it. See [[how-to/log-rotation|Log Rotation]], nowhere/kafka-retention and that.\n\n```\n[[code]]\n```\n"
    );
    let body = house.article("how-to/log-rotation").body;
    assert_eq!(body, "# Logs\n\nSee `[[code]]` and [[how-to/restart-the-pool]], and asked before.\n");
    let asked: Vec<(&str, &str)> = tended.wanted.iter().map(|w| (w.asker.as_str(), w.question.as_str())).collect();
    assert_eq!(asked, [("ada", "What is kafka retention?")], "what was asked is not asked again");
    let revision = &tended.revisions[1].revision;
    assert_eq!(
        (revision.mended.as_slice(), revision.wanted.as_slice()),
        (["links".to_owned()].as_slice(), ["What is kafka retention?".to_owned()].as_slice())
    );
    assert!(house.library.wants(&revision.article.path, "what is kafka retention"));
    assert_eq!(
        revision.reason,
        "tended; links: mended “Log Rotation” is how-to/log-rotation; asked for “nowhere/kafka-retention”, “nowhere/kafka-retention”"
    );
    assert!(revision.provenance.is_empty());
    let again = house.night("2026-02-15");
    assert!(again.revisions.is_empty() && again.wanted.is_empty(), "{again:?}");
}

#[test]
fn a_page_is_mended_once_in_a_night_and_what_came_since_waits() {
    let mut house = House::default();
    house.page("a", "See [[B]].\n");
    house.page("b", "See [[A]].\n");
    assert_eq!(house.night("n1").revisions.len(), 2);
    house.page("a", "See [[B]] again.\n");
    assert!(house.night("n1").revisions.is_empty());
    assert_eq!(paths(&house.night("n2")), ["a"]);
    assert!(house.night("n3").revisions.is_empty());
}

#[test]
fn links_through_a_redirect_lead_where_that_leads() {
    let mut house = House::default();
    house.page("a", "See [[old/name]].\n");
    house.page("b", "The page.\n");
    let redirect_to = Some("b".parse().unwrap());
    house.put(Article { redirect_to, ..Article::blank("old/name".parse().unwrap(), Kind::Article) });
    house.night("n");
    assert_eq!(house.article("a").body, "See [[b|old/name]].\n");
}

#[test]
fn no_more_is_asked_in_one_name_than_leaves_it_questions_of_its_own() {
    let mut house = House::default();
    let links: String = (0..30).map(|n| format!("- [[missing thing {n}]]\n")).collect();
    house.page("a", &links);
    let first = house.night("n1");
    assert_eq!((first.wanted.len(), house.article("a").body.matches("[[").count()), (20, 10));
    assert!(first.findings.iter().any(|finding| finding.what.contains("which wait") && !finding.mended), "{first:?}");
    assert!(house.night("n1").wanted.is_empty(), "in the same night no more");
    let second = house.night("n2");
    assert_eq!((second.wanted.len(), house.article("a").body.matches("[[").count()), (10, 0));
}

/// Pages on a few topics, so that each has near ones.
fn shelves(house: &mut House) {
    let topics = [
        "certificate renewal with the DNS challenge",
        "rotation of the server's log files",
        "restoring a database dump",
    ];
    for (at, topic) in topics.iter().enumerate() {
        for n in 0..5 {
            let words = ["staging", "monday", "quota", "wildcard", "archive"][n];
            house.page(
                &format!("topic-{at}/page-{n}"),
                &format!("# {topic} {words}\n\nAbout {topic} and the {words}.\n"),
            );
        }
    }
}

#[test]
fn orphans_are_led_to_and_lists_stay_when_something_far_is_added() {
    let mut house = House::default();
    shelves(&mut house);
    let tended = house.night("n1");
    let orphans = tended.findings.iter().filter(|finding| finding.check == "orphans").count();
    assert_eq!(orphans, 15, "nothing led anywhere");
    for article in house.library.after(None, 99) {
        let article = &article.article;
        assert!((1..=4).contains(&article.see_also.len()), "{article:?}");
        let near = article.see_also.iter().filter(|to| to.as_str().starts_with(&article.path.as_str()[..7])).count();
        assert!(near * 2 >= article.see_also.len(), "{article:?}");
        assert!(!article.body.contains("topic-"), "what the librarian names is no part of the text");
    }
    assert!(house.night("n2").revisions.is_empty());
    house.page("elsewhere/penguins", "# Penguins\n\nPenguins stand on the ice.\n");
    let third = house.night("n3");
    assert!(paths(&third).iter().all(|path| !path.starts_with("topic")), "{:?}", paths(&third));
    assert!(house.night("n4").revisions.is_empty());
}

#[test]
fn an_orphan_is_led_to_from_a_page_that_changes_anyway() {
    let mut house = House::default();
    shelves(&mut house);
    house.night("n1");
    // two pages of one matter, in one night: each leads to the other, and no page of before changes for them
    for n in ["seven", "eight"] {
        house.page(&format!("topic-0/about-{n}"), &format!("# certificate renewal with the DNS challenge {n}\n\nAbout certificate renewal with the DNS challenge and {n} hosts.\n"));
    }
    let tended = house.night("n2");
    let changed: Vec<&str> = paths(&tended).into_iter().filter(|path| path.contains("/page-")).collect();
    assert_eq!(changed, Vec::<&str>::new(), "{tended:?}");
    assert!(house.night("n3").revisions.is_empty());
}

#[test]
fn a_section_has_a_page_that_is_no_article_and_gives_way_to_one() {
    let mut house = House::default();
    shelves(&mut house);
    house.night("n1");
    let section = house.article("topic-1");
    assert!(section.is_section() && !section.stands());
    assert!(section.body.starts_with("# Topic 1\n\n## Pages\n\n- [[topic-1/page-0|page 0]]\n"), "{}", section.body);
    assert_eq!(
        (house.library.len(), house.library.after(None, 99).len()),
        (15, 15),
        "it is neither counted nor listed"
    );
    house.page("topic-1/page-9", "# One more\n\nSeen on topic [[topic-2]].\n");
    let tended = house.night("n2");
    assert!(house.article("topic-1").body.contains("[[topic-1/page-9|page 9]]"), "{:?}", paths(&tended));
    assert!(house.article("topic-1/page-9").body.contains("[[topic-2]]"), "a section may be linked to");
    house.page("topic-1", "# Topic one\n\nAn article of its own.\n");
    house.night("n3");
    assert_eq!(house.article("topic-1").kind, Kind::Article);
    assert!(house.night("n4").revisions.is_empty());
    // where nothing is left, it stands again; where another page is led to, it does not
    let withdrawn_on = "2026-02-15".to_owned();
    house.put(Article { withdrawn_on, ..Article::blank("topic-1".parse().unwrap(), Kind::Article) });
    house.night("n5");
    assert!(house.article("topic-1").is_section());
    let redirect_to = Some("topic-0/page-0".parse().unwrap());
    house.put(Article { redirect_to, ..Article::blank("topic-1".parse().unwrap(), Kind::Article) });
    house.night("n6");
    assert!(house.article("topic-1").redirect_to.is_some());
}

#[test]
fn what_is_old_and_contradicted_is_told() {
    let mut house = House::default();
    let page = |path: &str, body: &str, at: &str| {
        let article =
            Article { body: body.into(), title: path.into(), ..Article::blank(path.parse().unwrap(), Kind::Article) };
        Revision::of(Article { revision: 1, curated_at: at.into(), ..article }, String::new())
    };
    let of = |value: &str| format!("# Database\n\nThe staging database listens on port {value}.\n");
    for (at, revision) in [
        page("facts/old", &of("5432"), "2025-01-01T00:00:00Z"),
        page("facts/new", &of("5433"), "2026-02-01T00:00:00Z"),
        page("facts/other", "# Other\n\nThe proxy listens on port 80.\n", "2025-01-01T00:00:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        house.library.take(at as u64 + 1, Timestamp::UNIX_EPOCH, revision);
    }
    let found = house.look("n").findings;
    let stale: Vec<&Finding> = found.iter().filter(|finding| finding.check == "stale").collect();
    assert_eq!((stale.len(), stale[0].path.as_str(), stale[0].mended), (1, "facts/old", false), "{found:?}");
    assert!(stale[0].what.contains("facts/new says otherwise"), "{}", stale[0].what);
}

const POOL: &str = "# Restarting the pool\n\nDrain the connections of the pool before the restart. The pool of the booking service takes a minute.\n\n## Steps\n\n- stop the scheduler on the first host\n- drain the connections with `poolctl drain`\n- restart it with systemctl\n- look at the dashboard until all is green\n";

#[test]
fn two_articles_on_the_same_thing_are_told_and_what_differs_stays_apart() {
    #[track_caller]
    fn check(other: (&str, &str), expected: &[(&str, &str)]) {
        check_beside(POOL, other, expected);
    }
    #[track_caller]
    fn check_beside(pool: &str, other: (&str, &str), expected: &[(&str, &str)]) {
        let mut house = House::default();
        house.page("how-to/restarting-the-pool", pool);
        house.page(other.0, other.1);
        let found = house.look("n").duplicates;
        let found: Vec<(&str, &str)> = found.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(found, expected, "{}", other.1);
    }
    let same = POOL.replace("before the restart", "before a restart").replace("- restart it with systemctl\n", "");
    check(("lessons/restarting-the-pool", &same), &[("lessons/restarting-the-pool", "how-to/restarting-the-pool")]);
    let part = "# Draining\n\nDrain the connections of the pool before the restart. The pool of the booking service takes a minute.\n\n- drain the connections with `poolctl drain`\n";
    check(("lessons/draining", part), &[("lessons/draining", "how-to/restarting-the-pool")]);
    check(("lessons/restarting-the-pool", &POOL.replace("a minute", "ten minutes")), &[]);
    check(("lessons/restarting-the-pool", &POOL.replace("first host", "staging host")), &[]);
    check(("for/developers/restarting-the-pool", POOL), &[]);
    let also = |said: &str| format!("{POOL}\n{said}\n");
    let in_production = also("All of this holds in production only.");
    check_beside(&also("All of this holds on staging only."), ("lessons/restarting-the-pool", &in_production), &[]);
    check(("lessons/restarting-the-pool-on-windows", POOL), &[]);
    check(
        (
            "lessons/pool-15",
            &POOL.replace("Restarting the pool", "Restarting the pool 15").replace("the pool", "pool 15"),
        ),
        &[],
    );
}

#[test]
fn an_unchanged_library_is_not_looked_at_again() {
    let mut house = House::default();
    shelves(&mut house);
    house.night("n1");
    let found = house.look("n2").findings;
    let through = house.library.last_sequence();
    assert!(house.memory.at_rest(through, "2026-02-14".parse().unwrap()).is_some());
    assert_eq!(house.look("n3").findings, found);
    assert!(house.memory.at_rest(through + 1, "2026-02-14".parse().unwrap()).is_none());
}

#[test]
fn a_library_of_thousands_of_pages_is_looked_at_in_seconds() {
    let mut house = House::default();
    for n in 0..2_000 {
        let body: String = (0..20)
            .map(|line| {
                format!("- item {} of {n} says [[how-to/page-{}]] and w{}\n", line * 7, (n + line) % 2_000, n * line)
            })
            .collect();
        house.page(
            &format!("how-to/page-{n}"),
            &format!("# Page {n}\n\nAbout w{n} and v{}.\n\n## List\n\n{body}", n * 3),
        );
    }
    let began = std::time::Instant::now();
    house.night("n1");
    let first = began.elapsed();
    house.look("n2");
    let again = began.elapsed();
    house.look("n3");
    let rested = began.elapsed() - again;
    println!("first {first:?}, again {:?}, at rest {rested:?}", again - first);
    assert!(rested.as_millis() < 100, "at rest it took {rested:?}");
}
