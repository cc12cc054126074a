//! What is usual, kept over restarts: how each judge scores each deployment's answers while all is well, and how each
//! judge scores known answers. Numbers and names only, no texts.
//!
//! Scores by other words, or by another pass mark, are other scores: both stand in the name that they are kept under.
//! A file that cannot be read as one of these is put aside, never written over.

use super::rubric;
use crate::{
    breaker::Baseline,
    clock,
    config::{Config, Route, Rubric},
    file,
    jury::Jury,
    model::{DeploymentId, Wall},
    router::plant::{Plant, Unit},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

const VERSION: u32 = 1;
/// What was not seen for so long is not usual any more.
const FORGOTTEN: Duration = Duration::from_hours(14 * 24);
/// Three thousand entries are 0.9 MB (measured by the test below); a file that is this large is none of ours.
const MOST_BYTES: u64 = 16 << 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    version: u32,
    deployments: Vec<Watched>,
    judges: Vec<Known>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            version: VERSION,
            deployments: Vec::new(),
            judges: Vec::new(),
        }
    }
}

/// One judge, one deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Watched {
    deployment: DeploymentId,
    judge: DeploymentId,
    #[serde(flatten)]
    by: Measure,
    seen: Wall,
    usual: Baseline,
}

/// One judge's mean over known good answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    judge: DeploymentId,
    rubric: String,
    seen: Wall,
    usual: f64,
}

/// What a deployment's scores are scores of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Measure {
    rubric: String,
    pass: f64,
}

impl Measure {
    /// The names of the rubrics of all routes that may lead to it.
    fn of(deployment: &DeploymentId, config: &Config) -> Self {
        let leads = |route: &&Route| {
            let tiers = [
                &route.tiers,
                &route.context_fallbacks,
                &route.policy_fallbacks,
            ];
            let mut all = tiers.into_iter().flatten().flat_map(|t| &t.deployments);
            all.any(|id| id == deployment)
        };
        let routes = config.routes.values().filter(leads);
        let mut names: BTreeSet<_> = routes.map(|route| rubric::name(&route.rubric)).collect();
        if names.is_empty() {
            names.insert(rubric::name(&Rubric::default()));
        }
        Self {
            rubric: Vec::from_iter(names).join("+"),
            pass: config.breaker.judge_threshold,
        }
    }
}

/// What is on disk, or will be.
#[derive(Debug)]
pub(super) struct Memory {
    /// None: nothing is kept.
    path: Option<PathBuf>,
    kept: Kept,
    /// It differs from the file.
    changed: bool,
    /// The last try to write failed, and that was said.
    failing: bool,
}

impl Memory {
    /// Reads what was kept. The sentence is for people.
    pub(super) fn open(path: Option<&Path>, now: Wall) -> (Self, Option<String>) {
        let mut memory = Self {
            path: path.map(Path::to_owned),
            kept: Kept::default(),
            changed: false,
            failing: false,
        };
        let complaint = path.and_then(|path| memory.read(path, now).err());
        (memory, complaint)
    }

    fn read(&mut self, path: &Path, now: Wall) -> Result<(), String> {
        let bytes = match file::read(path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => {
                self.path = None;
                return Err(format!(
                    "judge.baselines: {}: {e}; what is usual is learned anew, and kept only when this is solved and \
                     breakerbox restarted",
                    path.display()
                ));
            }
        };
        match parsed(&bytes) {
            Ok(mut kept) => {
                kept.deployments
                    .retain(|e| now.since(e.seen) < FORGOTTEN && e.usual.is_sound());
                kept.judges
                    .retain(|e| now.since(e.seen) < FORGOTTEN && (0.0..=1.0).contains(&e.usual));
                self.kept = kept;
                Ok(())
            }
            Err(why) => Err(self.put_aside(path, &why)),
        }
    }

    fn put_aside(&mut self, path: &Path, why: &str) -> String {
        let done = match file::put_aside(path) {
            Ok(aside) => format!("it is put aside as {}", aside.display()),
            Err(e) => {
                self.path = None;
                format!("it stays where it is ({e}), and nothing is kept")
            }
        };
        format!(
            "judge.baselines: {}: {why}; {done}; what is usual is learned anew",
            path.display()
        )
    }

    /// Gives breakers and judges back what was usual. What they know already stays, but for what was `before` measured
    /// in another way.
    pub(super) fn recall(&self, plant: &Plant, before: Option<&Plant>, jury: &mut Jury) {
        for unit in plant.units.values() {
            let measure = Measure::of(&unit.id, &plant.config);
            let old = before.filter(|old| old.units.contains_key(&unit.id));
            let same = old.is_none_or(|old| Measure::of(&unit.id, &old.config) == measure);
            self.recall_one(unit, &plant.config, &measure, same);
        }
        let words = rubric::name(&Rubric::default());
        for known in self.kept.judges.iter().filter(|k| k.rubric == words) {
            jury.recall(&known.judge, known.usual, clock::now());
        }
    }

    fn recall_one(&self, unit: &Unit, config: &Config, measure: &Measure, same: bool) {
        for judge in &config.judge.judges {
            let mut all = self.kept.deployments.iter();
            let is =
                |e: &&Watched| e.deployment == unit.id && e.judge == *judge && e.by == *measure;
            let usual = all.find(is).map(|e| e.usual.clone());
            unit.breaker(|b, _| {
                let known = b.baselines().any(|(by, _)| by == judge);
                match usual {
                    _ if known && same => {}
                    Some(usual) => b.recall(judge.clone(), usual),
                    None if known => b.recall(judge.clone(), Baseline::default()),
                    None => {}
                }
                ((), Vec::new())
            });
        }
    }

    /// Takes over what breakers and judges know by now.
    pub(super) fn gather(&mut self, plant: &Plant, jury: &Jury, now: Wall) {
        for unit in plant.units.values() {
            let learned = unit.breaker(|b, _| {
                let all = b.baselines().map(|(j, u)| (j.clone(), u.clone()));
                (all.collect::<Vec<_>>(), Vec::new())
            });
            let by = Measure::of(&unit.id, &plant.config);
            for (judge, usual) in learned {
                if usual != Baseline::default() {
                    self.learn(Watched {
                        deployment: unit.id.clone(),
                        judge,
                        by: by.clone(),
                        seen: now,
                        usual,
                    });
                }
            }
        }
        for (judge, usual) in jury.usual() {
            self.learn_known(Known {
                judge: judge.clone(),
                rubric: rubric::name(&Rubric::default()),
                seen: now,
                usual,
            });
        }
    }

    fn learn(&mut self, new: Watched) {
        let is = |e: &&mut Watched| {
            e.deployment == new.deployment && e.judge == new.judge && e.by == new.by
        };
        match self.kept.deployments.iter_mut().find(is) {
            Some(old) if old.usual == new.usual => return,
            Some(old) => *old = new,
            None => self.kept.deployments.push(new),
        }
        self.changed = true;
    }

    fn learn_known(&mut self, new: Known) {
        let is = |e: &&mut Known| e.judge == new.judge && e.rubric == new.rubric;
        match self.kept.judges.iter_mut().find(is) {
            Some(old) if (old.usual - new.usual).abs() < 1e-9 => return,
            Some(old) => *old = new,
            None => self.kept.judges.push(new),
        }
        self.changed = true;
    }

    /// Writes what has changed. The sentence is for people, once until it works again.
    pub(super) fn write(&mut self) -> Option<String> {
        let path = self.path.as_deref().filter(|_| self.changed)?;
        let written = serde_json::to_vec(&self.kept).map_err(io::Error::from);
        match written.and_then(|bytes| file::replace(path, &bytes)) {
            Ok(()) => {
                (self.changed, self.failing) = (false, false);
                None
            }
            Err(e) => (!std::mem::replace(&mut self.failing, true)).then(|| {
                format!(
                    "judge.baselines: {} is not written: {e}; a restart would forget what was learned since; it is \
                     tried again",
                    path.display()
                )
            }),
        }
    }
}

fn parsed(bytes: &[u8]) -> Result<Kept, String> {
    #[derive(Deserialize)]
    struct Head {
        version: u32,
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err("it is too large to be a file of baselines".to_owned());
    }
    let broken = |e: serde_json::Error| format!("it is not a file of baselines ({e})");
    let Head { version } = serde_json::from_slice(bytes).map_err(broken)?;
    if version != VERSION {
        return Err(format!(
            "it is of version {version}, this breakerbox reads {VERSION}"
        ));
    }
    serde_json::from_slice(bytes).map_err(broken)
}

#[cfg(test)]
mod tests;
