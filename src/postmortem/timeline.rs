//! What happened, in the words of the event list. Everything that people or breakers did stands on a line of its own;
//! what a bad minute says a hundred times is counted.

use crate::model::{Event, Kind, Wall, drill::DrillStep};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Different lines of the kind that comes in hundreds.
const CROWD: usize = 100;
/// Lines in all: a year of them is nobody's reading.
const MOMENTS: usize = 2_000;

/// A line: what happened, first when, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: Wall,
    pub text: String,
    pub times: u32,
}

/// Collects moments in the order of their beginning.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    moments: Vec<Moment>,
    /// Where a line of the crowd stands.
    crowd: HashMap<String, usize>,
    left_out: u32,
}

impl Timeline {
    pub fn push(&mut self, event: &Event) {
        match weight(&event.kind) {
            Weight::Nothing => {}
            Weight::Alone => self.add(event.at, &event.line()),
            Weight::Crowd => self.count(event.at, &event.line()),
        }
    }

    fn add(&mut self, at: Wall, text: &str) {
        if self.moments.len() >= MOMENTS {
            self.left_out += 1;
            return;
        }
        // What people wrote may have lines in it.
        let (text, times) = (text.replace(char::is_control, " "), 1);
        self.moments.push(Moment { at, text, times });
    }

    fn count(&mut self, at: Wall, text: &str) {
        if let Some(moment) = self.crowd.get(text).and_then(|&i| self.moments.get_mut(i)) {
            moment.times += 1;
        } else if self.crowd.len() < CROWD {
            self.crowd.insert(text.to_owned(), self.moments.len());
            self.add(at, text);
        } else {
            self.left_out += 1;
        }
    }

    /// All lines; the last says how many more there were.
    pub fn done(mut self, end: Wall) -> Vec<Moment> {
        if self.left_out > 0 {
            self.moments.push(Moment {
                at: end,
                text: "more that is in the journal and not here".to_owned(),
                times: self.left_out,
            });
        }
        self.moments
    }
}

enum Weight {
    Nothing,
    Alone,
    Crowd,
}

fn weight(kind: &Kind) -> Weight {
    match kind {
        _ if kind.is_measure() => Weight::Nothing,
        // An order that was carried out has an event of its own.
        Kind::Score { .. } | Kind::Suppressed { .. } | Kind::Command { refused: None, .. } => {
            Weight::Nothing
        }
        Kind::Drill(drill) => match drill.step {
            DrillStep::Remembered { .. } => Weight::Nothing,
            _ => Weight::Alone,
        },
        Kind::Fallback { .. }
        | Kind::Hedged { .. }
        | Kind::StreamBroke { .. }
        | Kind::Unserved { .. }
        | Kind::Gated { .. }
        | Kind::Probed { .. }
        | Kind::JudgeFailed { .. }
        | Kind::CanaryFailed { .. }
        | Kind::Notice { .. } => Weight::Crowd,
        _ => Weight::Alone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        DeploymentId, Phase, Reason, event::Level, phase::Transition, verdict::Verdict,
    };

    fn told(events: &[(u64, Kind)]) -> Vec<(u64, String, u32)> {
        let mut timeline = Timeline::default();
        for (at, kind) in events {
            timeline.push(&Event::new(*at, Wall(*at), kind.clone()));
        }
        let moments = timeline.done(Wall(9_999));
        let plain = |m: Moment| (m.at.0, m.text, m.times);
        moments.into_iter().map(plain).collect()
    }

    fn notice(text: &str) -> Kind {
        let (level, text) = (Level::Info, text.to_owned());
        Kind::Notice { level, text }
    }

    fn open() -> Kind {
        Kind::Transition(Transition {
            deployment: DeploymentId::from("a/m"),
            from: Phase::Closed,
            to: Phase::Open,
            reason: Reason::Certain {
                verdict: Verdict::ok(),
            },
            generation: 1,
            until: None,
        })
    }

    #[test]
    fn what_repeats_is_counted_where_it_began() {
        let told = told(&[(1, notice("a")), (2, notice("b")), (3, notice("a"))]);
        assert_eq!(told, [(1, "a".to_owned(), 2), (2, "b".to_owned(), 1)]);
    }

    #[test]
    fn every_transition_stands_alone_however_loud_it_is_around_it() {
        let mut events: Vec<_> = (0..500).map(|n| (n, notice(&format!("n{n}")))).collect();
        events.extend([(600, open()), (700, open())]);
        let told = told(&events);
        assert_eq!(told.iter().filter(|t| t.1.contains("OPEN")).count(), 2);
        assert_eq!(told.last().unwrap().2, 400);
    }
}
