//! Where a screen gets its snapshots and sends its commands. A screen knows this and [`crate::model`], nothing else.

use crate::model::{Command, Snapshot};
use std::{net::SocketAddr, sync::Arc, time::Duration};

pub mod local;

/// A running (or recorded) router, as a screen sees it.
pub trait Source: Send + Sync {
    /// The newest snapshot. Cheap: called ten times a second.
    fn latest(&self) -> Arc<Snapshot>;

    /// Sends a command. What became of it comes back as an event; success is never assumed.
    fn send(&self, command: Command) -> Result<(), String>;

    /// `LIVE`, `ATTACHED`, `REPLAY`.
    fn label(&self) -> &'static str;

    /// Commands are refused here; dangerous keys do not exist.
    fn read_only(&self) -> bool;
}

/// The snapshot of a router that runs in another process on this machine.
pub async fn fetch_snapshot(addr: SocketAddr) -> Result<Snapshot, String> {
    let hint = |e: reqwest::Error| {
        let what = if e.is_connect() {
            "nothing listens there"
        } else {
            "the answer could not be read"
        };
        format!("no breakerbox at {addr}: {what}; name its address with --listen")
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(3))
        .build()
        .map_err(hint)?;
    let response = client
        .get(format!("http://{addr}/admin/snapshot"))
        .send()
        .await
        .map_err(hint)?;
    response
        .error_for_status()
        .map_err(hint)?
        .json()
        .await
        .map_err(hint)
}
