//! The judges at work: which of the answers they read, what follows from what they say. Off every caller's path.
//!
//! What is decided (who is asked, about which answers, and what that means) is decided in the pure rooms `breaker` and
//! `jury`; here answers wait, calls are made, and events are told.

mod anchors;
mod call;
mod desk;
mod reply;
mod rubric;
mod spend;

use super::{Call, Router, plant::Unit};
use crate::{
    breaker::Ticket,
    cache::Key,
    config::Config,
    jury::Jury,
    model::{DeploymentId, id::ExchangeId},
    provider::chat::Answer,
};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Answers that nobody has looked at yet. They hold their request; the desk is faster than callers are.
const INTAKE: usize = 256;

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
    jury: Arc<Mutex<Jury>>,
}

/// The other end of it.
#[derive(Debug)]
pub(super) struct Inbox {
    given: mpsc::Receiver<Given>,
    jury: Arc<Mutex<Jury>>,
}

pub(super) fn open(config: &Config) -> (Intake, Inbox) {
    let (send, receive) = mpsc::channel(INTAKE);
    let jury = Arc::new(Mutex::new(Jury::new(
        desk::settings(config),
        crate::clock::now(),
    )));
    let inbox = Inbox {
        given: receive,
        jury: Arc::clone(&jury),
    };
    (Intake { given: send, jury }, inbox)
}

impl Intake {
    pub(super) fn offer(&self, given: Given) {
        if self.given.try_send(given).is_err() {
            tracing::debug!("more answers than can be looked at: one is not judged");
        }
    }

    /// A person says that this deployment's scores are as they should be.
    pub(super) fn accepted(&self, deployment: &DeploymentId) {
        self.jury.lock().accepted(deployment);
    }

    /// A person wants a dismissed judge back.
    pub(super) fn take_back(&self, judge: &DeploymentId) -> Result<(), String> {
        self.jury.lock().take_back(judge, crate::clock::now())
    }

    /// Takes a new configuration over.
    pub(super) fn configure(&self, config: &Config) {
        let settings = desk::settings(config);
        self.jury.lock().configure(settings, crate::clock::now());
    }
}

/// Looks at what comes in, until the router stops.
pub(super) async fn run(router: Arc<Router>, inbox: Inbox) {
    desk::Desk::new(router, inbox.jury).run(inbox.given).await;
}
