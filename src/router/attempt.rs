//! One call to one deployment, up to the point where its answer is committed: a whole answer, or the first content
//! of a stream. Everything that goes wrong before that is invisible to the caller.

use super::{
    Call,
    hold::{Hold, Now},
    live::Live,
    relay::{Joint, Progress, Relay},
    slot::Slot,
    upstream::{self, Outgoing, Upstream},
};
use crate::{
    clock,
    config::{Commit, Tier},
    model::{Class, Dialect, Mono, Verdict},
    provider::{
        chat::Answer,
        classify::{self, TransportError},
        endpoint, errors,
        translate::{self, Untranslatable},
    },
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use std::{future::Future, time::Duration};

/// Until a deployment's own distribution is known.
const TTFT_DEFAULT: Duration = Duration::from_secs(8);
const TTFT_LEAST: Duration = Duration::from_secs(2);
/// An upstream's error body past this says nothing more.
pub(super) const ERROR_BODY: usize = 1024 * 1024;
/// A whole answer past this is no answer.
pub(super) const ANSWER_BODY: usize = 256 * 1024 * 1024;

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum End {
    Whole(Box<Whole>),
    Stream(Box<Live>),
    Failed(Failure),
    /// This dialect cannot say what the caller asked, or nobody can; nothing was called.
    Unsayable(Untranslatable),
}

/// What an attempt is made for.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Somebody reads the whole answer afterwards (cache, checks, judges).
    pub(super) collect: bool,
    pub(super) commit: Commit,
    /// It goes on with a stream that broke off.
    pub(super) joint: Option<Joint>,
    /// Without the reasoning that an account has sealed: this one cannot open it.
    pub(super) unsealed: bool,
}

/// An answer that is complete.
#[derive(Debug)]
pub(super) struct Whole {
    /// In the caller's dialect.
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
    pub(super) dropped: Vec<String>,
    /// Read, when somebody wants it afterwards.
    pub(super) answer: Option<Answer>,
    pub(super) slot: Slot,
}

#[derive(Debug)]
pub(super) struct Failure {
    pub(super) verdict: Verdict,
    /// The provider's own words, in the caller's dialect: for errors that are the caller's.
    pub(super) said: Option<(StatusCode, Bytes)>,
    pub(super) elapsed: Duration,
    pub(super) injected: bool,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// To the end of a whole answer, or to the first content of a stream.
    pub(super) answer: Duration,
    /// To the end of an answer that is held back.
    pub(super) whole: Duration,
    pub(super) stall: Duration,
    pub(super) min_chars_per_s: u32,
    /// The caller's time is shorter than the tier's own.
    short: bool,
}

impl Limits {
    pub(super) fn of(tier: &Tier, slot: &Slot, stream: bool, left: Duration) -> Self {
        let own = if stream {
            ttft(tier, slot)
        } else {
            tier.timeout
        };
        Self {
            answer: own.min(left),
            whole: tier.timeout.min(left),
            stall: tier.stall_timeout,
            min_chars_per_s: tier.min_chars_per_s,
            short: left < own,
        }
    }

    #[cfg(test)]
    pub(super) fn for_tests(
        answer: Duration,
        stall: Duration,
        whole: Duration,
        min_chars_per_s: u32,
    ) -> Self {
        Self {
            answer,
            whole,
            stall,
            min_chars_per_s,
            short: false,
        }
    }

    /// What running out of time means: the provider's fault only if it had the tier's own time.
    pub(super) fn ran_out(&self, what: TransportError) -> Verdict {
        let verdict = classify::transport(what);
        if self.short {
            Verdict {
                class: Class::Budget,
                ..verdict
            }
        } else {
            verdict
        }
    }
}

/// Three times what 99 of 100 first tokens take, within 2 s and the tier's timeout.
fn ttft(tier: &Tier, slot: &Slot) -> Duration {
    let learned = || {
        slot.unit
            .recorder()
            .ttft_quantile(0.99)
            .map_or(TTFT_DEFAULT, |p99| p99.saturating_mul(3))
    };
    tier.ttft_timeout
        .unwrap_or_else(|| learned().max(TTFT_LEAST))
        .min(tier.timeout)
}

/// Calls the slot's deployment. `left` is what this attempt may use of the exchange's time.
pub(super) async fn run(
    call: &Call,
    tier: &Tier,
    mut slot: Slot,
    left: Duration,
    plan: Plan,
) -> End {
    let (mut out, dropped) = match outgoing(call, &slot, plan.unsealed) {
        Ok(made) => made,
        Err(why) => {
            slot.forget();
            return End::Unsayable(why);
        }
    };
    let (stream, wire) = (out.stream, out.wire);
    slot.told = call.tell_attempt(wire, stream, &mut out.headers);
    let limits = Limits::of(tier, &slot, stream, left);
    let deadline = clock::now() + limits.answer;
    let fault = slot.fault.as_ref().map(|f| f.kind.clone());
    let opened = within(deadline, upstream::open(&slot.unit, out, fault.as_ref())).await;
    let up = match opened {
        None => return failed(slot, &limits.ran_out(TransportError::HeadersTimeout), None),
        Some(Err(e)) => {
            let verdict = call.reach(&slot.unit, e, classify::transport(e));
            return failed(slot, &verdict, None);
        }
        Some(Ok(up)) => up,
    };
    slot.heard(up.status);
    call.reached(&slot.unit);
    if !up.status.is_success() {
        return refused(call, slot, wire, up, deadline, &limits).await;
    }
    let job = Job {
        call,
        slot,
        wire,
        limits,
        deadline,
        dropped,
        plan,
    };
    if stream {
        job.stream(up).await
    } else {
        job.whole(up).await
    }
}

fn failed(slot: Slot, verdict: &Verdict, said: Option<(StatusCode, Bytes)>) -> End {
    let failure = Failure {
        said,
        elapsed: slot.elapsed(),
        injected: slot.fault.is_some(),
        verdict: verdict.clone(),
    };
    slot.report(verdict);
    End::Failed(failure)
}

/// Runs until `deadline`; none when it ran out.
pub(super) async fn within<T>(deadline: Mono, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(clock::now().until(deadline), work)
        .await
        .ok()
}

/// The request as this deployment wants it: the same bytes with another model, or a translation.
fn outgoing(
    call: &Call,
    slot: &Slot,
    unsealed: bool,
) -> Result<(Outgoing, Vec<String>), Untranslatable> {
    let unit = &slot.unit;
    let wire = unit.wire(call.door);
    let (mut body, mut dropped) = if call.door == wire {
        let body = call.ask.with_model(&unit.model);
        (
            translate::strip_foreign(wire, &body).unwrap_or(body),
            Vec::new(),
        )
    } else {
        let made = translate::ask(&call.ask, wire, &unit.model)?;
        (made.body, made.dropped)
    };
    if unsealed && let Some(bare) = translate::strip_sealed(&body) {
        body = bare;
        dropped.push("reasoning".to_owned());
    }
    let out = Outgoing {
        wire,
        embeddings: false,
        body,
        headers: endpoint::forwardable(call.door, wire, &call.headers),
        stream: call.ask.stream,
    };
    Ok((out, dropped))
}

/// An answer that is no 2xx.
async fn refused(
    call: &Call,
    slot: Slot,
    wire: Dialect,
    mut up: Upstream,
    deadline: Mono,
    limits: &Limits,
) -> End {
    let body = match within(deadline, up.body.whole(ERROR_BODY)).await {
        None => return failed(slot, &limits.ran_out(TransportError::Timeout), None),
        // The status alone says enough when its body does not arrive.
        Some(body) => body.unwrap_or_default(),
    };
    let verdict = classify::http(wire, up.status.as_u16(), &up.headers, &body, clock::wall());
    let said = matches!(
        verdict.class,
        Class::Caller | Class::Context | Class::Policy
    )
    .then(|| {
        (
            up.status,
            errors::relay(wire, call.door, up.status.as_u16(), &body),
        )
    });
    failed(slot, &verdict, said)
}

struct Job<'a> {
    call: &'a Call,
    slot: Slot,
    wire: Dialect,
    limits: Limits,
    deadline: Mono,
    dropped: Vec<String>,
    plan: Plan,
}

impl Job<'_> {
    async fn whole(mut self, mut up: Upstream) -> End {
        let body = match within(self.deadline, up.body.whole(ANSWER_BODY)).await {
            None => {
                return failed(
                    self.slot,
                    &self.limits.ran_out(TransportError::Timeout),
                    None,
                );
            }
            Some(Err(e)) => return failed(self.slot, &classify::transport(e), None),
            Some(Ok(body)) => body,
        };
        let from = self.wire;
        let verdict = classify::answer(from, &body);
        if verdict.class != Class::Ok {
            let said = (verdict.class == Class::Policy).then(|| {
                (
                    StatusCode::BAD_REQUEST,
                    errors::relay(from, self.call.door, 400, &body),
                )
            });
            return failed(self.slot, &verdict, said);
        }
        let same = from == self.call.door;
        let wanted = self.plan.collect || self.slot.told.is_some();
        let answer = (wanted || !same)
            .then(|| translate::read_answer(from, &body))
            .transpose();
        let Ok(mut answer) = answer else {
            return failed(
                self.slot,
                &classify::transport(TransportError::BadFraming),
                None,
            );
        };
        if let Some(answer) = answer.as_mut().filter(|a| a.model.is_empty()) {
            answer.model.clone_from(&self.slot.unit.model);
        }
        self.slot.tokens(match &answer {
            Some(answer) => answer.usage.output,
            None => translate::read_usage(from, &body).output,
        });
        if let Some(answer) = &answer {
            self.slot.answered(answer);
        }
        let out = match &answer {
            Some(answer) if !same => {
                translate::write_answer(self.call.door, answer, &self.call.reply())
            }
            _ => body,
        };
        End::Whole(Box::new(Whole {
            body: out,
            headers: if same {
                endpoint::response_headers(&up.headers)
            } else {
                HeaderMap::new()
            },
            dropped: self.dropped,
            answer,
            slot: self.slot,
        }))
    }

    async fn stream(mut self, mut up: Upstream) -> End {
        let mut relay = self.relay();
        let mut out = BytesMut::new();
        let began = clock::now();
        let first = Limits {
            answer: began.until(self.deadline),
            ..self.limits
        };
        let mut hold = Hold::new(self.plan.commit, first, began);
        let over = loop {
            let now = match within(hold.until(), up.body.chunk()).await {
                None => hold.nothing_came(clock::now()),
                Some(Err(e)) => Now::Failed(classify::transport(e)),
                Some(Ok(None)) => match relay.finish(&mut out) {
                    whole if whole.class == Class::Ok => break Some(whole),
                    broke => Now::Failed(broke),
                },
                Some(Ok(Some(chunk))) => self.came(&chunk, &mut relay, &mut out, &mut hold),
            };
            match now {
                Now::Wait => {}
                Now::LetGo => break None,
                // Nothing of it has been sent, whatever has come.
                Now::Failed(verdict) => {
                    return failed(self.slot, &verdict.after_content(false), None);
                }
            }
        };
        let headers = if self.wire == self.call.door {
            endpoint::response_headers(&up.headers)
        } else {
            HeaderMap::new()
        };
        let mut live = Live::new(up.body, relay, self.slot, out, &self.limits);
        live.headers = headers;
        live.dropped = self.dropped;
        live.collect = self.plan.collect;
        if let Some(whole) = over {
            live.end(whole);
        }
        End::Stream(Box::new(live))
    }

    fn relay(&mut self) -> Relay {
        let from = self.wire;
        let (door, reply, usage) = (
            self.call.door,
            self.call.reply(),
            self.call.ask.stream_usage,
        );
        let mut relay = match self.plan.joint.take() {
            None => Relay::new(from, door, reply, usage),
            Some(joint) => Relay::join(from, door, reply, usage, joint),
        };
        relay.asked(&self.slot.unit.model);
        relay
    }

    /// A chunk of a stream that is out back.
    fn came(
        &mut self,
        chunk: &[u8],
        relay: &mut Relay,
        out: &mut BytesMut,
        hold: &mut Hold,
    ) -> Now {
        let progress = match relay.feed(chunk, out) {
            Err(e) => return Now::Failed(classify::transport(e)),
            Ok(Progress::Error) => return Now::Failed(relay.finish(out)),
            Ok(Progress::Apart) => {
                return Now::Failed(Verdict::new(Class::Abort, "another_answer"));
            }
            Ok(progress) => progress,
        };
        let seen = relay.seen();
        if seen.content {
            self.slot.first_content();
        }
        hold.came(progress, seen.chars, seen.thought, clock::now())
    }
}
