//! Reads a journal file back, whatever state a crash or a newer version left it in.

use crate::model::Event;
use serde::Deserialize;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// No event is this long: a longer line is damage, and is skipped without being held in memory.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// An iterator over the events of one file; [`Reader::report`] says what had to be left out.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    last: Option<u64>,
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
}

impl Report {
    /// For the user, one line each; empty when all was well.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.torn {
            notes.push("the last line was cut in the middle and is left out".to_owned());
        }
        for (n, what) in [
            (
                self.unknown,
                "events of a kind unknown to this version are left out",
            ),
            (self.damaged, "lines that are not events are left out"),
            (
                self.missing,
                "events are missing: the disk was behind when they were written",
            ),
        ] {
            if n > 0 {
                notes.push(format!("{n} {what}"));
            }
        }
        notes
    }
}

impl Reader<BufReader<File>> {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(BufReader::new(File::open(path)?)))
    }
}

/// What every event has, of whatever version.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

impl<R: BufRead> Reader<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            last: None,
            report: Report::default(),
        }
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
            .read_until(b'\n', &mut self.line)?;
        Ok(read > 0)
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
            self.count(event.seq);
            self.report.events += 1;
            return Ok(Some(event));
        }
        if let Ok(Numbered { seq }) = serde_json::from_slice(&self.line) {
            self.count(seq);
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

    fn count(&mut self, seq: u64) {
        let missing = self
            .last
            .map_or(0, |last| seq.saturating_sub(last).saturating_sub(1));
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
