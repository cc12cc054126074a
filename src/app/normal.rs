//! What is normal, kept by this process: a minute at a time from the snapshot, on disk in the state directory, and told
//! on the bus. The router needs none of it, so orders come by here first: those about it are carried out here.

use crate::{
    file,
    model::{
        Command, Kind, Order, Snapshot,
        command::NormalCommand,
        event::Level,
        normal::{Keeper, Kept, Normal},
    },
    router::Bus,
};
use arc_swap::ArcSwap;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How soon another hour, or another configuration, is seen. The keeper takes each minute once.
const BEAT: Duration = Duration::from_secs(1);
/// How often what was learned is written; what a person says is written at once.
const WRITTEN_EVERY: Duration = Duration::from_mins(10);
/// Ten deployments over four weeks are under 4 MB (measured by a test of the keeper); this is none of ours.
const MOST_BYTES: u64 = 64 << 20;

/// Simulated providers and real ones are not normal in the same way.
pub(super) fn path(state: &Path, simulated: bool) -> PathBuf {
    state.join(if simulated {
        "normal-simulated.json"
    } else {
        "normal.json"
    })
}

pub(super) struct Normals {
    keeper: Keeper,
    /// None: nothing is kept over a restart.
    path: Option<PathBuf>,
    bus: Bus,
    snapshot: Arc<ArcSwap<Snapshot>>,
    /// Where all other orders go.
    orders: mpsc::Sender<Order>,
    /// The last try to write failed, and that was said.
    failing: bool,
}

impl Normals {
    pub(super) fn open(path: Option<PathBuf>, bus: Bus, orders: mpsc::Sender<Order>) -> Self {
        let mut normals = Self {
            keeper: Keeper::default(),
            path,
            snapshot: bus.snapshot(),
            bus,
            orders,
            failing: false,
        };
        match normals.read() {
            Ok(kept) => normals.keeper = Keeper::new(kept),
            Err(why) => normals.warn(why),
        }
        normals
    }

    fn read(&mut self) -> Result<Kept, String> {
        let Some(path) = self.path.clone() else {
            return Ok(Kept::default());
        };
        let text = path.display().to_string();
        let bytes = match file::read(&path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            Err(e) => {
                self.path = None;
                return Err(format!(
                    "{text}: {e}; what is normal is learned anew, and kept only when this is solved and breakerbox \
                     restarted"
                ));
            }
        };
        let too_large = bytes.len() as u64 > MOST_BYTES;
        let parsed = if too_large {
            Err("it is too large".to_owned())
        } else {
            Kept::parse(&bytes)
        };
        parsed.map_err(|why| {
            let done = match file::put_aside(&path) {
                Ok(aside) => format!("it is put aside as {}", aside.display()),
                Err(e) => {
                    self.path = None;
                    format!("it stays where it is ({e}), and nothing is kept")
                }
            };
            format!("{text}: {why}; {done}; what is normal is learned anew")
        })
    }

    /// Until the end; what was learned is written then.
    pub(super) async fn run(
        mut self,
        mut incoming: mpsc::Receiver<Order>,
        stop: CancellationToken,
    ) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut written = tokio::time::interval(WRITTEN_EVERY);
        written.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                order = incoming.recv() => {
                    let Some(order) = order else { break };
                    if let Command::Normal(command) = order.command {
                        self.obey(&order, command).await;
                    } else {
                        // Once the router has stopped there is nobody to carry it out.
                        let _ = self.orders.send(order).await;
                    }
                }
                _ = beat.tick() => self.look(),
                _ = written.tick() => self.write().await,
                () = stop.cancelled() => break,
            }
        }
        self.write().await;
    }

    fn look(&mut self) {
        let snapshot = self.snapshot.load_full();
        // Before the first event there is nothing to look at.
        if snapshot.seq > 0 {
            let told = self.keeper.minute(&snapshot);
            self.tell(told);
        }
    }

    async fn obey(&mut self, order: &Order, command: NormalCommand) {
        let snapshot = self.snapshot.load_full();
        let done = match command {
            NormalCommand::Pin => self.keeper.pin(&order.actor, &snapshot),
            NormalCommand::Unpin => self.keeper.unpin(&snapshot),
        };
        let (told, refused) = match done {
            Ok(told) => (told, None),
            Err(why) => (None, Some(why)),
        };
        self.tell(told);
        self.bus.emit(order.told(refused));
        self.write().await;
    }

    fn tell(&self, normal: Option<Vec<Normal>>) {
        if let Some(deployments) = normal {
            self.bus.emit(Kind::Normal { deployments });
        }
    }

    fn warn(&self, text: String) {
        self.bus.emit(Kind::Notice {
            level: Level::Warn,
            text,
        });
    }

    /// Writes what is new. The disk may take its time.
    async fn write(&mut self) {
        let Some(path) = self.path.clone() else {
            return;
        };
        let Some(kept) = self.keeper.news() else {
            return;
        };
        let to = path.clone();
        let written = tokio::task::spawn_blocking(move || {
            let bytes = serde_json::to_vec(&kept).map_err(io::Error::from)?;
            file::replace(&to, &bytes)
        });
        let done = written.await.unwrap_or_else(|e| Err(io::Error::other(e)));
        let Err(e) = done else {
            self.failing = false;
            return;
        };
        self.keeper.not_written();
        if !std::mem::replace(&mut self.failing, true) {
            self.warn(format!(
                "{} is not written: {e}; a restart would forget what is normal; it is tried again",
                path.display()
            ));
        }
    }
}

#[cfg(test)]
mod tests;
