//! JetStream alone, beside a commune on the same server: what a measurement of the commune is held against.

use std::time::{Duration, Instant};

use async_nats::{
    Client, ConnectOptions, HeaderMap,
    jetstream::{
        self,
        consumer::{AckPolicy, PullConsumer, pull},
        stream::Stream,
    },
};
use bytes::Bytes;
use commune_bus::{Stored, StreamName};
use futures::{StreamExt, TryStreamExt, stream};

/// A service's connection to the server, and nothing of the commune's between.
pub struct Bare {
    url: String,
    seed: String,
    jetstream: jetstream::Context,
}

/// An empty stream with the settings of one of the commune's.
pub struct BareStream {
    /// What its subjects begin with.
    prefix: String,
    stream: Stream,
}

/// A message of a certain size.
#[derive(Debug, Clone)]
pub struct BareMessage {
    headers: HeaderMap,
    payload: Bytes,
}

impl BareMessage {
    /// As big as a message that a stream of the commune holds, with its body, and headers of as many bytes.
    pub fn like(stored: &Stored) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in &stored.headers {
            // what the server acts on stays away
            headers.insert(format!("Bare{name}"), value.as_str());
        }
        Self { headers, payload: stored.payload.clone() }
    }
}

impl Bare {
    /// Connects.
    ///
    /// # Panics
    /// When the server does not let it in.
    pub async fn connect(url: &str, seed: &str) -> Self {
        let client = service(url, seed).await;
        Self { url: url.to_owned(), seed: seed.to_owned(), jetstream: jetstream::new(client) }
    }

    /// Makes an empty stream with the settings of one of the commune's, under subjects of its own.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn stream_like(&self, like: StreamName, name: &str) -> BareStream {
        let like = self.jetstream.get_stream(like.as_str()).await.expect("the commune's stream is there");
        let mut config = like.cached_info().config.clone();
        let own = |subject: &str| subject.replacen("commune.", &format!("{name}."), 1);
        config.name = format!("BARE_{name}");
        config.subjects = config.subjects.iter().map(|subject| own(subject)).collect();
        if let Some(transform) = &mut config.subject_transform {
            transform.source = own(&transform.source);
            transform.destination = own(&transform.destination);
        }
        let stream = self.jetstream.create_stream(config).await.expect("a stream can be made");
        BareStream { prefix: name.to_owned(), stream }
    }

    /// Takes a stream away again.
    ///
    /// # Panics
    /// When it is gone already.
    pub async fn remove(&self, stream: BareStream) {
        let name = stream.stream.cached_info().config.name.clone();
        self.jetstream.delete_stream(name).await.expect("it is there");
    }

    /// Publishes these messages below `rest`, each acknowledged, so many at a time, while a durable consumer gets and acknowledges each.
    /// The time until the last is acknowledged.
    ///
    /// # Panics
    /// When the server refuses one.
    pub async fn through(
        &self,
        stream: &BareStream,
        rest: &str,
        messages: Vec<BareMessage>,
        at_a_time: usize,
    ) -> Duration {
        let count = messages.len();
        let consumer = consumer(&stream.stream, "all").await;
        let began = Instant::now();
        let consuming = async {
            let mut got = consumer.messages().await.expect("it can be consumed").take(count);
            while let Some(message) = got.next().await {
                message.expect("a message comes").ack().await.expect("it can be acknowledged");
            }
        };
        let publishing =
            stream::iter(messages.into_iter().enumerate()).for_each_concurrent(at_a_time, |(at, message)| {
                let subject = format!("{}.{rest}.{at}", stream.prefix);
                async move {
                    let sent = self.jetstream.publish_with_headers(subject, message.headers, message.payload).await;
                    sent.expect("it can be sent").await.expect("it is stored");
                }
            });
        futures::join!(consuming, publishing);
        let took = began.elapsed();
        stream.stream.delete_consumer("all").await.expect("it is there");
        took
    }

    /// Reads one of the commune's streams from its first message to its last, in order, and does nothing with it: how many messages there are,
    /// and how long it took.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn reads(&self, stream: StreamName) -> (usize, Duration) {
        let stream = self.jetstream.get_stream(stream.as_str()).await.expect("the commune's stream is there");
        let count = stream.cached_info().state.messages as usize;
        let began = Instant::now();
        let consumer = stream.create_consumer(pull::OrderedConfig::default()).await.expect("a consumer can be made");
        let mut messages = consumer.messages().await.expect("it can be consumed").take(count);
        while let Some(message) = messages.next().await {
            message.expect("a message comes");
        }
        (count, began.elapsed())
    }

    /// Sends one message through so many streams, each consumed by one who publishes it to the next; from the first publish to the last
    /// delivery, for each of `times`.
    ///
    /// # Panics
    /// When the server refuses something.
    pub async fn hops(&self, streams: &[BareStream], payload: Bytes, times: usize) -> Vec<Duration> {
        let mut consumers = Vec::new();
        for stream in streams {
            let made = consumer(&stream.stream, "hop").await;
            consumers.push(made.stream().max_messages_per_batch(1).messages().await.expect("it can be consumed"));
        }
        let mut took = Vec::new();
        for at in 0..times {
            let began = Instant::now();
            for (stream, consumer) in streams.iter().zip(&mut consumers) {
                let subject = format!("{}.memory.bare.{at}", stream.prefix);
                let sent = self.jetstream.publish(subject, payload.clone()).await.expect("it can be sent");
                sent.await.expect("it is stored");
                let message = consumer.try_next().await.expect("it comes").expect("the stream does not end");
                message.ack().await.expect("it can be acknowledged");
            }
            took.push(began.elapsed());
        }
        took
    }

    /// So many publishers, each on a connection of its own, publish one message after the other for so long, each acknowledged.
    ///
    /// # Panics
    /// When the server refuses one.
    pub async fn publishers(
        &self,
        stream: &BareStream,
        count: usize,
        round: &str,
        body: &Bytes,
        long: Duration,
    ) -> Vec<Duration> {
        let clients = stream::iter(0..count).then(|_| service(&self.url, &self.seed));
        let clients: Vec<Client> = clients.collect().await;
        let each = clients.into_iter().enumerate().map(|(at, client)| {
            let subject = format!("{}.agent.a{at}.note.{round}", stream.prefix);
            let jetstream = jetstream::new(client);
            let body = body.clone();
            tokio::spawn(repeated(long, move |ordinal| {
                let (jetstream, subject, body) = (jetstream.clone(), format!("{subject}-{ordinal}"), body.clone());
                async move {
                    let sent = jetstream.publish(subject, body).await.expect("it can be sent");
                    sent.await.expect("it is stored");
                }
            }))
        });
        collected(each).await
    }
}

/// As agents do: so many of them, each on a connection of its own, log one note after the other for so long, each acknowledged.
///
/// # Panics
/// When one is refused.
pub async fn agents(url: &str, count: usize, round: &str, body: &Bytes, long: Duration) -> Vec<Duration> {
    let clients =
        stream::iter(0..count).then(|_| async { async_nats::connect(url).await.expect("an agent can connect") });
    let clients: Vec<Client> = clients.collect().await;
    let each = clients.into_iter().enumerate().map(|(at, client)| {
        let subject = format!("commune.agent.a{at}.note.{round}");
        let body = body.clone();
        tokio::spawn(repeated(long, move |ordinal| {
            let client = client.clone();
            let (subject, body) = (format!("{subject}-{ordinal}"), body.clone());
            async move {
                let answer = client.request(subject, body).await.expect("it is answered");
                assert!(answer.payload.starts_with(b"{\"stream\""), "{answer:?}");
            }
        }))
    });
    collected(each).await
}

/// Repeats something for so long; how long each took.
async fn repeated<F: Future<Output = ()>>(long: Duration, mut once: impl FnMut(usize) -> F) -> Vec<Duration> {
    let (start, mut took) = (Instant::now(), Vec::new());
    while start.elapsed() < long {
        let began = Instant::now();
        once(took.len()).await;
        took.push(began.elapsed());
    }
    took
}

async fn collected(each: impl Iterator<Item = tokio::task::JoinHandle<Vec<Duration>>>) -> Vec<Duration> {
    let running: Vec<_> = each.collect();
    let mut all = Vec::new();
    for one in running {
        all.extend(one.await.expect("nobody panics"));
    }
    all
}

async fn service(url: &str, seed: &str) -> Client {
    ConnectOptions::with_nkey(seed.to_owned()).connect(url).await.expect("a service can connect")
}

async fn consumer(stream: &Stream, name: &str) -> PullConsumer {
    stream.get_or_create_consumer(name, pull_config(name)).await.expect("a consumer can be made")
}

fn pull_config(name: &str) -> pull::Config {
    pull::Config { durable_name: Some(name.to_owned()), ack_policy: AckPolicy::Explicit, ..pull::Config::default() }
}
