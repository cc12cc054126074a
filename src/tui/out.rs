//! Where frames go. A terminal that takes nothing (a paused multiplexer, a stalled connection) would hold the screen
//! inside a write, deaf to the signal that ends it. So the terminal is opened once more, not to block: a flag that
//! must not be set on standard output, which is shared with whoever started us.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags},
    io::Errno,
    termios::ttyname,
};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// How often a full terminal is asked again, and looked whether the screen shall end.
const PATIENCE: Duration = Duration::from_millis(100);

pub(super) struct Out {
    tty: File,
    /// Any of them ends the screen.
    ends: Vec<Arc<AtomicBool>>,
}

impl Out {
    pub(super) fn open(ends: Vec<Arc<AtomicBool>>) -> io::Result<Self> {
        let tty = match again() {
            Ok(tty) => tty,
            // Somebody else's terminal (after `su`): then it has to do as it is.
            Err(_) => File::from(rustix::io::dup(io::stdout().as_fd())?),
        };
        Ok(Self { tty, ends })
    }
}

fn again() -> Result<File, Errno> {
    let name = ttyname(io::stdout(), Vec::new())?;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(name, flags, Mode::empty()).map(File::from)
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.tty, bytes) {
                Ok(n) => return Ok(n),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(e) => return Err(e.into()),
            }
            if !has_room(&self.tty)? && self.ends.iter().any(|end| end.load(Relaxed)) {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the terminal takes no output",
                ));
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a write would go through, or fail at once; waits a little for it.
fn has_room(tty: &File) -> io::Result<bool> {
    let mut fds = [PollFd::new(tty, PollFlags::OUT)];
    let timeout = Timespec::try_from(PATIENCE).map_err(io::Error::other)?;
    match poll(&mut fds, Some(&timeout)) {
        Ok(n) => Ok(n > 0),
        Err(Errno::INTR) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Writes what must be written at the very end, unless the terminal takes nothing.
pub(super) fn last_words(bytes: &[u8]) -> io::Result<()> {
    let end = Arc::new(AtomicBool::new(true));
    Out::open(vec![end])?.write_all(bytes)
}
