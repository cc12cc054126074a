//! What people are told of the judging: who is blind, which judge drifts, how closely a deployment is watched, and that the
//! budget is spent.

use super::{BLIND_AFTER, Desk};
use crate::{
    breaker::Watch,
    config::Config,
    model::{
        DeploymentId, Kind, Mono,
        event::{Level, Looks, Scores, Watch as Watched},
    },
    router::plant::{Plant, Unit},
};

const WHY_BLIND: &str = "every judge of another maker is open, failing, dismissed or disabled";

impl Desk {
    /// Which of the deployments that answer users nobody can judge.
    pub(super) fn tell_blindness(&mut self, plant: &Plant, now: Mono) {
        let mut unjudged = Vec::new();
        for unit in plant.units.values() {
            let judged = unit.view(now).watch.judge.is_some();
            if judged || unit.provider.missing_key.is_some() || !plant.answers(&unit.id) {
                self.blind.remove(&unit.id);
                continue;
            }
            let since = *self.blind.entry(unit.id.clone()).or_insert(now);
            if now.since(since) >= BLIND_AFTER {
                unjudged.push(unit.id.clone());
            }
        }
        if unjudged == self.unjudged {
            return;
        }
        self.unjudged.clone_from(&unjudged);
        let available = unjudged.is_empty();
        self.router.bus.emit(Kind::JudgeAvailable {
            available,
            why: if available { "" } else { WHY_BLIND }.to_owned(),
            deployments: unjudged,
        });
    }

    pub(super) fn tell_drift(&mut self, config: &Config, now: Mono) {
        for judge in &config.judge.judges {
            let deployments = self.jury.lock().drift(judge, now);
            let on = !deployments.is_empty();
            if on == self.drifting.contains(judge) {
                continue;
            }
            self.drifting.retain(|j| j != judge);
            if on {
                self.drifting.push(judge.clone());
            }
            self.router.bus.emit(Kind::JudgeDrift {
                judge: judge.clone(),
                on,
                deployments,
            });
        }
    }

    /// Answers are not judged for want of budget: said once a minute, while it is so.
    pub(super) fn tell_budget(&mut self, now: Mono) {
        let minute = now.0 / 60_000_000;
        if self.budget_told.replace(minute) == Some(minute) {
            return;
        }
        let judge = &self.router.config().judge;
        let day = judge
            .max_per_day
            .map_or_else(|| "unlimited".to_owned(), |n| n.to_string());
        self.router.bus.emit(Kind::Notice {
            level: Level::Warn,
            text: format!(
                "the budget for judges is spent (judge.max_per_minute = {}, judge.max_per_day = {day}, {} calls today): \
                 answers go unjudged",
                judge.max_per_minute,
                self.jury.lock().spent_today()
            ),
        });
    }

    /// How closely it is watched and why, when that has changed enough to be seen.
    pub(super) fn tell_watch(&mut self, unit: &Unit, now: Mono) {
        let view = unit.view(now);
        let looks = self.looks(&unit.id, &view.watch);
        let Watch {
            judge,
            share,
            alarm,
            gathered,
            ..
        } = view.watch;
        let usual = judge.and_then(|j| self.jury.lock().usual_score(&j, &unit.id));
        let watch = Watched {
            suspicion: (view.suspicion * 20.0).round() / 20.0,
            share: hundredths(share),
            alarm,
            blind: self.unjudged.contains(&unit.id),
            usual: usual.map(hundredths),
            scores: gathered.map(|(mean, bad)| Scores {
                mean: hundredths(mean),
                bad,
            }),
            looks,
        };
        if self.told.get(&unit.id) != Some(&watch) {
            self.told.insert(unit.id.clone(), watch);
            self.router.bus.emit(Kind::Watch {
                deployment: unit.id.clone(),
                watch,
            });
        }
    }

    /// What most answers that look wrong have, where that makes suspicious.
    fn looks(&mut self, id: &DeploymentId, watch: &Watch) -> Option<Looks> {
        if watch.looks.n == 0 {
            self.wrong.remove(id);
        }
        let most = self.wrong.get(id)?.iter().max_by_key(|(_, n)| *n);
        let (finding, _) = most.filter(|_| watch.looks_wrong)?;
        Some(Looks {
            finding: *finding,
            bad: watch.looks,
        })
    }
}

fn hundredths(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}
