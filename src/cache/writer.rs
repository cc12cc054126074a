//! The one thread that writes the store file. Callers leave their writes in a bounded box and go on; every 200 ms the
//! box is emptied in one commit.

use super::{
    canon::Hash,
    disk::{Batch, Disk, Held},
};
use crate::model::Wall;
use parking_lot::{Condvar, Mutex};
use std::{io, mem, sync::Arc, thread, time::Duration};

const BATCH_EVERY: Duration = Duration::from_millis(200);

/// What may wait for the disk. More is dropped and counted: a slow disk costs entries, never requests.
const MAX_WAITING: usize = 4096;
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;

pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    disk: Disk,
    box_: Mutex<Waiting>,
    /// There is something to write, or a reason to hurry.
    wake: Condvar,
    /// A batch is on disk.
    written: Condvar,
}

#[derive(Default)]
struct Waiting {
    next: Batch,
    next_bytes: usize,
    /// What is being committed right now; still to be found here by readers.
    writing: Arc<Batch>,
    now: Wall,
    hurry: bool,
    stop: bool,
    status: Status,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Status {
    pub(super) held: Held,
    pub(super) dropped: u64,
    /// The file failed: it is neither read nor written any more.
    pub(super) failed: Option<String>,
}

impl Writer {
    pub(super) fn start(disk: Disk, held: Held) -> io::Result<Self> {
        let waiting = Waiting {
            status: Status {
                held,
                ..Status::default()
            },
            ..Waiting::default()
        };
        let shared = Arc::new(Shared {
            disk,
            box_: Mutex::new(waiting),
            wake: Condvar::new(),
            written: Condvar::new(),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("cache-writer".into())
                .spawn(move || shared.run())?
        };
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    pub(super) fn put(&self, key: Hash, bytes: Vec<u8>, now: Wall) {
        let mut waiting = self.shared.box_.lock();
        let full = waiting.next.len() >= MAX_WAITING
            || waiting.next_bytes + bytes.len() > MAX_WAITING_BYTES;
        if full || waiting.status.failed.is_some() {
            waiting.status.dropped += 1;
            return;
        }
        waiting.next_bytes += bytes.len();
        waiting.now = now;
        self.add(&mut waiting, key, Some(bytes.into()));
    }

    /// Never dropped: what was taken back must not be served again.
    pub(super) fn remove(&self, key: Hash) {
        let mut waiting = self.shared.box_.lock();
        if waiting.status.failed.is_none() {
            self.add(&mut waiting, key, None);
        }
    }

    fn add(&self, waiting: &mut Waiting, key: Hash, bytes: Option<Arc<[u8]>>) {
        if waiting.next.is_empty() {
            self.shared.wake.notify_one();
        }
        waiting.next.insert(key, bytes);
    }

    /// What is waiting counts as written.
    pub(super) fn read(&self, key: &Hash) -> Option<Arc<[u8]>> {
        {
            let waiting = self.shared.box_.lock();
            if waiting.status.failed.is_some() {
                return None;
            }
            if let Some(bytes) = waiting.next.get(key).or_else(|| waiting.writing.get(key)) {
                return bytes.clone();
            }
        }
        match self.shared.disk.read(key) {
            Ok(bytes) => bytes.map(Into::into),
            Err(why) => {
                self.shared.fail(&mut self.shared.box_.lock(), why);
                None
            }
        }
    }

    pub(super) fn status(&self) -> Status {
        self.shared.box_.lock().status.clone()
    }

    /// Returns when everything that waits is on disk (or the disk has failed).
    pub(super) fn flush(&self) {
        let mut waiting = self.shared.box_.lock();
        waiting.hurry = true;
        self.shared.wake.notify_one();
        self.shared
            .written
            .wait_while(&mut waiting, |w| !w.is_idle());
        waiting.hurry = false;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.box_.lock().stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // It only ends otherwise by a panic, and then there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

impl Waiting {
    fn is_idle(&self) -> bool {
        self.next.is_empty() && self.writing.is_empty()
    }
}

impl Shared {
    fn run(&self) {
        let mut waiting = self.box_.lock();
        loop {
            self.wake
                .wait_while(&mut waiting, |w| w.next.is_empty() && !w.stop);
            if waiting.next.is_empty() {
                return;
            }
            self.wake
                .wait_while_for(&mut waiting, |w| !w.stop && !w.hurry, BATCH_EVERY);
            let batch = Arc::new(mem::take(&mut waiting.next));
            waiting.next_bytes = 0;
            waiting.writing = Arc::clone(&batch);
            let (mut held, now) = (waiting.status.held, waiting.now);
            let result = parking_lot::MutexGuard::unlocked(&mut waiting, || {
                self.disk.write(&batch, &mut held, now)
            });
            waiting.writing = Arc::default();
            match result {
                Ok(()) => waiting.status.held = held,
                Err(why) => {
                    waiting.status.dropped += batch.len() as u64;
                    self.fail(&mut waiting, why);
                }
            }
            self.written.notify_all();
        }
    }

    fn fail(&self, waiting: &mut Waiting, why: String) {
        waiting.status.dropped += waiting.next.len() as u64;
        waiting.next.clear();
        waiting.next_bytes = 0;
        waiting.status.failed.get_or_insert(why);
        self.written.notify_all();
    }
}
