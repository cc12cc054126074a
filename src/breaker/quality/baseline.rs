//! What is usual: how one judge scores the answers of one deployment while all is well.

use serde::{Deserialize, Serialize};

pub(super) const BINS: usize = 4;
/// A count for each bin, from the worst to the passed.
pub(super) type Counts = [f64; BINS];

/// What is believed before anything was judged, and how many scores that is worth.
const PRIOR: Counts = [0.01, 0.025, 0.08, 0.885];
const PRIOR_N: f64 = 60.0;
/// What was usual two thousand scores ago weighs a third of what is usual now.
const MEMORY: f64 = 2_000.0;
/// "Usual" is widened by this, so that a little worse than usual is no evidence.
const WIDENED: f64 = 1.5;
/// A deployment that was never bad may be so a little, and one that often was is not excused for ever.
const LEAST: [f64; BINS - 1] = [0.004, 0.01, 0.03];
const MOST: [f64; BINS - 1] = [0.03, 0.06, 0.25];
/// What a person has accepted is not bounded by these, but something has to be left that can be noticed.
const ACCEPTED_MOST: f64 = 0.9;
/// What was usual counts for so many scores when a person says that something else is now.
const BEFORE: f64 = 8.0;
/// Probes ask what is usual without widening it; nothing is impossible.
const RAW_LEAST: f64 = 0.004;

/// The bin of a score. The pass mark is the edge of the best; the others keep their proportion to it.
pub(super) fn bin(score: f64, pass: f64) -> usize {
    let edges = [pass * 3.0 / 7.0, pass * 5.0 / 7.0, pass];
    edges.iter().filter(|&&edge| score >= edge - 1e-9).count()
}

/// How often each bin was seen, old scores weighing less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    counts: Counts,
    /// How often an answer may be bad at most, as far as that is excused.
    #[serde(default = "most")]
    most: [f64; BINS - 1],
}

const fn most() -> [f64; BINS - 1] {
    MOST
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            counts: PRIOR.map(|p| p * PRIOR_N),
            most: MOST,
        }
    }
}

impl Baseline {
    /// Takes over scores that turned out to be ordinary.
    pub(super) fn learn(&mut self, scores: &Counts) {
        let fade = (1.0 - 1.0 / MEMORY).powf(scores.iter().sum());
        for (count, new) in self.counts.iter_mut().zip(scores) {
            *count = *count * fade + new;
        }
    }

    /// A person says that these scores are usual from now on.
    pub(super) fn accept(&mut self, scores: &Counts) {
        let all: f64 = self.counts.iter().sum();
        for (count, new) in self.counts.iter_mut().zip(scores) {
            *count = *count / all * BEFORE + new;
        }
        let all: f64 = self.counts.iter().sum();
        for (most, count) in self.most.iter_mut().zip(self.counts) {
            *most = most.max((WIDENED * count / all).min(ACCEPTED_MOST));
        }
    }

    /// Whether it can have been learned: what is read from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let all: f64 = self.counts.iter().sum();
        let mut bounds = self.most.iter().zip(MOST);
        self.counts.iter().all(|count| *count >= 0.0)
            && (1.0..f64::INFINITY).contains(&all)
            && bounds.all(|(most, own)| (own..=ACCEPTED_MOST).contains(most))
    }

    /// The chance of each bin under "as usual", never in favour of the deployment.
    pub(super) fn expected(&self) -> Counts {
        let all: f64 = self.counts.iter().sum();
        let mut expected = [1.0; BINS];
        for (b, (least, most)) in LEAST.into_iter().zip(self.most).enumerate() {
            expected[b] = (WIDENED * (self.counts[b] + 1.0) / all).clamp(least, most);
        }
        expected
    }

    /// The chance of each bin as it was seen.
    pub(super) fn seen(&self) -> Counts {
        let all: f64 = self.counts.iter().sum();
        self.counts.map(|c| ((c + 1.0) / all).max(RAW_LEAST))
    }

    /// About how many scores taught it what it knows, as far as it remembers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to MEMORY"
    )]
    pub(super) fn learned(&self) -> u32 {
        (self.counts.iter().sum::<f64>() - PRIOR_N).clamp(0.0, MEMORY) as u32
    }

    /// The share of answers that do not pass.
    pub(super) fn bad_share(&self) -> f64 {
        let all: f64 = self.counts.iter().sum();
        1.0 - self.counts[BINS - 1] / all
    }

    #[cfg(test)]
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }
}
