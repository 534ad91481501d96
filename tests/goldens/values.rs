//! What each golden means. Only ever add here.

use std::collections::BTreeMap;

use commune_proto::{
    agent::v1::{Artifact, Feedback, Need, Note, Rest, SkillFile, Verdict, Visibility, Withdraw},
    librarian::v1::{
        AnsweredNeed, Article, ArticleCurated, ArticleKind, ArticleRead, ArticlesRead, ChangeKind, Contested,
        ContestedStatement, FeedbackGiven, FindabilityCheck, Mark, ProposalChanged, ProposalDue, ProposalStep,
        ProposedChange, Provenance, Receipt, ReceiptLine, ReceiptsGiven, Reverted, StatementSource,
    },
    mutualaid::v1::{
        AidSession, Contribution, Echo, HeldNote, KnowledgeShared, NeedAsked, NoteWithdrawn, Placement,
        PlacementAction, PlacementCandidate,
    },
    night::v1::{NightBegun, NightDue, NightOpened, NightRequested, Outcome, Stage, TrailRecord},
    selfcare::v1::{Brief, DiaryEntry, MemoryTidied, NightUndone, NoteState, NotesPage, NotesRecalled, TidiedNote},
};

use super::{Golden, golden};

/// Every golden ever written, oldest first for each message. Only ever add here.
pub(crate) fn goldens() -> Vec<Golden> {
    [agents(), nights(), memory(), aid(), library(), uses()].into_iter().flatten().collect()
}

fn agents() -> Vec<Golden> {
    let note = Note {
        text: "## Leçon\nVider le pool d'abord.".into(),
        kind: "lesson".into(),
        key: "pool/restart".into(),
        title: "Redémarrer".into(),
        visibility: Visibility::Commune as i32,
        tags: texts(["ops", "база"]),
        logged_at: "2026-02-14".into(),
        source: "memory/2026-02-14.md".into(),
        ..Note::default()
    };
    let file = SkillFile { path: "scripts/rotate.sh".into(), text: "logrotate -f x\n".into() };
    vec![
        golden(1, note.clone()),
        golden(1, file.clone()),
        golden(2, Note { files: vec![file], ..note }),
        golden(1, Need { question: "How do I renew a wildcard certificate?".into() }),
        golden(1, Rest { until: "2026-12-01".into() }),
        golden(
            1,
            Feedback {
                article: "skills/rotate-logs".into(),
                verdict: Verdict::Failed as i32,
                reason: "the disk was full already".into(),
                version: 2,
            },
        ),
        golden(1, Withdraw { note: "01J_x-9".into(), reason: "it names a customer".into() }),
        golden(
            1,
            Artifact {
                name: "report.md".into(),
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
                size: 4,
                media_type: "text/markdown".into(),
                description: "The week in numbers".into(),
                made_at: "2026-02-14T20:00:00Z".into(),
            },
        ),
    ]
}

fn nights() -> Vec<Golden> {
    vec![
        golden(1, NightDue { night: "2026-02-14".into() }),
        golden(1, NightRequested { night: "2026-02-14-x1".into(), agents: texts(["ada", "bo"]) }),
        golden(
            1,
            NightOpened {
                night: "2026-02-14".into(),
                members: texts(["ada", "bo"]),
                agents_through: 300,
                drops_through: 7,
                opened_at: "2026-02-15T12:00:00Z".into(),
            },
        ),
        golden(
            1,
            NightBegun { night: "2026-02-14".into(), agent: "ada".into(), agents_through: 300, drops_through: 7 },
        ),
        golden(
            1,
            TrailRecord {
                night: "2026-02-14".into(),
                agent: "ada".into(),
                stage: Stage::Mutualaid as i32,
                outcome: Outcome::Stopped as i32,
                counts: counts([("held", 1), ("shared", 2)]),
                duration_us: 1_500_000,
                trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
                detail: "stopped at a bound".into(),
                stream_sequence: 41,
                ended_at: "2026-02-15T12:00:03Z".into(),
            },
        ),
    ]
}

fn memory() -> Vec<Golden> {
    let note = TidiedNote {
        id: "01J_x-9".into(),
        text: "Drain the pool before a restart.\nThen wait 5 s.".into(),
        original_text: "Drain the pool before a restart.".into(),
        title: "Restarts".into(),
        kind: "lesson".into(),
        key: "pool/restart".into(),
        visibility: Visibility::Private as i32,
        tags: texts(["ops"]),
        logged_at: "2026-02-14T10:00:00Z".into(),
        logged_on: "2026-02-14".into(),
        source: "MEMORY.md".into(),
        state: NoteState::Merged as i32,
        into: "01J_x-8".into(),
        rule: "near-duplicate".into(),
        night: "2026-02-14".into(),
        absorbed: texts(["01J_x-7"]),
        part_of: String::new(),
    };
    vec![
        golden(1, note.clone()),
        golden(2, TidiedNote { part_of: "01J_x-1".into(), ..note.clone() }),
        golden(
            1,
            NotesPage {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                notes: vec![note.clone()],
                ..NotesPage::default()
            },
        ),
        golden(
            2,
            NotesPage {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                notes: vec![note],
                waiting: texts(["01J_x-5", "01J_x-6"]),
            },
        ),
        golden(
            1,
            Brief {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                text: "# Memory\n\n- Restarts\n".into(),
                notes_shown: 1,
                notes_left_out: 2,
            },
        ),
        golden(
            1,
            DiaryEntry {
                agent: "ada".into(),
                date: "2026-02-14".into(),
                text: "# 2026-02-14\n\n- Restarts\n".into(),
                night: "2026-02-14".into(),
                notes: texts(["01J_x-9"]),
            },
        ),
        golden(
            1,
            MemoryTidied {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                counts: counts([("active", 2), ("merged", 1)]),
                agents_through: 300,
                drops_through: 7,
                resting_until: "2026-02-20".into(),
                unchanged: true,
                stopped: "would archive 21 of 100 notes; the bound is 20 %".into(),
                ..MemoryTidied::default()
            },
        ),
        golden(
            2,
            MemoryTidied {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                counts: counts([("active", 2), ("merged", 1)]),
                agents_through: 300,
                drops_through: 7,
                resting_until: "2026-02-20".into(),
                unchanged: true,
                stopped: "would archive 21 of 100 notes; the bound is 20 %".into(),
                agents_from: 200,
                drops_from: 5,
            },
        ),
        golden(
            1,
            NightUndone {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                back_to: "2026-02-13".into(),
                undone_by: "operator root".into(),
                undone_at: "2026-02-15T13:00:00Z".into(),
                counts: counts([("changed_back", 2), ("waiting", 3)]),
                agents_through: 200,
                drops_through: 5,
                resting_until: "2026-02-20".into(),
                put_back: texts(["01J_x-7"]),
            },
        ),
        golden(
            1,
            NotesRecalled {
                agent: "ada".into(),
                question: "00112233445566778899aabbccddeeff".into(),
                notes: texts(["01J_x-7", "n2"]),
                recalled_at: "2026-02-14T09:00:00Z".into(),
            },
        ),
    ]
}

fn aid() -> Vec<Golden> {
    let contribution = Contribution {
        id: "00112233445566778899aabbccddeeff".into(),
        agent: "ada".into(),
        night: "2026-02-14".into(),
        notes: texts(["01J_x-9"]),
        title: "Restarts".into(),
        kind: "lesson".into(),
        text: "Drain the pool before a restart.".into(),
        tags: texts(["ops"]),
        learned_on: "2026-02-14".into(),
        answers: texts(["ffeeddccbbaa99887766554433221100"]),
    };
    let candidate = PlacementCandidate { path: "lesson/restarts".into(), title: "Restarts".into(), score: 0.75 };
    let placement = Placement {
        action: PlacementAction::Update as i32,
        path: "lesson/restarts".into(),
        reason: "0.75 is above the floor".into(),
        candidates: vec![candidate.clone()],
        ..Placement::default()
    };
    let weighed = Placement {
        action: PlacementAction::Confirm as i32,
        section: texts(["Restart", "By hand"]),
        chance: 0.75,
        update_alone: 0.8,
        create_alone: 0.2,
        left_to_librarian: true,
        echoed_statements: 1,
        ..placement.clone()
    };
    let echo = Echo {
        contribution: "0123456789abcdef0123456789abcdef".into(),
        note: "01J_x-8".into(),
        path: "lesson/restarts".into(),
        reason: "it repeats “Restarts”".into(),
    };
    let held = HeldNote {
        note: "01J_x-7".into(),
        rule: "secret:aws-access-key".into(),
        advice: "take the key out".into(),
        ..HeldNote::default()
    };
    let known = HeldNote { fingerprint: "0123456789abcdef".into(), ..held.clone() };
    vec![
        golden(1, contribution.clone()),
        golden(1, candidate),
        golden(1, placement.clone()),
        golden(1, KnowledgeShared { contribution: Some(contribution), placement: Some(placement) }),
        golden(1, held.clone()),
        golden(2, known),
        golden(
            1,
            AidSession {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                shared: texts(["00112233445566778899aabbccddeeff"]),
                held: vec![held.clone()],
                waiting: texts(["01J_x-6"]),
                resting_until: "2026-02-20".into(),
                ..AidSession::default()
            },
        ),
        golden(2, weighed),
        golden(1, echo.clone()),
        golden(
            2,
            AidSession {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                shared: texts(["00112233445566778899aabbccddeeff"]),
                held: vec![held.clone()],
                waiting: texts(["01J_x-6"]),
                resting_until: "2026-02-20".into(),
                released: texts(["01J_x-5"]),
                ..AidSession::default()
            },
        ),
        golden(
            3,
            AidSession {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                shared: texts(["00112233445566778899aabbccddeeff"]),
                held: vec![held],
                waiting: texts(["01J_x-6"]),
                resting_until: "2026-02-20".into(),
                released: texts(["01J_x-5"]),
                echo: vec![echo],
            },
        ),
        golden(
            1,
            NeedAsked {
                need: "ffeeddccbbaa99887766554433221100".into(),
                question: "How do I restart safely?".into(),
                asker: "bo".into(),
                asked_at: "2026-02-14T09:00:00Z".into(),
            },
        ),
        golden(
            1,
            NoteWithdrawn {
                agent: "ada".into(),
                note: "01J_x-9".into(),
                notes: texts(["01J_x-7", "01J_x-9"]),
                withdrawn_at: "2026-02-16T09:00:00Z".into(),
            },
        ),
    ]
}

fn library() -> Vec<Golden> {
    let provenance = Provenance {
        contribution: "00112233445566778899aabbccddeeff".into(),
        agent: "ada".into(),
        night: "2026-02-14".into(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        statements_added: 1,
        ..Provenance::default()
    };
    let told = Provenance { statements: vec![0x0123_4567_89ab_cdef, 7], ..provenance.clone() };
    let source = StatementSource {
        agent: "ada".into(),
        night: "2026-02-14".into(),
        contribution: provenance.contribution.clone(),
        revision: 1,
        on: "2026-02-14".into(),
    };
    let statement = |text: &str| ContestedStatement {
        text: text.into(),
        headings: texts(["Ports"]),
        sources: vec![source.clone()],
    };
    let contested = Contested { statements: vec![statement("The port is 80."), statement("The port is 81.")] };
    let answered = AnsweredNeed {
        need: "ffeeddccbbaa99887766554433221100".into(),
        question: "How do I restart safely?".into(),
        contribution: "00112233445566778899aabbccddeeff".into(),
    };
    let check = FindabilityCheck { query: "Restarts".into(), rank: 1 };
    let article = Article {
        path: "lesson/restarts".into(),
        title: "Restarts".into(),
        kind: ArticleKind::Skill as i32,
        body: "# Restarts\n\nDrain the pool before a restart.\n".into(),
        tags: texts(["ops"]),
        aliases: texts(["How do I restart safely?"]),
        contributors: texts(["ada"]),
        revision: 2,
        night: "2026-02-14".into(),
        curated_at: "2026-02-15T12:00:05Z".into(),
        ..Article::default()
    };
    let withdrawn = Article { withdrawn_on: "2026-02-16".into(), ..article.clone() };
    let confirmed = Article { confirmed_by: texts(["bo", "cy"]), confirmations: 2, ..withdrawn.clone() };
    let disputed = Article { contested: vec![contested], ..confirmed.clone() };
    let redirect = Article { redirect_to: "lesson/restart-safely".into(), ..disputed.clone() };
    let beside = Article { see_also: texts(["fixes/pool"]), ..redirect.clone() };
    let removed = Article { removed_on: "2026-02-17".into(), ..beside.clone() };
    let tended = ArticleCurated {
        article: Some(beside.clone()),
        reason: "tended; links: mended “restart” is lesson/restarts".into(),
        provenance: vec![provenance.clone()],
        answered: vec![answered.clone()],
        findability: vec![check.clone()],
        withdrawn: texts(["00112233445566778899aabbccddeeff"]),
        mended: texts(["links"]),
        split_from: "lesson/operations".into(),
        wanted: texts(["What is the pool?"]),
        ..ArticleCurated::default()
    };
    let change = ProposedChange {
        kind: ChangeKind::Merge as i32,
        path: "lesson/pool".into(),
        to: "lesson/restarts".into(),
        made: "2026-02-14".into(),
    };
    let reverted = Reverted {
        after: 1,
        through: 2,
        agent: "bo".into(),
        contributions: texts(["00112233445566778899aabbccddeeff"]),
    };
    vec![
        golden(1, provenance.clone()),
        golden(2, told),
        golden(1, answered.clone()),
        golden(1, check.clone()),
        golden(1, article.clone()),
        golden(2, withdrawn.clone()),
        golden(3, confirmed),
        golden(4, disputed),
        golden(5, redirect),
        golden(6, beside.clone()),
        golden(7, removed.clone()),
        golden(
            1,
            ArticleCurated {
                article: Some(article),
                reason: "ada adds one statement".into(),
                provenance: vec![provenance.clone()],
                answered: vec![answered.clone()],
                findability: vec![check.clone()],
                ..ArticleCurated::default()
            },
        ),
        golden(
            2,
            ArticleCurated {
                article: Some(withdrawn),
                reason: "withdraws what ada contributed (1 statement)".into(),
                provenance: vec![provenance.clone()],
                answered: vec![answered.clone()],
                findability: vec![check.clone()],
                withdrawn: texts(["00112233445566778899aabbccddeeff"]),
                ..ArticleCurated::default()
            },
        ),
        golden(3, tended.clone()),
        golden(1, reverted.clone()),
        golden(
            4,
            ArticleCurated {
                reason: "bo takes back revision 2: it was of last year".into(),
                reverted: Some(reverted.clone()),
                ..tended.clone()
            },
        ),
        golden(
            5,
            ArticleCurated {
                article: Some(removed),
                reason: "removed; proposed by bo: nobody has it any more".into(),
                reverted: Some(reverted),
                proposal: "00112233445566778899aabbccddeeff".into(),
                absorbed: texts(["lesson/pool"]),
                ..tended
            },
        ),
        golden(1, ProposalDue { proposal: "00112233445566778899aabbccddeeff".into() }),
        golden(1, change.clone()),
        golden(
            1,
            ProposalChanged {
                proposal: "00112233445566778899aabbccddeeff".into(),
                step: ProposalStep::Amended as i32,
                agent: "bo".into(),
                at: "2026-02-17T12:00:00Z".into(),
                reason: "the other one is broader".into(),
                change: Some(change),
                applies_at: "2026-02-18T12:00:00Z".into(),
                objection: 1,
                revisions: texts(["articles/lesson/pool/revisions/3"]),
            },
        ),
    ]
}

fn uses() -> Vec<Golden> {
    let read = ArticleRead { article: "lesson/restarts".into(), revision: 2, found: true };
    let mark = Mark { agent: "bo".into(), verdict: Verdict::Helpful as i32, reason: "it saved an hour".into() };
    let line = ReceiptLine {
        article: "lesson/restarts".into(),
        title: "Restarts".into(),
        readers: 3,
        found: 2,
        marks: vec![mark.clone()],
        more_marks: 1,
        with: texts(["cy"]),
    };
    let receipt = Receipt {
        id: "00112233445566778899aabbccddeeff".into(),
        agent: "ada".into(),
        lines: vec![line.clone()],
        more_articles: 4,
    };
    vec![
        golden(1, read.clone()),
        golden(1, ArticlesRead { reader: "bo".into(), articles: vec![read] }),
        golden(1, mark),
        golden(1, line),
        golden(1, receipt.clone()),
        golden(1, ReceiptsGiven { night: "2026-02-14".into(), receipts: vec![receipt], through: 41, page: 2 }),
        golden(
            1,
            FeedbackGiven {
                id: "ffeeddccbbaa99887766554433221100".into(),
                agent: "bo".into(),
                article: "lesson/restarts".into(),
                title: "Restarts".into(),
                revision: 2,
                verdict: Verdict::Wrong as i32,
                reason: "the pool is gone since 2.0".into(),
                held: "secret:aws-access-key".into(),
                advice: "take the key out".into(),
                contributors: texts(["ada", "cy"]),
                given_at: "2026-02-14T09:00:00Z".into(),
            },
        ),
    ]
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn counts<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(name, count)| (name.to_owned(), count)).into()
}
