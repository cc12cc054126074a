//! Reads a journal once, from its beginning, and keeps what a report needs in bounded memory. What lies before the
//! stretch is only followed, so that it is known how things stood.

use super::{
    Facts, Limits, PostMortem, Quantiles, Reached, Run, SCHEMA,
    beside::Incidents,
    bins::Bins,
    budget::Meter,
    episode::{Began, Episode, Hits, Judged, Opinion},
    series::{Line, Row, Series, Span},
    timeline::{Moment, Timeline},
};
use crate::model::{
    DeploymentId, Event, Kind, Phase, Slo, Snapshot, State, Wall,
    event::{Bucket, Exchanges},
    fault::Fault,
    phase::Transition,
    series::{Latency, Mean},
    topology::Topology,
};
use indexmap::IndexMap;
use std::{collections::VecDeque, sync::Arc};

/// How far back the beginning of an episode is looked for.
const LOOK_BACK_S: u64 = 24 * 60 * 60;
/// Judged answers of one deployment that are remembered for an opening.
const OPINIONS: usize = 512;

#[derive(Debug)]
pub struct Gather {
    from: Wall,
    to: Wall,
    /// Asked for, over what the journal says.
    asked: Option<Slo>,
    limits: Limits,
    seen: Option<(Wall, Wall)>,
    runs: Vec<Run>,
    /// Until the stretch begins: the run that it begins in.
    running: Option<Run>,
    configured: Option<Slo>,
    tracks: IndexMap<DeploymentId, Track>,
    rows: Bins<Row>,
    users: Exchanges,
    total: Latency,
    meter: Meter,
    /// The last day's seconds of all exchanges.
    recent: VecDeque<(u64, Exchanges)>,
    faults: Vec<(Wall, Fault)>,
    episodes: Vec<Episode>,
    people: Vec<Moment>,
    timeline: Timeline,
    state: State,
    incidents: Incidents,
}

/// One deployment, while events come.
#[derive(Debug)]
struct Track {
    phase: Phase,
    since: Wall,
    phases: Vec<Span<Phase>>,
    laid_over: Vec<Span<String>>,
    force: Option<(Wall, String)>,
    hits: Hits,
    judged: Mean,
    total: Latency,
    recent: VecDeque<(u64, Hits)>,
    opinions: VecDeque<Opinion>,
    episode: Option<Episode>,
}

impl Track {
    fn new(since: Wall) -> Self {
        Self {
            phase: Phase::Closed,
            since,
            phases: Vec::new(),
            laid_over: Vec::new(),
            force: None,
            hits: Hits::default(),
            judged: Mean::default(),
            total: Latency::default(),
            recent: VecDeque::new(),
            opinions: VecDeque::new(),
            episode: None,
        }
    }

    fn enter(&mut self, phase: Phase, at: Wall) {
        self.phases.push(Span {
            from: self.since,
            to: at,
            what: self.phase,
        });
        (self.phase, self.since) = (phase, at);
    }

    fn let_go(&mut self, at: Wall) {
        if let Some((from, what)) = self.force.take() {
            self.laid_over.push(Span { from, to: at, what });
        }
    }

    fn hits_since(&self, began: Wall) -> Hits {
        let mut sum = Hits::default();
        for (_, hits) in self.recent.iter().filter(|(s, _)| *s > began.secs()) {
            sum.add(*hits);
        }
        sum
    }
}

impl Gather {
    /// Of the events between two times, both included.
    pub fn new(from: Wall, to: Wall, slo: Option<Slo>) -> Self {
        Self {
            from,
            to,
            asked: slo,
            limits: Limits::default(),
            seen: None,
            runs: Vec::new(),
            running: None,
            configured: None,
            tracks: IndexMap::new(),
            rows: Bins::default(),
            users: Exchanges::default(),
            total: Latency::default(),
            meter: Meter::default(),
            recent: VecDeque::new(),
            faults: Vec::new(),
            episodes: Vec::new(),
            people: Vec::new(),
            timeline: Timeline::default(),
            state: State::new(),
            incidents: Incidents::default(),
        }
    }

    /// The next event, in the journal's order.
    pub fn take(&mut self, event: &Arc<Event>) {
        if event.at > self.to {
            return;
        }
        self.compare(event);
        let inside = event.at >= self.from;
        if inside {
            let (first, last) = self.seen.unwrap_or((event.at, event.at));
            self.seen = Some((first.min(event.at), last.max(event.at)));
            self.runs.extend(self.running.take());
            self.timeline.push(event);
            self.person(event);
        }
        match &event.kind {
            Kind::Started {
                version, topology, ..
            } => self.started(event.at, version, topology, inside),
            // Where the files before are at hand it says what is known.
            Kind::Continued { standing, .. } if self.tracks.is_empty() => {
                self.carry_on(standing, event.at, inside);
            }
            Kind::Reloaded { topology } => self.topology(event.at, topology),
            Kind::Bucket(bucket) => self.bucket(event.at, bucket, inside),
            Kind::Exchanges(second) => self.exchanges(event.at, second, inside),
            Kind::Transition(t) => self.transition(event, t),
            _ => self.small(event, inside),
        }
    }

    fn compare(&mut self, event: &Arc<Event>) {
        let second = self.state.at().secs();
        // Another run forgets what the one before knew.
        if matches!(event.kind, Kind::Started { .. }) {
            self.incidents.look(&self.state, self.from);
        }
        self.state.apply(event);
        if self.state.at().secs() > second {
            self.incidents.look(&self.state, self.from);
        }
    }

    fn small(&mut self, event: &Event, inside: bool) {
        let at = event.at;
        match &event.kind {
            Kind::Score {
                deployment,
                judge,
                score,
                reason,
                picked,
                ..
            } if picked.counts() => {
                let opinion = Opinion {
                    at,
                    judge: judge.clone(),
                    score: *score,
                    why: reason.clone(),
                };
                self.score(deployment, opinion, inside);
            }
            Kind::Forced { deployment, force } => {
                let what = format!("forced {} by {}", force.kind, force.who);
                let track = self.track(deployment, at);
                track.let_go(at);
                track.force = Some((at, what));
            }
            Kind::ForceEnded { deployment, .. } => self.track(deployment, at).let_go(at),
            Kind::FaultAdded(fault) => self.faults.push((at, fault.clone())),
            Kind::FaultCleared { id, .. } => self.clear_fault(*id, at),
            _ => {}
        }
    }

    fn track(&mut self, id: &DeploymentId, at: Wall) -> &mut Track {
        self.tracks
            .entry(id.clone())
            .or_insert_with(|| Track::new(at))
    }

    /// A new process knows nothing of what the one before was doing.
    fn started(&mut self, at: Wall, version: &str, topology: &Topology, inside: bool) {
        let run = Run {
            at,
            version: version.to_owned(),
            config_hash: topology.config_hash.clone(),
            simulated: topology.simulated,
        };
        self.run(run, inside);
        for track in self.tracks.values_mut() {
            track.let_go(at);
            track.enter(Phase::Closed, at);
            self.episodes
                .extend(track.episode.take().filter(|_| inside));
        }
        self.faults.clear();
        self.topology(at, topology);
    }

    fn run(&mut self, run: Run, inside: bool) {
        if inside {
            self.runs.push(run);
        } else {
            self.running = Some(run);
        }
    }

    /// A journal whose first files are missing, or were not needed.
    fn carry_on(&mut self, standing: &Snapshot, at: Wall, inside: bool) {
        let run = Run {
            at: standing.started,
            version: standing.version.clone(),
            config_hash: standing.config_hash.clone(),
            simulated: standing.simulated,
        };
        self.run(run, inside);
        self.limits = Limits {
            err_threshold: standing.err_threshold,
            judge_threshold: standing.judge_threshold,
        };
        self.configured = standing.slo;
        let faults = standing.faults.iter().map(|f| (at, f.fault.clone()));
        self.faults.extend(faults);
        for d in &standing.deployments {
            let track = self.track(&d.id, at);
            track.phase = d.phase;
            let force = d.force.as_ref();
            track.force = force.map(|f| (at, format!("forced {} by {}", f.kind, f.who)));
        }
    }

    fn topology(&mut self, at: Wall, topology: &Topology) {
        self.limits = Limits {
            err_threshold: topology.err_threshold,
            judge_threshold: topology.judge_threshold,
        };
        self.configured = topology.slo;
        for info in &topology.deployments {
            self.track(&info.id, at);
        }
    }

    fn transition(&mut self, event: &Event, t: &Transition) {
        let at = event.at;
        let fault = self.fault_on(&t.deployment);
        let (floor, from) = (self.limits.judge_threshold, self.from);
        let track = self.track(&t.deployment, at);
        track.enter(t.to, at);
        if let Some(mut episode) = track.episode.take() {
            if !episode.moved(at, t) {
                track.episode = Some(episode);
            } else if at >= from {
                self.episodes.push(episode);
            }
        } else if t.to == Phase::Open {
            let mut episode = Episode::begin(event, t, fault);
            episode.before = track.hits_since(episode.began);
            let heard = track.opinions.iter().filter(|o| o.at >= episode.began);
            episode.judged = Judged::of(heard, floor);
            track.episode = Some(episode);
            let began = self.episode(&t.deployment).map(|e| e.began);
            let users = self.users_since(began.unwrap_or(at));
            if let Some(episode) = self.episode(&t.deployment) {
                episode.users = users;
            }
        }
    }

    fn episode(&mut self, id: &DeploymentId) -> Option<&mut Episode> {
        self.tracks.get_mut(id)?.episode.as_mut()
    }

    fn users_since(&self, began: Wall) -> Exchanges {
        let mut sum = Exchanges::default();
        for (_, second) in self.recent.iter().filter(|(s, _)| *s > began.secs()) {
            sum.add(second);
        }
        sum
    }

    /// The oldest fault that is on there.
    fn fault_on(&self, id: &DeploymentId) -> Option<(Wall, Began)> {
        let (at, fault) = self.faults.iter().find(|(_, f)| f.deployment == *id)?;
        let began = Began::Fault {
            fault: fault.kind.to_string(),
            who: fault.who.clone(),
        };
        Some((*at, began))
    }

    fn clear_fault(&mut self, id: u32, at: Wall) {
        if let Some(i) = self.faults.iter().position(|(_, f)| f.id == id) {
            let (from, fault) = self.faults.remove(i);
            self.lay(from, &fault, at);
        }
    }

    fn lay(&mut self, from: Wall, fault: &Fault, to: Wall) {
        let what = format!("fault {} on {:.0}%", fault.kind, fault.rate * 100.0);
        let span = Span { from, to, what };
        self.track(&fault.deployment, from).laid_over.push(span);
    }

    fn bucket(&mut self, at: Wall, bucket: &Bucket, inside: bool) {
        let hits = Hits {
            attempts: bucket.attempts(),
            failed: bucket.fail,
        };
        let track = self.track(&bucket.deployment, at);
        remember(&mut track.recent, at.secs(), hits);
        if let Some(episode) = &mut track.episode {
            episode.hit(at, track.phase, hits);
        }
        if !inside {
            return;
        }
        track.hits.add(hits);
        track.total.add(&bucket.total);
        if let Some(i) = self.tracks.get_index_of(&bucket.deployment) {
            self.rows.at(at).spot(i).add(bucket);
        }
    }

    fn exchanges(&mut self, at: Wall, second: &Exchanges, inside: bool) {
        let lean = Exchanges {
            total: Latency::default(),
            ..second.clone()
        };
        for episode in self.tracks.values_mut().filter_map(|t| t.episode.as_mut()) {
            episode.users.add(&lean);
        }
        remember(&mut self.recent, at.secs(), lean);
        if !inside {
            return;
        }
        self.users.add(second);
        self.total.add(&second.total);
        let slo = self.slo().unwrap_or_default();
        self.meter.add(at.secs(), second, &slo);
        let row = self.rows.at(at);
        row.by.add(second);
        row.latency.add(&second.total);
    }

    fn score(&mut self, id: &DeploymentId, opinion: Opinion, inside: bool) {
        let (at, score) = (opinion.at, opinion.score);
        let track = self.track(id, at);
        if track.opinions.len() >= OPINIONS {
            track.opinions.pop_front();
        }
        track.opinions.push_back(opinion);
        if !inside {
            return;
        }
        track.judged.push(score);
        if let Some(i) = self.tracks.get_index_of(id) {
            self.rows.at(at).spot(i).score.push(score);
        }
    }

    fn slo(&self) -> Option<Slo> {
        self.asked.or(self.configured)
    }

    /// Orders, and what came of those that were refused.
    fn person(&mut self, event: &Event) {
        let Kind::Command {
            actor,
            command,
            refused,
            ..
        } = &event.kind
        else {
            return;
        };
        let text = match refused {
            None => format!("{actor}: {command}"),
            Some(why) => format!("{actor}: {command} (refused: {why})"),
        };
        let (at, times) = (event.at, 1);
        self.people.push(Moment { at, text, times });
    }

    /// `notes`: what the reader of the journal had to leave out. None: no event lies in the stretch.
    pub fn done(mut self, notes: Vec<String>) -> Option<PostMortem> {
        let (from, to) = self.seen?;
        for (at, fault) in std::mem::take(&mut self.faults) {
            self.lay(at, &fault, to.min(fault.until));
        }
        for track in self.tracks.values_mut() {
            track.let_go(to);
            track.enter(Phase::Closed, to);
            self.episodes.extend(track.episode.take());
        }
        self.episodes.sort_by_key(|e| e.opened);
        self.incidents.look(&self.state, from);
        let users = Reached {
            by: self.users.clone(),
            quantiles: quantiles(&self.total),
        };
        let p95 = users.quantiles.map(|q| q.p95);
        let budget = self
            .slo()
            .map(|slo| self.meter.budget(slo, to.since(from), p95));
        let tracks = std::mem::take(&mut self.tracks);
        let deployments = tracks.iter().map(facts).collect();
        let lines = tracks.into_iter().map(|t| line(t, from));
        Some(PostMortem {
            schema: SCHEMA,
            from,
            to,
            runs: self.runs,
            notes,
            limits: self.limits,
            users,
            budget,
            episodes: self.episodes,
            beside: self.incidents.done(),
            deployments,
            people: self.people,
            timeline: self.timeline.done(to),
            series: Series::of(&self.rows, lines),
        })
    }
}

fn remember<T>(recent: &mut VecDeque<(u64, T)>, second: u64, what: T) {
    recent.push_back((second, what));
    while recent
        .front()
        .is_some_and(|(s, _)| s + LOOK_BACK_S < second)
    {
        recent.pop_front();
    }
}

fn quantiles(total: &Latency) -> Option<Quantiles> {
    let at = |q| Latency::quantile([total], q);
    Some(Quantiles {
        p50: at(0.5)?,
        p95: at(0.95)?,
        p99: at(0.99)?,
    })
}

fn facts((id, track): (&DeploymentId, &Track)) -> Facts {
    Facts {
        deployment: id.clone(),
        hits: track.hits,
        judged: track.judged.n,
        mean: track.judged.value(),
        quantiles: quantiles(&track.total),
    }
}

/// The spots come later.
fn line((deployment, track): (DeploymentId, Track), from: Wall) -> Line {
    let mut phases = track.phases;
    let mut laid_over = track.laid_over;
    cut(&mut phases, from);
    cut(&mut laid_over, from);
    Line {
        deployment,
        spots: Vec::new(),
        phases,
        laid_over,
    }
}

/// What was over before the stretch began is not in it.
fn cut<T>(spans: &mut Vec<Span<T>>, from: Wall) {
    spans.retain(|s| s.to > from);
    for span in spans {
        span.from = span.from.max(from);
    }
}

#[cfg(test)]
mod tests;
