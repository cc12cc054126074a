//! A collector of traces behind OTLP's own messages: over HTTP as a server of ours, over gRPC as the protocol's own.

use super::rig::SOON;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use breakerbox::{
    config::{self, Config},
    telemetry::{self, Tracer},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1,
};
use parking_lot::Mutex;
use prost::Message;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{
    Request, Response, Status, codec::CompressionEncoding, transport::server::TcpIncoming,
};

#[derive(Debug, Default)]
struct Got {
    requests: Vec<ExportTraceServiceRequest>,
    headers: Vec<BTreeMap<String, String>>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) addr: SocketAddr,
    got: Arc<Mutex<Got>>,
    _tasks: JoinSet<()>,
}

/// A span as tests read it.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) name: String,
    pub(crate) kind: v1::span::SpanKind,
    pub(crate) from: u64,
    pub(crate) until: u64,
    pub(crate) attributes: Value,
    pub(crate) events: Vec<(String, Value)>,
    /// Trace and span that it refers to.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) error: Option<String>,
}

type Shared = Arc<Mutex<Got>>;

async fn take(State(got): State<Shared>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let request = ExportTraceServiceRequest::decode(body.clone()).expect("OTLP");
    let mut got = got.lock();
    got.bytes.extend_from_slice(&body);
    got.requests.push(request);
    let text = |v: &axum::http::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    got.headers.push(
        headers
            .iter()
            .map(|(n, v)| (n.to_string(), text(v)))
            .collect(),
    );
    ExportTraceServiceResponse::default().encode_to_vec()
}

struct Grpc(Shared);

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let headers = request.metadata().clone().into_headers();
        let text = |v: &axum::http::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
        let mut got = self.0.lock();
        got.headers.push(
            headers
                .iter()
                .map(|(n, v)| (n.to_string(), text(v)))
                .collect(),
        );
        got.requests.push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

impl Collector {
    pub(crate) async fn http() -> Self {
        let (listener, addr) = listen().await;
        let got = Shared::default();
        let app = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&got));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, app).await.expect("it serves");
        });
        Self {
            addr,
            got,
            _tasks: tasks,
        }
    }

    pub(crate) async fn grpc() -> Self {
        let (listener, addr) = listen().await;
        let got = Shared::default();
        let service = TraceServiceServer::new(Grpc(Arc::clone(&got)))
            .accept_compressed(CompressionEncoding::Gzip);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let served = tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpIncoming::from(listener));
            served.await.expect("it serves");
        });
        Self {
            addr,
            got,
            _tasks: tasks,
        }
    }

    /// A section of a configuration that sends spans here.
    pub(crate) fn section(&self) -> String {
        format!("[traces]\nendpoint = \"http://{}\"\n", self.addr)
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let got = self.got.lock();
        let resources = got.requests.iter().flat_map(|r| &r.resource_spans);
        let scopes = resources.flat_map(|r| &r.scope_spans);
        scopes.flat_map(|s| &s.spans).map(Span::of).collect()
    }

    /// Waits for so many, in the order of their times. More are one too many.
    pub(crate) async fn until(&self, n: usize) -> Vec<Span> {
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            let mut spans = self.spans();
            if spans.len() >= n {
                spans.sort_by_key(|s| (s.from, s.kind != v1::span::SpanKind::Server));
                assert_eq!(spans.len(), n, "{spans:#?}");
                return spans;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "not in time: {spans:#?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Who sends.
    pub(crate) fn resource(&self) -> Value {
        let got = self.got.lock();
        let resource = got.requests[0].resource_spans[0].resource.as_ref();
        attributes(&resource.expect("a resource").attributes)
    }

    /// Of the first request.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.got.lock().headers.first()?.get(name).cloned()
    }

    /// All that has come, as it came over HTTP.
    pub(crate) fn has_bytes(&self, text: &str) -> bool {
        memchr::memmem::find(&self.got.lock().bytes, text.as_bytes()).is_some()
    }
}

impl Span {
    fn of(span: &v1::Span) -> Self {
        let hex = |bytes: &[u8]| {
            let number = bytes.iter().fold(0_u128, |n, b| n << 8 | u128::from(*b));
            let width = 2 * bytes.len();
            if width == 0 {
                String::new()
            } else {
                format!("{number:0width$x}")
            }
        };
        let events = span.events.iter();
        let failed = span
            .status
            .as_ref()
            .filter(|s| s.code() == v1::status::StatusCode::Error);
        Self {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            state: span.trace_state.clone(),
            name: span.name.clone(),
            kind: span.kind(),
            from: span.start_time_unix_nano,
            until: span.end_time_unix_nano,
            attributes: attributes(&span.attributes),
            events: events
                .map(|e| (e.name.clone(), attributes(&e.attributes)))
                .collect(),
            links: span
                .links
                .iter()
                .map(|l| (hex(&l.trace_id), hex(&l.span_id)))
                .collect(),
            error: failed.map(|s| s.message.clone()),
        }
    }

    /// These attributes, and no other value for any of them.
    pub(crate) fn has(&self, expected: &Value) {
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(&self.attributes[name], value, "{name} of {self:#?}");
        }
    }

    /// It lies within the other one.
    pub(crate) fn is_child_of(&self, parent: &Self) {
        assert_eq!(
            (&self.trace, &self.parent),
            (&parent.trace, &parent.id),
            "{self:#?}"
        );
        assert!(
            parent.from <= self.from && self.from <= self.until,
            "{self:#?}"
        );
        assert!(self.until <= parent.until, "{self:#?} in {parent:#?}");
    }

    /// As the header that a callee sees.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.id)
    }
}

fn attributes(list: &[KeyValue]) -> Value {
    let pairs = list
        .iter()
        .map(|kv| (kv.key.clone(), value(kv.value.as_ref())));
    let count = list.len();
    let map: serde_json::Map<_, _> = pairs.collect();
    assert_eq!(map.len(), count, "each once: {map:?}");
    Value::Object(map)
}

fn value(any: Option<&AnyValue>) -> Value {
    match any.and_then(|v| v.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => json!(text),
        Some(any_value::Value::BoolValue(is)) => json!(is),
        Some(any_value::Value::IntValue(n)) => json!(n),
        Some(any_value::Value::DoubleValue(n)) => json!(n),
        Some(any_value::Value::ArrayValue(list)) => {
            list.values.iter().map(|v| value(Some(v))).collect()
        }
        other => panic!("no attribute of ours: {other:?}"),
    }
}

/// What the router tells people of its traces.
pub(crate) type Told = Arc<Mutex<Vec<String>>>;

/// Who tells of traces as this configuration says, without delay; `vars` are of the environment.
pub(crate) async fn tracer(config: &Config, vars: &[(&str, &str)]) -> (Arc<Tracer>, Told) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let env = |name: &str| {
        let own = [("OTEL_BSP_SCHEDULE_DELAY", "20")];
        let mut all = vars.iter().chain(&own);
        all.find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    };
    let (settings, warnings) =
        telemetry::settings(config.traces.as_ref(), &env as &dyn config::Env);
    assert!(warnings.is_empty(), "{warnings:?}");
    let told = Told::default();
    let ear = Arc::clone(&told);
    let tell = Box::new(move |_, text| ear.lock().push(text));
    let tracer = Tracer::start(settings.expect("it asks for traces"), tell).await;
    (tracer.expect("it starts"), told)
}
