//! Tells people what happens: webhooks and commands, beside everything else.
//!
//! One task reads the events and looks at the snapshot. What may wake somebody ([`concern`], [`look`]) goes through a
//! sieve per recipient ([`sieve`]), and what is left into a bounded queue from which a task per recipient sends, in order
//! ([`courier`]). No request, no event and no shutdown waits for any of them.

mod body;
mod concern;
mod courier;
mod hook;
mod look;
mod sieve;
mod target;
#[cfg(test)]
mod tests;

use crate::{
    clock,
    config::{Alert, Config},
    model::{Event, Kind, Wall, event::Level},
    router::Bus,
};
use body::{Message, Speaker};
use concern::Concern;
use courier::{Courier, Waiting};
use look::Looks;
use sieve::{Sieve, Told};
use std::{sync::Arc, time::Duration};
use target::Target;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc, watch,
    },
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

/// Messages that wait for one recipient; more are counted and told.
const QUEUE: usize = 256;
/// Between two looks at the snapshot.
const LOOK: Duration = Duration::from_millis(250);

/// How patient it is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Before the second try; doubled with each.
    pub first: Duration,
    pub most: Duration,
    /// For one try, of a webhook or a command.
    pub limit: Duration,
    /// Since the message was put in line.
    pub give_up: Duration,
    /// For what is still on its way when the router ends.
    pub goodbye: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_mins(1),
            limit: Duration::from_secs(10),
            give_up: Duration::from_mins(10),
            goodbye: Duration::from_secs(3),
        }
    }
}

impl Pace {
    /// Half of it by chance, so that routers that failed together do not come back together.
    fn backoff(&self, tries: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(tries.saturating_sub(1).min(30));
        let most = self.first.saturating_mul(doubled).min(self.most);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// A router whose every move is a rehearsal, like that of `breakerbox drill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    Live,
    Rehearsal,
}

/// Reads events until the router stops. Whoever `config` names when it is reloaded is told from then on.
pub async fn run(
    bus: Bus,
    mut events: Receiver<Arc<Event>>,
    config: impl Fn() -> Arc<Config> + Send,
    (pace, stage): (Pace, Stage),
) {
    let mut desk = Desk::new(bus, pace);
    desk.configure(config().alerts.clone()).await;
    let mut looks = Looks::default();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let concerns = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    looks.hear(&event);
                    match event.kind {
                        Kind::Stopping => break,
                        Kind::Reloaded { .. } => desk.configure(config().alerts.clone()).await,
                        _ => {}
                    }
                    Concern::of(&event).into_iter().collect()
                }
                Err(RecvError::Lagged(n)) => {
                    let text = format!("alerts: {n} events were missed, nobody was told of them");
                    desk.bus.emit(Kind::Notice { level: Level::Warn, text });
                    continue;
                }
                Err(RecvError::Closed) => break,
            },
            _ = look.tick(), if !desk.lines.is_empty() => {
                desk.flush(Sieve::due);
                looks.at(&desk.bus.snapshot().load())
            }
        };
        for mut concern in concerns {
            concern.drill |= stage == Stage::Rehearsal;
            desk.take(&concern);
        }
    }
    desk.close().await;
}

/// Everybody who is told.
struct Desk {
    bus: Bus,
    pace: Pace,
    lines: Vec<Line>,
    couriers: JoinSet<()>,
    closing: CancellationToken,
    /// When this began: two runs of the router number their messages alike.
    began: Wall,
    /// Messages so far.
    sent: u64,
}

/// One recipient's.
struct Line {
    alert: Alert,
    sieve: Sieve,
    target: watch::Sender<Arc<Target>>,
    queue: mpsc::Sender<Waiting>,
    /// The queue was full, and that has been said.
    full: bool,
}

impl Desk {
    fn new(bus: Bus, pace: Pace) -> Self {
        Self {
            bus,
            pace,
            lines: Vec::new(),
            couriers: JoinSet::new(),
            closing: CancellationToken::new(),
            began: clock::wall(),
            sent: 0,
        }
    }

    /// Those of a name that is known go on with what they were told, and with what waits for them.
    async fn configure(&mut self, alerts: Vec<Alert>) {
        // The system's certificates are read for each: not on a thread that serves callers.
        let with_target = |alert: Alert| (Arc::new(Target::of(&alert)), alert);
        let made = spawn_blocking(move || alerts.into_iter().map(with_target).collect::<Vec<_>>());
        let Ok(made) = made.await else { return };
        let mut known = std::mem::take(&mut self.lines);
        for (target, alert) in made {
            let line = match known.iter().position(|l| l.alert.name == alert.name) {
                Some(i) => {
                    let line = known.swap_remove(i);
                    line.target.send_replace(target);
                    Line { alert, ..line }
                }
                None => self.open(alert, target),
            };
            self.lines.push(line);
        }
    }

    fn open(&mut self, alert: Alert, target: Arc<Target>) -> Line {
        let (target, latest) = watch::channel(target);
        let (queue, waiting) = mpsc::channel(QUEUE);
        let courier = Courier {
            name: alert.name.clone(),
            target: latest,
            queue: waiting,
            bus: self.bus.clone(),
            pace: self.pace,
            closing: self.closing.clone(),
            lost: 0,
        };
        self.couriers.spawn(courier.run());
        Line {
            alert,
            sieve: Sieve::default(),
            target,
            queue,
            full: false,
        }
    }

    fn take(&mut self, concern: &Concern) {
        let now = clock::now();
        let mut lines = std::mem::take(&mut self.lines);
        for line in &mut lines {
            if let Some(told) = line.sieve.take(&line.alert, concern.clone(), now) {
                self.send(line, told);
            }
        }
        self.lines = lines;
    }

    fn flush(&mut self, which: impl Fn(&mut Sieve, crate::model::Mono) -> Vec<Told>) {
        let now = clock::now();
        let mut lines = std::mem::take(&mut self.lines);
        for line in &mut lines {
            for told in which(&mut line.sieve, now) {
                self.send(line, told);
            }
        }
        self.lines = lines;
    }

    fn send(&mut self, line: &mut Line, told: Told) {
        self.sent += 1;
        let s = self.bus.snapshot().load_full();
        let id = format!("{}-{}", self.began.0, self.sent);
        let router = Speaker {
            host: machine(),
            listen: s.listen.clone(),
            version: s.version.clone(),
        };
        let message = Message::new(told, id, router);
        let full = line.queue.try_send((message, clock::now())).is_err();
        if full && !line.full {
            let text = format!(
                "alert {}: {QUEUE} messages wait for it, what comes now is lost",
                line.alert.name
            );
            self.bus.emit(Kind::Notice {
                level: Level::Bad,
                text,
            });
        }
        line.full = full;
    }

    /// What waits gets a last try each, as long as that does not take long.
    async fn close(mut self) {
        self.flush(Sieve::rest);
        self.closing.cancel();
        self.lines.clear();
        let ended = async { while self.couriers.join_next().await.is_some() {} };
        if timeout(self.pace.goodbye, ended).await.is_err() {
            self.couriers.shutdown().await;
        }
    }
}

fn machine() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
