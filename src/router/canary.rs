//! Prompts of our own, on a schedule, so that quiet hours are watched too: an attempt like a user's, through the same
//! faults, gate and breaker, and an answer that is judged like a user's. No route, no cache, no fallback, no rung 3, and
//! in none of the users' counts.
//!
//! While evidence gathers (which is when more of the users' answers are judged, too) they come more often, as long as the
//! judges' budget lasts.
//!
//! An open breaker refuses it. Where a breaker waits for a probe and no user was there for a whole interval, the canary
//! is the probe: else a breaker that opened at night would still wait for one in the morning.

mod schedule;

use self::schedule::{Due, Schedule};
use super::{
    Call, Router,
    attempt::{self, End, Plan, Whole},
    faults::Asker,
    judge::Given,
    plant::{Plant, Unit},
    slot::Slot,
};
use crate::{
    breaker::{Admission, Permit},
    clock,
    config::CanaryPrompt,
    model::{Class, DeploymentId, Dialect, Kind, Verdict},
    provider::{Own, ask::Ask, chat::Finish},
    telemetry::{Operation, Purpose},
};
use http::HeaderMap;
use std::{collections::HashMap, sync::Arc};
use tokio::task::AbortHandle;

/// What no provider says: our own `max_tokens` cut the answer short, which says nothing of whoever gave it.
const CUT: &str = "canary_max_tokens";

#[derive(Debug)]
pub(super) struct Canaries {
    schedule: Schedule,
    /// One at a time: a deployment that hangs is not asked again meanwhile.
    under_way: HashMap<DeploymentId, AbortHandle>,
}

impl Canaries {
    pub(super) fn new() -> Self {
        Self {
            schedule: Schedule::new(fastrand::u64(..)),
            under_way: HashMap::new(),
        }
    }

    /// Asks whoever is due.
    pub(super) fn beat(&mut self, router: &Arc<Router>, plant: &Plant) {
        let now = clock::now();
        self.schedule.follow(plant.config.canary.as_ref(), now);
        let heard = |id: &DeploymentId| plant.units.get(id)?.recorder().heard();
        // Each is judged: where that cannot be paid for, asking more often says nothing.
        let affords = router.judge.affords(now);
        let suspected = |id: &DeploymentId| {
            affords
                && plant
                    .units
                    .get(id)
                    .is_some_and(|u| u.view(now).watch.suspicious)
        };
        for due in self.schedule.due(now, heard, suspected) {
            let is_out = self.under_way.get(&due.deployment);
            if is_out.is_some_and(|task| !task.is_finished()) {
                continue;
            }
            let Some(unit) = plant.units.get(&due.deployment) else {
                continue;
            };
            if let Some(permit) = admit(unit, &due) {
                let work = ask(Arc::clone(router), Arc::clone(unit), permit, due.prompt);
                self.under_way.insert(due.deployment, router.spawn(work));
            }
        }
    }
}

fn admit(unit: &Unit, due: &Due) -> Option<Permit> {
    let now = clock::now();
    match unit.admit(now).ok()? {
        Admission::Serve(permit) => Some(permit),
        Admission::Probe(permit) if due.quiet => Some(permit),
        Admission::Probe(permit) => {
            unit.breaker(|b, now| ((), b.forget(permit, now)));
            None
        }
        Admission::Refuse(_) => None,
    }
}

async fn ask(router: Arc<Router>, unit: Arc<Unit>, permit: Permit, prompt: CanaryPrompt) {
    let call = match request(&router, &unit, &prompt) {
        Ok(call) => call,
        Err(why) => {
            unit.breaker(|b, now| ((), b.forget(permit, now)));
            tracing::warn!(deployment = %unit.id, %why, "a canary could not be written");
            return;
        }
    };
    let config = router.config();
    let (tier, is_probe) = (config.tier_of(&unit.id), permit.is_probe());
    let fault = router.faults.hit(&unit.id, Asker::default(), clock::wall());
    let injected = fault.is_some();
    let patience = config.breaker.hang_credit;
    let slot = Slot::uncounted(Arc::clone(&unit), permit, fault, patience);
    let plan = Plan {
        collect: true,
        ..Plan::default()
    };
    let verdict = match attempt::run(&call, &tier, slot, tier.timeout, plan).await {
        End::Whole(whole) => answered(&router, &unit, call, *whole, injected),
        End::Failed(failure) => failure.verdict,
        End::Unsayable(why) => {
            tracing::warn!(deployment = %unit.id, %why, "a canary could not be said");
            return;
        }
        End::Stream(_) => Verdict::new(Class::Fault, "bad_framing"),
    };
    let failed = verdict.class != Class::Ok;
    if is_probe {
        let probed = Kind::Probed {
            deployment: unit.id.clone(),
            verdict,
            shadow: false,
        };
        router.bus.emit_marked(probed, injected);
    } else if failed {
        let told = Kind::CanaryFailed {
            deployment: unit.id.clone(),
            verdict,
        };
        router.bus.emit_marked(told, injected);
    }
    unit.recorder().canary(failed);
}

/// A whole answer: counted, and handed to the judges.
fn answered(
    router: &Router,
    unit: &Arc<Unit>,
    call: Call,
    whole: Whole,
    injected: bool,
) -> Verdict {
    let ticket = whole.slot.ticket();
    whole.slot.report(&Verdict::ok());
    let Some((answer, ticket)) = whole.answer.zip(ticket) else {
        return Verdict::ok();
    };
    if answer.finish == Some(Finish::Length) {
        return Verdict::new(Class::Caller, CUT);
    }
    router.judge.offer(Given {
        unit: Arc::clone(unit),
        ticket: ticket.of_canary(),
        exchange: call.id.clone(),
        key: None,
        injected,
        call: Arc::new(call),
        answer,
    });
    Verdict::ok()
}

/// Under the deployment's own name: no route's rubric was written for this prompt.
pub(super) fn request(
    router: &Arc<Router>,
    unit: &Unit,
    prompt: &CanaryPrompt,
) -> Result<Call, String> {
    let own = Own {
        name: &unit.id,
        model: &unit.model,
        messages: serde_json::json!([{"role": "user", "content": prompt.ask}]),
        limit: prompt.max_tokens,
        temperature: None,
    };
    let ask = Ask::read(Dialect::OpenAi, own.body()).map_err(|e| e.to_string())?;
    let call = router.call(Dialect::OpenAi, ask, HeaderMap::new(), None);
    Ok(call.told_as(Operation::Chat, Purpose::Canary, None))
}
