//! What is compared: breakers with their judges, as the loop sees them.

use super::{expect::Cause, judges::Worth, world::Fate};
use crate::model::{Mono, Phase};

/// All breakers of one run, and whoever asks judges for them.
pub(super) trait Side {
    type Permit;
    /// What a call to a judge is about.
    type Matter;

    fn admit(&mut self, provider: usize, now: Mono) -> Admit<Self::Permit>;
    /// An attempt has ended; a good one may be sent to judges.
    fn report(
        &mut self,
        provider: usize,
        permit: Self::Permit,
        fate: Fate,
        now: Mono,
        desk: &mut Desk<Self::Matter>,
    );
    /// A judge has answered, or has not.
    fn judged(
        &mut self,
        call: Call<Self::Matter>,
        score: Option<f64>,
        now: Mono,
        desk: &mut Desk<Self::Matter>,
    );
    fn tick(&mut self, now: Mono, desk: &mut Desk<Self::Matter>);
    fn next_timer(&self) -> Option<Mono>;
}

pub(super) enum Admit<P> {
    Serve(P),
    Probe(P),
    Refuse,
}

/// Where a side lays what has happened and what it wants.
#[derive(Debug)]
pub(super) struct Desk<M> {
    pub(super) moves: Vec<Moved>,
    pub(super) calls: Vec<Call<M>>,
    /// Judges that were found at fault, and why.
    pub(super) faults: Vec<(usize, String)>,
}

impl<M> Default for Desk<M> {
    fn default() -> Self {
        Self {
            moves: Vec::new(),
            calls: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// A breaker has moved.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Moved {
    pub(super) provider: usize,
    pub(super) from: Phase,
    pub(super) to: Phase,
    pub(super) cause: Cause,
    /// As a screen would say it.
    pub(super) why: String,
}

/// A judge is to be asked.
#[derive(Debug)]
pub(super) struct Call<M> {
    pub(super) judge: usize,
    pub(super) worth: Worth,
    /// The same answer as in the call before, for another judge.
    pub(super) again: bool,
    pub(super) purpose: Purpose,
    pub(super) matter: M,
}

/// What a call to a judge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Sample,
    /// The same answer, for a second opinion.
    Second,
    /// An answer from just before, once there is suspicion.
    LookBack,
    /// A probe or a step of the ramp.
    Recovery,
    /// A known answer, to see whether the judge is itself.
    Anchor,
}

impl Purpose {
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("sampled", Self::Sample),
        ("second opinions", Self::Second),
        ("looking back", Self::LookBack),
        ("recovery", Self::Recovery),
        ("anchors", Self::Anchor),
    ];
}
