//! Which answers are judged.
//!
//! The choice rests on the past and on a die alone, never on the answer itself: that keeps the evidence honest at any
//! share. Ordinarily a small share is judged, and at night enough to see anything at all. Under suspicion it is up to
//! five answers a second, by two judges, out of a purse that ordinary judging fills.

use crate::model::Mono;
use std::time::Duration;

/// So many are judged per second at least, while there are as many: six a minute.
const AT_LEAST_PER_S: f64 = 0.1;
/// Under suspicion so many per second at most.
const SUSPICIOUS_PER_S: f64 = 5.0;
/// A deployment that was out is watched twice as closely for a day.
const ON_PROBATION: f64 = 2.0;
/// Answers above the ordinary ones that a suspicion may have judged at once, by however many judges.
const PURSE: f64 = 500.0;
/// Ordinary samples of which one goes to the second judge too: without its own idea of what is usual it cannot confirm
/// that a tenth of the answers is bad. More of them until it has one.
const LEARNS: u32 = 40;
const LEARNS_FAST: u32 = 4;
/// Answers that may be judged after the fact, when a bad one was found.
pub(super) const LOOK_BACK: usize = 8;

/// What is done with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Nobody can judge it, or nothing may follow from it.
    Skip,
    /// It is kept for a moment: if a bad one turns up, it is judged too.
    Keep,
    /// By one judge, or by two at once. What was picked for its looks does not count as evidence: for that it is kept
    /// like the others, among which a look back chooses.
    Judge { both: bool, counts: bool },
}

/// How much there is against a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    /// More are judged.
    Some,
    /// By two judges.
    Strong,
}

/// Answers per second, over about a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    seen: f64,
    began: Option<Mono>,
    last: Mono,
}

const MEMORY_S: f64 = 60.0;

impl Rate {
    const NONE: Self = Self {
        seen: 0.0,
        began: None,
        last: Mono(0),
    };

    fn arrived(&mut self, now: Mono) {
        let began = *self.began.get_or_insert(now);
        let gap = now.since(self.last.max(began)).as_secs_f64();
        self.seen = self.seen * (-gap / MEMORY_S).exp() + 1.0;
        self.last = now;
    }

    /// A short past counts for as long as it was.
    fn per_s(&self) -> f64 {
        let Some(began) = self.began else { return 0.0 };
        let span = self.last.since(began).as_secs_f64();
        let weight = MEMORY_S * (1.0 - (-span / MEMORY_S).exp());
        self.seen / weight.max(1.0)
    }

    /// Time in which nothing was looked at did not pass.
    fn resume(&mut self, now: Mono) {
        let away = now.since(self.last);
        self.last = now;
        self.began = self.began.map(|began| began + away);
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sampling {
    share: f64,
    rate: Rate,
    purse: f64,
    filled: Mono,
    lessons: u32,
    /// How far into the present stretch of answers it is, of which one is judged, and where that one is: from 0 to 1.
    walked: f64,
    judged_at: f64,
}

impl Sampling {
    pub(super) fn new(share: f64, now: Mono) -> Self {
        Self {
            share,
            rate: Rate::NONE,
            purse: PURSE,
            filled: now,
            lessons: 0,
            walked: 0.0,
            judged_at: 0.5,
        }
    }

    pub(super) fn configure(&mut self, share: f64) {
        self.share = share;
    }

    /// The share that is judged while nothing is suspected.
    pub(super) fn base(&self, on_probation: bool) -> f64 {
        let share = self.share * if on_probation { ON_PROBATION } else { 1.0 };
        if share <= 0.0 {
            return 0.0;
        }
        share
            .max(AT_LEAST_PER_S / self.rate.per_s().max(1e-9))
            .min(1.0)
    }

    pub(super) fn per_s(&self) -> f64 {
        self.rate.per_s()
    }

    /// Judged answers per second while nothing is suspected.
    pub(super) fn judged_per_s(&self) -> f64 {
        self.rate.per_s() * self.base(false)
    }

    /// The share that is judged now.
    pub(super) fn current(&self, suspicious: bool, on_probation: bool) -> f64 {
        let base = self.base(on_probation);
        if suspicious && base > 0.0 && self.purse >= 1.0 {
            base.max(SUSPICIOUS_PER_S / self.rate.per_s().max(1e-9))
                .min(1.0)
        } else {
            base
        }
    }

    /// One more answer, and a number from 0 to 1 that nobody could foresee.
    pub(super) fn draw(
        &mut self,
        die: f64,
        doubt: Doubt,
        (on_probation, second_knows): (bool, bool),
        now: Mono,
    ) -> Sample {
        self.rate.arrived(now);
        self.fill(now);
        let suspicious = doubt != Doubt::None;
        let base = self.base(on_probation);
        let usual = self.picks(base, die);
        if !usual {
            let more = suspicious && die < self.current(true, on_probation);
            if !more || !self.spend() {
                return Sample::Keep;
            }
        }
        let both = match doubt {
            Doubt::Strong => true,
            Doubt::None => self.second_learns(second_knows),
            Doubt::Some => false,
        };
        Sample::Judge { both, counts: true }
    }

    /// One answer out of each stretch, at a place that the die has chosen before the stretch began: as many as if each
    /// were chosen by itself, and never none for long. (Simulated: a tenth less in the slowest twentieth of the trips.)
    fn picks(&mut self, share: f64, die: f64) -> bool {
        let from = self.walked;
        self.walked += share;
        let mut here = from < self.judged_at && self.walked >= self.judged_at;
        if self.walked >= 1.0 - 1e-9 {
            self.walked = (self.walked - 1.0).max(0.0);
            self.judged_at = 1.0 - die;
            here |= self.walked >= self.judged_at;
        }
        here
    }

    /// The second judge's own idea of what is usual has to come from somewhere.
    fn second_learns(&mut self, knows: bool) -> bool {
        let every = if knows { LEARNS } else { LEARNS_FAST };
        self.lessons = (self.lessons + 1) % every;
        self.lessons == 0
    }

    /// How many of the answers that were kept may be judged after the fact.
    pub(super) fn look_back(&mut self, kept: usize) -> usize {
        (0..kept.min(LOOK_BACK))
            .take_while(|_| self.spend())
            .count()
    }

    /// One more answer is judged than usual, if the purse has it.
    pub(super) fn spend(&mut self) -> bool {
        let has = self.purse >= 1.0;
        if has {
            self.purse -= 1.0;
        }
        has
    }

    fn fill(&mut self, now: Mono) {
        let gap = now.since(self.filled).as_secs_f64();
        self.purse = (self.purse + gap * self.judged_per_s()).min(PURSE);
        self.filled = now;
    }

    /// Closed again after `away`: the traffic is what it was.
    pub(super) fn resume(&mut self, now: Mono) {
        self.rate.resume(now);
    }
}

/// After this a kept answer is too old to say something about now.
pub const KEPT_FOR: Duration = Duration::from_secs(15);
