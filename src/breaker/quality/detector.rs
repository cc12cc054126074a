//! The sequential test for one judge's scores: five guesses about how bad it has become, each gathering evidence
//! against "as usual".
//!
//! A score moves each guess by the logarithm of how much likelier it makes that score; none falls under zero, so a good
//! past weighs nothing. Scores wait in `pending` until the evidence is back at zero and only then count as usual: what
//! leads to a trip is never learned from.

use super::baseline::{BINS, Baseline, Counts, bin};
use crate::model::{DeploymentId, Mono};

/// How answers that are garbage, or mediocre, are scored.
const GARBAGE: Counts = [0.62, 0.26, 0.07, 0.05];
const MEDIOCRE: Counts = [0.05, 0.17, 0.38, 0.40];
/// The share that has gone bad, and what it has become.
const GUESSES: [(f64, Counts); 5] = [
    (0.05, GARBAGE),
    (0.12, GARBAGE),
    (0.35, GARBAGE),
    (1.0, GARBAGE),
    (1.0, MEDIOCRE),
];
/// The mildest guess is too slow to be suspicious of by itself.
const SUSPECTED_FROM: usize = 1;
/// Evidence that leads to nothing (nobody else would serve) stops growing, so that it can fall again.
const MOST: f64 = 64.0;
/// Guesses whose evidence is this close are equally likely.
const CLOSE: f64 = 2.0;
/// Scores that look unusual are remembered, in case a person knows better: so many of them.
const LATELY: f64 = 200.0;
/// The table follows the baseline after so many scores.
const REFRESH: u32 = 16;

/// How the scores were since the evidence began to gather.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::breaker) struct Run {
    pub(in crate::breaker) n: u32,
    pub(in crate::breaker) bad: u32,
    sum: f64,
    pub(in crate::breaker) began: Mono,
}

impl Run {
    pub(in crate::breaker) fn mean(&self) -> f64 {
        self.sum / f64::from(self.n.max(1))
    }
}

/// What the scores most look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::breaker) struct Illness {
    /// The share of answers that are bad.
    pub(in crate::breaker) share: f64,
    shape: Counts,
}

impl Illness {
    /// What a recovery has to disprove when nobody saw the quality go.
    pub(in crate::breaker) const UNKNOWN: Self = Self {
        share: 0.5,
        shape: GARBAGE,
    };
    /// Milder ones would ask for more probes than anybody waits for.
    const MILDEST: f64 = 0.12;

    /// How much likelier this illness makes a score than health.
    pub(in crate::breaker) fn weigh(&self, score: f64, pass: f64, usual: &Baseline) -> f64 {
        let b = bin(score, pass);
        let share = self.share.max(Self::MILDEST);
        (1.0 - share + share * self.shape[b] / usual.seen()[b]).ln()
    }

    /// The milder of two, which takes the longer look.
    pub(in crate::breaker) fn milder(self, other: Self) -> Self {
        if self.share <= other.share {
            self
        } else {
            other
        }
    }
}

/// One judge, one deployment.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    pub(super) judge: DeploymentId,
    pub(super) usual: Baseline,
    pending: Counts,
    /// The scores since it last looked as usual, in whatever phase; old ones fade.
    lately: Counts,
    evidence: [f64; GUESSES.len()],
    table: [[f64; BINS]; GUESSES.len()],
    scored: u32,
    pub(super) run: Run,
}

impl Detector {
    pub(super) fn new(judge: DeploymentId, usual: Baseline) -> Self {
        let mut new = Self {
            judge,
            scored: usual.learned(),
            usual,
            pending: [0.0; BINS],
            lately: [0.0; BINS],
            evidence: [0.0; GUESSES.len()],
            table: [[0.0; BINS]; GUESSES.len()],
            run: Run::default(),
        };
        new.refresh();
        new
    }

    fn refresh(&mut self) {
        let expected = self.usual.expected();
        for (row, (share, shape)) in self.table.iter_mut().zip(GUESSES) {
            for b in 0..BINS {
                row[b] = (1.0 - share + share * shape[b] / expected[b]).ln();
            }
        }
    }

    /// Counts one score. `learns`: what turns out to be ordinary becomes usual.
    pub(super) fn record(&mut self, score: f64, pass: f64, learns: bool, now: Mono) {
        let b = bin(score, pass);
        for (evidence, row) in self.evidence.iter_mut().zip(&self.table) {
            *evidence = (*evidence + row[b]).clamp(0.0, MOST);
        }
        self.pending[b] += 1.0;
        self.remember(score, pass);
        self.scored = self.scored.saturating_add(1);
        if self.most() == 0.0 {
            if learns {
                self.usual.learn(&self.pending);
            }
            self.pending = [0.0; BINS];
            self.lately = [0.0; BINS];
            self.run = Run::default();
        } else {
            if self.run.n == 0 {
                self.run.began = now;
            }
            self.run.n += 1;
            self.run.bad += u32::from(b < BINS - 1);
            self.run.sum += score;
        }
        if self.scored.is_multiple_of(REFRESH) {
            self.refresh();
        }
    }

    /// How many answers it was asked about.
    pub(super) const fn scored(&self) -> u32 {
        self.scored
    }

    /// A score that is no evidence here, but was given.
    pub(super) fn remember(&mut self, score: f64, pass: f64) {
        self.lately = self.lately.map(|count| count * (1.0 - 1.0 / LATELY));
        self.lately[bin(score, pass)] += 1.0;
    }

    /// What was scored lately is usual from now on. False: it was as usual anyway.
    pub(super) fn accept(&mut self) -> bool {
        let unusual = self.lately.iter().sum::<f64>() > 0.0;
        if unusual {
            self.usual.accept(&self.lately);
            self.lately = [0.0; BINS];
            self.refresh();
            self.restart(0.0);
        }
        unusual
    }

    /// The evidence of the guess that has most.
    pub(super) fn most(&self) -> f64 {
        self.evidence.iter().copied().fold(0.0, f64::max)
    }

    /// The same without the mildest guess.
    pub(super) fn most_suspicious(&self) -> f64 {
        let likely = self.evidence.iter().skip(SUSPECTED_FROM);
        likely.copied().fold(0.0, f64::max)
    }

    /// The mildest guess among those that have most: a recovery has to disprove them all.
    pub(super) fn illness(&self) -> Illness {
        let most = self.most();
        let mut guesses = self.evidence.iter().zip(GUESSES);
        let likely = guesses.find(|(evidence, _)| **evidence > 0.0 && **evidence >= most - CLOSE);
        likely.map_or(Illness::UNKNOWN, |(_, (share, shape))| Illness {
            share,
            shape,
        })
    }

    /// Starts again, with this much evidence against it. What was pending is forgotten.
    pub(super) fn restart(&mut self, evidence: f64) {
        self.evidence = [evidence; GUESSES.len()];
        self.pending = [0.0; BINS];
        self.run = Run::default();
    }

    #[cfg(test)]
    pub(super) fn evidence(&self) -> [f64; GUESSES.len()] {
        self.evidence
    }

    #[cfg(test)]
    pub(super) fn table(&self) -> [[f64; BINS]; GUESSES.len()] {
        self.table
    }
}
