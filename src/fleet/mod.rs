//! Replicas that share what operators did and which breakers tripped, through Redis or Valkey.
//!
//! **Local first.** Whatever is told here has already been done on this replica. Nothing waits for Redis, and no
//! request ever does: one task of its own talks to it.
//!
//! **One hash.** Each thing that can be told (the force on a deployment, rung 3 of a route, the trip of a breaker)
//! has one field, and its last [`Note`] stands there. A script lets a newer one in and publishes it; an older one
//! is turned away. The order is in `board.rs`.
//!
//! **Nothing is lost.** What is published can be missed, so once a second both sides are compared and each takes
//! what the other has newer: that also tells a replica that has just started, and a Redis that came back empty.
//!
//! **Redis down** means: this replica only, said once; what happens meanwhile is told when it is back.

mod board;
mod link;
mod worker;

use crate::{
    config,
    model::{
        event::Level,
        fleet::{FleetView, Note},
    },
};
use tokio::sync::mpsc;

pub use worker::Worker;

/// Notes on their way. Operators and trips are slow; this many at once never happen.
const WAITING: usize = 256;

/// What comes from the fleet.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Something that happened at another replica (or here, before a restart).
    Told { replica: String, note: Note },
    /// Who is there has changed.
    Roll(FleetView),
    /// For a person.
    Notice { level: Level, text: String },
}

/// Both ends of the fleet, and the work between them.
#[derive(Debug)]
pub struct Fleet {
    pub outgoing: mpsc::Sender<Note>,
    pub incoming: mpsc::Receiver<Heard>,
    /// Runs until it is dropped.
    pub worker: Worker,
}

/// Nothing is connected yet: the worker does that, and goes on trying.
pub fn start(config: &config::Fleet) -> Fleet {
    let (outgoing, posted) = mpsc::channel(WAITING);
    let (tell, incoming) = mpsc::channel(WAITING);
    Fleet {
        outgoing,
        incoming,
        worker: Worker::new(config, posted, tell),
    }
}
