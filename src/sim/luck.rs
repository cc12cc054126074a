//! Seeded chance. Nothing in the simulation draws from anywhere else, so a run with one seed can be told again.

use std::f64::consts::TAU;

/// A stream of draws that belongs to one request, or to one traffic source.
#[derive(Debug, Clone)]
pub(super) struct Luck(fastrand::Rng);

impl Luck {
    /// From any number of parts: the run's seed, then what makes this stream different from its neighbours.
    pub(super) fn new(parts: &[u64]) -> Self {
        let seed = parts.iter().fold(
            0x9e37_79b9_7f4a_7c15,
            |acc: u64, part| mix(acc ^ mix(*part)),
        );
        Self(fastrand::Rng::with_seed(seed))
    }

    /// From 0 up to and without 1.
    pub(super) fn share(&mut self) -> f64 {
        self.0.f64()
    }

    pub(super) fn hits(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// From 0 up to and without `n`; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.usize(..n) }
    }

    pub(super) fn int(&mut self, low: i64, high: i64) -> i64 {
        self.0.i64(low..=high.max(low))
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> Option<&'a T> {
        from.get(self.below(from.len())).copied()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }

    /// Mean 0, deviation 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (TAU * self.share()).cos()
    }

    pub(super) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// The gap to the next of events that come at `rate` per second.
    pub(super) fn exponential(&mut self, rate: f64) -> f64 {
        -(1.0 - self.share()).ln() / rate.max(f64::MIN_POSITIVE)
    }

    pub(super) fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| self.0.alphanumeric()).collect()
    }

    pub(super) fn hex(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| self.0.digit(16).to_ascii_lowercase())
            .collect()
    }
}

/// A stable hash of bytes (FNV-1a): the standard library's may change between releases.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |acc: u64, byte| {
        (acc ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finisher of splitmix64: neighbouring seeds must not give neighbouring draws.
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_draws_and_others_do_not() {
        let draw = |parts: &[u64]| Luck::new(parts).letters(12);
        assert_eq!(draw(&[1, 2]), draw(&[1, 2]));
        assert_ne!(draw(&[1, 2]), draw(&[2, 1]));
    }

    #[test]
    fn a_lognormal_has_the_median_it_was_given() {
        let mut luck = Luck::new(&[7]);
        let below = (0..4000).filter(|_| luck.lognormal(0.6, 0.4) < 0.6).count();
        assert!((1850..2150).contains(&below), "{below} of 4000");
    }
}
