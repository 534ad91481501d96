//! Asks the running service of the same settings whether it is ready: for containers that have no shell.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::Context as _;

use crate::settings::Listen;

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes of the answer that are read at most.
const LIMIT: u64 = 64 * 1024;

/// Ends well when `/readyz` answers 200.
///
/// # Errors
/// When the service does not answer, or says that it is not ready and why.
pub(crate) fn ask(listen: &Listen) -> anyhow::Result<()> {
    let address = address(listen)?;
    let asked = || format!("no answer from http://{address}/readyz: is the service running?");
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).with_context(asked)?;
    stream.set_read_timeout(Some(TIMEOUT)).with_context(asked)?;
    stream.set_write_timeout(Some(TIMEOUT)).with_context(asked)?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).with_context(asked)?;
    let mut answer = String::new();
    stream.take(LIMIT).read_to_string(&mut answer).with_context(asked)?;
    if answer.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).trim();
    anyhow::bail!("not ready: {body}")
}

/// Where to ask: the address of the settings; for a free port, what the running service wrote to its addresses file.
fn address(listen: &Listen) -> anyhow::Result<SocketAddr> {
    let mut address = listen.http;
    if address.port() == 0 {
        let path = &listen.addresses_file;
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("listen.http has no fixed port and the addresses file `{path}` cannot be read"))?;
        let told: serde_json::Value = serde_json::from_str(&text).with_context(|| format!("`{path}` is not JSON"))?;
        address = told["http"]
            .as_str()
            .and_then(|http| http.parse().ok())
            .with_context(|| format!("`{path}` does not tell the address `http`"))?;
    }
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn check(answer: &'static str, want: Result<(), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("addresses.json");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        std::fs::write(&file, format!(r#"{{"http": "{}"}}"#, listener.local_addr().unwrap())).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let listen = Listen {
            grpc: "127.0.0.1:0".parse().unwrap(),
            http: "0.0.0.0:0".parse().unwrap(),
            addresses_file: file.to_str().unwrap().to_owned(),
            tls_cert_file: String::new(),
            tls_key_file: String::new(),
        };
        let got = ask(&listen).map_err(|error| error.to_string());
        assert_eq!(got, want.map_err(str::to_owned));
        server.join().unwrap();
    }

    #[test]
    fn ready_or_why_not() {
        check("HTTP/1.1 200 OK\r\n\r\n{}", Ok(()));
        check("HTTP/1.1 503 Service Unavailable\r\n\r\nthe bus is away\n", Err("not ready: the bus is away"));
    }
}
