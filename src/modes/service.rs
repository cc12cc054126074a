//! What whoever supervises the process is told; nothing where nobody does.

use sd_notify::NotifyState;
use std::future::pending;
use tokio::time::interval;

pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A reload is over when this returns: it is read and taken over, or refused, at once.
pub(super) fn reloading(reload: impl FnOnce()) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(e) => tracing::debug!(error = %e, "no monotonic clock"),
    }
    reload();
    ready();
}

/// Where somebody watches, he hears twice within his patience that the runtime still turns. Never ends.
pub(super) async fn beat() {
    let patience = sd_notify::watchdog_enabled().filter(|p| !p.is_zero());
    let Some(patience) = patience else {
        return pending().await;
    };
    let mut beat = interval(patience / 2);
    loop {
        beat.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// Without a socket to tell it to, this does nothing.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(e) = sd_notify::notify(states) {
        tracing::warn!(error = %e, "NOTIFY_SOCKET was not told");
    }
}
