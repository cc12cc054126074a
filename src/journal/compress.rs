//! Finished files are compressed by a thread of their own, which nobody waits for. Whatever happens meanwhile, either
//! the plain file or the whole compressed one is there: it is written beside, forced to the disk and renamed, and only
//! then is the plain one removed.

use super::{
    file::private,
    name::{PART, unpressed},
};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, Sender, SyncSender, channel},
    },
    thread,
};

/// A journal becomes a seventh of its size, in about a second for 64 MiB. zstd's default (3) leaves an eighth more; level 9
/// takes another twentieth off, for nearly twice the time and twice the memory (20 MiB).
const LEVEL: i32 = 6;
/// Read between two looks at whether to stop.
const CHUNK: usize = 256 * 1024;

pub(super) enum Job {
    File(PathBuf),
    /// Everything before it is done when the answer comes.
    Say(SyncSender<()>),
}

/// Dropping it gives up what is under way: it is done again at the next start.
pub(super) struct Press {
    jobs: Option<Sender<Job>>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Press {
    /// Begins with what a run before has left.
    pub(super) fn start(dir: &Path) -> io::Result<Self> {
        let (jobs, inbox) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (dir, stopped) = (dir.to_owned(), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("journal-zstd".into())
            .spawn(move || work(&dir, &inbox, &stopped))?;
        Ok(Self {
            jobs: Some(jobs),
            stop,
            thread: Some(thread),
        })
    }

    pub(super) fn put(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // It takes none only after a panic; the files stay plain then.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(dir: &Path, inbox: &Receiver<Job>, stop: &AtomicBool) {
    let one = |path: &Path| {
        if let Err(e) = compress(path, stop) {
            tracing::warn!("journal: {} stays as it is: {e}", path.display());
        }
    };
    for path in unpressed(dir) {
        one(&path);
    }
    for job in inbox {
        match job {
            Job::File(path) => one(&path),
            // Whoever asked may have left.
            Job::Say(done) => drop(done.try_send(())),
        }
    }
}

/// A file that somebody still writes (or compresses) is left alone.
fn compress(path: &Path, stop: &AtomicBool) -> io::Result<()> {
    let mut from = File::open(path)?;
    if stop.load(Relaxed) || from.try_lock().is_err() {
        return Ok(());
    }
    let part = path.with_extension(format!("jsonl.{PART}"));
    let whole = copy(&mut from, &part, stop);
    if !matches!(whole, Ok(true)) {
        fs::remove_file(&part)?;
        return whole.map(|_| ());
    }
    fs::rename(&part, path.with_extension("jsonl.zst"))?;
    fs::remove_file(path)
}

/// False: it was to stop.
fn copy(from: &mut File, part: &Path, stop: &AtomicBool) -> io::Result<bool> {
    let to = private().create(true).truncate(true).open(part)?;
    let mut to = zstd::Encoder::new(to, LEVEL)?;
    to.include_checksum(true)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        if stop.load(Relaxed) {
            return Ok(false);
        }
        let n = from.read(&mut chunk)?;
        let Some(read) = chunk.get(..n).filter(|read| !read.is_empty()) else {
            break;
        };
        to.write_all(read)?;
    }
    to.finish()?.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "2026-11-20T14-03-22Z.jsonl";

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_compressed_is_the_same_and_only_then_is_the_plain_file_gone() {
        let dir = tempfile::tempdir().unwrap();
        let text = "{\"seq\":1}\n".repeat(100_000);
        let path = dir.path().join(NAME);
        fs::write(&path, &text).unwrap();
        compress(&path, &AtomicBool::new(false)).unwrap();
        assert_eq!(names(dir.path()), [format!("{NAME}.zst")]);
        let pressed = File::open(dir.path().join(format!("{NAME}.zst"))).unwrap();
        let back = io::read_to_string(zstd::Decoder::new(pressed).unwrap()).unwrap();
        assert!(back == text);
    }

    #[test]
    fn a_run_that_ends_in_the_middle_leaves_the_plain_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        fs::write(&path, "text").unwrap();
        compress(&path, &AtomicBool::new(true)).unwrap();
        let part = dir.path().join("part");
        let stopped = copy(
            &mut File::open(&path).unwrap(),
            &part,
            &AtomicBool::new(true),
        );
        assert!(!stopped.unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    }

    #[test]
    fn a_file_that_is_being_written_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        fs::write(&path, "text").unwrap();
        let writer = File::open(&path).unwrap();
        writer.lock().unwrap();
        compress(&path, &AtomicBool::new(false)).unwrap();
        assert_eq!(names(dir.path()), [NAME]);
        drop(writer);
        compress(&path, &AtomicBool::new(false)).unwrap();
        assert_eq!(names(dir.path()), [format!("{NAME}.zst")]);
    }

    #[test]
    fn what_a_crash_has_left_is_compressed_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "whole").unwrap();
        fs::write(dir.path().join(format!("{NAME}.zst.part")), "ha").unwrap();
        let press = Press::start(dir.path()).unwrap();
        let (done, wait) = std::sync::mpsc::sync_channel(1);
        press.put(Job::Say(done));
        wait.recv().unwrap();
        assert_eq!(names(dir.path()), [format!("{NAME}.zst")]);
    }
}
