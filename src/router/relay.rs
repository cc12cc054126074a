//! A stream on its way from an upstream to a caller: framed, understood, and passed on, as the same bytes where
//! both speak the same dialect.

use super::STOPPING;
use crate::{
    model::{Class, Dialect, Verdict},
    provider::{
        chat::{Answer, Delta, Finish, Usage},
        classify::{self, TransportError},
        errors::CallerError,
        frames::Framer,
        splice::{Said, Splicer, Step},
        translate::{Collector, Reply, StreamReader, StreamWriter},
    },
};
use bytes::{Bytes, BytesMut};

#[derive(Debug)]
pub(super) struct Relay {
    from: Dialect,
    door: Dialect,
    framer: Framer,
    reader: StreamReader,
    /// None: same dialect, the bytes pass through.
    writer: Option<StreamWriter>,
    /// What the caller has, for whoever has to go on with it, and the answer as a whole for the cache and the judge.
    collector: Collector,
    /// It goes on with what the caller has already.
    splicer: Option<Splicer>,
    deltas: Vec<Delta>,
    reply: Reply,
    stream_usage: bool,
    seen: Seen,
}

/// A stream that broke off, as the next one takes it up.
#[derive(Debug)]
pub(super) struct Joint {
    pub(super) splicer: Splicer,
    pub(super) writer: StreamWriter,
    collector: Collector,
}

/// Why a caller gets a part of an answer only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    Upstream,
    Stopping,
}

/// What has been seen of a stream so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) content: bool,
    pub(super) chars: u64,
    /// Characters of reasoning.
    pub(super) thought: u64,
    pub(super) usage: Usage,
    pub(super) malformed: u32,
    called: bool,
    finish: Option<Finish>,
    end_mark: bool,
    error: Option<Verdict>,
}

impl Seen {
    /// The reason that the provider gave for its end. One that ends a call with the bill and the end mark, and gives
    /// none, means the call.
    fn finish(&self) -> Option<Finish> {
        let billed_call = self.called && self.usage.output > 0 && self.end_mark;
        self.finish.or(billed_call.then_some(Finish::ToolUse))
    }
}

/// What a chunk brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    Nothing,
    /// The model is alive (it reasons), without content yet.
    Life,
    Content,
    /// The provider said that it failed.
    Error,
    /// It does not go on with what the caller has.
    Apart,
}

impl Relay {
    pub(super) fn new(from: Dialect, door: Dialect, reply: Reply, stream_usage: bool) -> Self {
        Self {
            from,
            door,
            framer: Framer::new(from),
            reader: StreamReader::new(from),
            writer: (from != door).then(|| StreamWriter::new(door, reply.clone(), stream_usage)),
            collector: Collector::default(),
            splicer: None,
            deltas: Vec::new(),
            reply,
            stream_usage,
            seen: Seen::default(),
        }
    }

    /// Goes on with a stream that has begun.
    pub(super) fn join(
        from: Dialect,
        door: Dialect,
        reply: Reply,
        stream_usage: bool,
        joint: Joint,
    ) -> Self {
        Self {
            writer: Some(joint.writer),
            collector: joint.collector,
            splicer: Some(joint.splicer),
            ..Self::new(from, door, reply, stream_usage)
        }
    }

    /// What the caller has.
    pub(super) fn said(&self) -> Said {
        self.collector.said()
    }

    /// The caller has a part of something, and no other stream can say the rest of it.
    pub(super) fn is_torn(&self) -> bool {
        self.writer.is_none() && self.reader.is_torn()
    }

    /// What another stream needs to go on with this one.
    pub(super) fn joint(&self, splicer: Splicer) -> Joint {
        let writer = self.writer.clone().unwrap_or_else(|| {
            let names = Reply {
                id: String::new(),
                ..self.reply.clone()
            };
            StreamWriter::resume(
                names,
                self.stream_usage,
                &self.collector.retell(),
                &self.reader,
            )
        });
        Joint {
            splicer,
            writer,
            collector: self.collector.clone(),
        }
    }

    /// Who was asked, for providers whose streams do not say who answers.
    pub(super) fn asked(&mut self, model: &str) {
        self.reader.asked(model);
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The provider has said that nothing more comes.
    pub(super) fn has_end_mark(&self) -> bool {
        self.seen.end_mark
    }

    /// Takes what came; puts on `out` what the caller may see of it.
    pub(super) fn feed(
        &mut self,
        chunk: &[u8],
        out: &mut BytesMut,
    ) -> Result<Progress, TransportError> {
        self.framer.push(chunk);
        let mut progress = Progress::Nothing;
        loop {
            let frame = match self.framer.next() {
                Some(Ok(frame)) => frame,
                None => return Ok(progress),
                Some(Err(_)) => return Err(TransportError::BadFraming),
            };
            if !frame.is_comment() {
                self.reader
                    .event(frame.event(), frame.data(), &mut self.deltas);
            }
            if let Some(verdict) = self.deltas.iter().find_map(error_of) {
                self.failed(verdict);
                return Ok(Progress::Error);
            }
            let heard = self.join_on();
            if heard == Progress::Apart {
                return Ok(heard);
            }
            let step = self.note().max(heard);
            // A `retry:` alone is no event, and OpenAI's Python client stumbles over it.
            let skip = (frame.is_comment() && has_fields(frame.raw()))
                || self.deltas.iter().any(|d| match d {
                    Delta::Malformed => true,
                    // Without a reason it is somebody's cut that looks like an end.
                    Delta::End => self.seen.finish().is_none(),
                    _ => false,
                });
            match &mut self.writer {
                Some(writer) => self.deltas.iter().for_each(|d| writer.write(d, out)),
                None if !skip => out.extend_from_slice(frame.raw()),
                None => {}
            }
            self.deltas.clear();
            progress = progress.max(step);
        }
    }

    /// Leaves of the deltas what the caller does not have yet.
    fn join_on(&mut self) -> Progress {
        let Some(splicer) = &mut self.splicer else {
            return Progress::Nothing;
        };
        match splicer.pass(&mut self.deltas) {
            Step::Apart => Progress::Apart,
            Step::Listening => Progress::Life,
            Step::Joined if self.seen.content => Progress::Nothing,
            Step::Joined => {
                self.seen.content = true;
                Progress::Content
            }
        }
    }

    /// Reads the deltas of one event.
    fn note(&mut self) -> Progress {
        let mut progress = Progress::Nothing;
        for delta in &self.deltas {
            let step = match delta {
                Delta::Text(t) if t.is_empty() => Progress::Nothing,
                Delta::Text(t) => {
                    self.seen.chars += t.chars().count() as u64;
                    Progress::Content
                }
                Delta::ToolStart { .. } => {
                    self.seen.called = true;
                    Progress::Content
                }
                Delta::ToolArgs { json, .. } => {
                    self.seen.chars += json.len() as u64;
                    Progress::Content
                }
                Delta::Reasoning(t) => {
                    self.seen.thought += t.chars().count() as u64;
                    Progress::Life
                }
                Delta::Signature(_) => Progress::Life,
                Delta::Usage(usage) => {
                    self.seen.usage = *usage;
                    Progress::Nothing
                }
                Delta::Finish(finish) => {
                    self.seen.finish = Some(*finish);
                    Progress::Life
                }
                Delta::End => {
                    self.seen.end_mark = true;
                    Progress::Nothing
                }
                Delta::Malformed => {
                    self.seen.malformed += 1;
                    Progress::Nothing
                }
                Delta::Start { .. } | Delta::Life | Delta::Error(_) => Progress::Nothing,
            };
            self.seen.content |= step == Progress::Content;
            progress = progress.max(step);
            self.collector.push(delta);
        }
        progress
    }

    fn failed(&mut self, verdict: Verdict) {
        self.seen.error = Some(verdict.after_content(self.seen.content));
    }

    /// The caller's stream ends with an explicit error in its own dialect: a short answer is never presented as a
    /// whole one.
    pub(super) fn break_off(&self, why: Broken) -> Bytes {
        let (status, code, message) = match why {
            Broken::Upstream => (
                502,
                "upstream_stream_broken",
                "the upstream stream broke off; this answer is incomplete",
            ),
            Broken::Stopping => (
                503,
                STOPPING,
                "the router is being stopped; this answer is incomplete",
            ),
        };
        let error = CallerError::new(status, message)
            .code(Some(code))
            .request_id(&self.reply.id)
            .after(match &self.writer {
                Some(writer) => writer.events(),
                None => self.reader.events(),
            });
        error.in_band(self.door)
    }

    /// The body has ended (or will not go on): what it came to. Puts the caller's end mark on `out` when it is whole;
    /// when it is not, somebody else has to go on with it, or [`break_off`](Self::break_off).
    pub(super) fn finish(&mut self, out: &mut BytesMut) -> Verdict {
        if let Some(error) = &self.seen.error {
            return error.clone();
        }
        let Some(finish) = self.seen.finish() else {
            let why = if self.seen.content || self.seen.chars > 0 {
                TransportError::Cut
            } else {
                TransportError::BadFraming
            };
            let verdict = classify::transport(why).after_content(self.seen.content);
            self.failed(verdict.clone());
            return verdict;
        };
        if !self.seen.content && finish == Finish::Stop {
            return Verdict::new(Class::Soft, "empty_answer");
        }
        match &mut self.writer {
            Some(writer) => writer.finish(out),
            None if self.from == Dialect::OpenAi && !self.seen.end_mark => {
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
            None if self.from == Dialect::Anthropic && !self.seen.end_mark => {
                out.extend_from_slice(
                    b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
                );
            }
            None => {}
        }
        if finish == Finish::Policy && !self.seen.content {
            return Verdict::new(Class::Policy, "content_filter");
        }
        Verdict::ok()
    }

    /// The answer so far.
    pub(super) fn answer(&mut self) -> Answer {
        std::mem::take(&mut self.collector).answer()
    }
}

/// Lines that are neither blank nor comments.
fn has_fields(block: &[u8]) -> bool {
    let mut lines = block.split(|b| matches!(b, b'\n' | b'\r'));
    lines.any(|line| line.first().is_some_and(|b| *b != b':'))
}

fn error_of(delta: &Delta) -> Option<Verdict> {
    match delta {
        Delta::Error(verdict) => Some(verdict.clone()),
        _ => None,
    }
}

/// Bytes that are worth a write of their own.
pub(super) const FLUSH_AT: usize = 16 * 1024;

/// Splits off what is ready.
pub(super) fn take(out: &mut BytesMut) -> Option<Bytes> {
    (!out.is_empty()).then(|| out.split().freeze())
}

#[cfg(test)]
mod tests;
