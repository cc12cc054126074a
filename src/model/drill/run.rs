//! The drill that runs, or the last one that ran in this process, as far as its steps have told.

use super::{Drill, DrillPhase, DrillPlan, DrillResult, DrillStep};
use crate::model::Wall;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Lines kept of what was said.
const SAID: usize = 24;
/// More checks or measurements than any drill has.
const MOST: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DrillRun {
    pub scenario: String,
    pub who: String,
    pub began: Wall,
    pub plan: DrillPlan,
    /// None: it has not said.
    pub phase: Option<DrillPhase>,
    pub phase_until: Option<Wall>,
    /// In the order of the plan.
    pub checks: Vec<CheckView>,
    /// What was measured, and the numbers.
    pub measured: Vec<(String, String)>,
    /// Oldest first, with the time.
    pub said: VecDeque<(Wall, String)>,
    pub end: Option<DrillEnd>,
    pub report: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    pub title: String,
    /// None: not answered yet.
    pub passed: Option<bool>,
    pub numbers: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillEnd {
    pub at: Wall,
    pub result: DrillResult,
    pub why: String,
}

impl DrillRun {
    /// A drill that has just begun; none when the step begins nothing.
    pub fn begun(drill: &Drill, at: Wall) -> Option<Self> {
        let DrillStep::Began { who, plan } = &drill.step else {
            return None;
        };
        let pending = |title: &String| CheckView {
            title: title.clone(),
            passed: None,
            numbers: String::new(),
        };
        Some(Self {
            scenario: drill.scenario.clone(),
            who: who.clone(),
            began: at,
            plan: plan.clone(),
            checks: plan.checks.iter().take(MOST).map(pending).collect(),
            ..Self::default()
        })
    }

    pub const fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// Checks that were answered with yes, and all.
    pub fn passed(&self) -> (usize, usize) {
        let yes = |c: &&CheckView| c.passed == Some(true);
        (self.checks.iter().filter(yes).count(), self.checks.len())
    }

    /// Who its faults are by.
    pub fn actor(&self) -> String {
        super::actor(&self.scenario)
    }

    pub fn step(&mut self, step: &DrillStep, at: Wall) {
        match step {
            DrillStep::Entered { phase, until } => {
                (self.phase, self.phase_until) = (Some(*phase), *until);
            }
            DrillStep::Said { text } => {
                self.said.push_back((at, text.clone()));
                if self.said.len() > SAID {
                    self.said.pop_front();
                }
            }
            DrillStep::Measured { what, numbers } if self.measured.len() < MOST => {
                self.measured.push((what.clone(), numbers.clone()));
            }
            DrillStep::Checked {
                check,
                passed,
                numbers,
            } => self.checked(check, *passed, numbers),
            DrillStep::Ended { result, why } => {
                self.end = Some(DrillEnd {
                    at,
                    result: *result,
                    why: why.clone(),
                });
            }
            DrillStep::Reported { path } => self.report = Some(path.clone()),
            DrillStep::Measured { .. } | DrillStep::Began { .. } | DrillStep::Remembered { .. } => {
            }
        }
    }

    /// Two checks may ask the same of two tiers: the first that is open is answered.
    fn checked(&mut self, title: &str, passed: bool, numbers: &str) {
        let open = |c: &&mut CheckView| c.passed.is_none() && c.title == title;
        if let Some(check) = self.checks.iter_mut().find(open) {
            check.passed = Some(passed);
            numbers.clone_into(&mut check.numbers);
        } else if self.checks.len() < MOST {
            self.checks.push(CheckView {
                title: title.to_owned(),
                passed: Some(passed),
                numbers: numbers.to_owned(),
            });
        }
    }
}
