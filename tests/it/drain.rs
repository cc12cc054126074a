//! The end of a router, for those who still wait for it: what callers are told, and what is told of them.

use super::{
    rig::openai_tiers,
    upstream::{Do, Upstream, chunk, end, openai_text, sse_head},
};
use breakerbox::{
    app::{App, Wish},
    model::{Class, Event, Kind, event::Outcome},
};
use futures_util::future::join_all;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::broadcast::Receiver,
    time::{Instant, sleep, timeout},
};

const SOON: Duration = Duration::from_secs(10);
const MS: Duration = Duration::from_millis(1);

/// A router that waits for its callers for a third of a second, and gives a silent provider less than that.
struct Service {
    app: App,
    events: Receiver<Arc<Event>>,
    client: Client,
    _dir: tempfile::TempDir,
}

impl Service {
    async fn start(upstream: &Upstream) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("breakerbox.toml");
        let text = format!(
            "{}[journal]\npath = \"off\"\n[server]\nlisten = \"127.0.0.1:0\"\ndrain = \"300ms\"\n[breaker]\nhang_credit = \"100ms\"\n",
            openai_tiers(&[upstream])
        );
        std::fs::write(&file, text).unwrap();
        let wish = Wish {
            config: Some(file),
            ..Wish::default()
        };
        let app = App::start(&wish).await.unwrap();
        let client = Client::builder().no_proxy().tls_certs_only([]);
        Self {
            events: app.bus.subscribe(),
            app,
            client: client.build().unwrap(),
            _dir: dir,
        }
    }

    fn post(&self, path: &str, body: &Value) -> impl Future<Output = Response> + use<> {
        let url = format!("http://{}{path}", self.app.addr);
        let sent = self.client.post(url).json(body).send();
        async { sent.await.expect("it is told, and not cut") }
    }

    /// Everything that is told to the very end.
    async fn ended(self) -> Vec<Arc<Event>> {
        timeout(SOON, self.app.shutdown()).await.expect("it ends");
        let mut events = self.events;
        let mut all = Vec::new();
        while let Ok(event) = events.try_recv() {
            all.push(event);
        }
        all
    }
}

async fn is_asked(upstream: &Upstream, times: usize) {
    let deadline = Instant::now() + SOON;
    while upstream.asked().len() < times {
        assert!(Instant::now() < deadline, "never asked {times} times");
        sleep(MS).await;
    }
}

/// How many requests ended so, and how many attempts counted as failures of the deployment.
fn counted(events: &[Arc<Event>]) -> (u32, u32, u32, u32) {
    let (mut error, mut broken, mut left, mut failed) = (0, 0, 0, 0);
    for event in events {
        match &event.kind {
            Kind::Exchanges(second) => {
                error += second.error;
                broken += second.broken;
                left += second.left;
            }
            Kind::Bucket(second) => failed += second.fail,
            Kind::Transition(moved) => panic!("{moved:?}"),
            _ => {}
        }
    }
    (error, broken, left, failed)
}

fn chat(stream: bool) -> Value {
    json!({"model": "r", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "x"}]})
}

#[tokio::test]
async fn whoever_has_no_answer_yet_is_told_so_in_his_own_dialect() {
    let upstream = Upstream::start(vec![vec![Do::Hang]]).await;
    let service = Service::start(&upstream).await;
    let google = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]});
    let input = json!({"model": "r", "input": "x"});
    let answers = join_all([
        service.post("/v1/chat/completions", &chat(false)),
        service.post("/v1/chat/completions", &chat(true)),
        service.post("/v1/messages", &chat(false)),
        service.post("/v1beta/models/r:generateContent", &google),
        service.post("/v1/responses", &input),
        service.post("/v1/embeddings", &input),
    ]);
    let ended = async {
        is_asked(&upstream, 6).await;
        service.ended().await
    };
    let (answers, events) = tokio::join!(answers, ended);
    let mut said = Vec::new();
    for answer in answers {
        let header = |name| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        assert_eq!(answer.status(), 503);
        assert_eq!(header("retry-after").as_deref(), Some("1"));
        assert_eq!(header("content-type").as_deref(), Some("application/json"));
        assert!(header("x-breakerbox-request-id").is_some());
        assert_eq!(header("x-should-retry"), None, "it is worth another try");
        said.push(answer.json::<Value>().await.unwrap());
    }
    for openai in [&said[0], &said[1], &said[4], &said[5]] {
        assert_eq!(openai["error"]["code"], "router_stopping", "{openai}");
    }
    assert_eq!(said[2]["type"], "error");
    assert!(said[2].to_string().contains("being stopped"), "{}", said[2]);
    assert_eq!(said[3]["error"]["status"], "UNAVAILABLE", "{}", said[3]);
    // It was silent for longer than `hang_credit`, and nobody has given up on it.
    assert_eq!(counted(&events), (6, 0, 0, 0));
    let unserved = events.iter().filter(|e| {
        matches!(&e.kind, Kind::Unserved { outcome: Outcome::Error, why, .. } if why.contains("stopped"))
    });
    assert_eq!(unserved.count(), 6);
    assert!(matches!(events.last().unwrap().kind, Kind::Stopping));
}

#[tokio::test]
async fn a_stream_before_its_first_content_is_no_stream_yet() {
    let thinks = vec![sse_head(), chunk(": keep-alive\n\n"), Do::Hang];
    let upstream = Upstream::start(vec![thinks]).await;
    let service = Service::start(&upstream).await;
    let answer = service.post("/v1/chat/completions", &chat(true));
    let ended = async {
        is_asked(&upstream, 1).await;
        service.ended().await
    };
    let (answer, events) = tokio::join!(answer, ended);
    assert_eq!(answer.status(), 503);
    let said: Value = answer.json().await.unwrap();
    assert_eq!(said["error"]["code"], "router_stopping");
    assert_eq!(counted(&events), (1, 0, 0, 0));
}

#[tokio::test]
async fn a_stream_that_is_cut_is_told_as_broken_by_the_end_of_the_router() {
    let upstream =
        Upstream::start(vec![vec![sse_head(), chunk(&openai_text("one")), Do::Hang]]).await;
    let service = Service::start(&upstream).await;
    let mut stream = service.post("/v1/chat/completions", &chat(true)).await;
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("one"));
    let (rest, events) = tokio::join!(stream.text(), service.ended());
    assert!(rest.unwrap().contains("router_stopping"));
    let broke = events.iter().find_map(|e| match &e.kind {
        Kind::StreamBroke {
            route,
            from,
            to: None,
            chars: 3,
            verdict,
            ..
        } => Some((route, from, verdict, e.line())),
        _ => None,
    });
    let (route, from, verdict, line) = broke.expect("it is told");
    assert_eq!((&**route, &**from), ("r", "a/m-a"));
    assert_eq!(
        (verdict.class, verdict.code.as_str()),
        (Class::Abort, "router_stopping")
    );
    assert!(line.starts_with("the router was stopped"), "{line}");
    assert_eq!(counted(&events), (0, 1, 0, 0));
    let routes = events.iter().filter_map(|e| match &e.kind {
        Kind::Exchanges(second) => Some(&second.routes),
        _ => None,
    });
    let of_the_route: u32 = routes.flatten().map(|r| r.broken).sum();
    assert_eq!(of_the_route, 1);
}

#[tokio::test]
async fn a_stream_that_lacks_nothing_but_its_end_mark_ends_well() {
    let done = r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let script = vec![
        sse_head(),
        chunk(&openai_text("one")),
        chunk(&format!("data: {done}\n\n")),
        Do::Hang,
    ];
    let upstream = Upstream::start(vec![script]).await;
    let service = Service::start(&upstream).await;
    let stream = service.post("/v1/chat/completions", &chat(true)).await;
    let (text, events) = tokio::join!(stream.text(), service.ended());
    let text = text.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    assert_eq!(counted(&events), (0, 0, 0, 0));
}

#[tokio::test]
async fn a_rescue_under_way_ends_with_the_router() {
    let broken = vec![sse_head(), chunk(&openai_text("one")), end()];
    let upstream = Upstream::start(vec![broken, vec![Do::Hang]]).await;
    let service = Service::start(&upstream).await;
    let stream = service.post("/v1/chat/completions", &chat(true)).await;
    is_asked(&upstream, 2).await;
    let (text, events) = tokio::join!(stream.text(), service.ended());
    let text = text.expect("it ends, and is not cut");
    assert!(text.contains("upstream_stream_broken"), "{text}");
    // The one that broke, and not the call that was to go on with it.
    assert_eq!(counted(&events), (0, 1, 0, 1));
}

#[tokio::test]
async fn whoever_is_still_sending_his_request_is_told_too() {
    let upstream = Upstream::start(Vec::new()).await;
    let service = Service::start(&upstream).await;
    let mut slow = TcpStream::connect(service.app.addr).await.unwrap();
    let head = "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    // Until it is read: another is answered meanwhile.
    let other = service.post(
        "/v1/chat/completions",
        &json!({"model": "nobody", "messages": []}),
    );
    assert_eq!(other.await.status(), 404);
    service.ended().await;
    let mut said = String::new();
    slow.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
    assert!(
        said.contains("retry-after: 1\r\n") && said.contains("\"type\":\"error\""),
        "{said}"
    );
}
