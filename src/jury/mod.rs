//! The judges, as a bench: who judges whom, who is left out and why, and what all of it may cost. Pure, like the breakers
//! it serves: it makes no call and reads no clock. The router and `simulate` drive the same one.
//!
//! **Order.** Judges are asked in the order they were declared, never about a deployment of their own maker; the second
//! is of a third maker. One that fails four times in a row is left out for a while.
//!
//! **Judges are judged.** Known answers are put to each judge when it is new, on a schedule, and whenever its scores are
//! about to trip a breaker. One that scores them lower than it did, passes garbage, or calls bad what the second judge
//! passes, is dismissed until it scores them as before.
//!
//! **Drift.** When every deployment becomes worse under one judge at once, the judge is the suspect.

mod budget;
mod constancy;
mod drift;
mod kept;
mod repeats;
#[cfg(test)]
mod tests;

use self::{
    budget::Budget,
    constancy::{Constancy, Purpose, Verdict},
    drift::Drift,
};
use crate::{
    breaker::{Bench, Spares},
    model::{DeploymentId, Mono},
};
use std::{fmt, time::Duration};

pub use kept::Kept;
pub use repeats::Repeats;

/// After so many failures in a row the next judge is asked, for so long; longer each time it fails again.
const FAILURES: u32 = 4;
const AWAY: Duration = Duration::from_secs(30);
const LONGEST_AWAY: Duration = Duration::from_mins(5);
/// One that was dismissed may show after so long that it is better; longer each time it is not.
const DISMISSED: Duration = Duration::from_mins(5);
const LONGEST_DISMISSED: Duration = Duration::from_hours(1);
/// A dispute is remembered for so long.
const DISPUTE_COUNTS_FOR: Duration = Duration::from_hours(1);

/// A judge as it was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    pub id: DeploymentId,
    /// Who made its model.
    pub maker: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// In the order in which they are asked; those without a key are left out.
    pub judges: Vec<Judge>,
    /// The pass mark of an answer.
    pub pass: f64,
    pub max_per_minute: u32,
    pub max_per_day: u32,
    /// Whether known answers are put to the judges.
    pub anchors: bool,
}

/// Why a judge is dismissed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cause {
    Harsh { mean: f64, usual: f64 },
    Lenient { mean: f64 },
    Disputed { passed: u32, of: u32 },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Harsh { mean, usual } => write!(
                f,
                "it scores known good answers {mean:.2}, {usual:.2} was usual"
            ),
            Self::Lenient { mean } => write!(f, "it scores known garbage {mean:.2}"),
            Self::Disputed { passed, of } => write!(
                f,
                "the second judge passes {passed} of {of} answers that it calls bad"
            ),
        }
    }
}

/// What somebody should know, or do.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// It scores known answers as ever: tell the breakers.
    Held(DeploymentId),
    /// It scored known answers lower, and is asked once more: tell the breakers.
    Doubted(DeploymentId),
    /// It is at fault: tell the breakers and people.
    Dismissed {
        judge: DeploymentId,
        cause: Cause,
        until: Mono,
    },
    Restored(DeploymentId),
}

/// A known answer that is to be scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorCall {
    pub judge: DeploymentId,
    pub good: bool,
    /// Which of the good (or bad) ones: any number, to be taken modulo how many there are.
    pub number: u32,
    batch: bool,
}

/// Who judges an answer now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Panel {
    pub first: Option<DeploymentId>,
    pub second: Option<DeploymentId>,
}

#[derive(Debug)]
struct Seat {
    judge: Judge,
    constancy: Constancy,
    failures: u32,
    away: Option<Mono>,
    dismissed: Option<Dismissal>,
    disputed: Option<Mono>,
    /// Which known answers come next.
    good: u32,
    garbage: u32,
}

#[derive(Debug, Clone, Copy)]
struct Dismissal {
    until: Mono,
    times: u32,
}

impl Seat {
    fn new(judge: Judge, usual: Option<f64>, now: Mono) -> Self {
        Self {
            judge,
            constancy: Constancy::new(usual, now),
            failures: 0,
            away: None,
            dismissed: None,
            disputed: None,
            good: 0,
            garbage: 0,
        }
    }

    fn serves(&self, now: Mono) -> bool {
        self.dismissed.is_none() && self.away.is_none_or(|until| now >= until)
    }

    fn calls(&mut self, good: u8, garbage: u8, batch: bool) -> Vec<AnchorCall> {
        let mut calls = Vec::with_capacity(usize::from(good + garbage));
        for i in 0..good + garbage {
            let good = i < good;
            let next = if good {
                &mut self.good
            } else {
                &mut self.garbage
            };
            calls.push(AnchorCall {
                judge: self.judge.id.clone(),
                good,
                number: *next,
                batch,
            });
            *next = next.wrapping_add(1);
        }
        calls
    }

    /// A batch of the same answers as every time: their mean can be compared.
    fn batch(&mut self, purpose: Purpose, now: Mono) -> Vec<AnchorCall> {
        let (good, garbage) = self.constancy.begin(purpose, now);
        (self.good, self.garbage) = (0, 0);
        self.calls(good, garbage, true)
    }

    fn dismiss(&mut self, cause: Cause, now: Mono) -> Move {
        let times = self.dismissed.map_or(0, |d| d.times + 1);
        let wait = DISMISSED
            .saturating_mul(1 << times.min(8))
            .min(LONGEST_DISMISSED);
        let until = now + wait;
        self.dismissed = Some(Dismissal { until, times });
        Move::Dismissed {
            judge: self.judge.id.clone(),
            cause,
            until,
        }
    }
}

#[derive(Debug)]
pub struct Jury {
    settings: Settings,
    seats: Vec<Seat>,
    budget: Budget,
    drift: Drift,
    /// Calls that are to be made beside the scheduled ones.
    waiting: Vec<AnchorCall>,
}

impl Jury {
    pub fn new(settings: Settings, now: Mono) -> Self {
        let seats = settings.judges.iter().cloned();
        Self {
            seats: seats.map(|j| Seat::new(j, None, now)).collect(),
            budget: Budget::new(now),
            drift: Drift::default(),
            waiting: Vec::new(),
            settings,
        }
    }

    /// Takes new settings over. Judges that stay keep what is known of them.
    pub fn configure(&mut self, settings: Settings, now: Mono) {
        let mut old = std::mem::take(&mut self.seats);
        for judge in &settings.judges {
            let known = old.iter().position(|s| s.judge == *judge);
            let seat = known.map_or_else(
                || Seat::new(judge.clone(), None, now),
                |place| old.swap_remove(place),
            );
            self.seats.push(seat);
        }
        self.settings = settings;
    }

    /// Who judges what `maker` made, among those who can be asked.
    pub fn panel(&self, maker: &str, able: impl Fn(&DeploymentId) -> bool, now: Mono) -> Panel {
        let mut serving = self
            .seats
            .iter()
            .filter(|s| s.judge.maker != maker && s.serves(now) && able(&s.judge.id))
            .map(|s| &s.judge);
        let Some(first) = serving.next() else {
            return Panel::default();
        };
        let second = serving.find(|j| j.maker != first.maker);
        Panel {
            first: Some(first.id.clone()),
            second: second.map(|j| j.id.clone()),
        }
    }

    /// What the breaker of a deployment has to know. `last`: nobody else would serve.
    pub fn bench(&self, panel: Panel, last: bool, now: Mono) -> Bench {
        let drift = panel
            .first
            .as_ref()
            .is_some_and(|judge| !self.drift.fallen(judge, now).is_empty());
        Bench {
            second: panel.second.is_some(),
            anchors: self.settings.anchors,
            spares: if drift {
                Some(Spares::Drift)
            } else {
                last.then_some(Spares::LastOne)
            },
            first: panel.first,
        }
    }

    /// Deployments that became worse together under this judge; none: it is not suspected.
    pub fn drift(&self, judge: &DeploymentId, now: Mono) -> Vec<DeploymentId> {
        self.drift.fallen(judge, now)
    }

    /// The mean that is usual for a deployment under this judge, once it is known.
    pub fn usual_score(&self, judge: &DeploymentId, of: &DeploymentId) -> Option<f64> {
        self.drift.usual(judge, of)
    }

    /// True: one more judge call may be made. Urgent ones may use the reserve of the day.
    pub fn spend(&mut self, urgent: bool, now: Mono) -> bool {
        self.budget.spend(self.limits(), urgent, now)
    }

    /// The same for one that is not urgent, which is not made yet.
    pub fn affords(&mut self, now: Mono) -> bool {
        self.budget.affords(self.limits(), false, now)
    }

    const fn limits(&self) -> (u32, u32) {
        (self.settings.max_per_minute, self.settings.max_per_day)
    }

    pub const fn spent_today(&self) -> u32 {
        self.budget.spent_today()
    }

    /// A judge scored an answer of a deployment.
    pub fn scored(&mut self, judge: &DeploymentId, of: &DeploymentId, score: f64, now: Mono) {
        self.answered(judge);
        self.drift.scored(judge, of, score, now);
    }

    /// A call gave a score, of whatever.
    pub fn answered(&mut self, judge: &DeploymentId) {
        if let Some(seat) = self.seat(judge) {
            (seat.failures, seat.away) = (0, None);
        }
    }

    /// A call gave no score.
    pub fn failed(&mut self, judge: &DeploymentId, now: Mono) {
        let Some(seat) = self.seat(judge) else { return };
        seat.failures = seat.failures.saturating_add(1);
        if seat.failures >= FAILURES {
            let more = (seat.failures - FAILURES).min(8);
            seat.away = Some(now + AWAY.saturating_mul(1 << more).min(LONGEST_AWAY));
        }
    }

    /// A breaker is about to trip on what this judge says.
    pub fn confirm(&mut self, judge: &DeploymentId, now: Mono) {
        if let Some(seat) = self.seat(judge) {
            let calls = seat.batch(Purpose::Confirm, now);
            self.waiting.extend(calls);
        }
    }

    /// The second judge passes what this one calls bad. Once is bad luck: the breaker has dropped that evidence. Twice
    /// within an hour is not.
    pub fn disputed(
        &mut self,
        judge: &DeploymentId,
        passed: u32,
        of: u32,
        now: Mono,
    ) -> Option<Move> {
        let seat = self.seat(judge).filter(|s| s.dismissed.is_none())?;
        let before = seat.disputed.replace(now)?;
        (now.since(before) <= DISPUTE_COUNTS_FOR)
            .then(|| seat.dismiss(Cause::Disputed { passed, of }, now))
    }

    /// A person says that a deployment's scores are what they should be now.
    pub fn accepted(&mut self, deployment: &DeploymentId) {
        self.drift.forget(|_, of| of == deployment);
    }

    /// A person says that a dismissed judge has changed for good: it is asked again, and what it makes of known answers
    /// is learned anew. The error is for that person.
    pub fn take_back(&mut self, judge: &DeploymentId, now: Mono) -> Result<(), String> {
        let names: Vec<_> = self.seats.iter().map(|s| s.judge.id.to_string()).collect();
        let Some(seat) = self.seat(judge) else {
            let names = names.join(", ");
            return Err(format!("there is no judge {judge}; there are: {names}"));
        };
        if seat.dismissed.take().is_none() {
            return Err(format!("judge {judge} is not dismissed"));
        }
        seat.constancy = Constancy::new(None, now);
        self.drift.forget(|by, _| by == judge);
        Ok(())
    }

    /// Each judge's mean over known good answers, to be kept over restarts.
    pub fn usual(&self) -> impl Iterator<Item = (&DeploymentId, f64)> {
        let known = |s: &Seat| s.constancy.usual();
        self.seats
            .iter()
            .filter_map(move |s| Some((&s.judge.id, known(s)?)))
    }

    /// What a judge's mean was before a restart: unless it is known by now, no first batch is needed.
    pub fn recall(&mut self, judge: &DeploymentId, usual: f64, now: Mono) {
        let new = |s: &&mut Seat| s.constancy.usual().is_none() && !s.constancy.is_busy();
        if let Some(seat) = self.seat(judge).filter(new) {
            seat.constancy = Constancy::new(Some(usual), now);
        }
    }

    /// Known answers that are to be scored now. Each comes back through [`Self::anchored`].
    pub fn due(&mut self, now: Mono) -> Vec<AnchorCall> {
        let mut calls = std::mem::take(&mut self.waiting);
        if !self.settings.anchors {
            return calls;
        }
        for seat in &mut self.seats {
            seat.constancy.give_up(now);
            let due = match seat.dismissed {
                Some(d) if now >= d.until && !seat.constancy.is_busy() => {
                    seat.batch(Purpose::Return, now)
                }
                None if seat.serves(now) && seat.constancy.due(now) => {
                    if seat.constancy.usual().is_none() {
                        seat.batch(Purpose::First, now)
                    } else {
                        seat.calls(1, 1, false)
                    }
                }
                _ => Vec::new(),
            };
            calls.extend(due);
        }
        calls
    }

    /// A known answer was scored, or not.
    pub fn anchored(&mut self, call: &AnchorCall, score: Option<f64>, now: Mono) -> Vec<Move> {
        let pass = self.settings.pass;
        if score.is_some() {
            self.answered(&call.judge);
        } else {
            self.failed(&call.judge, now);
        }
        let Some(seat) = self.seat(&call.judge) else {
            return Vec::new();
        };
        if call.batch {
            return match seat.constancy.scored(call.good, score, pass, now) {
                None => Vec::new(),
                Some(Ok(verdict)) => seat.heard(verdict, now),
                Some(Err(more)) => {
                    let calls = seat.calls(more, 0, true);
                    self.waiting.extend(calls);
                    vec![Move::Doubted(call.judge.clone())]
                }
            };
        }
        let Some(score) = score else {
            return Vec::new();
        };
        let startled = seat.constancy.scheduled(call.good, score);
        let lenient = seat.constancy.lenient(pass);
        let lenient = lenient.filter(|_| seat.dismissed.is_none());
        let moves = lenient.map(|mean| seat.dismiss(Cause::Lenient { mean }, now));
        if startled {
            let calls = seat.batch(Purpose::Confirm, now);
            self.waiting.extend(calls);
        }
        moves.into_iter().collect()
    }

    /// When [`Self::due`] may next have something.
    pub fn next_timer(&self) -> Option<Mono> {
        if !self.waiting.is_empty() {
            return Some(Mono::default());
        }
        let seats = self.seats.iter().filter(|_| self.settings.anchors);
        seats
            .map(|s| match s.dismissed {
                Some(d) if !s.constancy.is_busy() => d.until,
                _ => s.constancy.next().max(s.away.unwrap_or_default()),
            })
            .min()
    }

    fn seat(&mut self, judge: &DeploymentId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|s| s.judge.id == *judge)
    }
}

impl Seat {
    /// A batch of known answers is over.
    fn heard(&mut self, verdict: Verdict, now: Mono) -> Vec<Move> {
        match verdict {
            Verdict::Holds(_) if self.dismissed.take().is_some() => {
                vec![Move::Restored(self.judge.id.clone())]
            }
            Verdict::Holds(_) => vec![Move::Held(self.judge.id.clone())],
            Verdict::Harsh(mean, usual) => vec![self.dismiss(Cause::Harsh { mean, usual }, now)],
            Verdict::Lenient(mean) => vec![self.dismiss(Cause::Lenient { mean }, now)],
        }
    }
}
