//! One step of the ramp: which requests it admits, and when the next step is earned.

use crate::model::Mono;
use std::time::Duration;

/// Good outcomes that earn the next step.
const OK_ENOUGH: u32 = 5;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    percent: u8,
    /// Grows by the share with each request; at 100 one is admitted.
    credit: u32,
    last: Option<Mono>,
    ok: u32,
}

impl Step {
    /// The lowest step.
    pub(super) const fn first() -> Self {
        Self::of(5)
    }

    const fn of(percent: u8) -> Self {
        Self {
            percent,
            credit: 0,
            last: None,
            ok: 0,
        }
    }

    /// The step above; none: all of the traffic.
    pub(super) const fn above(&self) -> Option<Self> {
        match self.percent {
            5 => Some(Self::of(25)),
            25 => Some(Self::of(50)),
            _ => None,
        }
    }

    pub(super) const fn percent(&self) -> u8 {
        self.percent
    }

    /// The share of its answers that is judged.
    pub(super) const fn judged_share(&self) -> f64 {
        if self.percent < 50 { 1.0 } else { 0.5 }
    }

    pub(super) const fn ok(&self) -> u32 {
        self.ok
    }

    /// An even share of the requests, and never fewer than one per `floor`: at night 5 % would be nothing.
    pub(super) fn admit(&mut self, now: Mono, floor: Duration) -> bool {
        self.credit += u32::from(self.percent);
        let starving = self.last.is_none_or(|last| now >= last + floor);
        if self.credit < 100 && !starving {
            return false;
        }
        self.credit = self.credit.saturating_sub(100);
        self.last = Some(now);
        true
    }

    pub(super) fn count_ok(&mut self) {
        self.ok = self.ok.saturating_add(1);
    }

    /// When the next step is due, as things stand.
    pub(super) fn due(&self, since: Mono, hold: Duration, patience: Duration) -> Mono {
        since + if self.ok >= OK_ENOUGH { hold } else { patience }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Duration = Duration::from_secs(5);

    #[test]
    fn each_step_admits_its_share_of_busy_traffic() {
        let mut step = Some(Step::first());
        while let Some(mut now) = step {
            let n = (0..10_000_u64)
                .filter(|i| now.admit(Mono(i * 1_000), FLOOR))
                .count();
            let expected = usize::from(now.percent()) * 100;
            assert!(n.abs_diff(expected) <= 2, "{}%: {n}", now.percent());
            step = now.above();
        }
    }

    #[test]
    fn at_night_one_request_in_five_seconds_is_admitted() {
        let mut step = Step::first();
        let n = (0..60)
            .filter(|&s| step.admit(Mono::from_secs(s), FLOOR))
            .count();
        assert_eq!(n, 12);
    }
}
