//! Latencies of the last five minutes. Their quantiles are computed when somebody looks, not with every second: who
//! replays an hour in a second does not look at most of it.

use super::FIVE_MINUTES;
use crate::model::series::Latency;
use std::{collections::VecDeque, sync::OnceLock, time::Duration};

#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    seconds: VecDeque<(u64, Latency)>,
    p50: OnceLock<Option<Duration>>,
    p95: OnceLock<Option<Duration>>,
    p99: OnceLock<Option<Duration>>,
}

impl Times {
    pub(super) fn push(&mut self, sec: u64, latency: &Latency) {
        self.seconds.push_back((sec, latency.clone()));
        let old = |(s, _): &(u64, Latency)| s + FIVE_MINUTES <= sec;
        while self.seconds.front().is_some_and(old) {
            self.seconds.pop_front();
        }
        (self.p50, self.p95, self.p99) = Default::default();
    }

    pub(super) fn p50(&self) -> Option<Duration> {
        *self.p50.get_or_init(|| self.quantile(0.50))
    }

    pub(super) fn p95(&self) -> Option<Duration> {
        *self.p95.get_or_init(|| self.quantile(0.95))
    }

    pub(super) fn p99(&self) -> Option<Duration> {
        *self.p99.get_or_init(|| self.quantile(0.99))
    }

    fn quantile(&self, q: f64) -> Option<Duration> {
        Latency::quantile(self.seconds.iter().map(|(_, latency)| latency), q)
    }
}
