//! One judge call: an attempt like any other, with the same faults, the same verdicts and the same breaker.

use super::{
    reply::{self, Score},
    rubric::{self, Prompt},
};
use crate::{
    breaker::Permit,
    clock,
    config::{Config, Rubric, Tier},
    model::{Dialect, Verdict},
    provider::{
        Own,
        ask::Ask,
        chat::{Answer, Usage},
    },
    router::{
        Call, Router,
        attempt::{self, End, Plan},
        faults::Asker,
        plant::Unit,
        slot::Slot,
    },
    telemetry::{Operation, Purpose},
};
use http::HeaderMap;
use opentelemetry::trace::SpanContext;
use std::{
    borrow::Cow,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

/// What a judge may write: a score and a sentence. Some models cannot be kept from thinking out of the same allowance; what
/// is not written is not paid.
const MAX_TOKENS: u32 = 2_000;

/// What a judge reads.
#[derive(Debug)]
pub(super) struct Paper<'a> {
    /// The model that was asked for: a route, which may have a rubric of its own.
    pub(super) route: Option<&'a str>,
    pub(super) question: &'a str,
    pub(super) answer: &'a str,
    /// The trace that it was answered in.
    pub(super) trace: Option<SpanContext>,
}

/// A score or why there is none, and what it cost.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) score: Result<Score, String>,
    pub(super) usage: Usage,
}

pub(super) async fn ask(
    router: &Arc<Router>,
    config: &Config,
    judge: &Arc<Unit>,
    permit: Permit,
    paper: Paper<'_>,
) -> Reply {
    let own = paper.route.and_then(|r| config.route(r)).map(|r| &r.rubric);
    let words = own.map_or_else(|| Cow::Owned(Rubric::default()), Cow::Borrowed);
    let prompt = rubric::prompt(&words, paper.question, paper.answer, nonce());
    let mut usage = Usage::default();
    let score = match request(router, judge, &prompt, paper.trace) {
        Ok(call) => {
            tracing::debug!(judge = %judge.id, rubric = rubric::name(&words), "asked for a score");
            run(&call, config, judge, permit, &mut usage).await
        }
        Err(e) => Err(format!("no request: {e}")),
    };
    Reply { score, usage }
}

async fn run(
    call: &Call,
    config: &Config,
    judge: &Arc<Unit>,
    permit: Permit,
    usage: &mut Usage,
) -> Result<Score, String> {
    let timeout = config.judge.timeout;
    let fault = call
        .router
        .faults
        .hit(&judge.id, Asker::JUDGING, clock::wall());
    let slot = Slot::uncounted(Arc::clone(judge), permit, fault, timeout);
    let tier = Tier {
        deployments: vec![judge.id.clone()],
        timeout,
        ttft_timeout: None,
        stall_timeout: timeout,
        min_chars_per_s: 0,
        retries: 0,
    };
    let plan = Plan {
        collect: true,
        ..Plan::default()
    };
    match attempt::run(call, &tier, slot, timeout, plan).await {
        End::Whole(whole) => {
            let answer = whole.answer.as_ref();
            let text = answer.map(Answer::text).unwrap_or_default();
            let finish = answer.and_then(|a| a.finish);
            *usage = answer.map(|a| a.usage).unwrap_or_default();
            whole.slot.report(&Verdict::ok());
            reply::read(&text, finish).map_err(|e| e.to_string())
        }
        End::Failed(failure) => Err(failure.verdict.to_string()),
        End::Unsayable(why) => Err(why.to_string()),
        End::Stream(_) => Err("a stream came back where a whole answer was asked for".to_owned()),
    }
}

fn request(
    router: &Arc<Router>,
    judge: &Unit,
    prompt: &Prompt,
    about: Option<SpanContext>,
) -> Result<Call, String> {
    let own = Own {
        name: &judge.model,
        model: &judge.model,
        messages: serde_json::json!([
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]),
        limit: MAX_TOKENS,
        temperature: Some(0.0),
    };
    let ask = Ask::read(Dialect::OpenAi, own.body()).map_err(|e| e.to_string())?;
    let call = router.call(Dialect::OpenAi, ask, HeaderMap::new(), None);
    Ok(call.told_as(Operation::Chat, Purpose::Judge, about))
}

/// What nobody can foresee: the standard library keys its hashers from the operating system's randomness, and the
/// generator that numbers requests, whose output callers see, is not asked.
fn nonce() -> u64 {
    RandomState::new().build_hasher().finish()
}
