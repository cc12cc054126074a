//! Small aggregates that travel in events: latencies as sparse counts, and windows over seconds.

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, time::Duration};

/// Latencies of one second as (milliseconds, count) pairs: what an interval histogram recorded, sparsely, so that
/// any number of seconds (or replicas) can be added up again without loss.
///
/// On the wire a pair whose count is 1 is its milliseconds alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Latency(pub Vec<(u32, u32)>);

impl Latency {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn n(&self) -> u64 {
        self.0.iter().map(|&(_, n)| u64::from(n)).sum()
    }

    pub fn add(&mut self, other: &Self) {
        let mut all: BTreeMap<_, _> = self.0.drain(..).collect();
        for &(ms, n) in &other.0 {
            let sum = all.entry(ms).or_insert(0_u32);
            *sum = sum.saturating_add(n);
        }
        self.0.extend(all);
    }

    /// The quantile over many seconds; none when nothing was recorded.
    pub fn quantile<'a>(parts: impl IntoIterator<Item = &'a Self>, q: f64) -> Option<Duration> {
        let mut all = Histogram::<u64>::new_with_max(3_600_000, 2).ok()?;
        for &(ms, n) in parts.into_iter().flat_map(|l| &l.0) {
            all.saturating_record_n(u64::from(ms), u64::from(n));
        }
        (!all.is_empty()).then(|| Duration::from_millis(all.value_at_quantile(q)))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Once(u32),
    Times(u32, u32),
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|&(ms, n)| match n {
            1 => Entry::Once(ms),
            n => Entry::Times(ms, n),
        }))
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let entries: Vec<Entry> = Vec::deserialize(d)?;
        let pairs = entries.into_iter().map(|entry| match entry {
            Entry::Once(ms) => (ms, 1),
            Entry::Times(ms, n) => (ms, n),
        });
        Ok(Self(pairs.collect()))
    }
}

/// A share with its sample: never one without the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    pub bad: u32,
    pub n: u32,
}

impl Share {
    pub fn rate(self) -> Option<f64> {
        (self.n > 0).then(|| f64::from(self.bad) / f64::from(self.n))
    }

    pub fn add(&mut self, other: Self) {
        self.bad = self.bad.saturating_add(other.bad);
        self.n = self.n.saturating_add(other.n);
    }
}

/// A mean with its sample.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Mean {
    pub sum: f64,
    pub n: u32,
}

impl Mean {
    pub fn value(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / f64::from(self.n))
    }

    pub fn push(&mut self, x: f64) {
        self.sum += x;
        self.n += 1;
    }

    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.n += other.n;
    }
}
