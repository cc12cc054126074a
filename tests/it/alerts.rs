//! Who is told, over real sockets and by real commands.

use super::{
    rig::{self, Rig, SOON, openai_tiers},
    upstream::{Do, Upstream, json, openai},
};
use breakerbox::{
    alerts::Pace,
    config,
    model::{Kind, event::Level},
};
use serde_json::Value;
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::time::Instant;

const MARK: &str = "geheim-7-T00-B00-xyz";
const REFUSAL: &str =
    r#"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#;
const FORCE: &str = "force a/m-a open --for 10m --why drilling-the-pager";

fn pace() -> Pace {
    Pace {
        first: Duration::from_millis(20),
        most: Duration::from_millis(80),
        limit: Duration::from_millis(400),
        give_up: Duration::from_secs(30),
        goodbye: Duration::from_millis(500),
    }
}

fn ok() -> Vec<Do> {
    json(200, &[], "ok")
}

/// Route `r` over `a` and `b`, and one who is told.
async fn rig(alert: &str, pace: Pace) -> (Rig, [Upstream; 2]) {
    let upstreams = [
        Upstream::start(vec![openai("m", "hello")]).await,
        Upstream::start(vec![openai("m", "hello")]).await,
    ];
    let mut rig = Rig::start(&with(&upstreams, alert)).await;
    rig.tell(pace);
    (rig, upstreams)
}

fn with(upstreams: &[Upstream; 2], alert: &str) -> String {
    let [a, b] = upstreams;
    format!(
        "{}[[alerts]]\nname = \"oncall\"\n{alert}\n",
        openai_tiers(&[a, b])
    )
}

fn webhook(addr: SocketAddr) -> String {
    format!("url = \"http://{addr}/services/{MARK}\"")
}

/// Waits until it was asked so often, and what it was told.
async fn told(hook: &Upstream, n: usize) -> Vec<Value> {
    let deadline = Instant::now() + SOON;
    while hook.asked().len() < n {
        assert!(
            Instant::now() < deadline,
            "{n} messages: {:?}",
            hook.asked()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    hook.asked()
        .iter()
        .map(super::upstream::Asked::json)
        .collect()
}

fn texts(told: &[Value]) -> Vec<&str> {
    told.iter().filter_map(|m| m["text"].as_str()).collect()
}

/// What the router says of those that are not reached.
async fn notice(rig: &mut Rig, level: Level) -> String {
    let event = rig
        .event(|k| matches!(k, Kind::Notice { level: l, text } if *l == level && text.contains("alert oncall")))
        .await;
    event.line()
}

#[tokio::test]
async fn a_breaker_that_opens_is_told_with_its_evidence() {
    let hook = Upstream::start(vec![ok()]).await;
    let (rig, [a, _b]) = rig(&webhook(hook.addr), pace()).await;
    a.play(vec![json(401, &[], REFUSAL)]);
    assert_eq!(rig.ask("what-nobody-may-read").await.status(), 200);
    let told = told(&hook, 1).await;
    assert_eq!(told[0]["key"], "breaker:a/m-a");
    assert_eq!(told[0]["to"], "OPEN");
    assert_eq!(told[0]["drill"], false);
    assert_eq!(told[0]["router"]["listen"], rig.addr.to_string());
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.starts_with("a/m-a CLOSED -> OPEN: "), "{text}");
    let all = format!("{told:?}");
    assert!(
        !all.contains("what-nobody") && !all.contains("key-of"),
        "{all}"
    );
}

#[tokio::test]
async fn a_trip_that_a_person_withholds_is_told_and_so_is_that_he_does_no_longer() {
    let hook = Upstream::start(vec![ok()]).await;
    let alert = format!("{}\non = [\"would_trip\"]", webhook(hook.addr));
    let (mut rig, [a, _b]) = rig(&alert, pace()).await;
    let force = "force a/m-a closed --for 10m --why they-say-it-is-fine";
    assert_eq!(rig.done(force).await, None);
    a.play(vec![json(401, &[], REFUSAL)]);
    assert_eq!(rig.ask("hello").await.status(), 200);
    let began = told(&hook, 1).await;
    assert_eq!(began[0]["key"], "would_trip:a/m-a");
    assert_eq!(began[0]["event"]["spared"], "forced");
    let text = texts(&began)[0];
    assert!(
        text.starts_with("a/m-a would have tripped: credential")
            && text.ends_with("; it is forced closed"),
        "{text}"
    );
    rig.order("release a/m-a");
    let all = told(&hook, 2).await;
    assert_eq!(all[1]["key"], "would_trip:a/m-a");
    assert_eq!(all[1]["resolved"], true);
    assert!(texts(&all)[1].starts_with("a/m-a is spared no longer: "));
}

#[tokio::test]
async fn what_a_reload_takes_out_is_told_to_be_over() {
    let hook = Upstream::start(vec![ok()]).await;
    let (mut rig, [a, b]) = rig(&webhook(hook.addr), pace()).await;
    rig.order("force b/m-b open --for 10m --why x");
    told(&hook, 1).await;
    let only_a = format!(
        "{}[[alerts]]\nname = \"oncall\"\n{}\n",
        openai_tiers(&[&a]),
        webhook(hook.addr)
    );
    // It has to have been seen once.
    rig.until("b is there", |s| s.deployments.len() == 2).await;
    rig.reload(&only_a);
    rig.event(|k| matches!(k, Kind::Reloaded { .. })).await;
    let all = told(&hook, 2).await;
    assert_eq!(all[1]["key"], "force:b/m-b");
    assert_eq!(texts(&all)[1], "b/m-b is no longer configured");
    drop(b);
}

#[tokio::test]
async fn slack_is_sent_a_text() {
    let hook = Upstream::start(vec![ok()]).await;
    let alert = format!("{}\nformat = \"slack\"", webhook(hook.addr));
    let (rig, _upstreams) = rig(&alert, pace()).await;
    rig.order(FORCE);
    let told = told(&hook, 1).await;
    let text = told[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("*WARN* a/m-a FORCED OPEN by test"),
        "{text}"
    );
    let asked = &hook.asked()[0];
    assert_eq!(asked.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_webhook_that_is_down_gets_it_once_when_it_is_back() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = nobody.local_addr().unwrap();
    drop(nobody);
    let (rig, _upstreams) = rig(&webhook(addr), pace()).await;
    rig.order(FORCE);
    // Long enough for some tries.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let hook = Upstream::start_at(addr, vec![json(503, &[], ""), ok()]).await;
    let first = told(&hook, 2).await;
    assert_eq!(first[0]["id"], first[1]["id"], "one message, sent again");
    rig.order("release a/m-a");
    let all = told(&hook, 3).await;
    assert_eq!(texts(&all)[2], "a/m-a released by test");
    assert_eq!(all[2]["resolved"], true);
}

#[tokio::test]
async fn messages_keep_their_order() {
    let hook = Upstream::start(vec![json(500, &[], ""), json(500, &[], ""), ok()]).await;
    let (rig, _upstreams) = rig(&webhook(hook.addr), pace()).await;
    rig.order(FORCE);
    rig.order("release a/m-a");
    let all = told(&hook, 4).await;
    let resolved: Vec<_> = all
        .iter()
        .map(|m| m["resolved"].as_bool().unwrap())
        .collect();
    assert_eq!(resolved, [false, false, false, true]);
}

#[tokio::test]
async fn a_webhook_that_is_asked_too_often_says_how_long_to_wait() {
    let busy = json(429, &[("retry-after", "1")], "");
    let hook = Upstream::start(vec![busy, ok()]).await;
    let (rig, _upstreams) = rig(&webhook(hook.addr), pace()).await;
    rig.order(FORCE);
    told(&hook, 2).await;
    let asked = hook.asked();
    let waited = asked[1].at - asked[0].at;
    assert!(waited >= Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn a_refused_message_is_not_sent_again_and_told_once() {
    let hook = Upstream::start(vec![json(404, &[], "no_service")]).await;
    let (mut rig, _upstreams) = rig(&webhook(hook.addr), pace()).await;
    rig.order(FORCE);
    let said = notice(&mut rig, Level::Bad).await;
    assert_eq!(said, "alert oncall does not reach anybody: it answered 404");
    rig.order("release a/m-a");
    told(&hook, 2).await;
    hook.play(vec![ok()]);
    rig.order(FORCE);
    let said = notice(&mut rig, Level::Good).await;
    assert_eq!(said, "alert oncall arrives again, 2 before it did not");
    assert_eq!(hook.asked().len(), 3, "one try each");
}

#[tokio::test]
async fn a_message_that_never_arrives_is_given_up_and_told_without_its_address() {
    let hook = Upstream::start(vec![vec![Do::Reset]]).await;
    let patience = Pace {
        give_up: Duration::from_millis(300),
        ..pace()
    };
    let (mut rig, _upstreams) = rig(&webhook(hook.addr), patience).await;
    rig.order(FORCE);
    let said = notice(&mut rig, Level::Bad).await;
    assert!(
        said.contains("the connection broke; given up after"),
        "{said}"
    );
    assert!(
        !said.contains(MARK) && !said.contains("127.0.0.1"),
        "{said}"
    );
    assert!(hook.asked().len() > 2, "it was tried again");
}

#[tokio::test]
async fn a_webhook_that_hangs_holds_up_nothing() {
    let hook = Upstream::start(vec![vec![Do::Hang]]).await;
    let patience = Pace {
        limit: Duration::from_mins(1),
        ..pace()
    };
    let (rig, _upstreams) = rig(&webhook(hook.addr), patience).await;
    rig.order("force b/m-b open --for 10m --why x");
    told(&hook, 1).await;
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(rig.ask("hello").await.status(), 200);
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let ending = Instant::now();
    rig.shutdown().await;
    let took = ending.elapsed();
    assert!(took < pace().goodbye + Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn the_last_message_goes_out_when_the_router_ends() {
    let hook = Upstream::start(vec![json(503, &[], ""), ok()]).await;
    let patience = Pace {
        first: Duration::from_secs(20),
        most: Duration::from_secs(20),
        goodbye: SOON,
        ..pace()
    };
    let (rig, _upstreams) = rig(&webhook(hook.addr), patience).await;
    rig.order(FORCE);
    told(&hook, 1).await;
    rig.shutdown().await;
    assert_eq!(hook.asked().len(), 2, "it was not waited for");
}

#[tokio::test]
async fn what_an_injected_fault_did_is_told_with_a_mark_to_whoever_wants_it() {
    let (silent, drilled) = (
        Upstream::start(vec![ok()]).await,
        Upstream::start(vec![ok()]).await,
    );
    let second = format!(
        "on = [\"transition\", \"force\"]\n[[alerts]]\nname = \"pager-test\"\n{}\ndrills = true\non = [\"transition\", \"force\"]",
        webhook(drilled.addr)
    );
    let alert = format!("{}\n{second}", webhook(silent.addr));
    let (mut rig, [a, _b]) = rig(&alert, pace()).await;
    // As for a key that it does not know.
    a.play(vec![json(401, &[], REFUSAL)]);
    assert_eq!(rig.done("fault add a/m-a bad-key --for 1m").await, None);
    assert_eq!(rig.ask("hello").await.status(), 200);
    let all = told(&drilled, 1).await;
    assert_eq!(
        (&all[0]["key"], &all[0]["drill"]),
        (&"breaker:a/m-a".into(), &true.into())
    );
    rig.order("force b/m-b open --for 1m --why y");
    let real = told(&silent, 1).await;
    assert_eq!(
        real[0]["key"], "force:b/m-b",
        "the first that the other hears"
    );
}

#[tokio::test]
async fn a_reload_changes_who_is_told_and_repeats_nothing() {
    let (old, new) = (
        Upstream::start(vec![ok()]).await,
        Upstream::start(vec![ok()]).await,
    );
    let (mut rig, upstreams) = rig(&webhook(old.addr), pace()).await;
    rig.order(FORCE);
    told(&old, 1).await;
    rig.reload(&with(&upstreams, &webhook(new.addr)));
    rig.event(|k| matches!(k, Kind::Reloaded { .. })).await;
    rig.order("rung3 on r --for 1m --why x");
    rig.order("release a/m-a");
    let all = told(&new, 2).await;
    let keys: Vec<_> = all.iter().map(|m| m["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["rung3:r", "force:a/m-a"]);
    assert_eq!(
        all[1]["resolved"], true,
        "what the old address was told of is over"
    );
    assert_eq!(old.asked().len(), 1);
}

#[tokio::test]
async fn addresses_and_headers_come_out_nowhere() {
    let hook = Upstream::start(vec![json(404, &[], MARK)]).await;
    let alert = format!(
        "{}\nheaders = {{ authorization = \"Bearer {MARK}\" }}",
        webhook(hook.addr)
    );
    let (mut rig, upstreams) = rig(&alert, pace()).await;
    rig.order(FORCE);
    let said = notice(&mut rig, Level::Bad).await;
    let asked = &hook.asked()[0];
    assert!(asked.head.contains(MARK), "they are sent");
    assert_eq!(
        asked.header("authorization"),
        Some(&*format!("Bearer {MARK}"))
    );
    let config = rig::config(&with(&upstreams, &alert));
    let shown = format!(
        "{said}{config:?}{}{}{:?}",
        config::show(&config),
        serde_json::to_string(&*rig.snapshot()).unwrap(),
        rig.snapshot(),
    );
    assert!(!shown.contains(MARK), "{shown}");
}

fn script(dir: &Path, text: &str) -> String {
    let file = dir.join("hook.sh");
    std::fs::write(&file, text).unwrap();
    format!("command = [\"sh\", {:?}]", file.to_str().unwrap())
}

/// Waits for a file with something in it.
async fn written(file: &Path) -> String {
    let deadline = Instant::now() + SOON;
    loop {
        match std::fs::read_to_string(file) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(Instant::now() < deadline, "{}", file.display()),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_command_gets_the_message_and_no_keys() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let text = format!(
        "cat > {0}.part; echo >> {0}.part; env >> {0}.part; mv {0}.part {0}",
        out.display()
    );
    let (rig, _upstreams) = rig(&script(dir.path(), &text), pace()).await;
    rig.order(FORCE);
    let got = written(&out).await;
    let (message, env) = got.split_once('\n').unwrap();
    let message: Value = serde_json::from_str(message).unwrap();
    assert_eq!(message["to"], "FORCED OPEN");
    assert_eq!(message["reason"], "drilling-the-pager");
    assert!(env.contains("BREAKERBOX_ALERT_KEY=force:a/m-a\n"), "{env}");
    assert!(env.contains("BREAKERBOX_ALERT_RESOLVED=0\n"), "{env}");
    // Cargo sets dozens for its tests; none of them is passed on.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(
        !env.contains("CARGO_") && !env.contains("_KEY=key-of"),
        "{env}"
    );
}

#[tokio::test]
async fn a_command_that_never_ends_is_killed_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let text = format!("sleep 600 & echo $$ $! > {}; wait", pids.display());
    let (mut rig, _upstreams) = rig(&script(dir.path(), &text), pace()).await;
    rig.order(FORCE);
    let first = written(&pids).await;
    let said = notice(&mut rig, Level::Bad).await;
    assert!(
        said.contains("sh was not done after 0.4 s, and was killed; given up after 3 tries"),
        "{said}"
    );
    for pid in first
        .split_whitespace()
        .chain(written(&pids).await.split_whitespace())
    {
        let deadline = Instant::now() + SOON;
        while is_alive(pid) {
            assert!(Instant::now() < deadline, "{pid} lives");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// One that has ended and was not waited for does not count.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !stat.is_empty() && !state.starts_with('Z')
}

#[tokio::test]
async fn a_command_that_fails_is_told_with_its_first_words_and_no_key_in_them() {
    let dir = tempfile::tempdir().unwrap();
    let text = "echo 'cannot page with sk-geheim0123456789abcdef' >&2; echo more >&2; exit 3";
    let (mut rig, _upstreams) = rig(&script(dir.path(), text), pace()).await;
    rig.order(FORCE);
    let said = notice(&mut rig, Level::Bad).await;
    assert_eq!(
        said,
        "alert oncall does not reach anybody: sh failed (exit status: 3): cannot page with [redacted]; given up after 3 tries"
    );
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told() {
    let (mut rig, _upstreams) = rig("command = [\"/nonexistent/page\"]", pace()).await;
    rig.order(FORCE);
    let said = notice(&mut rig, Level::Bad).await;
    assert!(said.contains("/nonexistent/page did not start"), "{said}");
}
