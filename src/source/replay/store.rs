//! Where a recording lies. What is open stays readable, also when the journal compresses or removes it meanwhile.

use crate::{
    journal::{Lines, Reader, last_at, lines},
    model::{Event, Wall},
};
use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::Arc,
};

#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) name: String,
    bytes: Bytes,
}

#[derive(Debug, Clone)]
enum Bytes {
    File(Arc<File>),
    Shipped(&'static [u8]),
}

impl Store {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            name: path.display().to_string(),
            bytes: Bytes::File(Arc::new(File::open(path)?)),
        })
    }

    /// A journal's file, which may have been compressed since it was listed.
    pub(super) fn of_journal(path: &Path) -> io::Result<Self> {
        Self::open(path).or_else(|e| {
            if e.kind() == io::ErrorKind::NotFound {
                Self::open(&path.with_extension("jsonl.zst"))
            } else {
                Err(e)
            }
        })
    }

    /// What can be read only once: it goes to a file that has no name, so that no memory holds it.
    pub(super) fn spool(name: &str, mut input: impl Read) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut input, &mut file)?;
        Ok(Self {
            name: name.to_owned(),
            bytes: Bytes::File(Arc::new(file)),
        })
    }

    pub(super) fn shipped(name: &str, bytes: &'static [u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: Bytes::Shipped(bytes),
        }
    }

    /// Which file it is, by whatever name.
    pub(super) fn id(&self) -> Option<(u64, u64)> {
        let Bytes::File(file) = &self.bytes else {
            return None;
        };
        let known = file.metadata().ok()?;
        Some((known.dev(), known.ino()))
    }

    pub(super) fn first(&self) -> Option<Event> {
        self.events(0).ok()?.next()?.ok()
    }

    /// When its last event happened; the others are not looked at.
    pub(super) fn last(&self) -> Option<Wall> {
        last_at(lines(self.input()).ok()?)
    }

    fn input(&self) -> Input {
        Input {
            bytes: self.bytes.clone(),
            at: 0,
        }
    }

    /// Its events from an offset on, which counts what is not compressed.
    pub(super) fn events(&self, offset: u64) -> io::Result<Reader<Lines>> {
        Reader::at(lines(self.input())?, offset)
    }
}

struct Input {
    bytes: Bytes,
    at: u64,
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = match &self.bytes {
            Bytes::File(file) => file.read_at(into, self.at)?,
            Bytes::Shipped(bytes) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX);
                bytes.get(at..).unwrap_or_default().read(into)?
            }
        };
        self.at += n as u64;
        Ok(n)
    }
}
