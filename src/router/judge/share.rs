//! How much is looked at: of very many answers a share, evenly spread, so that looking never takes a core from callers.

use crate::model::Mono;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A look costs some 10 µs: a thousand in a second are a hundredth of a core.
const EACH: Duration = Duration::from_millis(1);
/// What was not used of the last moment may be used now.
const AT_ONCE: Duration = Duration::from_millis(250);

/// When the next look is due, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Share(AtomicU64);

impl Share {
    /// Whether there is time for one more.
    pub(super) fn take(&self, now: Mono) -> bool {
        let next = |due: u64| {
            let due = Mono(due).max(Mono(now.0.saturating_sub(micros(AT_ONCE))));
            (due <= now).then(|| (due + EACH).0)
        };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok()
    }
}

fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many in a second, which begins at 10 s, are looked at in it.
    fn taken(share: &Share, per_second: u64, second: u64) -> usize {
        let at =
            |n| Mono::from_secs(10 + second) + Duration::from_micros(n * 1_000_000 / per_second);
        (0..per_second).filter(|n| share.take(at(*n))).count()
    }

    #[test]
    fn up_to_a_thousand_a_second_all_are_looked_at_and_of_more_a_share_all_along() {
        assert_eq!(taken(&Share::default(), 100, 0), 100);
        assert_eq!(taken(&Share::default(), 1_000, 0), 1_000);
        let share = Share::default();
        assert_eq!(taken(&share, 20_000, 0), 1_250);
        assert_eq!(taken(&share, 20_000, 1), 1_000);
        assert_eq!(taken(&share, 200, 2), 200);
    }

    #[test]
    fn a_burst_after_silence_is_looked_at_and_then_no_more_of_it() {
        let share = Share::default();
        let burst = |at: u64| {
            (0..1_000)
                .filter(|_| share.take(Mono::from_secs(at)))
                .count()
        };
        assert_eq!((burst(10), burst(20)), (251, 251));
    }
}
