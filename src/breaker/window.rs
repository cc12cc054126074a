//! A rolling window of buckets that expire by themselves.

use crate::model::{
    Mono,
    series::{Mean, Share},
};
use std::time::Duration;

/// Something that buckets hold and that adds up.
pub trait Tally: Copy + Default {
    /// Adds what another bucket holds.
    fn merge(&mut self, other: Self);
}

impl Tally for Share {
    fn merge(&mut self, other: Self) {
        self.add(other);
    }
}

impl Tally for Mean {
    fn merge(&mut self, other: Self) {
        self.add(other);
    }
}

/// Each bucket carries the number of the interval it was filled in, so nothing needs to be swept: a bucket counts
/// exactly while its interval is one of the last, whatever the clock did in between, and reading changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Window<T> {
    width_us: u64,
    buckets: Box<[(u64, T)]>,
}

impl<T: Tally> Window<T> {
    /// A window of `span`, exact to one part in `parts` of it.
    pub fn new(span: Duration, parts: u32) -> Self {
        let parts = parts.max(1);
        let width = u64::try_from(span.as_micros() / u128::from(parts)).unwrap_or(u64::MAX);
        Self {
            width_us: width.max(1),
            buckets: (0..parts).map(|_| (0, T::default())).collect(),
        }
    }

    /// How much time it looks back over.
    pub fn span(&self) -> Duration {
        Duration::from_micros(self.width_us.saturating_mul(self.len()))
    }

    /// The bucket of `now`, to add to. None when the clock went back by more than a lap: its place already holds
    /// something newer.
    pub fn at(&mut self, now: Mono) -> Option<&mut T> {
        let interval = self.interval(now);
        let place = usize::try_from(interval % self.len()).ok()?;
        let (of, held) = self.buckets.get_mut(place)?;
        if *of > interval {
            return None;
        }
        if *of < interval {
            (*of, *held) = (interval, T::default());
        }
        Some(held)
    }

    /// Everything from the last `span`.
    pub fn total(&self, now: Mono) -> T {
        self.newest(now, self.len())
    }

    /// Everything from so many of the newest parts.
    pub fn newest(&self, now: Mono, parts: u64) -> T {
        let newest = self.interval(now);
        let oldest = newest.saturating_sub(parts.clamp(1, self.len()) - 1);
        let mut all = T::default();
        for &(of, held) in &self.buckets {
            if of >= oldest && of <= newest {
                all.merge(held);
            }
        }
        all
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill((0, T::default()));
    }

    /// The same history in a window of another span, as far as it reaches and as finely as it was kept.
    #[must_use]
    pub fn resized(&self, span: Duration) -> Self {
        let parts = u32::try_from(self.buckets.len()).unwrap_or(u32::MAX);
        let mut other = Self::new(span, parts);
        let mut kept: Vec<_> = self.buckets.iter().filter(|(of, _)| *of > 0).collect();
        kept.sort_unstable_by_key(|(of, _)| *of);
        for &&(of, held) in &kept {
            if let Some(bucket) = other.at(Mono((of - 1).saturating_mul(self.width_us))) {
                bucket.merge(held);
            }
        }
        other
    }

    /// Intervals count from 1, so that 0 marks a bucket that was never filled.
    const fn interval(&self, now: Mono) -> u64 {
        (now.0 / self.width_us).saturating_add(1)
    }

    const fn len(&self) -> u64 {
        self.buckets.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPAN_S: u64 = 12;

    fn ten_seconds() -> Window<Share> {
        Window::new(Duration::from_secs(SPAN_S), 12)
    }

    fn count(window: &mut Window<Share>, at: Mono) {
        if let Some(share) = window.at(at) {
            share.add(Share { bad: 1, n: 1 });
        }
    }

    proptest! {
        /// Against the plain definition: everything whose whole second is one of the last twelve.
        #[test]
        fn it_counts_what_the_definition_counts_across_laps_and_jumps(
            steps in prop::collection::vec(prop_oneof![
                6 => 0_u64..1_500_000,
                2 => 0_u64..40_000_000,
                1 => Just(12_000_000_u64),
                1 => 0_u64..100_000_000_000,
            ], 1..200)
        ) {
            let mut window = ten_seconds();
            let mut now = 0;
            let mut seen: Vec<u64> = Vec::new();
            for step in steps {
                now += step;
                count(&mut window, Mono(now));
                seen.push(now / 1_000_000);
                let second = now / 1_000_000;
                let expected = seen.iter().filter(|&&s| s + SPAN_S > second).count();
                prop_assert_eq!(window.total(Mono(now)).n as usize, expected);
                let later = now + 3_000_000;
                let second = later / 1_000_000;
                let expected = seen.iter().filter(|&&s| s + SPAN_S > second).count();
                prop_assert_eq!(window.total(Mono(later)).n as usize, expected);
            }
        }

        #[test]
        fn a_clock_that_goes_back_loses_nothing_that_is_newer(
            back in 0_u64..100, laps in 0_u64..5
        ) {
            let mut window = ten_seconds();
            let now = Mono::from_secs(1_000 + laps * SPAN_S);
            for _ in 0..5 {
                count(&mut window, now);
            }
            let earlier = Mono::from_secs(1_000 + laps * SPAN_S - back);
            count(&mut window, earlier);
            let still_inside = u32::from(back < SPAN_S);
            prop_assert_eq!(window.total(now).n, 5 + still_inside);
        }
    }

    #[test]
    fn the_edge_of_a_lap_forgets_one_second_only() {
        let mut window = ten_seconds();
        for s in 0..SPAN_S {
            count(&mut window, Mono::from_secs(s));
        }
        assert_eq!(window.total(Mono::from_secs(SPAN_S - 1)).n, 12);
        assert_eq!(window.total(Mono::from_secs(SPAN_S)).n, 11);
        assert_eq!(window.total(Mono::from_secs(2 * SPAN_S)).n, 0);
    }

    #[test]
    fn a_shorter_span_keeps_what_is_young_enough() {
        let mut window = ten_seconds();
        for s in 0..SPAN_S {
            count(&mut window, Mono::from_secs(s));
        }
        let shorter = window.resized(Duration::from_secs(6));
        assert_eq!(shorter.total(Mono::from_secs(11)).n, 6);
        let longer = window.resized(Duration::from_mins(1));
        assert_eq!(longer.total(Mono::from_secs(30)).n, 12);
    }
}
