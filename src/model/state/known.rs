//! What the windows of one deployment, or of one route, are made of. They are added up when somebody looks.

use super::{FIVE_MINUTES, MINUTE, NOW_S, times::Times};
use crate::model::{
    event::{Bucket, RouteSecond},
    finding::{self, Tally},
    series::{Mean, Share},
    snapshot::{DeploymentView, RouteView},
    verdict::Classes,
};
use std::{cmp::Reverse, collections::VecDeque};

/// Seconds of the last five minutes that had something.
type Seconds<T> = VecDeque<(u64, T)>;

fn push<T>(seconds: &mut Seconds<T>, sec: u64, what: Option<T>) {
    seconds.extend(what.map(|what| (sec, what)));
    while seconds
        .front()
        .is_some_and(|(s, _)| s + FIVE_MINUTES <= sec)
    {
        seconds.pop_front();
    }
}

fn recent<T>(seconds: &Seconds<T>, now: u64) -> impl Iterator<Item = &(u64, T)> {
    let skip = move |(sec, _): &&(u64, T)| sec + FIVE_MINUTES <= now;
    seconds.iter().skip_while(skip)
}

#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    ttft: Times,
    total: Times,
    /// What was visibly wrong with answers.
    findings: Seconds<Tally>,
    /// Why attempts failed.
    classes: Seconds<Classes>,
    /// One hour of scores by minute.
    scores: VecDeque<(u64, Mean)>,
}

impl Known {
    pub(super) fn bucket(&mut self, b: &Bucket, sec: u64) {
        self.ttft.push(sec, &b.ttft);
        self.total.push(sec, &b.total);
        let found = (!b.findings.is_empty()).then(|| b.findings.clone());
        push(&mut self.findings, sec, found);
        let failed = (!b.classes.is_empty()).then(|| b.classes.clone());
        push(&mut self.classes, sec, failed);
    }

    pub(super) fn score(&mut self, x: f64, sec: u64) {
        let minute = sec / MINUTE;
        match self.scores.back_mut() {
            Some((m, mean)) if *m == minute => mean.push(x),
            _ => self.scores.push_back((minute, Mean { sum: x, n: 1 })),
        }
        while self
            .scores
            .front()
            .is_some_and(|(m, _)| m + MINUTE <= minute)
        {
            self.scores.pop_front();
        }
    }

    pub(super) fn windows(&self, d: &mut DeploymentView, now: u64) {
        d.errors_5m = Share::default();
        (d.throttled_5m, d.attempts_per_s, d.tokens_per_s) = (0, 0.0, 0.0);
        for p in d
            .points
            .iter()
            .rev()
            .take_while(|p| p.sec + FIVE_MINUTES > now)
        {
            d.errors_5m.add(p.errors);
            d.throttled_5m += p.throttled;
            if p.sec + u64::from(NOW_S) > now {
                d.attempts_per_s += f64::from(p.attempts) / f64::from(NOW_S);
                d.tokens_per_s += f64::from(p.tokens) / f64::from(NOW_S);
            }
        }
        let some = d.errors_5m.n + d.throttled_5m > 0;
        let of = |times: &Times, q: fn(&Times) -> _| some.then(|| q(times)).flatten();
        (d.p50, d.p95, d.p99) = (
            of(&self.total, Times::p50),
            of(&self.total, Times::p95),
            of(&self.total, Times::p99),
        );
        (d.ttft_p50, d.ttft_p95, d.ttft_p99) = (
            of(&self.ttft, Times::p50),
            of(&self.ttft, Times::p95),
            of(&self.ttft, Times::p99),
        );
        if d.points
            .back()
            .is_none_or(|p| p.sec + u64::from(NOW_S) <= now)
        {
            d.in_flight = 0;
        }
        d.findings_5m = finding::add_up(recent(&self.findings, now).map(|(_, tally)| tally));
        d.classes_5m = most_first(recent(&self.classes, now).map(|(_, classes)| classes));
        d.judge_1h = Mean::default();
        for (minute, mean) in &self.scores {
            if minute + MINUTE > now / MINUTE {
                d.judge_1h.add(*mean);
            }
        }
    }
}

/// Of several lists one, the most frequent first.
fn most_first<'a>(lists: impl IntoIterator<Item = &'a Classes>) -> Classes {
    let mut sums = Classes::new();
    for &(class, n) in lists.into_iter().flatten() {
        match sums.iter_mut().find(|(c, _)| *c == class) {
            Some((_, sum)) => *sum = sum.saturating_add(n),
            None => sums.push((class, n)),
        }
    }
    sums.sort_by_key(|(class, n)| (Reverse(*n), class.as_str()));
    sums
}

#[derive(Debug, Clone, Default)]
pub(super) struct KnownRoute(Seconds<RouteSecond>);

impl KnownRoute {
    pub(super) fn second(&mut self, second: &RouteSecond, sec: u64) {
        push(&mut self.0, sec, Some(second.clone()));
    }

    pub(super) fn windows(&self, r: &mut RouteView, now: u64) {
        let (mut sum, mut ended) = (RouteSecond::empty(r.id.clone()), 0);
        for (sec, second) in recent(&self.0, now) {
            sum.add(second);
            if sec + u64::from(NOW_S) > now {
                ended += second.n();
            }
        }
        r.per_s = f64::from(ended) / f64::from(NOW_S);
        r.tiers_5m = sum.tiers;
        (r.cached_5m, r.canned_5m, r.failed_5m) = (sum.cached, sum.canned, sum.failed);
    }
}
