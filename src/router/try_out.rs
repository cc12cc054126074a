//! One small call to a deployment, for a person who wants to know whether it would answer: the attempt that a user's
//! request makes, with the same credential and the same classifier, and nothing after it. No route, no cache, no
//! fallback; it counts for nobody.

use super::{
    Router,
    attempt::{self, End, Plan},
    canary, judge,
    plant::Unit,
    slot::Slot,
};
use crate::{
    breaker::Permit,
    clock,
    config::{CanaryPrompt, Tier},
    model::{Class, DeploymentId, Verdict},
    provider::chat::{Answer, Usage},
};
use std::{sync::Arc, time::Duration};

const ASK: &str = "Say: ok";
/// The least that every provider takes. An answer that is cut here has come all the same.
const MAX_TOKENS: u32 = 16;

#[derive(Debug, Clone)]
pub struct TriedOut {
    pub verdict: Verdict,
    pub took: Duration,
    pub usage: Usage,
}

#[derive(Debug, Clone)]
pub struct TriedJudge {
    /// Of a known good answer; or why there is none.
    pub score: Result<f64, String>,
    pub took: Duration,
    pub usage: Usage,
}

/// Asks a deployment once, and waits no longer than its tier would, nor than `patience`. The error says why nothing was
/// asked.
pub async fn try_out(
    router: &Arc<Router>,
    id: &DeploymentId,
    patience: Duration,
) -> Result<TriedOut, String> {
    let (unit, permit) = admitted(router, id)?;
    let prompt = CanaryPrompt {
        ask: ASK.to_owned(),
        max_tokens: MAX_TOKENS,
    };
    let call = match canary::request(router, &unit, &prompt) {
        Ok(call) => call,
        Err(why) => {
            unit.breaker(|b, now| ((), b.forget(permit, now)));
            return Err(why);
        }
    };
    let own = router.config().tier_of(id);
    let tier = Tier {
        timeout: own.timeout.min(patience),
        ..own
    };
    let slot = Slot::uncounted(unit, permit, None, patience);
    let plan = Plan {
        collect: true,
        ..Plan::default()
    };
    let began = clock::now();
    let (verdict, usage) = match attempt::run(&call, &tier, slot, tier.timeout, plan).await {
        End::Whole(whole) => {
            whole.slot.report(&Verdict::ok());
            (Verdict::ok(), usage(whole.answer.as_ref()))
        }
        End::Failed(failure) => (failure.verdict, Usage::default()),
        End::Unsayable(why) => return Err(why.to_string()),
        End::Stream(_) => (Verdict::new(Class::Fault, "bad_framing"), Usage::default()),
    };
    let took = clock::now().since(began);
    Ok(TriedOut {
        verdict,
        took,
        usage,
    })
}

/// Puts a known good answer to a judge. The error says why nothing was asked.
pub async fn try_judge(router: &Arc<Router>, id: &DeploymentId) -> Result<TriedJudge, String> {
    let (unit, permit) = admitted(router, id)?;
    let began = clock::now();
    let (score, usage) = judge::try_one(router, &unit, permit).await;
    let took = clock::now().since(began);
    Ok(TriedJudge { score, took, usage })
}

fn usage(answer: Option<&Answer>) -> Usage {
    answer.map(|a| a.usage).unwrap_or_default()
}

fn admitted(router: &Router, id: &DeploymentId) -> Result<(Arc<Unit>, Permit), String> {
    let unit = router.unit(id).ok_or("there is no such deployment")?;
    if let Some(why) = &unit.provider.missing_key {
        return Err(why.clone());
    }
    let permit = unit.admit_ordinary(clock::now());
    let permit = permit.ok_or("its breaker is open, or it has just asked not to be called")?;
    Ok((unit, permit))
}
