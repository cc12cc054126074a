//! What a screen has seen, so that it can look back: every second of the last quarter of an hour, every minute of the
//! last day. Every list is bounded, whatever happens and for however long.
//!
//! A moment is kept without its history, which moments share: the seconds of charts, scores and events are kept once,
//! and a moment that is asked for is put together from them.

use super::{
    DeploymentId, Event, Kind, Snapshot, Wall,
    event::Exchanges,
    request::{FailureView, RequestView},
    snapshot::{HISTORY_S, JudgedView, Point},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

mod track;
use track::{MINUTE, Track};

/// Moments one second apart.
pub const SECONDS: usize = 900;
/// Moments one minute apart.
pub const MINUTES: usize = 1440;
/// Events kept, of which a moment shows those that it had.
pub const EVENTS: usize = 10_000;
/// Judged answers kept of each deployment.
pub const SCORES: usize = 256;
/// Failures kept of each deployment.
pub const FAILURES: usize = 256;
/// Requests kept, of which a moment shows those that it had.
pub const REQUESTS: usize = 4096;

#[derive(Debug, Clone, Default)]
pub struct Past {
    seconds: VecDeque<Arc<Snapshot>>,
    minutes: VecDeque<Arc<Snapshot>>,
    trails: HashMap<DeploymentId, Trail>,
    exchanges: Track<Exchanges>,
    events: VecDeque<Arc<Event>>,
    requests: VecDeque<Arc<RequestView>>,
}

/// What one deployment leaves behind.
#[derive(Debug, Clone, Default)]
struct Trail {
    points: Track<Point>,
    scores: VecDeque<JudgedView>,
    /// In the order in which they happened; one that happened again stands there again.
    failures: VecDeque<FailureView>,
}

impl Past {
    /// Takes what is new in a snapshot. Another run, or a clock that was set back, begins anew.
    pub fn take(&mut self, s: &Snapshot) {
        let before = self.seconds.back();
        if before.is_some_and(|b| s.at < b.at || s.started != b.started) {
            *self = Self::default();
        }
        let told = self.events.back().map_or(0, |e| e.seq);
        let news = s.events.iter().rev().take_while(|e| e.seq > told).count();
        let first = s.events.len().saturating_sub(news);
        self.events.extend(s.events.range(first..).cloned());
        while self.events.len() > EVENTS {
            self.events.pop_front();
        }
        let told = self.requests.back().map_or(0, |r| r.seq);
        let first = s.requests.partition_point(|r| r.seq <= told);
        self.requests.extend(s.requests.range(first..).cloned());
        while self.requests.len() > REQUESTS {
            self.requests.pop_front();
        }
        let seconds = s.exchanges.iter().map(|(sec, e)| (*sec, e.clone()));
        self.exchanges.extend(seconds);
        for d in &s.deployments {
            let trail = self.trails.entry(d.id.clone()).or_default();
            trail.points.extend(d.points.iter().map(|p| (p.sec, *p)));
            trail.scores(&d.scores);
            trail.failures(&d.failures);
        }
        self.trails
            .retain(|id, _| s.deployments.iter().any(|d| d.id == *id));
        self.moment(s);
    }

    fn moment(&mut self, s: &Snapshot) {
        let second = s.at.secs();
        if self
            .seconds
            .back()
            .is_some_and(|last| last.at.secs() == second)
        {
            return;
        }
        let standing = Arc::new(s.clone().standing());
        let new_minute = self
            .minutes
            .back()
            .is_none_or(|last| last.at.secs() / MINUTE < second / MINUTE);
        if new_minute {
            self.minutes.push_back(Arc::clone(&standing));
            while self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
        }
        self.seconds.push_back(standing);
        let old = |m: &Arc<Snapshot>| m.at.secs().saturating_add(SECONDS as u64) <= second;
        while self.seconds.front().is_some_and(old) {
            self.seconds.pop_front();
        }
    }

    /// The first moment that is kept.
    pub fn oldest(&self) -> Option<Wall> {
        let first = |ring: &VecDeque<Arc<Snapshot>>| ring.front().map(|s| s.at);
        first(&self.minutes)
            .into_iter()
            .chain(first(&self.seconds))
            .min()
    }

    /// The last moment before `at`.
    pub fn before(&self, at: Wall) -> Option<Snapshot> {
        let rings = [&self.seconds, &self.minutes];
        let found = rings
            .into_iter()
            .find_map(|ring| ring.get(ring.partition_point(|s| s.at < at).checked_sub(1)?));
        found.map(|s| self.whole(s))
    }

    /// The first moment after `at`.
    pub fn after(&self, at: Wall) -> Option<Snapshot> {
        self.next(at).map(|s| self.whole(s))
    }

    fn next(&self, at: Wall) -> Option<&Snapshot> {
        let rings = [&self.minutes, &self.seconds];
        rings
            .into_iter()
            .filter_map(|ring| ring.get(ring.partition_point(|s| s.at <= at)))
            .min_by_key(|s| s.at)
            .map(|s| &**s)
    }

    /// The moment that shows how things stood at `at`, or the oldest there is.
    pub fn at(&self, at: Wall) -> Option<Snapshot> {
        self.before(Wall(at.0.saturating_add(1)))
            .or_else(|| self.after(at))
    }

    /// The last moment before `at` in which a breaker had just moved, or the first one after it.
    pub fn moved(&self, at: Wall, back: bool) -> Option<Snapshot> {
        let moves = self
            .events
            .iter()
            .filter(|e| matches!(e.kind, Kind::Transition(_)));
        let mut seen = moves.filter_map(|e| self.next(Wall(e.at.0.saturating_sub(1))));
        let found = if back {
            seen.rfind(|s| s.at < at)
        } else {
            seen.find(|s| s.at > at)
        };
        found.map(|s| self.whole(s))
    }

    /// A kept moment with the history that it had.
    fn whole(&self, standing: &Snapshot) -> Snapshot {
        let mut s = standing.clone();
        let now = s.at.secs();
        // A frame of charts before a moment that is itself kept by the second.
        let near = self.seconds.front().is_some_and(|first| s.at >= first.at);
        let window = (now.saturating_sub(HISTORY_S), now, near);
        for d in &mut s.deployments {
            let Some(trail) = self.trails.get(&d.id) else {
                continue;
            };
            let points = trail.points.window(window);
            d.points = Arc::new(points.map(|(_, p)| p).collect());
            let then = trail.scores.partition_point(|j| j.at <= s.at);
            let first = then.saturating_sub(super::state::SCORES);
            d.scores = Arc::new(trail.scores.range(first..then).cloned().collect());
            d.failures = Arc::new(trail.failures_at(s.at));
        }
        let then = self.requests.partition_point(|r| r.seq <= s.seq);
        let first = then.saturating_sub(super::state::REQUESTS);
        s.requests = Arc::new(self.requests.range(first..then).cloned().collect());
        s.exchanges = Arc::new(self.exchanges.window(window).collect());
        let then = self.events.partition_point(|e| e.seq <= s.seq);
        let first = then.saturating_sub(super::state::EVENTS);
        s.events = Arc::new(self.events.range(first..then).cloned().collect());
        s
    }
}

impl Trail {
    fn scores(&mut self, scores: &VecDeque<JudgedView>) {
        // Several may fall into one millisecond; those that are known end with the last known one.
        let known = self.scores.back();
        let news = scores
            .iter()
            .rev()
            .take_while(|j| known.is_none_or(|k| j.at > k.at || (j.at == k.at && *j != k)))
            .count();
        let first = scores.len().saturating_sub(news);
        self.scores.extend(scores.range(first..).cloned());
        while self.scores.len() > SCORES {
            self.scores.pop_front();
        }
    }

    fn failures(&mut self, failures: &VecDeque<FailureView>) {
        let last = self.failures.back().map(|f| f.at);
        // Of those in the last millisecond some may be known.
        let is_new = |f: &&FailureView| match last {
            Some(at) if f.at == at => !self.failures.contains(f),
            Some(at) => f.at > at,
            None => true,
        };
        let news: Vec<_> = failures.iter().filter(is_new).cloned().collect();
        self.failures.extend(news);
        while self.failures.len() > FAILURES {
            self.failures.pop_front();
        }
    }

    /// The last of each, as they were then.
    fn failures_at(&self, at: Wall) -> VecDeque<FailureView> {
        let mut shown = VecDeque::<FailureView>::new();
        for failure in self.failures.iter().rev().filter(|f| f.at <= at) {
            if shown.len() < super::state::FAILURES && !shown.iter().any(|f| f.is_like(failure)) {
                shown.push_front(failure.clone());
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests;
