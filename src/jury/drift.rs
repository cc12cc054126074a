//! Did every deployment become worse at once? Then it is the judge that changed, or what is asked, and not they.

use crate::model::{DeploymentId, Mono, series::Mean};
use std::{collections::VecDeque, time::Duration};

/// What is compared with the usual: so many scores, none of them older than this, and at least so many.
const RECENT: usize = 16;
const RECENT_FOR: Duration = Duration::from_mins(10);
const MIN_N: u32 = 8;
/// A mean that is lower by this has fallen. With sixteen healthy scores (0.87 ± 0.14) it does so by chance in 0.2 %, with
/// eight in 2 %.
const FALLEN: f64 = 0.10;
/// What is usual is a mean over about so many scores.
const MEMORY: f64 = 500.0;

#[derive(Debug)]
struct Pair {
    judge: DeploymentId,
    deployment: DeploymentId,
    recent: VecDeque<(Mono, f64)>,
    usual: f64,
    n: f64,
}

impl Pair {
    fn scored(&mut self, score: f64, now: Mono) {
        self.recent.push_back((now, score));
        if self.recent.len() <= RECENT {
            return;
        }
        let Some((_, old)) = self.recent.pop_front() else {
            return;
        };
        if self.has_fallen(now) != Some(true) {
            self.n = (self.n + 1.0).min(MEMORY);
            self.usual += (old - self.usual) / self.n;
        }
    }

    /// None: too few scores to say.
    fn has_fallen(&self, now: Mono) -> Option<bool> {
        let recent = self.recent.iter().rev();
        let recent = recent.take_while(|(at, _)| now.since(*at) <= RECENT_FOR);
        let mut all = Mean::default();
        for &(_, score) in recent {
            all.push(score);
        }
        let known = all.n >= MIN_N && self.n >= f64::from(MIN_N);
        let mean = all.value().filter(|_| known)?;
        Some(mean < self.usual - FALLEN)
    }
}

/// How every judge's scores of every deployment went.
#[derive(Debug, Default)]
pub(super) struct Drift {
    pairs: Vec<Pair>,
}

impl Drift {
    pub(super) fn scored(
        &mut self,
        judge: &DeploymentId,
        deployment: &DeploymentId,
        score: f64,
        now: Mono,
    ) {
        let place = self
            .pairs
            .iter()
            .position(|p| p.judge == *judge && p.deployment == *deployment);
        let place = place.unwrap_or_else(|| {
            self.pairs.push(Pair {
                judge: judge.clone(),
                deployment: deployment.clone(),
                recent: VecDeque::with_capacity(RECENT + 1),
                usual: 0.0,
                n: 0.0,
            });
            self.pairs.len() - 1
        });
        let Some(pair) = self.pairs.get_mut(place) else {
            return;
        };
        pair.scored(score, now);
    }

    /// The mean that is usual for this deployment under this judge; none: too few scores to say.
    pub(super) fn usual(&self, judge: &DeploymentId, deployment: &DeploymentId) -> Option<f64> {
        let of = |p: &&Pair| p.judge == *judge && p.deployment == *deployment;
        let pair = self.pairs.iter().find(of)?;
        (pair.n >= f64::from(MIN_N)).then_some(pair.usual)
    }

    /// What was usual for these pairs is no longer.
    pub(super) fn forget(&mut self, which: impl Fn(&DeploymentId, &DeploymentId) -> bool) {
        self.pairs.retain(|p| !which(&p.judge, &p.deployment));
    }

    /// The deployments that became worse together under this judge: all that it has judged lately, and two at least.
    pub(super) fn fallen(&self, judge: &DeploymentId, now: Mono) -> Vec<DeploymentId> {
        let mut fallen = Vec::new();
        for pair in self.pairs.iter().filter(|p| p.judge == *judge) {
            match pair.has_fallen(now) {
                Some(true) => fallen.push(pair.deployment.clone()),
                Some(false) => return Vec::new(),
                None => {}
            }
        }
        if fallen.len() < 2 {
            fallen.clear();
        }
        fallen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> DeploymentId {
        DeploymentId::from(name)
    }

    fn run(scores: &[(&str, f64)]) -> usize {
        let mut drift = Drift::default();
        let judge = id("j/one");
        let mut at = 0;
        for _ in 0..100 {
            at += 10;
            for &(name, _) in scores {
                drift.scored(&judge, &id(name), 0.9, Mono::from_secs(at));
            }
        }
        for _ in 0..60 {
            at += 10;
            for &(name, score) in scores {
                drift.scored(&judge, &id(name), score, Mono::from_secs(at));
            }
        }
        drift.fallen(&judge, Mono::from_secs(at)).len()
    }

    #[test]
    fn all_that_fall_together_are_drift() {
        assert_eq!(run(&[("a/x", 0.5), ("b/y", 0.6)]), 2);
    }

    #[test]
    fn one_that_stays_good_speaks_for_the_judge() {
        assert_eq!(run(&[("a/x", 0.5), ("b/y", 0.9)]), 0);
    }

    #[test]
    fn one_alone_shows_nothing() {
        assert_eq!(run(&[("a/x", 0.5)]), 0);
    }

    #[test]
    fn what_is_usual_is_known_after_a_while_and_is_not_what_has_fallen() {
        let (mut drift, judge, of) = (Drift::default(), id("j/one"), id("a/x"));
        let mut after = |n: u64, score: f64| {
            for at in 0..n {
                drift.scored(&judge, &of, score, Mono::from_secs(at));
            }
            drift.usual(&judge, &of)
        };
        assert_eq!(after(20, 0.9), None);
        assert_eq!(after(20, 0.9), Some(0.9));
        let usual = after(100, 0.3).unwrap();
        assert!(usual > 0.85, "{usual}");
        assert_eq!(drift.usual(&judge, &id("b/y")), None);
    }

    #[test]
    fn scores_that_are_long_past_say_nothing() {
        let (mut drift, judge) = (Drift::default(), id("j/one"));
        for at in 0..100 {
            for name in ["a/x", "b/y"] {
                let score = if at < 50 { 0.9 } else { 0.2 };
                drift.scored(&judge, &id(name), score, Mono::from_secs(at));
            }
        }
        assert_eq!(drift.fallen(&judge, Mono::from_secs(99)).len(), 2);
        assert_eq!(drift.fallen(&judge, Mono::from_secs(2_000)).len(), 0);
    }
}
