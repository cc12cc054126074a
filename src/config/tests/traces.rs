//! `[traces]`: where spans go.

use super::{native::round_trip, *};
use crate::config::Protocol;
use secrecy::ExposeSecret;

const ROUTE: &str = "routes.r.tiers = ['openai/a']\n";

fn with(traces: &str) -> Result<Config, String> {
    let env = |name: &str| (name != "HOME" && name != "UNSET").then(|| "geheim-7".to_owned());
    load_with("c.toml", &format!("{ROUTE}[traces]\n{traces}"), &env).map_err(|e| e.to_string())
}

#[test]
fn where_spans_go_is_read_and_shown_again_without_its_secrets() {
    let config = with(
        "endpoint = 'https://collector:4317/'\nprotocol = 'grpc'\nsample = 0.25\n\
         headers = { X-Team = { env = 'TEAM' } }",
    )
    .unwrap();
    let traces = config.traces.as_ref().unwrap();
    assert_eq!(traces.endpoint.as_deref(), Some("https://collector:4317"));
    assert_eq!(traces.protocol, Some(Protocol::Grpc));
    assert_eq!(traces.headers[0].name, "x-team");
    assert_eq!(traces.headers[0].value.expose_secret(), "geheim-7");
    let shown = crate::config::show(&config);
    assert!(
        shown.contains("headers = { x-team = { env = \"TEAM\" } }"),
        "{shown}"
    );
    assert!(!shown.contains("geheim") && !format!("{config:?}").contains("geheim"));
    let again = load_with("c.toml", &shown, &|_: &str| Some("geheim-7".to_owned())).unwrap();
    assert_eq!(crate::config::show(&again), shown);
}

#[test]
fn a_file_that_says_nothing_of_traces_shows_nothing_of_them() {
    let config = toml(ROUTE);
    assert!(config.traces.is_none());
    round_trip(&config);
}

#[test]
fn what_is_wrong_is_said_and_secrets_are_not() {
    for (traces, says) in [
        ("endpoint = 'localhost:4318'", "expected an address"),
        ("endpoint = 'ftp://h'", "expected an address"),
        ("endpoint = 'http://u:geheim-7@h'", "put them under headers"),
        ("protocol = 'http/json'", "http/protobuf"),
        ("sample = 2", "0"),
        (
            "headers = { 'a b' = 'geheim-7' }",
            "cannot be the name of a header",
        ),
        ("headers = { a = { env = 'UNSET' } }", "UNSET"),
        ("headers = { a = '<set>' }", "config show"),
        ("headers = { a = \"geheim-7\\n8\" }", "no header can carry"),
        ("endpoints = 'http://h'", "unknown key"),
    ] {
        let error = with(traces).unwrap_err();
        assert!(error.contains(says), "{traces}: {error}");
        assert!(!error.contains("geheim"), "{error}");
    }
}

#[test]
fn a_literal_header_is_taken_with_a_warning() {
    let config = with("endpoint = 'http://h'\nheaders = { a = 'geheim-7' }").unwrap();
    assert!(
        config.warnings[0].contains("headers.a"),
        "{:?}",
        config.warnings
    );
    assert!(crate::config::show(&config).contains("headers = { a = \"<set>\" }"));
}
