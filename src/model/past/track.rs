//! One measure over time: by the second for as long as a chart and the moments before it need, by the minute for a day.

use crate::model::{
    event::Exchanges,
    snapshot::{HISTORY_S, Point},
};
use std::collections::VecDeque;

pub(super) const MINUTE: u64 = 60;
/// The moments that are kept by the second, and a chart before the first of them.
const FINE_S: u64 = 2 * HISTORY_S;
/// The moments that are kept by the minute, and a chart before the first of them.
const COARSE_S: u64 = 86_400 + HISTORY_S;

/// What a second of a measure is.
pub(super) trait Measure: Clone {
    fn merge(&mut self, other: &Self);
    /// One second of a minute of which only this sum is known: the first seconds get what cannot be divided.
    fn second(&self, sec: u64) -> Self;
}

#[derive(Debug, Clone)]
pub(super) struct Track<T> {
    fine: VecDeque<(u64, T)>,
    /// By the first second of each whole minute.
    coarse: VecDeque<(u64, T)>,
}

impl<T> Default for Track<T> {
    fn default() -> Self {
        Self {
            fine: VecDeque::new(),
            coarse: VecDeque::new(),
        }
    }
}

impl<T: Measure> Track<T> {
    /// Takes the seconds that are new; the last one known may have grown. In ascending order.
    pub(super) fn extend(&mut self, seconds: impl DoubleEndedIterator<Item = (u64, T)> + Clone) {
        let last = self.fine.back().map(|(sec, _)| *sec);
        let known = |sec: u64| last.is_some_and(|last| sec < last);
        let news = seconds
            .clone()
            .rev()
            .take_while(|(s, _)| !known(*s))
            .count();
        for (sec, value) in seconds
            .rev()
            .take(news)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            match self.fine.back_mut() {
                Some((last, old)) if *last == sec => *old = value,
                _ => {
                    self.close(sec / MINUTE * MINUTE);
                    self.fine.push_back((sec, value));
                }
            }
        }
        let Some(now) = self.fine.back().map(|(sec, _)| *sec) else {
            return;
        };
        forget(&mut self.fine, now.saturating_sub(FINE_S));
        forget(&mut self.coarse, now.saturating_sub(COARSE_S));
    }

    /// Sums up the last minute known, when another has begun.
    fn close(&mut self, minute: u64) {
        let Some(last) = self.fine.back().map(|(sec, _)| sec / MINUTE * MINUTE) else {
            return;
        };
        if last == minute {
            return;
        }
        let mut seconds = self.fine.iter().rev().take_while(|(sec, _)| *sec >= last);
        let Some((_, mut sum)) = seconds.next().cloned() else {
            return;
        };
        for (_, more) in seconds {
            sum.merge(more);
        }
        self.coarse.push_back((last, sum));
    }

    /// The seconds after `from`, up to `to`; made of minutes where they are not near.
    pub(super) fn window(
        &self,
        (from, to, near): (u64, u64, bool),
    ) -> Box<dyn Iterator<Item = (u64, T)> + '_> {
        let inside = move |sec: &u64| *sec > from && *sec <= to;
        if near {
            let seconds = self.fine.iter().filter(move |(sec, _)| inside(sec));
            return Box::new(seconds.cloned());
        }
        let minutes = self
            .coarse
            .iter()
            .filter(move |(sec, _)| sec + MINUTE > from && *sec <= to);
        Box::new(
            minutes
                .flat_map(|(start, sum)| (0..MINUTE).map(move |i| (start + i, sum.second(i))))
                .filter(move |(sec, _)| inside(sec)),
        )
    }
}

fn forget<T>(ring: &mut VecDeque<(u64, T)>, before: u64) {
    while ring.front().is_some_and(|(sec, _)| *sec < before) {
        ring.pop_front();
    }
}

/// The part of `n` that falls to the `i`th of sixty.
fn part(n: u32, i: u64) -> u32 {
    const SECONDS: u32 = 60;
    n / SECONDS + u32::from(i < u64::from(n % SECONDS))
}

impl Measure for Exchanges {
    fn merge(&mut self, other: &Self) {
        self.add(other);
    }

    fn second(&self, i: u64) -> Self {
        Self {
            primary: part(self.primary, i),
            fallback: part(self.fallback, i),
            cached: part(self.cached, i),
            canned: part(self.canned, i),
            caller_error: part(self.caller_error, i),
            error: part(self.error, i),
            broken: part(self.broken, i),
            left: part(self.left, i),
            client_retries: part(self.client_retries, i),
            ..Self::default()
        }
    }
}

impl Measure for Point {
    fn merge(&mut self, other: &Self) {
        self.errors.add(other.errors);
        self.attempts += other.attempts;
        self.throttled += other.throttled;
        self.injected += other.injected;
        self.tokens += other.tokens;
        self.score.add(other.score);
    }

    /// Rates and means are those of the minute in each of its seconds: charts show nothing else of a point.
    fn second(&self, i: u64) -> Self {
        Self {
            sec: self.sec / MINUTE * MINUTE + i,
            attempts: part(self.attempts, i),
            throttled: part(self.throttled, i),
            injected: part(self.injected, i),
            tokens: part(self.tokens, i),
            ..*self
        }
    }
}
