//! A second opinion on time: when a first token is later than usual the next tier is asked too, and whoever has
//! content first answers.

use super::{Exchange, Tiers, seat::Runner};
use crate::{
    breaker::Permit,
    clock,
    config::Tier,
    model::{Kind, request::SpanKind, verdict::Next},
    router::{
        attempt::{self, End},
        plant::Unit,
    },
};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// How late is late: later than this share of the deployment's own first tokens.
const LATE: f64 = 0.95;
/// What one more call costs, in requests that did without: on the long run at most a tenth of them are doubled, however
/// slow a provider has become.
const PRICE: u32 = 10;
/// So many at once.
const PURSE: u32 = 10 * PRICE;

/// How much may be spent on second calls.
#[derive(Debug)]
pub(in crate::router) struct Purse(AtomicU32);

impl Default for Purse {
    fn default() -> Self {
        Self(AtomicU32::new(PURSE))
    }
}

impl Purse {
    fn earn(&self) {
        self.change(|n| (n < PURSE).then_some(n + 1));
    }

    fn spend(&self) -> bool {
        self.change(|n| n.checked_sub(PRICE))
    }

    fn change(&self, by: impl FnMut(u32) -> Option<u32>) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, by)
            .is_ok()
    }
}

impl Exchange {
    /// Runs an attempt and, when it is late, the next tier's beside it. The one that loses is cancelled; a tier that
    /// was asked here does not stand among `tiers` any more.
    pub(super) async fn race(
        &mut self,
        first: Runner,
        run: impl Future<Output = End>,
        tiers: &mut Tiers<'_>,
    ) -> (Runner, End) {
        let mut run = pin!(run);
        let Some(late) = self.late(&first) else {
            return (first, run.await);
        };
        if let Ok(end) = tokio::time::timeout(late, &mut run).await {
            return (first, end);
        }
        let Some((index, tier, unit, permit)) = self.rival(tiers) else {
            return (first, run.await);
        };
        first.begin_race();
        let left = self.left().saturating_sub(self.kept(tiers.len()));
        let (second, slot, plan) = self.start(index, &unit, permit, SpanKind::Hedge);
        second.begin_race();
        let hedged = |won| Kind::Hedged {
            exchange: self.call.id.clone(),
            route: self.route.id.clone(),
            late: first.unit.id.clone(),
            to: unit.id.clone(),
            won,
        };
        let (lost, won) = (hedged(false), hedged(true));
        let call = Arc::clone(&self.call);
        let mut rival = pin!(attempt::run(&call, tier, slot, left, plan));
        let (winner, end) = tokio::select! {
            end = &mut run => if self.is_last_word(&first, &end) {
                (first, end)
            } else {
                (second, rival.await)
            },
            // A second opinion that fails is none, whatever the failure.
            end = &mut rival => match end {
                End::Failed(failure) => {
                    self.failed(&second, &failure);
                    (first, run.await)
                }
                End::Unsayable(_) => (first, run.await),
                End::Whole(_) | End::Stream(_) => (second, end),
            },
        };
        let told = if winner.unit.id == unit.id { won } else { lost };
        self.router.bus.emit_marked(told, winner.injected);
        (winner, end)
    }

    /// How long the first token may take before the next tier is asked too.
    fn late(&self, runner: &Runner) -> Option<Duration> {
        if !self.call.ask.stream {
            return None;
        }
        self.router.purse.earn();
        runner.unit.recorder().ttft_quantile(LATE)
    }

    /// The next tier that takes an ordinary call, if there is money for it.
    fn rival<'r>(&self, tiers: &mut Tiers<'r>) -> Option<(usize, &'r Tier, Arc<Unit>, Permit)> {
        let (index, tier) = *tiers.front()?;
        let mut units = tier
            .deployments
            .iter()
            .filter_map(|d| self.plant.units.get(d));
        let (unit, permit) =
            units.find_map(|u| Some((Arc::clone(u), u.admit_ordinary(clock::now())?)))?;
        if !self.router.purse.spend() {
            unit.breaker(|b, now| ((), b.forget(permit, now)));
            return None;
        }
        tiers.pop_front();
        Some((index, tier, unit, permit))
    }

    /// Nothing better is to be waited for. A failure that is none is kept for the record.
    fn is_last_word(&mut self, runner: &Runner, end: &End) -> bool {
        match end {
            End::Failed(failure) if failure.verdict.class.next() == Next::Tier => {
                self.failed(runner, failure);
                false
            }
            End::Unsayable(_) => false,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_requests_may_be_doubled_and_a_few_at_once() {
        let purse = Purse::default();
        let at_once = (0..100).filter(|_| purse.spend()).count();
        assert_eq!(at_once, 10);
        let mut doubled = 0;
        for _ in 0..1_000 {
            purse.earn();
            doubled += usize::from(purse.spend());
        }
        assert_eq!(doubled, 100);
    }
}
