//! One binary with everything behind it that a client may meet: simulated providers of each dialect that are well, and
//! scripted ones that fail in one way each.

use super::{
    super::{
        rig::provider,
        upstream::{
            Asked, Do, Upstream, anthropic, by, chunk, end, json as answer, openai, openai_stream,
            openai_text, response, sse_head,
        },
    },
    tap::{Tap, Upstreams},
};
use breakerbox::{
    model::Dialect,
    sim::{Behaviour, One, Served, serve_one},
};
use serde_json::json;
use std::{
    fmt::Write as _,
    fs::File,
    net::SocketAddr,
    path::Path,
    process::{Child, Command},
    time::Duration,
};
use tokio::time::Instant;

/// What a stream says that breaks off after four pieces, and that another goes on with.
const RESCUED: [&str; 6] = [
    "The tide turns ",
    "twice before noon, ",
    "and the second turn ",
    "is the one ",
    "that pilots ",
    "wait for.",
];

/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every client shows at the door.
const KEY: &str = "sk-sdk";

const WELL: [(Dialect, &str); 3] = [
    (Dialect::OpenAi, "gpt-4.1"),
    (Dialect::Anthropic, "claude-sonnet-4-5"),
    (Dialect::Gemini, "gemini-2.5-pro"),
];

pub(super) struct Stage {
    tap: Tap,
    _binary: Binary,
    _sims: Vec<Served>,
    _dir: tempfile::TempDir,
}

struct Binary(Child);

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    pub(super) async fn set() -> Self {
        let mut toml = format!(
            "[server]\nclient_keys = [\"{KEY}\"]\n[cache]\nenabled = false\n[judge]\njudges = []\n[journal]\npath = \"off\"\n"
        );
        let sims = sims(&mut toml).await;
        let upstreams = upstreams(&mut toml).await;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("breakerbox.toml");
        std::fs::write(&file, toml).expect("the file is written");
        let said = dir.path().join("said.txt");
        let child = Command::new(env!("CARGO_BIN_EXE_breakerbox"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&file)
            .env("XDG_STATE_HOME", dir.path())
            .stdout(File::create(&said).expect("a file for what it says"))
            .spawn()
            .expect("the binary starts");
        let binary = Binary(child);
        let addr = listening(&said).await;
        Self {
            tap: Tap::before(addr, upstreams).await,
            _binary: binary,
            _sims: sims,
            _dir: dir,
        }
    }

    pub(super) fn door(&self) -> String {
        format!("http://{}", self.tap.addr)
    }

    pub(super) fn seen(&self) -> String {
        format!("http://{}", self.tap.seen)
    }
}

/// Where the binary says that it listens.
async fn listening(said: &Path) -> SocketAddr {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(said).unwrap_or_default();
        let addr = text
            .strip_prefix("breakerbox listens on http://")
            .and_then(|rest| rest.split_once('\n')?.0.trim().parse().ok());
        if let Some(addr) = addr {
            return addr;
        }
        assert!(
            Instant::now() < deadline,
            "the binary does not start: {text}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Routes `openai`, `anthropic` and `gemini`, and `native`: an OpenAI account that has the Responses API.
async fn sims(toml: &mut String) -> Vec<Served> {
    let mut sims = Vec::new();
    for (dialect, model) in WELL {
        let served = serve_one(dialect, Behaviour::faultless(), One::default())
            .await
            .expect("a free port");
        let (addr, key) = (served.provider().addr, served.provider().key.clone());
        let _ = write!(
            toml,
            "[providers.{dialect}]\nbase_url = \"http://{addr}\"\nkey = \"{key}\"\n[routes.{dialect}]\ntiers = [\"{dialect}/{model}\"]\n"
        );
        if dialect == Dialect::OpenAi {
            let _ = write!(
                toml,
                "[providers.native]\ndialect = \"openai\"\nresponses = true\nbase_url = \"http://{addr}\"\nkey = \"{key}\"\n[routes.native]\ntiers = [\"native/{model}\"]\n"
            );
        }
        sims.push(served);
    }
    sims
}

/// A route for each way in which a provider can be unwell, and two that show what is made of a picture.
async fn upstreams(toml: &mut String) -> Upstreams {
    let refusal = r#"{"error":{"message":"temperature is too hot","type":"invalid_request_error","param":"temperature","code":null}}"#;
    let failure = r#"{"error":{"message":"no","type":"server_error","code":null}}"#;
    let thought = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","stop_sequence":null,
        "content":[{"type":"thinking","thinking":"hm","signature":"EqQB/+Z="},
            {"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Oslo"}}],
        "usage":{"input_tokens":1,"output_tokens":1}}"#;
    let hello = chunk(&openai_text("Hello"));
    let scripts: [(&'static str, &str, Vec<Do>); 9] = [
        ("see-openai", "openai", openai("m", "A cat.")),
        ("see-anthropic", "anthropic", anthropic("m", "A cat.")),
        ("thinks", "anthropic", answer(200, &[], thought)),
        ("cut", "openai", broken_after(&["Hello"])),
        ("early", "openai", vec![sse_head(), hello.clone(), end()]),
        ("slow", "openai", vec![sse_head(), hello, Do::Hang]),
        ("picky", "openai", answer(400, &[], refusal)),
        (
            "busy",
            "openai",
            answer(429, &[("retry-after", "300")], failure),
        ),
        ("down", "openai", answer(503, &[], failure)),
    ];
    let mut upstreams = Upstreams::new();
    for (name, dialect, script) in scripts {
        let upstream = Upstream::start(vec![script]).await;
        let _ = write!(
            toml,
            "{}[routes.{name}]\ntiers = [\"{name}/m\"]\n[routes.{name}.canned]\nform = \"error\"\n",
            provider(name, dialect, &upstream)
        );
        upstreams.insert(name, upstream);
    }
    let first: Vec<Do> = broken_after(&RESCUED[..4]);
    for (name, script) in [("breaks", first), ("goes-on", openai_stream(&RESCUED))] {
        let upstream = Upstream::start(vec![script]).await;
        toml.push_str(&provider(name, "openai", &upstream));
        upstreams.insert(name, upstream);
    }
    for (name, dialect, script) in [
        ("stores", "openai", stores()),
        ("looks", "anthropic", looks()),
    ] {
        let upstream = Upstream::start(vec![script]).await;
        let responses = dialect == "openai";
        let _ = write!(
            toml,
            "{}responses = {responses}\n[routes.{name}]\ntiers = [\"{name}/m\"]\n",
            provider(name, dialect, &upstream)
        );
        upstreams.insert(name, upstream);
    }
    toml.push_str("[routes.rescued]\ntiers = [\"breaks/m\", \"goes-on/m\"]\n");
    upstreams
}

/// A model that thinks, says something and calls a tool, and answers when it has the result; its account stores it all.
fn stores() -> Vec<Do> {
    by(|asked| {
        let mut told = response("m", "It rains.");
        if !told_result(asked) {
            let said = std::mem::take(&mut told["output"][0]);
            told["output"] = json!([
                {"id": "rs_1", "type": "reasoning", "summary": []},
                said,
                {"id": "fc_1", "type": "function_call", "call_id": "c1", "name": "get_weather",
                    "arguments": "{\"city\":\"Oslo\"}", "status": "completed"},
            ]);
        }
        answer(200, &[], &told.to_string())
    })
}

/// The same of a provider that signs what it thinks and stores nothing.
fn looks() -> Vec<Do> {
    by(|asked| {
        if told_result(asked) {
            return anthropic("m", "It rains.");
        }
        let told = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "stop_reason": "tool_use", "stop_sequence": null,
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "EqQB/+Z="},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Oslo"}}],
            "usage": {"input_tokens": 1, "output_tokens": 1}});
        answer(200, &[], &told.to_string())
    })
}

fn told_result(asked: &Asked) -> bool {
    String::from_utf8_lossy(&asked.body).contains("4 degrees")
}

fn broken_after(pieces: &[&str]) -> Vec<Do> {
    let mut script = vec![sse_head()];
    script.extend(pieces.iter().map(|p| chunk(&openai_text(p))));
    // What was written has to be read before the reset takes it away.
    script.extend([Do::Wait(Duration::from_millis(50)), Do::Reset]);
    script
}
