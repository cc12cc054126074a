//! Server-sent events, framed byte for byte.
//!
//! A relay needs more than the events: the exact bytes of each, to pass them on as they came; an upper bound, so
//! that an upstream cannot fill the memory; and what was left when the stream ended, because a stream that ends
//! in the middle of an event was cut. Line ends are CR, LF or CRLF, also when a chunk ends between the two.

use bytes::{Bytes, BytesMut};
use std::{borrow::Cow, fmt, ops::Range};

/// No provider sends an event near this size; one that does is broken.
pub const MAX_FRAME: usize = 8 << 20;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Cuts a stream of chunks into frames. Push a chunk, then take frames until there is none.
#[derive(Debug)]
pub struct Framer {
    /// Everything that is in no frame yet; the frame being read begins at 0.
    buf: BytesMut,
    /// Start of the line being read.
    line: usize,
    /// No line end in `line..seen`.
    seen: usize,
    fields: Fields,
    /// The last line ended with a CR at the end of what was there: an LF that follows belongs to it.
    after_cr: bool,
    started: bool,
    /// A frame was too long: nothing after it is read.
    failed: bool,
}

/// Where the fields of the frame being read are.
#[derive(Debug, Default)]
struct Fields {
    event: Option<Range<usize>>,
    data: Data,
}

#[derive(Debug, Default, Clone)]
enum Data {
    #[default]
    None,
    Line(Range<usize>),
    /// Several lines, already joined.
    Joined(BytesMut),
}

/// What stands between two blank lines.
#[derive(Debug, Clone)]
pub struct Frame {
    raw: Bytes,
    event: Option<Range<usize>>,
    data: Option<FrameData>,
}

#[derive(Debug, Clone)]
enum FrameData {
    Line(Range<usize>),
    Joined(Bytes),
}

/// A frame went over [`MAX_FRAME`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameTooLong;

impl fmt::Display for FrameTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is longer than {} MiB", MAX_FRAME >> 20)
    }
}

impl std::error::Error for FrameTooLong {}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

impl Framer {
    pub fn new() -> Self {
        Self {
            buf: BytesMut::new(),
            line: 0,
            seen: 0,
            fields: Fields::default(),
            after_cr: false,
            started: false,
            failed: false,
        }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        if self.failed {
            return;
        }
        self.buf.extend_from_slice(chunk);
    }

    /// What is left at the end of a stream: a frame that was begun and never ended with a blank line. No client
    /// takes it for an event, so data in it says that the stream was cut. `None` when the stream ended between frames.
    pub fn remainder(mut self) -> Option<Frame> {
        self.skip_lf();
        let rest = self.line..self.buf.len();
        let rest = self.without_bom(rest);
        if !rest.is_empty() {
            self.field(rest);
        }
        (!self.buf.is_empty()).then(|| self.cut(self.buf.len()))
    }

    /// The LF of a CRLF whose CR has already ended a line. It goes to the next frame's raw bytes.
    fn skip_lf(&mut self) {
        if self.after_cr && self.line < self.buf.len() {
            self.after_cr = false;
            if self.buf.get(self.line) == Some(&b'\n') {
                self.line += 1;
                self.seen = self.line;
            }
        }
    }

    /// The next whole line, without its end, and where the one after it starts.
    fn next_line(&mut self) -> Option<(Range<usize>, usize)> {
        self.skip_lf();
        let rest = self.buf.get(self.seen..)?;
        let Some(found) = memchr::memchr2(b'\n', b'\r', rest) else {
            self.seen = self.buf.len();
            return None;
        };
        let end = self.seen + found;
        let mut next = end + 1;
        if self.buf.get(end) == Some(&b'\r') {
            match self.buf.get(next) {
                Some(b'\n') => next += 1,
                Some(_) => {}
                None => self.after_cr = true,
            }
        }
        Some((self.line..end, next))
    }

    fn without_bom(&mut self, line: Range<usize>) -> Range<usize> {
        let first = !std::mem::replace(&mut self.started, true);
        if first
            && self
                .buf
                .get(line.clone())
                .is_some_and(|l| l.starts_with(BOM))
        {
            line.start + BOM.len()..line.end
        } else {
            line
        }
    }

    fn field(&mut self, line: Range<usize>) {
        let Some(text) = self.buf.get(line.clone()) else {
            return;
        };
        let (name, value) = match memchr::memchr(b':', text) {
            Some(colon) => {
                let space = usize::from(text.get(colon + 1) == Some(&b' '));
                (colon, line.start + colon + 1 + space..line.end)
            }
            None => (text.len(), line.end..line.end),
        };
        match text.get(..name) {
            Some(b"data") => self.fields.data.add(value, &self.buf),
            Some(b"event") => self.fields.event = Some(value),
            _ => {}
        }
    }

    fn fail(&mut self) -> FrameTooLong {
        *self = Self {
            failed: true,
            ..Self::new()
        };
        FrameTooLong
    }

    /// Takes the frame that ends at `end` out of the buffer.
    fn cut(&mut self, end: usize) -> Frame {
        let fields = std::mem::take(&mut self.fields);
        self.line = 0;
        self.seen = 0;
        Frame {
            raw: self.buf.split_to(end).freeze(),
            event: fields.event.filter(|name| !name.is_empty()),
            data: match fields.data {
                Data::None => None,
                Data::Line(at) => Some(FrameData::Line(at)),
                Data::Joined(all) => Some(FrameData::Joined(all.freeze())),
            },
        }
    }
}

/// Not fused: `None` means that more bytes are needed. After an error there is nothing more.
impl Iterator for Framer {
    type Item = Result<Frame, FrameTooLong>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((line, next)) = self.next_line() {
            let line = self.without_bom(line);
            let blank = line.is_empty();
            if !blank {
                self.field(line);
            }
            self.line = next;
            self.seen = next;
            if next > MAX_FRAME {
                return Some(Err(self.fail()));
            }
            if blank {
                return Some(Ok(self.cut(next)));
            }
        }
        if self.buf.len() > MAX_FRAME {
            return Some(Err(self.fail()));
        }
        None
    }
}

impl Data {
    fn add(&mut self, line: Range<usize>, buf: &[u8]) {
        let text = |at: Range<usize>| buf.get(at).unwrap_or_default();
        match self {
            Self::None => *self = Self::Line(line),
            Self::Line(first) => {
                let mut all = BytesMut::from(text(first.clone()));
                all.extend_from_slice(b"\n");
                all.extend_from_slice(text(line));
                *self = Self::Joined(all);
            }
            Self::Joined(all) => {
                all.extend_from_slice(b"\n");
                all.extend_from_slice(text(line));
            }
        }
    }
}

impl Frame {
    /// The exact bytes, the blank line included.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    pub fn into_raw(self) -> Bytes {
        self.raw
    }

    /// The name in its `event` field; a name that is not UTF-8 is nobody's.
    pub fn event(&self) -> Option<&str> {
        std::str::from_utf8(self.raw.get(self.event.clone()?)?).ok()
    }

    /// Its data lines, joined by line feeds; empty when it has none.
    pub fn data(&self) -> &[u8] {
        match &self.data {
            None => &[],
            Some(FrameData::Line(at)) => self.raw.get(at.clone()).unwrap_or_default(),
            Some(FrameData::Joined(all)) => all,
        }
    }

    /// [`Self::data`] as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.data())
    }

    /// No data field: a comment, a keep-alive, a blank line. No client sees an event in it.
    pub fn is_comment(&self) -> bool {
        self.data.is_none()
    }
}

#[cfg(test)]
mod tests;
