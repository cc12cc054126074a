//! How many judge calls there may be.

use crate::model::Mono;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// The last tenth of a day's budget is for suspicions and recoveries: an incident at the end of a day is watched too.
const RESERVE: f64 = 0.1;

/// So many calls in a stretch of time, counted from its beginning.
#[derive(Debug, Clone, Copy)]
struct Purse {
    began: Mono,
    spent: u32,
}

impl Purse {
    fn left(&mut self, of: u32, span: Duration, now: Mono) -> u32 {
        if now.since(self.began) >= span {
            (self.began, self.spent) = (now, 0);
        }
        of.saturating_sub(self.spent)
    }
}

/// What may be spent in a minute and in a day, which begins when the process does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    minute: Purse,
    day: Purse,
}

impl Budget {
    pub(super) fn new(now: Mono) -> Self {
        let full = Purse {
            began: now,
            spent: 0,
        };
        Self {
            minute: full,
            day: full,
        }
    }

    /// True: one more call is made. An urgent one may use the reserve.
    pub(super) fn spend(&mut self, limits: (u32, u32), urgent: bool, now: Mono) -> bool {
        let may = self.affords(limits, urgent, now);
        if may {
            self.minute.spent += 1;
            self.day.spent += 1;
        }
        may
    }

    /// True: one more call could be made.
    pub(super) fn affords(&mut self, limits: (u32, u32), urgent: bool, now: Mono) -> bool {
        let (per_minute, per_day) = limits;
        let reserve = if urgent {
            0.0
        } else {
            RESERVE * f64::from(per_day)
        };
        let minute = self.minute.left(per_minute, MINUTE, now);
        let day = self.day.left(per_day, DAY, now);
        minute > 0 && f64::from(day) > reserve
    }

    pub(super) const fn spent_today(&self) -> u32 {
        self.day.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_and_a_day_are_full_again_when_they_are_over() {
        let mut budget = Budget::new(Mono::default());
        let spend = |b: &mut Budget, at: u64| b.spend((2, 100), false, Mono::from_secs(at));
        assert!(spend(&mut budget, 0) && spend(&mut budget, 59));
        assert!(!spend(&mut budget, 59));
        assert!(!budget.affords((2, 100), false, Mono::from_secs(59)));
        assert!(budget.affords((2, 100), false, Mono::from_secs(60)));
        assert!(spend(&mut budget, 60));
    }

    #[test]
    fn the_last_tenth_of_a_day_is_for_what_is_urgent() {
        let mut budget = Budget::new(Mono::default());
        let mut calls = |urgent| {
            (0..200)
                .filter(|_| budget.spend((1_000, 100), urgent, Mono::from_secs(1)))
                .count()
        };
        assert_eq!((calls(false), calls(true)), (90, 10));
        assert!(!budget.affords((1_000, 100), true, Mono::from_secs(1)));
        assert!(budget.spend((1_000, 100), false, Mono::from_secs(86_401)));
    }
}
