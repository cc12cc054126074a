//! What is said of judges and their scores.

use super::because;
use crate::model::{
    DeploymentId, Event, Kind,
    event::{Looks, Picked, Watch},
};
use std::fmt;

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
                "{deployment} suspicion {:.0}%, {}",
                watch.suspicion * 100.0,
                judged(watch)
            ),
            _ => String::new(),
        }
    }
}

/// `judging each 2nd answer: looks wrong (wrong script 4 of 12)`: how closely it is looked at, and why where a judge has
/// said nothing yet.
pub fn judged(watch: &Watch) -> String {
    let share = format!("{:.0}% of its answers judged", watch.share * 100.0);
    let Some(looks) = &watch.looks else {
        return share;
    };
    format!("judging {}: looks wrong ({looks})", each(watch.share))
}

/// A share of answers, as one would say it.
fn each(share: f64) -> String {
    let one_of = (1.0 / share.max(0.001)).round();
    match one_of {
        _ if share > 0.95 => "every answer".to_owned(),
        _ if share > 0.6 => format!("{:.0}% of answers", share * 100.0),
        2.0 => "each 2nd answer".to_owned(),
        3.0 => "each 3rd answer".to_owned(),
        n => format!("each {n:.0}th answer"),
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.finding, self.bad.bad, self.bad.n)
    }
}

pub(super) fn join(names: &[DeploymentId]) -> String {
    let names: Vec<&str> = names.iter().map(|n| &**n).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Wall, event::Scores, finding::Finding, series::Share};

    #[test]
    fn how_closely_it_is_watched_reads_back_as_it_was_written() {
        let watch = Watch {
            suspicion: 0.6,
            usual: Some(0.87),
            scores: Some(Scores {
                mean: 0.72,
                bad: Share { bad: 15, n: 62 },
            }),
            looks: Some(Looks {
                finding: Finding::WordSalad,
                bad: Share { bad: 4, n: 12 },
            }),
            ..Watch::default()
        };
        let deployment = "p/a".into();
        let event = Event::new(1, Wall(0), Kind::Watch { deployment, watch });
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }

    #[test]
    fn what_raised_the_share_that_is_judged_is_said_with_it() {
        let watch = |share, looks| Watch {
            share,
            looks,
            ..Watch::default()
        };
        let looks = Looks {
            finding: Finding::WrongScript,
            bad: Share { bad: 4, n: 12 },
        };
        assert_eq!(judged(&watch(0.5, None)), "50% of its answers judged");
        assert_eq!(
            judged(&watch(0.48, Some(looks))),
            "judging each 2nd answer: looks wrong (wrong script 4 of 12)"
        );
        let said = [1.0, 0.8, 0.33, 0.1, 0.04].map(each);
        assert_eq!(
            said,
            [
                "every answer",
                "80% of answers",
                "each 3rd answer",
                "each 10th answer",
                "each 25th answer"
            ]
        );
    }
}
