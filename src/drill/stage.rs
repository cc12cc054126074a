//! What a drill stands on: orders to the router, everything it says, and the promise that no fault outlives the drill.

use super::{Record, Sample, record::TierFacts, scenario::TierName};
use crate::{
    clock,
    config::Route,
    model::{
        Command, DeploymentId, Event, Kind, Mono, Snapshot,
        command::{FaultCommand, JudgeCommand},
        fault::{FaultKind, Only},
    },
    source::{Source, local::Local},
};
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinSet,
};

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);
/// A router that has not answered an order by then never will.
const ORDER: Duration = Duration::from_secs(5);
/// A fault expires so long after the drill should have cleared it.
const DEAD_MAN: Duration = Duration::from_secs(5);
/// More events than any drill makes; past it, the ones of a bad hour are not kept.
const EVENTS: usize = 200_000;

pub(super) struct Stage {
    source: Local,
    actor: String,
    heard: Arc<Mutex<Vec<Arc<Event>>>>,
    missed: Arc<AtomicU64>,
    /// Faults that are set.
    set: Mutex<BTreeSet<u32>>,
    /// Where one was ordered that has no number yet.
    ordered: Mutex<Option<DeploymentId>>,
    _listening: JoinSet<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A drill that panicked or was dropped: the faults expire anyway, but need not be waited for.
        self.order_clear(&self.set.lock().clone());
        if let Some(deployment) = self.ordered.lock().take() {
            // Orders are carried out in turn, so the fault is there by then.
            self.clear_by_name(&deployment);
        }
    }
}

impl Stage {
    pub(super) fn new(source: Local, actor: String, events: Receiver<Arc<Event>>) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let missed = Arc::<AtomicU64>::default();
        let mut listening = JoinSet::new();
        listening.spawn(listen(events, Arc::clone(&heard), Arc::clone(&missed)));
        Self {
            source,
            actor,
            heard,
            missed,
            set: Mutex::default(),
            ordered: Mutex::default(),
            _listening: listening,
        }
    }

    pub(super) fn latest(&self) -> Arc<Snapshot> {
        self.source.latest()
    }

    pub(super) fn events(&self) -> Vec<Arc<Event>> {
        self.heard.lock().clone()
    }

    /// How many events did not come by: what the checks count may be short of them.
    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Looks at all events without copying them.
    pub(super) fn look<T>(&self, at: impl FnOnce(&[Arc<Event>]) -> T) -> T {
        at(&self.heard.lock())
    }

    /// Sets a fault and waits for the event that says so.
    pub(super) async fn set(
        &self,
        deployment: &DeploymentId,
        kind: &FaultKind,
        (rate, only): (f64, Only),
        lasts: Duration,
    ) -> Result<u32, String> {
        let from = self.heard.lock().len();
        *self.ordered.lock() = Some(deployment.clone());
        let order = Command::Fault(FaultCommand::Add {
            deployment: deployment.clone(),
            kind: kind.clone(),
            rate,
            only,
            lasts: lasts + DEAD_MAN,
        });
        let text = order.to_string();
        self.source.send(order)?;
        let answer = self
            .wait(ORDER, || {
                self.look(|all| {
                    all.get(from..)?
                        .iter()
                        .find_map(|e| self.answer(e, deployment, &text))
                })
            })
            .await;
        let id =
            answer.unwrap_or_else(|| Err("the router did not carry it out in time".to_owned()))?;
        self.set.lock().insert(id);
        *self.ordered.lock() = None;
        Ok(id)
    }

    /// What became of an order; a probe of the same drill may be refused just then.
    fn answer(
        &self,
        event: &Event,
        deployment: &DeploymentId,
        order: &str,
    ) -> Option<Result<u32, String>> {
        match &event.kind {
            Kind::FaultAdded(f) if f.who == self.actor && f.deployment == *deployment => {
                Some(Ok(f.id))
            }
            Kind::Command {
                actor,
                command,
                refused: Some(why),
                ..
            } if *actor == self.actor && command == order => Some(Err(why.clone())),
            _ => None,
        }
    }

    /// Clears faults and waits until the snapshot is without them.
    pub(super) async fn clear(&self, ids: &BTreeSet<u32>) {
        self.order_clear(ids);
        let gone = |s: &Snapshot| !s.faults.iter().any(|f| ids.contains(&f.fault.id));
        // When this is not seen in time the expiry does it, and the last check says so.
        self.wait(ORDER, || gone(&self.latest()).then_some(()))
            .await;
        self.set.lock().retain(|id| !ids.contains(id));
    }

    pub(super) async fn clear_all(&self) {
        let ids = self.set.lock().clone();
        if !ids.is_empty() {
            self.clear(&ids).await;
        }
    }

    fn order_clear(&self, ids: &BTreeSet<u32>) {
        for id in ids {
            self.clear_by_name(&id.to_string());
        }
    }

    fn clear_by_name(&self, which: &str) {
        let which = which.to_owned();
        if let Err(why) = self
            .source
            .send(Command::Fault(FaultCommand::Clear { which }))
        {
            tracing::warn!(%why, "a drill's fault is left to its expiry");
        }
    }

    /// Asks for a probe, as a person does who knows that it is over.
    pub(super) fn probe(&self, deployment: &DeploymentId) {
        let deployment = deployment.clone();
        if let Err(why) = self.source.send(Command::Probe { deployment }) {
            tracing::debug!(%why, "no probe; the cooldown ends by itself");
        }
    }

    /// Takes a judge back that the drill had made strange.
    pub(super) fn take_back(&self, judge: &DeploymentId) {
        let judge = judge.clone();
        if let Err(why) = self
            .source
            .send(Command::Judge(JudgeCommand::Restore { judge }))
        {
            tracing::debug!(%why, "not taken back; it is looked at again by itself");
        }
    }

    /// Waits until there is something, or the time is over.
    pub(super) async fn wait<T>(
        &self,
        within: Duration,
        ready: impl Fn() -> Option<T>,
    ) -> Option<T> {
        let deadline: Mono = clock::now() + within;
        loop {
            if let Some(ready) = ready() {
                return Some(ready);
            }
            if clock::now() >= deadline {
                return None;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) fn record(
        &self,
        route: &Route,
        samples: Vec<Sample>,
        before: Arc<Snapshot>,
    ) -> Record {
        Record {
            events: self.events(),
            samples,
            tiers: tiers(route),
            steady: super::Window::default(),
            faults: super::Window::default(),
            set: Vec::new(),
            end: clock::wall(),
            before,
            after: self.latest(),
        }
    }
}

async fn listen(
    mut events: Receiver<Arc<Event>>,
    heard: Arc<Mutex<Vec<Arc<Event>>>>,
    missed: Arc<AtomicU64>,
) {
    loop {
        match events.recv().await {
            Ok(event) => {
                let mut heard = heard.lock();
                if heard.len() < EVENTS {
                    heard.push(event);
                } else {
                    missed.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(RecvError::Lagged(n)) => {
                missed.fetch_add(n, Ordering::Relaxed);
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn tiers(route: &Route) -> Vec<TierFacts> {
    let facts = |t: &crate::config::Tier| TierFacts {
        deployments: t.deployments.clone(),
        timeout: t.timeout,
    };
    route.tiers.iter().map(facts).collect()
}

/// The deployments that a scenario means on this route.
pub(super) fn resolve(
    route: &Route,
    judges: &[DeploymentId],
    tier: TierName,
) -> Result<Vec<DeploymentId>, String> {
    match tier {
        TierName::Judges => Ok(judges.to_vec()),
        TierName::All => {
            let all = route.tiers.iter().flat_map(|t| t.deployments.clone());
            let once: indexmap::IndexSet<_> = all.collect();
            Ok(once.into_iter().collect())
        }
        TierName::At(i) => route
            .tiers
            .get(i)
            .map(|t| t.deployments.clone())
            .ok_or_else(|| {
                let name = crate::model::topology::tier_name(i);
                format!("route {} has no {name} tier", route.id)
            }),
    }
}
