//! An agent recalls what it noted, on the day itself and after the night; each question counts once.

use commune_bus::StreamName;
use commune_proto::selfcare::v1::{
    NotesRecalled, RecallNotesRequest, RecallNotesResponse, RecallStatus, memory_service_client::MemoryServiceClient,
};
use commune_tests::support::{self, A_NIGHT, Commune, Plan};
use tonic::Code;

/// Asks a replica for what ada noted.
async fn recall(commune: &Commune, replica: usize, question: &str) -> Result<RecallNotesResponse, tonic::Status> {
    let address = format!("http://{}", commune.selfcare[replica].grpc);
    let mut memory = MemoryServiceClient::connect(address).await.expect("selfcare answers");
    let request = RecallNotesRequest { parent: "agents/ada".into(), question: question.into(), page_size: 2 };
    memory.recall_notes(request).await.map(tonic::Response::into_inner)
}

/// What is kept of what ada recalled.
async fn kept(commune: &Commune) -> Vec<NotesRecalled> {
    let messages = support::read_all(&commune.bus, StreamName::Memory, &["commune.memory.ada.recalled.*"]).await;
    messages.iter().map(|message| message.event().expect("of this version")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_noted_is_recalled_and_each_question_counts_once() {
    let commune = Commune::start(Plan::two()).await;
    commune.say("ada", "note", "n1", "The board in the hall listens on port 8080.").await;
    commune.say("ada", "note", "n2", "Bread wants three hours to rise.").await;
    commune.say("bo", "note", "n1", "The kettle stands in the pantry.").await;

    // on the day itself, as soon as the replica has read it
    let question = "which port has the board in the hall?";
    for replica in [0, 1] {
        let found = commune_tests::eventually_some(A_NIGHT, "the note is read", || async {
            recall(&commune, replica, question).await.ok().filter(|found| found.status() == RecallStatus::Found)
        })
        .await;
        assert_eq!((found.notes[0].name.as_str(), found.notes[0].waiting), ("agents/ada/notes/n1", true), "{found:?}");
    }
    assert_eq!(kept(&commune).await.len(), 1, "the same question of two replicas counts once");

    commune.run_night(commune.night(), A_NIGHT).await;
    let found = recall(&commune, 1, "Which port has the board, in the hall").await.expect("an answer");
    assert!(!found.notes[0].waiting && found.notes[0].excerpt.contains("8080"), "{found:?}");
    assert_eq!(recall(&commune, 0, "rise of bread").await.expect("an answer").status(), RecallStatus::Found);
    let kept = kept(&commune).await;
    assert_eq!(kept.iter().map(|kept| kept.notes.as_slice()).collect::<Vec<_>>(), [["n1"], ["n2"]], "{kept:?}");
    assert!(kept.iter().all(|kept| !format!("{kept:?}").contains("port")), "the question is not kept");

    // what another agent noted is not known to this one
    let unknown = recall(&commune, 0, "where does the kettle stand?").await.expect("an answer");
    assert_eq!((unknown.status(), unknown.notes.len()), (RecallStatus::NotKnown, 0), "{unknown:?}");
    for question in ["", "?!", &"x".repeat(1025)] {
        let refused = recall(&commune, 0, question).await.expect_err("nothing is asked");
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_questions_of_a_day_count_and_one_more_is_only_answered() {
    let commune = Commune::start(Plan::one()).await;
    commune.say("ada", "note", "n1", "The board in the hall listens on port 8080.").await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let times = |word: &str, count: usize| format!("{word} ").repeat(count);
    let questions =
        (0..1001).map(|n| times("port", n / 100 + 1) + &times("board", n / 10 % 10 + 1) + &times("hall", n % 10 + 1));
    for question in questions {
        let found = recall(&commune, 0, &question).await.expect("an answer");
        assert_eq!(found.status(), RecallStatus::Found, "{question}");
    }
    assert_eq!(kept(&commune).await.len(), 1000);
}
