//! One caller: sends a letter, reads the whole answer, and says how it ended.

use super::mix::{Door, Letter};
use crate::sim::luck::Luck;
use futures_util::StreamExt;
use memchr::memmem;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::{net::SocketAddr, time::Duration};

/// Share of callers that do not wait for the end.
const IMPATIENT: f64 = 0.01;
/// What an SDK waits by default.
const TIMEOUT: Duration = Duration::from_mins(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Ok,
    Canned,
    Error,
    Left,
}

/// How long this caller waits before hanging up; most wait for ever.
pub(super) fn patience(luck: &mut Luck) -> Option<Duration> {
    let impatient = luck.hits(IMPATIENT);
    let seconds = luck.lognormal(1.5, 0.6);
    impatient.then(|| Duration::from_secs_f64(seconds))
}

pub(super) struct Sender {
    client: Client,
    base: String,
    key: String,
}

impl Sender {
    pub(super) fn new(door: SocketAddr, key: Option<String>) -> Result<Self, reqwest::Error> {
        // Even a client that never leaves the loopback wants to know who would do its cryptography. When another
        // part of the program has said so already, that one stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self {
            client,
            base: format!("http://{door}"),
            key: key.unwrap_or_else(|| "sk-none".to_owned()),
        })
    }

    pub(super) async fn send(&self, letter: Letter, patience: Option<Duration>) -> Ended {
        let waits = self.deliver(letter);
        match patience {
            None => waits.await,
            Some(patience) => tokio::time::timeout(patience, waits)
                .await
                .unwrap_or(Ended::Left),
        }
    }

    async fn deliver(&self, letter: Letter) -> Ended {
        let stream = letter.stream;
        let Ok(response) = self.request(&letter).send().await else {
            return Ended::Error;
        };
        let canned = response
            .headers()
            .get("x-breakerbox-rung")
            .is_some_and(|rung| rung == "3");
        if whole(response, stream).await {
            if canned { Ended::Canned } else { Ended::Ok }
        } else {
            Ended::Error
        }
    }

    fn request(&self, letter: &Letter) -> RequestBuilder {
        let lang = if letter.agent.contains("JS") {
            "js"
        } else {
            "python"
        };
        let request = match letter.door {
            Door::OpenAi => self
                .client
                .post(format!("{}/v1/chat/completions", self.base)),
            Door::Anthropic => self
                .client
                .post(format!("{}/v1/messages", self.base))
                .header("anthropic-version", "2023-06-01"),
        };
        let request = if letter.agent.starts_with("claude-cli") {
            request.header("x-api-key", &self.key)
        } else {
            request.bearer_auth(&self.key)
        };
        request
            .header("user-agent", letter.agent)
            .header("x-stainless-lang", lang)
            .header("x-stainless-retry-count", "0")
            .json(&letter.body)
    }
}

/// Reads to the end; true for a whole answer.
async fn whole(response: Response, stream: bool) -> bool {
    let ok = response.status() == StatusCode::OK;
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(bytes) => body.extend_from_slice(&bytes),
            Err(_) => return false,
        }
    }
    ok && if stream {
        stream_is_whole(&body)
    } else {
        serde_json::from_slice::<serde_json::Value>(&body).is_ok()
    }
}

/// A stream that was told to its end, without an error on the way.
fn stream_is_whole(body: &[u8]) -> bool {
    let has = |mark: &[u8]| memmem::find(body, mark).is_some();
    let ended = has(b"data: [DONE]") || has(b"event: message_stop");
    let failed = has(b"event: error") || has(b"data: {\"error\"");
    ended && !failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_its_end_or_with_an_error_is_not_whole() {
        assert!(stream_is_whole(b"data: {}\n\ndata: [DONE]\n\n"));
        assert!(!stream_is_whole(b"data: {}\n\n"));
        assert!(!stream_is_whole(
            b"event: error\ndata: {}\n\nevent: message_stop\ndata: {}\n\n"
        ));
    }
}
