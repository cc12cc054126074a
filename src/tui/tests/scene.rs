//! Situations, made of real events through the real reducer.

use crate::model::{
    Class, DeploymentId, Dialect, Event, Force, ForceKind, Kind, Phase, Reason, RouteId, Snapshot,
    State, Verdict, Wall,
    event::{Bucket, Exchanges, Outcome, Picked, RouteSecond},
    fault::{Fault, FaultKind, Only},
    finding::Findings,
    phase::Transition,
    series::Latency,
    topology::{DeploymentInfo, RouteInfo, Topology},
};
use std::sync::Arc;

mod drill;
mod judges;
mod normal;
mod requests;
pub(in crate::tui) use drill::{DRILL, drilled, drilling, drills, real_drills};
pub(in crate::tui) use judges::{alarm, blind, dismissed, drift, looks, quality, suspicion};
pub(in crate::tui) use normal::{learned, pinned, pinned_and_calm};
pub(in crate::tui) use requests::{request, requested};

pub(in crate::tui) const PRIMARY: &str = "anthropic/claude-sonnet-4-5";
pub(in crate::tui) const SECONDARY: &str = "openai/gpt-4.1";
pub(in crate::tui) const TERTIARY: &str = "gemini/gemini-2.5-pro";
const JUDGE: &str = "openai/gpt-4.1-mini";

/// What was judged.
const ENGLISH: &str = "Either side may end it with thirty days' notice in writing (clause 14.2).\n\nBefore the first year";
const FRENCH: &str =
    "Chaque partie peut y mettre fin avec trente jours de marge, par lettre.\n\nAvant la fin";

/// 2026-03-10T14:03:22Z: when every scene is looked at.
const LOOKED_AT: u64 = 1_773_151_402;
/// Scenes begin this long before.
const LENGTH: u64 = 960;
/// From here on every second has its events; before, every fifth.
const FINE: u64 = 40;

type Named = (&'static str, fn() -> Scene);

/// Every situation there is, for tests that go through all of them.
pub(in crate::tui) const ALL: [Named; 20] = [
    ("unborn", unborn),
    ("empty", empty),
    ("calm", calm),
    ("simulated", simulated),
    ("incident", incident),
    ("last tier", last_tier),
    ("no tier", no_tier),
    ("forced", forced),
    ("disabled", disabled),
    ("drills", drills),
    ("real drills", real_drills),
    ("drilling", drilling),
    ("drilled", drilled),
    ("alarm", alarm),
    ("blind", blind),
    ("dismissed", dismissed),
    ("drift", drift),
    ("looks", looks),
    ("quality", quality),
    ("suspicion", suspicion),
];

pub(in crate::tui) struct Scene {
    state: State,
    seq: u64,
    sec: u64,
    /// Answers of the second route's primary that no second of it has told yet.
    summaries: u32,
}

impl Scene {
    fn new(disabled: bool, simulated: bool) -> Self {
        let mut scene = Self {
            state: State::new(),
            seq: 0,
            sec: LOOKED_AT - LENGTH,
            summaries: 0,
        };
        scene.push(Kind::Started {
            schema: 1,
            version: "0.1.0".into(),
            listen: "127.0.0.1:4141".into(),
            topology: topology(disabled, simulated),
        });
        scene
    }

    pub(in crate::tui) fn push(&mut self, kind: Kind) {
        self.event(kind, false);
    }

    pub(in crate::tui) fn injected(&mut self, kind: Kind) {
        self.event(kind, true);
    }

    fn event(&mut self, kind: Kind, injected: bool) {
        self.seq += 1;
        let event = Event {
            injected,
            seq: self.seq,
            at: Wall(self.sec * 1000),
            kind,
        };
        self.state.apply(&Arc::new(event));
    }

    pub(in crate::tui) fn snapshot(&self) -> Snapshot {
        self.state.snapshot(Wall(self.sec * 1000))
    }

    pub(in crate::tui) fn silence(&mut self, seconds: u64) {
        self.sec += seconds;
    }

    fn bucket(&mut self, id: &str, ok: u32, fail: u32, ms: u32) {
        let n = ok + fail;
        if id == TERTIARY {
            self.summaries += ok;
        }
        let recent = self.sec + FINE > LOOKED_AT;
        let latency = |ms: u32| {
            let spread = [(ms / 2, n / 2), (ms * 3 / 4, n / 3), (ms, n / 6 + 1)];
            Latency(if recent { spread.to_vec() } else { Vec::new() })
        };
        self.push(Kind::Bucket(Bucket {
            ok,
            fail,
            classes: (fail > 0)
                .then_some((Class::Fault, fail))
                .into_iter()
                .collect(),
            in_flight: n * ms / 1500,
            tokens: ok * 210,
            ttft: latency(ms / 4),
            total: latency(ms),
            ..Bucket::empty(id.into())
        }));
    }

    fn served(&mut self, primary: u32, fallback: u32, canned: u32, error: u32) {
        let n = primary + fallback;
        let recent = self.sec + FINE > LOOKED_AT;
        let cached = 1 + self.noise(2);
        let routes = vec![
            RouteSecond {
                tiers: vec![primary, fallback],
                cached,
                canned,
                failed: error,
                ..RouteSecond::empty("chat".into())
            },
            RouteSecond {
                tiers: vec![std::mem::take(&mut self.summaries)],
                ..RouteSecond::empty("summarize".into())
            },
        ];
        self.push(Kind::Exchanges(Exchanges {
            routes,
            primary,
            fallback,
            canned,
            error,
            cached,
            total: Latency(if recent {
                vec![(900, n / 2), (2100, n / 2 + 1)]
            } else {
                Vec::new()
            }),
            ..Exchanges::default()
        }));
    }

    fn score(&mut self, id: &str, score: f64, reason: &str) {
        self.scored(id, JUDGE, (score, Picked::Sample), reason);
    }

    pub(in crate::tui) fn scored(
        &mut self,
        id: &str,
        judge: &str,
        (score, picked): (f64, Picked),
        reason: &str,
    ) {
        self.push(Kind::Score {
            deployment: id.into(),
            judge: judge.into(),
            exchange: "01J".into(),
            score,
            reason: reason.into(),
            answer: if score < 0.5 { FRENCH } else { ENGLISH }.to_owned(),
            picked,
            findings: Findings::default(),
        });
    }

    pub(in crate::tui) fn transition(
        &mut self,
        id: &str,
        from: Phase,
        to: Phase,
        reason: Reason,
        until: Option<u64>,
    ) {
        self.push(Kind::Transition(Transition {
            deployment: id.into(),
            from,
            to,
            reason,
            generation: self.seq,
            until: until.map(|s| Wall((self.sec + s) * 1000)),
        }));
    }

    pub(in crate::tui) fn fault(&mut self, id: u32, deployment: &str) {
        self.push(Kind::FaultAdded(Fault {
            id,
            deployment: deployment.into(),
            kind: FaultKind::Status { status: 503 },
            rate: 0.3,
            only: Only::Everybody,
            who: "ana".into(),
            until: Wall((self.sec + 300) * 1000),
        }));
    }

    fn fallback(&mut self, from: &str, to: Option<&str>, verdict: Verdict) {
        self.push(Kind::Fallback {
            exchange: "01J".into(),
            route: "chat".into(),
            from: from.into(),
            to: to.map(DeploymentId::from),
            verdict,
        });
    }

    pub(in crate::tui) fn force(
        &mut self,
        id: &str,
        kind: ForceKind,
        who: &str,
        why: &str,
        lasts: u64,
    ) {
        self.push(Kind::Forced {
            deployment: id.into(),
            force: Force {
                kind,
                who: who.into(),
                why: why.into(),
                until: Wall((self.sec + lasts) * 1000),
            },
        });
    }

    /// Lets time pass until the moment that is looked at; `each` is told how many seconds are left.
    fn play(&mut self, mut each: impl FnMut(&mut Self, u64)) {
        while self.sec < LOOKED_AT {
            let left = LOOKED_AT - self.sec;
            each(self, left);
            let step = if left <= FINE { 1 } else { 5 };
            self.sec += step;
        }
    }

    /// Something between 0 and `below`, the same in every run.
    fn noise(&self, below: u64) -> u32 {
        u32::try_from(self.sec.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or(0)
            % u32::try_from(below).unwrap()
    }
}

fn topology(disabled: bool, simulated: bool) -> Topology {
    let info = |id: &str, dialect, key: &str| {
        let (provider, model) = id.split_once('/').unwrap();
        DeploymentInfo {
            id: id.into(),
            provider: provider.into(),
            dialect,
            model: model.into(),
            disabled: disabled.then(|| format!("no key: {key} is not set")),
        }
    };
    let route = |id: &str, tiers: &[&str]| RouteInfo {
        id: id.into(),
        tiers: tiers.iter().map(|t| DeploymentId::from(*t)).collect(),
    };
    Topology {
        deployments: vec![
            info(PRIMARY, Dialect::Anthropic, "ANTHROPIC_API_KEY"),
            info(SECONDARY, Dialect::OpenAi, "OPENAI_API_KEY"),
            info(TERTIARY, Dialect::Gemini, "GEMINI_API_KEY"),
            info(JUDGE, Dialect::OpenAi, "OPENAI_API_KEY"),
        ],
        routes: vec![
            route("chat", &[PRIMARY, SECONDARY, TERTIARY]),
            route("summarize", &[TERTIARY, SECONDARY]),
        ],
        err_threshold: 0.02,
        judge_threshold: 0.70,
        judge_min_n: 8,
        judges: vec![JUDGE.into()],
        simulated,
        config_hash: "3f9a".into(),
        slo: None,
    }
}

/// A good second of everything.
fn traffic(s: &mut Scene) {
    let n = 28 + s.noise(7);
    let slip = u32::from(s.noise(23) == 0);
    s.bucket(PRIMARY, n, slip, 1900 + 40 * s.noise(9));
    if (s.sec + 3).is_multiple_of(5) {
        s.bucket(TERTIARY, 4 + s.noise(3), 0, 2600);
    }
    s.served(n + slip, 0, 0, 0);
}

/// And judged.
fn fine(s: &mut Scene) {
    traffic(s);
    if (s.sec + 3).is_multiple_of(20) {
        let x = f64::from(s.noise(12)) / 100.0;
        s.score(
            PRIMARY,
            0.85 + x,
            "answers the question, cites the right clause",
        );
    }
    if (s.sec + 3).is_multiple_of(45) {
        s.score(TERTIARY, 0.80 + f64::from(s.noise(9)) / 100.0, "");
    }
}

pub(in crate::tui) fn calm() -> Scene {
    let mut s = Scene::new(false, false);
    s.play(|s, _| fine(s));
    s
}

pub(in crate::tui) fn simulated() -> Scene {
    let mut s = Scene::new(false, true);
    s.play(|s, _| fine(s));
    s
}

/// The primary failed, was opened 4:12 ago, and everything goes to the secondary; the tertiary comes back from a
/// quality trip.
pub(in crate::tui) fn incident() -> Scene {
    let mut s = Scene::new(false, false);
    let overloaded = || Verdict::new(Class::Fault, "overloaded_error").status(529);
    let quality = Reason::Quality {
        mean: 0.61,
        floor: 0.70,
        bad: 9,
        n: 22,
        window_s: 41,
        usual: Some(0.11),
        judge: Some("openai/gpt-4.1".into()),
        confirmed: true,
        since: None,
    };
    s.play(|s, left| match left {
        300.. => {
            fine(s);
            if left == 460 {
                for _ in 0..4 {
                    s.score(TERTIARY, 0.41, "in French, the question was in English");
                }
                s.transition(
                    TERTIARY,
                    Phase::Closed,
                    Phase::Open,
                    quality.clone(),
                    Some(300),
                );
            }
        }
        255..300 => {
            let bad = (300 - u32::try_from(left).unwrap()) * 2 / 5 + s.noise(3);
            s.bucket(PRIMARY, 32 - bad.min(30), bad, 18_200);
            s.bucket(SECONDARY, bad, 0, 1900);
            s.served(32 - bad.min(30), bad, 0, 0);
            if left == 280 || left == 260 {
                s.fallback(PRIMARY, Some(SECONDARY), overloaded());
            }
        }
        _ => lower_tiers(s, left),
    });
    s
}

fn lower_tiers(s: &mut Scene, left: u64) {
    if (250..255).contains(&left) {
        let reason = Reason::ErrorRate {
            rate: 0.384,
            limit: 0.02,
            bad: 312,
            n: 812,
            window_s: 60,
        };
        s.transition(PRIMARY, Phase::Closed, Phase::Open, reason, Some(300));
    }
    if left == 155 {
        s.transition(
            TERTIARY,
            Phase::Open,
            Phase::Probe,
            Reason::CooldownOver,
            None,
        );
    }
    if left == 31 {
        let earned = Reason::RampStep { ok: 20 };
        s.transition(TERTIARY, Phase::Ramp(5), Phase::Ramp(25), earned, Some(51));
    }
    let n = 28 + s.noise(7);
    s.bucket(SECONDARY, n, u32::from(s.noise(40) == 0), 1900);
    s.served(2, n, 0, 0);
    if left < 60 {
        s.bucket(TERTIARY, 2, 0, 2600);
    }
    if left.is_multiple_of(15) {
        s.score(
            SECONDARY,
            0.86 + f64::from(s.noise(8)) / 100.0,
            "complete, no invention",
        );
    }
}

/// The primary is open and the tertiary too: only the secondary is left.
pub(in crate::tui) fn last_tier() -> Scene {
    let mut s = incident();
    let verdict = Verdict::new(Class::Fault, "connect_refused");
    s.transition(
        TERTIARY,
        Phase::Ramp(25),
        Phase::Open,
        Reason::ProbeFailed { verdict },
        Some(420),
    );
    s
}

/// And the secondary has just opened as well.
pub(in crate::tui) fn no_tier() -> Scene {
    let mut s = last_tier();
    let reason = Reason::ErrorRate {
        rate: 0.5,
        limit: 0.02,
        bad: 8,
        n: 16,
        window_s: 4,
    };
    s.transition(SECONDARY, Phase::Closed, Phase::Open, reason, Some(300));
    s
}

/// Hands on everything: a force, a fault, a route on rung 3; and users see errors.
pub(in crate::tui) fn forced() -> Scene {
    let mut s = Scene::new(false, false);
    s.play(|s, left| {
        fine(s);
        if left == 105 {
            s.force(
                SECONDARY,
                ForceKind::Open,
                "oncall",
                "bill looks wrong",
                597,
            );
        }
        if left == 65 {
            s.fault(1, TERTIARY);
        }
        if left == 20 {
            s.injected(Kind::Fallback {
                exchange: "01J".into(),
                route: "summarize".into(),
                from: TERTIARY.into(),
                to: None,
                verdict: Verdict::new(Class::Fault, "unavailable").status(503),
            });
        }
        if left == 30 {
            s.push(Kind::Rung3On {
                route: Some(RouteId::from("summarize")),
                who: "ana".into(),
                why: "drill".into(),
                until: Wall((s.sec + 600) * 1000),
            });
        }
        if left < 30 {
            s.served(0, 0, 4, u32::from(left == 9));
        }
        if left == 9 {
            s.push(Kind::Unserved {
                exchange: "01J".into(),
                route: "chat".into(),
                outcome: Outcome::Error,
                why: "deadline of 30s spent".into(),
            });
        }
    });
    s
}

pub(in crate::tui) fn disabled() -> Scene {
    let mut s = Scene::new(true, false);
    s.play(|_, _| {});
    s
}

/// Nothing is configured and nothing happened.
/// A router without any deployment.
pub(in crate::tui) fn empty() -> Scene {
    let mut scene = unborn();
    scene.push(Kind::Started {
        schema: 1,
        version: "0.1.0".into(),
        listen: "127.0.0.1:4141".into(),
        topology: Topology::default(),
    });
    scene
}

/// A router that has said nothing yet.
pub(in crate::tui) fn unborn() -> Scene {
    Scene {
        state: State::new(),
        seq: 0,
        sec: LOOKED_AT,
        summaries: 0,
    }
}
