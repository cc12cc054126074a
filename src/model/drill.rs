//! Rehearsals as the event stream tells of them.

mod info;
mod run;

pub use info::{DrillInfo, PlannedFault};
pub use run::{CheckView, DrillEnd, DrillRun};

use super::{Wall, time::as_ms};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// What has to be known of a drill that fails its own requests only.
pub const OPEN_FOR_ALL: &str = "a breaker that opens is open for everybody";

const ACTOR: &str = "drill:";

/// Who a drill's commands and faults are by.
pub fn actor(scenario: &str) -> String {
    format!("{ACTOR}{scenario}")
}

/// Whether it is a drill that gave an order, and not a person.
pub fn is_actor(who: &str) -> bool {
    who.starts_with(ACTOR)
}

/// A drill went a step further.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drill {
    pub scenario: String,
    #[serde(flatten)]
    pub step: DrillStep,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum DrillStep {
    Began {
        who: String,
        #[serde(default)]
        plan: DrillPlan,
    },
    /// Another part of it.
    Entered {
        phase: DrillPhase,
        /// When it is over at the latest; none: when it is done.
        #[serde(default)]
        until: Option<Wall>,
    },
    /// What was done, or is being waited for.
    Said {
        text: String,
    },
    Measured {
        /// `steady state`, `under faults`.
        what: String,
        numbers: String,
    },
    Checked {
        check: String,
        passed: bool,
        /// The numbers that decided it.
        numbers: String,
    },
    Ended {
        result: DrillResult,
        why: String,
    },
    /// Where its report lies.
    Reported {
        path: String,
    },
    /// How the last one ended that was run before this process: told when a run begins.
    Remembered {
        ended: Wall,
        result: DrillResult,
    },
}

/// What a drill is about to do, for whoever looks on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DrillPlan {
    pub title: String,
    /// To whom it happens.
    pub whom: String,
    /// The longest it takes.
    #[serde(rename = "takes_ms", with = "as_ms")]
    pub takes: Duration,
    /// What its checks ask, in the order of the scenario.
    pub checks: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillPhase {
    RollCall,
    Steady,
    Faults,
    Recovery,
}

impl DrillPhase {
    pub const ALL: [Self; 4] = [Self::RollCall, Self::Steady, Self::Faults, Self::Recovery];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RollCall => "roll call",
            Self::Steady => "steady state",
            Self::Faults => "faults",
            Self::Recovery => "way back",
        }
    }

    /// What is being done, in words.
    pub const fn doing(self) -> &'static str {
        match self {
            Self::RollCall => "asking primary and secondary once",
            Self::Steady => "measuring the steady state",
            Self::Faults => "breaking things",
            Self::Recovery => "waiting until everything is as before",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillResult {
    Passed,
    Failed,
    /// Ended before its time: users got errors, or somebody stopped it.
    Aborted,
}

impl DrillResult {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

impl fmt::Display for DrillResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The last drill, for a header that says how long ago it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillMark {
    pub scenario: String,
    /// When it began, while it runs; then when it ended.
    pub at: Wall,
    /// None: it runs.
    pub result: Option<DrillResult>,
}

impl Drill {
    /// What the last drill is once this has happened at `at`; none when this changes nothing.
    pub fn mark(&self, at: Wall) -> Option<DrillMark> {
        let (at, result) = match &self.step {
            DrillStep::Began { .. } => (at, None),
            DrillStep::Ended { result, .. } => (at, Some(*result)),
            DrillStep::Remembered { ended, result } => (*ended, Some(*result)),
            DrillStep::Entered { .. }
            | DrillStep::Said { .. }
            | DrillStep::Measured { .. }
            | DrillStep::Checked { .. }
            | DrillStep::Reported { .. } => return None,
        };
        Some(DrillMark {
            scenario: self.scenario.clone(),
            at,
            result,
        })
    }

    pub fn line(&self) -> String {
        let name = &self.scenario;
        match &self.step {
            DrillStep::Began { who, plan } if plan.whom.is_empty() => {
                format!("drill {name} begun by {who}")
            }
            DrillStep::Began { who, plan } => {
                format!(
                    "drill {name} begun by {who}, failures are for {}",
                    plan.whom
                )
            }
            DrillStep::Entered { phase, .. } => format!("drill {name}: {}", phase.doing()),
            DrillStep::Said { text } => format!("drill {name}: {text}"),
            DrillStep::Measured { what, numbers } => format!("drill {name}: {what}: {numbers}"),
            DrillStep::Reported { path } => format!("drill {name}: the report is {path}"),
            DrillStep::Checked {
                check,
                passed,
                numbers,
            } => {
                let mark = if *passed { "✓" } else { "✗" };
                format!("drill {name} {mark} {check}: {numbers}")
            }
            DrillStep::Ended { result, why } if why.is_empty() => format!("drill {name} {result}"),
            DrillStep::Ended { result, why } => format!("drill {name} {result}: {why}"),
            DrillStep::Remembered { ended, result } => {
                format!("the last drill, {name}, {result} at {ended}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Kind};

    fn drill(step: DrillStep) -> Drill {
        let scenario = "bad-key-tuesday".to_owned();
        Drill { scenario, step }
    }

    #[test]
    fn every_step_survives_the_journal() {
        let steps = [
            DrillStep::Began {
                who: "x".into(),
                plan: DrillPlan {
                    title: "x".into(),
                    whom: "x".into(),
                    takes: Duration::from_secs(9),
                    checks: vec!["x".into()],
                },
            },
            DrillStep::Entered {
                phase: DrillPhase::Steady,
                until: Some(Wall(7)),
            },
            DrillStep::Said { text: "x".into() },
            DrillStep::Measured {
                what: "x".into(),
                numbers: "x".into(),
            },
            DrillStep::Reported { path: "x".into() },
            DrillStep::Checked {
                check: "x".into(),
                passed: true,
                numbers: "1 of 2".into(),
            },
            DrillStep::Ended {
                result: DrillResult::Aborted,
                why: String::new(),
            },
            DrillStep::Remembered {
                ended: Wall(5),
                result: DrillResult::Passed,
            },
        ];
        for step in steps {
            let event = Event {
                injected: false,
                seq: 1,
                at: Wall(9),
                kind: Kind::Drill(drill(step)),
            };
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(
                serde_json::from_str::<Event>(&line).unwrap(),
                event,
                "{line}"
            );
        }
    }

    #[test]
    fn a_remembered_drill_is_as_old_as_it_was_not_as_its_event() {
        let step = DrillStep::Remembered {
            ended: Wall(5),
            result: DrillResult::Failed,
        };
        let mark = drill(step).mark(Wall(900)).unwrap();
        assert_eq!((mark.at, mark.result), (Wall(5), Some(DrillResult::Failed)));
        let began = DrillStep::Began {
            who: "x".into(),
            plan: DrillPlan::default(),
        };
        assert_eq!(drill(began).mark(Wall(900)).unwrap().result, None);
    }

    #[test]
    fn a_journal_that_knows_nothing_of_plans_and_phases_is_still_read() {
        let line = r#"{"seq":5,"at":7,"event":"drill","scenario":"x","step":"began","who":"ana"}"#;
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(event.line(), "drill x begun by ana");
    }
}
