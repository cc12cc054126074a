//! Processes: where they run, what they use.

use crate::Result;
use std::{
    fs,
    path::Path,
    process::{self, Command, Stdio},
    time::Duration,
};

/// A process that ends with its owner.
#[derive(Debug)]
pub(crate) struct Child(pub(crate) process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Moves this process to a core; false where that cannot be done.
pub(crate) fn pin_self(core: &str) -> bool {
    Command::new("taskset")
        .args(["-pc", core, &process::id().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Whether programs can be started on a core of their own.
pub(crate) fn can_pin() -> bool {
    let try_it = |core| {
        Command::new("taskset")
            .args(["-c", core, "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    try_it(crate::LOAD_CORE) && try_it(crate::GATEWAY_CORE)
}

/// A command on one core, where that can be done. `taskset` replaces itself by the program: the pid is the program's.
pub(crate) fn pinned(core: &str, program: &Path) -> Command {
    if can_pin() {
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Processor time of all its threads.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end between the listing and the reading.
        let Ok(stat) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        nanos += stat
            .split_ascii_whitespace()
            .next()
            .ok_or("schedstat is empty")?
            .parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Resident memory in KiB.
pub(crate) fn rss_kib(pid: u32) -> Result<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|l| l.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS in status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
