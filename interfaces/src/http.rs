//! Asks a service's health over HTTP, without a client library.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Most bytes read of an answer.
const LIMIT: u64 = 32 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The status and the body of `GET path` at `http://host:port`; none when nobody answers within two seconds.
pub(crate) async fn get(base: &str, path: &str) -> Option<(u16, String)> {
    get_within(PATIENCE, base, path).await
}

/// The same, within another time.
pub(crate) async fn get_within(patience: Duration, base: &str, path: &str) -> Option<(u16, String)> {
    tokio::time::timeout(patience, ask(base, path)).await.ok()?
}

/// True when a NATS server greets at the (first) URL within two seconds.
pub(crate) async fn listens(nats_url: &str) -> bool {
    let first = nats_url.split(',').next().unwrap_or_default();
    let host = first.rsplit("://").next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default().trim_end_matches('/');
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:4222") };
    let greet = async {
        let mut stream = TcpStream::connect(&host).await.ok()?;
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting).await.ok()?;
        (&greeting == b"INFO ").then_some(())
    };
    matches!(tokio::time::timeout(PATIENCE, greet).await, Ok(Some(())))
}

async fn ask(base: &str, path: &str) -> Option<(u16, String)> {
    let (host, below) = place(base)?;
    let address = if host.rsplit(':').next()?.parse::<u16>().is_ok() { host.to_owned() } else { format!("{host}:80") };
    let mut stream = TcpStream::connect(address).await.ok()?;
    // by 1.0 the answer ends with the connection, and comes in one piece
    let request = format!("GET {below}{path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.take(LIMIT).read_to_end(&mut answer).await.ok()?;
    parse(&String::from_utf8_lossy(&answer))
}

/// The host of an address, and the path below which it answers.
fn place(base: &str) -> Option<(&str, &str)> {
    let rest = base.strip_prefix("http://")?.trim_end_matches('/');
    Some(rest.find('/').map_or((rest, ""), |at| rest.split_at(at)))
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        assert_eq!(parse("HTTP/1.1 503 No\r\nA: b\r\n\r\nnats: down\n"), Some((503, "nats: down".to_owned())));
        assert_eq!(parse("HTTP/1.1"), None);
    }

    #[test]
    fn an_address_may_have_a_path() {
        assert_eq!(place("http://127.0.0.1:16686/"), Some(("127.0.0.1:16686", "")));
        assert_eq!(place("http://traces.example/jaeger/"), Some(("traces.example", "/jaeger")));
        assert_eq!(place("https://traces.example"), None);
    }
}
