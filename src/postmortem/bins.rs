//! A series of any length in bounded memory: when there are too many bins, two neighbours become one.

use crate::model::Wall;
use std::time::Duration;

/// As many as a chart has columns.
const MOST: usize = 960;

/// What can stand in a bin.
pub(super) trait Merge: Default {
    fn merge(&mut self, other: Self);
}

#[derive(Debug, Clone)]
pub(super) struct Bins<T> {
    /// The second that the first bin begins with.
    start: Option<u64>,
    /// Seconds in a bin.
    step: u64,
    all: Vec<T>,
}

impl<T> Default for Bins<T> {
    fn default() -> Self {
        Self {
            start: None,
            step: 1,
            all: Vec::new(),
        }
    }
}

impl<T: Merge> Bins<T> {
    /// The bin of a moment. One from before the first (a clock that was set back) falls into the first.
    pub(super) fn at(&mut self, at: Wall) -> &mut T {
        let start = *self.start.get_or_insert(at.secs());
        let second = at.secs().saturating_sub(start);
        while self.index(second) >= MOST {
            self.halve();
        }
        let index = self.index(second);
        if index >= self.all.len() {
            self.all.resize_with(index + 1, T::default);
        }
        // Made just above.
        &mut self.all[index]
    }

    fn index(&self, second: u64) -> usize {
        usize::try_from(second / self.step).unwrap_or(usize::MAX)
    }

    fn halve(&mut self) {
        self.step *= 2;
        let mut halved = Vec::with_capacity(self.all.len().div_ceil(2));
        let mut all = std::mem::take(&mut self.all).into_iter();
        while let Some(mut first) = all.next() {
            if let Some(second) = all.next() {
                first.merge(second);
            }
            halved.push(first);
        }
        self.all = halved;
    }

    pub(super) fn step(&self) -> Duration {
        Duration::from_secs(self.step)
    }

    /// Each bin with when it begins.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Wall, &T)> {
        let start = self.start.unwrap_or_default();
        self.all
            .iter()
            .zip(0_u64..)
            .map(move |(bin, i)| (Wall((start + i * self.step) * 1000), bin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Sum(u64);

    impl Merge for Sum {
        fn merge(&mut self, other: Self) {
            self.0 += other.0;
        }
    }

    fn filled(seconds: u64) -> Bins<Sum> {
        let mut bins = Bins::<Sum>::default();
        for second in 0..seconds {
            bins.at(Wall((1_000 + second) * 1000)).0 += 1;
        }
        bins
    }

    #[test]
    fn a_long_series_keeps_its_sum_in_few_bins() {
        for seconds in [1, 959, 960, 961, 100_000] {
            let bins = filled(seconds);
            let all: Vec<_> = bins.iter().collect();
            assert!(all.len() <= MOST, "{seconds}");
            assert_eq!(all.iter().map(|(_, sum)| sum.0).sum::<u64>(), seconds);
            assert_eq!(all[0].0, Wall(1_000_000));
        }
        assert_eq!(filled(960).step(), Duration::from_secs(1));
        assert_eq!(filled(961).step(), Duration::from_secs(2));
    }

    #[test]
    fn a_clock_that_was_set_back_loses_nothing() {
        let mut bins = filled(10);
        bins.at(Wall(0)).0 += 5;
        assert_eq!(bins.iter().map(|(_, sum)| sum.0).sum::<u64>(), 15);
    }
}
