//! The events of a stream, however its dialect frames them: lines of text, or messages of bytes.

use super::{eventstream, sse};
use crate::model::Dialect;
use bytes::{Bytes, BytesMut};
use std::fmt;

/// Cuts a stream of chunks into frames. Push a chunk, then take frames until there is none.
#[derive(Debug)]
pub enum Framer {
    Lines(sse::Framer),
    Messages(eventstream::Framer),
}

/// One event with the exact bytes that it came in.
#[derive(Debug, Clone)]
pub enum Frame {
    Lines(sse::Frame),
    Message(eventstream::Frame),
}

/// What came is no stream of its dialect. After it nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFraming {
    Lines(sse::FrameTooLong),
    Message(eventstream::BadMessage),
}

impl fmt::Display for BadFraming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(why) => why.fmt(f),
            Self::Message(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for BadFraming {}

impl Framer {
    pub fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAi | Dialect::Anthropic | Dialect::Gemini | Dialect::Responses => {
                Self::Lines(sse::Framer::new())
            }
            Dialect::Bedrock => Self::Messages(eventstream::Framer::new()),
        }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        match self {
            Self::Lines(framer) => framer.push(chunk),
            Self::Messages(framer) => framer.push(chunk),
        }
    }

    /// What is left at the end of a stream, when it ended inside an event.
    pub fn remainder(self) -> Option<Bytes> {
        match self {
            Self::Lines(framer) => framer.remainder().map(sse::Frame::into_raw),
            Self::Messages(framer) => framer.remainder(),
        }
    }
}

/// Not fused: `None` means that more bytes are needed.
impl Iterator for Framer {
    type Item = Result<Frame, BadFraming>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self {
            Self::Lines(framer) => match framer.next()? {
                Ok(frame) => Ok(Frame::Lines(frame)),
                Err(why) => Err(BadFraming::Lines(why)),
            },
            Self::Messages(framer) => match framer.next()? {
                Ok(frame) => Ok(Frame::Message(frame)),
                Err(why) => Err(BadFraming::Message(why)),
            },
        })
    }
}

impl Frame {
    /// The exact bytes.
    pub fn raw(&self) -> &Bytes {
        match self {
            Self::Lines(frame) => frame.raw(),
            Self::Message(frame) => frame.raw(),
        }
    }

    pub fn into_raw(self) -> Bytes {
        match self {
            Self::Lines(frame) => frame.into_raw(),
            Self::Message(frame) => frame.into_raw(),
        }
    }

    /// The event's name, where it has one.
    pub fn event(&self) -> Option<&str> {
        match self {
            Self::Lines(frame) => frame.event(),
            Self::Message(frame) => frame.event(),
        }
    }

    pub fn data(&self) -> &[u8] {
        match self {
            Self::Lines(frame) => frame.data(),
            Self::Message(frame) => frame.data(),
        }
    }

    /// A keep-alive or a blank line: no client sees an event in it.
    pub fn is_comment(&self) -> bool {
        match self {
            Self::Lines(frame) => frame.is_comment(),
            Self::Message(_) => false,
        }
    }
}

/// The content type of a dialect's streams.
pub const fn mime(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Gemini | Dialect::Responses => {
            "text/event-stream"
        }
        Dialect::Bedrock => "application/vnd.amazon.eventstream",
    }
}

/// An event that is framed well and whose JSON breaks off.
pub fn malformed(dialect: Dialect, data: &str) -> Bytes {
    match dialect {
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Gemini | Dialect::Responses => {
            format!("data: {data}\n\n").into()
        }
        Dialect::Bedrock => {
            let mut out = BytesMut::new();
            eventstream::put_event(&mut out, "contentBlockDelta", data.as_bytes());
            out.freeze()
        }
    }
}
