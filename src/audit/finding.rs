//! What an audit says: a rule that is not kept, where, and what to do about it.

use super::place::Place;
use crate::model::RouteId;
use serde::Serialize;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; a person may well want it so.
    Note,
    /// An outage would be worse than it has to be.
    Warning,
    /// An outage would reach users, or somebody who should not would get in.
    Error,
}

impl Level {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A rule by its stable id: what suppressions and dashboards elsewhere refer to.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: &'static str,
    pub level: Level,
    /// What is wrong where it is not kept.
    pub title: &'static str,
    /// Why that matters.
    pub why: &'static str,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The file as a whole, or one that cannot be read.
    File,
    Route(RouteId),
    Providers,
    Judging,
    Router,
    Drills,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Route(id) => write!(f, "route {id}"),
            Self::Providers => f.write_str("providers"),
            Self::Judging => f.write_str("judging"),
            Self::Router => f.write_str("router"),
            Self::Drills => f.write_str("drills"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: &'static Rule,
    pub about: About,
    /// What is wrong here, with the numbers.
    pub message: String,
    pub todo: String,
    /// The keys that lead to it in a native file; empty: the file as a whole.
    pub path: Vec<String>,
    pub place: Option<Place>,
}

impl Finding {
    pub(super) fn new(
        rule: &'static Rule,
        about: About,
        path: &[&str],
        message: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            about,
            message: message.into(),
            todo: todo.into(),
            path: path.iter().map(|&key| key.to_owned()).collect(),
            place: None,
        }
    }

    pub fn level(&self) -> Level {
        self.rule.level
    }
}
