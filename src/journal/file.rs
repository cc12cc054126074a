//! One file of the journal, and the latencies beside it.

use super::{latency::Latencies, name};
use crate::model::{Event, Wall};
use std::{
    fs::{self, File, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

pub(super) struct Out {
    file: BufWriter<File>,
    pub(super) path: PathBuf,
    pub(super) begun: Wall,
    pub(super) bytes: u64,
    /// Lines that the operating system does not have yet.
    pub(super) unflushed: u64,
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
                        file: BufWriter::new(file),
                        latencies: Latencies::beside(&path),
                        path,
                        begun: now,
                        bytes: 0,
                        unflushed: 0,
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
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.bytes += line.len() as u64;
        self.file.write_all(&line)?;
        self.unflushed += 1;
        self.latencies.take(event)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.unflushed = 0;
        Ok(())
    }

    /// All of it is on the disk.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        self.latencies.finish()?;
        self.file.get_ref().sync_data()
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
