//! The one ordered stream of events: anybody may put something on it, one task takes it off.

use crate::{
    clock,
    metrics::Metrics,
    model::{Event, Kind, Snapshot, State, Wall, event::LOST},
};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{broadcast, mpsc};

/// Events waiting to be numbered. More than this at once are counted, not kept.
const WAITING: usize = 16_384;
/// Events that a slow reader may lag behind before it is told that it missed some.
const READERS: usize = 4_096;
/// Events of one noisy kind per second.
const CAP_PER_S: u64 = 20;
/// Between two snapshots while events keep coming.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);

/// What happened, and whether an injected fault caused it.
type Told = (Kind, bool);

/// Where events are put. Cheap to clone, never blocks.
#[derive(Debug, Clone)]
pub struct Bus {
    send: mpsc::Sender<Told>,
    lost: Arc<AtomicU64>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    readers: broadcast::Sender<Arc<Event>>,
    metrics: Arc<Mutex<Metrics>>,
}

/// The taking end; runs until every [`Bus`] is gone or [`Kind::Stopping`] has been seen.
#[derive(Debug)]
pub struct Hub {
    receive: mpsc::Receiver<Told>,
    lost: Arc<AtomicU64>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    readers: broadcast::Sender<Arc<Event>>,
    metrics: Arc<Mutex<Metrics>>,
    state: State,
    seq: u64,
    at: Wall,
    caps: Mutex<HashMap<&'static str, (u64, u64)>>,
}

pub fn new() -> (Bus, Hub) {
    let (send, receive) = mpsc::channel(WAITING);
    let (readers, _) = broadcast::channel(READERS);
    let lost = Arc::<AtomicU64>::default();
    let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
    let metrics = Arc::<Mutex<Metrics>>::default();
    let bus = Bus {
        send,
        lost: Arc::clone(&lost),
        metrics: Arc::clone(&metrics),
        snapshot: Arc::clone(&snapshot),
        readers: readers.clone(),
    };
    let hub = Hub {
        receive,
        lost,
        snapshot,
        readers,
        metrics,
        state: State::new(),
        seq: 0,
        at: Wall::default(),
        caps: Mutex::default(),
    };
    (bus, hub)
}

impl Bus {
    pub fn emit(&self, kind: Kind) {
        self.emit_marked(kind, false);
    }

    /// The same, for what an injected fault may have caused.
    pub fn emit_marked(&self, kind: Kind, injected: bool) {
        if self.send.try_send((kind, injected)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn snapshot(&self) -> Arc<ArcSwap<Snapshot>> {
        Arc::clone(&self.snapshot)
    }

    /// What was counted so far.
    pub fn metrics(&self) -> Metrics {
        self.metrics.lock().clone()
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.readers.subscribe()
    }
}

impl Hub {
    /// Numbers, applies and publishes until the router stops.
    pub async fn run(mut self) {
        let mut every_second = tokio::time::interval(Duration::from_secs(1));
        let mut batch = Vec::new();
        let mut dirty = false;
        let mut publish = tokio::time::interval(PUBLISH_EVERY);
        publish.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                n = self.receive.recv_many(&mut batch, 256) => {
                    let done = n == 0 || batch.iter().any(|k| matches!(k, (Kind::Stopping, _)));
                    for (kind, injected) in batch.drain(..) {
                        if matches!(kind, Kind::Stopping) {
                            self.suppressed();
                        }
                        self.take(kind, injected);
                    }
                    dirty = true;
                    if done {
                        break;
                    }
                }
                _ = publish.tick(), if dirty => {
                    self.publish();
                    dirty = false;
                }
                _ = every_second.tick() => {
                    self.suppressed();
                    dirty = true;
                }
            }
        }
        self.publish();
    }

    fn take(&mut self, kind: Kind, injected: bool) {
        self.at = self.at.max(clock::wall());
        // Before the caps: what they hold back has happened too.
        self.metrics.lock().apply(&kind, self.at);
        if let Some(name) = noisy(&kind) {
            let mut caps = self.caps.lock();
            let (seen, over) = caps.entry(name).or_default();
            *seen += 1;
            if *seen > CAP_PER_S {
                *over += 1;
                return;
            }
        }
        self.number(kind, injected);
    }

    fn number(&mut self, kind: Kind, injected: bool) {
        self.seq += 1;
        let event = Arc::new(Event {
            injected,
            ..Event::new(self.seq, self.at, kind)
        });
        self.state.apply(&event);
        // No reader at all is not an error.
        let _ = self.readers.send(event);
    }

    /// Says once a second what the caps held back.
    fn suppressed(&mut self) {
        let mut over: Vec<_> = std::mem::take(&mut *self.caps.lock())
            .into_iter()
            .filter(|&(_name, (_, n))| n > 0)
            .map(|(name, (_, n))| (name.to_owned(), n))
            .collect();
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            over.push((LOST.to_owned(), lost));
        }
        self.at = self.at.max(clock::wall());
        for (what, n) in over {
            let kind = Kind::Suppressed { what, n };
            self.metrics.lock().apply(&kind, self.at);
            self.number(kind, false);
        }
    }

    fn publish(&self) {
        self.snapshot
            .store(Arc::new(self.state.snapshot(clock::wall())));
    }
}

/// Kinds that come once per request and are capped. Everything else is rare by nature.
const fn noisy(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Fallback { .. } => Some("fallbacks"),
        Kind::Hedged { .. } => Some("hedges"),
        Kind::StreamBroke { .. } => Some("broken streams"),
        Kind::Unserved { .. } => Some("unserved requests"),
        Kind::Score { .. } => Some("scores"),
        Kind::JudgeFailed { .. } => Some("judge failures"),
        Kind::Probed { .. } => Some("probes"),
        Kind::CanaryFailed { .. } => Some("failed canaries"),
        Kind::Gated { .. } => Some("gates"),
        Kind::WouldTrip { .. } => Some("would-be trips"),
        _ => None,
    }
}
