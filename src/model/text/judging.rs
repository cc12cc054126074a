//! What is said of judges and their scores.

use super::because;
use crate::model::{DeploymentId, Event, Kind, event::Picked};

impl Event {
    pub(super) fn line_about_judges(&self) -> String {
        match &self.kind {
            Kind::Score {
                deployment,
                judge,
                score,
                reason,
                picked,
                findings,
                ..
            } => {
                let how = match picked {
                    Picked::Sample => "",
                    Picked::Return => " on its return",
                    Picked::Looks => " for its looks",
                    Picked::Second => " (second)",
                    Picked::Canary => " (canary)",
                };
                let seen = if findings.is_empty() {
                    String::new()
                } else {
                    format!(" ({findings})")
                };
                format!(
                    "{deployment} judged {score:.2} by {judge}{how}{}{seen}",
                    because(reason)
                )
            }
            Kind::JudgeFailed { judge, why } => format!("{judge} gave no score: {why}"),
            Kind::JudgeAvailable {
                available: true, ..
            } => "everything can be judged again".to_owned(),
            Kind::JudgeAvailable {
                why, deployments, ..
            } => format!("nobody can judge {}: {why}", join(deployments)),
            Kind::JudgeDismissed { judge, why, until } => format!(
                "judge {judge} dismissed: {why}; it is looked at again at {}",
                until.clock()
            ),
            Kind::JudgeRestored { judge } => {
                format!("judge {judge} is believed again")
            }
            Kind::JudgeDrift {
                judge,
                on: true,
                deployments,
            } => format!(
                "judge drift: {} fell together under {judge}; nothing trips on it",
                join(deployments)
            ),
            Kind::JudgeDrift { judge, .. } => format!("judge drift of {judge} is over"),
            Kind::Judging(j) => format!("{} judge calls by {}", j.calls, j.judge),
            Kind::Watch { deployment, watch } => format!(
                "{deployment} suspicion {:.0}%, {:.0}% of its answers judged",
                watch.suspicion * 100.0,
                watch.share * 100.0
            ),
            _ => String::new(),
        }
    }
}

pub(super) fn join(names: &[DeploymentId]) -> String {
    let names: Vec<&str> = names.iter().map(|n| &**n).collect();
    names.join(", ")
}
