//! Reads a journal file back, whatever state a crash or a newer version left it in.

use crate::model::{Event, Kind, Wall, event::SCHEMA};
use serde::Deserialize;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
};

/// No event is this long: a longer line is damage, and is skipped without being held in memory.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// What zstd's files begin with.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The lines of a journal, compressed or not.
pub type Lines = Box<dyn BufRead + Send>;

/// An iterator over the events of one file; [`Reader::report`] says what had to be left out.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    last: Option<u64>,
    offset: u64,
    report: Report,
}

/// What a reader met besides events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub events: u64,
    /// Events of kinds that this version does not know.
    pub unknown: u64,
    /// Lines that are not events at all.
    pub damaged: u64,
    /// The last line was cut in the middle: the process died while writing it.
    pub torn: bool,
    /// How often the numbering jumped, and how many numbers are missing in all.
    pub gaps: u64,
    pub missing: u64,
    /// A newer breakerbox wrote it.
    pub newer: bool,
}

impl Report {
    /// With what another file of the same journal had.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.unknown += other.unknown;
        self.damaged += other.damaged;
        self.torn |= other.torn;
        self.gaps += other.gaps;
        self.missing += other.missing;
        self.newer |= other.newer;
    }

    /// For the user, one line each; empty when all was well.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.newer {
            notes.push(
                "a newer breakerbox wrote it; what this one does not know is left out".to_owned(),
            );
        }
        if self.torn {
            notes.push("the last line was cut in the middle and is left out".to_owned());
        }
        for (n, what) in [
            (
                self.unknown,
                "events of a kind unknown to this version, left out",
            ),
            (self.damaged, "lines that are not events, left out"),
            (
                self.missing,
                "events missing, since the disk was behind or full",
            ),
        ] {
            if n > 0 {
                notes.push(format!("{what}: {n}"));
            }
        }
        notes
    }
}

impl Reader<Lines> {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(lines(File::open(path)?)?))
    }
}

/// What is compressed is known by how it begins, whatever it is called.
pub fn lines(mut input: impl Read + Send + 'static) -> io::Result<Lines> {
    let mut begin = Vec::new();
    input
        .by_ref()
        .take(ZSTD.len() as u64)
        .read_to_end(&mut begin)?;
    let pressed = begin == ZSTD;
    let input = Cursor::new(begin).chain(input);
    Ok(if pressed {
        Box::new(BufReader::new(zstd::Decoder::new(input)?))
    } else {
        Box::new(BufReader::new(input))
    })
}

/// What every event has, of whatever version.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// When the last event happened. The lines before it are not parsed; a last line that is not whole is passed over.
pub fn last_at(mut input: impl BufRead) -> Option<Wall> {
    #[derive(Deserialize)]
    struct Timed {
        at: Wall,
    }
    let at = |line: &[u8]| serde_json::from_slice(line).ok().map(|Timed { at }| at);
    let (mut line, mut before) = (Vec::new(), Vec::new());
    loop {
        std::mem::swap(&mut line, &mut before);
        line.clear();
        let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let more = line.last() == Some(&b'\n') || line.len() as u64 >= MAX_LINE;
        // A compressed file that is not whole ends in an error.
        if read.is_err() || !more {
            return at(&line).or_else(|| at(&before));
        }
    }
}

impl<R: BufRead> Reader<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            last: None,
            offset: 0,
            report: Report::default(),
        }
    }

    /// Goes on where another one was.
    pub fn at(mut input: R, offset: u64) -> io::Result<Self> {
        io::copy(&mut input.by_ref().take(offset), &mut io::sink())?;
        Ok(Self {
            offset,
            ..Self::new(input)
        })
    }

    /// Counts what is missing from the last event of the file before.
    #[must_use]
    pub fn after(self, last: Option<u64>) -> Self {
        Self { last, ..self }
    }

    /// Bytes up to and with the last event, not compressed.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// So far; whole once the iterator has ended.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// False: the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = self
            .input
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut self.line);
        self.offset += self.line.len() as u64;
        match read {
            // A compressed file that is not whole.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                self.report.torn = true;
                Ok(false)
            }
            read => Ok(read? > 0),
        }
    }

    /// The event of the line just read, if it is one.
    fn parse(&mut self) -> io::Result<Option<Event>> {
        let whole = self.line.last() == Some(&b'\n');
        if !whole && self.line.len() as u64 >= MAX_LINE {
            self.report.damaged += 1;
            self.skip_line()?;
            return Ok(None);
        }
        if let Ok(event) = serde_json::from_slice::<Event>(&self.line) {
            self.header(&event.kind);
            self.count(event.seq, matches!(event.kind, Kind::Continued { .. }));
            self.report.events += 1;
            return Ok(Some(event));
        }
        if let Ok(Numbered { seq }) = serde_json::from_slice(&self.line) {
            self.count(seq, false);
            self.report.unknown += 1;
        } else if !whole {
            self.report.torn = true;
        } else if !self.line.trim_ascii().is_empty() {
            self.report.damaged += 1;
        }
        Ok(None)
    }

    fn skip_line(&mut self) -> io::Result<()> {
        while self.read_line()? && self.line.last() != Some(&b'\n') {}
        Ok(())
    }

    fn header(&mut self, kind: &Kind) {
        if let Kind::Started { schema, .. } | Kind::Continued { schema, .. } = kind {
            self.report.newer |= *schema > SCHEMA;
        }
    }

    /// What a file begins with has the number of the last event before it.
    fn count(&mut self, seq: u64, is_repeated: bool) {
        let missing = self.last.map_or(0, |last| {
            let own = u64::from(!is_repeated);
            seq.saturating_sub(last).saturating_sub(own)
        });
        self.report.gaps += u64::from(missing > 0);
        self.report.missing += missing;
        self.last = Some(seq);
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    /// An error is one of reading, never of content.
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read_line().and_then(|more| {
                if more {
                    self.parse().map(Some)
                } else {
                    Ok(None)
                }
            }) {
                Ok(Some(Some(event))) => return Some(Ok(event)),
                Ok(Some(None)) => {}
                Ok(None) => return None,
                Err(e) => return Some(Err(e)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
