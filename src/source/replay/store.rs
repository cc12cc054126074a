//! Where a recording lies. What is open stays readable, also when the journal compresses or removes it meanwhile.

use crate::journal::{Lines, Reader, lines};
use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
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
    Memory(Arc<Vec<u8>>),
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

    pub(super) fn read(name: &str, mut input: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        Ok(Self {
            name: name.to_owned(),
            bytes: Bytes::Memory(Arc::new(bytes)),
        })
    }

    pub(super) fn shipped(name: &str, bytes: &'static [u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: Bytes::Shipped(bytes),
        }
    }

    /// Its events from an offset on, which counts what is not compressed.
    pub(super) fn events(&self, offset: u64) -> io::Result<Reader<Lines>> {
        let input = Input {
            bytes: self.bytes.clone(),
            at: 0,
        };
        Reader::at(lines(input)?, offset)
    }
}

struct Input {
    bytes: Bytes,
    at: u64,
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = |bytes: &[u8], into: &mut [u8]| {
            let at = usize::try_from(self.at).unwrap_or(usize::MAX);
            bytes.get(at..).unwrap_or_default().read(into)
        };
        let n = match &self.bytes {
            Bytes::File(file) => file.read_at(into, self.at)?,
            Bytes::Memory(bytes) => from(bytes, into)?,
            Bytes::Shipped(bytes) => from(bytes, into)?,
        };
        self.at += n as u64;
        Ok(n)
    }
}
