//! What a journal says of an incident, for the people who were not there: when it began, when it was noticed, what
//! reached users, who did what, and what it cost of the objective. Pure: events in, text out.
//!
//! ```text
//! events ─▶ gather (episodes, series in bins, timeline) ─▶ PostMortem ─▶ markdown, html, charts (SVG), JSON
//! ```

mod beside;
mod bins;
mod budget;
mod chart;
mod episode;
mod gather;
mod html;
mod markdown;
mod series;
mod timeline;

pub use beside::{Beside, Incident};
pub use budget::{Budget, Burn};
pub use episode::{Began, Episode, Hits, Judged};
pub use gather::Gather;
pub use html::page;
pub use series::{Series, Span, Spot};
pub use timeline::{Moment, Timeline};

use crate::model::{DeploymentId, Wall, event::Exchanges, time::as_ms};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The version of the JSON form.
const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostMortem {
    pub schema: u32,
    pub from: Wall,
    pub to: Wall,
    /// The runs that the stretch has a part of, oldest first.
    pub runs: Vec<Run>,
    /// What the journal does not have.
    pub notes: Vec<String>,
    pub limits: Limits,
    pub users: Reached,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    pub episodes: Vec<Episode>,
    /// None: there was no incident, or both would have done the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    pub deployments: Vec<Facts>,
    /// What people did.
    pub people: Vec<Moment>,
    pub timeline: Vec<Moment>,
    pub series: Series,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub at: Wall,
    pub version: String,
    pub config_hash: String,
    pub simulated: bool,
}

/// What the charts are centred on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Limits {
    pub err_threshold: f64,
    pub judge_threshold: f64,
}

/// What all callers got.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reached {
    #[serde(flatten)]
    pub by: Exchanges,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    #[serde(rename = "p50_ms", with = "as_ms")]
    pub p50: Duration,
    #[serde(rename = "p95_ms", with = "as_ms")]
    pub p95: Duration,
    #[serde(rename = "p99_ms", with = "as_ms")]
    pub p99: Duration,
}

/// One deployment over the whole stretch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub deployment: DeploymentId,
    #[serde(flatten)]
    pub hits: Hits,
    /// Judged answers and their mean.
    pub judged: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
}

impl PostMortem {
    pub fn markdown(&self) -> String {
        markdown::render(self)
    }

    /// One page that needs nothing beside it.
    pub fn html(&self) -> String {
        html::render(self).into_string()
    }

    /// The same without its headline, for a page that has one of its own.
    pub fn body(&self) -> maud::Markup {
        html::body(self)
    }

    /// Each chart as a file of its own: its name and the SVG.
    pub fn charts(&self) -> Vec<(String, String)> {
        chart::all(self)
            .into_iter()
            .map(|c| (format!("{}.svg", c.name), c.alone()))
            .collect()
    }

    pub fn took(&self) -> Duration {
        self.to.since(self.from)
    }

    /// The one sentence that comes first: did anything reach users?
    pub fn sentence(&self) -> String {
        let by = &self.users.by;
        let reached = match (by.failed(), by.canned) {
            (0, 0) => "nothing reached the users".to_owned(),
            (0, canned) => format!("{canned} got the canned answer, none an error"),
            (failed, 0) => format!("{failed} got an error"),
            (failed, canned) => format!("{failed} got an error, {canned} the canned answer"),
        };
        let opened = self.episodes.len();
        let what = match opened {
            0 => "No breaker opened".to_owned(),
            1 => "One breaker opened once".to_owned(),
            n => format!("Breakers opened {n} times"),
        };
        format!("{what}; of {} requests, {reached}.", by.answered())
    }
}
