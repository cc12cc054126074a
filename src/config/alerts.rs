//! Who is told of what, and how.

use super::{KeySource, SecretHeader};
use secrecy::SecretString;
use std::fmt;
use strum::{EnumIter, IntoEnumIterator};

/// Somebody who is told.
#[derive(Debug, Clone)]
pub struct Alert {
    /// What it is called wherever it is spoken of: an address is never shown.
    pub name: String,
    pub to: Recipient,
    /// In the order of [`Subject`].
    pub on: Vec<Subject>,
    /// What drills and injected faults do is told too, and marked.
    pub drills: bool,
}

#[derive(Clone)]
pub enum Recipient {
    Webhook(Webhook),
    /// A program and its arguments.
    Command(Vec<String>),
}

/// An address may let in whoever knows it, and an argument may be a key.
impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(webhook) => webhook.fmt(f),
            Self::Command(words) => f.debug_tuple("Command").field(&words.first()).finish(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: SecretString,
    pub from: KeySource,
    pub format: Format,
    pub headers: Vec<SecretHeader>,
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Everything, as one JSON object.
    #[default]
    Json,
    /// What Slack's incoming webhooks take, and those of others that copy them.
    Slack,
}

impl Format {
    pub(super) const WORDS: [(&str, Self); 2] = [("json", Self::Json), ("slack", Self::Slack)];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Slack => "slack",
        }
    }
}

/// What somebody can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter)]
pub enum Subject {
    /// A breaker opened, or is closed again.
    Transition,
    /// Every other move of a breaker: probes, steps of the ramp, and those that failed.
    Steps,
    /// A breaker would have opened and goes on serving, or gives no more cause to.
    WouldTrip,
    /// Somebody forced a breaker, or no longer does.
    Force,
    Rung3,
    /// Users got errors or the canned answer, or no longer do.
    Users,
    /// No tier of a route takes traffic, or one does again.
    LastTier,
    /// Answers are not judged any more, a judge was dismissed, everything fell under one; or no longer.
    Judge,
    /// Events are not recorded, or are again.
    Journal,
    /// No provider can be reached: our own network. Or it is back.
    Network,
}

impl Subject {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transition => "transition",
            Self::Steps => "steps",
            Self::WouldTrip => "would_trip",
            Self::Force => "force",
            Self::Rung3 => "rung3",
            Self::Users => "users",
            Self::LastTier => "last_tier",
            Self::Judge => "judge",
            Self::Journal => "journal",
            Self::Network => "network",
        }
    }

    pub(super) fn words() -> Vec<(&'static str, Self)> {
        Self::iter().map(|s| (s.as_str(), s)).collect()
    }

    /// What wakes a person: all but a breaker's way back, step by step.
    pub(super) fn usual() -> Vec<Self> {
        Self::iter().filter(|s| *s != Self::Steps).collect()
    }
}
