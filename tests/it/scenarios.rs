//! What callers and providers go through when an upstream misbehaves: each scenario through both doors, over both
//! dialects, with an ordinary configuration of two tiers and with one that was written for LiteLLM.

mod caller;
pub(crate) mod drip;
mod exhausted;
mod garbled;
mod in_band;
pub(crate) mod leaving;
pub(crate) mod outage;
mod refused;
pub(crate) mod rescue;
pub(crate) mod scene;
pub(crate) mod silent;
mod status;
pub(crate) mod throttled;
mod voice;
