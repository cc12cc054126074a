//! How far the reading of a long recording is: one line on standard error, written over, and gone when it is done.

use breakerbox::{clock, model::Mono, source::replay::Progress};
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// What takes no longer needs no word.
const PATIENCE: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(200);
/// Back to the beginning of the line, and everything after it away.
const CLEAR: &str = "\r\x1b[K";

/// Does something that may take long. Only a person at a terminal is told.
pub(crate) fn shown<T>(act: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let out = io::stderr();
    if !out.is_terminal() {
        return act(&mut |_| ());
    }
    let mut line = Line::new(out, clock::now());
    let done = act(&mut |progress| line.tell(progress, clock::now()));
    line.clear();
    done
}

struct Line<W> {
    out: W,
    due: Mono,
    /// There is something to clear away.
    written: bool,
}

impl<W: Write> Line<W> {
    fn new(out: W, now: Mono) -> Self {
        Self {
            out,
            due: now + PATIENCE,
            written: false,
        }
    }

    fn tell(&mut self, progress: Progress, now: Mono) {
        if now < self.due {
            return;
        }
        self.due = now + EVERY;
        self.written = true;
        self.put(&words(progress));
    }

    fn clear(&mut self) {
        if self.written {
            self.put("");
        }
    }

    fn put(&mut self, text: &str) {
        // Who does not hear how far it is gets what was asked for all the same.
        let _ = write!(self.out, "{CLEAR}{text}");
        let _ = self.out.flush();
    }
}

fn words(
    Progress {
        file,
        files,
        events,
    }: Progress,
) -> String {
    let files = if files == 1 {
        "1 file".to_owned()
    } else {
        format!("{file} of {files} files")
    };
    let events = if events < 1_000_000 {
        format!("{} thousand", events / 1_000)
    } else {
        format!("{}.{} million", events / 1_000_000, events / 100_000 % 10)
    };
    format!("breakerbox: reading {files}, {events} events")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::default() + Duration::from_millis(ms)
    }

    fn read(events: u64) -> Progress {
        Progress {
            file: 14,
            files: 90,
            events,
        }
    }

    #[test]
    fn what_is_read_within_a_second_leaves_no_trace() {
        let mut line = Line::new(Vec::new(), at(0));
        for ms in 0..1_000 {
            line.tell(read(ms * 1_000), at(ms));
        }
        line.clear();
        assert!(line.out.is_empty());
    }

    #[test]
    fn one_line_is_written_over_a_few_times_a_second_and_cleared_when_it_is_done() {
        let mut line = Line::new(Vec::new(), at(0));
        for ms in 0..=1_401 {
            line.tell(read(3_000_000 + ms * 200), at(ms));
        }
        line.clear();
        let said = String::from_utf8(line.out).unwrap();
        let lines: Vec<_> = said.split(CLEAR).collect();
        let want = "breakerbox: reading 14 of 90 files, 3.2 million events";
        assert_eq!(lines, ["", want, want, want, ""]);
    }

    #[test]
    fn one_file_and_fewer_events_are_said_so() {
        let one = Progress {
            file: 1,
            files: 1,
            events: 523_264,
        };
        assert_eq!(
            words(one),
            "breakerbox: reading 1 file, 523 thousand events"
        );
    }
}
