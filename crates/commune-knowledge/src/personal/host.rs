//! Machines of a private network, and accounts on machines: private addresses (RFC 1918, 6598, 4193), names that only a private
//! network knows. What documentation uses (RFC 5737, 3849), loopback, whole networks and usual defaults are nobody's.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use regex::Regex;

use super::{Found, around};

/// Addresses that a manual names because every network, or every container, has them.
const USUAL: &[Ipv4Addr] = &[
    Ipv4Addr::new(10, 0, 0, 1),
    Ipv4Addr::new(10, 0, 2, 2),
    Ipv4Addr::new(10, 96, 0, 1),
    Ipv4Addr::new(10, 96, 0, 10),
    Ipv4Addr::new(172, 17, 0, 1),
    Ipv4Addr::new(192, 168, 0, 1),
    Ipv4Addr::new(192, 168, 1, 1),
    Ipv4Addr::new(192, 168, 65, 2),
];

static V4: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d{1,3}(?:\.\d{1,3}){3}").ok());
static V6: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)\bf[cd][0-9a-f]{2}:[0-9a-f:]{2,36}").ok());
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}(?P<ending>internal|corp|lan|intranet|intra|home\.arpa|local|private|localdomain)\b").ok()
});

/// Names that a manual tells everybody.
const KNOWN: &[&str] =
    &["docker.internal", "containers.internal", "google.internal", "cluster.local", "example.internal", "svc.local"];

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    addresses(text, found);
    names(text, found);
}

fn addresses(text: &str, found: &mut Found<'_>) {
    for matched in V4.iter().flat_map(|v4| v4.find_iter(text)) {
        let Ok(address) = matched.as_str().parse::<Ipv4Addr>() else { continue };
        let (before, after) = around(text, matched.start(), matched.end());
        let longer = before.is_some_and(|c| c.is_alphanumeric() || "._-".contains(c))
            || after.is_some_and(|c| c.is_alphanumeric() || c == '_')
            || (after == Some('.') && text[matched.end() + 1..].starts_with(|c: char| c.is_ascii_digit()));
        if before == Some('@') && is_login(&text[..matched.start() - 1]) && !is_nobodys(address) && !is_private(address)
        {
            found(
                matched.start(),
                "login-address",
                "it names an account and the address of its machine: write `user@host` and log the note again",
            );
        }
        if !longer && is_private(address) && !is_network(address, &text[matched.end()..]) && !USUAL.contains(&address) {
            found(
                matched.start(),
                "private-host",
                "it has the address of a machine in a private network: write one of 192.0.2.0/24 and log the note again",
            );
        }
    }
    for matched in V6.iter().flat_map(|v6| v6.find_iter(text)) {
        let network = matched.as_str().ends_with("::") && text[matched.end()..].starts_with('/');
        if matched.as_str().trim_end_matches(':').parse::<Ipv6Addr>().is_ok() && !network {
            found(
                matched.start(),
                "private-host",
                "it has the address of a machine in a private network: write one of 2001:db8::/32 and log the note again",
            );
        }
    }
}

fn is_login(before: &str) -> bool {
    before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// This machine's own, and what documentation uses.
fn is_nobodys(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_documentation() || address.is_unspecified() || address.is_broadcast()
}

fn is_private(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private() || (a == 100 && (64..128).contains(&b))
}

/// True for a whole network: it ends in zeros, or a length follows and the rest is zero.
fn is_network(address: Ipv4Addr, rest: &str) -> bool {
    let bits = rest.strip_prefix('/').map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let bits = bits.and_then(|bits| bits.parse::<u32>().ok()).filter(|bits| *bits <= 32);
    let [.., last] = address.octets();
    match bits {
        Some(bits) => address.to_bits() & (u32::MAX.checked_shr(bits).unwrap_or(0)) == 0,
        None => last == 0 || last == 255,
    }
}

fn names(text: &str, found: &mut Found<'_>) {
    for captures in NAME.iter().flat_map(|name| name.captures_iter(text)) {
        let (Some(name), Some(ending)) = (captures.get(0), captures.name("ending")) else { continue };
        let host = name.as_str().to_lowercase();
        let (before, after) = around(text, name.start(), name.end());
        let longer = before.is_some_and(|c| c.is_alphanumeric() || "._-$\\".contains(c))
            || after.is_some_and(|c| c.is_alphanumeric() || "_-(".contains(c))
            || (after == Some('.') && text[name.end() + 1..].starts_with(|c: char| c.is_alphanumeric()));
        let reached = text[..name.start()].ends_with("://")
            || before == Some('@')
            || ["ssh ", "ping ", "host ", "scp ", "curl "].iter().any(|word| text[..name.start()].ends_with(word))
            || (after == Some(':') && text[name.end() + 1..].starts_with(|c: char| c.is_ascii_digit()));
        let first = host.split('.').next().unwrap_or_default();
        let numbered = first.contains('-') || first.ends_with(|c: char| c.is_ascii_digit());
        let told = match ending.as_str().to_lowercase().as_str() {
            "corp" | "lan" | "intranet" | "home.arpa" => true,
            "internal" | "intra" => reached || numbered,
            _ => reached,
        };
        let known = KNOWN.iter().any(|known| host.ends_with(known)) || first == "example" || first == "host";
        if !longer && told && !known {
            found(
                name.start(),
                "private-host",
                "it names a machine of a private network: write `host.example.org` and log the note again",
            );
        }
    }
}

#[cfg(test)]
#[test]
fn the_expressions_compile() {
    assert!(V4.is_some() && V6.is_some() && NAME.is_some());
}
