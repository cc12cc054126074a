//! Writes events to `<directory>/2026-11-20T14-03-22Z.jsonl`, on a thread of its own.
//!
//! The router never waits: events go through a bounded channel, and what does not fit is dropped and counted. Lines
//! reach the operating system once a second, so a killed process loses at most its last second; they are forced to the
//! disk (fsync) when a file is finished, so a power failure may cost what the system had not yet written back. When a
//! write fails (a full disk) the journal says so and tries again in another file, until one can be written; nothing
//! else is harmed, and the gap is told in the file that goes on.
//!
//! Events that never came (the numbers tell) are told too, and how things stood after them is taken from the router
//! itself and written down, so that what follows is right again.
//!
//! A new file begins when one is long enough and every UTC day. It says first how things stand, so that each file can
//! be replayed without the ones before it. Finished files are compressed; old ones are removed.

use super::{
    compress::{Job, Press},
    file::Out,
    name::remove_old,
};
use crate::{
    clock,
    model::{Event, Kind, Mono, Snapshot, State, Wall, event::SCHEMA},
};
use parking_lot::Mutex;
use std::{
    borrow::Cow,
    fs, io,
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
pub struct Settings {
    /// A file longer than this is followed by another.
    pub file_bytes: u64,
    /// Files that began longer ago are removed.
    pub keep: Duration,
    /// Judged answers' first words and judges' reasons are written too.
    pub content: bool,
    /// After a failure, until the next try.
    pub retry: Duration,
}

impl Settings {
    pub const RETRY: Duration = Duration::from_secs(10);
}

/// How the journal is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The file that is being written, or was last.
    pub path: PathBuf,
    pub written: u64,
    /// Came faster than the disk took them, or while nothing could be written.
    pub dropped: u64,
}

/// Dropping it writes what is queued and closes the file.
pub struct Writer {
    queue: Option<SyncSender<Message>>,
    thread: Option<thread::JoinHandle<()>>,
    shared: Arc<Shared>,
}

enum Message {
    Event(Arc<Event>),
    /// Everything before it is on disk, and every finished file compressed, when the answer comes.
    Sync(SyncSender<()>),
}

struct Shared {
    path: Mutex<PathBuf>,
    written: AtomicU64,
    dropped: AtomicU64,
}

impl Writer {
    /// Begins a file named after `now`. `router` is asked how things stand by now. `tell` puts an event on the stream
    /// that is being recorded; it is called from the journal's thread, when the journal stops and when it goes on.
    pub fn open(
        dir: &Path,
        settings: Settings,
        now: Wall,
        router: impl Fn() -> Arc<Snapshot> + Send + 'static,
        tell: impl Fn(Kind) + Send + 'static,
    ) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        remove_old(dir, now, settings.keep);
        let out = Out::create(dir, now)?;
        let shared = Arc::new(Shared {
            path: Mutex::new(out.path.clone()),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        let (queue, inbox) = sync_channel(QUEUE);
        let scribe = Scribe {
            press: Press::start(dir)?,
            dir: dir.to_owned(),
            settings,
            out: Some(out),
            kept: 0,
            untold: Vec::new(),
            hole: None,
            state: State::new(),
            router,
            due: clock::now() + FLUSH_EVERY,
            shared: Arc::clone(&shared),
            tell,
        };
        let thread = thread::Builder::new()
            .name("journal".into())
            .spawn(move || scribe.run(&inbox))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            shared,
        })
    }

    /// Queues an event. False: it was dropped, because the disk is behind.
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
        }
    }

    /// Returns when everything appended so far is on disk (or could not be written), and what is finished compressed.
    pub fn sync(&self) {
        let (done, wait) = sync_channel(1);
        let sent = self
            .queue
            .as_ref()
            .map(|queue| queue.send(Message::Sync(done)));
        if matches!(sent, Some(Ok(()))) {
            // An error comes only of a panic of the journal's threads, and then there is nothing to wait for.
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
struct Scribe<R, T> {
    dir: PathBuf,
    settings: Settings,
    /// None: nothing can be written.
    out: Option<Out>,
    /// The number of the last event that is in a file. A run's first is 1.
    kept: u64,
    /// Never came, and nobody was told so yet: the number of the event that came next, and how many.
    untold: Vec<(u64, u64)>,
    /// Some never came, and how things stand is not known since.
    hole: Option<Hole>,
    /// What every new file begins with.
    state: State,
    router: R,
    /// The next flush, or the next try.
    due: Mono,
    press: Press,
    shared: Arc<Shared>,
    tell: T,
}

/// The router is ahead of what has been written: what it says of then waits for the event that it was said after.
#[derive(Default)]
struct Hole {
    known: Option<Arc<Snapshot>>,
}

impl<R: Fn() -> Arc<Snapshot>, T: Fn(Kind)> Scribe<R, T> {
    fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let left = clock::now().until(self.due);
            if left.is_zero() {
                self.tick();
                continue;
            }
            match inbox.recv_timeout(left) {
                Ok(Message::Event(event)) => self.take(&event),
                Ok(Message::Sync(done)) => {
                    self.to(Out::finish);
                    self.press.put(Job::Say(done));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.mend();
                    return self.to(Out::finish);
                }
            }
        }
    }

    fn tick(&mut self) {
        self.mend();
        if self.out.is_some() {
            self.to(Out::flush);
            self.due = clock::now() + FLUSH_EVERY;
            let missed = self.never_came(u64::MAX);
            if self.out.is_some() && missed > 0 {
                self.goes_on(missed);
            }
        } else if let Ok(out) = self.begin(self.state.at()) {
            self.out = Some(out);
            let since = self.state.seq().saturating_sub(self.kept);
            self.goes_on(self.never_came(self.kept) + since);
            self.due = clock::now() + FLUSH_EVERY;
        } else {
            self.due = clock::now() + self.settings.retry;
        }
    }

    fn goes_on(&mut self, missed: u64) {
        self.untold.clear();
        (self.tell)(Kind::Journal {
            stopped: None,
            missed,
        });
    }

    /// Before an event, and untold.
    fn never_came(&self, before: u64) -> u64 {
        let all = self.untold.iter().filter(|(next, _)| *next <= before);
        all.map(|(_, n)| n).sum()
    }

    fn take(&mut self, event: &Arc<Event>) {
        self.mend();
        self.count(event.seq);
        let next_day = |out: &Out| self.state.time_of(event).0 / DAY_MS > out.begun.0 / DAY_MS;
        let full = |out: &Out| out.bytes >= self.settings.file_bytes || next_day(out);
        // While how things stand is not known no file can begin with it.
        if self.hole.is_none() && self.out.as_ref().is_some_and(full) {
            self.next_file(event.at);
        }
        let line = self.worded(event);
        self.to(|out| out.line(&line));
        self.state.apply(event);
        if self.out.is_some() {
            self.shared.written.fetch_add(1, Relaxed);
        } else {
            self.shared.dropped.fetch_add(1, Relaxed);
        }
    }

    fn count(&mut self, seq: u64) {
        let never_came = seq.saturating_sub(self.state.seq()).saturating_sub(1);
        if never_came > 0 {
            self.untold.push((seq, never_came));
            self.hole = Some(Hole::default());
        }
    }

    /// After a hole: takes over how things stand, and writes it down, as soon as the router has said it of the very
    /// event that came last here.
    fn mend(&mut self) {
        let Some(hole) = &mut self.hole else { return };
        let told = self.state.seq();
        let known = hole.known.take().filter(|known| known.seq >= told);
        let known = known.unwrap_or_else(|| (self.router)());
        if known.seq != told {
            hole.known = (known.seq > told).then_some(known);
            return;
        }
        self.hole = None;
        let header = Arc::new(header(told, self.state.at(), (*known).clone().standing()));
        self.state.apply(&header);
        self.to(|out| out.line(&header));
    }

    /// Without what may quote a prompt or an answer, unless that is wanted.
    fn worded<'a>(&self, event: &'a Event) -> Cow<'a, Event> {
        if self.settings.content {
            Cow::Borrowed(event)
        } else {
            event.without_content()
        }
    }

    fn next_file(&mut self, now: Wall) {
        self.to(Out::finish);
        let Some(finished) = self.out.take() else {
            return;
        };
        self.kept = finished.kept.unwrap_or(self.kept);
        remove_old(&self.dir, now, self.settings.keep);
        match self.begin(now) {
            Ok(out) => {
                let path = finished.path.clone();
                drop(finished);
                self.out = Some(out);
                self.press.put(Job::File(path));
            }
            Err(e) => self.fail(&self.dir.clone(), &e),
        }
    }

    /// Another file, which says first what there is.
    fn begin(&self, now: Wall) -> io::Result<Out> {
        fs::create_dir_all(&self.dir)?;
        let mut out = Out::create(&self.dir, now)?;
        let standing = self.state.standing();
        if standing.started != Wall::default() {
            let header = header(self.state.seq(), self.state.at(), standing);
            if let Err(e) = out.line(&header).and_then(|()| out.flush()) {
                out.discard();
                return Err(e);
            }
        }
        self.shared.path.lock().clone_from(&out.path);
        Ok(out)
    }

    /// Does something to the file, if there is one; a failure ends it.
    fn to(&mut self, act: impl FnOnce(&mut Out) -> io::Result<()>) {
        if let Some(mut out) = self.out.take() {
            match act(&mut out) {
                Ok(()) => self.out = Some(out),
                Err(e) => {
                    self.kept = out.kept.unwrap_or(self.kept);
                    self.fail(&out.path, &e);
                }
            }
        }
    }

    fn fail(&mut self, path: &Path, e: &io::Error) {
        self.due = clock::now() + self.settings.retry;
        (self.tell)(Kind::Journal {
            stopped: Some(format!("{}: {e}", path.display())),
            missed: 0,
        });
    }
}

/// What a file begins with that follows another, or a hole.
fn header(seq: u64, at: Wall, standing: Snapshot) -> Event {
    let kind = Kind::Continued {
        schema: SCHEMA,
        standing: Box::new(standing),
    };
    Event::new(seq, at, kind)
}

#[cfg(test)]
mod tests;
