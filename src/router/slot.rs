//! One admitted call. It ends in exactly one verdict: reported, or, when it is dropped, the caller has left or the router
//! ends.

use super::{
    STOPPING,
    faults::Hit,
    hold::is_crawl,
    plant::Unit,
    recorder::Measured,
    trace::{Attempted, Timing, end_of},
};
use crate::{
    breaker::{Permit, Ticket},
    clock,
    model::{Class, Mono, Verdict, request::SpanEnd, verdict::Counts},
    provider::chat::Answer,
    telemetry::{self, AttemptEnd},
};
use http::StatusCode;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) unit: Arc<Unit>,
    pub(super) fault: Option<Hit>,
    permit: Option<Permit>,
    started: Mono,
    hang_credit: Duration,
    /// The head of the answer has come.
    heard: bool,
    measured: Measured,
    /// A user's request (or a copy of one): it stands in the deployment's rates. A judge's own call and a canary do
    /// not, or a fallback that serves nobody would look busy.
    counted: bool,
    /// None: nobody else is ever asked for the same answer.
    pub(super) race: Option<Race>,
    /// None: no caller waits for it.
    pub(super) attempted: Option<Attempted>,
    /// None: it is told to nobody who collects traces.
    pub(super) told: Option<Box<telemetry::Attempt>>,
}

/// Whether two deployments are asked for the same answer, of which one loses.
#[derive(Debug, Clone, Default)]
pub(super) struct Race(Arc<AtomicBool>);

impl Race {
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Slot {
    pub(super) fn new(
        unit: Arc<Unit>,
        permit: Permit,
        fault: Option<Hit>,
        hang_credit: Duration,
    ) -> Self {
        unit.recorder().begin();
        Self::make(unit, permit, fault, hang_credit, true)
    }

    pub(super) fn uncounted(
        unit: Arc<Unit>,
        permit: Permit,
        fault: Option<Hit>,
        patience: Duration,
    ) -> Self {
        Self::make(unit, permit, fault, patience, false)
    }

    fn make(
        unit: Arc<Unit>,
        permit: Permit,
        fault: Option<Hit>,
        hang_credit: Duration,
        counted: bool,
    ) -> Self {
        let measured = Measured {
            fault: fault.as_ref().map(|f| f.id),
            ..Measured::default()
        };
        Self {
            unit,
            fault,
            permit: Some(permit),
            started: clock::now(),
            hang_credit,
            heard: false,
            measured,
            counted,
            race: None,
            attempted: None,
            told: None,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        clock::now().since(self.started)
    }

    /// The head of an answer has come.
    pub(super) fn heard(&mut self, status: StatusCode) {
        self.heard = true;
        if let Some(told) = &mut self.told {
            told.status(status.as_u16());
        }
    }

    /// The answer is whole.
    pub(super) fn answered(&mut self, answer: &Answer) {
        if let Some(told) = &mut self.told {
            told.answered(answer);
        }
    }

    pub(super) fn first_content(&mut self) {
        if self.measured.ttft.is_none() {
            self.measured.ttft = Some(self.elapsed());
        }
    }

    /// Slower than the floor since its first content, over long enough to say so.
    pub(super) fn crawled(&self, min_chars_per_s: u32, chars: u64) -> bool {
        let flowed = self
            .elapsed()
            .saturating_sub(self.measured.ttft.unwrap_or_default());
        is_crawl(min_chars_per_s, chars, flowed)
    }

    pub(super) fn tokens(&mut self, tokens: u64) {
        self.measured.tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
    }

    /// What a later score of this answer belongs to.
    pub(super) fn ticket(&self) -> Option<Ticket> {
        self.permit.as_ref().map(Permit::ticket)
    }

    /// The attempt has ended.
    pub(super) fn report(mut self, verdict: &Verdict) {
        self.end(verdict, None);
    }

    /// Nothing was called after all.
    pub(super) fn forget(mut self) {
        if let Some(permit) = self.permit.take() {
            if self.counted {
                self.unit.recorder().forget();
            }
            self.unit.breaker(|b, now| ((), b.forget(permit, now)));
        }
    }

    /// `gone` is how it ended for an exchange that did not wait for its end.
    fn end(&mut self, verdict: &Verdict, gone: Option<SpanEnd>) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        self.measured.total = self.elapsed();
        let injected = self.fault.is_some();
        let (attempted, told) = (self.attempted.take(), self.told.take());
        if attempted.is_some() || told.is_some() {
            let timing = Timing {
                began: self.started,
                ttft: self.measured.ttft.filter(|_| gone != Some(SpanEnd::Lost)),
                took: self.measured.total,
                injected,
            };
            let how = gone.unwrap_or_else(|| end_of(verdict));
            if let Some(told) = told {
                told.end(AttemptEnd {
                    peer: Arc::clone(&self.unit.peer),
                    place: attempted.as_ref().map(|a| (a.tier, a.kind)),
                    began: timing.began,
                    ttft: timing.ttft,
                    took: timing.took,
                    end: how.clone(),
                    injected,
                });
            }
            if let Some(attempted) = attempted {
                attempted.ended(&self.unit, timing, how);
            }
        }
        if self.counted {
            self.unit
                .recorder()
                .end(verdict.class, &self.measured, clock::now());
        }
        if verdict.class.counts() == Counts::Gate {
            self.unit.shut_gate(verdict, injected, clock::now());
        }
        self.unit
            .breaker_marked(injected, |b, now| ((), b.report(permit, verdict, now)));
    }
}

/// The router ends before the answer does, which is no failure of whoever was asked.
pub(super) fn stopping() -> Verdict {
    Verdict::new(Class::Abort, STOPPING)
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.permit.is_none() {
            return;
        }
        if self.unit.is_ending() {
            return self.end(&stopping(), None);
        }
        // A caller who gave up on a silent provider is evidence against the provider.
        let hung = !self.heard && self.elapsed() > self.hang_credit;
        let lost = self.measured.ttft.is_none() && self.race.as_ref().is_some_and(Race::is_on);
        if lost {
            // It took at least so long, and a distribution without its slowest members would shrink.
            self.first_content();
        }
        let verdict = if hung {
            Verdict::new(Class::Fault, "hang_credit").silent()
        } else if lost {
            Verdict::new(Class::Abort, "hedge_lost")
        } else {
            Verdict::new(Class::Abort, "caller_left")
        };
        let gone = match (lost, hung) {
            (true, _) => SpanEnd::Lost,
            (false, true) => end_of(&verdict),
            (false, false) => SpanEnd::Left,
        };
        self.end(&verdict, Some(gone));
    }
}
