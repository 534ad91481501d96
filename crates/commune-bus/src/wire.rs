//! Messages as the server gives them, made into [`Stored`].

use async_nats::{HeaderMap, HeaderName, HeaderValue, jetstream};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{BusError, Stored, StreamName};

/// The answer of `STREAM.MSG.GET`.
#[derive(Debug, Deserialize)]
pub(crate) struct Got {
    pub(crate) message: GotMessage,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GotMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: String,
}

/// A message that was fetched by itself. Headers that no client could read are skipped, one by one.
pub(crate) fn from_got(stream: StreamName, got: GotMessage) -> Result<Stored, BusError> {
    let broken = |what: &str| BusError::Refused(format!("message {} of {} has {what}", got.seq, stream.as_str()));
    let headers = STANDARD.decode(&got.hdrs).map_err(|_| broken("headers that cannot be decoded"))?;
    let payload = STANDARD.decode(&got.data).map_err(|_| broken("a body that cannot be decoded"))?;
    let stored_at = got.time.parse().map_err(|_| broken("a time that cannot be read"))?;
    Ok(Stored {
        stream,
        subject: got.subject,
        sequence: got.seq,
        stored_at,
        headers: sorted(parse_headers(&String::from_utf8_lossy(&headers))),
        payload: payload.into(),
    })
}

/// Whether the client could read the message if it were delivered.
pub(crate) fn is_readable(got: &GotMessage) -> bool {
    let Ok(block) = STANDARD.decode(&got.hdrs) else { return false };
    let Ok(block) = String::from_utf8(block) else { return false };
    if block.is_empty() {
        return true;
    }
    let Some(lines) = block.strip_prefix("NATS/1.0\r\n") else { return false };
    lines.split("\r\n").all(|line| {
        let header =
            |(name, value): (&str, &str)| name.bytes().all(|b| b.is_ascii_graphic()) && !value.contains(['\r', '\n']);
        line.is_empty() || line.split_once(':').is_some_and(header)
    })
}

/// A delivered message with what its reply subject says of it.
pub(crate) struct Delivered {
    pub(crate) message: Stored,
    pub(crate) attempt: u64,
    /// How many messages the consumer has still to deliver after this one.
    pub(crate) pending: u64,
    /// Its place among the consumer's deliveries, from 1.
    pub(crate) delivery: u64,
}

/// A message from a consumer; none when it is not one.
pub(crate) fn from_delivery(stream: StreamName, message: &jetstream::Message) -> Option<Delivered> {
    let info = message.info().ok()?;
    let headers = message.headers.as_ref().map(from_header_map).unwrap_or_default();
    Some(Delivered {
        attempt: u64::try_from(info.delivered).unwrap_or(1),
        pending: info.pending,
        delivery: info.consumer_sequence,
        message: Stored {
            stream,
            subject: message.subject.to_string(),
            sequence: info.stream_sequence,
            stored_at: Timestamp::from_nanosecond(info.published.unix_timestamp_nanos()).unwrap_or_default(),
            headers,
            payload: message.payload.clone(),
        },
    })
}

/// Headers for the client; an error names the first that cannot be sent.
pub(crate) fn to_header_map(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let bad = || format!("the header `{}` cannot be sent", name.chars().take(100).collect::<String>());
        let name: HeaderName = name.parse().map_err(|_| bad())?;
        let value: HeaderValue = value.parse().map_err(|_| bad())?;
        map.append(name, value);
    }
    Ok(map)
}

fn from_header_map(map: &HeaderMap) -> Vec<(String, String)> {
    let pairs = map.iter().flat_map(|(name, values)| {
        values.iter().map(move |value| {
            let name: &str = name.as_ref();
            (name.to_owned(), value.as_str().to_owned())
        })
    });
    sorted(pairs.collect())
}

/// By name; several values of one name keep their order.
fn sorted(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.sort_by(|a, b| a.0.cmp(&b.0));
    headers
}

fn parse_headers(block: &str) -> Vec<(String, String)> {
    let lines = block.split("\r\n").skip(1);
    let pairs = lines.filter_map(|line| line.split_once(':'));
    pairs
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()))
        .map(|(name, value)| (name.to_owned(), value.trim().replace(|c: char| c.is_control(), " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_header_does_not_hide_the_others() {
        let found = parse_headers("NATS/1.0\r\nA: 1\r\nb b: 2\r\nnonsense\r\nC:a\rb\r\n\r\n");
        assert_eq!(found, [("A".to_owned(), "1".to_owned()), ("C".to_owned(), "a b".to_owned())]);
        assert_eq!(parse_headers(""), []);
    }

    #[test]
    fn what_the_client_cannot_read_is_known() {
        let check = |block: &[u8], expected: bool| {
            let got = GotMessage {
                subject: String::new(),
                seq: 1,
                hdrs: STANDARD.encode(block),
                data: String::new(),
                time: String::new(),
            };
            assert_eq!(is_readable(&got), expected, "{}", String::from_utf8_lossy(block));
        };
        check(b"", true);
        check(b"NATS/1.0\r\n\r\n", true);
        check(b"NATS/1.0\r\nName: value\r\nN: \r\n\r\n", true);
        check(b"NATS/1.0\r\nbad name: x\r\n\r\n", false);
        check(b"NATS/1.0\r\nName: a\rb\r\n\r\n", false);
        check(b"NATS/1.0\r\nName: \xff\r\n\r\n", false);
        check(b"NATS/1.0\r\nno colon\r\n\r\n", false);
        check(b"NATS/1.0 404 gone\r\n\r\n", false);
        check(b"Name: x\r\n\r\n", false);
    }

    proptest::proptest! {
        #[test]
        fn any_header_block_is_survived(block in "(?s).*") {
            for (name, value) in parse_headers(&block) {
                proptest::prop_assert!(to_header_map(&[(name, value)]).is_ok());
            }
        }
    }
}
