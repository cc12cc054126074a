//! What replicas of breakerbox tell each other: what people ordered, and which breakers tripped.

use super::{DeploymentId, Force, RouteId, Wall};
use serde::{Deserialize, Serialize};

/// One thing that one replica tells the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    Forced {
        deployment: DeploymentId,
        #[serde(flatten)]
        force: Force,
    },
    Released {
        deployment: DeploymentId,
        who: String,
    },
    /// A route's name, or `all`.
    Rung3On {
        route: RouteId,
        who: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        why: String,
        until: Wall,
    },
    Rung3Off {
        route: RouteId,
        who: String,
    },
    /// A breaker opened on evidence of its own.
    Tripped {
        deployment: DeploymentId,
        /// The evidence, in words.
        cause: String,
        /// When its cooldown is over.
        until: Wall,
    },
}

impl Note {
    /// What it is about: of all notes about one thing, only the last one holds.
    pub fn about(&self) -> String {
        match self {
            Self::Forced { deployment, .. } | Self::Released { deployment, .. } => {
                format!("force {deployment}")
            }
            Self::Rung3On { route, .. } | Self::Rung3Off { route, .. } => format!("rung3 {route}"),
            Self::Tripped { deployment, .. } => format!("trip {deployment}"),
        }
    }

    /// When it is over; none: it takes something back.
    pub const fn until(&self) -> Option<Wall> {
        match self {
            Self::Forced { force, .. } => Some(force.until),
            Self::Rung3On { until, .. } | Self::Tripped { until, .. } => Some(*until),
            Self::Released { .. } | Self::Rung3Off { .. } => None,
        }
    }
}

/// What this replica knows of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetView {
    /// Its own name.
    pub replica: String,
    /// Whether the others can be reached: if not, everything here holds for this replica only.
    pub reachable: bool,
    /// The others, in the order of their names.
    pub peers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Kind, Phase, Reason, event::Level, phase::Transition};

    fn event(kind: Kind) -> Event {
        Event {
            injected: false,
            seq: 1,
            at: Wall(1_000),
            kind,
        }
    }

    fn roll(reachable: bool, peers: &[&str]) -> Event {
        event(Kind::Fleet(FleetView {
            replica: "one".to_owned(),
            reachable,
            peers: peers.iter().map(|p| (*p).to_owned()).collect(),
        }))
    }

    #[test]
    fn who_shares_is_said_in_a_line() {
        assert_eq!(roll(true, &[]).line(), "fleet: one, no peers yet");
        let shares = roll(true, &["three", "two"]);
        assert_eq!(shares.line(), "fleet: one shares with three, two");
        assert_eq!(shares.level(), Level::Info);
        let alone = roll(false, &[]);
        assert_eq!(
            alone.line(),
            "fleet: one on its own, its peers cannot be reached"
        );
        assert_eq!(alone.level(), Level::Warn);
    }

    #[test]
    fn what_the_fleet_did_reads_back_from_a_journal() {
        let trip = event(Kind::Transition(Transition {
            deployment: "p/m".into(),
            from: Phase::Closed,
            to: Phase::Open,
            reason: Reason::Fleet {
                replica: "two".to_owned(),
                cause: "error_rate 30.0% > 2.0% n=40".to_owned(),
            },
            generation: 3,
            until: Some(Wall(301_000)),
        }));
        assert_eq!(
            trip.line(),
            "p/m CLOSED -> OPEN: error_rate 30.0% > 2.0% n=40 (at two)"
        );
        for event in [trip, roll(true, &["two"])] {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        }
    }
}
