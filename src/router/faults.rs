//! Failures injected on the live path: which are active, and which one hits an attempt.

use crate::model::{
    DeploymentId, Kind, Wall,
    fault::{Fault, FaultKind, Only},
};
use arc_swap::ArcSwap;
use http::HeaderMap;
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

/// A drill's own requests carry its tag here.
pub const DRILL: &str = "x-breakerbox-drill";

/// Who makes an attempt, as far as a fault's radius goes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asker<'a> {
    judging: bool,
    tag: Option<&'a str>,
}

impl<'a> Asker<'a> {
    pub(super) const JUDGING: Self = Self {
        judging: true,
        tag: None,
    };

    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        Self {
            judging: false,
            tag: headers.get(DRILL).and_then(|v| v.to_str().ok()),
        }
    }
}

#[derive(Debug)]
struct Active {
    fault: Fault,
    hits: AtomicU64,
    room: Mutex<Room>,
}

impl Active {
    fn hits(&self, deployment: &DeploymentId, asker: Asker<'_>, now: Wall) -> bool {
        let fault = &self.fault;
        fault.deployment == *deployment
            && fault.until > now
            && fault.only.covers(asker.judging, asker.tag)
            && (asker.judging || !matches!(fault.kind, FaultKind::Harsh { .. }))
            && fastrand::f64() < fault.rate
            && match fault.kind {
                FaultKind::Capacity { per_s } => !self.room.lock().take(per_s, now),
                _ => true,
            }
    }
}

/// What is left of a capacity: as much as a second's worth, filled as time goes.
#[derive(Debug, Default)]
struct Room {
    left: f64,
    at: Option<Wall>,
}

impl Room {
    /// Whether there was room for one more.
    fn take(&mut self, per_s: u32, now: Wall) -> bool {
        let full = f64::from(per_s);
        let gained = self
            .at
            .map_or(full, |at| now.since(at).as_secs_f64() * full);
        self.at = Some(now);
        self.left = (self.left + gained).min(full);
        let has = self.left >= 1.0;
        if has {
            self.left -= 1.0;
        }
        has
    }
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
    pub(super) fn hit(
        &self,
        deployment: &DeploymentId,
        asker: Asker<'_>,
        now: Wall,
    ) -> Option<Hit> {
        let active = self.active.load();
        if active.is_empty() {
            return None;
        }
        let hit = active.iter().find(|a| a.hits(deployment, asker, now))?;
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
        (rate, only): (f64, Only),
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
            only,
            who: who.to_owned(),
            until,
        };
        let mut all = Vec::clone(&self.active.load());
        all.push(Arc::new(Active {
            fault: fault.clone(),
            hits: AtomicU64::new(0),
            room: Mutex::default(),
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

    const ALL: (f64, Only) = (1.0, Only::Everybody);
    const ANYBODY: Asker<'_> = Asker {
        judging: false,
        tag: None,
    };

    #[test]
    fn a_fault_hits_its_own_deployment_at_its_rate_until_it_expires() {
        let faults = Faults::default();
        let (a, b) = (DeploymentId::from("p/a"), DeploymentId::from("p/b"));
        faults.add(
            a.clone(),
            FaultKind::Hang,
            (0.3, Only::Everybody),
            "test",
            Wall(1000),
        );
        let hits = (0..10_000)
            .filter(|_| faults.hit(&a, ANYBODY, Wall(0)).is_some())
            .count();
        assert!((2_700..3_300).contains(&hits), "{hits}");
        assert_eq!(faults.hit(&b, ANYBODY, Wall(0)), None);
        assert_eq!(faults.hit(&a, ANYBODY, Wall(1000)), None);
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
        let one = faults.add(a.clone(), FaultKind::Hang, ALL, "x", Wall(10));
        let two = faults.add(a.clone(), FaultKind::Reset, ALL, "x", Wall(10));
        assert_eq!(faults.clear("y", |f| f.id == one.id).len(), 1);
        assert_eq!(faults.hit(&a, ANYBODY, Wall(0)).map(|h| h.id), Some(two.id));
        assert!(faults.clear("y", |f| f.id == 77).is_empty());
    }

    #[test]
    fn past_its_capacity_a_provider_is_overloaded_and_recovers_as_time_goes() {
        let faults = Faults::default();
        let a = DeploymentId::from("p/a");
        let kind = FaultKind::Capacity { per_s: 5 };
        faults.add(a.clone(), kind, ALL, "x", Wall(100_000));
        let over = |at| faults.hit(&a, ANYBODY, Wall(at)).is_some();
        assert_eq!((0..20).filter(|_| over(1_000)).count(), 15);
        assert!(!over(1_200) && over(1_200));
        assert_eq!((0..100).filter(|i| over(10_000 + i * 100)).count(), 46);
    }

    #[test]
    fn a_drills_fault_hits_its_own_requests_and_a_judges_only_its_judging() {
        let faults = Faults::default();
        let (a, b) = (DeploymentId::from("p/a"), DeploymentId::from("p/b"));
        let drill = (1.0, Only::Drill("t1".to_owned()));
        faults.add(a.clone(), FaultKind::Hang, drill, "x", Wall(10));
        let mut headers = HeaderMap::new();
        assert_eq!(faults.hit(&a, Asker::of(&headers), Wall(0)), None);
        headers.insert(DRILL, http::HeaderValue::from_static("t2"));
        assert_eq!(faults.hit(&a, Asker::of(&headers), Wall(0)), None);
        headers.insert(DRILL, http::HeaderValue::from_static("t1"));
        assert!(faults.hit(&a, Asker::of(&headers), Wall(0)).is_some());
        faults.add(
            b.clone(),
            FaultKind::Harsh { hundredths: 30 },
            ALL,
            "x",
            Wall(10),
        );
        assert_eq!(faults.hit(&b, Asker::of(&headers), Wall(0)), None);
        assert!(faults.hit(&b, Asker::JUDGING, Wall(0)).is_some());
    }
}
