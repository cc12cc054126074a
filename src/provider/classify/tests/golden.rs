//! The table of signals, in `signals.txt`: one line for each.

use super::*;
use Class::{Caller, Fault};
use Dialect::{Anthropic, OpenAi};

struct Signal {
    dialect: Dialect,
    status: u16,
    expected: String,
    headers: HeaderMap,
    body: &'static str,
}

fn signals() -> Vec<Signal> {
    let lines = include_str!("signals.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<_> = line.splitn(4, '|').map(str::trim).collect();
            let [call, expected, sent, body] = columns[..] else {
                panic!("four columns: {line}");
            };
            let (dialect, status) = call.split_once(' ').unwrap();
            Signal {
                dialect: Dialect::ALL
                    .into_iter()
                    .find(|d| d.as_str() == dialect)
                    .unwrap(),
                status: status.trim().parse().unwrap(),
                expected: expected.split_whitespace().collect::<Vec<_>>().join(" "),
                headers: headers(&sent.replace("; ", "\n")),
                body,
            }
        })
        .collect()
}

#[test]
fn each_signal_has_its_class_its_code_and_its_wait() {
    let signals = signals();
    assert!(signals.len() >= 60);
    for s in signals {
        let verdict = http(s.dialect, s.status, &s.headers, s.body.as_bytes(), NOW);
        let wait = verdict
            .retry_after
            .map_or_else(|| "-".to_owned(), |d| format!("{}ms", d.as_millis()));
        let got = format!("{} {} {wait}", verdict.class, verdict.code);
        assert_eq!(got, s.expected, "{} {} {}", s.dialect, s.status, s.body);
        assert_eq!(verdict.status, Some(s.status));
    }
}

#[test]
fn a_timeout_behind_the_providers_door_is_a_silence() {
    for (status, again) in [
        (500, true),
        (502, true),
        (503, true),
        (529, true),
        (408, false),
        (504, false),
        (524, false),
    ] {
        let verdict = http(OpenAi, status, &HeaderMap::new(), b"", NOW);
        assert_eq!(verdict.may_retry_same_tier(), again, "{status}");
    }
}

#[test]
fn any_server_error_is_a_fault_unless_it_says_otherwise() {
    for status in 500..600 {
        for dialect in Dialect::ALL {
            for body in [
                "",
                "{}",
                "null",
                "[]",
                "oops",
                r#"{"error":{"type":"authentication_error"}}"#,
            ] {
                assert_eq!(
                    http(dialect, status, &HeaderMap::new(), body.as_bytes(), NOW).class,
                    Fault,
                    "{status} {body}"
                );
            }
        }
    }
}

#[test]
fn words_that_a_caller_quotes_do_not_close_a_deployment() {
    for message in [
        "Invalid value: 'your credit balance is too low'. Supported values are: 'user'.",
        "Unknown role \\\"credit balance\\\"",
        "Unexpected `spend limit` in messages.0",
    ] {
        let body = format!(
            r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{message}"}}}}"#
        );
        assert_eq!(
            http(Anthropic, 400, &HeaderMap::new(), body.as_bytes(), NOW).class,
            Caller,
            "{message}"
        );
    }
}
