//! How a simulated provider behaves, changeable while it runs.

use crate::model::{Dialect, fault::Garbage};
use parking_lot::RwLock;
use std::{sync::Arc, time::Duration};

/// What a provider does, as plain numbers. Faults that the product injects on the live path are not here: this is
/// the provider itself being well or ill.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// Median time to the first token, at speed 1.
    pub first_token: Duration,
    /// Spread of that time: the sigma of its lognormal.
    pub spread: f64,
    /// Tokens per second once it writes, at speed 1.
    pub pace: f64,
    /// Everything takes this many times as long.
    pub latency_factor: f64,
    /// Share of requests that fail.
    pub error_share: f64,
    /// With this status; none: what the vendor itself answers on a bad day.
    pub error_status: Option<u16>,
    /// Share of requests that are rate limited, with a time to come back.
    pub throttle_share: f64,
    /// Share of requests that are accepted and never answered.
    pub hang_share: f64,
    /// Share of text answers that are fluent and wrong.
    pub garbage_share: f64,
    /// In this way; none: all of them in turn.
    pub garbage: Option<Garbage>,
    /// Longest prompt, in tokens.
    pub window: u64,
}

impl Behaviour {
    /// A vendor on a good day: its own pace, 0.3 % errors, a throttle now and then.
    pub fn healthy(dialect: Dialect) -> Self {
        let (first_token, pace) = match dialect {
            Dialect::OpenAi | Dialect::Responses => (520, 82.0),
            Dialect::Anthropic => (740, 64.0),
            Dialect::Gemini => (880, 90.0),
            Dialect::Bedrock => (690, 75.0),
        };
        Self {
            error_share: 0.003,
            throttle_share: 0.000_5,
            first_token: Duration::from_millis(first_token),
            pace,
            ..Self::faultless()
        }
    }

    /// Never fails by itself: for tests that count failures.
    pub fn faultless() -> Self {
        Self {
            first_token: Duration::from_millis(500),
            spread: 0.35,
            pace: 70.0,
            latency_factor: 1.0,
            error_share: 0.0,
            error_status: None,
            throttle_share: 0.0,
            hang_share: 0.0,
            garbage_share: 0.0,
            garbage: None,
            window: 200_000,
        }
    }
}

/// A handle on a running provider's behaviour: shared, cheap to clone, effective from the next request on.
#[derive(Debug, Clone)]
pub struct Dial(Arc<RwLock<Behaviour>>);

impl Dial {
    pub fn new(behaviour: Behaviour) -> Self {
        Self(Arc::new(RwLock::new(behaviour)))
    }

    pub fn read(&self) -> Behaviour {
        self.0.read().clone()
    }

    pub fn set(&self, behaviour: Behaviour) {
        *self.0.write() = behaviour;
    }

    pub fn change(&self, with: impl FnOnce(&mut Behaviour)) {
        with(&mut self.0.write());
    }
}
