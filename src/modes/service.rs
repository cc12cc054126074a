//! What whoever supervises the process is told; nothing where nobody does.

use sd_notify::NotifyState;

pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// A reload is over when this returns: it is read and taken over, or refused, at once.
pub(crate) fn reloading(reload: impl FnOnce()) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(e) => tracing::debug!(error = %e, "no monotonic clock"),
    }
    reload();
    ready();
}

/// Without a socket to tell it to, this does nothing.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(e) = sd_notify::notify(states) {
        tracing::warn!(error = %e, "NOTIFY_SOCKET was not told");
    }
}
