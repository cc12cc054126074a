//! What an incident cost of what the objective allows. The arithmetic and the words are those of the SRE workbook,
//! "Alerting on SLOs": a burn rate of 1 spends the whole budget in exactly the objective's window.

use crate::model::{Slo, event::Exchanges};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// Over how long burn rates are looked at: what pages at once, and what pages soon.
const WINDOWS: [Duration; 3] = [
    Duration::from_mins(5),
    Duration::from_hours(1),
    Duration::from_hours(6),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    #[serde(flatten)]
    pub slo: Slo,
    /// Requests that count, and those that were not served as promised.
    pub n: u64,
    pub bad: u64,
    /// Bad ones that the objective allows in so many.
    pub allowed: f64,
    /// The share that was served as promised; none without requests.
    pub reached: Option<f64>,
    /// Of the objective's whole window, at this stretch's rate of requests.
    pub spent: Option<f64>,
    /// The worst stretches.
    pub burn: Vec<Burn>,
    /// The 95th percentile was inside the bound that the objective names; none when it names none.
    pub p95_held: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Burn {
    pub over_s: u64,
    /// How many times faster than allowed.
    pub rate: f64,
}

/// Counts by second, so that the worst stretch can be found.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter {
    n: u64,
    bad: u64,
    windows: [Sliding; WINDOWS.len()],
}

/// One window that slides, and the worst share it has seen.
#[derive(Debug, Clone, Default)]
struct Sliding {
    seconds: VecDeque<(u64, u64, u64)>,
    n: u64,
    bad: u64,
    worst: f64,
}

impl Sliding {
    fn add(&mut self, second: u64, n: u64, bad: u64, over: u64) {
        self.seconds.push_back((second, n, bad));
        self.n += n;
        self.bad += bad;
        while let Some(&(old, old_n, old_bad)) = self.seconds.front() {
            if old + over > second {
                break;
            }
            self.n -= old_n;
            self.bad -= old_bad;
            self.seconds.pop_front();
        }
        if self.n > 0 {
            // Over the whole window: a second with one bad request of one is no hundred per cent of five minutes. What
            // is not filled yet counts as if it had gone on like this without the bad ones.
            let first = self.seconds.front().map_or(second, |s| s.0);
            let lived = (second - first + 1).min(over);
            let expected = share(self.n * over, lived);
            self.worst = self.worst.max(float(self.bad) / expected.max(1.0));
        }
    }
}

impl Meter {
    pub(super) fn add(&mut self, second: u64, e: &Exchanges, slo: &Slo) {
        let n = u64::from(e.answered());
        let bad = u64::from(bad(e, slo));
        self.n += n;
        self.bad += bad;
        for (window, over) in self.windows.iter_mut().zip(WINDOWS) {
            window.add(second, n, bad, over.as_secs());
        }
    }

    /// What it comes to, for a stretch that took so long.
    pub(super) fn budget(&self, slo: Slo, took: Duration, p95: Option<Duration>) -> Budget {
        let tolerated = 1.0 - slo.target;
        let reached = (self.n > 0).then(|| 1.0 - share(self.bad, self.n));
        // The window's budget at this rate: n/took * window * (1 - target).
        let whole = float(self.n) * slo.window.as_secs_f64() / took.as_secs_f64().max(1.0);
        let burn = |(window, over): (&Sliding, Duration)| Burn {
            over_s: over.as_secs(),
            rate: window.worst / tolerated,
        };
        let long_enough = |(_, over): &(&Sliding, Duration)| *over <= took || *over == WINDOWS[0];
        let windows = self.windows.iter().zip(WINDOWS);
        Budget {
            n: self.n,
            bad: self.bad,
            allowed: float(self.n) * tolerated,
            reached,
            spent: (self.n > 0).then(|| float(self.bad) / (whole * tolerated)),
            burn: windows.filter(long_enough).map(burn).collect(),
            p95_held: slo.p95.and_then(|bound| Some(p95? <= bound)),
            slo,
        }
    }
}

/// Errors and broken answers; canned ones too, unless the objective calls them good.
const fn bad(e: &Exchanges, slo: &Slo) -> u32 {
    if slo.canned_is_good {
        e.failed()
    } else {
        e.failed() + e.canned
    }
}

fn share(part: u64, of: u64) -> f64 {
    float(part) / float(of.max(1))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of requests are far below 2^52"
)]
const fn float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slo() -> Slo {
        Slo {
            target: 0.999,
            window: Duration::from_hours(30 * 24),
            p95: Some(Duration::from_secs(10)),
            canned_is_good: false,
        }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b.abs().max(1.0)
    }

    /// So many seconds with 10 requests each, of which so many are bad.
    fn run(parts: &[(u64, u32)]) -> (Meter, Duration) {
        let (mut meter, mut second) = (Meter::default(), 0);
        for &(seconds, error) in parts {
            for _ in 0..seconds {
                let e = Exchanges {
                    primary: 10 - error,
                    error,
                    ..Exchanges::default()
                };
                meter.add(second, &e, &slo());
                second += 1;
            }
        }
        (meter, Duration::from_secs(second))
    }

    #[test]
    fn an_hour_of_outage_spends_what_the_arithmetic_says() {
        let (meter, took) = run(&[(3_600, 10)]);
        let b = meter.budget(slo(), took, Some(Duration::from_secs(3)));
        // 43.2 minutes of a 30-day window may be down at 99.9 %: an hour is 1.39 of them.
        assert!(near(b.spent.unwrap(), 60.0 / 43.2), "{b:?}");
        assert_eq!((b.n, b.bad, b.reached), (36_000, 36_000, Some(0.0)));
        assert!(near(b.allowed, 36.0), "{b:?}");
        assert_eq!(b.p95_held, Some(true));
        assert!(near(b.burn[0].rate, 1_000.0), "{b:?}");
    }

    #[test]
    fn burn_rates_are_of_the_worst_stretch_and_only_of_windows_that_were_lived() {
        let (meter, took) = run(&[(3_600, 0), (60, 5), (3_600, 0)]);
        let b = meter.budget(slo(), took, None);
        let over: Vec<_> = b.burn.iter().map(|b| b.over_s).collect();
        assert_eq!(over, [300, 3_600]);
        assert!(near(b.burn[0].rate, 0.5 * 60.0 / 300.0 / 0.001), "{b:?}");
        assert!(near(b.burn[1].rate, 0.5 * 60.0 / 3_600.0 / 0.001), "{b:?}");
        assert_eq!(b.p95_held, None);
    }

    #[test]
    fn a_canned_answer_is_bad_unless_it_is_called_good() {
        let canned = Exchanges {
            primary: 9,
            canned: 1,
            ..Exchanges::default()
        };
        assert_eq!(bad(&canned, &slo()), 1);
        let kind = Slo {
            canned_is_good: true,
            ..slo()
        };
        assert_eq!(bad(&canned, &kind), 0);
    }

    #[test]
    fn without_requests_nothing_is_claimed() {
        let b = Meter::default().budget(slo(), Duration::from_mins(1), None);
        assert_eq!((b.reached, b.spent, b.n), (None, None, 0));
    }
}
