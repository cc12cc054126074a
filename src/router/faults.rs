//! Failures injected on the live path: which are active, and which one hits an attempt.

use crate::model::{
    DeploymentId, Kind, Wall,
    fault::{Fault, FaultKind},
};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The longest a fault may be set for: nobody remembers one from yesterday.
pub(super) const LONGEST: Duration = Duration::from_hours(24);

#[derive(Debug)]
struct Active {
    fault: Fault,
    hits: AtomicU64,
}

/// All active faults. Reading is lock-free: the common case is none.
#[derive(Debug, Default)]
pub(super) struct Faults {
    active: ArcSwap<Vec<Arc<Active>>>,
    next_id: Mutex<u32>,
}

/// A fault that hits one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) id: u32,
    pub(super) kind: FaultKind,
}

impl Faults {
    /// The fault that hits this attempt, if one does.
    pub(super) fn hit(&self, deployment: &DeploymentId, now: Wall) -> Option<Hit> {
        let active = self.active.load();
        if active.is_empty() {
            return None;
        }
        let hit = active.iter().find(|a| {
            a.fault.deployment == *deployment
                && a.fault.until > now
                && fastrand::f64() < a.fault.rate
        })?;
        hit.hits.fetch_add(1, Ordering::Relaxed);
        Some(Hit {
            id: hit.fault.id,
            kind: hit.fault.kind.clone(),
        })
    }

    /// Whether what fails there may be our own doing.
    pub(super) fn are_on(&self, deployment: &DeploymentId) -> bool {
        let active = self.active.load();
        active.iter().any(|a| a.fault.deployment == *deployment)
    }

    pub(super) fn add(
        &self,
        deployment: DeploymentId,
        kind: FaultKind,
        rate: f64,
        who: &str,
        until: Wall,
    ) -> Fault {
        let mut id = self.next_id.lock();
        *id += 1;
        let fault = Fault {
            id: *id,
            deployment,
            kind,
            rate,
            who: who.to_owned(),
            until,
        };
        let mut all = Vec::clone(&self.active.load());
        all.push(Arc::new(Active {
            fault: fault.clone(),
            hits: AtomicU64::new(0),
        }));
        self.active.store(Arc::new(all));
        fault
    }

    /// Takes off every fault that `which` names and says so.
    pub(super) fn clear(&self, who: &str, which: impl Fn(&Fault) -> bool) -> Vec<Kind> {
        let _one_writer = self.next_id.lock();
        let (gone, kept): (Vec<_>, Vec<_>) = self
            .active
            .load()
            .iter()
            .cloned()
            .partition(|a| which(&a.fault));
        if !gone.is_empty() {
            self.active.store(Arc::new(kept));
        }
        gone.iter()
            .map(|a| Kind::FaultCleared {
                id: a.fault.id,
                deployment: a.fault.deployment.clone(),
                who: who.to_owned(),
                hits: a.hits.load(Ordering::Relaxed),
            })
            .collect()
    }

    /// Takes off what has run out.
    pub(super) fn expire(&self, now: Wall) -> Vec<Kind> {
        if self.active.load().iter().all(|a| a.fault.until > now) {
            return Vec::new();
        }
        self.clear("expiry", |f| f.until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_own_deployment_at_its_rate_until_it_expires() {
        let faults = Faults::default();
        let (a, b) = (DeploymentId::from("p/a"), DeploymentId::from("p/b"));
        faults.add(a.clone(), FaultKind::Hang, 0.3, "test", Wall(1000));
        let hits = (0..10_000)
            .filter(|_| faults.hit(&a, Wall(0)).is_some())
            .count();
        assert!((2_700..3_300).contains(&hits), "{hits}");
        assert_eq!(faults.hit(&b, Wall(0)), None);
        assert_eq!(faults.hit(&a, Wall(1000)), None);
        assert!(faults.expire(Wall(999)).is_empty());
        let gone = faults.expire(Wall(1000));
        assert!(
            matches!(gone.as_slice(), [Kind::FaultCleared { hits: h, .. }] if *h == hits as u64),
            "{gone:?}"
        );
    }

    #[test]
    fn clearing_one_leaves_the_others() {
        let faults = Faults::default();
        let a = DeploymentId::from("p/a");
        let one = faults.add(a.clone(), FaultKind::Hang, 1.0, "x", Wall(10));
        let two = faults.add(a.clone(), FaultKind::Reset, 1.0, "x", Wall(10));
        assert_eq!(faults.clear("y", |f| f.id == one.id).len(), 1);
        assert_eq!(faults.hit(&a, Wall(0)).map(|h| h.id), Some(two.id));
        assert!(faults.clear("y", |f| f.id == 77).is_empty());
    }
}
