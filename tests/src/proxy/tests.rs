//! The proxy, with a tiny echo server behind it.

use super::*;
use crate::{A_WHILE, eventually};

/// Answers every byte with itself.
async fn echo() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    (address, task)
}

async fn say(stream: &mut TcpStream, words: &str) -> io::Result<String> {
    stream.write_all(words.as_bytes()).await?;
    hear(stream, words.len()).await
}

async fn hear(stream: &mut TcpStream, length: usize) -> io::Result<String> {
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

async fn silent(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(Duration::from_millis(150), stream.peek(&mut [0])).await.is_err()
}

#[tokio::test]
async fn what_is_held_arrives_when_the_weather_clears() {
    let (to, _echo) = echo().await;
    let proxy = Proxy::start(to).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, "one").await.unwrap(), "one");
    proxy.weather(Weather::half_open());
    stream.write_all(b"two").await.unwrap();
    assert!(silent(&mut stream).await);
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    new.write_all(b"new").await.unwrap();
    assert!(silent(&mut new).await);
    proxy.clear();
    assert_eq!(hear(&mut stream, 3).await.unwrap(), "two");
    assert_eq!(hear(&mut new, 3).await.unwrap(), "new");
    assert_eq!(proxy.connections(), 2);
    drop((stream, new));
    eventually(A_WHILE, "closed connections are forgotten", async || proxy.connections() == 0).await;
}

#[tokio::test]
async fn a_connection_that_lost_bytes_is_reset() {
    let (to, _echo) = echo().await;
    let proxy = Proxy::start(format!("nats://{to}")).await;
    let mut lossy = TcpStream::connect(proxy.address()).await.unwrap();
    let mut lucky = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut lossy, "one").await.unwrap(), "one");
    assert_eq!(say(&mut lucky, "one").await.unwrap(), "one");
    proxy.weather(Weather::answers_lost());
    lossy.write_all(b"two").await.unwrap();
    eventually(A_WHILE, "the answer is lost", async || proxy.swallowed() == 3).await;
    proxy.clear();
    let reset = hear(&mut lossy, 1).await.unwrap_err();
    assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(say(&mut lucky, "two").await.unwrap(), "two");
}

#[tokio::test]
async fn the_weather_changes_when_a_client_says_so_before_the_server_hears_it() {
    let (to, _echo) = echo().await;
    let proxy = Proxy::start(to).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    proxy.weather_after(&["one", "two three"], Weather::answers_lost());
    assert_eq!(say(&mut stream, "two three").await.unwrap(), "two three");
    assert_eq!(say(&mut stream, "one two").await.unwrap(), "one two");
    // in two pieces
    stream.write_all(b" thr").await.unwrap();
    assert_eq!(hear(&mut stream, 4).await.unwrap(), " thr");
    stream.write_all(b"ee four").await.unwrap();
    eventually(A_WHILE, "the answer is lost", async || proxy.swallowed() == 7).await;
    proxy.clear();
    hear(&mut stream, 1).await.unwrap_err();
    // once
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, "two three").await.unwrap(), "two three");
}

#[tokio::test]
async fn resets_refusals_and_an_absent_target_are_felt() {
    let (to, echo) = echo().await;
    let proxy = Proxy::start(to).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, "one").await.unwrap(), "one");
    proxy.reset();
    assert_eq!(hear(&mut stream, 1).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(say(&mut stream, "after").await.unwrap(), "after", "a reset is for open connections only");

    proxy.weather(Weather { refuse_new: true, ..Weather::default() });
    let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(say(&mut refused, "two").await.is_err());
    assert_eq!(say(&mut stream, "still").await.unwrap(), "still");
    proxy.clear();

    echo.abort();
    assert!(echo.await.unwrap_err().is_cancelled());
    let mut nobody = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(say(&mut nobody, "two").await.is_err());
    let back = TcpListener::bind(to).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"x").await.unwrap();
    back.accept().await.expect("the target came back");
}

#[tokio::test]
async fn latency_delays_and_keeps_the_order() {
    let (to, _echo) = echo().await;
    let proxy = Proxy::start(to).await;
    proxy.weather(Weather::slow(Duration::from_millis(40), Duration::from_millis(20)));
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let begun = Instant::now();
    for digit in 0..10 {
        stream.write_all(digit.to_string().as_bytes()).await.unwrap();
    }
    assert_eq!(hear(&mut stream, 10).await.unwrap(), "0123456789");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(80), "{took:?}");
}

#[tokio::test]
async fn a_dropped_proxy_closes_everything() {
    let (to, _echo) = echo().await;
    let proxy = Proxy::start(to).await;
    let address = proxy.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(say(&mut stream, "one").await.unwrap(), "one");
    drop(proxy);
    assert!(hear(&mut stream, 1).await.is_err());
    eventually(A_WHILE, "nobody listens", async || TcpStream::connect(address).await.is_err()).await;
}
