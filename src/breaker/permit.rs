//! Leave to make one attempt.

use crate::model::{ForceKind, Mono, Phase};

/// Leave to make one attempt. It goes back to its breaker exactly once, with a verdict or without: a probe's place
/// stays taken until then.
#[must_use = "report or forget it: a probe's place stays taken until then"]
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    pub(super) generation: u64,
    pub(super) kind: Kind,
}

/// On what ground an attempt was admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    /// With the number of its place.
    Probe(u64),
    Ramp,
    /// The breaker itself would have refused it, or was not asked.
    Forced,
}

impl Permit {
    /// What stays of it for the judge, whose score comes long after the verdict.
    pub const fn ticket(&self) -> Ticket {
        Ticket {
            generation: self.generation,
            probe: self.is_probe(),
            canary: false,
        }
    }

    /// Uses it up. None: it comes from another generation, and nothing that it brings counts.
    pub(super) fn redeem(self, generation: u64) -> Option<Kind> {
        (self.generation == generation).then_some(self.kind)
    }

    /// Neither a probe nor a step of a ramp: nothing is decided by this answer alone.
    pub const fn is_ordinary(&self) -> bool {
        matches!(self.kind, Kind::Normal | Kind::Forced)
    }

    /// Whether this attempt is to show that the provider is back.
    pub const fn is_probe(&self) -> bool {
        matches!(self.kind, Kind::Probe(_))
    }
}

/// Which generation an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub generation: u64,
    pub probe: bool,
    /// The answer is to a prompt of our own.
    pub canary: bool,
}

impl Ticket {
    #[must_use]
    pub const fn of_canary(self) -> Self {
        Self {
            canary: true,
            ..self
        }
    }
}

/// What the breaker says to one request.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    Serve(Permit),
    /// This one may look whether the provider is back.
    Probe(Permit),
    Refuse(Refusal),
}

/// Why a request goes to the next tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub phase: Phase,
    /// A person refuses it, not the breaker.
    pub force: Option<ForceKind>,
    /// When that can change by itself, where a timer says so.
    pub until: Option<Mono>,
}
