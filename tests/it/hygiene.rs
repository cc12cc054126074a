//! What a terminal may cost, and what it may not: the binary on one, measured.

use super::{
    pty::Terminal,
    rig,
    upstream::{Upstream, openai},
};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Ended with the test, however that ends.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

#[test]
fn an_idle_screen_writes_the_digits_that_changed_and_nothing_else() {
    let mut term = Terminal::open(&["--sim", "--no-traffic", "--listen", "127.0.0.1:0"]);
    term.shows("users idle");
    term.bytes_in(Duration::from_secs(2));
    let bytes = term.bytes_in(Duration::from_secs(4));
    assert!(bytes < 4 * 160, "{} bytes a second", bytes / 4);
    term.press("q");
    term.ended();
}

/// How one comes to each view from the one before, and what says that it is there.
const VIEWS: [(&str, &str, &str); 8] = [
    ("overview", "", "┌ deployments"),
    ("detail", "\r", "│ evidence"),
    ("requests", "\u{1b}R", "┌ requests"),
    ("waterfall", "\r", "esc back"),
    ("routes", "\u{1b}\u{1b}T", "┌ routes"),
    ("events", "\u{1b}E", "┌ events"),
    ("faults", "\u{1b}F", "┌ faults"),
    ("wall", "\u{1b}W", "██"),
];
/// In each view.
const SECONDS: u64 = 4;

/// What every view writes, in bytes a second.
fn costs(term: &mut Terminal) -> Vec<(&'static str, u64)> {
    let mut costs = Vec::new();
    for (view, keys, mark) in VIEWS {
        for key in keys.chars() {
            term.press(&key.to_string());
            // An escape by itself is a key; before another it is half of one.
            term.bytes_in(Duration::from_millis(150));
        }
        term.shows(mark);
        term.bytes_in(Duration::from_secs(1));
        costs.push((view, per_second(term)));
    }
    costs
}

fn per_second(term: &mut Terminal) -> u64 {
    let bytes = term.bytes_in(Duration::from_secs(SECONDS));
    u64::try_from(bytes).unwrap() / SECONDS
}

fn assert_cheap(costs: &[(&str, u64)]) {
    let dear = costs.iter().any(|(_, bytes)| *bytes == 0 || *bytes >= 2048);
    assert!(!dear, "bytes a second: {costs:?}");
}

#[test]
fn a_busy_screen_writes_less_than_two_kibibytes_a_second_in_every_view() {
    let mut term = Terminal::open(&["--sim", "--listen", "127.0.0.1:0"]);
    term.shows("users ok");
    let mut costs = costs(&mut term);
    term.press("\u{1b}");
    term.shows("┌ deployments");
    term.starts_a_drill();
    costs.push(("drill", per_second(&mut term)));
    println!("{costs:?}");
    term.press("aq");
    term.ended();
    assert_cheap(&costs);
}

#[test]
fn an_outage_costs_a_screen_no_more() {
    let mut term = Terminal::open(&["--sim", "--listen", "127.0.0.1:0"]);
    term.shows("users ok");
    term.starts_a_drill();
    term.shows("▸ faults 0:");
    let drill = per_second(&mut term);
    term.press("a");
    term.shows("ABORTED");
    term.press("\u{1b}");
    term.shows("┌ deployments");
    for fault in [
        "anthropic/claude-sonnet-4-5 status=529 --rate 100%",
        "openai/gpt-4.1 status=503 --rate 30%",
    ] {
        term.orders(&format!("fault add {fault}"));
        term.shows("do it?");
        term.press("y");
        term.shows("done: fault add");
    }
    term.shows("■ OPEN");
    let mut costs = costs(&mut term);
    costs.push(("drill", drill));
    println!("{costs:?}");
    term.press("q");
    term.ended();
    assert_cheap(&costs);
}

#[test]
fn what_comes_of_a_key_is_on_screen_in_a_tenth_of_a_second() {
    let mut term = Terminal::open(&["--sim", "--no-traffic", "--listen", "127.0.0.1:0"]);
    term.shows("anthropic/claude-sonnet-4-5");
    let mut waits = Vec::new();
    for _ in 0..5 {
        term.press("o");
        term.shows("do it?");
        let pressed = Instant::now();
        term.press("y");
        term.shows("▣ FORCED OPEN");
        waits.push(pressed.elapsed());
        term.press("r");
        term.until("released", |screen| !screen.contains("▣ FORCED OPEN"));
    }
    assert!(
        median(waits.clone()) < Duration::from_millis(100),
        "{waits:?}"
    );
    term.press("q");
    term.ended();
}

/// How long requests take, one after the other.
async fn asked(client: &reqwest::Client, addr: &str) -> Duration {
    let mut took = Vec::new();
    for i in 0..100 {
        let body =
            json!({"model": "r", "messages": [{"role": "user", "content": format!("{i}?")}]});
        let asked = Instant::now();
        let sent = client
            .post(format!("http://{addr}/v1/chat/completions"))
            .json(&body)
            .send();
        let answer = sent.await.unwrap();
        assert!(answer.status().is_success());
        answer.bytes().await.unwrap();
        took.push(asked.elapsed());
    }
    median(took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_not_read_slows_no_request() {
    let upstream = Upstream::start(vec![openai("m-a", "yes")]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("breakerbox.toml");
    std::fs::write(&file, rig::openai_tiers(&[&upstream])).unwrap();
    let mut term = Terminal::open(&[
        "--config",
        file.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
    ]);
    term.shows("serves on ");
    let text = term.text();
    let told = text.split("serves on ").nth(1).unwrap();
    let addr = told.split(|c: char| c != '.' && c != ':' && !c.is_ascii_digit());
    let addr = addr.into_iter().next().unwrap().to_owned();
    let client = client();
    asked(&client, &addr).await;
    let read = asked(&client, &addr).await;
    let gate = std::sync::Arc::clone(&term.gate);
    let unread = {
        let _held = gate.lock().await;
        // Whole frames, until the terminal takes no more.
        for _ in 0..40 {
            term.press("E");
            sleep(Duration::from_millis(50)).await;
        }
        asked(&client, &addr).await
    };
    let again = asked(&client, &addr).await;
    let ratio = unread.as_secs_f64() / read.max(again).as_secs_f64();
    println!(
        "median of 100: {read:?} read, {unread:?} unread, {again:?} read again: ratio {ratio:.2}"
    );
    assert!(ratio < 2.0, "{read:?} {unread:?} {again:?}");
    term.shows("served 100%");
    term.press("q");
    term.ended();
}

/// One worker: a write that is held would hold everything.
#[tokio::test(flavor = "multi_thread")]
async fn standard_output_that_takes_nothing_holds_up_neither_a_router_without_a_screen_nor_its_end()
{
    let home = tempfile::tempdir().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_breakerbox"))
        .args(["serve", "--sim", "--no-traffic", "--listen", "127.0.0.1:0"])
        .env("HOME", home.path())
        .env_remove("XDG_STATE_HOME")
        .env("TOKIO_WORKER_THREADS", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut serving = Serving(child);
    let mut out = BufReader::with_capacity(1, serving.0.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let addr = first.trim().rsplit("http://").next().unwrap().to_owned();
    let client = client();
    // From here nothing is read: orders, each of which is told in two lines, until the pipe is full.
    rustix::pipe::fcntl_setpipe_size(out.get_ref(), 4096).unwrap();
    let why = "x".repeat(300);
    for i in 0..18 {
        let order = format!("force openai/gpt-4.1 open --for 10m --why {why}");
        let sent = client
            .post(format!("http://{addr}/admin/command"))
            .json(&json!({"command": order}))
            .send();
        let answer = timeout(rig::SOON, sent)
            .await
            .expect("an order is taken")
            .unwrap();
        assert_eq!(answer.status(), 200, "{i}");
    }
    let stop = Command::new("kill")
        .arg(serving.0.id().to_string())
        .status()
        .unwrap();
    assert!(stop.success());
    let end = async {
        while serving.0.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = timeout(2 * rig::SOON, end).await;
    drop(serving);
    assert!(ended.is_ok(), "its end was held");
    let mut told = Vec::new();
    std::io::Read::read_to_end(&mut out, &mut told).unwrap();
    assert!(
        told.len() > 3_000,
        "the pipe was never full: {}",
        told.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_ends_no_router_that_has_no_screen() {
    let home = tempfile::tempdir().unwrap();
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_breakerbox"));
    command.args(["serve", "--sim", "--listen", "127.0.0.1:0"]);
    command.env("HOME", home.path());
    command.env_remove("XDG_STATE_HOME");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut lines = BufReader::new(pty.master.try_clone_reader().unwrap());
    let mut first = String::new();
    while !first.contains("listens on") {
        first.clear();
        lines.read_line(&mut first).unwrap();
    }
    let addr = first.trim().rsplit("http://").next().unwrap().to_owned();
    drop((lines, pty.master));
    let client = client();
    for _ in 0..20 {
        let answer = client
            .get(format!("http://{addr}/admin/snapshot"))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success());
        sleep(Duration::from_millis(100)).await;
    }
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
}
