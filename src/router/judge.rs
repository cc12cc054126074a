//! The judges at work: which of the answers they read, what follows from what they say. Off every caller's path.
//!
//! What is decided (who is asked, about which answers, and what that means) is decided in the pure rooms `breaker` and
//! `jury`; here answers wait, calls are made, and events are told.

mod anchors;
mod call;
mod desk;
mod item;
mod looks;
mod memory;
mod reply;
mod rubric;
mod share;
mod spend;

use self::memory::Memory;
use super::{
    Call, Router,
    plant::{Plant, Unit},
};
use crate::{
    breaker::{Permit, Ticket},
    cache::Key,
    jury::Jury,
    model::{DeploymentId, Mono, id::ExchangeId},
    provider::chat::{Answer, Usage},
};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Answers that nobody has looked at yet. They hold their request; the desk is faster than callers are.
const INTAKE: usize = 256;
/// What is usual is written this often, if anything was learned.
const KEPT_EVERY: Duration = Duration::from_mins(5);

/// An answer that has been given whole.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) unit: Arc<Unit>,
    pub(super) ticket: Ticket,
    pub(super) exchange: ExchangeId,
    /// Where the answer may be cached.
    pub(super) key: Option<Key>,
    pub(super) injected: bool,
    pub(super) call: Arc<Call>,
    pub(super) answer: Answer,
}

/// Where answers are handed in. Full: one is not looked at, and nobody waits.
#[derive(Debug)]
pub(super) struct Intake {
    given: mpsc::Sender<Given>,
    share: share::Share,
    jury: Arc<Mutex<Jury>>,
    memory: Mutex<Memory>,
}

/// The other end of it.
#[derive(Debug)]
pub(super) struct Inbox {
    given: mpsc::Receiver<Given>,
    jury: Arc<Mutex<Jury>>,
}

/// A known good answer is put to a judge, whether it sits on the bench or not.
pub(super) async fn try_one(
    router: &Arc<Router>,
    judge: &Arc<Unit>,
    permit: Permit,
) -> (Result<f64, String>, Usage) {
    let config = router.config();
    let reply = call::ask(router, &config, judge, permit, anchors::good()).await;
    (reply.score.map(|s| s.score), reply.usage)
}

/// Opens the desk over what was usual before. The sentence is for people.
pub(super) fn open(plant: &Plant) -> (Intake, Inbox, Option<String>) {
    let config = &plant.config;
    let (send, receive) = mpsc::channel(INTAKE);
    let mut jury = Jury::new(desk::settings(config), crate::clock::now());
    let (memory, complaint) = Memory::open(config.judge.baselines.as_deref(), crate::clock::wall());
    memory.recall(plant, None, &mut jury);
    let jury = Arc::new(Mutex::new(jury));
    let inbox = Inbox {
        given: receive,
        jury: Arc::clone(&jury),
    };
    let intake = Intake {
        given: send,
        share: share::Share::default(),
        jury,
        memory: Mutex::new(memory),
    };
    (intake, inbox, complaint)
}

impl Intake {
    /// Whether the answer of an attempt that begins now is to be looked at: all, but for a share where they are very many.
    pub(super) fn looks_at(&self, ticket: Ticket, now: Mono) -> bool {
        ticket.probe || self.share.take(now)
    }

    pub(super) fn offer(&self, given: Given) {
        if self.given.try_send(given).is_err() {
            tracing::debug!("more answers than can be looked at: one is not judged");
        }
    }

    /// A person says that this deployment's scores are as they should be.
    pub(super) fn accepted(&self, deployment: &DeploymentId) {
        self.jury.lock().accepted(deployment);
    }

    /// The budget has something left that is not kept for what is urgent.
    pub(super) fn affords(&self, now: Mono) -> bool {
        self.jury.lock().affords(now)
    }

    /// A person wants a dismissed judge back.
    pub(super) fn take_back(&self, judge: &DeploymentId) -> Result<(), String> {
        self.jury.lock().take_back(judge, crate::clock::now())
    }

    /// Takes a new configuration over.
    pub(super) fn configure(&self, plant: &Plant, before: &Plant) {
        let settings = desk::settings(&plant.config);
        let mut memory = self.memory.lock();
        let mut jury = self.jury.lock();
        memory.gather(before, &jury, crate::clock::wall());
        jury.configure(settings, crate::clock::now());
        memory.recall(plant, Some(before), &mut jury);
    }

    /// Writes what is usual by now. The sentence is for people.
    pub(super) fn remember(&self, plant: &Plant) -> Option<String> {
        let mut memory = self.memory.lock();
        memory.gather(plant, &self.jury.lock(), crate::clock::wall());
        memory.write()
    }
}

/// Keeps what is usual, until the router stops.
pub(super) async fn keep(router: Arc<Router>) {
    let mut beat = tokio::time::interval(KEPT_EVERY);
    beat.tick().await;
    loop {
        beat.tick().await;
        let router = Arc::clone(&router);
        // The disk may take its time.
        let written = tokio::task::spawn_blocking(move || router.remember()).await;
        if let Err(e) = written {
            tracing::error!("what is usual was not kept: {e}");
        }
    }
}

/// Looks at what comes in, until the router stops.
pub(super) async fn run(router: Arc<Router>, inbox: Inbox) {
    desk::Desk::new(router, inbox.jury).run(inbox.given).await;
}
