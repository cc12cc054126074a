//! Is a judge what it was? Known answers are put to it again and again, and its scores of them must stay.

use crate::model::{Mono, series::Mean};
use std::{collections::VecDeque, time::Duration};

/// Known good answers that are scored at once, and garbage to go with them.
pub(super) const BATCH: u8 = 8;
/// If they were scored too low, so many are scored once more, and decide alone. The first look is wrong by chance in 5 %
/// (scores that scatter by 0.14), both in 0.1 %.
const SECOND_LOOK: u8 = 16;
const GARBAGE: u8 = 4;
/// A judge's mean over known good answers may fall by this.
const TOLERATED: f64 = 0.10;
/// One known good answer this far below the usual calls for all of them.
const STARTLING: f64 = 0.25;
/// One good and one bad answer are scored this often.
const EVERY: Duration = Duration::from_mins(10);
/// Scores of garbage that have to pass on average until a judge is too lenient.
const LENIENT_N: usize = 4;
/// Old scores weigh less: what is usual is a mean over about so many.
const MEMORY: f64 = 50.0;
/// A batch whose calls do not come back is over after this.
const LOST_AFTER: Duration = Duration::from_mins(1);

/// Why a batch is being scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The judge is new: is it fit at all, and what is usual?
    First,
    /// Its scores are about to trip a breaker.
    Confirm,
    /// It was at fault: is it better?
    Return,
}

#[derive(Debug, Clone)]
struct Batch {
    purpose: Purpose,
    began: Mono,
    out: u8,
    good: Mean,
    garbage: Mean,
    /// The first look was bad: this is the second.
    again: bool,
}

/// What known answers said about a judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    Holds(Purpose),
    /// It scores good answers lower than it did: mean, and what was usual.
    Harsh(f64, f64),
    /// It passes garbage.
    Lenient(f64),
}

#[derive(Debug, Clone)]
pub(super) struct Constancy {
    /// Its mean over known good answers; none yet: it is new.
    usual: Option<f64>,
    n: f64,
    garbage: VecDeque<f64>,
    batch: Option<Batch>,
    next: Mono,
}

impl Constancy {
    pub(super) fn new(usual: Option<f64>, now: Mono) -> Self {
        Self {
            usual,
            n: usual.map_or(0.0, |_| f64::from(BATCH)),
            garbage: VecDeque::with_capacity(LENIENT_N),
            batch: None,
            next: now,
        }
    }

    pub(super) const fn usual(&self) -> Option<f64> {
        self.usual
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.batch.is_some()
    }

    /// Begins a batch, unless one is under way: so many good and bad answers are to be scored.
    pub(super) fn begin(&mut self, purpose: Purpose, now: Mono) -> (u8, u8) {
        if self.batch.is_some() {
            return (0, 0);
        }
        let garbage = if purpose == Purpose::Confirm {
            0
        } else {
            GARBAGE
        };
        self.batch = Some(Batch {
            purpose,
            began: now,
            out: BATCH + garbage,
            good: Mean::default(),
            garbage: Mean::default(),
            again: false,
        });
        (BATCH, garbage)
    }

    /// Whether a good and a bad answer are to be scored now, or, for a new judge, a first batch.
    pub(super) fn due(&mut self, now: Mono) -> bool {
        let due = now >= self.next && self.batch.is_none();
        if due {
            self.next = now + EVERY;
        }
        due
    }

    pub(super) fn next(&self) -> Mono {
        self.batch
            .as_ref()
            .map_or(self.next, |b| b.began + LOST_AFTER)
    }

    /// A batch whose calls are lost says nothing.
    pub(super) fn give_up(&mut self, now: Mono) {
        self.batch.take_if(|b| now.since(b.began) >= LOST_AFTER);
    }

    /// The score of one known answer on schedule. True: all of them ought to be scored.
    pub(super) fn scheduled(&mut self, good: bool, score: f64) -> bool {
        if good {
            let startling = self.usual.is_some_and(|usual| score < usual - STARTLING);
            self.learn(score);
            return startling;
        }
        if self.garbage.len() == LENIENT_N {
            self.garbage.pop_front();
        }
        self.garbage.push_back(score);
        false
    }

    /// Whether it passes garbage on average.
    pub(super) fn lenient(&mut self, pass: f64) -> Option<f64> {
        if self.garbage.len() < LENIENT_N {
            return None;
        }
        let mut all = Mean::default();
        for &score in &self.garbage {
            all.push(score);
        }
        let mean = all.value().filter(|&mean| mean >= pass)?;
        self.garbage.clear();
        Some(mean)
    }

    /// One call of a batch came back. The batch is over with its last; `Err`: so many more good answers have to be
    /// scored, because the first look was bad.
    pub(super) fn scored(
        &mut self,
        good: bool,
        score: Option<f64>,
        pass: f64,
        now: Mono,
    ) -> Option<Result<Verdict, u8>> {
        let batch = self.batch.as_mut()?;
        batch.out = batch.out.saturating_sub(1);
        if let Some(score) = score {
            let mean = if good {
                &mut batch.good
            } else {
                &mut batch.garbage
            };
            mean.push(score);
        }
        if batch.out > 0 {
            return None;
        }
        let Some(mean) = batch.good.value().filter(|_| batch.good.n >= 3) else {
            self.batch = None;
            return None;
        };
        let needed = match (batch.purpose, self.usual) {
            (Purpose::Confirm | Purpose::Return, Some(usual)) => usual - TOLERATED,
            _ => pass - TOLERATED,
        };
        if mean < needed && !batch.again {
            batch.again = true;
            batch.began = now;
            batch.out = SECOND_LOOK;
            batch.good = Mean::default();
            return Some(Err(SECOND_LOOK));
        }
        let (purpose, garbage) = (batch.purpose, batch.garbage.value());
        self.batch = None;
        if mean < needed {
            return Some(Ok(Verdict::Harsh(mean, self.usual.unwrap_or(pass))));
        }
        if let Some(garbage) = garbage.filter(|&g| g >= pass) {
            return Some(Ok(Verdict::Lenient(garbage)));
        }
        for _ in 0..BATCH {
            self.learn(mean);
        }
        Some(Ok(Verdict::Holds(purpose)))
    }

    fn learn(&mut self, score: f64) {
        self.n = (self.n + 1.0).min(MEMORY);
        let usual = self.usual.get_or_insert(score);
        *usual += (score - *usual) / self.n;
    }
}
