//! A drill's own requests: real HTTP through the door, each kept as the caller saw it. They fill up what traffic there
//! is to the rate that the scenario wants.

use super::{
    read::Answer,
    record::{Sample, quantile},
    scenario::Traffic,
};
use crate::{
    clock,
    model::{DeploymentId, Mono, id::ExchangeId},
    router::DRILL,
};
use parking_lot::Mutex;
use reqwest::{Client, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher, RandomState},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::MissedTickBehavior;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// However busy the router is: only its own requests show a drill what a caller sees.
const LEAST_PER_S: f64 = 0.5;
/// Requests that may be under way at once; a router that answers none is not buried under more.
const AT_ONCE: usize = 64;

pub(super) struct Prober {
    client: Client,
    url: String,
    key: Option<SecretString>,
    route: String,
    traffic: Traffic,
    tag: String,
    /// Every request of every drill asks something new, unless it is meant to repeat.
    nonce: u64,
    per_s: f64,
    /// A fault is set.
    troubled: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    samples: Vec<Sample>,
    sent: u64,
    /// Those that are under way, by number.
    pending: BTreeSet<u64>,
}

impl Prober {
    /// For a door that takes `others_per_s` requests already that count as the drill's.
    pub(super) fn new(
        door: SocketAddr,
        key: Option<SecretString>,
        route: &str,
        traffic: Traffic,
        others_per_s: f64,
    ) -> Result<Self, String> {
        let client = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(traffic.patience)
            .build()
            .map_err(|e| format!("no HTTP client: {e}"))?;
        Ok(Self {
            client,
            url: format!("http://{door}/v1/chat/completions"),
            key,
            route: route.to_owned(),
            traffic,
            tag: tag(),
            nonce: clock::wall().0,
            per_s: (traffic.rate - others_per_s).max(LEAST_PER_S),
            troubled: AtomicBool::new(false),
            seen: Mutex::default(),
        })
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        self.seen.lock().samples.clone()
    }

    pub(super) fn failed(&self) -> usize {
        let seen = self.seen.lock();
        seen.samples.iter().filter(|s| !s.is_good()).count()
    }

    /// The 95th percentile of the last answers; none before there are enough. Fewer than these, and two that a timeout
    /// ended at the same moment would be it.
    pub(super) fn lately(&self) -> Option<Duration> {
        const LAST: usize = 40;
        let seen = self.seen.lock();
        let from = seen.samples.len().checked_sub(LAST)?;
        let last = seen.samples.get(from..)?;
        let mut times: Vec<_> = last.iter().map(|s| s.took).collect();
        times.sort_unstable();
        Some(quantile(&times, 95))
    }

    /// The number of the last request that was sent.
    pub(super) fn sent(&self) -> u64 {
        self.seen.lock().sent
    }

    /// Whether every request up to number `n` has come back.
    pub(super) fn is_settled(&self, n: u64) -> bool {
        let seen = self.seen.lock();
        seen.pending.first().is_none_or(|first| *first > n)
    }

    /// Sends until it is told to stop, then waits for what is under way.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let mut last = None;
        let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / self.per_s));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(beat.tick()).await.is_some() {
            if tasks.len() >= AT_ONCE || last.is_some_and(|at| !self.is_due(at)) {
                continue;
            }
            last = Some(clock::now());
            let n = self.begin();
            let me = Arc::clone(&self);
            tasks.spawn(async move {
                let sample = me.send(n).await;
                let mut seen = me.seen.lock();
                seen.pending.remove(&n);
                seen.samples.push(sample);
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    pub(super) fn trouble(&self, is_set: bool) {
        self.troubled.store(is_set, Ordering::Relaxed);
    }

    /// Whether the one after that at `last` may be sent yet.
    fn is_due(&self, last: Mono) -> bool {
        let slower = self
            .traffic
            .under_fault
            .filter(|_| self.troubled.load(Ordering::Relaxed));
        slower.is_none_or(|per_s| clock::now().since(last).as_secs_f64() >= 1.0 / per_s)
    }

    fn begin(&self) -> u64 {
        let mut seen = self.seen.lock();
        seen.sent += 1;
        let n = seen.sent;
        seen.pending.insert(n);
        n
    }

    async fn send(&self, n: u64) -> Sample {
        let asked = self.question(n);
        self.ask(&self.route, &asked, n.is_multiple_of(2)).await
    }

    /// One request, as its caller sees it.
    pub(super) async fn ask(&self, model: &str, asked: &str, stream: bool) -> Sample {
        let body = json!({
            "model": model,
            "stream": stream,
            "max_tokens": 64,
            "messages": [{"role": "user", "content": asked}],
        });
        let mut request = self
            .client
            .post(&self.url)
            .header(DRILL, &self.tag)
            .json(&body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let (sent, began) = (clock::wall(), clock::now());
        let answer = request.send().await.ok();
        let headers = answer
            .as_ref()
            .map(|a| a.headers().clone())
            .unwrap_or_default();
        let status = answer.as_ref().map(|a| a.status().as_u16());
        let body = match answer {
            Some(answer) => answer.bytes().await.unwrap_or_default(),
            None => bytes::Bytes::new(),
        };
        let read = Answer::of(&body, stream && status == Some(200));
        Sample {
            sent,
            took: clock::now().since(began),
            status,
            looks: read.looks(asked).filter(|_| status == Some(200)),
            whole: read.whole,
            rung: text(&headers, "x-breakerbox-rung").and_then(|v| v.parse().ok()),
            deployment: text(&headers, "x-breakerbox-deployment").map(DeploymentId::from),
            attempts: text(&headers, "x-breakerbox-attempts")
                .and_then(|v| v.parse().ok())
                .unwrap_or_default(),
            exchange: text(&headers, "x-breakerbox-request-id").map(ExchangeId::from),
        }
    }

    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    fn question(&self, n: u64) -> String {
        // Every so many, spread evenly, ask what has been asked before.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a drill sends thousands at most"
        )]
        let turns = |n: u64| (n as f64 * self.traffic.repeat).floor();
        if turns(n) > turns(n.saturating_sub(1)) {
            "Summarize in one sentence: a drill repeats what it has asked before.".to_owned()
        } else {
            let nonce = self.nonce;
            format!("Summarize in one sentence: rehearsal note {nonce}-{n}, the quiet Tuesday.")
        }
    }
}

/// What nobody can foresee, so that no caller's request is taken for the drill's: the standard library keys its hashers
/// from the operating system's randomness.
fn tag() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}
