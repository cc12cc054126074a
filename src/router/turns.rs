//! Which requests are told of one by one. A share of the ordinary ones, spread over the second; the others nearly all.

use crate::model::Mono;
use parking_lot::Mutex;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Turns {
    ordinary: Mutex<Turn>,
    unusual: Mutex<Turn>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            ordinary: Mutex::new(Turn::new(Duration::from_millis(250), 1)),
            unusual: Mutex::new(Turn::new(Duration::from_secs(1), 16)),
        }
    }
}

impl Turns {
    /// Whether this one is told, and how many of its kind were not since the last one that was.
    pub(super) fn take(&self, ordinary: bool, now: Mono) -> Option<u32> {
        let turn = if ordinary {
            &self.ordinary
        } else {
            &self.unusual
        };
        turn.lock().take(now)
    }
}

/// So many in each window: the first that come.
#[derive(Debug)]
struct Turn {
    window: Duration,
    most: u32,
    began: Option<Mono>,
    taken: u32,
    untold: u32,
}

impl Turn {
    const fn new(window: Duration, most: u32) -> Self {
        Self {
            window,
            most,
            began: None,
            taken: 0,
            untold: 0,
        }
    }

    fn take(&mut self, now: Mono) -> Option<u32> {
        if self.began.is_none_or(|b| now.since(b) >= self.window) {
            (self.began, self.taken) = (Some(now), 0);
        }
        if self.taken < self.most {
            self.taken += 1;
            return Some(std::mem::take(&mut self.untold));
        }
        self.untold = self.untold.saturating_add(1);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(turns: &Turns, ordinary: bool, every_ms: u64) -> Vec<(u64, u32)> {
        let at = |ms: u64| Mono::from_secs(1) + Duration::from_millis(ms);
        let all = (0..1000).step_by(usize::try_from(every_ms).unwrap());
        all.filter_map(|ms| Some((ms, turns.take(ordinary, at(ms))?)))
            .collect()
    }

    #[test]
    fn ordinary_requests_are_told_four_times_a_second_and_say_how_many_were_not() {
        let turns = Turns::default();
        assert_eq!(
            told(&turns, true, 10),
            [(0, 0), (250, 24), (500, 24), (750, 24)]
        );
        assert_eq!(
            told(&Turns::default(), true, 400),
            [(0, 0), (400, 0), (800, 0)]
        );
    }

    #[test]
    fn of_others_sixteen_a_second_are_told_however_many_ordinary_ones_there_are() {
        let turns = Turns::default();
        told(&turns, true, 1);
        let others = told(&turns, false, 10);
        assert_eq!(others.len(), 16);
        let later = turns.take(false, Mono::from_secs(2));
        assert_eq!(later, Some(100 - 16));
    }
}
