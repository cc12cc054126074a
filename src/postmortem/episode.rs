//! One breaker's way out and back: since when something was wrong, when it was noticed, what it cost, when it was over.

use crate::model::{DeploymentId, Event, Phase, Reason, Wall, event::Exchanges, phase::Transition};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Judged answers that a reader wants to see.
const WORST: usize = 5;
/// How late a second's counts come.
const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    pub deployment: DeploymentId,
    /// When things began to go wrong, as far as can be told.
    pub began: Wall,
    pub began_with: Began,
    pub opened: Wall,
    pub reason: Reason,
    /// A fault that was injected had a part in it.
    pub injected: bool,
    /// When it was first given traffic again.
    pub ramped: Option<Wall>,
    /// None: it was not back when the stretch, or the process, ended.
    pub closed: Option<Wall>,
    pub probes_failed: u32,
    /// How often a ramp ended where it began.
    pub relapses: u32,
    /// Users' attempts before the breaker opened, under the failure.
    pub before: Hits,
    /// Attempts that reached the provider while it was open or probed.
    pub while_open: Hits,
    /// Attempts while it ramped back.
    pub while_ramping: Hits,
    /// What all callers got, from the beginning to the end.
    pub users: Exchanges,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

/// How the beginning is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Began {
    /// Somebody injected it then.
    Fault { fault: String, who: String },
    /// The evidence reaches back so far.
    Evidence,
    /// The breaker knows no earlier sign.
    Opening,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hits {
    pub attempts: u32,
    pub failed: u32,
}

impl Hits {
    pub(super) fn add(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.failed += other.failed;
    }
}

/// What judges said between the beginning and the opening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub n: u32,
    pub bad: u32,
    pub mean: f64,
    pub judges: Vec<DeploymentId>,
    pub worst: Vec<Opinion>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    pub at: Wall,
    pub judge: DeploymentId,
    pub score: f64,
    pub why: String,
}

impl Judged {
    /// None of nothing.
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Opinion>, floor: f64) -> Option<Self> {
        let all: Vec<_> = all.collect();
        let (mut sum, mut bad, mut judges) = (0.0, 0, Vec::new());
        for opinion in &all {
            sum += opinion.score;
            bad += u32::from(opinion.score < floor);
            if !judges.contains(&opinion.judge) {
                judges.push(opinion.judge.clone());
            }
        }
        let n = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let mut worst: Vec<_> = all.into_iter().filter(|o| o.score < floor).collect();
        worst.sort_by(|a, b| a.score.total_cmp(&b.score));
        (n > 0).then(|| Self {
            n,
            bad,
            mean: sum / f64::from(n),
            judges,
            worst: worst.into_iter().take(WORST).cloned().collect(),
        })
    }
}

impl Episode {
    pub(super) fn begin(event: &Event, t: &Transition, fault: Option<(Wall, Began)>) -> Self {
        let (began, began_with) = fault.unwrap_or_else(|| since(&t.reason, event.at));
        Self {
            deployment: t.deployment.clone(),
            began: began.min(event.at),
            began_with,
            opened: event.at,
            reason: t.reason.clone(),
            injected: event.injected,
            ramped: None,
            closed: None,
            probes_failed: 0,
            relapses: 0,
            before: Hits::default(),
            while_open: Hits::default(),
            while_ramping: Hits::default(),
            users: Exchanges::default(),
            judged: None,
        }
    }

    /// A move after the opening. True: it is over.
    pub(super) fn moved(&mut self, at: Wall, t: &Transition) -> bool {
        match (t.from, t.to) {
            (Phase::Probe, Phase::Open) => self.probes_failed += 1,
            (Phase::Ramp(_), Phase::Open) => self.relapses += 1,
            (_, Phase::Ramp(_)) => self.ramped = self.ramped.or(Some(at)),
            (_, Phase::Closed) => self.closed = Some(at),
            _ => {}
        }
        self.closed.is_some()
    }

    /// A second's attempts, told at its end. The second in which it opened belongs to what led there.
    pub(super) fn hit(&mut self, told: Wall, phase: Phase, hits: Hits) {
        match phase {
            _ if told.since(self.opened) <= SECOND => self.before.add(hits),
            Phase::Ramp(_) => self.while_ramping.add(hits),
            _ => self.while_open.add(hits),
        }
    }

    /// From the first sign to the opening.
    pub fn detected_in(&self) -> Duration {
        self.opened.since(self.began)
    }

    /// From the opening to the whole traffic.
    pub fn recovered_in(&self) -> Option<Duration> {
        Some(self.closed?.since(self.opened))
    }

    /// Bad answers that users got before the opening, as far as the judged ones stand for all.
    pub fn bad_served(&self) -> Option<u32> {
        let judged = self.judged.as_ref().filter(|j| j.bad > 0)?;
        let served = self.before.attempts.saturating_sub(self.before.failed);
        let share = f64::from(judged.bad) / f64::from(judged.n);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a u32"
        )]
        Some((f64::from(served) * share).round() as u32)
    }
}

/// How far back a reason's evidence goes.
fn since(reason: &Reason, at: Wall) -> (Wall, Began) {
    let back = |s: u32| Wall(at.0.saturating_sub(u64::from(s) * 1000));
    match reason {
        Reason::Quality {
            since: Some(since), ..
        } => (*since, Began::Evidence),
        Reason::ErrorRate { window_s, .. } | Reason::Quality { window_s, .. } => {
            (back(*window_s), Began::Evidence)
        }
        _ => (at, Began::Opening),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, verdict::Verdict};

    fn quality(since: u64) -> Reason {
        Reason::Quality {
            mean: 0.5,
            floor: 0.7,
            bad: 3,
            n: 10,
            window_s: 9,
            usual: None,
            judge: None,
            confirmed: true,
            since: Some(Wall(since)),
        }
    }

    fn moved(from: Phase, to: Phase, reason: Reason) -> Transition {
        Transition {
            deployment: DeploymentId::from("a/m"),
            from,
            to,
            reason,
            generation: 1,
            until: None,
        }
    }

    fn episode(reason: Reason) -> Episode {
        let t = moved(Phase::Closed, Phase::Open, reason);
        let event = Event::new(1, Wall(60_000), Kind::Transition(t.clone()));
        Episode::begin(&event, &t, None)
    }

    fn certain() -> Reason {
        Reason::Certain {
            verdict: Verdict::ok(),
        }
    }

    #[test]
    fn it_begins_where_the_evidence_does() {
        let e = episode(quality(20_000));
        assert_eq!(
            (e.began, e.detected_in()),
            (Wall(20_000), Duration::from_secs(40))
        );
        let errors = Reason::ErrorRate {
            rate: 1.0,
            limit: 0.02,
            bad: 4,
            n: 4,
            window_s: 7,
        };
        assert_eq!(episode(errors).began, Wall(53_000));
        let e = episode(certain());
        assert_eq!((e.began, e.began_with), (Wall(60_000), Began::Opening));
    }

    #[test]
    fn it_counts_the_ways_back_that_led_nowhere() {
        let mut e = episode(certain());
        for (at, from, to, over) in [
            (70, Phase::Open, Phase::Probe, false),
            (71, Phase::Probe, Phase::Open, false),
            (80, Phase::Probe, Phase::Ramp(5), false),
            (90, Phase::Ramp(5), Phase::Open, false),
            (100, Phase::Probe, Phase::Ramp(5), false),
            (120, Phase::Ramp(50), Phase::Closed, true),
        ] {
            assert_eq!(e.moved(Wall(at * 1000), &moved(from, to, certain())), over);
        }
        assert_eq!((e.probes_failed, e.relapses), (1, 1));
        assert_eq!(e.ramped, Some(Wall(80_000)));
        assert_eq!(e.recovered_in(), Some(Duration::from_mins(1)));
    }

    #[test]
    fn bad_answers_are_estimated_from_the_judged_ones() {
        let opinion = |score| Opinion {
            at: Wall(1),
            judge: DeploymentId::from("j/m"),
            score,
            why: String::new(),
        };
        let all = [opinion(0.9), opinion(0.1), opinion(0.2), opinion(0.8)];
        let judged = Judged::of(all.iter(), 0.7).unwrap();
        assert_eq!((judged.n, judged.bad), (4, 2));
        assert!((judged.worst[0].score - 0.1).abs() < 1e-9);
        let mut e = episode(quality(20_000));
        e.before = Hits {
            attempts: 110,
            failed: 10,
        };
        assert_eq!(e.bad_served(), None);
        e.judged = Some(judged);
        assert_eq!(e.bad_served(), Some(50));
        assert_eq!(Judged::of(std::iter::empty(), 0.7), None);
    }
}
