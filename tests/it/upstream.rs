//! A provider that does exactly what a test says, byte by byte, and remembers what it was asked.

use parking_lot::Mutex;
use std::{collections::VecDeque, fmt, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};

/// One thing that the upstream does with a connection after it has read a request.
#[derive(Debug, Clone)]
pub(crate) enum Do {
    Write(Vec<u8>),
    Wait(Duration),
    /// Closes without ceremony (RST).
    Reset,
    /// Keeps the socket open and says nothing more.
    Hang,
    /// Closes cleanly.
    Close,
    /// Looks at the request first, and goes on as it then decides.
    Decide(Decision),
}

/// What a request is answered with, as a function of it.
#[derive(Clone)]
pub(crate) struct Decision(Arc<Decide>);

type Decide = dyn Fn(&Asked) -> Vec<Do> + Send + Sync;

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decision")
    }
}

/// A script whose steps depend on what was asked.
pub(crate) fn by(decide: impl Fn(&Asked) -> Vec<Do> + Send + Sync + 'static) -> Vec<Do> {
    vec![Do::Decide(Decision(Arc::new(decide)))]
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the router sends JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|l| {
            let (n, v) = l.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| v.trim())
        })
    }
}

#[derive(Debug, Default)]
struct Shared {
    /// Answers for the next requests, in order; the last one stays.
    script: Mutex<VecDeque<Vec<Do>>>,
    asked: Mutex<Vec<Asked>>,
    /// When a client closed a connection that this end kept open.
    hung_up: Mutex<Vec<Instant>>,
}

#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Upstream {
    pub(crate) async fn start(script: Vec<Vec<Do>>) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), script).await
    }

    pub(crate) async fn start_at(addr: SocketAddr, script: Vec<Vec<Do>>) -> Self {
        let listener = TcpListener::bind(addr).await.expect("the port is free");
        let addr = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        *shared.script.lock() = script.into();
        let mut tasks = JoinSet::new();
        let state = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream, Arc::clone(&state)));
            }
        });
        Self {
            addr,
            shared,
            _tasks: tasks,
        }
    }

    /// What it does from now on.
    pub(crate) fn play(&self, script: Vec<Vec<Do>>) {
        *self.shared.script.lock() = script.into();
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().clone()
    }

    pub(crate) fn hung_up(&self) -> Vec<Instant> {
        self.shared.hung_up.lock().clone()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buf = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buf).await {
        let asked = Asked {
            at: Instant::now(),
            head,
            body,
        };
        shared.asked.lock().push(asked.clone());
        let steps = {
            let mut script = shared.script.lock();
            if script.len() > 1 {
                script.pop_front()
            } else {
                script.front().cloned()
            }
        };
        let mut steps = VecDeque::from(steps.unwrap_or_default());
        while let Some(step) = steps.pop_front() {
            match step {
                Do::Decide(Decision(decide)) => {
                    for step in decide(&asked).into_iter().rev() {
                        steps.push_front(step);
                    }
                }
                Do::Write(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Do::Wait(time) => {
                    let mut byte = [0];
                    tokio::select! {
                        () = tokio::time::sleep(time) => {}
                        _ = stream.read(&mut byte) => {
                            shared.hung_up.lock().push(Instant::now());
                            return;
                        }
                    }
                }
                Do::Reset => {
                    let _ = stream.set_zero_linger();
                    return;
                }
                Do::Hang => {
                    let mut byte = [0];
                    let _ = stream.read(&mut byte).await;
                    shared.hung_up.lock().push(Instant::now());
                    return;
                }
                Do::Close => return,
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, buf: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = memchr::memmem::find(buf, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(buf.get(..end)?).into_owned();
            let length: usize = head
                .lines()
                .find_map(|l| {
                    l.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(|v| v.trim().parse().ok())
                })
                .flatten()
                .unwrap_or(0);
            if buf.len() >= end + 4 + length {
                let body = buf.get(end + 4..end + 4 + length)?.to_vec();
                buf.drain(..end + 4 + length);
                return Some((head, body));
            }
        }
        let mut chunk = vec![0; 16 * 1024];
        let n = stream.read(&mut chunk).await.ok()?;
        if n == 0 {
            return None;
        }
        buf.extend_from_slice(chunk.get(..n)?);
    }
}

/// A whole answer with this status and JSON body.
pub(crate) fn json(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<Do> {
    let mut extra = String::new();
    for (name, value) in headers {
        extra = format!("{extra}{name}: {value}\r\n");
    }
    vec![Do::Write(
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{extra}content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )]
}

/// The head of an event stream.
pub(crate) fn sse_head() -> Do {
    Do::Write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec(),
    )
}

/// One piece of a chunked body.
pub(crate) fn chunk(text: &str) -> Do {
    Do::Write(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// The clean end of a chunked body.
pub(crate) fn end() -> Do {
    Do::Write(b"0\r\n\r\n".to_vec())
}

/// An OpenAI answer that says `text`.
pub(crate) fn openai(model: &str, text: &str) -> Vec<Do> {
    let body = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    });
    json(200, &[], &body.to_string())
}

/// An Anthropic answer that says `text`.
pub(crate) fn anthropic(model: &str, text: &str) -> Vec<Do> {
    let body = serde_json::json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": model,
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 9, "output_tokens": 3}
    });
    json(200, &[], &body.to_string())
}

/// A response of OpenAI's newer API that says `text`.
pub(crate) fn response(model: &str, text: &str) -> serde_json::Value {
    serde_json::json!({
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": null,
        "incomplete_details": null, "model": model,
        "output": [{"id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": text}]}],
        "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    })
}

/// One named event of such a stream.
pub(crate) fn named(event: &serde_json::Value) -> String {
    let name = event["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {event}\n\n")
}

/// One OpenAI stream event with a piece of text.
pub(crate) fn openai_text(text: &str) -> String {
    let event = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]
    });
    format!("data: {event}\n\n")
}

/// The OpenAI stream event that finishes, and its end mark.
pub(crate) fn openai_done() -> String {
    let event = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    });
    format!("data: {event}\n\ndata: [DONE]\n\n")
}

/// A whole OpenAI stream that says these pieces.
pub(crate) fn openai_stream(pieces: &[&str]) -> Vec<Do> {
    let mut steps = vec![sse_head()];
    steps.extend(pieces.iter().map(|p| chunk(&openai_text(p))));
    steps.push(chunk(&openai_done()));
    steps.push(end());
    steps
}
