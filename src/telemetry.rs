//! Traces: one span for each exchange, with a child for each attempt, told to a collector over OTLP.
//!
//! The router notes what it does as it does it ([`Exchange`], [`Attempt`]); spans are made of that when all is over. They wait
//! in a bounded queue, and a thread of the SDK's sends them: no request waits for a collector, whatever it does. Where
//! nobody has asked for traces there is no [`Tracer`], and nothing of this costs anything.

mod content;
pub mod context;
mod exchange;
mod export;
mod ledger;
pub mod names;
mod post;
mod sampler;
mod settings;
mod span;
mod tls;
mod tracer;

pub use exchange::{Attempt, Exchange, Operation, Purpose};
pub use ledger::{Tally, Tell};
pub use names::Peer;
pub use settings::{Settings, settings};
pub use span::{AttemptEnd, ExchangeEnd};
pub use tracer::{Origin, Tracer};
