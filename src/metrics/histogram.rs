//! Classic buckets, filled from the sparse latencies of a second.

use crate::model::series::Latency;

/// Upper bounds for the time to first content. Hosted models mostly speak within 0.2 to 2 s, thinking ones within a minute.
pub const TTFT_S: &[f64] = &[
    0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0,
];
/// Upper bounds for whole answers: from a few words to ten minutes of reasoning.
pub const TOTAL_S: &[f64] = &[
    0.1, 0.25, 0.5, 1.0, 2.0, 3.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0,
    180.0, 300.0, 600.0,
];
/// Upper bounds for scores.
pub const SCORE: &[f64] = &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    bounds: &'static [f64],
    /// One more than there are bounds: what is above all of them.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    pub(super) fn observe(&mut self, value: f64, n: u32) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place] += u64::from(n);
        self.sum += value * f64::from(n);
    }

    pub(super) fn add(&mut self, second: &Latency) {
        for &(ms, n) in &second.0 {
            self.observe(f64::from(ms) / 1000.0, n);
        }
    }

    pub(super) const fn sum(&self) -> f64 {
        self.sum
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Each bound with how many were not above it.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.counts.iter().scan(0, |sum, n| {
            *sum += n;
            Some(*sum)
        });
        self.bounds.iter().copied().zip(counts)
    }
}
