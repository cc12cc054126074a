//! How spans get to a collector, what happens when they don't, and what is never among them.

use super::{
    collector::{Collector, tracer},
    rig::{self, Rig, SOON, body, header, openai_tiers},
    upstream::{Upstream, json as answer, openai},
};
use breakerbox::telemetry::Tally;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet, time::Instant};

const PROMPT: &str = "what the harbour master whispered";
const ANSWER: &str = "that the tide is late";
const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

#[tokio::test]
async fn a_collector_that_speaks_grpc_gets_the_same_with_its_headers() {
    let collector = Collector::grpc().await;
    let a = Upstream::start(vec![answer(503, &[], "{}")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let toml = openai_tiers(&[&a, &b]);
    let config = rig::config(&format!(
        "{toml}{}protocol = \"grpc\"\nheaders = {{ x-team = {{ env = \"TEAM_API_KEY\" }} }}\n",
        collector.section()
    ));
    let (tracer, _) = tracer(&config, &[]).await;
    let rig = Rig::traced(config, Some(tracer.clone())).await;
    rig.ask("hi").await.bytes().await.unwrap();
    let spans = collector.until(4).await;
    for attempt in &spans[1..] {
        attempt.is_child_of(&spans[0]);
    }
    spans[0].has(&json!({"fallback.tier": "secondary", "fallback.reason": "fault"}));
    assert_eq!(collector.resource()["service.name"], "breakerbox");
    assert_eq!(
        collector.header("x-team").as_deref(),
        Some("key-of-team_api_key")
    );
    tracer.shutdown().await;
    assert_eq!(
        tracer.tally(),
        Tally {
            sent: 4,
            ..Tally::default()
        }
    );
}

#[tokio::test]
async fn what_waits_is_sent_when_the_process_ends() {
    for (collector, protocol) in [
        (Collector::http().await, "http/protobuf"),
        (Collector::grpc().await, "grpc"),
    ] {
        let a = Upstream::start(vec![openai("m-a", "A")]).await;
        let config = rig::config(&format!("{}{}", openai_tiers(&[&a]), collector.section()));
        let vars = [
            ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ];
        let (tracer, _) = tracer(&config, &vars).await;
        let rig = Rig::traced(config, Some(tracer.clone())).await;
        rig.ask("hi").await.bytes().await.unwrap();
        assert!(collector.spans().is_empty());
        rig.shutdown().await;
        tracer.shutdown().await;
        collector.until(2).await;
    }
}

/// Takes connections, and never says a word.
async fn hanging() -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    (addr, tasks)
}

#[tokio::test]
async fn a_collector_that_hangs_over_http_delays_no_request_and_what_is_lost_is_told_once() {
    hangs("http/protobuf").await;
}

#[tokio::test]
async fn a_collector_that_hangs_over_grpc_delays_no_request_and_what_is_lost_is_told_once() {
    hangs("grpc").await;
}

async fn hangs(protocol: &str) {
    const QUEUE: u64 = 16;
    let (addr, _open) = hanging().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let toml = format!(
        "{}[traces]\nendpoint = \"http://{addr}\"\nprotocol = \"{protocol}\"\n",
        openai_tiers(&[&a])
    );
    let config = rig::config(&toml);
    let (tracer, told) = tracer(&config, &[("OTEL_BSP_MAX_QUEUE_SIZE", "16")]).await;
    let rig = Rig::traced(config, Some(tracer.clone())).await;
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(rig.ask("hi").await.status(), 200);
    }
    // One request that waited for the collector would take its ten seconds.
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let tally = tracer.tally();
    let kept = 200 - tally.dropped;
    assert!(
        kept <= 2 * QUEUE,
        "the queue, and a batch under way: {tally:?}"
    );
    assert_eq!((tally.sent, tally.failed), (0, 0));
    assert_eq!(told.lock().len(), 1, "{told:?}");
    assert!(told.lock()[0].contains("spans are lost"), "{told:?}");
    let began = Instant::now();
    tracer.shutdown().await;
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_collector_that_refuses_is_told_and_so_is_that_it_takes_spans_again() {
    let refusal = answer(400, &[], "{\"key\":\"geheim-7\"}");
    let collector = Upstream::start(vec![refusal, answer(200, &[], "")]).await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let toml = format!(
        "{}[traces]\nendpoint = \"http://{}\"\n",
        openai_tiers(&[&a]),
        collector.addr
    );
    let config = rig::config(&toml);
    let (tracer, told) = tracer(&config, &[]).await;
    let rig = Rig::traced(config, Some(tracer.clone())).await;
    rig.ask("hi").await.bytes().await.unwrap();
    rig.until("what is lost is told", |_| told.lock().len() == 1)
        .await;
    rig.ask("hi").await.bytes().await.unwrap();
    rig.until("that they get through is told", |_| told.lock().len() == 2)
        .await;
    let told = told.lock().clone();
    assert!(
        told[0].contains("spans are lost") && told[0].contains("400"),
        "{told:?}"
    );
    assert!(!told[0].contains("geheim"), "{told:?}");
    assert!(told[1].contains("2 were lost"), "{told:?}");
    let (sent, failed, dropped) = (2, 2, 0);
    assert_eq!(
        tracer.tally(),
        Tally {
            sent,
            dropped,
            failed
        }
    );
}

async fn asked_with(vars: &[(&str, &str)]) -> Collector {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", ANSWER)]).await;
    let config = rig::config(&format!("{}{}", openai_tiers(&[&a]), collector.section()));
    let (tracer, _) = tracer(&config, vars).await;
    let rig = Rig::traced(config, Some(tracer)).await;
    rig.ask(PROMPT).await.bytes().await.unwrap();
    collector.until(2).await;
    collector
}

#[tokio::test]
async fn no_prompt_and_no_answer_is_ever_told_unless_somebody_asked_for_it() {
    for vars in [&[][..], &[(CAPTURE, "false")], &[(CAPTURE, "NO_CONTENT")]] {
        let collector = asked_with(vars).await;
        for text in [PROMPT, ANSWER, "key-of-a"] {
            assert!(!collector.has_bytes(text), "{vars:?}: {text}");
        }
    }
}

#[tokio::test]
async fn who_asks_for_content_gets_it_on_the_exchange_alone() {
    let collector = asked_with(&[(CAPTURE, "SPAN_ONLY")]).await;
    let spans = collector.spans();
    let of = |name: &str| {
        let carriers: Vec<_> = spans
            .iter()
            .filter(|s| !s.attributes[name].is_null())
            .collect();
        assert_eq!(carriers.len(), 1, "{name}");
        let text = carriers[0].attributes[name].as_str().unwrap();
        serde_json::from_str::<Value>(text).unwrap()
    };
    let parts = |text: &str| json!([{"type": "text", "content": text}]);
    let asked = json!([{"role": "user", "parts": parts(PROMPT)}]);
    assert_eq!(of("gen_ai.input.messages"), asked);
    let answered = json!([{"role": "assistant", "parts": parts(ANSWER), "finish_reason": "stop"}]);
    assert_eq!(of("gen_ai.output.messages"), answered);
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The real program, with nothing of traces in its file.
#[tokio::test]
async fn the_standard_variables_are_all_that_it_takes() {
    let collector = Collector::grpc().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let dir = tempfile::tempdir().unwrap();
    let door = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap()
    };
    let toml = format!(
        "{}[journal]\npath = \"off\"\n[server]\nlisten = \"{door}\"\n",
        openai_tiers(&[&a])
    );
    let file = dir.path().join("breakerbox.toml");
    std::fs::write(&file, toml).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_breakerbox"))
        .args(["serve", "--config"])
        .arg(&file)
        .env("XDG_STATE_HOME", dir.path())
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://{}", collector.addr),
        )
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=geheim%207")
        .env("OTEL_SERVICE_NAME", "llm-edge")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=staging")
        .env("OTEL_BSP_SCHEDULE_DELAY", "600000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let process = Process(child.unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = || {
        let url = format!("http://{door}/v1/chat/completions");
        client.post(url).json(&body("hi", false)).send()
    };
    let deadline = Instant::now() + SOON * 4;
    let response = loop {
        match ask().await {
            Ok(response) => break response,
            Err(e) => assert!(Instant::now() < deadline, "{e}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    let pid = rustix::process::Pid::from_child(&process.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    collector.until(2).await;
    assert_eq!(collector.header("x-team").as_deref(), Some("geheim 7"));
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "llm-edge");
    assert_eq!(resource["deployment.environment"], "staging");
}
