//! What an attempt came to. Three separate questions, answered by the class alone: does it count against the
//! breaker, may the request move on, and may the same tier be tried again.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// The class of an attempt's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A whole answer.
    Ok,
    /// The provider failed.
    Fault,
    /// Rate limited: a timed gate, not an error.
    Throttle,
    /// Money or quota spent: no timer shorter than the provider's own reset helps.
    Quota,
    /// Our key is bad.
    Credential,
    /// The model or deployment does not exist.
    Config,
    /// The request is wrong; the caller sees the provider's own 4xx.
    Caller,
    /// The prompt is longer than the model's window.
    Context,
    /// Refused by a safety system.
    Policy,
    /// 200, but empty or degenerate.
    Soft,
    /// The caller left, or the router was stopped.
    Abort,
    /// The caller's own deadline ran out.
    Budget,
    /// Nothing of ours can connect anywhere: our own network.
    Local,
}

/// Of each class, how many.
pub type Classes = Vec<(Class, u32)>;

/// How a class counts in the breaker's error test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    Ok,
    Fail,
    /// Opens the breaker at once, no statistics needed.
    Trip,
    /// Not in the error rate; closes the deployment until the gate's time.
    Gate,
    Ignore,
}

/// Where a request may go after an attempt of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next tier in order.
    Tier,
    /// Only a tier with a larger context window.
    LargerWindow,
    /// Only where the route opts in (`policy_fallbacks`).
    OptIn,
    /// Nowhere below: rung 1 (stale) and rung 3 only.
    Canned,
    /// Nowhere: the caller gets what the provider said (or has left).
    Stop,
}

impl Class {
    pub const ALL: [Self; 13] = [
        Self::Ok,
        Self::Fault,
        Self::Throttle,
        Self::Quota,
        Self::Credential,
        Self::Config,
        Self::Caller,
        Self::Context,
        Self::Policy,
        Self::Soft,
        Self::Abort,
        Self::Budget,
        Self::Local,
    ];

    pub const fn counts(self) -> Counts {
        match self {
            Self::Ok => Counts::Ok,
            Self::Fault => Counts::Fail,
            Self::Credential | Self::Config => Counts::Trip,
            Self::Throttle | Self::Quota => Counts::Gate,
            Self::Caller
            | Self::Context
            | Self::Policy
            | Self::Soft
            | Self::Abort
            | Self::Budget
            | Self::Local => Counts::Ignore,
        }
    }

    pub const fn next(self) -> Next {
        match self {
            Self::Fault
            | Self::Throttle
            | Self::Quota
            | Self::Credential
            | Self::Config
            | Self::Soft => Next::Tier,
            Self::Context => Next::LargerWindow,
            Self::Policy => Next::OptIn,
            Self::Budget | Self::Local => Next::Canned,
            Self::Ok | Self::Caller | Self::Abort => Next::Stop,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fault => "fault",
            Self::Throttle => "throttle",
            Self::Quota => "quota",
            Self::Credential => "credential",
            Self::Config => "config",
            Self::Caller => "caller",
            Self::Context => "context",
            Self::Policy => "policy",
            Self::Soft => "soft",
            Self::Abort => "abort",
            Self::Budget => "budget",
            Self::Local => "local",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One attempt's end. Carries codes, never the upstream's own text: that can echo keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub class: Class,
    /// A short machine word: the provider's error code or type, or ours (`connect_refused`, `ttft_timeout`).
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// How long the provider asks us to stay away.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "super::time::opt_ms"
    )]
    pub retry_after: Option<Duration>,
    /// The failure came after a silence (a timeout): the same route is not tried again.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub silent: bool,
    /// Content had already been received when it ended.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub after_content: bool,
}

impl Verdict {
    pub fn new(class: Class, code: impl Into<String>) -> Self {
        Self {
            class,
            code: code.into(),
            status: None,
            retry_after: None,
            silent: false,
            after_content: false,
        }
    }

    pub fn ok() -> Self {
        Self::new(Class::Ok, "ok")
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub fn retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }

    #[must_use]
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    #[must_use]
    pub fn after_content(mut self, after: bool) -> Self {
        self.after_content = after;
        self
    }

    /// A failure that came fast may be tried once more on the same tier; a silence never.
    pub fn may_retry_same_tier(&self) -> bool {
        self.class == Class::Fault && !self.silent && !self.after_content
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.class)?;
        if let Some(status) = self.status {
            write!(f, " {status}")?;
        }
        if !self.code.is_empty() && self.code != self.class.as_str() {
            write!(f, " {}", self.code)?;
        }
        Ok(())
    }
}
