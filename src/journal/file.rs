//! One file of the journal, and the latencies beside it.

use super::{latency::Latencies, name};
use crate::model::{Event, Wall};
use std::{
    collections::VecDeque,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Bytes that are given to the system at once.
const CHUNK: usize = 8 * 1024;

pub(super) struct Out {
    file: File,
    pub(super) path: PathBuf,
    pub(super) begun: Wall,
    pub(super) bytes: u64,
    /// The number of the last event whose whole line the operating system has.
    pub(super) kept: Option<u64>,
    /// What it does not have yet.
    buffer: Vec<u8>,
    /// Up to which byte of the file the lines in there go, and their events' numbers.
    waiting: VecDeque<(u64, u64)>,
    latencies: Latencies,
}

impl Out {
    pub(super) fn create(dir: &Path, now: Wall) -> io::Result<Self> {
        let stamp = name::stamp(now);
        let mut n = 1;
        loop {
            let path = dir.join(name::plain(&stamp, n));
            match private().create_new(true).open(&path) {
                // The compressed file of this name may be all that is left of one.
                Ok(_) if path.with_extension("jsonl.zst").exists() => fs::remove_file(&path)?,
                // Held for as long as it is written, so that nobody compresses it under our hands. Another process may
                // have been quicker; where there are no locks nothing is compressed.
                Ok(file) if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) => {
                    return Ok(Self {
                        file,
                        latencies: Latencies::beside(&path),
                        path,
                        begun: now,
                        bytes: 0,
                        kept: None,
                        buffer: Vec::new(),
                        waiting: VecDeque::new(),
                    });
                }
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
            n += 1;
        }
    }

    pub(super) fn line(&mut self, event: &Event) -> io::Result<()> {
        let had = self.buffer.len();
        serde_json::to_writer(&mut self.buffer, event)?;
        self.buffer.push(b'\n');
        self.bytes += (self.buffer.len() - had) as u64;
        self.waiting.push_back((self.bytes, event.seq));
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        self.latencies.take(event)
    }

    /// Knows also after a failure which lines are whole in the file.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while !self.buffer.is_empty() {
            let n = match self.file.write(&self.buffer) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            self.buffer.drain(..n);
            let there = self.bytes - self.buffer.len() as u64;
            while let Some((_, seq)) = self.waiting.pop_front_if(|(end, _)| *end <= there) {
                self.kept = Some(seq);
            }
        }
        Ok(())
    }

    /// All of it is on the disk.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        self.latencies.finish()?;
        self.file.sync_data()
    }

    /// Of a file in which nothing could be written.
    pub(super) fn discard(self) {
        // Should it stay, it is an empty file that a reader passes over.
        let _ = fs::remove_file(&self.path);
    }
}

/// Events name deployments and people: nobody else reads them.
pub(super) fn private() -> fs::OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
