//! The reducer: events in, snapshot out. Live screen, attached screen and replay all run this one.

use super::{
    DeploymentId, Event, Kind, Phase, Snapshot, Wall,
    counterfactual::{Compared, Counterfactual},
    drill::{Drill, DrillRun},
    event::{Bucket, Exchanges, Watch},
    fault::Fault,
    phase::Transition,
    request::{FailureView, Request, RequestView},
    series::{Latency, Mean, Share},
    shape,
    snapshot::{
        CanaryView, DeploymentView, FaultView, Gate, HISTORY_S, JudgedView, Point, RouteView,
        Rung3View, Tripped,
    },
    topology::{DeploymentInfo, Topology},
    verdict::{Next, Verdict},
};
use std::{collections::VecDeque, sync::Arc};

mod continued;
mod known;
mod times;
mod users;

use known::{Known, KnownRoute};
use times::Times;

/// Events a screen can scroll through.
pub(super) const EVENTS: usize = 1000;
/// Judged answers kept per deployment.
pub(super) const SCORES: usize = 32;
/// Requests that a screen can scroll through.
pub(super) const REQUESTS: usize = 256;
/// Ways in which a deployment has failed, kept for each.
pub(super) const FAILURES: usize = 16;
const MINUTE: u64 = 60;
const FIVE_MINUTES: u64 = 300;
/// Over which "now" is measured.
const NOW_S: u32 = 10;

#[derive(Debug, Clone, Default)]
pub struct State {
    s: Snapshot,
    /// Events are missing in it, since nobody has said how things stood after them.
    holed: bool,
    own_network: bool,
    /// In the order of `s.deployments`.
    known: Vec<Known>,
    /// In the order of `s.routes`.
    routes: Vec<KnownRoute>,
    users: Times,
    counterfactual: Counterfactual,
}

impl State {
    pub fn new() -> Self {
        Self::default()
    }

    /// When an event happened, as this state goes on. A wall clock that is set back within a run must not empty the
    /// windows; another run begins when it says.
    pub fn time_of(&self, event: &Event) -> Wall {
        match &event.kind {
            Kind::Started { .. } => event.at,
            Kind::Continued { standing, .. } if standing.started != self.s.started => event.at,
            _ => event.at.max(self.s.at),
        }
    }

    pub fn apply(&mut self, event: &Arc<Event>) {
        let (told, at) = (self.s.seq, self.time_of(event));
        (self.s.seq, self.s.at) = (event.seq, at);
        self.holed |= event.seq > told + 1;
        match &event.kind {
            Kind::Started {
                version,
                listen,
                topology,
                ..
            } => {
                *self = Self::new();
                self.s.seq = event.seq;
                self.s.at = at;
                self.s.started = event.at;
                self.s.version.clone_from(version);
                self.s.listen.clone_from(listen);
                self.topology(topology, at);
            }
            Kind::Continued { standing, .. } => {
                let same_run = self.s.started == standing.started;
                if self.holed || !same_run || told != event.seq {
                    self.carry_on(standing);
                }
            }
            Kind::Reloaded { topology } => self.topology(topology, at),
            Kind::Stopping => self.s.stopping = true,
            Kind::Transition(t) => self.transition(t, at),
            Kind::Bucket(b) => self.bucket(b, at.secs()),
            Kind::Exchanges(e) => self.exchanges(e, at.secs()),
            Kind::Score {
                deployment,
                judge,
                score,
                reason,
                answer,
                picked,
                findings,
                ..
            } => {
                let judged = JudgedView {
                    at,
                    judge: judge.clone(),
                    score: *score,
                    reason: reason.clone(),
                    answer: answer.clone(),
                    picked: *picked,
                    findings: *findings,
                };
                self.score(deployment, judged);
            }
            Kind::Request(request) => self.request(request, event.seq, at),
            Kind::Fallback { from, verdict, .. } => {
                self.failed(from, verdict, event.injected);
            }
            other => self.small(other),
        }
        self.counterfactual.apply(&event.kind, at, &self.s);
        if !event.kind.is_measure() {
            let events = Arc::make_mut(&mut self.s.events);
            events.push_back(Arc::clone(event));
            if events.len() > EVENTS {
                events.pop_front();
            }
        }
    }

    /// Events that set or clear one thing.
    fn small(&mut self, kind: &Kind) {
        match kind {
            Kind::WouldTrip { deployment, trip } => {
                self.with(deployment, |d| d.would_trip = Some(trip.clone()));
            }
            Kind::Forced { deployment, force } => self.with(deployment, |d| {
                d.force = Some(force.clone());
                d.would_trip = None;
            }),
            Kind::ForceEnded { deployment, .. } => self.with(deployment, |d| {
                d.force = None;
                d.would_trip = None;
            }),
            Kind::Gated {
                deployment,
                class,
                code,
                until,
            } => {
                let gate = Gate {
                    class: *class,
                    code: code.clone(),
                    until: *until,
                };
                self.with(deployment, |d| d.gate = Some(gate));
            }
            Kind::CanaryFailed {
                deployment,
                verdict,
            } => {
                let last = CanaryView {
                    at: self.s.at,
                    failed: Some(verdict.clone()),
                };
                self.with(deployment, |d| d.canary_last = Some(last));
            }
            Kind::JudgeFailed { .. } => self.s.judge.failed_calls += 1,
            Kind::JudgeAvailable { available, why, .. } => {
                self.s.judge.unavailable = (!available).then(|| why.clone());
            }
            Kind::Watch { deployment, watch } => self.with(deployment, |d| d.watched(*watch)),
            Kind::JudgeDismissed { .. }
            | Kind::JudgeRestored { .. }
            | Kind::JudgeDrift { .. }
            | Kind::Judging(_) => self.s.judge.apply(kind),
            Kind::FaultAdded(fault) => self.fault(fault),
            Kind::FaultCleared { id, .. } => self.s.faults.retain(|f| f.fault.id != *id),
            Kind::Rung3On {
                route,
                who,
                why,
                until,
            } => {
                let on = Rung3View {
                    who: who.clone(),
                    why: why.clone(),
                    until: *until,
                };
                self.rung3(route.as_deref(), Some(&on));
            }
            Kind::Rung3Off { route, .. } => self.rung3(route.as_deref(), None),
            Kind::Drill(drill) => self.drill(drill),
            Kind::Drills { drills } => self.s.drills = Arc::new(drills.clone()),
            Kind::Normal { deployments } => self.s.normal = Arc::new(deployments.clone()),
            Kind::LocalNetwork { down } => self.own_network = *down,
            Kind::Fleet(view) => self.s.fleet = Some(view.clone()),
            Kind::Journal { stopped, .. } => self.s.journal_stopped.clone_from(stopped),
            _ => {}
        }
    }

    fn drill(&mut self, drill: &Drill) {
        let at = self.s.at;
        if let Some(mark) = drill.mark(at) {
            self.s.last_drill = Some(mark);
        }
        if let Some(run) = DrillRun::begun(drill, at) {
            self.s.drill = Some(Arc::new(run));
        } else if let Some(run) = &mut self.s.drill
            && run.scenario == drill.scenario
        {
            Arc::make_mut(run).step(&drill.step, at);
        }
    }

    fn with(&mut self, id: &DeploymentId, change: impl FnOnce(&mut DeploymentView)) {
        if let Some(d) = self.s.deployments.iter_mut().find(|d| d.id == *id) {
            change(d);
        }
    }

    fn index(&self, id: &DeploymentId) -> Option<usize> {
        self.s.deployments.iter().position(|d| d.id == *id)
    }

    /// Takes a new topology, keeping what is known of deployments that stay.
    fn topology(&mut self, t: &Topology, at: Wall) {
        let old = std::mem::take(&mut self.s.deployments);
        let mut old_known = std::mem::take(&mut self.known);
        for info in &t.deployments {
            let was = old.iter().position(|d| d.id == info.id);
            let mut view = was
                .and_then(|i| old.get(i).cloned())
                .unwrap_or_else(|| fresh(info, at));
            view.provider = info.provider.clone();
            view.dialect = info.dialect;
            view.model.clone_from(&info.model);
            view.disabled.clone_from(&info.disabled);
            view.tier = t.routes.iter().find_map(|r| {
                r.tiers
                    .iter()
                    .position(|d| *d == info.id)
                    .map(|i| (r.id.clone(), i))
            });
            self.s.deployments.push(view);
            self.known.push(kept(was, &mut old_known));
        }
        let old_routes = std::mem::take(&mut self.s.routes);
        let mut old_seconds = std::mem::take(&mut self.routes);
        for r in &t.routes {
            let was = old_routes.iter().position(|o| o.id == r.id);
            let old = was.and_then(|i| old_routes.get(i));
            self.s.routes.push(RouteView {
                rung3: old.and_then(|o| o.rung3.clone()),
                ..RouteView::new(r.id.clone(), r.tiers.clone())
            });
            // Who stands in which place may be another now.
            let same = was.filter(|_| old.is_some_and(|o| o.tiers == r.tiers));
            self.routes.push(kept(same, &mut old_seconds));
        }
        self.s.err_threshold = t.err_threshold;
        self.s.judge_threshold = t.judge_threshold;
        self.s.judge_min_n = t.judge_min_n;
        self.s.judge.judges.clone_from(&t.judges);
        self.s.simulated = t.simulated;
        self.s.config_hash.clone_from(&t.config_hash);
        self.s.slo = t.slo;
    }

    fn transition(&mut self, t: &Transition, at: Wall) {
        self.with(&t.deployment, |d| {
            d.phase = t.to;
            d.since = at;
            d.until = t.until;
            d.reason = Some(t.reason.clone());
            d.would_trip = None;
            if t.to == Phase::Closed {
                d.tripped = None;
            } else if t.from == Phase::Closed {
                let reason = t.reason.clone();
                d.tripped = Some(Tripped { at, reason });
            }
        });
    }

    fn bucket(&mut self, b: &Bucket, sec: u64) {
        let Some(i) = self.index(&b.deployment) else {
            return;
        };
        self.canaries(i, b);
        if let Some(known) = self.known.get_mut(i) {
            known.bucket(b, sec);
        }
        for (id, hits) in &b.injected {
            if let Some(f) = self.s.faults.iter_mut().find(|f| f.fault.id == *id) {
                f.hits += u64::from(*hits);
            }
        }
        let Some(d) = self.s.deployments.get_mut(i) else {
            return;
        };
        d.in_flight = b.in_flight;
        let point = point_at(&mut d.points, sec);
        point.errors.add(Share {
            bad: b.fail,
            n: b.counted(),
        });
        point.attempts += b.attempts();
        point.throttled += b.throttled;
        point.injected += b.injected.iter().map(|(_, n)| n).sum::<u32>();
        point.tokens += b.tokens;
    }

    /// A failed one has told its verdict before its second was over.
    fn canaries(&mut self, i: usize, b: &Bucket) {
        let at = self.s.at;
        let Some(d) = self.s.deployments.get_mut(i).filter(|_| b.canary > 0) else {
            return;
        };
        let failed = d.canary_last.take().and_then(|last| last.failed);
        d.canary_last = Some(CanaryView {
            at,
            failed: failed.filter(|_| b.canary_failed > 0),
        });
    }

    fn exchanges(&mut self, e: &Exchanges, sec: u64) {
        self.s.totals.add(e);
        self.users.push(sec, &e.total);
        for second in &e.routes {
            let mut routes = self.s.routes.iter().zip(&mut self.routes);
            if let Some((_, known)) = routes.find(|(r, _)| r.id == second.route) {
                known.second(second, sec);
            }
        }
        let ring = Arc::make_mut(&mut self.s.exchanges);
        match ring.back_mut() {
            Some((last, sum)) if *last == sec => sum.add(e),
            _ => ring.push_back((
                sec,
                Exchanges {
                    total: Latency::default(),
                    routes: Vec::new(),
                    ..e.clone()
                },
            )),
        }
        while ring.front().is_some_and(|(s, _)| s + HISTORY_S <= sec) {
            ring.pop_front();
        }
    }

    fn score(&mut self, id: &DeploymentId, judged: JudgedView) {
        let Some(i) = self.index(id) else { return };
        let (sec, x) = (judged.at.secs(), judged.score);
        let counts = judged.picked.counts();
        if let Some(known) = self.known.get_mut(i).filter(|_| counts) {
            known.score(x, sec);
        }
        if let Some(d) = self.s.deployments.get_mut(i) {
            if counts {
                point_at(&mut d.points, sec).score.push(x);
            }
            let scores = Arc::make_mut(&mut d.scores);
            scores.push_back(judged);
            if scores.len() > SCORES {
                scores.pop_front();
            }
        }
    }

    fn request(&mut self, request: &Request, seq: u64, at: Wall) {
        for span in &request.spans {
            if let Some(verdict) = span.end.failed() {
                self.failed(&span.deployment, verdict, span.injected);
            }
        }
        let requests = Arc::make_mut(&mut self.s.requests);
        requests.push_back(Arc::new(RequestView {
            seq,
            at,
            request: request.clone(),
        }));
        if requests.len() > REQUESTS {
            requests.pop_front();
        }
    }

    /// One way of failing is kept once; the callers' own mistakes are none.
    fn failed(&mut self, id: &DeploymentId, verdict: &Verdict, injected: bool) {
        if verdict.class.next() == Next::Stop {
            return;
        }
        let failure = FailureView::new(self.s.at, verdict, injected);
        self.with(id, |d| {
            let failures = Arc::make_mut(&mut d.failures);
            failures.retain(|known| !known.is_like(&failure));
            failures.push_back(failure);
            if failures.len() > FAILURES {
                failures.pop_front();
            }
        });
    }

    fn fault(&mut self, fault: &Fault) {
        self.s.faults.retain(|f| f.fault.id != fault.id);
        self.s.faults.push(FaultView {
            fault: fault.clone(),
            hits: 0,
        });
    }

    fn rung3(&mut self, route: Option<&str>, on: Option<&Rung3View>) {
        for r in self
            .s
            .routes
            .iter_mut()
            .filter(|r| route.is_none_or(|id| *r.id == *id))
        {
            r.rung3 = on.cloned();
        }
    }

    /// The last event that is in it.
    pub const fn seq(&self) -> u64 {
        self.s.seq
    }

    pub const fn at(&self) -> Wall {
        self.s.at
    }

    /// What there is to compare in the incident that goes on or was the last, and when something was wrong in it last.
    pub fn compared(&self) -> Option<(Compared, Wall)> {
        let compared = self.counterfactual.compared(self.s.at)?;
        Some((compared, self.counterfactual.last_wrong()?))
    }

    /// What a journal's next file begins with.
    pub fn standing(&self) -> Snapshot {
        Snapshot {
            comparing: Some(Box::new(self.counterfactual.clone())),
            ..self.snapshot(self.s.at).standing()
        }
    }

    /// How things stand at `at`. Reading changes nothing.
    pub fn snapshot(&self, at: Wall) -> Snapshot {
        let at = at.max(self.s.at);
        let now = at.secs();
        let mut s = Snapshot {
            at,
            ..self.s.clone()
        };
        for (r, known) in s.routes.iter_mut().zip(&self.routes) {
            known.windows(r, now);
        }
        for (d, known) in s.deployments.iter_mut().zip(&self.known) {
            known.windows(d, now);
            d.gate = d.gate.take().filter(|g| g.until > at);
            d.would_trip = d
                .would_trip
                .take()
                .filter(|w| w.until.is_none_or(|u| u > at));
        }
        s.users = self.users_at(now);
        s.compared = self.counterfactual.compared(at);
        s.shape = shape::of(&s, self.own_network);
        s
    }
}

/// What is known of a deployment that stays.
fn kept<T: Default>(was: Option<usize>, old: &mut [T]) -> T {
    was.and_then(|i| old.get_mut(i))
        .map(std::mem::take)
        .unwrap_or_default()
}

fn fresh(info: &DeploymentInfo, at: Wall) -> DeploymentView {
    DeploymentView {
        id: info.id.clone(),
        provider: info.provider.clone(),
        dialect: info.dialect,
        model: info.model.clone(),
        disabled: info.disabled.clone(),
        tier: None,
        phase: Phase::Closed,
        since: at,
        until: None,
        reason: None,
        force: None,
        gate: None,
        would_trip: None,
        tripped: None,
        errors_5m: Share::default(),
        throttled_5m: 0,
        classes_5m: Vec::new(),
        findings_5m: Vec::new(),
        judge_1h: Mean::default(),
        watch: Watch::default(),
        attempts_per_s: 0.0,
        tokens_per_s: 0.0,
        in_flight: 0,
        ttft_p50: None,
        ttft_p95: None,
        ttft_p99: None,
        p50: None,
        p95: None,
        p99: None,
        points: Arc::default(),
        scores: Arc::default(),
        failures: Arc::default(),
        canary_last: None,
    }
}

fn point_at(points: &mut Arc<VecDeque<Point>>, sec: u64) -> &mut Point {
    let points = Arc::make_mut(points);
    while points.front().is_some_and(|p| p.sec + HISTORY_S <= sec) {
        points.pop_front();
    }
    if points.back().is_none_or(|p| p.sec < sec) {
        points.push_back(Point {
            sec,
            ..Point::default()
        });
    }
    let last = points.len().saturating_sub(1);
    &mut points[last]
}

#[cfg(test)]
pub(crate) mod tests_support {
    use super::{DeploymentInfo, DeploymentView, Wall, fresh};

    /// A deployment of which nothing is known yet.
    pub(crate) fn deployment(id: &str) -> DeploymentView {
        let info = DeploymentInfo {
            id: id.into(),
            provider: "p".into(),
            dialect: crate::model::Dialect::OpenAi,
            model: "m".to_owned(),
            disabled: None,
        };
        fresh(&info, Wall::default())
    }
}

#[cfg(test)]
pub(super) mod tests;
