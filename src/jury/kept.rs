//! Answers that were not judged and may be after all: when a bad one turns up, its neighbours are asked about.

use crate::{breaker::KEPT_FOR, model::Mono};
use std::collections::VecDeque;

const MOST: usize = 32;
const MOST_BYTES: usize = 1 << 20;

/// The newest answers of one deployment, a few seconds of them.
#[derive(Debug)]
pub struct Kept<T> {
    held: VecDeque<(Mono, usize, T)>,
    bytes: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            held: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<T> Kept<T> {
    /// Keeps one for a moment. What is too old or too much goes.
    pub fn keep(&mut self, bytes: usize, answer: T, now: Mono) {
        self.held.push_back((now, bytes, answer));
        self.bytes += bytes;
        self.expire(now);
        while self.held.len() > MOST || self.bytes > MOST_BYTES {
            self.drop_oldest();
        }
    }

    /// How many there are to take.
    pub fn count(&mut self, now: Mono) -> usize {
        self.expire(now);
        self.held.len()
    }

    /// The newest ones, at most `n`, which are then no longer kept.
    pub fn take(&mut self, n: usize, now: Mono) -> impl Iterator<Item = T> {
        self.expire(now);
        let from = self.held.len().saturating_sub(n);
        let taken = self.held.split_off(from);
        self.bytes -= taken.iter().map(|(_, bytes, _)| bytes).sum::<usize>();
        taken.into_iter().rev().map(|(_, _, answer)| answer)
    }

    /// Forgets what is too old.
    pub fn expire(&mut self, now: Mono) {
        while self
            .held
            .front()
            .is_some_and(|(at, ..)| now.since(*at) > KEPT_FOR)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((_, bytes, _)) = self.held.pop_front() {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(kept: &mut Kept<u32>, n: usize, at: u64) -> Vec<u32> {
        kept.take(n, Mono::from_secs(at)).collect()
    }

    #[test]
    fn the_newest_are_taken_once_and_newest_first() {
        let mut kept = Kept::default();
        for i in 0..10 {
            kept.keep(1, i, Mono::from_secs(1));
        }
        assert_eq!(taken(&mut kept, 3, 1), [9, 8, 7]);
        assert_eq!(taken(&mut kept, 3, 1), [6, 5, 4]);
        assert_eq!(taken(&mut kept, 99, 1), [3, 2, 1, 0]);
        assert_eq!(kept.bytes, 0);
    }

    #[test]
    fn nothing_is_kept_for_long() {
        let mut kept = Kept::default();
        kept.keep(1, 1, Mono::from_secs(1));
        kept.keep(1, 2, Mono::from_secs(10));
        assert_eq!(taken(&mut kept, 9, 17), [2]);
    }

    #[test]
    fn neither_many_nor_large_answers_fill_the_memory() {
        let mut kept = Kept::default();
        for i in 0..100 {
            kept.keep(1, i, Mono::from_secs(1));
        }
        assert_eq!(kept.held.len(), MOST);
        for i in 0..10 {
            kept.keep(300 << 10, i, Mono::from_secs(1));
        }
        assert_eq!(kept.held.len(), 3);
        kept.keep(2 << 20, 0, Mono::from_secs(1));
        assert!(kept.held.is_empty(), "larger than everything together");
    }
}
