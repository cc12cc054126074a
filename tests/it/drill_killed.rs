//! A drill that is killed outright: what it broke mends by itself.

use super::{
    rig::{body, header},
    upstream::{Upstream, by, json, openai, openai_stream},
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{sleep, timeout};

const SOON: Duration = Duration::from_secs(20);
const KEY: &str = "sk-geheim-of-a-0123456789";

/// A provider that takes one key.
async fn strict() -> Upstream {
    Upstream::start(vec![by(|asked| {
        let sent = asked.header("authorization").unwrap_or_default();
        let said = "The rehearsal note is about a quiet Tuesday on which nothing happened.";
        if !sent.contains("geheim") {
            json(401, &[], r#"{"error":{"code":"invalid_api_key"}}"#)
        } else if asked.json()["stream"] == true {
            openai_stream(&[said])
        } else {
            openai("m", said)
        }
    })])
    .await
}

fn house(dir: &Path, a: &Upstream, b: &Upstream) {
    let provider = |name: &str, at: &Upstream| {
        format!(
            "[providers.{name}]\ndialect = \"openai\"\nbase_url = \"http://{}\"\nvendor = \"{name}\"\nkey = \"{KEY}\"\n",
            at.addr
        )
    };
    let toml = format!(
        "{}{}[server]\nlisten = \"127.0.0.1:0\"\n[cache]\nenabled = false\n[journal]\npath = \"off\"\n[routes.r]\ntiers = [\"a/m\", \"b/m\"]\n",
        provider("a", a),
        provider("b", b)
    );
    std::fs::write(dir.join("breakerbox.toml"), toml).unwrap();
}

/// Killed outright, at the latest when a test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Process {
    fn start(dir: &Path, args: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_breakerbox"))
            .args(args)
            .arg("--config")
            .arg(dir.join("breakerbox.toml"))
            .env("XDG_STATE_HOME", dir.join("state"))
            .env("XDG_CACHE_HOME", dir.join("cache"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Reads its lines until one has these words.
    async fn says(&mut self, words: &'static str) -> String {
        let out = self.0.stdout.take().unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(out).lines().map_while(Result::ok);
            let found = lines.find(|line| line.contains(words));
            // Somebody has to go on reading, or the process waits for it.
            std::thread::spawn(move || lines.for_each(drop));
            found
        });
        let found = timeout(SOON, read).await.expect("it says so in time");
        found
            .unwrap()
            .unwrap_or_else(|| panic!("it ended without {words:?}"))
    }
}

/// Its address, once it listens.
async fn door(serving: &mut Process) -> String {
    let said = serving.says("listens on ").await;
    said.split("listens on ").nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_drill_process_that_is_killed_takes_its_faults_with_it_and_the_serving_router_never_had_them()
 {
    let (a, b) = (strict().await, strict().await);
    let dir = tempfile::tempdir().unwrap();
    house(dir.path(), &a, &b);
    let mut serving = Process::start(dir.path(), &["serve"]);
    let door = door(&mut serving).await;
    let own = dir.path().join("long.toml");
    let text = "name = \"long\"\ntitle = \"x\"\nwhat = \"x\"\nsteady_s = 1\nobserve_s = 5\n[[fault]]\nfor = \"10m\"\n\
                tier = \"primary\"\nkind = \"bad-key\"\n[[check]]\nis = \"as-before\"\n";
    std::fs::write(&own, text).unwrap();
    let mut drilling = Process::start(dir.path(), &["drill", own.to_str().unwrap()]);
    drilling.says("bad-key on 100.0% of a/m").await;
    let wrong = || {
        let asked = a.asked();
        let is = |x: &&super::upstream::Asked| {
            !x.header("authorization")
                .is_some_and(|v| v.contains("geheim"))
        };
        asked.iter().filter(is).count()
    };
    let sent = async {
        while wrong() == 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, sent)
        .await
        .expect("the wrong key is really sent");
    drilling.kill();
    let before = wrong();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..5 {
        let url = format!("{door}/v1/chat/completions");
        let answer = client
            .post(url)
            .json(&body("hi", false))
            .send()
            .await
            .unwrap();
        assert_eq!(header(&answer, "x-breakerbox-deployment"), "a/m");
    }
    assert_eq!(wrong(), before, "no wrong key after the kill");
}

#[tokio::test]
async fn a_fault_that_another_process_set_expires_though_nobody_clears_it() {
    let (a, b) = (strict().await, strict().await);
    let dir = tempfile::tempdir().unwrap();
    house(dir.path(), &a, &b);
    let mut serving = Process::start(dir.path(), &["serve"]);
    let door = door(&mut serving).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let order =
        serde_json::json!({"command": "fault add a/m status=503 --for 2s --only drill:gone"});
    let told = client
        .post(format!("{door}/admin/command"))
        .json(&order)
        .send()
        .await
        .unwrap();
    assert!(told.status().is_success(), "{told:?}");
    let faults = |n: usize| {
        let (client, url) = (client.clone(), format!("{door}/admin/snapshot"));
        async move {
            loop {
                let s: Value = client.get(&url).send().await.unwrap().json().await.unwrap();
                if s["faults"].as_array().is_some_and(|f| f.len() == n) {
                    return s;
                }
                sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let set = timeout(SOON, faults(1)).await.expect("it is set");
    assert_eq!(set["faults"][0]["only"], "drill:gone");
    timeout(SOON, faults(0))
        .await
        .expect("it expires by itself");
}
