//! A journal of a real run, and what a replay makes of it: equal to the live screen, after `kill -9`, on a full disk.

use super::{
    rig::{SOON, openai_tiers},
    upstream::{Upstream, json as answer, openai},
};
use breakerbox::{
    app::{App, Wish},
    model::Snapshot,
    source::replay::Replay,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

const BINARY: &str = env!("CARGO_BIN_EXE_breakerbox");
const NO: &str = r#"{"error":{"message":"boom","type":"server_error","code":null}}"#;
const TICK: Duration = Duration::from_millis(50);

/// A provider that answers, fails three times, and answers again.
async fn moody() -> Upstream {
    let no = || answer(500, &[], NO);
    let script = vec![openai("m-a", "A"), no(), no(), no(), openai("m-a", "A")];
    Upstream::start(script).await
}

fn config(dir: &Path, upstreams: &[&Upstream]) -> PathBuf {
    let toml = openai_tiers(upstreams);
    let file = dir.join("breakerbox.toml");
    let journal = "[journal]\npath = \"journal\"\n[judge]\nbaselines = \"off\"\n";
    fs::write(&file, format!("{toml}{journal}")).unwrap();
    file
}

async fn ask(client: &reqwest::Client, door: SocketAddr) -> u16 {
    let body = json!({"model": "r", "messages": [{"role": "user", "content": "a prompt"}]});
    let asked = client
        .post(format!("http://{door}/v1/chat/completions"))
        .json(&body);
    asked.send().await.unwrap().status().as_u16()
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn a_replay_of_a_run_over_sockets_shows_what_its_screen_showed() {
    let client = client();
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (
        moody().await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let wish = Wish {
        config: Some(config(dir.path(), &[&a, &b])),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        ..Wish::default()
    };
    let app = App::start(&wish).await.unwrap();
    let live = app.bus.snapshot();
    let mut shown: BTreeMap<u64, Arc<Snapshot>> = BTreeMap::new();
    for i in 0..60 {
        if i % 4 == 0 {
            ask(&client, app.addr).await;
        }
        tokio::time::sleep(TICK).await;
        let snapshot = live.load_full();
        shown.insert(snapshot.at.0, snapshot);
    }
    app.shutdown().await;

    let files = dir.path().join("journal");
    let journal = files.display().to_string();
    let replay = Replay::open(&[journal]).unwrap();
    let mut same = 0;
    for (_, was) in shown.iter().filter(|(_, s)| s.seq > 0) {
        let is = replay.at(&was.at.to_string()).unwrap();
        // What came later in the same millisecond was not on the screen yet.
        if is.seq == was.seq {
            assert_eq!(*is, **was);
            same += 1;
        }
    }
    assert!(
        same > 3 && same * 3 > shown.len() * 2,
        "{same} of {}",
        shown.len()
    );
    let text = whole(&files);
    assert!(
        text.contains("\"exchanges\"") && !text.contains("a prompt"),
        "{text}"
    );
}

fn whole(journal: &Path) -> String {
    let files = breakerbox::journal::files(journal).unwrap();
    files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect()
}

struct Serve {
    child: Child,
    door: SocketAddr,
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The real program, under whatever `before` says to the shell.
fn serve(before: &str, dir: &Path, config: &Path) -> Serve {
    let script = format!("{before} exec \"$0\" serve --listen 127.0.0.1:0 --config \"$1\"");
    let mut child = Command::new("sh")
        .args(["-c", &script, BINARY])
        .arg(config)
        .env("XDG_STATE_HOME", dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let door = line
        .trim()
        .rsplit_once("http://")
        .unwrap_or_else(|| panic!("it says where it listens: {line:?}"))
        .1
        .parse()
        .unwrap();
    // Read on, so that it never writes into a closed pipe.
    std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
    Serve { child, door }
}

fn replayed(journal: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.arg("replay").arg(journal).args(more);
    command.output().unwrap()
}

/// Asks until something is so.
async fn until<T>(mut ready: impl AsyncFnMut() -> Option<T>) -> T {
    let all = async {
        loop {
            if let Some(ready) = ready().await {
                return ready;
            }
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::time::timeout(SOON * 8, all).await.unwrap()
}

#[tokio::test]
async fn a_killed_router_loses_its_last_second_and_no_more() {
    let client = client();
    let dir = tempfile::tempdir().unwrap();
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut run = serve("", dir.path(), &config(dir.path(), &[&a]));
    let journal = dir.path().join("journal");
    until(async || {
        assert_eq!(ask(&client, run.door).await, 200);
        (whole(&journal).matches("\"exchanges\"").count() >= 2).then_some(())
    })
    .await;
    run.child.kill().unwrap();
    run.child.wait().unwrap();

    let played = replayed(&journal, &["--json"]);
    assert!(played.status.success(), "{played:?}");
    let last: Value = serde_json::from_slice(
        played
            .stdout
            .trim_ascii()
            .rsplit(|b| *b == b'\n')
            .next()
            .unwrap(),
    )
    .unwrap();
    assert!(last["totals"]["primary"].as_u64().unwrap() >= 2, "{last}");

    let file = breakerbox::journal::files(&journal).unwrap().remove(0);
    let text = fs::read(&file).unwrap();
    fs::write(&file, &text[..text.trim_ascii_end().len() - 7]).unwrap();
    let played = replayed(&journal, &["--at", "-0s"]);
    let said = String::from_utf8(played.stderr).unwrap();
    assert!(
        played.status.success() && said.contains("cut in the middle"),
        "{said}"
    );

    // The next run begins a file of its own, and what was left is compressed beside it.
    let next = serve("", dir.path(), &config(dir.path(), &[&a]));
    until(async || file.with_extension("jsonl.zst").exists().then_some(())).await;
    assert!(!file.exists());
    drop(next);
    let played = replayed(&journal, &["--at", "+0s"]);
    assert!(played.status.success(), "{played:?}");
}

#[tokio::test]
async fn a_full_disk_stops_the_journal_and_nothing_else_and_is_on_the_screen() {
    let client = client();
    let dir = tempfile::tempdir().unwrap();
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    // No file becomes longer than 4 KiB; where that is reached, writing is an error.
    let limit = "trap '' XFSZ; ulimit -f 8;";
    let run = serve(limit, dir.path(), &config(dir.path(), &[&a]));
    let snapshot = until(async || {
        assert_eq!(ask(&client, run.door).await, 200);
        let asked = client
            .get(format!("http://{}/admin/snapshot", run.door))
            .send();
        let snapshot: Value = asked.await.unwrap().json().await.unwrap();
        snapshot["journal_stopped"].is_string().then_some(snapshot)
    })
    .await;
    let why = snapshot["journal_stopped"].as_str().unwrap();
    assert!(why.contains("journal/"), "{why}");
    assert_eq!(ask(&client, run.door).await, 200);
    drop(run);
    let played = replayed(&dir.path().join("journal"), &["--at", "-0s"]);
    assert!(played.status.success(), "{played:?}");
}

#[test]
fn an_incident_is_listed_told_drawn_and_asked_for() {
    let run = |arguments: &[&str]| {
        let output = Command::new(BINARY)
            .arg("replay")
            .args(arguments)
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), out, err)
    };
    let (code, list, _) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(list.contains("bad-key-tuesday"), "{list}");

    let (_, lines, err) = run(&["bad-key-tuesday"]);
    assert!(lines.contains("CLOSED -> OPEN"), "{lines}");
    assert_eq!(err, "");
    let (_, turns, _) = run(&["bad-key-tuesday", "--json"]);
    let phases: Vec<Value> = turns
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["deployments"][0]["phase"].clone())
        .collect();
    assert!(phases.contains(&json!("open")), "{phases:?}");
    assert_eq!(phases.first(), Some(&json!("closed")));

    let dir = tempfile::tempdir().unwrap();
    let svg = dir.path().join("frame.svg");
    let (code, _, err) = run(&[
        "bad-key-tuesday",
        "--at",
        "+20s",
        "--svg",
        svg.to_str().unwrap(),
        "--size",
        "100x30",
    ]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        fs::read_to_string(svg)
            .unwrap()
            .contains("REPLAY paused 1x")
    );
    let (code, _, err) = run(&["bad-key-tuesday", "--at", "noon"]);
    assert!(
        code == Some(1) && err.contains("write it like 14:03:22"),
        "{err}"
    );
    let (code, _, err) = run(&["no-such-thing"]);
    assert!(code == Some(1) && err.contains("bad-key-tuesday"), "{err}");
}
