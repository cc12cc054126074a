//! A stream that has been committed to: the caller sees it as it comes. It ends in one verdict; when it is not whole
//! nothing ends it for the caller, until another goes on with it or an explicit error does.

use super::{
    attempt::Limits,
    relay::{FLUSH_AT, Relay, take},
    slot::Slot,
    upstream::Body,
};
use crate::{
    breaker::Ticket,
    model::{Class, Verdict},
    provider::{
        chat::Answer,
        classify::{self, TransportError},
    },
};
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http::HeaderMap;
use std::{future::poll_fn, task::Poll, time::Duration};

/// Turns of the scheduler given to an upstream that writes in bursts, before what is there is sent.
const YIELDS: u32 = 3;

/// An upstream that has said its end mark but does not close the body is waited for no longer than this.
const AFTER_END_MARK: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Live {
    body: Body,
    relay: Relay,
    slot: Option<Slot>,
    held: BytesMut,
    stall: Duration,
    min_chars_per_s: u32,
    pub(super) headers: HeaderMap,
    pub(super) dropped: Vec<String>,
    /// Somebody reads the whole answer afterwards.
    pub(super) collect: bool,
    ended: Option<Ended>,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) verdict: Verdict,
    /// A fault had its hand in it.
    pub(super) injected: bool,
    pub(super) answer: Option<Answer>,
    pub(super) ticket: Option<Ticket>,
}

/// Lets the tasks run that are ready: the upstream's connection, which hands over one chunk at a time, has most often
/// the next one. Unlike tokio's own yield this asks the kernel for nothing.
async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Live {
    pub(super) fn new(
        body: Body,
        relay: Relay,
        slot: Slot,
        held: BytesMut,
        limits: &Limits,
    ) -> Self {
        Self {
            body,
            relay,
            slot: Some(slot),
            held,
            stall: limits.stall,
            min_chars_per_s: limits.min_chars_per_s,
            headers: HeaderMap::new(),
            dropped: Vec::new(),
            collect: false,
            ended: None,
        }
    }

    /// The next bytes for the caller; none when it is over.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.gather().await;
            if let Some(bytes) = take(&mut self.held) {
                return Some(bytes);
            }
            self.slot.as_ref()?;
            let patience = if self.relay.has_end_mark() {
                AFTER_END_MARK
            } else {
                self.stall
            };
            let step = tokio::time::timeout(patience, self.body.chunk()).await;
            self.step(step.unwrap_or(Err(TransportError::Stall)));
        }
    }

    /// What has come and was not sent yet.
    pub(super) fn rest(&mut self) -> Option<Bytes> {
        take(&mut self.held)
    }

    /// Takes along what is already there: one write for a burst of events, not one each.
    async fn gather(&mut self) {
        let mut quiet = 0;
        while !self.held.is_empty() && self.slot.is_some() && self.held.len() < FLUSH_AT {
            match self.body.chunk().now_or_never() {
                Some(step) => {
                    quiet = 0;
                    self.step(step);
                }
                None if quiet == 0 => {
                    quiet = 1;
                    give_way().await;
                }
                None if quiet < YIELDS => {
                    quiet += 1;
                    tokio::task::yield_now().await;
                }
                None => break,
            }
        }
    }

    fn step(&mut self, step: Result<Option<Bytes>, TransportError>) {
        let broke = match step {
            Ok(Some(chunk)) => match self.relay.feed(&chunk, &mut self.held) {
                Ok(progress) if progress < super::relay::Progress::Error => return,
                Ok(_) => None,
                Err(e) => Some(e),
            },
            Ok(None) => None,
            Err(e) => Some(e),
        };
        let mut verdict = self.relay.finish(&mut self.held);
        if let Some(e) = broke
            && verdict.class != Class::Ok
        {
            verdict = classify::transport(e).after_content(true);
        }
        self.end(verdict);
    }

    /// It is not waited for any longer. One that is whole, but for how its provider ends a stream, ends well.
    pub(super) fn cut(&mut self, why: Verdict) {
        let verdict = match self.relay.finish(&mut self.held) {
            whole if whole.class == Class::Ok => whole,
            _ => why.after_content(true),
        };
        self.end(verdict);
    }

    pub(super) fn end(&mut self, verdict: Verdict) {
        let Some(mut slot) = self.slot.take() else {
            return;
        };
        let seen = self.relay.seen();
        slot.tokens(if seen.usage.output > 0 {
            seen.usage.output
        } else {
            seen.chars / 4
        });
        let ticket = slot.ticket();
        let injected = slot.fault.is_some();
        // A crawl is the provider's failure, but the caller has its answer.
        let crawled = verdict.class == Class::Ok && slot.crawled(self.min_chars_per_s, seen.chars);
        let wanted = self.collect || slot.told.is_some();
        let answer = (wanted && verdict.class == Class::Ok).then(|| self.relay.answer());
        if let Some(answer) = &answer {
            slot.answered(answer);
        }
        if crawled {
            slot.report(&classify::transport(TransportError::Slow).after_content(true));
        } else {
            slot.report(&verdict);
        }
        self.ended = Some(Ended {
            verdict,
            injected,
            answer: answer.filter(|_| self.collect),
            ticket,
        });
    }

    /// What the caller has, and what another stream needs to go on with it.
    pub(super) fn relay(&self) -> &Relay {
        &self.relay
    }

    /// How it ended, once; none while it goes on.
    pub(super) fn ended(&mut self) -> Option<Ended> {
        self.ended.take()
    }
}
