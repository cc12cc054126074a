//! Rung 1: answers that were given before.
//!
//! In normal times an entry younger than `ttl` answers at once; when every tier is down an older one still may
//! ([`Cache::get_stale`]). Only whole, useful answers of real models are kept, each under hashes; no prompt is.
//! Memory is the cache; the store file behind it is written by one thread and read when memory has nothing, so that a
//! restart begins warm. Trouble with the file never costs more than the file.

mod ask;
mod canon;
mod disk;
mod entry;
mod items;
mod key;
mod normal;
mod writer;

pub use entry::NotStored;
pub use key::{Key, key};

use crate::{clock, config, model::Wall, provider::chat::Answer};
use canon::Hash;
use disk::{Disk, Limits};
use entry::Entry;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use writer::Writer;

pub struct Cache {
    memory: moka::sync::Cache<Hash, Arc<Entry>>,
    /// None: in memory only.
    store: Option<Writer>,
    ttl: Duration,
    /// Never under `ttl`.
    max_age: Duration,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    hits: AtomicU64,
    stale_hits: AtomicU64,
    misses: AtomicU64,
    stored: AtomicU64,
    not_stored: AtomicU64,
    removed: AtomicU64,
}

/// An answer from the cache.
#[derive(Debug, Clone)]
pub struct Hit {
    pub answer: Arc<Answer>,
    pub age: Duration,
    /// Older than `ttl`.
    pub stale: bool,
    pub how: Match,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The same question to the letter.
    Exact,
    /// The same question, spelled differently.
    Normalised,
}

/// Since the process started, but for what is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// In memory.
    pub entries: u64,
    pub bytes: u64,
    pub stored_entries: u64,
    pub stored_bytes: u64,
    pub hits: u64,
    pub stale_hits: u64,
    pub misses: u64,
    pub stored: u64,
    /// Cut, empty, canned or refused.
    pub not_stored: u64,
    /// The store file could not keep up (or failed).
    pub dropped_writes: u64,
    /// The store file failed while in use; memory goes on alone.
    pub store_error: Option<String>,
}

impl Cache {
    /// Opens the cache of a configuration that has it enabled. A store file that cannot be used costs a warning (the
    /// second value, a sentence for the user), not the start.
    pub fn open(config: &config::Cache) -> (Self, Option<String>) {
        Self::open_at(config, clock::wall())
    }

    fn open_at(config: &config::Cache, now: Wall) -> (Self, Option<String>) {
        let max_age = config.ttl.max(config.max_stale);
        let limits = Limits {
            max_age,
            max_bytes: config.max_bytes,
        };
        let opened = config.path.as_ref().map(|path| {
            let (disk, held) = Disk::open(path, limits, now)?;
            Writer::start(disk, held).map_err(|e| format!("cache.path: no thread to write it: {e}"))
        });
        let (store, warning) = match opened {
            Some(Ok(store)) => (Some(store), None),
            Some(Err(warning)) => (None, Some(warning)),
            None => (None, None),
        };
        let cache = Self {
            memory: moka::sync::Cache::builder()
                .max_capacity(config.max_bytes)
                .weigher(|_, entry: &Arc<Entry>| entry.weight())
                .build(),
            store,
            ttl: config.ttl,
            max_age,
            counts: Counts::default(),
        };
        (cache, warning)
    }

    /// An answer younger than `ttl`.
    pub fn get(&self, key: &Key, now: Wall) -> Option<Hit> {
        let hit = self.find(key, now).filter(|hit| !hit.stale);
        let count = if hit.is_some() {
            &self.counts.hits
        } else {
            &self.counts.misses
        };
        count.fetch_add(1, Relaxed);
        hit
    }

    /// An answer up to `max_stale` old: for when every tier is down.
    pub fn get_stale(&self, key: &Key, now: Wall) -> Option<Hit> {
        let hit = self.find(key, now)?;
        let count = if hit.stale {
            &self.counts.stale_hits
        } else {
            &self.counts.hits
        };
        count.fetch_add(1, Relaxed);
        Some(hit)
    }

    /// Keeps a whole answer; takes the place of an older one to the same question.
    pub fn put(&self, key: &Key, answer: &Answer, now: Wall) -> Result<(), NotStored> {
        let (entry, bytes) = Entry::new(key.exact, answer, now).inspect_err(|_| {
            self.counts.not_stored.fetch_add(1, Relaxed);
        })?;
        self.memory.insert(key.normal, Arc::new(entry));
        if let Some(store) = &self.store {
            store.put(key.normal, bytes, now);
        }
        self.counts.stored.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Takes an answer back (a judge found it bad).
    pub fn remove(&self, key: &Key) {
        if let Some(store) = &self.store {
            store.remove(key.normal);
        }
        self.counts.removed.fetch_add(1, Relaxed);
        self.memory.invalidate(&key.normal);
    }

    pub fn stats(&self) -> Stats {
        self.memory.run_pending_tasks();
        let store = self.store.as_ref().map(Writer::status).unwrap_or_default();
        let count = |count: &AtomicU64| count.load(Relaxed);
        Stats {
            entries: self.memory.entry_count(),
            bytes: self.memory.weighted_size(),
            stored_entries: store.held.entries,
            stored_bytes: store.held.bytes,
            hits: count(&self.counts.hits),
            stale_hits: count(&self.counts.stale_hits),
            misses: count(&self.counts.misses),
            stored: count(&self.counts.stored),
            not_stored: count(&self.counts.not_stored),
            dropped_writes: store.dropped,
            store_error: store.failed,
        }
    }

    /// Returns when all that was put is on disk. Blocks: for the end of a run, not for a request.
    pub fn flush(&self) {
        if let Some(store) = &self.store {
            store.flush();
        }
    }

    fn find(&self, key: &Key, now: Wall) -> Option<Hit> {
        let entry = self
            .memory
            .get(&key.normal)
            .or_else(|| self.load(key, now))?;
        let age = entry.age(now).filter(|&age| age <= self.max_age)?;
        Some(Hit {
            answer: Arc::clone(&entry.answer),
            age,
            stale: age > self.ttl,
            how: if entry.exact == key.exact {
                Match::Exact
            } else {
                Match::Normalised
            },
        })
    }

    fn load(&self, key: &Key, now: Wall) -> Option<Arc<Entry>> {
        let store = self.store.as_ref()?;
        let removed = self.counts.removed.load(Relaxed);
        let bytes = store.read(&key.normal)?;
        let Some(entry) = Entry::decode(&bytes).map(Arc::new) else {
            store.remove(key.normal);
            return None;
        };
        entry.age(now).filter(|&age| age <= self.max_age)?;
        self.memory.insert(key.normal, Arc::clone(&entry));
        // A removal between the read and the insert would otherwise be undone.
        if self.counts.removed.load(Relaxed) != removed {
            self.memory.invalidate(&key.normal);
        }
        Some(entry)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
