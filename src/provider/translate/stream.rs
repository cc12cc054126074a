//! Streams: one reader and one writer per dialect, behind one type each.

use super::{Reply, surrogate};
use crate::{
    model::Dialect,
    provider::{anthropic, bedrock, chat::Delta, gemini, openai, responses},
};
use bytes::BytesMut;
use serde_json::Value;

/// Reads a dialect's stream, one event at a time.
#[derive(Debug)]
pub struct StreamReader {
    dialect: Reading,
    joiner: surrogate::Joiner,
    /// Halves of characters have come.
    halves: bool,
}

#[derive(Debug)]
enum Reading {
    OpenAi(openai::StreamReader),
    Anthropic(anthropic::StreamReader),
    Gemini(gemini::StreamReader),
    Bedrock(bedrock::StreamReader),
    Responses(responses::StreamReader),
}

impl StreamReader {
    pub fn new(dialect: Dialect) -> Self {
        let dialect = match dialect {
            Dialect::OpenAi => Reading::OpenAi(openai::StreamReader::default()),
            Dialect::Anthropic => Reading::Anthropic(anthropic::StreamReader::default()),
            Dialect::Gemini => Reading::Gemini(gemini::StreamReader::default()),
            Dialect::Bedrock => Reading::Bedrock(bedrock::StreamReader::default()),
            Dialect::Responses => Reading::Responses(responses::StreamReader::default()),
        };
        Self {
            dialect,
            joiner: surrogate::Joiner::default(),
            halves: false,
        }
    }

    fn dialect(&self) -> Dialect {
        match self.dialect {
            Reading::OpenAi(_) => Dialect::OpenAi,
            Reading::Anthropic(_) => Dialect::Anthropic,
            Reading::Gemini(_) => Dialect::Gemini,
            Reading::Bedrock(_) => Dialect::Bedrock,
            Reading::Responses(_) => Dialect::Responses,
        }
    }

    /// How many events it has read, where the dialect counts them.
    pub fn events(&self) -> u64 {
        match &self.dialect {
            Reading::Responses(r) => r.told().events(),
            _ => 0,
        }
    }

    /// Who was asked, for the dialect whose streams do not say who answers.
    pub fn asked(&mut self, model: &str) {
        if let Reading::Bedrock(r) = &mut self.dialect {
            r.asked(model);
        }
    }

    /// Appends what one event says. Never fails: an event that does not parse is [`Delta::Malformed`], one that
    /// fails is [`Delta::Error`], and one that says nothing is [`Delta::Life`].
    pub fn event(&mut self, name: Option<&str>, data: &[u8], out: &mut Vec<Delta>) {
        let start = out.len();
        let mut halves = self.joiner.is_waiting();
        if data.trim_ascii() == b"[DONE]" {
            out.push(Delta::End);
        } else if !data.trim_ascii().is_empty() {
            halves |= self.json(name, data, out);
        }
        if halves {
            self.halves = true;
            self.joiner.mend(out, start);
        }
        if out.len() == start {
            out.push(Delta::Life);
        }
    }

    /// What was read ends with a part of what only the same stream can say the rest of: half a character, or
    /// Gemini's call in pieces.
    pub(crate) fn is_torn(&self) -> bool {
        let in_call = matches!(&self.dialect, Reading::Gemini(r) if r.is_in_call());
        in_call || self.joiner.is_waiting()
    }

    /// Returns whether there may be halves of characters in what it read.
    fn json(&mut self, name: Option<&str>, data: &[u8], out: &mut Vec<Delta>) -> bool {
        let was_plain = match &mut self.dialect {
            Reading::OpenAi(r) => r.plain(data, out),
            Reading::Responses(r) => r.plain(data, out),
            Reading::Anthropic(_) | Reading::Gemini(_) | Reading::Bedrock(_) => false,
        };
        if was_plain {
            return false;
        }
        let strict: Option<Value> = serde_json::from_slice(data).ok();
        let halves = strict.is_none();
        let parsed = strict.or_else(|| serde_json::from_slice(&surrogate::park(data)?).ok());
        let Some(event) = parsed.filter(Value::is_object) else {
            out.push(Delta::Malformed);
            return false;
        };
        match &mut self.dialect {
            Reading::OpenAi(r) => r.event(&event, out),
            Reading::Anthropic(r) => r.event(name, &event, out),
            Reading::Gemini(r) => r.event(&event, out),
            Reading::Bedrock(r) => r.event(name, &event, out),
            Reading::Responses(r) => r.event(name, &event, out),
        }
        halves
    }
}

/// Writes a dialect's stream from deltas, as bytes of its events.
#[derive(Debug, Clone)]
pub struct StreamWriter {
    dialect: Writing,
}

#[derive(Debug, Clone)]
enum Writing {
    OpenAi(openai::StreamWriter),
    Anthropic(anthropic::StreamWriter),
    Gemini(gemini::StreamWriter),
    Bedrock(bedrock::StreamWriter),
    Responses(responses::StreamWriter),
}

impl StreamWriter {
    /// `include_usage` matters to OpenAI's dialect alone; the others always tell it.
    pub fn new(dialect: Dialect, reply: Reply, include_usage: bool) -> Self {
        let dialect = match dialect {
            Dialect::OpenAi => Writing::OpenAi(openai::StreamWriter::new(reply, include_usage)),
            Dialect::Anthropic => Writing::Anthropic(anthropic::StreamWriter::new(reply)),
            Dialect::Gemini => Writing::Gemini(gemini::StreamWriter::new(reply)),
            Dialect::Bedrock => Writing::Bedrock(bedrock::StreamWriter::default()),
            Dialect::Responses => Writing::Responses(responses::StreamWriter::new(reply)),
        };
        Self { dialect }
    }

    /// Goes on with a stream that has passed through as it came: `told` is what it said, `reader` how it was read.
    pub fn resume(
        reply: Reply,
        include_usage: bool,
        told: &[Delta],
        reader: &StreamReader,
    ) -> Self {
        let mut writer = Self::new(reader.dialect(), reply, include_usage);
        let mut written = BytesMut::new();
        for delta in told {
            writer.write(delta, &mut written);
        }
        match (&mut writer.dialect, &reader.dialect) {
            (Writing::Anthropic(w), Reading::Anthropic(r)) => w.take_over(r.told()),
            (Writing::Gemini(w), _) => w.has_told_calls(),
            (Writing::Responses(w), Reading::Responses(r)) => w.take_over(r.told(), reader.halves),
            _ => {}
        }
        writer
    }

    /// What the last event says besides.
    pub fn mark(&mut self, mark: Value) {
        match &mut self.dialect {
            Writing::OpenAi(w) => w.mark(mark),
            Writing::Anthropic(w) => w.mark(mark),
            Writing::Gemini(w) => w.mark(mark),
            Writing::Bedrock(w) => w.mark(mark),
            Writing::Responses(w) => w.mark(mark),
        }
    }

    /// Writes one delta. Finish, usage and end are kept for [`finish`](Self::finish); errors and malformed events
    /// are the router's business and write nothing.
    pub fn write(&mut self, delta: &Delta, out: &mut BytesMut) {
        // At work, with nothing to show of it.
        let delta = match delta {
            Delta::Reasoning(said) if said.is_empty() => &Delta::Life,
            delta => delta,
        };
        match &mut self.dialect {
            Writing::OpenAi(w) => w.write(delta, out),
            Writing::Anthropic(w) => w.write(delta, out),
            Writing::Gemini(w) => w.write(delta, out),
            Writing::Bedrock(w) => w.write(delta, out),
            Writing::Responses(w) => w.write(delta, out),
        }
    }

    /// Ends a complete stream with the dialect's terminal events. A stream that broke is never finished: a client
    /// would take what it has for the whole answer.
    pub fn finish(&mut self, out: &mut BytesMut) {
        match &mut self.dialect {
            Writing::OpenAi(w) => w.finish(out),
            Writing::Anthropic(w) => w.finish(out),
            Writing::Gemini(w) => w.finish(out),
            Writing::Bedrock(w) => w.finish(out),
            Writing::Responses(w) => w.finish(out),
        }
    }

    /// How many events it has written, where the dialect counts them.
    pub fn events(&self) -> u64 {
        match &self.dialect {
            Writing::OpenAi(_)
            | Writing::Anthropic(_)
            | Writing::Gemini(_)
            | Writing::Bedrock(_) => 0,
            Writing::Responses(w) => w.events(),
        }
    }
}

/// One event. `name` is written where the dialect has names.
pub(crate) fn put_event(out: &mut BytesMut, name: Option<&str>, data: &Value) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\n");
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data.to_string().as_bytes());
    out.extend_from_slice(b"\n\n");
}
