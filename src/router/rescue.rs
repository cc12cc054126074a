//! What happens to a stream that breaks off when its caller has a part of it: another deployment goes on where both
//! answers agree.

use super::{
    Call, Router,
    attempt::{self, End, Plan},
    faults::Asker,
    live::{Ended, Live},
    plant::{Plant, Unit},
    slot::Slot,
    trace::{Attempted, Trace},
};
use crate::{
    breaker::Permit,
    clock,
    config::{Route, Tier},
    model::{Kind, Verdict, event::Manner, request::SpanKind, verdict::Next},
    provider::splice::{Said, Splicer, anchor},
};
use serde_json::json;
use std::sync::Arc;

const CONTINUE: &str = include_str!("../../assets/continue.txt");
/// Calls made for one broken stream. Its caller is waiting.
const ATTEMPTS: u32 = 4;
/// Less than this is too little for a provider to go on from: it is asked to repeat it instead.
const PREFILL_CHARS: u64 = 16;

/// What is needed to go on with a stream on another tier.
#[derive(Debug)]
pub(super) struct Rescue {
    pub(super) router: Arc<Router>,
    pub(super) plant: Arc<Plant>,
    pub(super) route: Arc<Route>,
    pub(super) call: Arc<Call>,
    /// The tier whose stream it is.
    pub(super) tier: usize,
    pub(super) unit: Arc<Unit>,
    pub(super) trace: Arc<Trace>,
    /// Calls made so far to go on.
    pub(super) attempts: u32,
}

/// Somebody goes on.
struct Found {
    tier: usize,
    unit: Arc<Unit>,
    how: Manner,
    live: Box<Live>,
}

impl Rescue {
    /// Another stream that goes on with this one; none when there is none that agrees with it.
    pub(super) async fn go_on(&mut self, broken: &Live, ended: &Ended) -> Option<Box<Live>> {
        let said = broken.relay().said();
        // Another deployment could do better, and there is one answer to go on with.
        let may = ended.verdict.class.next() == Next::Tier
            && !self.call.ask.many
            && !broken.relay().is_torn();
        let found = if may {
            let router = Arc::clone(&self.router);
            tokio::select! {
                biased;
                found = self.find(broken, &said, &ended.verdict) => found,
                () = router.ending() => None,
            }
        } else {
            None
        };
        self.tell(&said, ended, found.as_ref());
        let found = found?;
        (self.tier, self.unit) = (found.tier, found.unit);
        Some(found.live)
    }

    /// Nobody goes on with it.
    pub(super) fn give_up(&self, broken: &Live, ended: &Ended) {
        self.tell(&broken.relay().said(), ended, None);
    }

    fn tell(&self, said: &Said, ended: &Ended, found: Option<&Found>) {
        let broke = Kind::StreamBroke {
            exchange: self.call.id.clone(),
            route: self.route.id.clone(),
            from: self.unit.id.clone(),
            to: found.map(|f| f.unit.id.clone()),
            how: found.map(|f| f.how),
            chars: said.chars(),
            verdict: ended.verdict.clone(),
        };
        self.router.bus.emit_marked(broke, ended.injected);
    }

    async fn find(&mut self, broken: &Live, said: &Said, verdict: &Verdict) -> Option<Found> {
        let route = Arc::clone(&self.route);
        for (index, unit) in self.candidates(verdict) {
            let tier = route.tiers.get(index)?;
            for how in self.manners(&unit, said) {
                if self.attempts >= ATTEMPTS {
                    return None;
                }
                let Some(permit) = unit.admit_ordinary(clock::now()) else {
                    break;
                };
                let mut slot = self.slot(&unit, permit);
                slot.attempted = Some(Attempted {
                    trace: Arc::clone(&self.trace),
                    tier: index,
                    kind: SpanKind::Rescue,
                });
                match self.attempt(tier, slot, how, broken, said).await? {
                    End::Stream(live) => {
                        return Some(Found {
                            tier: index,
                            unit,
                            how,
                            live,
                        });
                    }
                    End::Failed(failure) if failure.verdict.class.next() == Next::Tier => break,
                    // It does not take the question this way, or answers another one: asked otherwise it may go on.
                    _ => {}
                }
            }
        }
        None
    }

    /// The deployments beside the one that broke, the tiers below, those above; then the one that broke, unless it went
    /// silent.
    fn candidates(&self, verdict: &Verdict) -> Vec<(usize, Arc<Unit>)> {
        let tiers = &self.route.tiers;
        let below = self.tier..tiers.len();
        let units = |index: usize| {
            let ids = tiers.get(index).map_or(&[][..], |t| &t.deployments);
            ids.iter()
                .filter_map(move |id| Some((index, Arc::clone(self.plant.units.get(id)?))))
        };
        let (own, mut list): (Vec<_>, Vec<_>) = below
            .chain(0..self.tier)
            .flat_map(units)
            .partition(|(_, unit)| unit.id == self.unit.id);
        list.extend(own.into_iter().filter(|_| !verdict.silent));
        list
    }

    fn manners(&self, unit: &Unit, said: &Said) -> Vec<Manner> {
        if said.text().is_none() || self.call.ask.schema {
            return vec![Manner::Restart];
        }
        let prefill = unit.prefill && said.chars() >= PREFILL_CHARS;
        let first = prefill.then_some(Manner::Prefill);
        first.into_iter().chain([Manner::Continue]).collect()
    }

    fn slot(&self, unit: &Arc<Unit>, permit: Permit) -> Slot {
        let asker = Asker::of(&self.call.headers);
        let fault = self.router.faults.hit(&unit.id, asker, clock::wall());
        let patience = self.plant.config.breaker.hang_credit;
        Slot::new(Arc::clone(unit), permit, fault, patience)
    }

    /// Asks a deployment to go on. None: the request has no place for what was said.
    async fn attempt(
        &mut self,
        tier: &Tier,
        slot: Slot,
        how: Manner,
        broken: &Live,
        said: &Said,
    ) -> Option<End> {
        let text = said.text().unwrap_or_default();
        let own = &self.call.ask;
        let ask = match how {
            Manner::Prefill => own.continued(text.trim_end(), None)?,
            Manner::Continue => {
                let then = CONTINUE.trim_end().replace("{anchor}", anchor(text));
                own.continued(text.trim_end(), Some(&then))?
            }
            Manner::Restart => own.clone(),
        };
        self.attempts += 1;
        let mut joint = broken.relay().joint(Splicer::new(said.clone(), how));
        joint.writer.mark(json!({
            "rescued": { "by": slot.unit.id, "how": how.as_str(), "after_chars": said.chars() }
        }));
        let call = Call {
            ask,
            ..Call::clone(&self.call)
        };
        let plan = Plan {
            joint: Some(joint),
            ..Plan::default()
        };
        Some(attempt::run(&call, tier, slot, tier.timeout, plan).await)
    }
}
