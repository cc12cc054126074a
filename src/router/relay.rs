//! A stream on its way from an upstream to a caller: framed, understood, and passed on, as the same bytes where
//! both speak the same dialect.

use crate::{
    model::{Class, Dialect, Verdict},
    provider::{
        chat::{Answer, Delta, Finish, Usage},
        classify::{self, TransportError},
        errors::CallerError,
        sse::Framer,
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
    /// The answer as a whole, when somebody wants it afterwards (cache, judge).
    collector: Option<Collector>,
    deltas: Vec<Delta>,
    request_id: String,
    seen: Seen,
}

/// What has been seen of a stream so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) content: bool,
    pub(super) chars: u64,
    pub(super) usage: Usage,
    pub(super) malformed: u32,
    finish: Option<Finish>,
    end_mark: bool,
    error: Option<Verdict>,
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
}

impl Relay {
    pub(super) fn new(
        from: Dialect,
        door: Dialect,
        reply: Reply,
        stream_usage: bool,
        collect: bool,
    ) -> Self {
        Self {
            from,
            door,
            framer: Framer::new(),
            reader: StreamReader::new(from),
            request_id: reply.id.clone(),
            writer: (from != door).then(|| StreamWriter::new(door, reply, stream_usage)),
            collector: collect.then(Collector::default),
            deltas: Vec::new(),
            seen: Seen::default(),
        }
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
                self.failed(verdict, out);
                return Ok(Progress::Error);
            }
            let step = self.note();
            let skip = self.deltas.iter().any(|d| matches!(d, Delta::Malformed));
            match &mut self.writer {
                Some(writer) => self.deltas.iter().for_each(|d| writer.write(d, out)),
                None if !skip => out.extend_from_slice(frame.raw()),
                None => {}
            }
            self.deltas.clear();
            progress = progress.max(step);
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
                Delta::ToolStart { .. } => Progress::Content,
                Delta::ToolArgs { json, .. } => {
                    self.seen.chars += json.len() as u64;
                    Progress::Content
                }
                Delta::Reasoning(_) | Delta::Signature(_) => Progress::Life,
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
            if let Some(collector) = &mut self.collector {
                collector.push(delta);
            }
        }
        progress
    }

    /// Ends the caller's stream with an explicit error in its own dialect, if it has begun.
    fn failed(&mut self, verdict: Verdict, out: &mut BytesMut) {
        if self.seen.content {
            self.break_off(out);
        }
        self.seen.error = Some(verdict.after_content(self.seen.content));
    }

    /// A short answer is never presented as a whole one.
    pub(super) fn break_off(&self, out: &mut BytesMut) {
        let message = "the upstream stream broke off; this answer is incomplete";
        let error = CallerError::new(502, message)
            .code(Some("upstream_stream_broken"))
            .request_id(&self.request_id);
        out.extend_from_slice(&error.in_band(self.door));
    }

    /// The body has ended (or will not go on): what it came to. Puts the caller's end mark on `out` when it is whole.
    pub(super) fn finish(&mut self, out: &mut BytesMut) -> Verdict {
        if let Some(error) = &self.seen.error {
            return error.clone();
        }
        let Some(finish) = self.seen.finish else {
            let why = if self.seen.content || self.seen.chars > 0 {
                TransportError::Cut
            } else {
                TransportError::BadFraming
            };
            let verdict = classify::transport(why).after_content(self.seen.content);
            self.failed(verdict.clone(), out);
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
            None => {}
        }
        if finish == Finish::Policy && !self.seen.content {
            return Verdict::new(Class::Policy, "content_filter");
        }
        Verdict::ok()
    }

    /// The whole answer, when one was collected and it is whole.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        self.collector.take().map(Collector::answer)
    }
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
