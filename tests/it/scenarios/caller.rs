//! What a caller saw, whichever door it came in by: read as strictly as the strictest SDK reads it.

use super::voice::Usage;
use breakerbox::model::Dialect;
use http::HeaderMap;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// An answer, as far as the caller got to see it.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) model: String,
    pub(crate) text: String,
    /// `stop`, whatever the door calls it.
    pub(crate) finish: Option<String>,
    pub(crate) usage: Option<Usage>,
    /// The explicit error: the whole body, or an event.
    pub(crate) error: Option<Value>,
    /// The end mark came: `[DONE]`, `message_stop`, or the end of a whole answer.
    pub(crate) ended: bool,
    pub(crate) raw: String,
    /// Until its end.
    pub(crate) took: Duration,
    /// Its connection broke.
    pub(crate) cut: bool,
}

impl Said {
    pub(crate) async fn read(
        door: Dialect,
        asked: Instant,
        mut response: reqwest::Response,
    ) -> Self {
        let mut said = Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            ..Self::default()
        };
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(bytes)) => body.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(_) => {
                    said.cut = true;
                    break;
                }
            }
        }
        said.took = asked.elapsed();
        said.raw = String::from_utf8(body).expect("what a caller gets is UTF-8");
        said.understand(door);
        said
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .map(|v| v.to_str().expect("an ASCII header"));
        value.unwrap_or_default()
    }

    /// A whole answer that says this, from that model, with the bill of whoever gave it.
    #[track_caller]
    pub(crate) fn is_whole(&self, text: &str, model: &str, usage: Usage) {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.text, text, "{self:?}");
        assert_eq!(self.model, model, "{self:?}");
        assert_eq!(self.usage, Some(usage), "{self:?}");
        self.ends_well();
    }

    #[track_caller]
    pub(crate) fn ends_well(&self) {
        let good = self.ended && self.error.is_none() && !self.cut;
        assert!(good && self.finish.as_deref() == Some("stop"), "{self:?}");
    }

    /// A beginning of this text, and then an error that every SDK raises.
    #[track_caller]
    pub(crate) fn is_broken_off(&self, text: &str) {
        assert!(text.starts_with(&self.text), "{self:?}");
        let explicit = self.error.is_some() && !self.ended && self.finish.is_none();
        assert!(explicit, "{self:?}");
    }

    /// The whole text, or an explicit error: never a short answer that ends like a whole one.
    #[track_caller]
    pub(crate) fn is_whole_or_broken_off(&self, text: &str) {
        if self.text == text {
            self.ends_well();
        } else {
            self.is_broken_off(text);
        }
    }

    /// In a word, for the table.
    pub(crate) const fn how(&self) -> &'static str {
        if self.ended {
            "whole"
        } else {
            "an explicit error"
        }
    }

    fn understand(&mut self, door: Dialect) {
        let streamed = self.header("content-type").starts_with("text/event-stream");
        let raw = std::mem::take(&mut self.raw);
        if streamed {
            let (events, rest) = raw.rsplit_once("\n\n").unwrap_or(("", &raw));
            assert!(rest.is_empty(), "an event that does not end: {raw}");
            let mut open = Vec::new();
            for event in events.split("\n\n").filter(|e| !e.is_empty()) {
                assert!(
                    !self.ended && self.error.is_none(),
                    "something after the end: {raw}"
                );
                self.event(door, event, &mut open);
            }
        } else {
            let body = parse(&raw);
            if self.status == 200 {
                self.whole(door, &body);
            } else {
                self.error = Some(body);
            }
        }
        self.text = joined(&self.text);
        self.raw = raw;
    }

    fn event(&mut self, door: Dialect, event: &str, open: &mut Vec<u64>) {
        let field = |name: &str| {
            event
                .lines()
                .find_map(|l| l.strip_prefix(name))
                .map(str::trim_start)
        };
        let Some(data) = field("data:") else { return };
        if door == Dialect::Anthropic {
            let data = parse(data);
            assert_eq!(field("event:"), data["type"].as_str(), "{event}");
            self.anthropic(&data, open);
        } else if data == "[DONE]" {
            self.ended = true;
        } else {
            self.open_ai(&parse(data));
        }
    }

    fn open_ai(&mut self, event: &Value) {
        if !event["error"].is_null() {
            self.error = Some(event.clone());
        }
        if let Some(model) = event["model"].as_str().filter(|_| self.model.is_empty()) {
            model.clone_into(&mut self.model);
        }
        let choice = &event["choices"][0];
        if let Some(text) = choice["delta"]["content"]
            .as_str()
            .filter(|t| !t.is_empty())
        {
            assert!(self.finish.is_none(), "content after the finish: {event}");
            self.text.push_str(text);
        }
        if let Some(finish) = choice["finish_reason"].as_str() {
            assert!(self.finish.is_none(), "two finishes: {event}");
            self.finish = Some(finish.to_owned());
        }
        self.usage = open_ai_usage(&event["usage"]).or(self.usage);
    }

    fn anthropic(&mut self, event: &Value, open: &mut Vec<u64>) {
        let started = !self.model.is_empty();
        let index = event["index"].as_u64().unwrap_or(u64::MAX);
        match event["type"].as_str().expect("every event has a type") {
            "message_start" => {
                assert!(!started, "two starts: {event}");
                let model = event["message"]["model"].as_str();
                model
                    .expect("a message has a model")
                    .clone_into(&mut self.model);
                self.anthropic_usage(&event["message"]["usage"]);
            }
            "content_block_start" => {
                assert!(started && !open.contains(&index), "{event}");
                open.push(index);
            }
            "content_block_delta" => {
                assert!(open.contains(&index), "a delta of no block: {event}");
                self.text
                    .push_str(event["delta"]["text"].as_str().unwrap_or_default());
            }
            "content_block_stop" => {
                assert!(open.contains(&index), "an end of no block: {event}");
                open.retain(|i| *i != index);
            }
            "message_delta" => {
                assert!(open.is_empty() && self.finish.is_none(), "{event}");
                self.finish = Some(plain(
                    event["delta"]["stop_reason"].as_str().unwrap_or_default(),
                ));
                self.anthropic_usage(&event["usage"]);
            }
            "message_stop" => {
                assert!(self.finish.is_some(), "an end without a reason");
                self.ended = true;
            }
            "error" => self.error = Some(event.clone()),
            "ping" => {}
            other => panic!("no SDK knows {other}"),
        }
    }

    fn anthropic_usage(&mut self, usage: &Value) {
        let (input, output) = self.usage.unwrap_or_default();
        self.usage = Some((
            usage["input_tokens"].as_u64().unwrap_or(input),
            usage["output_tokens"].as_u64().unwrap_or(output),
        ));
    }

    fn whole(&mut self, door: Dialect, body: &Value) {
        let model = body["model"].as_str().unwrap_or_default();
        model.clone_into(&mut self.model);
        self.ended = true;
        let (text, finish) = if door == Dialect::Anthropic {
            self.anthropic_usage(&body["usage"]);
            (&body["content"][0]["text"], &body["stop_reason"])
        } else {
            self.usage = open_ai_usage(&body["usage"]);
            let choice = &body["choices"][0];
            (&choice["message"]["content"], &choice["finish_reason"])
        };
        self.text.push_str(text.as_str().unwrap_or_default());
        self.finish = finish.as_str().map(plain);
    }
}

fn open_ai_usage(usage: &Value) -> Option<Usage> {
    Some((
        usage["prompt_tokens"].as_u64()?,
        usage["completion_tokens"].as_u64()?,
    ))
}

fn plain(finish: &str) -> String {
    if finish == "end_turn" { "stop" } else { finish }.to_owned()
}

/// Half an emoji is no error for the SDKs' languages, which count in UTF-16, but one for this one. Halves travel
/// through the parser as private characters.
const HALVES: std::ops::Range<u16> = 0xD800..0xE000;
const PRIVATE: u16 = 0xE000;

fn parse(json: &str) -> Value {
    let mut pieces = json.split("\\u");
    let mut safe = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(4).unwrap_or((piece, ""));
        let half = u16::from_str_radix(code, 16)
            .ok()
            .filter(|c| HALVES.contains(c));
        let private = half.map(|h| format!("{:04x}", h - HALVES.start + PRIVATE));
        safe.extend(["\\u", private.as_deref().unwrap_or(code), rest]);
    }
    serde_json::from_str(&safe).unwrap_or_else(|e| panic!("{e}: {json}"))
}

/// The text with its halves put together, as a caller's string does it.
fn joined(text: &str) -> String {
    let private = PRIVATE..PRIVATE + 0x800;
    let units: Vec<u16> = text
        .encode_utf16()
        .map(|u| {
            if private.contains(&u) {
                u - PRIVATE + HALVES.start
            } else {
                u
            }
        })
        .collect();
    String::from_utf16_lossy(&units)
}
