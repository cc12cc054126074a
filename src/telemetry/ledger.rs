//! How many spans wait, have been sent and are lost; and what people are told of it: once when spans begin to be lost, once
//! when they get through again.

use crate::{
    clock,
    model::{Mono, event::Level},
};
use parking_lot::Mutex;
use std::{
    fmt,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

/// A collector that comes and goes is news no oftener than this.
const NEWS_EVERY: Duration = Duration::from_mins(10);

/// Where what people should know is told.
pub type Tell = Box<dyn Fn(Level, String) + Send + Sync>;

/// Spans, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub sent: u64,
    /// The queue was full.
    pub dropped: u64,
    /// The collector did not take them.
    pub failed: u64,
}

pub(super) struct Ledger {
    most: usize,
    waiting: AtomicUsize,
    sent: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    news: Mutex<News>,
    tell: Tell,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ledger").field(&self.tally()).finish()
    }
}

impl Ledger {
    pub(super) fn new(most: usize, tell: Tell) -> Self {
        Self {
            most,
            waiting: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            news: Mutex::default(),
            tell,
        }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            sent: self.sent.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Room for all spans of one trace, or none: half a tree explains nothing.
    pub(super) fn admits(&self, spans: usize) -> bool {
        let room = |waiting: usize| Some(waiting + spans).filter(|n| *n <= self.most);
        let order = Ordering::Relaxed;
        let admitted = self.waiting.fetch_update(order, order, room).is_ok();
        if !admitted {
            let most = self.most;
            self.bad(&format!(
                "{most} spans wait to be sent, and no more are kept"
            ));
            self.dropped.fetch_add(spans as u64, order);
        }
        admitted
    }

    /// They are on their way.
    pub(super) fn taken(&self, spans: usize) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, spans: usize) {
        self.sent.fetch_add(spans as u64, Ordering::Relaxed);
        if let Some(lost) = self.news.lock().good(self.lost()) {
            let text = format!("traces: the collector takes spans again; {lost} were lost");
            (self.tell)(Level::Info, text);
        }
    }

    pub(super) fn failed(&self, spans: usize, why: &str) {
        self.bad(why);
        self.failed.fetch_add(spans as u64, Ordering::Relaxed);
    }

    fn bad(&self, why: &str) {
        if self.news.lock().bad(self.lost(), clock::now()) {
            let text = format!(
                "traces: spans are lost: {why}. Look after the collector, or its address; requests are not touched by it"
            );
            (self.tell)(Level::Warn, text);
        }
    }

    fn lost(&self) -> u64 {
        let tally = self.tally();
        tally.dropped + tally.failed
    }
}

/// What has been told.
#[derive(Debug, Default)]
struct News {
    told: Option<Mono>,
    /// What had been lost before, while the last that was told is that spans are.
    before: Option<u64>,
}

impl News {
    /// Whether it is to be told that spans are lost, of which there were so many before.
    fn bad(&mut self, lost: u64, now: Mono) -> bool {
        let due = self.told.is_none_or(|at| now.since(at) >= NEWS_EVERY);
        let news = self.before.is_none() && due;
        if news {
            self.told = Some(now);
            self.before = Some(lost);
        }
        news
    }

    /// How many were lost, when that is to be told.
    fn good(&mut self, lost: u64) -> Option<u64> {
        self.before.take().map(|before| lost - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn ledger(most: usize) -> (Ledger, Arc<Mutex<Vec<String>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&told);
        let ledger = Ledger::new(most, Box::new(move |_, text| ear.lock().push(text)));
        (ledger, told)
    }

    #[test]
    fn a_trace_that_does_not_fit_is_dropped_whole_and_told_once() {
        let (ledger, told) = ledger(4);
        assert!(ledger.admits(3));
        assert!(!ledger.admits(2));
        assert!(!ledger.admits(2));
        assert!(ledger.admits(1));
        assert_eq!(ledger.tally().dropped, 4);
        assert_eq!(told.lock().len(), 1, "{told:?}");
        ledger.taken(4);
        assert!(ledger.admits(4));
    }

    #[test]
    fn that_spans_get_through_again_is_told_with_what_was_lost() {
        let (ledger, told) = ledger(8);
        ledger.sent(1);
        ledger.failed(1, "refused");
        ledger.failed(5, "refused");
        ledger.sent(2);
        ledger.sent(2);
        let told = told.lock();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("refused"), "{told:?}");
        assert!(told[1].contains("6 were lost"), "{told:?}");
    }

    #[test]
    fn a_collector_that_comes_and_goes_is_news_every_ten_minutes() {
        let mut news = News::default();
        let at = Mono::from_secs;
        assert!(news.bad(0, at(0)));
        assert!(!news.bad(1, at(1)));
        assert_eq!(news.good(2), Some(2));
        assert_eq!(news.good(2), None);
        assert!(!news.bad(3, at(599)));
        assert_eq!(news.good(3), None);
        assert!(news.bad(4, at(600)));
    }
}
