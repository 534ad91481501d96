//! Settings from a file and from variables, and every problem in one message.

use super::*;

const DEFAULTS: &str = r#"
    [nats]
    url = "nats://127.0.0.1:4222"
    nkey_seed_file = ""
    replicas = 1
    store_file = ""
    [listen]
    grpc = "127.0.0.1:7401"
    http = "127.0.0.1:7411"
    addresses_file = ""
    tls_cert_file = ""
    tls_key_file = ""
    [access]
    tokens_file = ""
    calls_per_second = 100
    [telemetry]
    log_format = "human"
    log_level = "info"
    log_level_file = ""
    otlp_endpoint = ""
    otlp_metrics_endpoint = ""
    [commune]
    time_zone = "America/Los_Angeles"
    roster_file = ""
    [share]
    floor = 0.5
    tags = ["a"]
    eager = false
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    floor: f64,
    tags: Vec<String>,
    eager: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    nats: Nats,
    listen: Listen,
    access: Access,
    telemetry: Telemetry,
    commune: Commune,
    share: Share,
}

impl ServiceSettings for Settings {
    fn common(&self) -> Common {
        let (nats, listen, access) = (self.nats.clone(), self.listen.clone(), self.access.clone());
        Common { nats, listen, access, telemetry: self.telemetry.clone(), commune: self.commune.clone() }
    }

    fn problems(&self) -> Vec<String> {
        if self.share.floor > 1.0 {
            vec![format!("share.floor is {}: use 0 to 1", self.share.floor)]
        } else {
            Vec::new()
        }
    }
}

fn check(file: Option<&str>, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.toml");
    if let Some(text) = file {
        std::fs::write(&path, text).unwrap();
    }
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_from(DEFAULTS, file.map(|_| path.as_path()), variables).map_err(|SettingsError(problems)| {
        let place = format!("{}/", folder.path().display());
        problems.into_iter().map(|problem| problem.replace(&place, "")).collect()
    })
}

#[test]
fn variables_go_before_the_file_and_the_file_before_the_defaults() {
    let settings = check(
        Some("[nats]\nurl = 'nats://file:1'\nreplicas = 3\n[share]\nfloor = 1"),
        &[
            ("COMMUNE_NATS__URL", "nats://variable:1"),
            ("COMMUNE_SHARE__TAGS", "x, y"),
            ("COMMUNE_SHARE__EAGER", "true"),
            ("COMMUNE_TELEMETRY__LOG_FORMAT", "json"),
            ("COMMUNE_HOME", "/somewhere"),
            ("COMMUNE_NIGHT__TIME", "05:00"),
            ("HOME", "/root"),
        ],
    )
    .unwrap();
    assert_eq!(settings.nats.url, "nats://variable:1");
    assert_eq!(settings.nats.replicas, 3);
    assert!(settings.nats.nkey_seed_file.is_empty() && settings.listen.addresses_file.is_empty());
    assert_eq!(settings.listen.grpc.port(), 7401);
    assert_eq!(settings.telemetry.log_format, LogFormat::Json);
    assert_eq!(settings.commune.time_zone, "America/Los_Angeles");
    assert_eq!((settings.share.floor, settings.share.eager), (1.0, true));
    assert_eq!(settings.share.tags, ["x", "y"]);
}

#[test]
fn every_problem_is_in_one_message() {
    let problems = check(
        Some("[nats]\nurll = 'x'\nreplicas = 'three'\n[listen]\ngrpc = 'nowhere'\n[zzz]\nqqqqqqqqqqqqqqqq = 1"),
        &[
            ("COMMUNE_TELEMETRY__LOG_FORMAT", "xml"),
            ("COMMUNE_TELEMETRY__LOGLEVEL", "debug"),
            ("COMMUNE_NATS_URL", "x"),
            ("COMMUNE_NATS__REPLICAS", "many"),
            ("COMMUNE_SHARE__FLOOR", "NaN"),
        ],
    )
    .unwrap_err();
    let all = problems.join("\n");
    for part in [
        "s.toml: `nats.urll` is not a setting; did you mean `nats.url`?",
        "s.toml: `nats.replicas` is text, but must be a whole number",
        "s.toml: `zzz.qqqqqqqqqqqqqqqq` is not a setting; the subcommand `settings` prints every one",
        "variable COMMUNE_TELEMETRY__LOGLEVEL is not a setting; did you mean `COMMUNE_TELEMETRY__LOG_LEVEL`?",
        "variable COMMUNE_NATS_URL is not a setting; did you mean `COMMUNE_NATS__URL`?",
        "variable COMMUNE_NATS__REPLICAS is `many`, but must be a whole number",
        "variable COMMUNE_SHARE__FLOOR is `NaN`, but must be a number",
        "s.toml: `listen.grpc`: ",
        "variable COMMUNE_TELEMETRY__LOG_FORMAT: ",
    ] {
        assert!(all.contains(part), "missing: {part}\nin:\n{all}");
    }
    assert_eq!(problems.len(), 9, "{all}");
}

#[test]
fn a_file_that_was_asked_for_must_be_there_and_be_toml() {
    let missing = load_from::<Settings>(DEFAULTS, Some(Path::new("/no/such/file.toml")), []).unwrap_err();
    assert!(missing.to_string().contains("/no/such/file.toml cannot be read"), "{missing}");
    let broken = check(Some("[nats\nurl"), &[]).unwrap_err();
    assert!(broken[0].contains("s.toml is not TOML"), "{broken:?}");
}

#[test]
fn distances() {
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("nats_url", "nats.url"), 1);
}

#[test]
fn values_that_cannot_be_used_are_told_with_the_rest() {
    let problems = check(
        Some("[nats]\nreplicas = 2\n[share]\nfloor = 2\nbogus = 1\n[commune]\ntime_zone = 'X/Y'"),
        &[
            ("COMMUNE_TELEMETRY__LOG_LEVEL", "info,loud"),
            ("COMMUNE_NATS__URL", "here"),
            ("COMMUNE_TELEMETRY__OTLP_ENDPOINT", "x"),
            ("COMMUNE_TELEMETRY__OTLP_METRICS_ENDPOINT", "https://y"),
            ("COMMUNE_ACCESS__CALLS_PER_SECOND", "0"),
        ],
    )
    .unwrap_err();
    for word in [
        "bogus",
        "nats.replicas",
        "share.floor",
        "X/Y",
        "`loud`",
        "`here`",
        "telemetry.otlp_endpoint",
        "telemetry.otlp_metrics_endpoint",
        "calls_per_second is 0: use 1",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(word)), "{word} in {problems:?}");
    }
}

#[test]
fn what_others_reach_needs_tokens_and_tls() {
    let (grpc, tokens) = (("COMMUNE_LISTEN__GRPC", "0.0.0.0:7401"), ("COMMUNE_ACCESS__TOKENS_FILE", "t"));
    let (certificate, key) = (("COMMUNE_LISTEN__TLS_CERT_FILE", "c"), ("COMMUNE_LISTEN__TLS_KEY_FILE", "k"));
    assert!(check(None, &[grpc, tokens, certificate, key]).is_ok());
    assert!(check(None, &[tokens]).is_ok() && check(None, &[certificate, key]).is_ok());
    assert!(check(None, &[("COMMUNE_LISTEN__GRPC", "[::1]:0")]).is_ok());
    assert_eq!(
        check(None, &[grpc]).unwrap_err(),
        ["listen.grpc is `0.0.0.0:7401`, which others reach: give access.tokens_file and listen.tls_cert_file and \
          listen.tls_key_file, or listen on 127.0.0.1"]
    );
    assert!(check(None, &[grpc, certificate, key]).unwrap_err()[0].contains("give access.tokens_file, or"));
    assert!(check(None, &[grpc, tokens]).unwrap_err()[0].contains("give listen.tls_cert_file and listen.tls_key_file"));
    assert!(check(None, &[("COMMUNE_LISTEN__GRPC", "[::]:1"), tokens]).is_err());
    assert!(check(None, &[certificate]).unwrap_err()[0].contains("need each other"));
}
