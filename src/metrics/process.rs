//! What the system knows of this process. Elsewhere than on Linux nobody is asked, and nothing is exported.

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Process {
    pub cpu_s: f64,
    pub open_fds: Option<usize>,
    pub max_fds: Option<u64>,
    pub virtual_bytes: u64,
    pub resident_bytes: u64,
    /// Seconds since 1970.
    pub began: f64,
    pub threads: u64,
}

/// None: the system does not say.
#[cfg(target_os = "linux")]
pub fn read() -> Option<Process> {
    use procfs::process::{LimitValue, Process as Own};
    use std::sync::OnceLock;

    static BEGAN: OnceLock<f64> = OnceLock::new();

    let own = Own::myself().ok()?;
    let stat = own.stat().ok()?;
    let seconds = |ticks: u64| seconds(ticks, procfs::ticks_per_second());
    let limits = own.limits().ok();
    Some(Process {
        cpu_s: seconds(stat.utime + stat.stime),
        open_fds: own.fd_count().ok(),
        max_fds: limits.and_then(|l| match l.max_open_files.soft_limit {
            LimitValue::Value(n) => Some(n),
            LimitValue::Unlimited => None,
        }),
        virtual_bytes: stat.vsize,
        resident_bytes: stat.rss * procfs::page_size(),
        began: *BEGAN.get_or_init(|| began(seconds(stat.starttime))),
        threads: u64::try_from(stat.num_threads).unwrap_or_default(),
    })
}

/// From how long after the boot it began. When that was, `/proc/stat` says too, but a hardened service does not see it.
#[cfg(target_os = "linux")]
fn began(after_boot: f64) -> f64 {
    use super::gauges::timestamp;
    use crate::clock;
    use rustix::time::{ClockId, clock_gettime};
    use std::time::Duration;

    let up = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
    timestamp(clock::wall()) - (up.as_secs_f64() - after_boot)
}

#[cfg(target_os = "linux")]
#[expect(
    clippy::cast_precision_loss,
    reason = "a clock's ticks stay far under 2^53"
)]
fn seconds(ticks: u64, per_second: u64) -> f64 {
    ticks as f64 / per_second.max(1) as f64
}

#[cfg(not(target_os = "linux"))]
pub fn read() -> Option<Process> {
    None
}
