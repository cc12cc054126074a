//! `breakerbox check`: its exit codes from the outside, and `--live` over real sockets.

use super::{
    rig::{config, provider},
    upstream::{Asked, Do, Upstream, by, json, openai},
};
use breakerbox::audit::live::{Called, call};
use serde_json::Value;
use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

/// Answers in a word, and judges with this reply.
fn chats_and_judges(reply: &'static str) -> Vec<Do> {
    by(move |asked| {
        let judges = String::from_utf8_lossy(&asked.body).contains("You grade one answer");
        openai("m", if judges { reply } else { "ok" })
    })
}

fn of<'c>(calls: &'c [Called], id: &str, as_judge: bool) -> &'c Called {
    let found = calls
        .iter()
        .find(|c| *c.deployment == *id && c.as_judge == as_judge);
    found.unwrap_or_else(|| panic!("{id} was called: {calls:?}"))
}

fn limit(asked: &Asked) -> Value {
    asked.json()["max_tokens"].clone()
}

#[tokio::test]
async fn every_deployment_is_called_once_with_its_own_key_and_every_judge_that_answers_judges() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let wrong_key = r#"{"error":{"message":"Incorrect API key provided: key-of-b","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let no_model = r#"{"error":{"message":"The model `m` does not exist","type":"invalid_request_error","code":"model_not_found"}}"#;
    let a = Upstream::start(vec![chats_and_judges(
        r#"{"score": 0.95, "reason": "right"}"#,
    )])
    .await;
    let b = Upstream::start(vec![json(401, &[], wrong_key)]).await;
    let c = Upstream::start(vec![json(404, &[], no_model)]).await;
    let d = Upstream::start(vec![chats_and_judges("I would say it is good.")]).await;
    let silent = Upstream::start(vec![vec![Do::Hang]]).await;
    let dead = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let providers: String = [("a", &a), ("b", &b), ("c", &c), ("d", &d), ("e", &silent)]
        .map(|(name, upstream)| provider(name, "openai", upstream))
        .concat();
    let toml = format!(
        "{providers}[providers.dead]\ndialect = \"openai\"\nbase_url = \"http://{dead}\"\nvendor = \"dead\"\nkey = \"key-of-dead\"\n\
         [routes.r]\ntiers = [\"a/m\", \"b/m\", \"c/m\", \"dead/m\", {{ deployment = \"e/m\", timeout = \"300ms\" }}]\n\
         [judge]\njudges = [\"a/m\", \"d/m\", \"b/m\"]\n[cache]\nenabled = false\n"
    );
    let (calls, findings) = call(&config(&toml)).await.unwrap();

    let good = of(&calls, "a/m", false);
    assert!(good.ok && good.took.is_some(), "{good:?}");
    assert_eq!((good.input, good.output), (9, 3));
    assert_eq!(
        of(&calls, "a/m", true).said,
        "scored a known good answer 0.95"
    );
    assert!(!of(&calls, "d/m", true).ok);
    assert_eq!(
        calls.len(),
        8,
        "b has no key that holds, and judges nothing: {calls:?}"
    );

    let said: Vec<_> = findings
        .iter()
        .map(|f| (f.rule.id, f.message.as_str()))
        .collect();
    let is = |rule: &str, start: &str, what: &str| {
        let here = |(id, text): &(&str, &str)| {
            *id == rule && text.starts_with(start) && text.contains(what)
        };
        assert!(said.iter().any(here), "{rule} {start} {what}: {said:#?}");
    };
    is(
        "live-failed",
        "b/m: the key is refused",
        "(credential 401 invalid_api_key)",
    );
    is("live-failed", "c/m: there is no such model", "404");
    is(
        "live-failed",
        "dead/m: 127.0.0.1 could not be called",
        "connect_refused",
    );
    is("live-failed", "e/m: it was silent for 3", "");
    is(
        "live-judge",
        "d/m: ",
        "its reply is not the JSON that was asked for",
    );
    assert_eq!(said.len(), 5, "{said:#?}");

    assert_eq!(
        [a.asked().len(), b.asked().len(), c.asked().len()],
        [2, 1, 1]
    );
    let first = &a.asked()[0];
    assert_eq!(first.header("authorization"), Some("Bearer key-of-a"));
    assert_eq!(limit(first), 16);
    let told = format!("{calls:?}{findings:?}");
    assert!(!told.contains("key-of-"), "{told}");
}

#[tokio::test]
async fn a_rate_limit_is_no_outage_and_a_judge_that_fails_a_good_answer_is_named() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let busy = r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#;
    let a = Upstream::start(vec![json(429, &[("retry-after", "1")], busy)]).await;
    let b = Upstream::start(vec![chats_and_judges(
        r#"{"score": 0.2, "reason": "thin"}"#,
    )])
    .await;
    let toml = "routes.r.tiers = [\"a/m\"]\njudge.judges = [\"b/m\"]\ncache.enabled = false\n";
    let toml = format!(
        "{toml}{}{}",
        provider("a", "openai", &a),
        provider("b", "openai", &b)
    );
    let (calls, findings) = call(&config(&toml)).await.unwrap();
    assert!(!of(&calls, "a/m", false).ok);
    let said: Vec<_> = findings
        .iter()
        .map(|f| (f.rule.id, f.message.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (
                "live-doubtful",
                "a/m: it is rate-limited just now: requests move on, and nothing trips (throttle 429 rate_limit_exceeded)"
            ),
            (
                "live-judge-harsh",
                "b/m: it scores a known good answer 0.20, and 0.70 passes"
            ),
        ]
    );
}

const GOOD: &str = r#"[routes.summarize]
tiers = [
  { deployment = "anthropic/claude-sonnet-4-5", timeout = "20s" },
  { deployment = "openai/gpt-4.1", timeout = "20s" },
]
[judge]
judges = ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro"]
"#;

/// In a home of its own, with three keys.
fn check(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breakerbox"))
        .arg("check")
        .args(args)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .envs(
            ["OPENAI", "ANTHROPIC", "GEMINI"]
                .map(|n| (format!("{n}_API_KEY"), "sk-geheim-geheim-123")),
        )
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    assert!(!String::from_utf8_lossy(&output.stdout).contains("geheim"));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("geheim"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_exit_code_is_zero_without_errors_and_one_with_strict_warnings() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("breakerbox.toml"), GOOD).unwrap();
    let plain = check(home.path(), &[]);
    assert_eq!(plain.status.code(), Some(0), "{}", out(&plain));
    assert!(
        out(&plain).contains("! warning never-drilled"),
        "{}",
        out(&plain)
    );
    assert!(
        out(&plain).contains("0 errors, 1 warning"),
        "{}",
        out(&plain)
    );
    assert_eq!(check(home.path(), &["--strict"]).status.code(), Some(1));
}

#[test]
fn the_ledger_is_read_where_drills_are_kept() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("breakerbox.toml"), GOOD).unwrap();
    let told: Value =
        serde_json::from_str(&out(&check(home.path(), &["--format", "json"]))).unwrap();
    let ended = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() - 3_600_000;
    let none = r#"{"requests":0,"failed":0,"primary":0,"cached":0,"fallback":0,"canned":0,"p50_ms":0,"p95_ms":0}"#;
    let line = format!(
        r#"{{"date":"","ended":{ended},"scenario":"hang","config":{},"result":"passed","who":"oncall","checks_passed":6,"checks":6,"steady":{none},"drill":{none}}}"#,
        told["config"]
    );
    let state = home.path().join(".local/state/breakerbox");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("drills.jsonl"), line + "\n").unwrap();
    let strict = check(home.path(), &["--strict"]);
    assert_eq!(strict.status.code(), Some(0), "{}", out(&strict));
    assert!(
        out(&strict).contains("hang passed, 1h00 ago"),
        "{}",
        out(&strict)
    );
}

#[test]
fn errors_are_one_and_what_cannot_be_read_is_two_in_every_format() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    file("one.toml", "routes.r.tiers = [\"openai/gpt-4.1\"]\n");
    let bad = check(home.path(), &["one.toml"]);
    assert_eq!(bad.status.code(), Some(1), "{}", out(&bad));
    assert!(
        out(&bad).contains("✗ error one-tier  one.toml:1:"),
        "{}",
        out(&bad)
    );

    file("broken.toml", "[routes.r]\ntiers = [\"opnai/gpt-4.1\"]\n");
    let text = check(home.path(), &["broken.toml"]);
    assert_eq!((text.status.code(), out(&text)), (Some(2), String::new()));
    assert!(String::from_utf8_lossy(&text.stderr).contains("broken.toml:2:"));
    let sarif = check(home.path(), &["broken.toml", "--format", "sarif"]);
    assert_eq!(sarif.status.code(), Some(2));
    let log: Value = serde_json::from_str(&out(&sarif)).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "unreadable");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        2
    );

    let nothing = check(home.path(), &[]);
    assert_eq!(nothing.status.code(), Some(2));
}
