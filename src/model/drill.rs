//! Rehearsals as the event stream tells of them.

use super::Wall;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    },
    /// What is being waited for, or what was measured.
    Said {
        text: String,
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
    /// How the last one ended that was run before this process: told when a run begins.
    Remembered {
        ended: Wall,
        result: DrillResult,
    },
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
            DrillStep::Said { .. } | DrillStep::Checked { .. } => return None,
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
            DrillStep::Began { who } => format!("drill {name} begun by {who}"),
            DrillStep::Said { text } => format!("drill {name}: {text}"),
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
            DrillStep::Began { who: "x".into() },
            DrillStep::Said { text: "x".into() },
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
        let running = drill(DrillStep::Began { who: "x".into() }).mark(Wall(900));
        assert_eq!(running.unwrap().result, None);
    }
}
