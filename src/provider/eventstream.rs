//! Amazon's event streams (`application/vnd.amazon.eventstream`), framed message by message.
//!
//! A message says how long it is, carries typed headers and a payload, and has two checksums: one over its length,
//! so that a wrong length is known before anybody waits for what it promises, and one over all of it. What the
//! provider reports as an exception has no event name; here it becomes an event `error`, as it is called elsewhere,
//! with the exception's name in its data.

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::{
    event_stream::{Header, HeaderValue, Message},
    str_bytes::StrBytes,
};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value};
use std::fmt;

pub use super::sse::MAX_FRAME;

/// Two lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const CHECKSUM: usize = 4;
/// The name of events that are failures.
const ERROR: &str = "error";

/// Cuts a stream of chunks into messages. Push a chunk, then take frames until there is none.
#[derive(Debug, Default)]
pub struct Framer {
    /// Everything that is in no message yet.
    buf: BytesMut,
    /// Something was no message: nothing after it can be found.
    failed: bool,
}

/// One message.
#[derive(Debug, Clone)]
pub struct Frame {
    raw: Bytes,
    name: Option<StrBytes>,
    data: Bytes,
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadMessage {
    /// Longer than [`MAX_FRAME`], by its own word.
    TooLong,
    /// A checksum, a length or a header is wrong.
    Damaged,
}

impl fmt::Display for BadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a message is longer than {} MiB", MAX_FRAME >> 20),
            Self::Damaged => f.write_str("a message is damaged"),
        }
    }
}

impl std::error::Error for BadMessage {}

impl Framer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, chunk: &[u8]) {
        if !self.failed {
            self.buf.extend_from_slice(chunk);
        }
    }

    /// What is left at the end of a stream: a message that was begun and cut. `None` when the stream ended between
    /// messages.
    pub fn remainder(self) -> Option<Bytes> {
        (!self.buf.is_empty()).then(|| self.buf.freeze())
    }

    fn fail(&mut self, why: BadMessage) -> BadMessage {
        *self = Self {
            buf: BytesMut::new(),
            failed: true,
        };
        why
    }
}

/// Not fused: `None` means that more bytes are needed. After an error there is nothing more.
impl Iterator for Framer {
    type Item = Result<Frame, BadMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = match length(self.buf.first_chunk::<PRELUDE>()?) {
            Ok(length) => length,
            Err(why) => return Some(Err(self.fail(why))),
        };
        if self.buf.len() < length {
            return None;
        }
        let raw = self.buf.split_to(length).freeze();
        let read = read_message_from(raw.clone());
        Some(match read {
            Ok(message) => Ok(Frame::of(raw, &message)),
            Err(_) => Err(self.fail(BadMessage::Damaged)),
        })
    }
}

/// The length of a whole message, by its first bytes.
fn length(prelude: &[u8; PRELUDE]) -> Result<usize, BadMessage> {
    let number = |at: usize| {
        let bytes = prelude.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    };
    if prelude.get(..8).map(crc32fast::hash) != number(8) {
        return Err(BadMessage::Damaged);
    }
    match number(0).and_then(|length| usize::try_from(length).ok()) {
        Some(length) if length < PRELUDE + CHECKSUM => Err(BadMessage::Damaged),
        Some(length) if length <= MAX_FRAME => Ok(length),
        _ => Err(BadMessage::TooLong),
    }
}

impl Frame {
    fn of(raw: Bytes, message: &Message) -> Self {
        let header = |name: &str| {
            let found = message.headers().iter().find(|h| h.name().as_str() == name);
            found.and_then(|h| h.value().as_string().ok()).cloned()
        };
        let kind = header(":message-type");
        match kind.as_ref().map(StrBytes::as_str) {
            Some("exception") => Self {
                raw,
                name: Some(ERROR.into()),
                data: exception(header(":exception-type"), message.payload()),
            },
            Some("error") => Self {
                raw,
                name: Some(ERROR.into()),
                data: failure(
                    header(":error-code").as_ref(),
                    header(":error-message").as_ref(),
                ),
            },
            _ => Self {
                raw,
                name: header(":event-type"),
                data: message.payload().clone(),
            },
        }
    }

    /// The exact bytes, checksums included.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    pub fn into_raw(self) -> Bytes {
        self.raw
    }

    pub fn event(&self) -> Option<&str> {
        self.name.as_ref().map(StrBytes::as_str)
    }

    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// What an exception says, its name among it.
fn exception(name: Option<StrBytes>, payload: &[u8]) -> Bytes {
    let said = match serde_json::from_slice(payload) {
        Ok(Value::Object(said)) => said,
        _ => Map::from_iter([(
            "message".to_owned(),
            Value::from(String::from_utf8_lossy(payload)),
        )]),
    };
    let name = name.map(|name| ("__type".to_owned(), Value::from(name.as_str())));
    let all: Map<String, Value> = name.into_iter().chain(said).collect();
    Value::Object(all).to_string().into()
}

/// A failure of the service itself says all of it in headers.
fn failure(code: Option<&StrBytes>, message: Option<&StrBytes>) -> Bytes {
    let said = serde_json::json!({
        "__type": code.map(StrBytes::as_str),
        "message": message.map(StrBytes::as_str),
    });
    said.to_string().into()
}

/// Writes one event.
pub fn put_event(out: &mut BytesMut, name: &str, payload: &[u8]) {
    put(out, "event", ":event-type", name, payload);
}

/// Writes one exception, which ends a stream.
pub fn put_exception(out: &mut BytesMut, name: &str, payload: &[u8]) {
    put(out, "exception", ":exception-type", name, payload);
}

fn put(out: &mut BytesMut, kind: &'static str, naming: &'static str, name: &str, payload: &[u8]) {
    let text = |name: &'static str, value: &str| {
        Header::new(name, HeaderValue::String(value.to_owned().into()))
    };
    let message = Message::new(Bytes::copy_from_slice(payload))
        .add_header(text(naming, name))
        .add_header(text(":content-type", "application/json"))
        .add_header(text(":message-type", kind));
    write_message_to(&message, out).expect("names are short, and no payload has four gigabytes");
}

#[cfg(test)]
mod tests;
