//! A believable crowd of callers: sends through the router's HTTP door, reads what comes back, and keeps count.

mod arrivals;
pub mod mix;
mod send;

use crate::sim::luck::Luck;
use arrivals::Arrivals;
use mix::Mix;
use send::{Ended, Sender};
use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Callers that wait at the same time; past that, a caller stays away and is counted as skipped.
const CROWD: usize = 64;

/// Where to send, what to ask for, and how often.
pub struct Traffic {
    pub door: SocketAddr,
    pub route: String,
    /// Requests per second, on average.
    pub rate: f64,
    pub seed: u64,
    /// A client key of the router, when it wants one.
    pub key: Option<String>,
    stats: Arc<Stats>,
}

impl fmt::Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traffic")
            .field("door", &self.door)
            .field("route", &self.route)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

/// What became of the requests so far. Each that was sent ends as one of `ok`, `canned`, `errors` and `left`.
#[derive(Debug, Default)]
pub struct Stats {
    pub sent: AtomicU64,
    /// A whole answer.
    pub ok: AtomicU64,
    /// A whole answer of rung 3.
    pub canned: AtomicU64,
    /// A status that is not 2xx, an error inside a stream, a stream without its end, or no connection.
    pub errors: AtomicU64,
    /// The caller hung up.
    pub left: AtomicU64,
    /// Not sent, because too many were waiting.
    pub skipped: AtomicU64,
}

impl Traffic {
    /// Six requests per second to a door.
    pub fn new(door: SocketAddr, route: impl Into<String>) -> Self {
        Self {
            door,
            route: route.into(),
            rate: 6.0,
            seed: 1,
            key: None,
            stats: Arc::default(),
        }
    }

    /// The counters, readable while it runs.
    pub fn stats(&self) -> Arc<Stats> {
        Arc::clone(&self.stats)
    }

    /// Sends until it is told to stop, then waits for what is under way, which is cut short.
    pub async fn run(self, stop: CancellationToken) -> Result<(), reqwest::Error> {
        let sender = Arc::new(Sender::new(self.door, self.key)?);
        let crowd = Arc::new(Semaphore::new(CROWD));
        let tasks = TaskTracker::new();
        let mut arrivals = Arrivals::new(self.rate, self.seed);
        let mut mix = Mix::new(self.seed);
        let mut whims = Luck::new(&[self.seed, 0x7768_696d]);
        let mut next = Instant::now();
        loop {
            next += arrivals.gap();
            if stop
                .run_until_cancelled(tokio::time::sleep_until(next))
                .await
                .is_none()
            {
                break;
            }
            let letter = mix.letter(&self.route);
            let patience = send::patience(&mut whims);
            let Ok(place) = Arc::clone(&crowd).try_acquire_owned() else {
                self.stats.skipped.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            self.stats.sent.fetch_add(1, Ordering::Relaxed);
            let (sender, stats, stop) =
                (Arc::clone(&sender), Arc::clone(&self.stats), stop.clone());
            tasks.spawn(async move {
                let _place = place;
                let ended = stop
                    .run_until_cancelled(sender.send(letter, patience))
                    .await;
                stats.count(ended.unwrap_or(Ended::Left));
            });
        }
        tasks.close();
        tasks.wait().await;
        Ok(())
    }
}

impl Stats {
    fn count(&self, ended: Ended) {
        let counter = match ended {
            Ended::Ok => &self.ok,
            Ended::Canned => &self.canned,
            Ended::Error => &self.errors,
            Ended::Left => &self.left,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
