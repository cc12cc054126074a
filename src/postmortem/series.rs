//! What charts are made of: one spot per stretch of time, and what was laid over it.

use super::bins::{Bins, Merge};
use crate::model::{
    DeploymentId, Phase, Wall,
    event::{Bucket, Exchanges},
    series::{Latency, Mean},
    time::{as_ms, opt_ms},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    /// Seconds in a spot.
    #[serde(rename = "step_ms", with = "as_ms")]
    pub step: Duration,
    pub users: Vec<Users>,
    pub deployments: Vec<Line>,
}

/// All exchanges in one stretch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    pub at: Wall,
    #[serde(flatten)]
    pub by: Exchanges,
    #[serde(
        rename = "p95_ms",
        default,
        skip_serializing_if = "Option::is_none",
        with = "opt_ms"
    )]
    pub p95: Option<Duration>,
}

/// One deployment's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub deployment: DeploymentId,
    /// In the order of `users`.
    pub spots: Vec<Spot>,
    pub phases: Vec<Span<Phase>>,
    /// Forces and faults, in words.
    pub laid_over: Vec<Span<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spot {
    pub attempts: u32,
    /// What the error rate is a share of, and the failures in it.
    pub counted: u32,
    pub failed: u32,
    pub score: Mean,
}

/// Something that held from then to then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span<T> {
    pub from: Wall,
    pub to: Wall,
    pub what: T,
}

/// A bin while events come.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) by: Exchanges,
    pub(super) latency: Latency,
    /// By the number of the deployment.
    spots: Vec<Spot>,
}

impl Row {
    pub(super) fn spot(&mut self, deployment: usize) -> &mut Spot {
        if deployment >= self.spots.len() {
            self.spots.resize_with(deployment + 1, Spot::default);
        }
        // Made just above.
        &mut self.spots[deployment]
    }
}

impl Spot {
    pub(super) fn add(&mut self, bucket: &Bucket) {
        self.attempts += bucket.attempts();
        self.counted += bucket.counted();
        self.failed += bucket.fail;
    }

    fn merge(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.counted += other.counted;
        self.failed += other.failed;
        self.score.add(other.score);
    }
}

impl Merge for Row {
    fn merge(&mut self, other: Self) {
        self.by.add(&other.by);
        self.latency.add(&other.latency);
        for (i, spot) in other.spots.into_iter().enumerate() {
            self.spot(i).merge(spot);
        }
    }
}

impl Series {
    /// `lines` in the order of the deployments' numbers.
    pub(super) fn of(rows: &Bins<Row>, lines: impl Iterator<Item = Line>) -> Self {
        let users = |(at, row): (Wall, &Row)| Users {
            at,
            by: row.by.clone(),
            p95: Latency::quantile([&row.latency], 0.95),
        };
        let spots = |i: usize| {
            let of = |(_, row): (Wall, &Row)| row.spots.get(i).copied().unwrap_or_default();
            rows.iter().map(of).collect()
        };
        Self {
            step: rows.step(),
            users: rows.iter().map(users).collect(),
            deployments: lines
                .enumerate()
                .map(|(i, line)| Line {
                    spots: spots(i),
                    ..line
                })
                .collect(),
        }
    }
}
