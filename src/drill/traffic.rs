//! A drill's own requests: real HTTP through the door, each kept as the caller saw it. They fill up what traffic there
//! is to the rate that the scenario wants.

use super::record::Sample;
use crate::{
    clock,
    model::{DeploymentId, id::ExchangeId},
};
use parking_lot::Mutex;
use reqwest::{Client, Response, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// However busy the router is: only its own requests show a drill what a caller sees.
const LEAST_PER_S: f64 = 0.5;
/// Longer than any exchange of a route may take.
const TIMEOUT: Duration = Duration::from_mins(10);
/// Requests that may be under way at once; a router that answers none is not buried under more.
const AT_ONCE: usize = 64;

pub(super) struct Prober {
    client: Client,
    url: String,
    key: Option<SecretString>,
    route: String,
    traffic: super::scenario::Traffic,
    /// Every request of every drill asks something new, unless it is meant to repeat.
    nonce: u64,
    per_s: f64,
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
    /// For a door that takes `others_per_s` requests of other people already.
    pub(super) fn new(
        door: SocketAddr,
        key: Option<SecretString>,
        route: &str,
        traffic: super::scenario::Traffic,
        others_per_s: f64,
    ) -> Result<Self, String> {
        let client = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(TIMEOUT)
            .build()
            .map_err(|e| format!("no HTTP client: {e}"))?;
        Ok(Self {
            client,
            url: format!("http://{door}/v1/chat/completions"),
            key,
            route: route.to_owned(),
            traffic,
            nonce: clock::wall().0,
            per_s: (traffic.rate - others_per_s).max(LEAST_PER_S),
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
        let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / self.per_s));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(beat.tick()).await.is_some() {
            if tasks.len() >= AT_ONCE {
                continue;
            }
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

    fn begin(&self) -> u64 {
        let mut seen = self.seen.lock();
        seen.sent += 1;
        let n = seen.sent;
        seen.pending.insert(n);
        n
    }

    async fn send(&self, n: u64) -> Sample {
        let body = self.body(n);
        let stream = n.is_multiple_of(2);
        let mut request = self.client.post(&self.url).json(&body);
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
        let whole = match answer {
            Some(answer) => is_whole(answer, stream).await,
            None => false,
        };
        Sample {
            sent,
            took: clock::now().since(began),
            status,
            whole,
            rung: text(&headers, "x-breakerbox-rung").and_then(|v| v.parse().ok()),
            deployment: text(&headers, "x-breakerbox-deployment").map(DeploymentId::from),
            attempts: text(&headers, "x-breakerbox-attempts")
                .and_then(|v| v.parse().ok())
                .unwrap_or_default(),
            exchange: text(&headers, "x-breakerbox-request-id").map(ExchangeId::from),
        }
    }

    fn body(&self, n: u64) -> serde_json::Value {
        // Every so many, spread evenly, ask what has been asked before.
        #[expect(
            clippy::cast_precision_loss,
            reason = "a drill sends thousands at most"
        )]
        let turns = |n: u64| (n as f64 * self.traffic.repeat).floor();
        let asked = if turns(n) > turns(n.saturating_sub(1)) {
            "Summarize in one sentence: a drill repeats what it has asked before.".to_owned()
        } else {
            let nonce = self.nonce;
            format!("Summarize in one sentence: rehearsal note {nonce}-{n}, the quiet Tuesday.")
        };
        json!({
            "model": self.route,
            "stream": n.is_multiple_of(2),
            "max_tokens": 64,
            "messages": [{"role": "user", "content": asked}],
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// Reads to the end: a JSON document, or a stream that was told to its end without an error.
async fn is_whole(answer: Response, stream: bool) -> bool {
    let Ok(body) = answer.bytes().await else {
        return false;
    };
    if !stream {
        return serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
    }
    let has = |mark: &[u8]| memchr::memmem::find(&body, mark).is_some();
    has(b"data: [DONE]") && !has(b"data: {\"error\"")
}
