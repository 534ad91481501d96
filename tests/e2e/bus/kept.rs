//! A view that begins with what lies in a file: it equals the stream, whatever became of either meanwhile.

use std::{fs, path::Path};

use super::{store::copy, *};

/// A view that keeps what it takes in, caught up.
async fn begun(bus: &Bus, file: &Path) -> (View<Bodies>, CancellationToken) {
    let stop = CancellationToken::new();
    let view = View::start_kept(bus, StreamName::Nights, Bodies::default(), file.to_owned(), stop.clone());
    view.caught_up().await;
    (view, stop)
}

/// Lets a view end, and its file be anybody's.
async fn end(view: &View<Bodies>, stop: &CancellationToken) {
    stop.cancel();
    eventually(A_WHILE, "the file is let go of", async || !view.is_kept()).await;
}

async fn say(bus: &Bus, words: &[&str]) -> u64 {
    let mut last = 0;
    for word in words {
        last = bus.publish(trail(word, word).once()).await.unwrap().sequence;
    }
    last
}

fn bodies(view: &View<Bodies>) -> Vec<String> {
    view.read(|bodies| bodies.0.values().map(|body| String::from_utf8(body.clone()).unwrap()).collect())
}

#[tokio::test]
async fn a_view_begins_with_what_is_kept_and_equals_the_stream() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nights.stream");
    say(&bus, &["a", "b"]).await;
    let (view, stop) = begun(&bus, &file).await;
    view.reached(say(&bus, &["c"]).await, A_WHILE).await.unwrap();
    assert_eq!((view.from_file(), bodies(&view)), (0, vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]));
    end(&view, &stop).await;

    // what came while nobody read, and comes after
    say(&bus, &["d"]).await;
    let (view, stop) = begun(&bus, &file).await;
    view.reached(say(&bus, &["e"]).await, A_WHILE).await.unwrap();
    assert_eq!((view.from_file(), bodies(&view).concat()), (3, "abcde".to_owned()));
    // also over a server that was away
    server.kill();
    server.restart().await;
    view.reached(say(&bus, &["f"]).await, A_WHILE).await.unwrap();
    end(&view, &stop).await;

    // a kill left half of a message
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 5]).unwrap();
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat()), (5, "abcdef".to_owned()));
    end(&view, &stop).await;
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat()), (6, "abcdef".to_owned()));

    // one file is written by one at a time, and forgotten by whoever begins with it
    let (other, other_stop) = begun(&bus, &file).await;
    assert_eq!((other.from_file(), other.is_kept(), bodies(&other).concat()), (6, false, "abcdef".to_owned()));
    other.keep_no_more();
    assert!(!file.exists());
    end(&other, &other_stop).await;

    // what is forgotten is gone at once, and kept again from the next start on
    view.keep_no_more();
    assert!(!file.exists());
    view.reached(say(&bus, &["g"]).await, A_WHILE).await.unwrap();
    assert!(!file.exists());
    end(&view, &stop).await;
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat(), file.exists()), (0, "abcdefg".to_owned(), true));
    end(&view, &stop).await;
}

#[tokio::test]
async fn what_is_kept_of_another_stream_or_of_more_than_there_is_is_not_used() {
    let mut server = NatsServer::start().await;
    let bus = server.connect("reader").await;
    bus.ensure_topology().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nights.stream");
    say(&bus, &["a", "b", "c"]).await;
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!(view.from_file(), 0);
    end(&view, &stop).await;

    // somebody took a message out of the stream
    let options = async_nats::ConnectOptions::with_nkey(server.seed().to_owned());
    let admin = async_nats::jetstream::new(options.connect(server.url()).await.unwrap());
    assert!(admin.get_stream("NIGHTS").await.unwrap().delete_message(2).await.unwrap());
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat()), (0, "ac".to_owned()));
    end(&view, &stop).await;
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat()), (2, "ac".to_owned()));
    end(&view, &stop).await;

    // the store came back as it was earlier, and went on otherwise
    server.kill();
    let backup = server.dir().join("backup");
    copy(server.store_dir(), &backup);
    server.restart().await;
    let (view, stop) = begun(&bus, &file).await;
    view.reached(say(&bus, &["d"]).await, A_WHILE).await.unwrap();
    assert_eq!((view.from_file(), bodies(&view).concat()), (2, "acd".to_owned()));
    end(&view, &stop).await;
    server.kill();
    fs::remove_dir_all(server.store_dir()).unwrap();
    copy(&backup, server.store_dir());
    server.restart().await;
    let bus = server.connect("later").await;
    say(&bus, &["e"]).await;
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat()), (0, "ace".to_owned()));
    end(&view, &stop).await;

    // it is another stream
    server.restart_wiped().await;
    let bus = server.connect("last").await;
    bus.ensure_topology().await.unwrap();
    say(&bus, &["x"]).await;
    let (view, stop) = begun(&bus, &file).await;
    assert_eq!((view.from_file(), bodies(&view).concat()), (0, "x".to_owned()));
    end(&view, &stop).await;
}
