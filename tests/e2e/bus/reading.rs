//! Reading a stream once, from its first message to its newest.

use std::time::Duration;

use commune_bus::{Bus, BusOptions, StreamName};
use commune_tests::{A_WHILE, NatsServer, Proxy, Weather, eventually_some};
use futures::TryStreamExt;

use super::trail;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_goes_on_when_its_reader_is_taken_away() {
    const MANY: usize = 1_000;
    let server = NatsServer::start().await;
    let near = server.bus().await;
    near.publish_batch((0..MANY).map(|n| trail(&n.to_string(), "small")).collect()).await.unwrap();

    // so slow that the reader can be found while it reads
    let proxy = Proxy::start(&server.url()).await;
    let (url, name, nkey_seed) = (proxy.url(), "tests".to_owned(), Some(server.seed().to_owned()));
    let far = Bus::connect(BusOptions { url, name, nkey_seed, replicas: 1, fault: None }).await.unwrap();
    proxy.weather(Weather::slow(Duration::from_millis(100), Duration::ZERO));
    let reading = tokio::spawn(async move { far.read(StreamName::Nights, &[], MANY).await });

    let options = async_nats::ConnectOptions::with_nkey(server.seed().to_owned());
    let admin = async_nats::jetstream::new(options.connect(server.url()).await.unwrap());
    let stream = admin.get_stream(StreamName::Nights.as_str()).await.unwrap();
    let reader = eventually_some(A_WHILE, "there is a reader", async || {
        stream.consumer_names().try_collect::<Vec<_>>().await.ok()?.pop()
    })
    .await;
    stream.delete_consumer(&reader).await.unwrap();

    let read = reading.await.unwrap().unwrap();
    let sequences: Vec<u64> = read.iter().map(|message| message.sequence).collect();
    assert_eq!(sequences, (1..=MANY as u64).collect::<Vec<_>>(), "each once, in order");
}
