//! Counts and latencies of one second, recorded as attempts end and drained by the pulse.

use crate::model::{
    Class, DeploymentId, Mono, RouteId,
    event::{Answered, Bucket, Exchanges, Outcome, RouteSecond},
    finding::Findings,
    series::Latency,
    verdict::Counts,
};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// The longest latency that is told apart: an hour, in milliseconds.
const MAX_MS: u64 = 3_600_000;
/// Answers after which the deployment's own distribution of first tokens is trusted.
const LEARNED: u64 = 100;
/// Halved when it has seen this many, so that last week does not outvote today.
const HALVE_AT: u64 = 4_000;

fn histogram() -> Histogram<u32> {
    Histogram::new_with_max(MAX_MS, 2).expect("1 ms to 1 h with two digits is a valid histogram")
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(MAX_MS).min(MAX_MS)
}

fn sparse(h: &mut Histogram<u32>) -> Latency {
    let out = h
        .iter_recorded()
        .map(|v| {
            (
                u32::try_from(v.value_iterated_to()).unwrap_or(u32::MAX),
                v.count_at_value(),
            )
        })
        .collect();
    h.reset();
    Latency(out)
}

/// One deployment's recorder.
#[derive(Debug)]
pub(super) struct Recorder {
    in_flight: AtomicU32,
    second: Mutex<Second>,
}

#[derive(Debug)]
struct Second {
    bucket: Bucket,
    ttft: Histogram<u32>,
    total: Histogram<u32>,
    /// First tokens over a long time: what `ttft_timeout` is learned from.
    learned: Histogram<u32>,
    /// When a user's attempt last ended in an answer or a failure.
    heard: Option<Mono>,
}

/// What an attempt measured.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    pub(super) ttft: Option<Duration>,
    pub(super) total: Duration,
    pub(super) tokens: u32,
    pub(super) fault: Option<u32>,
}

impl Recorder {
    pub(super) fn new(id: DeploymentId) -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            second: Mutex::new(Second {
                bucket: Bucket::empty(id),
                ttft: histogram(),
                total: histogram(),
                learned: histogram(),
                heard: None,
            }),
        }
    }

    pub(super) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing was called after all.
    pub(super) fn forget(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self, class: Class, m: &Measured, now: Mono) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let mut s = self.second.lock();
        if !matches!(class.counts(), Counts::Gate | Counts::Ignore) {
            s.heard = Some(now);
        }
        let slot = match class.counts() {
            Counts::Ok => &mut s.bucket.ok,
            Counts::Fail | Counts::Trip => &mut s.bucket.fail,
            Counts::Gate => &mut s.bucket.throttled,
            Counts::Ignore => &mut s.bucket.ignored,
        };
        *slot += 1;
        let classes = match class.counts() {
            Counts::Ok => None,
            Counts::Ignore => Some(&mut s.bucket.ignored_classes),
            Counts::Fail | Counts::Trip | Counts::Gate => Some(&mut s.bucket.classes),
        };
        if let Some(classes) = classes {
            match classes.iter_mut().find(|(c, _)| *c == class) {
                Some((_, n)) => *n += 1,
                None => classes.push((class, 1)),
            }
        }
        s.bucket.tokens += m.tokens;
        if let Some(id) = m.fault {
            match s.bucket.injected.iter_mut().find(|(i, _)| *i == id) {
                Some((_, n)) => *n += 1,
                None => s.bucket.injected.push((id, 1)),
            }
        }
        if let Some(ttft) = m.ttft {
            s.ttft.saturating_record(millis(ttft));
            if m.fault.is_none() {
                s.learned.saturating_record(millis(ttft));
            }
        }
        if class == Class::Ok {
            s.total.saturating_record(millis(m.total));
        }
    }

    /// A prompt of our own has ended: counted apart from everything that users asked.
    pub(super) fn canary(&self, failed: bool) {
        let mut s = self.second.lock();
        s.bucket.canary += 1;
        s.bucket.canary_failed += u32::from(failed);
    }

    pub(super) fn heard(&self) -> Option<Mono> {
        self.second.lock().heard
    }

    /// What was visibly wrong with an answer, a moment after it was given.
    pub(super) fn saw(&self, findings: Findings) {
        if findings.is_empty() {
            return;
        }
        findings.count_in(&mut self.second.lock().bucket.findings);
    }

    /// A time to first token that most answers of this deployment keep; none until enough were seen.
    pub(super) fn ttft_quantile(&self, q: f64) -> Option<Duration> {
        let mut s = self.second.lock();
        if s.learned.len() >= HALVE_AT {
            let mut halved = histogram();
            for v in s.learned.iter_recorded() {
                halved.saturating_record_n(v.value_iterated_to(), v.count_at_value().div_ceil(2));
            }
            s.learned = halved;
        }
        (s.learned.len() >= LEARNED).then(|| Duration::from_millis(s.learned.value_at_quantile(q)))
    }

    /// The second that ends; none when nothing happened in it.
    pub(super) fn drain(&self) -> Option<Bucket> {
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        let mut s = self.second.lock();
        let (ttft, total) = {
            let Second { ttft, total, .. } = &mut *s;
            (sparse(ttft), sparse(total))
        };
        let empty = Bucket::empty(s.bucket.deployment.clone());
        let bucket = Bucket {
            in_flight,
            ttft,
            total,
            ..std::mem::replace(&mut s.bucket, empty)
        };
        (!bucket.is_idle()).then_some(bucket)
    }
}

/// All exchanges of one second.
#[derive(Debug)]
pub(super) struct ExchangeRecorder(Mutex<(Exchanges, Histogram<u32>)>);

impl Default for ExchangeRecorder {
    fn default() -> Self {
        Self(Mutex::new((Exchanges::default(), histogram())))
    }
}

impl ExchangeRecorder {
    pub(super) fn end(&self, outcome: Outcome, total: Duration, route: &RouteId, by: Answered) {
        let mut s = self.0.lock();
        s.0.count(outcome);
        if !matches!(outcome, Outcome::Left | Outcome::CallerError) {
            s.1.saturating_record(millis(total));
        }
        let routes = &mut s.0.routes;
        let known = routes.iter().position(|r| r.route == *route);
        let at = known.unwrap_or_else(|| {
            routes.push(RouteSecond::empty(route.clone()));
            routes.len() - 1
        });
        routes[at].count(outcome, by);
    }

    pub(super) fn client_retry(&self) {
        self.0.lock().0.client_retries += 1;
    }

    pub(super) fn drain(&self) -> Option<Exchanges> {
        let mut s = self.0.lock();
        let total = sparse(&mut s.1);
        let out = Exchanges {
            total,
            ..std::mem::take(&mut s.0)
        };
        (out != Exchanges::default()).then_some(out)
    }
}
