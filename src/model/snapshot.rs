//! What a screen shows: made by [`super::State`], read by everything that presents.

use super::{
    DeploymentId, Dialect, Event, Force, ForceKind, Phase, ProviderId, Reason, RouteId, Slo, Wall,
    counterfactual::{Compared, Counterfactual},
    drill::{DrillInfo, DrillMark, DrillRun},
    event::{Exchanges, Kind, Picked, Watch},
    fault::Fault,
    finding::{Findings, Tally},
    fleet::FleetView,
    normal::Normal,
    phase::WouldTrip,
    request::{FailureView, RequestView},
    series::{Mean, Share},
    shape::Shape,
    verdict::{Class, Classes, Verdict},
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// Seconds of history that a snapshot holds.
pub const HISTORY_S: u64 = 900;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last event that is in it.
    pub seq: u64,
    pub at: Wall,
    pub started: Wall,
    pub stopping: bool,
    pub version: String,
    pub listen: String,
    pub simulated: bool,
    pub config_hash: String,
    pub err_threshold: f64,
    pub judge_threshold: f64,
    pub judge_min_n: u32,
    /// What was promised to users, when something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<Slo>,
    pub users: Users,
    pub shape: Option<Shape>,
    /// In declared order.
    pub deployments: Vec<DeploymentView>,
    pub routes: Vec<RouteView>,
    pub faults: Vec<FaultView>,
    pub judge: JudgeView,
    /// The last drill of this configuration, when one is known.
    #[serde(default)]
    pub last_drill: Option<DrillMark>,
    /// The drill that runs, or the last one that ran in this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Arc<DrillRun>>,
    /// Which drills can be started here.
    #[serde(default)]
    pub drills: Arc<Vec<DrillInfo>>,
    /// Why events are not recorded any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_stopped: Option<String>,
    /// None: this replica shares nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetView>,
    /// What is normal now, of each deployment of which it is known.
    #[serde(default)]
    pub normal: Arc<Vec<Normal>>,
    /// What happened in the incident, and what would have happened to a plain cooldown router; none while all is calm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// What that is worked out from; only where a journal's next file begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparing: Option<Box<Counterfactual>>,
    /// All exchanges, one entry per second that had any, oldest first.
    pub exchanges: Arc<VecDeque<(u64, Exchanges)>>,
    /// Since the start of the run.
    pub totals: Exchanges,
    /// The last events that a person should see, oldest first. Buckets are not among them.
    pub events: Arc<VecDeque<Arc<Event>>>,
    /// The last requests that were told of, oldest first. Most ordinary ones are not.
    #[serde(default)]
    pub requests: Arc<VecDeque<Arc<RequestView>>>,
}

/// Are users fine?
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Users {
    pub word: UsersWord,
    /// Exchanges whose caller saw a failure of ours, last minute.
    pub failed_1m: Share,
    /// The same over five minutes; `served` is the rest.
    pub failed_5m: Share,
    /// Served, but by a lower tier or canned; five minutes.
    pub degraded_5m: Share,
    /// Requests per second, last ten seconds.
    pub per_s: f64,
    /// As the callers saw it, five minutes.
    pub p95: Option<Duration>,
    /// SDKs that were sending again, five minutes.
    pub client_retries_5m: u32,
}

/// In the order of how bad they are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum UsersWord {
    #[default]
    Idle,
    /// Everybody got the primary's answer, or an equal one.
    Ok,
    /// Everybody got an answer; some from a lower tier.
    Degraded,
    /// Somebody got the canned answer.
    Canned,
    /// Somebody got an error.
    Failing,
}

impl UsersWord {
    pub const ALL: [Self; 5] = [
        Self::Idle,
        Self::Ok,
        Self::Degraded,
        Self::Canned,
        Self::Failing,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Canned => "canned",
            Self::Failing => "FAILING",
        }
    }
}

/// One second of one deployment, as charts need it. Written as a row: a snapshot has up to [`HISTORY_S`] of them for each
/// deployment, and named fields would be most of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Point {
    pub sec: u64,
    pub errors: Share,
    pub attempts: u32,
    pub throttled: u32,
    pub injected: u32,
    pub tokens: u32,
    pub score: Mean,
}

/// Second, failed, counted, attempts, throttled, injected, tokens, sum of the scores, scores.
type Row = (u64, u32, u32, u32, u32, u32, u32, f64, u32);

impl From<Point> for Row {
    fn from(p: Point) -> Self {
        let (errors, score) = (p.errors, p.score);
        (
            p.sec,
            errors.bad,
            errors.n,
            p.attempts,
            p.throttled,
            p.injected,
            p.tokens,
            score.sum,
            score.n,
        )
    }
}

impl From<Row> for Point {
    fn from(row: Row) -> Self {
        let (sec, bad, counted, attempts, throttled, injected, tokens, sum, n) = row;
        Self {
            sec,
            errors: Share { bad, n: counted },
            attempts,
            throttled,
            injected,
            tokens,
            score: Mean { sum, n },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentView {
    pub id: DeploymentId,
    pub provider: ProviderId,
    pub dialect: Dialect,
    pub model: String,
    pub disabled: Option<String>,
    /// Its first place in a route: the route and the tier's index.
    pub tier: Option<(RouteId, usize)>,
    pub phase: Phase,
    pub since: Wall,
    /// When the breaker moves next by itself.
    pub until: Option<Wall>,
    pub reason: Option<Reason>,
    /// When it left Closed and why; none while it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tripped: Option<Tripped>,
    pub force: Option<Force>,
    pub gate: Option<Gate>,
    /// It would be open now, and serves all the same.
    pub would_trip: Option<WouldTrip>,
    pub errors_5m: Share,
    pub throttled_5m: u32,
    /// Why attempts failed or were throttled, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes_5m: Classes,
    /// What was visibly wrong with answers, in declared order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings_5m: Tally,
    pub judge_1h: Mean,
    pub attempts_per_s: f64,
    pub tokens_per_s: f64,
    pub in_flight: u32,
    #[serde(default)]
    pub ttft_p50: Option<Duration>,
    pub ttft_p95: Option<Duration>,
    #[serde(default)]
    pub ttft_p99: Option<Duration>,
    pub p50: Option<Duration>,
    pub p95: Option<Duration>,
    #[serde(default)]
    pub p99: Option<Duration>,
    /// Seconds that had attempts or scores, oldest first; a missing second is a gap.
    pub points: Arc<VecDeque<Point>>,
    /// The last judged answers, newest last.
    pub scores: Arc<VecDeque<JudgedView>>,
    /// The last time that it failed in each way, newest last.
    #[serde(default)]
    pub failures: Arc<VecDeque<FailureView>>,
    #[serde(default)]
    pub watch: Watch,
    /// None: none has ended yet, or there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_last: Option<CanaryView>,
}

/// The beginning of what probes and ramps are to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tripped {
    pub at: Wall,
    pub reason: Reason,
}

/// How the last prompt of our own went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryView {
    pub at: Wall,
    /// None: it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Verdict>,
}

/// A provider asked us to stay away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    pub class: Class,
    pub code: String,
    pub until: Wall,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgedView {
    pub at: Wall,
    pub judge: DeploymentId,
    pub score: f64,
    pub reason: String,
    /// The first words of what was judged.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    #[serde(default)]
    pub picked: Picked,
    #[serde(flatten)]
    pub findings: Findings,
}

/// What the table's breaker column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    Closed,
    Probe,
    Ramp(u8),
    Open,
    ForcedOpen,
    ForcedClosed,
    Observe,
    Disabled,
}

impl DeploymentView {
    /// How closely it is watched from now on. An alarm that is over takes with it what was said for as long as it lasted.
    pub(super) fn watched(&mut self, watch: Watch) {
        if self.watch.alarm && !watch.alarm {
            self.would_trip = self.would_trip.take().filter(|w| w.until.is_some());
        }
        self.watch = watch;
    }

    pub fn shown(&self) -> Shown {
        if self.disabled.is_some() {
            return Shown::Disabled;
        }
        match (self.force.as_ref().map(|f| f.kind), self.phase) {
            (Some(ForceKind::Open), _) => Shown::ForcedOpen,
            (Some(ForceKind::Closed), _) => Shown::ForcedClosed,
            (Some(ForceKind::Observe), _) => Shown::Observe,
            (None, Phase::Closed) => Shown::Closed,
            (None, Phase::Open) => Shown::Open,
            (None, Phase::Probe) => Shown::Probe,
            (None, Phase::Ramp(percent)) => Shown::Ramp(percent),
        }
    }

    /// Why its breaker is as it is: while somebody looks whether it is back it is still down for what it tripped on.
    pub fn why(&self) -> Option<&Reason> {
        let tripped = self.tripped.as_ref();
        let probed = tripped.filter(|_| self.phase == Phase::Probe);
        probed.map(|t| &t.reason).or(self.reason.as_ref())
    }

    /// Takes user traffic now, at least some.
    pub fn serves(&self) -> bool {
        matches!(
            self.shown(),
            Shown::Closed | Shown::Ramp(_) | Shown::ForcedClosed | Shown::Observe
        ) && self.gate.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteView {
    pub id: RouteId,
    pub tiers: Vec<DeploymentId>,
    /// Somebody switched this route to the canned answer.
    pub rung3: Option<Rung3View>,
    /// Requests per second, last ten seconds.
    #[serde(default)]
    pub per_s: f64,
    /// Answered by each of `tiers`; one more: by others, whom long or refused prompts go to. Without the zeros at the end.
    #[serde(default)]
    pub tiers_5m: Vec<u32>,
    #[serde(default)]
    pub cached_5m: u32,
    #[serde(default)]
    pub canned_5m: u32,
    /// Whose caller saw a failure of ours.
    #[serde(default)]
    pub failed_5m: u32,
}

impl RouteView {
    pub const fn new(id: RouteId, tiers: Vec<DeploymentId>) -> Self {
        Self {
            id,
            tiers,
            rung3: None,
            per_s: 0.0,
            tiers_5m: Vec::new(),
            cached_5m: 0,
            canned_5m: 0,
            failed_5m: 0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung3View {
    pub who: String,
    pub why: String,
    pub until: Wall,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultView {
    #[serde(flatten)]
    pub fault: Fault,
    /// Attempts it has hit so far, as the buckets told.
    pub hits: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JudgeView {
    /// In order; empty: nobody judges.
    pub judges: Vec<DeploymentId>,
    /// Why nobody can judge some of the deployments: those whose watch is blind.
    pub unavailable: Option<String>,
    pub failed_calls: u64,
    /// Since the start of the run.
    #[serde(default)]
    pub calls: u64,
    /// Estimated, millionths of a US dollar; calls without a known price are not in it.
    #[serde(default)]
    pub microdollars: u64,
    #[serde(default)]
    pub unpriced_calls: u64,
    /// Judges at fault.
    #[serde(default)]
    pub dismissed: Vec<Dismissed>,
    /// Judges under which everything became worse at once.
    #[serde(default)]
    pub drifting: Vec<Drifting>,
}

/// A judge under which everything became worse at once, and what that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifting {
    pub judge: DeploymentId,
    pub deployments: Vec<DeploymentId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissed {
    pub judge: DeploymentId,
    pub why: String,
    /// When it is looked at again.
    pub until: Wall,
}

impl JudgeView {
    /// What an event about judges changes.
    pub(super) fn apply(&mut self, kind: &Kind) {
        match kind {
            Kind::JudgeDismissed { judge, why, until } => {
                self.dismissed.retain(|d| d.judge != *judge);
                self.dismissed.push(Dismissed {
                    judge: judge.clone(),
                    why: why.clone(),
                    until: *until,
                });
            }
            Kind::JudgeRestored { judge } => self.dismissed.retain(|d| d.judge != *judge),
            Kind::JudgeDrift {
                judge,
                on,
                deployments,
            } => {
                self.drifting.retain(|d| d.judge != *judge);
                if *on {
                    self.drifting.push(Drifting {
                        judge: judge.clone(),
                        deployments: deployments.clone(),
                    });
                }
            }
            Kind::Judging(second) => {
                self.calls += u64::from(second.calls);
                self.microdollars += second.microdollars.unwrap_or_default();
                if second.microdollars.is_none() {
                    self.unpriced_calls += u64::from(second.calls);
                }
            }
            _ => {}
        }
    }
}

impl Snapshot {
    /// How things stand, without the history that charts, windows and lists are made of.
    #[must_use]
    pub fn standing(mut self) -> Self {
        for d in &mut self.deployments {
            (d.points, d.scores) = (Arc::default(), Arc::default());
            d.failures = Arc::default();
        }
        (self.exchanges, self.events) = (Arc::default(), Arc::default());
        self.requests = Arc::default();
        self
    }

    /// The drill that runs now.
    pub fn drilling(&self) -> Option<&DrillRun> {
        self.drill.as_deref().filter(|d| d.is_running())
    }

    pub fn deployment(&self, id: &str) -> Option<&DeploymentView> {
        self.deployments.iter().find(|d| &*d.id == id)
    }

    /// What is normal for a deployment, once it is known.
    pub fn normal(&self, id: &DeploymentId) -> Option<&Normal> {
        self.normal.iter().find(|n| n.deployment == *id)
    }

    /// Everything a person laid over the machine, soonest end first: forces, faults, rung 3.
    pub fn overrides(&self) -> Vec<(String, Wall)> {
        let forces = self.deployments.iter().filter_map(|d| {
            d.force
                .as_ref()
                .map(|f| (format!("{} forced {}", d.id, f.kind), f.until))
        });
        let faults = self.faults.iter().map(|f| {
            (
                format!(
                    "{} fault {}{}",
                    f.fault.deployment,
                    f.fault.kind,
                    f.fault.only.words()
                ),
                f.fault.until,
            )
        });
        let rung3 = self.routes.iter().filter_map(|r| {
            r.rung3
                .as_ref()
                .map(|on| (format!("{} on rung 3", r.id), on.until))
        });
        let mut all: Vec<_> = forces.chain(faults).chain(rung3).collect();
        all.sort_by_key(|(_, until)| *until);
        all
    }

    /// Those of its deployments that take traffic.
    pub fn serving(&self, route: &RouteView) -> impl Iterator<Item = &DeploymentView> {
        let known = route.tiers.iter().filter_map(|id| self.deployment(id));
        known.filter(|d| d.serves())
    }

    /// No tier of it takes traffic.
    pub fn is_dark(&self, route: &RouteView) -> bool {
        self.serving(route).next().is_none()
    }

    /// 0 all closed, 1 degraded, 2 rung 3 or failing: what `status --once` exits with.
    pub fn severity(&self) -> u8 {
        let rung3 = self.routes.iter().any(|r| r.rung3.is_some());
        let dark = self.routes.iter().any(|r| self.is_dark(r));
        if rung3 || dark || self.users.word >= UsersWord::Canned {
            return 2;
        }
        let quiet = self
            .deployments
            .iter()
            .all(|d| matches!(d.shown(), Shown::Closed | Shown::Disabled));
        u8::from(!quiet || self.users.word == UsersWord::Degraded)
    }
}
