//! The sampled judge: another vendor's model scores an answer, off the hot path. A judge that fails gives no score.

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "what asks them, the judge's own check, comes with it"
    )
)]
mod anchors;
mod reply;
mod rubric;

use super::{
    Call, Router,
    attempt::{self, End, Plan},
    plant::Unit,
    slot::Slot,
};
use crate::{
    breaker::{Permit, Ticket},
    cache::Key,
    clock,
    config::{Config, Judge, Rubric, Tier},
    model::{DeploymentId, Dialect, Kind, Mono, Verdict, id::ExchangeId},
    provider::{ask::Ask, chat::Answer},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use parking_lot::Mutex;
use reply::Score;
use rubric::Prompt;
use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// What a judge may write: a score and a sentence. Models that think do so out of the same allowance, and some of them
/// cannot be kept from it; what is not written is not paid.
const MAX_TOKENS: u32 = 2_000;
/// Characters of its reason that are kept.
const REASON: usize = 160;
/// Answers in a row without a judge after which a deployment is not judged any more.
const BLIND_AFTER: u32 = 3;
/// Judge calls under way at once.
const AT_ONCE: usize = 4;
/// After so many failures in a row the next judge is asked, for so long.
const FAILURES: u32 = 4;
const AWAY: Duration = Duration::from_secs(30);

/// An answer to be judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) unit: Arc<Unit>,
    pub(super) ticket: Ticket,
    pub(super) exchange: ExchangeId,
    /// Where the answer may be cached.
    pub(super) key: Option<Key>,
    pub(super) injected: bool,
    /// The model that was asked for: a route, which may have a rubric of its own.
    pub(super) route: String,
    pub(super) question: String,
    pub(super) answer: String,
}

/// Where answers wait. Full: the answer is not judged, and nobody waits.
#[derive(Debug)]
pub(super) struct Queue(mpsc::Sender<Judged>);

pub(super) fn queue(size: usize) -> (Queue, mpsc::Receiver<Judged>) {
    let (send, receive) = mpsc::channel(size.max(1));
    (Queue(send), receive)
}

impl Queue {
    pub(super) fn offer(&self, judged: Judged) {
        if self.0.try_send(judged).is_err() {
            tracing::debug!("judge queue full: an answer is not judged");
        }
    }
}

impl Router {
    /// Whether this call's answer will be judged: a sample of ordinary ones, every one that decides about a return.
    pub(super) fn samples(&self, unit: &Unit, permit: &Permit) -> bool {
        let config = self.config();
        let judged = super::plant::has_judge(&config, &unit.id);
        judged && (!permit.is_ordinary() || fastrand::f64() < config.judge.sample)
    }
}

fn is_another_vendor(router: &Router, judge: &DeploymentId, unit: &Unit) -> bool {
    let config = router.config();
    let able = |j: Arc<Unit>| j.provider.missing_key.is_none();
    config.maker_of(judge) != config.maker_of(&unit.id) && router.unit(judge).is_some_and(able)
}

/// Failures in a row of each judge, and until when it is passed over.
#[derive(Debug, Default)]
struct Bench(Mutex<HashMap<DeploymentId, (u32, Mono)>>);

impl Bench {
    fn is_away(&self, judge: &DeploymentId, now: Mono) -> bool {
        self.0
            .lock()
            .get(judge)
            .is_some_and(|(n, until)| *n >= FAILURES && now < *until)
    }

    fn failed(&self, judge: &DeploymentId, now: Mono) {
        let mut bench = self.0.lock();
        let (n, until) = bench.entry(judge.clone()).or_default();
        *n += 1;
        *until = now + AWAY;
    }

    fn scored(&self, judge: &DeploymentId) {
        self.0.lock().remove(judge);
    }
}

/// What the judging remembers between answers.
#[derive(Debug, Default)]
struct Desk {
    bench: Bench,
    /// The minute of the budget, and how much of it is spent.
    spent: Mutex<(u64, u32)>,
    /// How often in a row no judge could be had, by deployment.
    misses: Mutex<HashMap<DeploymentId, u32>>,
}

/// Judges what comes, a few at a time.
pub(super) async fn run(router: Arc<Router>, judged: mpsc::Receiver<Judged>) {
    let desk = Desk::default();
    let items = stream::unfold(judged, |mut judged| async move {
        Some((judged.recv().await?, judged))
    });
    items
        .for_each_concurrent(AT_ONCE, |item| desk.judge(&router, item))
        .await;
}

impl Desk {
    async fn judge(&self, router: &Arc<Router>, item: Judged) {
        let config = router.config();
        let now = clock::now();
        if !self.may_spend(config.judge.max_per_minute, now) {
            return;
        }
        let found = pick(router, &config.judge, &item.unit, &self.bench, now);
        self.tell_whether_blind(router, &item.unit, found.is_none());
        let Some((judge, permit)) = found else { return };
        match ask(router, &config, &judge, permit, &item).await {
            Ok(score) => {
                self.bench.scored(&judge.id);
                let kind = Kind::Score {
                    deployment: item.unit.id.clone(),
                    judge: judge.id.clone(),
                    exchange: item.exchange.clone(),
                    score: score.score,
                    reason: score.reason.chars().take(REASON).collect(),
                };
                router.bus.emit_marked(kind, item.injected);
                if let Some(key) = item
                    .key
                    .filter(|_| score.score < config.breaker.judge_threshold)
                {
                    router.cache.remove(&key);
                }
                item.unit.breaker_marked(item.injected, |b, now| {
                    let score = crate::breaker::Score {
                        judge: judge.id.clone(),
                        value: score.score,
                        other: None,
                    };
                    ((), b.score(item.ticket, &score, now))
                });
            }
            Err(why) => {
                self.bench.failed(&judge.id, clock::now());
                router.bus.emit(Kind::JudgeFailed {
                    judge: judge.id.clone(),
                    why,
                });
            }
        }
    }

    fn may_spend(&self, per_minute: u32, now: Mono) -> bool {
        let mut spent = self.spent.lock();
        let minute = now.0 / 60_000_000;
        if spent.0 != minute {
            *spent = (minute, 0);
        }
        spent.1 += 1;
        spent.1 <= per_minute
    }

    /// Blindness is a state that a breaker and people know, never a score. A judge that is missed once (it ramps
    /// back, it is rate limited) is not missing.
    fn tell_whether_blind(&self, router: &Router, unit: &Unit, missed: bool) {
        let mut counts = self.misses.lock();
        let blind =
            |m: &HashMap<DeploymentId, u32>| m.values().filter(|n| **n >= BLIND_AFTER).count();
        let before = blind(&counts);
        if missed {
            *counts.entry(unit.id.clone()).or_default() += 1;
        } else {
            counts.remove(&unit.id);
        }
        let after = blind(&counts);
        if before == after {
            return;
        }
        let bench = if after < before {
            super::plant::bench(&router.config(), &unit.id)
        } else {
            crate::breaker::Bench::default()
        };
        unit.breaker(|b, _| {
            b.sit(bench);
            ((), Vec::new())
        });
        if before == 0 {
            let why = format!(
                "for {} every judge of another vendor is open, failing or disabled",
                unit.id
            );
            router.bus.emit(Kind::JudgeAvailable {
                available: false,
                why,
            });
        } else if after == 0 {
            router.bus.emit(Kind::JudgeAvailable {
                available: true,
                why: String::new(),
            });
        }
    }
}

/// The first judge in order that is of another vendor and can be asked.
fn pick(
    router: &Router,
    judge: &Judge,
    unit: &Unit,
    bench: &Bench,
    now: Mono,
) -> Option<(Arc<Unit>, Permit)> {
    judge.judges.iter().find_map(|id| {
        if bench.is_away(id, now) || !is_another_vendor(router, id, unit) {
            return None;
        }
        let judge = router.unit(id)?;
        let permit = judge.admit_ordinary(now)?;
        Some((judge, permit))
    })
}

/// A judge call is an attempt like any other: the same faults, the same verdicts, the same breaker.
async fn ask(
    router: &Arc<Router>,
    config: &Config,
    judge: &Arc<Unit>,
    permit: Permit,
    item: &Judged,
) -> Result<Score, String> {
    let timeout = config.judge.timeout;
    let own = config.route(&item.route).map(|r| &r.rubric);
    let words = own.map_or_else(|| Cow::Owned(Rubric::default()), Cow::Borrowed);
    let prompt = rubric::prompt(&words, &item.question, &item.answer, nonce());
    let call = request(router, judge, &prompt).map_err(|e| format!("no request: {e}"))?;
    tracing::debug!(judge = %judge.id, rubric = rubric::name(&words), "asked for a score");
    let fault = router.faults.hit(&judge.id, clock::wall());
    let slot = Slot::for_judge(Arc::clone(judge), permit, fault, timeout);
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
    match attempt::run(&call, &tier, slot, timeout, plan).await {
        End::Whole(whole) => {
            let answer = whole.answer.as_ref();
            let text = answer.map(Answer::text).unwrap_or_default();
            let finish = answer.and_then(|a| a.finish);
            whole.slot.report(&Verdict::ok());
            reply::read(&text, finish).map_err(|e| e.to_string())
        }
        End::Failed(failure) => Err(failure.verdict.to_string()),
        End::Unsayable(why) => Err(why.to_string()),
        End::Stream(_) => Err("a stream came back where a whole answer was asked for".to_owned()),
    }
}

fn request(router: &Arc<Router>, judge: &Unit, prompt: &Prompt) -> Result<Call, String> {
    let body = serde_json::json!({
        "model": judge.model,
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ],
        "max_tokens": MAX_TOKENS,
        "temperature": 0,
    });
    let ask =
        Ask::read(Dialect::OpenAi, Bytes::from(body.to_string())).map_err(|e| e.to_string())?;
    Ok(router.call(Dialect::OpenAi, ask, HeaderMap::new(), None))
}

/// What nobody can foresee: the standard library keys its hashers from the operating system's randomness, and the
/// generator that numbers requests, whose output callers see, is not asked.
fn nonce() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_that_fails_four_times_is_passed_over_for_a_while() {
        let (bench, judge) = (Bench::default(), DeploymentId::from("openai/gpt"));
        for _ in 0..FAILURES {
            assert!(!bench.is_away(&judge, Mono::from_secs(1)));
            bench.failed(&judge, Mono::from_secs(1));
        }
        assert!(bench.is_away(&judge, Mono::from_secs(30)));
        assert!(!bench.is_away(&judge, Mono::from_secs(31)));
        bench.scored(&judge);
        assert!(!bench.is_away(&judge, Mono::from_secs(2)));
    }
}
