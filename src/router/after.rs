//! What happens when an answer has been given: counted, cached, offered to the judge. Off the caller's path.

use super::{
    Call, Router,
    judge::Given,
    live::{Ended, Live},
    plant::Unit,
    relay::Broken,
    rescue::Rescue,
    slot,
    trace::Trace,
};
use crate::{
    breaker::Ticket,
    cache::Key,
    clock,
    config::Route,
    model::{Class, Kind, Verdict, event::Outcome, id::ExchangeId},
    provider::chat::Answer,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use parking_lot::Mutex;
use std::{convert::Infallible, pin::pin, sync::Arc};
use tokio::{sync::mpsc, task::JoinHandle};

/// One exchange, counted exactly once; a guard that is dropped is a caller who left.
#[derive(Debug)]
pub(super) struct Guard {
    trace: Arc<Trace>,
    done: Mutex<bool>,
    outcome: Option<Outcome>,
}

impl Guard {
    pub(super) fn new(call: Arc<Call>, route: Arc<Route>) -> Self {
        if call
            .headers
            .get("x-stainless-retry-count")
            .is_some_and(|n| n.as_bytes() != b"0")
        {
            call.router.exchanges.client_retry();
        }
        Self {
            trace: Arc::new(Trace::new(call, route)),
            done: Mutex::new(false),
            outcome: None,
        }
    }

    pub(super) const fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    pub(super) fn end(&self, outcome: Outcome) {
        if !std::mem::replace(&mut *self.done.lock(), true) {
            self.trace.end(outcome);
        }
    }

    /// The router ends before anybody has answered.
    pub(super) fn stopped(&self) {
        self.end(Outcome::Error);
        self.trace
            .unserved(Outcome::Error, "the router was stopped", false);
    }

    /// Hands the counting over to whoever sees the end of the answer.
    pub(super) fn take(&self, outcome: Outcome) -> Self {
        let counted = std::mem::replace(&mut *self.done.lock(), true);
        Self {
            trace: Arc::clone(&self.trace),
            done: Mutex::new(counted),
            outcome: Some(outcome),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if *self.done.get_mut() {
            return;
        }
        // A caller who took nothing was there to the end.
        let is_cut = self.outcome.is_some() && self.trace.router().is_ending();
        self.end(if is_cut {
            Outcome::Broken
        } else {
            Outcome::Left
        });
    }
}

/// The task that reads an upstream for a caller; it ends when the caller leaves.
#[derive(Debug)]
struct Reader(JoinHandle<()>);

impl Reader {
    /// A reader that panicked has not seen the end: the caller's connection has to break, not to end.
    async fn ended(&mut self) {
        if let Err(e) = (&mut self.0).await
            && e.is_panic()
        {
            std::panic::resume_unwind(e.into_panic());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The end of one answer.
#[derive(Debug)]
pub(super) struct Ending {
    router: Arc<Router>,
    guard: Option<Guard>,
    exchange: ExchangeId,
    unit: Arc<Unit>,
    key: Option<Key>,
    /// What was asked; none: nobody is to look at the answer.
    call: Option<Arc<Call>>,
    injected: bool,
    shadow: bool,
}

impl Ending {
    pub(super) fn new(
        guard: Guard,
        call: &Arc<Call>,
        unit: Arc<Unit>,
        key: Option<Key>,
        injected: bool,
        looked_at: bool,
    ) -> Self {
        Self {
            router: Arc::clone(guard.trace.router()),
            guard: Some(guard),
            exchange: call.id.clone(),
            unit,
            key,
            call: looked_at.then(|| Arc::clone(call)),
            injected,
            shadow: false,
        }
    }

    /// A copy that nobody waits for: never counted as an exchange, always judged.
    pub(super) fn of_shadow(
        router: Arc<Router>,
        call: &Arc<Call>,
        unit: Arc<Unit>,
        injected: bool,
    ) -> Self {
        Self {
            router,
            guard: None,
            exchange: call.id.clone(),
            unit,
            key: None,
            call: Some(Arc::clone(call)),
            injected,
            shadow: true,
        }
    }

    pub(super) fn end(
        &mut self,
        verdict: &Verdict,
        answer: Option<Answer>,
        ticket: Option<Ticket>,
    ) {
        if let Some(guard) = &self.guard {
            guard.end(match (verdict.class, guard.outcome) {
                (Class::Ok, Some(outcome)) => outcome,
                _ => Outcome::Broken,
            });
        }
        if self.shadow || ticket.is_some_and(|t| t.probe) {
            let probed = Kind::Probed {
                deployment: self.unit.id.clone(),
                verdict: verdict.clone(),
                shadow: self.shadow,
            };
            self.router.bus.emit_marked(probed, self.injected);
        }
        let Some(answer) = answer else { return };
        if let Some(key) = &self.key
            && let Err(why) = self.router.cache.put(key, &answer, clock::wall())
        {
            tracing::trace!(?why, "not cached");
        }
        if let (Some(call), Some(ticket)) = (self.call.take(), ticket) {
            self.router.judge.offer(Given {
                unit: Arc::clone(&self.unit),
                ticket,
                exchange: self.exchange.clone(),
                key: self.key,
                injected: self.injected,
                call,
                answer,
            });
        }
    }

    /// Ends well after all, by another tier: an answer of two models is neither kept nor judged.
    fn went_on(&mut self, unit: &Arc<Unit>, tier: usize) {
        self.unit = Arc::clone(unit);
        (self.key, self.call) = (None, None);
        if let Some(guard) = &mut self.guard {
            guard.outcome = Some(Outcome::Fallback);
            guard.trace.goes_on(unit, tier);
        }
    }

    /// The caller's stream, which ends this when it ends; its first bytes are there already, and go out with the head.
    ///
    /// A task of its own reads the upstream. Chunks come one by one, each costs a turn of whoever waits for it, and a
    /// turn of the caller's whole connection is dear.
    pub(super) async fn follow(
        self,
        live: Box<Live>,
        rescue: Rescue,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        let (send, mut receive) = mpsc::channel(1);
        let tasks = self.router.tasks.clone();
        let reader = Reader(tasks.spawn(self.read(live, rescue, send)));
        let first = receive.recv().await;
        stream::unfold(
            (first, receive, reader),
            |(first, mut receive, mut reader)| async move {
                let next = match first {
                    None => receive.recv().await,
                    first => first,
                };
                if next.is_none() {
                    reader.ended().await;
                }
                next.map(|bytes| (Ok(bytes), (None, receive, reader)))
            },
        )
    }

    async fn read(mut self, mut live: Box<Live>, mut rescue: Rescue, caller: mpsc::Sender<Bytes>) {
        let router = Arc::clone(&self.router);
        let mut ending = pin!(router.ending());
        loop {
            let bytes = tokio::select! {
                // What is there is passed on without looking further.
                biased;
                bytes = live.next() => bytes,
                () = ending.as_mut() => return self.cut(live, &rescue, &caller).await,
            };
            let Some(ended) = live.ended() else {
                let Some(bytes) = bytes else { return };
                if caller.send(bytes).await.is_err() {
                    return;
                }
                continue;
            };
            if ended.verdict.class == Class::Ok {
                self.over(ended);
                if let Some(bytes) = bytes {
                    let _ = caller.send(bytes).await;
                }
                return;
            }
            if let Some(bytes) = bytes
                && caller.send(bytes).await.is_err()
            {
                return;
            }
            // Boxed: every open stream would keep room for it, and hardly one needs it.
            let Some(next) = Box::pin(rescue.go_on(&live, &ended)).await else {
                self.over(ended);
                let _ = caller.send(live.relay().break_off(Broken::Upstream)).await;
                return;
            };
            self.went_on(&rescue.unit, rescue.tier);
            live = next;
        }
    }

    /// The router ends before the answer does, which is no provider's fault.
    async fn cut(mut self, mut live: Box<Live>, rescue: &Rescue, caller: &mpsc::Sender<Bytes>) {
        live.cut(slot::stopping());
        let Some(ended) = live.ended() else { return };
        let is_whole = ended.verdict.class == Class::Ok;
        if !is_whole {
            rescue.give_up(&live, &ended);
        }
        // Before anything is sent: whoever takes nothing would keep it from being counted.
        self.over(ended);
        if let Some(bytes) = live.rest() {
            let _ = caller.send(bytes).await;
        }
        if !is_whole {
            let _ = caller.send(live.relay().break_off(Broken::Stopping)).await;
        }
    }

    /// Reads a stream that nobody else reads.
    pub(super) async fn drain(mut self, mut live: Box<Live>) {
        while live.next().await.is_some() {}
        if let Some(ended) = live.ended() {
            self.over(ended);
        }
    }

    fn over(&mut self, ended: Ended) {
        self.end(&ended.verdict, ended.answer, ended.ticket);
    }
}
