//! When callers come: at random, with busy spells.

use crate::sim::luck::Luck;
use std::time::Duration;

/// Busy spells, after Azure's public inference traces (`AzurePublicDataset`, November 2023, an hour each). In 10-second
/// bins, the conversation trace (5.5 requests per second) is over 1.3 times its mean for 15 % of the time, in runs of
/// 25 s, at 1.46 times the mean against 0.92 in the rest; the code trace for 28 %, in runs of 21 s, at 3.2 against
/// 0.17. This lies between the two: a fifth of the time, 25 s at a stretch, at twice the mean.
const BUSY: Spell = Spell {
    factor: 2.0,
    seconds: 25.0,
};
const QUIET: Spell = Spell {
    factor: 0.75,
    seconds: 100.0,
};

#[derive(Debug, Clone, Copy)]
struct Spell {
    factor: f64,
    /// How long it lasts on average.
    seconds: f64,
}

#[derive(Debug)]
pub(super) struct Arrivals {
    luck: Luck,
    rate: f64,
    busy: bool,
    /// Seconds that this spell still lasts.
    left: f64,
}

impl Arrivals {
    pub(super) fn new(rate: f64, seed: u64) -> Self {
        let mut luck = Luck::new(&[seed, 0x6172_7269]);
        let left = luck.exponential(1.0 / QUIET.seconds);
        Self {
            luck,
            rate: rate.max(0.001),
            busy: false,
            left,
        }
    }

    /// Time to the next caller. Each spell is memoryless, so a gap that reaches into the next is drawn anew there.
    pub(super) fn gap(&mut self) -> Duration {
        let mut waited = 0.0;
        loop {
            let spell = if self.busy { BUSY } else { QUIET };
            let gap = self.luck.exponential(self.rate * spell.factor);
            if gap <= self.left {
                self.left -= gap;
                return Duration::from_secs_f64(waited + gap);
            }
            waited += self.left;
            self.busy = !self.busy;
            let next = if self.busy { BUSY } else { QUIET };
            self.left = self.luck.exponential(1.0 / next.seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts in bins of ten seconds.
    fn bins(seed: u64) -> Vec<f64> {
        let mut arrivals = Arrivals::new(6.0, seed);
        let mut bins = vec![0.0];
        let mut edge = 10.0;
        let mut at = 0.0;
        while bins.len() <= 2000 {
            at += arrivals.gap().as_secs_f64();
            while at >= edge {
                bins.push(0.0);
                edge += 10.0;
            }
            if let Some(bin) = bins.last_mut() {
                *bin += 1.0;
            }
        }
        bins
    }

    #[test]
    fn the_rate_is_kept_and_comes_in_bursts() {
        let bins = bins(4);
        #[expect(clippy::cast_precision_loss, reason = "two thousand bins")]
        let count = bins.len() as f64;
        let mean = bins.iter().sum::<f64>() / count;
        let variance = bins.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / count;
        assert!((54.0..66.0).contains(&mean), "{mean} in ten seconds");
        assert!(variance / mean > 3.0, "dispersion {}", variance / mean);
    }
}
