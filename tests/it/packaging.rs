//! What comes with the binary, and how it is as a service: completions, the manual, its start and its end.

use super::{
    rig::openai_tiers,
    upstream::{Do, Upstream, chunk, end, openai, openai_done, openai_text, sse_head},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::{
    os::unix::net::UnixDatagram,
    path::PathBuf,
    process::{Command, ExitStatus, Output, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
    time::{Instant, sleep, timeout},
};

const SOON: Duration = Duration::from_secs(10);
const PROGRAM: &str = env!("CARGO_BIN_EXE_breakerbox");

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn said(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        for word in ["serve", "drill", "replay", "status", "read-only"] {
            assert!(script.contains(word), "{word} in {shell}");
        }
    }
}

#[test]
fn bash_takes_its_completions() {
    let script = said(&["completions", "bash"]);
    let checked = Command::new("bash").args(["-n", "-c", &script]).status();
    assert!(checked.unwrap().success());
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("man1");
    said(&["man", "--out", out.to_str().unwrap()]);
    for page in [
        "breakerbox",
        "breakerbox-serve",
        "breakerbox-config-check",
        "breakerbox-man",
    ] {
        let text = std::fs::read_to_string(out.join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    assert!(said(&["man"]).contains(".SH"));
}

#[test]
fn the_first_page_of_the_manual_has_every_key_of_the_screen() {
    let dir = tempfile::tempdir().unwrap();
    said(&["man", "--out", dir.path().to_str().unwrap()]);
    let page = std::fs::read_to_string(dir.path().join("breakerbox.1")).unwrap();
    assert_eq!(page, said(&["man"]));
    let plain = page.replace("\\-", "-").replace("\\*(Aq", "'");
    let mut keys = 0;
    for place in breakerbox::tui::manual() {
        assert!(plain.contains(place.place), "{}", place.place);
        for (key, does) in place.all {
            let entry = format!(".TP\n\\fB{key}\\fR\n{does}\n");
            assert!(plain.contains(&entry), "{entry}");
            keys += 1;
        }
    }
    assert!(keys > 60, "{keys}");
}

#[test]
fn the_examples_of_a_command_stand_in_its_page_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    said(&["man", "--out", dir.path().to_str().unwrap()]);
    let page = std::fs::read_to_string(dir.path().join("breakerbox-drill.1")).unwrap();
    let (_, notes) = page.split_once(".SH NOTES\n.nf\n").unwrap();
    let (notes, _) = notes.split_once(".fi\n").unwrap();
    let plain = notes.replace("\\-", "-").replace("\\*(Aq", "'");
    let help = said(&["drill", "--help"]);
    let examples: Vec<_> = plain
        .lines()
        .filter(|line| line.starts_with("  breakerbox"))
        .collect();
    assert!(examples.len() >= 5, "{plain}");
    for example in examples {
        // The help breaks lines that are too long for it.
        let begins: String = example.chars().take(60).collect();
        assert!(help.contains(&begins), "{example}");
    }
}

#[test]
fn who_reads_only_the_beginning_hears_no_complaint() {
    for arguments in [&["man"][..], &["drills"], &["completions", "bash"]] {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn the_version_says_what_was_built() {
    let long = said(&["--version"]);
    assert!(long.contains(env!("CARGO_PKG_VERSION")), "{long}");
    assert!(
        long.contains("screen: yes") && long.contains("mimalloc"),
        "{long}"
    );
    assert_eq!(
        said(&["-V"]),
        format!("breakerbox {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let unit = include_str!("../../assets/systemd/breakerbox.service");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("breakerbox.service");
    std::fs::write(&file, unit.replace("/usr/local/bin/breakerbox", PROGRAM)).unwrap();
    let checked = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output();
    let Ok(checked) = checked else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    let complaints = String::from_utf8_lossy(&checked.stderr);
    let ours: Vec<_> = complaints
        .lines()
        .filter(|l| l.contains("breakerbox"))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
}

/// A router in a process of its own.
struct Service {
    child: Child,
    addr: String,
    client: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl Service {
    async fn start(upstream: &Upstream, server: &str) -> Self {
        Self::with(upstream, server, &[]).await
    }

    async fn with(upstream: &Upstream, server: &str, env: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("breakerbox.toml");
        let text = format!(
            "{}[journal]\npath = \"off\"\n[server]\n{server}\n",
            openai_tiers(&[upstream])
        );
        std::fs::write(&file, text).unwrap();
        let mut command = tokio::process::Command::new(PROGRAM);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&file)
            .env("XDG_STATE_HOME", dir.path())
            .env("XDG_RUNTIME_DIR", dir.path())
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(SOON, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let addr = first.rsplit("http://").next().unwrap().to_owned();
        // Its lines are read to the end, so that it can write them.
        let mut rest = tokio::task::JoinSet::new();
        rest.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        rest.detach_all();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        Self {
            child,
            addr,
            client,
            _dir: dir,
        }
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let pid = id.and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    async fn stream(&self) -> reqwest::Response {
        let body =
            json!({"model": "r", "stream": true, "messages": [{"role": "user", "content": "go"}]});
        let url = format!("http://{}/v1/chat/completions", self.addr);
        let response = self.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
    }

    async fn ready(&self) -> Option<u16> {
        // A connection of its own: those that are open are told to go.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let url = format!("http://{}/health/ready", self.addr);
        Some(client.get(url).send().await.ok()?.status().as_u16())
    }

    async fn turns(&self, what: Option<u16>) {
        let deadline = Instant::now() + SOON;
        while self.ready().await != what {
            assert!(Instant::now() < deadline, "ready says {what:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn ended(&mut self) -> ExitStatus {
        timeout(SOON, self.child.wait())
            .await
            .expect("it ends")
            .unwrap()
    }
}

/// Says "one", waits so long, and says the rest.
fn slow(pause: Duration) -> Vec<Do> {
    vec![
        sse_head(),
        chunk(&openai_text("one")),
        Do::Wait(pause),
        chunk(&openai_text("two")),
        chunk(&openai_done()),
        end(),
    ]
}

#[tokio::test]
async fn a_stream_under_way_finishes_after_term_and_nobody_new_is_let_in() {
    let upstream = Upstream::start(vec![slow(Duration::from_secs(1))]).await;
    let mut service = Service::start(&upstream, "drain = \"20s\"").await;
    let stream = service.stream().await;
    service.signal(Signal::TERM);
    service.turns(None).await;
    let text = stream.text().await.unwrap();
    assert!(text.contains("two") && text.contains("[DONE]"), "{text}");
    assert!(service.ended().await.success());
}

#[tokio::test]
async fn a_stream_longer_than_the_drain_ends_with_an_explicit_error() {
    let upstream = Upstream::start(vec![slow(Duration::from_mins(1))]).await;
    let mut service = Service::start(&upstream, "drain = \"300ms\"").await;
    let stream = service.stream().await;
    service.signal(Signal::TERM);
    let text = stream.text().await.expect("it ends, and is not cut");
    assert!(text.contains("one") && !text.contains("[DONE]"), "{text}");
    assert!(text.contains("router_stopping"), "{text}");
    assert!(service.ended().await.success());
}

#[tokio::test]
async fn before_it_goes_it_is_not_ready_and_still_answers() {
    let upstream = Upstream::start(vec![openai("m", "hello")]).await;
    let mut service = Service::start(&upstream, "lame_duck = \"1s\"").await;
    service.turns(Some(200)).await;
    service.signal(Signal::TERM);
    service.turns(Some(503)).await;
    let body = json!({"model": "r", "messages": [{"role": "user", "content": "go"}]});
    let url = format!("http://{}/v1/chat/completions", service.addr);
    let answer = service.client.post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(service.ended().await.success());
}

#[tokio::test]
async fn a_second_term_ends_it_at_once() {
    let upstream = Upstream::start(vec![slow(Duration::from_mins(1))]).await;
    let mut service = Service::start(&upstream, "drain = \"60s\"").await;
    let _stream = service.stream().await;
    service.signal(Signal::TERM);
    service.turns(None).await;
    service.signal(Signal::TERM);
    assert_eq!(service.ended().await.code(), Some(1));
}

/// What a supervisor hears.
struct Supervisor {
    socket: UnixDatagram,
    path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Supervisor {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        Self {
            socket,
            path,
            _dir: dir,
        }
    }

    fn address(&self) -> (&'static str, &str) {
        ("NOTIFY_SOCKET", self.path.to_str().unwrap())
    }

    fn next(&self) -> String {
        let mut told = [0; 200];
        let n = self.socket.recv(&mut told).unwrap();
        String::from_utf8_lossy(&told[..n]).into_owned()
    }
}

#[tokio::test]
async fn systemd_is_told_when_it_is_ready_reloads_and_stops() {
    let systemd = Supervisor::new();
    let next = || systemd.next();
    let upstream = Upstream::start(vec![openai("m", "hello")]).await;
    let mut service = Service::with(&upstream, "", &[systemd.address()]).await;
    assert_eq!(next().trim(), "READY=1");
    service.signal(Signal::HUP);
    let reloading = next();
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert_eq!(next().trim(), "READY=1");
    service.signal(Signal::TERM);
    assert_eq!(next().trim(), "STOPPING=1");
    assert!(service.ended().await.success());
}

#[tokio::test]
async fn where_systemd_watches_it_hears_a_beat() {
    let systemd = Supervisor::new();
    let upstream = Upstream::start(vec![openai("m", "hello")]).await;
    let env = [systemd.address(), ("WATCHDOG_USEC", "200000")];
    let mut service = Service::with(&upstream, "", &env).await;
    assert_eq!(systemd.next().trim(), "READY=1");
    for _ in 0..3 {
        assert_eq!(systemd.next().trim(), "WATCHDOG=1");
    }
    service.signal(Signal::TERM);
    assert!(service.ended().await.success());
}
