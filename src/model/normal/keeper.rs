//! Finds out what is normal, from one snapshot a minute. Pure: whoever has a clock and a disk asks it.
//!
//! A minute counts for a deployment when it, and all that share a route with it, were CLOSED and nobody's hand was on
//! anything: no force, no fault, no drill, no rung 3. The quarter of an hour before one that does not count may have had
//! the same cause and is left out too; and what is measured over longer than a minute is taken up again when its window
//! holds good minutes only. So an incident does not become normal.

use super::{
    Bands, Measure, Normal, Origin, hour_of_week,
    hours::{Hours, Numbers},
    sketch::Sketch,
};
use crate::model::{
    DeploymentId, Snapshot, Wall,
    shape::ShapeKind,
    snapshot::{DeploymentView, Shown},
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, VecDeque};

const VERSION: u32 = 1;
const MINUTE_S: u64 = 60;
/// Minutes that are looked at before they count, and that are pinned.
const RECENT: u64 = 15;

/// What is on disk: numbers and names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned: Option<Pinned>,
    deployments: Vec<Learned>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            version: VERSION,
            pinned: None,
            deployments: Vec::new(),
        }
    }
}

impl Kept {
    /// The error is a clause for people.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let broken = |e: serde_json::Error| format!("it does not say what is normal ({e})");
        let Head { version } = serde_json::from_slice(bytes).map_err(broken)?;
        if version != VERSION {
            return Err(format!(
                "it is of version {version}, this breakerbox reads {VERSION}"
            ));
        }
        let mut kept: Self = serde_json::from_slice(bytes).map_err(broken)?;
        kept.deployments.retain(|d| d.hours.is_sound());
        Ok(kept)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Learned {
    deployment: DeploymentId,
    hours: Hours,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pinned {
    at: Wall,
    who: String,
    bands: Vec<(DeploymentId, Bands)>,
}

/// One minute of all deployments.
#[derive(Debug, Clone)]
struct Minute {
    at: Wall,
    of: Vec<Sample>,
}

#[derive(Debug, Clone)]
struct Sample {
    deployment: DeploymentId,
    /// It counts.
    good: bool,
    numbers: Numbers,
    /// Those of them whose window holds good minutes only.
    clean: [bool; 4],
}

#[derive(Debug, Clone, Default)]
pub struct Keeper {
    kept: Kept,
    recent: VecDeque<Minute>,
    /// The last minute that did not count.
    unquiet: HashMap<DeploymentId, u64>,
    /// For which hour and which deployments it was last told what is normal, and what that was.
    told: Option<(u64, Vec<DeploymentId>)>,
    known: Vec<Normal>,
    changed: bool,
}

/// Minutes after which a measure holds nothing of what was before.
const fn window(measure: Measure) -> u64 {
    match measure {
        Measure::Errors | Measure::P95 => 5,
        Measure::Judge => 60,
        Measure::Rate => 1,
    }
}

fn numbers(d: &DeploymentView, s: &Snapshot) -> Numbers {
    Measure::ALL.map(|measure| measure.of(d, s).map(|(value, _)| value))
}

/// Nobody's hand is on anything, and nothing is wrong with it or with what it shares traffic with.
fn is_quiet(d: &DeploymentView, s: &Snapshot) -> bool {
    let hands = !s.faults.is_empty()
        || s.drilling().is_some()
        || s.routes.iter().any(|r| r.rung3.is_some());
    let network = s
        .shape
        .as_ref()
        .is_some_and(|s| s.kind == ShapeKind::OwnNetwork);
    let closed = |d: &DeploymentView| matches!(d.shown(), Shown::Closed | Shown::Disabled);
    let routes = s.routes.iter().filter(|r| r.tiers.contains(&d.id));
    let mut peers = routes.flat_map(|r| &r.tiers);
    !hands && !network && closed(d) && peers.all(|id| s.deployment(id).is_none_or(closed))
}

/// A judge that is not believed, or that changed, scores nothing normal.
fn is_judged_well(s: &Snapshot) -> bool {
    s.judge.dismissed.is_empty() && s.judge.drifting.is_empty()
}

impl Keeper {
    pub fn new(kept: Kept) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// Takes a minute, the same one only once. Gives what is normal now when that has become another.
    pub fn minute(&mut self, s: &Snapshot) -> Option<Vec<Normal>> {
        let minute = s.at.secs() / MINUTE_S;
        let last = self.recent.back().map(|m| m.at.secs() / MINUTE_S);
        if last.is_none_or(|last| last < minute) {
            self.take(s, minute);
            self.learn(minute);
        }
        let hour = s.at.secs() / 3600;
        let ids: Vec<_> = s.deployments.iter().map(|d| d.id.clone()).collect();
        let told = self.told.as_ref();
        if told.is_some_and(|(h, known)| *h == hour && *known == ids) {
            return None;
        }
        self.tell(s)
    }

    fn take(&mut self, s: &Snapshot, minute: u64) {
        let mut of = Vec::new();
        for d in &s.deployments {
            let quiet = is_quiet(d, s);
            if !quiet {
                self.unquiet.insert(d.id.clone(), minute);
                let earlier = self.recent.iter_mut().flat_map(|m| &mut m.of);
                for sample in earlier.filter(|sample| sample.deployment == d.id) {
                    sample.good = false;
                }
            }
            let since = self.unquiet.get(&d.id).map(|last| minute - last);
            let clean = Measure::ALL.map(|measure| {
                let over = since.is_none_or(|minutes| minutes >= window(measure));
                over && (measure != Measure::Judge || is_judged_well(s))
            });
            of.push(Sample {
                deployment: d.id.clone(),
                good: quiet,
                numbers: numbers(d, s),
                clean,
            });
        }
        self.unquiet
            .retain(|_, last| *last + window(Measure::Judge) >= minute);
        self.recent.push_back(Minute { at: s.at, of });
    }

    /// Minutes that were looked at for long enough are learned from.
    fn learn(&mut self, minute: u64) {
        let old = |m: &Minute| m.at.secs() / MINUTE_S + RECENT <= minute;
        while self.recent.front().is_some_and(old) {
            let Some(Minute { at, of }) = self.recent.pop_front() else {
                return;
            };
            for sample in of.into_iter().filter(|sample| sample.good) {
                let mut numbers = sample.numbers;
                for (number, clean) in numbers.iter_mut().zip(sample.clean) {
                    *number = number.filter(|_| clean);
                }
                self.hours(sample.deployment).push(at, &numbers);
                self.changed = true;
            }
            let (_, week) = hour_of_week(at);
            for known in &mut self.kept.deployments {
                known.hours.forget(week);
            }
            self.kept.deployments.retain(|d| !d.hours.is_empty());
        }
    }

    fn hours(&mut self, deployment: DeploymentId) -> &mut Hours {
        let all = &mut self.kept.deployments;
        let at = all.iter().position(|d| d.deployment == deployment);
        let at = at.unwrap_or_else(|| {
            all.push(Learned {
                deployment,
                hours: Hours::default(),
            });
            all.len() - 1
        });
        &mut all[at].hours
    }

    /// The last minutes, up to a quarter of an hour, and this moment are normal, whatever was in them.
    pub fn pin(&mut self, who: &str, s: &Snapshot) -> Result<Option<Vec<Normal>>, String> {
        let bands: Vec<_> = s
            .deployments
            .iter()
            .filter_map(|d| Some((d.id.clone(), self.present(d, s)?)))
            .collect();
        if bands.is_empty() {
            return Err("nothing was measured yet that could be called normal".to_owned());
        }
        self.kept.pinned = Some(Pinned {
            at: s.at,
            who: who.to_owned(),
            bands,
        });
        self.changed = true;
        Ok(self.tell(s))
    }

    /// From now on what was learned holds again.
    pub fn unpin(&mut self, s: &Snapshot) -> Result<Option<Vec<Normal>>, String> {
        if self.kept.pinned.take().is_none() {
            return Err("nothing is pinned as normal".to_owned());
        }
        self.changed = true;
        Ok(self.tell(s))
    }

    fn present(&self, d: &DeploymentView, s: &Snapshot) -> Option<Bands> {
        let samples = self.recent.iter().flat_map(|m| &m.of);
        let own = samples.filter(|sample| sample.deployment == d.id);
        let mut all: Vec<_> = own.map(|sample| sample.numbers).collect();
        all.push(numbers(d, s));
        Bands::each(|measure| {
            let mut sketch = Sketch::default();
            for value in all.iter().filter_map(|numbers| numbers[measure as usize]) {
                sketch.push(measure, value);
            }
            sketch.band(measure, 1)
        })
    }

    /// What is normal in this hour, when it is not what was last told.
    fn tell(&mut self, s: &Snapshot) -> Option<Vec<Normal>> {
        let ids = s.deployments.iter().map(|d| d.id.clone()).collect();
        self.told = Some((s.at.secs() / 3600, ids));
        let now = self.at(s);
        let before = std::mem::replace(&mut self.known, now);
        (self.known != before).then(|| self.known.clone())
    }

    /// What is normal at the time of a snapshot, as far as it is known.
    pub(super) fn at(&self, s: &Snapshot) -> Vec<Normal> {
        let all = s.deployments.iter();
        all.filter_map(|d| self.normal(&d.id, s.at)).collect()
    }

    fn normal(&self, id: &DeploymentId, at: Wall) -> Option<Normal> {
        let pinned = self.kept.pinned.as_ref().and_then(|pin| {
            let (_, bands) = pin.bands.iter().find(|(of, _)| of == id)?;
            let origin = Origin::Pinned {
                at: pin.at,
                who: pin.who.clone(),
            };
            Some((origin, *bands))
        });
        let learned = || {
            let known = self.kept.deployments.iter().find(|d| d.deployment == *id);
            known.and_then(|d| d.hours.at(at))
        };
        let (origin, bands) = pinned.or_else(learned)?;
        Some(Normal {
            deployment: id.clone(),
            origin,
            bands,
        })
    }

    /// What has to be written, when it differs from what was last taken.
    pub fn news(&mut self) -> Option<Kept> {
        std::mem::take(&mut self.changed).then(|| self.kept.clone())
    }

    /// What was taken could not be written.
    pub fn not_written(&mut self) {
        self.changed = true;
    }
}
