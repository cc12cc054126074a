//! The one place that reads a clock.

use crate::model::{Mono, Wall};
use std::{
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

static START: LazyLock<Instant> = LazyLock::new(instant);

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the monotonic clock"
)]
fn instant() -> Instant {
    Instant::now()
}

/// Monotonic time since the process first asked.
pub fn now() -> Mono {
    Mono::default() + START.elapsed()
}

/// Wall-clock time.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
pub fn wall() -> Wall {
    Wall::default()
        + SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO)
}
