//! Writes events to `<directory>/2026-11-20T14-03-22Z.jsonl`, on a thread of its own.
//!
//! The router never waits: events go through a bounded channel, and what does not fit is dropped and counted. Lines
//! reach the operating system once a second, so a killed process loses at most its last second; they are forced to the
//! disk (fsync) when a file is finished, so a power failure may cost what the system had not yet written back. When a
//! write fails (a full disk) the journal stops for good, says so once, and nothing else is harmed.
//!
//! A new file begins every 64 MiB and every UTC day, with the run's latest `started` or `reloaded` event again, so that
//! each file can be replayed without the ones before it. Files older than 30 days are removed.

use crate::{
    clock,
    model::{Event, Kind, Mono, Wall},
};
use parking_lot::Mutex;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

const FLUSH_EVERY: Duration = Duration::from_secs(1);
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Events that may wait for the disk.
const QUEUE: usize = 8192;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A file longer than this is followed by another.
    pub file_bytes: u64,
    /// Files that began longer ago are removed.
    pub keep: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 * 1024 * 1024,
            keep: Duration::from_hours(30 * 24),
        }
    }
}

/// How the journal is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The file that is being written.
    pub path: PathBuf,
    pub written: u64,
    /// Came faster than the disk took them, or after a failure.
    pub dropped: u64,
    /// Why nothing is written any more.
    pub failed: Option<String>,
}

/// Dropping it writes what is queued and closes the file.
pub struct Writer {
    queue: Option<SyncSender<Message>>,
    thread: Option<thread::JoinHandle<()>>,
    shared: Arc<Shared>,
}

enum Message {
    Event(Arc<Event>),
    /// Everything before it is on disk when the answer comes.
    Sync(SyncSender<()>),
}

struct Shared {
    path: Mutex<PathBuf>,
    written: AtomicU64,
    dropped: AtomicU64,
    failed: Mutex<Option<String>>,
}

impl Writer {
    /// Begins a file named after `now`. `on_failure` is called at most once, from the journal's thread, with a sentence
    /// for the user.
    pub fn open(
        dir: &Path,
        limits: Limits,
        now: Wall,
        on_failure: impl FnOnce(String) + Send + 'static,
    ) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        remove_old(dir, now, limits.keep);
        let out = Out::create(dir, now)?;
        let shared = Arc::new(Shared {
            path: Mutex::new(out.path.clone()),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: Mutex::new(None),
        });
        let (queue, inbox) = sync_channel(QUEUE);
        let scribe = Scribe {
            dir: dir.to_owned(),
            limits,
            out,
            header: None,
            flushed: clock::now(),
            shared: Arc::clone(&shared),
        };
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn(move || scribe.run(&inbox, on_failure))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            shared,
        })
    }

    /// Queues an event. False: it was dropped, because the disk is behind or the journal has failed.
    pub fn append(&self, event: Arc<Event>) -> bool {
        let sent = self
            .queue
            .as_ref()
            .is_some_and(|queue| queue.try_send(Message::Event(event)).is_ok());
        if !sent {
            self.shared.dropped.fetch_add(1, Relaxed);
        }
        sent
    }

    pub fn status(&self) -> Status {
        Status {
            path: self.shared.path.lock().clone(),
            written: self.shared.written.load(Relaxed),
            dropped: self.shared.dropped.load(Relaxed),
            failed: self.shared.failed.lock().clone(),
        }
    }

    /// Returns when everything appended so far is on disk (or the journal has failed). Blocks.
    pub fn sync(&self) {
        let (done, wait) = sync_channel(1);
        let sent = self
            .queue
            .as_ref()
            .map(|queue| queue.send(Message::Sync(done)));
        if matches!(sent, Some(Ok(()))) {
            // An error means that the journal failed meanwhile: its status says so.
            let _ = wait.recv();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It cannot be joined only after a panic, and then there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// The thread's own side.
struct Scribe {
    dir: PathBuf,
    limits: Limits,
    out: Out,
    /// The latest event that says what there is.
    header: Option<Arc<Event>>,
    flushed: Mono,
    shared: Arc<Shared>,
}

struct Out {
    file: BufWriter<File>,
    path: PathBuf,
    begun: Wall,
    bytes: u64,
}

impl Scribe {
    fn run(mut self, inbox: &Receiver<Message>, on_failure: impl FnOnce(String)) {
        if let Err(e) = self.work(inbox) {
            let why = format!(
                "journal: {}: {e}; nothing more is recorded until breakerbox is restarted",
                self.out.path.display()
            );
            *self.shared.failed.lock() = Some(why.clone());
            let lost = inbox
                .try_iter()
                .filter(|message| matches!(message, Message::Event(_)))
                .count();
            self.shared.dropped.fetch_add(lost as u64, Relaxed);
            on_failure(why);
        }
    }

    fn work(&mut self, inbox: &Receiver<Message>) -> io::Result<()> {
        loop {
            let left = clock::now().until(self.flushed + FLUSH_EVERY);
            if left.is_zero() {
                self.out.file.flush()?;
                self.flushed = clock::now();
                continue;
            }
            match inbox.recv_timeout(left) {
                Ok(Message::Event(event)) => self.write(&event)?,
                Ok(Message::Sync(done)) => {
                    self.out.finish()?;
                    // Whoever asked may have left.
                    let _ = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.out.finish(),
            }
        }
    }

    fn write(&mut self, event: &Arc<Event>) -> io::Result<()> {
        let next_day = event.at.0 / DAY_MS > self.out.begun.0 / DAY_MS;
        if self.out.bytes >= self.limits.file_bytes || next_day {
            self.next_file(event)?;
        }
        if matches!(event.kind, Kind::Started { .. }) {
            self.header = Some(Arc::clone(event));
        } else if let Kind::Reloaded { topology: new } = &event.kind
            && let Some(header) = &mut self.header
            && let Kind::Started { topology, .. } = &mut Arc::make_mut(header).kind
        {
            topology.clone_from(new);
        }
        self.out.line(event)?;
        self.shared.written.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Another file, which says first what there is: with the number before the event that comes next, so that the
    /// file has no gap.
    fn next_file(&mut self, next: &Event) -> io::Result<()> {
        self.out.finish()?;
        self.out = Out::create(&self.dir, next.at)?;
        self.shared.path.lock().clone_from(&self.out.path);
        remove_old(&self.dir, next.at, self.limits.keep);
        let Some(header) = self.header.as_deref() else {
            return Ok(());
        };
        self.out.line(&Event {
            injected: false,
            seq: next.seq.saturating_sub(1),
            at: next.at,
            kind: header.kind.clone(),
        })
    }
}

impl Out {
    fn create(dir: &Path, now: Wall) -> io::Result<Self> {
        let mut options = File::options();
        options.write(true).create_new(true);
        // Events name deployments and people: nobody else reads them.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let stamp = stamp(now);
        let mut n = 1;
        loop {
            let name = if n == 1 {
                format!("{stamp}.jsonl")
            } else {
                format!("{stamp}-{n}.jsonl")
            };
            let path = dir.join(name);
            match options.open(&path) {
                Ok(file) => {
                    return Ok(Self {
                        file: BufWriter::new(file),
                        path,
                        begun: now,
                        bytes: 0,
                    });
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
                Err(e) => return Err(e),
            }
        }
    }

    fn line(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.bytes += line.len() as u64;
        self.file.write_all(&line)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_data()
    }
}

/// `2026-11-20T14-03-22Z`: sorts by time and is a legal file name everywhere.
fn stamp(at: Wall) -> String {
    let text = at.to_string().replace(':', "-");
    let seconds = text.split('.').next().unwrap_or(&text);
    format!("{seconds}Z")
}

/// Goes by the names, which do not change when files are copied. What cannot be removed is left for the next time.
fn remove_old(dir: &Path, now: Wall, keep: Duration) {
    let keep_ms = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
    let oldest = stamp(Wall(now.0.saturating_sub(keep_ms)));
    for file in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = file.file_name();
        let Some(name) = name.to_str().filter(|name| is_journal(name)) else {
            continue;
        };
        if *name < *oldest
            && let Err(e) = fs::remove_file(file.path())
        {
            tracing::warn!("journal: {} cannot be removed: {e}", file.path().display());
        }
    }
}

/// Our own names only: whatever else lies in the directory is somebody's.
fn is_journal(name: &str) -> bool {
    let shape = |(i, c): (usize, char)| match i {
        4 | 7 | 13 | 16 => c == '-',
        10 => c == 'T',
        19 => c == 'Z',
        _ => i > 19 || c.is_ascii_digit(),
    };
    name.len() > 20
        && name.char_indices().all(shape)
        && Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "jsonl")
}

#[cfg(test)]
mod tests;
