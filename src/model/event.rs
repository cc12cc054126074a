//! Everything that happens, in one ordered stream.

use super::{
    DeploymentId, RouteId, Snapshot, Wall,
    drill::{Drill, DrillInfo},
    fault::Fault,
    finding::{Finding, Findings},
    fleet::FleetView,
    id::ExchangeId,
    is_default,
    normal::Normal,
    order::Origin,
    phase::{Force, ForceEnd, Transition, WouldTrip},
    request::Request,
    series::Share,
    topology::Topology,
    verdict::{Class, Verdict},
};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use uuid::Uuid;

mod second;

pub use second::{Answered, Bucket, Exchanges, RouteSecond};

/// The version of this vocabulary in journals and on the wire.
pub const SCHEMA: u32 = 1;
/// What [`Kind::Suppressed`] says of events that nobody could take in time.
pub const LOST: &str = "events";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Without gaps within one run.
    pub seq: u64,
    pub at: Wall,
    /// An injected fault caused it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub injected: bool,
    #[serde(flatten)]
    pub kind: Kind,
}

/// The names of all kinds, as they stand on the wire.
pub const KINDS: &[&str] = Kind::VARIANTS;

impl Kind {
    /// As on the wire.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// A number for charts, or what a screen has to know: not something that a person reads as a line.
    pub const fn is_measure(&self) -> bool {
        matches!(
            self,
            Self::Bucket(_)
                | Self::Exchanges(_)
                | Self::Request(_)
                | Self::Judging(_)
                | Self::Watch { .. }
                | Self::Drills { .. }
                | Self::Normal { .. }
                | Self::Continued { .. }
        )
    }
}

impl Event {
    pub const fn new(seq: u64, at: Wall, kind: Kind) -> Self {
        Self {
            seq,
            at,
            injected: false,
            kind,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A run begins.
    Started {
        schema: u32,
        version: String,
        listen: String,
        topology: Topology,
    },
    /// The journal of a run goes on in another file: how things stood, without the history of charts. Only in journals.
    Continued {
        schema: u32,
        standing: Box<Snapshot>,
    },
    /// A new configuration took over without a dropped request.
    Reloaded {
        topology: Topology,
    },
    /// A new configuration was refused; the old one goes on.
    ReloadFailed {
        why: String,
    },
    Stopping,

    /// A breaker moved.
    Transition(Transition),
    /// A breaker under `observe` (or the last one standing) would have opened.
    WouldTrip {
        deployment: DeploymentId,
        #[serde(flatten)]
        trip: WouldTrip,
    },
    Forced {
        deployment: DeploymentId,
        #[serde(flatten)]
        force: Force,
    },
    ForceEnded {
        deployment: DeploymentId,
        #[serde(flatten)]
        end: ForceEnd,
    },
    /// The provider asked us to stay away until then.
    Gated {
        deployment: DeploymentId,
        class: Class,
        code: String,
        until: Wall,
    },
    /// A probe came back.
    Probed {
        deployment: DeploymentId,
        verdict: Verdict,
        shadow: bool,
    },
    /// A prompt of our own came to nothing. Good ones are in the buckets.
    CanaryFailed {
        deployment: DeploymentId,
        verdict: Verdict,
    },

    /// A request moved from one tier to another (or down to a rung).
    Fallback {
        exchange: ExchangeId,
        route: RouteId,
        from: DeploymentId,
        /// The tier that answered; none when rung 1 (stale) or rung 3 did.
        to: Option<DeploymentId>,
        verdict: Verdict,
    },
    /// A first token was later than usual, and the next tier was asked too.
    Hedged {
        exchange: ExchangeId,
        route: RouteId,
        late: DeploymentId,
        to: DeploymentId,
        /// The next tier was faster.
        won: bool,
    },
    /// A stream broke off when its caller had a part of it: another deployment went on, or, with none, the caller got
    /// an explicit error.
    StreamBroke {
        exchange: ExchangeId,
        route: RouteId,
        from: DeploymentId,
        to: Option<DeploymentId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        how: Option<Manner>,
        /// Characters that the caller had.
        chars: u64,
        verdict: Verdict,
    },
    /// A request whose caller got neither a model's answer nor a cached one: rung 3, or an error.
    Unserved {
        exchange: ExchangeId,
        route: RouteId,
        outcome: Outcome,
        why: String,
    },

    /// A request has ended. Ordinary ones are told four times a second at most, others sixteen times.
    Request(Box<Request>),

    /// An answer was judged.
    Score {
        deployment: DeploymentId,
        judge: DeploymentId,
        exchange: ExchangeId,
        score: f64,
        /// The judge's own words, cut short; empty unless it gave some.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// The first words of what was judged; empty where they are not told.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        answer: String,
        #[serde(default, skip_serializing_if = "Picked::is_sample")]
        picked: Picked,
        /// What was visibly wrong with the answer.
        #[serde(flatten)]
        findings: Findings,
    },
    /// A judge gave no score. Never a score of 0.
    JudgeFailed {
        judge: DeploymentId,
        why: String,
    },
    /// Nobody can judge these deployments (or somebody can again, where there are none left); told when it changes.
    JudgeAvailable {
        available: bool,
        why: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        deployments: Vec<DeploymentId>,
    },
    /// A judge is at fault: its scores count for nothing until it scores known answers as it did.
    JudgeDismissed {
        judge: DeploymentId,
        why: String,
        /// When it is looked at again.
        until: Wall,
    },
    JudgeRestored {
        judge: DeploymentId,
    },
    /// Everything that a judge scores became worse at once (or no longer is): nothing trips on it.
    JudgeDrift {
        judge: DeploymentId,
        on: bool,
        deployments: Vec<DeploymentId>,
    },
    /// One judge's calls in one second.
    Judging(Judging),
    /// How closely a deployment is watched, told when it changes.
    Watch {
        deployment: DeploymentId,
        #[serde(flatten)]
        watch: Watch,
    },

    FaultAdded(Fault),
    FaultCleared {
        id: u32,
        deployment: DeploymentId,
        who: String,
        hits: u64,
    },
    /// Rung 3 was switched on for a route (or all, when none is named).
    Rung3On {
        route: Option<RouteId>,
        who: String,
        #[serde(default)]
        why: String,
        until: Wall,
    },
    Rung3Off {
        route: Option<RouteId>,
        who: String,
    },

    /// A rehearsal went a step further.
    Drill(Drill),
    /// Which drills can be started here; told when a run begins and after a reload.
    Drills {
        drills: Vec<DrillInfo>,
    },

    /// What is normal from now on, of each deployment of which it is known; told when it changes.
    Normal {
        deployments: Vec<Normal>,
    },

    /// A command was carried out or refused.
    Command {
        actor: String,
        command: String,
        /// None: from within, like the screen of the router's own process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },

    /// One deployment's attempts in one second.
    Bucket(Bucket),
    /// All exchanges that ended in one second.
    Exchanges(#[serde(serialize_with = "second::without_zeros")] Exchanges),

    /// Every provider fails to connect at once (or does so no longer): our own network.
    LocalNetwork {
        down: bool,
    },
    /// Who shares what operators do and which breakers trip; told when it changes.
    Fleet(FleetView),
    /// Events are not recorded any more, and why; or they are again, after some were missed.
    Journal {
        stopped: Option<String>,
        #[serde(default)]
        missed: u64,
    },
    /// Something a person should read: a missing key, an option that is not honoured.
    Notice {
        level: Level,
        text: String,
    },
    /// More of one kind came than the cap lets through.
    Suppressed {
        what: String,
        n: u64,
    },
}

/// Why an answer was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picked {
    /// By chance: it stands for the others.
    #[default]
    Sample,
    /// It decides about a return.
    Return,
    /// It looked wrong; it stands for itself alone.
    Looks,
    /// The second judge's word on an answer of which the first has its own.
    Second,
    /// Nobody asked for it: an answer to a prompt of our own.
    Canary,
}

impl Picked {
    /// The mean that a screen shows, and the breaker's own, are over these.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Sample | Self::Return | Self::Canary)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature serde's `skip_serializing_if` asks for"
    )]
    const fn is_sample(&self) -> bool {
        matches!(self, Self::Sample)
    }
}

/// One second of one judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judging {
    pub judge: DeploymentId,
    pub calls: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Millionths of a US dollar, estimated; none: no price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microdollars: Option<u64>,
}

/// How closely a deployment is watched.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// Evidence as a share of what trips, of either signal.
    pub suspicion: f64,
    /// The share of answers that is judged.
    pub share: f64,
    /// The evidence is enough, and others are being asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alarm: bool,
    /// Nobody can judge it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blind: bool,
    /// The mean that is usual under its judge, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<f64>,
    /// Its judge's scores, where they make suspicious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
    /// What looks wrong with its answers, where that makes suspicious.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<Looks>,
}

/// Scores since evidence began to gather in them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    pub mean: f64,
    /// Those that did not pass.
    #[serde(flatten)]
    pub bad: Share,
}

/// Answers since they began to look wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// What is wrong with most of them.
    pub finding: Finding,
    #[serde(flatten)]
    pub bad: Share,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Info,
    Good,
    Warn,
    Bad,
}

/// How a deployment is asked to go on with an answer that another has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// The text so far stands as the beginning of its own answer.
    Prefill,
    /// It is shown the text so far, and asked to repeat the last words and to go on.
    Continue,
    /// It is asked the same as the first.
    Restart,
}

impl Manner {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prefill => "prefill",
            Self::Continue => "continue",
            Self::Restart => "restart",
        }
    }
}

/// How an exchange ended, for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Rung 0.
    Primary,
    /// Rung 2.
    Fallback,
    /// Rung 1.
    Cached,
    /// Rung 3.
    Canned,
    /// The caller's own mistake, answered as the provider said it.
    CallerError,
    /// The caller got an error that was ours.
    Error,
    /// A stream that had begun could not be finished: an explicit in-band error.
    Broken,
    /// The caller left first.
    Left,
}

impl Outcome {
    pub const ALL: [Self; 8] = [
        Self::Primary,
        Self::Fallback,
        Self::Cached,
        Self::Canned,
        Self::CallerError,
        Self::Error,
        Self::Broken,
        Self::Left,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Fallback => "fallback",
            Self::Cached => "cached",
            Self::Canned => "canned",
            Self::CallerError => "caller error",
            Self::Error => "error",
            Self::Broken => "broken",
            Self::Left => "left",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::series::Latency;

    #[test]
    fn a_kind_is_called_as_on_the_wire() {
        for kind in [Kind::Stopping, Kind::LocalNetwork { down: true }] {
            let wire = serde_json::to_value(&kind).unwrap();
            assert_eq!(wire["event"], kind.name());
            assert!(KINDS.contains(&kind.name()));
        }
    }

    #[test]
    fn a_second_under_a_fault_reads_back_whole() {
        let deployment = DeploymentId::from("a/m");
        let bucket = Bucket {
            injected: vec![(2, 7)],
            in_flight: 3,
            total: Latency(vec![(715, 1), (1063, 2)]),
            ..Bucket::empty(deployment)
        };
        let event = Event {
            injected: true,
            ..Event::new(1, Wall(5), Kind::Bucket(bucket))
        };
        let line = serde_json::to_string(&event).unwrap();
        assert!(line.ends_with(r#""total":[715,[1063,2]]}"#), "{line}");
        let back: Event = serde_json::from_str(&line).unwrap();
        assert_eq!(back, event, "{line}");
        let pairs = line.replace("[715,", "[[715,1],");
        assert_eq!(serde_json::from_str::<Event>(&pairs).unwrap(), event);
    }

    #[test]
    fn a_second_of_all_exchanges_is_written_without_its_zeros() {
        let told = |second: Exchanges| Event::new(1, Wall(5), Kind::Exchanges(second));
        let quiet = told(Exchanges {
            primary: 2,
            ..Exchanges::default()
        });
        let line = serde_json::to_string(&quiet).unwrap();
        assert_eq!(line, r#"{"seq":1,"at":5,"event":"exchanges","primary":2}"#);
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), quiet);
        let busy = told(Exchanges {
            primary: 1,
            fallback: 2,
            cached: 3,
            canned: 4,
            caller_error: 5,
            error: 6,
            broken: 7,
            left: 8,
            client_retries: 9,
            total: Latency(vec![(10, 11)]),
            routes: vec![RouteSecond::empty("r".into())],
        });
        let line = serde_json::to_string(&busy).unwrap();
        let back: Event = serde_json::from_str(&line).unwrap();
        assert_eq!(back, busy, "{line}");
    }
}
