//! A collector that is not ours between us and ours: Streamfold's Rotel, from its Python package.

use super::{
    collector::{Collector, tracer},
    rig::{self, Rig, SOON, body, openai_tiers},
    sdk,
    upstream::{Upstream, json as answer, openai},
};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;
use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{net::TcpStream, time::Instant};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

struct Agent {
    child: Child,
    grpc: SocketAddr,
    http: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    /// None: it cannot be installed here.
    async fn before(end: &Collector) -> Option<Self> {
        let program = sdk::or_skip("Rotel", sdk::rotel())?;
        // Both at once, or the second could get the first one's.
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [grpc, http] = free.each_ref().map(|l| l.local_addr().unwrap());
        drop(free);
        let dir = tempfile::tempdir().unwrap();
        let child = Command::new(program)
            .arg("start")
            .args(["--otlp-grpc-endpoint", &grpc.to_string()])
            .args(["--otlp-http-endpoint", &http.to_string()])
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "grpc"])
            .args(["--otlp-exporter-endpoint", &format!("http://{}", end.addr)])
            .args(["--batch-timeout", "50ms"])
            .arg("--pid-file")
            .arg(dir.path().join("pid"))
            .arg("--log-file")
            .arg(dir.path().join("log"))
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self {
            child,
            grpc,
            http,
            _dir: dir,
        };
        for door in [grpc, http] {
            let deadline = Instant::now() + SOON;
            while let Err(e) = TcpStream::connect(door).await {
                assert!(Instant::now() < deadline, "Rotel does not listen: {e}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Some(agent)
    }
}

#[tokio::test]
async fn what_is_sent_over_http_comes_out_of_rotel_whole() {
    whole("http/protobuf", |agent| agent.http).await;
}

#[tokio::test]
async fn what_is_sent_over_grpc_comes_out_of_rotel_whole() {
    whole("grpc", |agent| agent.grpc).await;
}

async fn whole(protocol: &str, door: impl Fn(&Agent) -> SocketAddr) {
    let end = Collector::grpc().await;
    let Some(agent) = Agent::before(&end).await else {
        return;
    };
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let b = Upstream::start(vec![answer(503, &[], r#"{"error":{"code":"overloaded"}}"#)]).await;
    let c = Upstream::start(vec![openai("m-c-2025", "C")]).await;
    let config = rig::config(&format!(
        "{}[traces]\nendpoint = \"http://{}\"\nprotocol = \"{protocol}\"\n",
        openai_tiers(&[&a, &b, &c]),
        door(&agent)
    ));
    let (tracer, told) = tracer(&config, &[]).await;
    let mut rig = Rig::traced(config, Some(tracer.clone())).await;
    // The first of them is passed over, which is an event of the exchange's span.
    let force = "force a/m-a open --for 10m --why test";
    assert_eq!(rig.done(force).await, None);
    let response = rig
        .client
        .post(rig.url("/v1/chat/completions"))
        .json(&body("hi", false))
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .header("tracestate", "vendor=x")
        .send()
        .await
        .unwrap();
    let id = rig::header(&response, "x-breakerbox-request-id").to_owned();
    let spans = end.until(4).await;
    let [exchange, first, again, last] = &spans[..] else {
        unreachable!("four")
    };
    assert_eq!((&*exchange.trace, &*exchange.parent), (TRACE, CALLER));
    assert_eq!(
        (exchange.kind, &*exchange.name),
        (SpanKind::Server, "chat r")
    );
    exchange.has(&json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "r",
        "gen_ai.response.model": "m-c-2025",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 9,
        "fallback.tier": "tertiary",
        "fallback.reason": "forced_open",
        "breakerbox.rung": 2,
        "breakerbox.request.id": id,
    }));
    let skipped = json!({
        "breakerbox.deployment": "a/m-a",
        "fallback.tier": "primary",
        "breakerbox.skipped.why": "forced_open",
    });
    assert_eq!(
        exchange.events,
        [("breakerbox.skipped".to_owned(), skipped)]
    );
    for attempt in [first, again, last] {
        attempt.is_child_of(exchange);
        assert_eq!(
            (attempt.kind, &*attempt.state),
            (SpanKind::Client, "vendor=x")
        );
    }
    assert!(first.error.as_ref().unwrap().contains("503"), "{first:?}");
    first.has(&json!({"error.type": "overloaded", "http.response.status_code": 503, "breakerbox.injected": false}));
    last.has(&json!({"breakerbox.attempt.end": "won", "error.type": null}));
    let heard = c.asked();
    assert_eq!(heard[0].header("traceparent"), Some(&*last.traceparent()));
    let resource = end.resource();
    assert_eq!(resource["service.name"], "breakerbox");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    rig.until("all are counted", |_| tracer.tally().sent == 4)
        .await;
    assert_eq!(told.lock().len(), 0, "{told:?}");
}
