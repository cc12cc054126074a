//! Keys from the terminal, and the news that it has gone.

use super::decode::{Decoder, ESCAPE, together};
use crate::{clock, model::Mono};
use crossterm::event::Event;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    fs::File,
    io::{self, IsTerminal},
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

/// Bytes taken at once.
const CHUNK: usize = 4096;
/// Chunks taken before the screen looks at anything else.
const CHUNKS: usize = 16;
/// What comes within this came at once: a paste may arrive in pieces.
const PIECES: Duration = Duration::from_millis(2);

pub(super) struct Input {
    /// None: standard input is the terminal.
    tty: Option<File>,
    decoder: Decoder,
    /// When the last byte came.
    fed: Mono,
    /// When the last of a paste came that the terminal did not mark.
    pasted: Option<Mono>,
}

impl Input {
    pub(super) fn open() -> io::Result<Self> {
        let tty = if io::stdin().is_terminal() {
            None
        } else {
            Some(File::open("/dev/tty")?)
        };
        Ok(Self {
            tty,
            decoder: Decoder::default(),
            fed: Mono::default(),
            pasted: None,
        })
    }

    /// Waits for something typed, for at most `timeout`, and gives all of it. A signal ends the wait. A terminal that
    /// has gone is an error, at once and each time.
    pub(super) fn events(&mut self, timeout: Duration) -> io::Result<Vec<Event>> {
        let stdin = io::stdin();
        let fd: BorrowedFd<'_> = self.tty.as_ref().map_or_else(|| stdin.as_fd(), AsFd::as_fd);
        let mut wait = if self.decoder.is_waiting() {
            timeout.min(ESCAPE)
        } else {
            timeout
        };
        let mut events = Vec::new();
        for _ in 0..CHUNKS {
            if !readable(fd, wait)? {
                break;
            }
            let mut bytes = [0; CHUNK];
            match rustix::io::read(fd, &mut bytes) {
                Ok(0) | Err(Errno::IO) => return Err(closed()),
                Ok(n) => {
                    self.fed = clock::now();
                    events.extend(self.decoder.feed(bytes.get(..n).unwrap_or_default()));
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(e) => return Err(e.into()),
            }
            wait = PIECES;
        }
        if events.is_empty() {
            let idle = clock::now().since(self.fed);
            events.extend(self.decoder.settle(idle));
            return Ok(events);
        }
        let goes_on = self.pasted.is_some_and(|at| self.fed.since(at) < ESCAPE);
        let (events, pasted) = together(events, goes_on);
        self.pasted = pasted.then_some(self.fed);
        Ok(events)
    }
}

fn readable(fd: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
    match poll(&mut fds, Some(&timeout)) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(false),
        Err(e) => return Err(e.into()),
    }
    let seen = fds.first().map_or(PollFlags::empty(), PollFd::revents);
    if seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Err(closed());
    }
    Ok(seen.contains(PollFlags::IN))
}

pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the terminal was closed")
}
