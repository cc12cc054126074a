//! One breaker per deployment: a pure state machine that reads no clock, does no I/O and knows no runtime.
//!
//! ```text
//!            evidence          cooldown over         clean probes              earned
//!   CLOSED ───────────▶ OPEN ───────────────▶ PROBE ──────────────▶ RAMP 5,25,50 ──▶ CLOSED
//!                        ▲     (on the tick)   │                       │
//!                        └─────────────────────┴───────────────────────┘
//!                                    a bad one, or too many
//! ```
//!
//! **Trips.** Both signals are weighed by sequential tests, so there is neither a window that is too short at night nor
//! a minimum sample that is too slow at noon. [`Settings::err_threshold`] is the error rate that is tolerated,
//! [`Settings::judge_threshold`] the pass mark of one judged answer; what is usual for the deployment under its judge is
//! learned. Evidence of bad answers first raises how many are judged, then asks a second judge and the first judge's own
//! constancy, and only then trips. A bad credential or a missing model opens at once.
//!
//! **Recovery is evidence.** The first probe is a single request, alone; once it has come back clean up to three
//! are in flight, and as many are asked for as the severity of the trip needs. Then the ramp, each step earned.
//!
//! **Generations.** Every move starts a new one. A permit carries the generation that admitted it, and what comes
//! back under an older one changes nothing.
//!
//! **Observing and forces.** What a person lays over the breaker changes what is admitted. Under `observe` and
//! FORCED CLOSED a closed breaker goes on weighing the traffic, but only to say what it would have done
//! ([`Move::WouldTrip`], [`View::would_be`]); nothing of that is kept when the force ends. When a force ends the
//! breaker goes through a probe. The one exception: a breaker that was closed and stayed good for as long as
//! everything was admitted stays closed, because a probe would take traffic away from a deployment that just
//! proved itself. FORCED OPEN never ends that way, since it proves nothing.
//!
//! **Short cooldowns.** Every wait of the recovery is written for cooldowns of a minute and more; under that all
//! of them shrink in proportion, so that a cooldown of 5 s really recovers in seconds.

mod accept;
mod errors;
mod evidence;
mod force;
mod judged;
mod machine;
mod peer;
mod permit;
mod probe;
mod quality;
mod ramp;
mod settings;
#[cfg(test)]
mod tests;
mod view;
mod window;

pub use machine::{Breaker, Move};
pub use permit::{Admission, Permit, Refusal, Ticket};
pub use quality::{Baseline, Bench, KEPT_FOR, Sample, Score, Spares, Watch};
pub use settings::{Mode, Settings};
pub use view::{Held, View};
pub use window::{Tally, Window};
