//! The providers as a client sees them: over sockets.

mod anthropic;
mod bedrock;
mod failures;
mod gemini;
mod openai;
mod responses;
mod running;

use super::*;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const TICKET: &str = "Summarize the following ticket in two sentences.\n\nCustomer Jonas from Ghent reports that order \
    GT-5521 arrived with a broken lamp. The box was intact. He asks for a refund of 90 euros because he needs it soon.";

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .build()
        .expect("a plain client can be built")
}

/// A provider that never fails by itself, three hundred times as fast as a real one.
async fn provider(dialect: Dialect) -> Served {
    served(dialect, Behaviour::faultless()).await
}

async fn served(dialect: Dialect, behaviour: Behaviour) -> Served {
    let one = One {
        speed: 300.0,
        ..One::default()
    };
    serve_one(dialect, behaviour, one)
        .await
        .expect("a free port on the loopback")
}

/// A request with the credential where the vendor wants it.
fn post(at: &Provider, path: &str, key: &str) -> RequestBuilder {
    let request = client().post(format!("http://{}{path}", at.addr));
    match at.dialect {
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock => request.bearer_auth(key),
        Dialect::Anthropic => request
            .header("x-api-key", key)
            .header("anthropic-version", "2023-06-01"),
        Dialect::Gemini => request.header("x-goog-api-key", key),
    }
}

fn chat_path(dialect: Dialect, stream: bool) -> &'static str {
    match (dialect, stream) {
        (Dialect::OpenAi, _) => "/v1/chat/completions",
        (Dialect::Responses, _) => "/v1/responses",
        (Dialect::Anthropic, _) => "/v1/messages",
        (Dialect::Gemini, false) => "/v1beta/models/gemini-2.5-pro:generateContent",
        (Dialect::Gemini, true) => "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        (Dialect::Bedrock, false) => "/model/us.amazon.nova-2-lite-v1%3A0/converse",
        (Dialect::Bedrock, true) => "/model/us.amazon.nova-2-lite-v1%3A0/converse-stream",
    }
}

/// The smallest request of a dialect.
fn asking(dialect: Dialect, text: &str) -> Value {
    match dialect {
        Dialect::OpenAi => {
            json!({ "model": "gpt-4.1", "messages": [{ "role": "user", "content": text }] })
        }
        Dialect::Responses => json!({ "model": "gpt-4.1", "input": text }),
        Dialect::Anthropic => json!({
            "model": "claude-sonnet-4-5", "max_tokens": 500, "messages": [{ "role": "user", "content": text }],
        }),
        Dialect::Gemini => json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] }),
        Dialect::Bedrock => {
            json!({ "messages": [{ "role": "user", "content": [{ "text": text }] }] })
        }
    }
}

fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

struct Answered {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// The JSON payloads of a stream, in order, without the end mark.
    fn events(&self) -> Vec<Value> {
        self.text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}")))
            .collect()
    }
}

async fn send(request: RequestBuilder) -> Answered {
    let response = request.send().await.expect("the provider answers");
    Answered {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.expect("the answer is whole"),
    }
}

async fn ask(at: &Provider, body: &Value) -> Answered {
    let stream = body.get("stream") == Some(&json!(true));
    send(post(at, chat_path(at.dialect, stream), &at.key).json(body)).await
}

/// A pointer into an answer, with the whole answer in the complaint when nothing is there.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value
        .pointer(pointer)
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

fn str_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer)
        .as_str()
        .unwrap_or_else(|| panic!("{pointer} is no string in {value}"))
}

fn weather_schema() -> Value {
    json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] })
}

fn person_schema() -> Value {
    json!({ "type": "object", "required": ["name", "age"], "additionalProperties": false, "properties": {
        "name": { "type": "string" }, "age": { "type": "integer", "minimum": 0, "maximum": 120 } } })
}

const PERSON: &str =
    "Extract the person from this text.\n\nYesterday I met Clara Neumann, who is 34 years old.";
