//! What goes back to the caller: always in its own dialect, always saying who served it.

use super::{Call, STOPPING};
use crate::{
    model::{DeploymentId, topology::tier_name},
    provider::{
        chat::Answer,
        errors::CallerError,
        translate::{self, Reply as Names},
    },
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::{convert::Infallible, time::Duration};

/// What a caller is told who waits for an answer that the end of the router cuts off.
pub(crate) const STOPPED: &str =
    "the router is being stopped, and has no answer yet; send the request again";
/// Whoever sends it again comes to another replica, or to the router's next run.
pub(crate) const STOPPED_RETRY_AFTER: &str = "1";

/// The longest wait that an error of ours asks for: SDKs sleep as long as they are told.
const LONGEST_RETRY_AFTER: u64 = 30;

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Body,
}

pub enum Body {
    Full(Bytes),
    Stream(BoxStream<'static, Result<Bytes, Infallible>>),
}

impl std::fmt::Debug for Body {
    /// Answers are the callers' business: how long, not what.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// Who served it.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    pub rung: u8,
    pub tier: Option<usize>,
    pub deployment: Option<&'a DeploymentId>,
    pub attempts: u32,
}

const RUNG: HeaderName = HeaderName::from_static("x-breakerbox-rung");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-breakerbox-attempts");
const OWN_REQUEST_ID: HeaderName = HeaderName::from_static("x-breakerbox-request-id");
/// What `OpenAI`'s clients read, and Anthropic's.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SSE: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

impl Reply {
    pub fn full(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let mut reply = Self {
            status,
            headers,
            body: Body::Full(body),
        };
        reply.headers.insert(header::CONTENT_TYPE, JSON);
        reply
    }

    pub fn stream(
        headers: HeaderMap,
        stream: BoxStream<'static, Result<Bytes, Infallible>>,
    ) -> Self {
        let mut reply = Self {
            status: StatusCode::OK,
            headers,
            body: Body::Stream(stream),
        };
        reply.headers.insert(header::CONTENT_TYPE, SSE);
        reply
            .headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // Reverse proxies (nginx) buffer streams unless told.
        reply.headers.insert(
            HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        );
        reply
    }

    /// A whole answer, streamed where the caller asked for a stream.
    pub fn answer(call: &Call, answer: &Answer) -> Self {
        let names: Names = call.reply();
        if call.ask.stream {
            let pieces = translate::replay(call.door, answer, names, call.ask.stream_usage);
            let stream = futures_util::stream::iter(pieces.into_iter().map(Ok));
            return Self::stream(HeaderMap::new(), Box::pin(stream));
        }
        Self::full(
            StatusCode::OK,
            HeaderMap::new(),
            translate::write_answer(call.door, answer, &names),
        )
    }

    /// An error of ours.
    pub fn error(
        call: &Call,
        status: StatusCode,
        message: &str,
        code: Option<&str>,
        param: Option<&str>,
    ) -> Self {
        let error = CallerError::new(status.as_u16(), message)
            .code(code)
            .param(param)
            .request_id(&call.id);
        let body = error.body(call.door);
        Self::full(status, HeaderMap::new(), body)
    }

    /// The router has tried everything: sending again at once would only multiply.
    pub fn exhausted(call: &Call, message: &str, retry_in: Duration) -> Self {
        let mut reply = Self::error(
            call,
            StatusCode::SERVICE_UNAVAILABLE,
            message,
            Some("all_tiers_failed"),
            None,
        );
        reply.set("x-should-retry", "false");
        reply.set(
            "retry-after",
            &retry_in.as_secs().clamp(1, LONGEST_RETRY_AFTER).to_string(),
        );
        reply
    }

    /// The router ends before there is an answer.
    pub fn stopping(call: &Call) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut reply = Self::error(call, status, STOPPED, Some(STOPPING), None);
        reply.set("retry-after", STOPPED_RETRY_AFTER);
        reply
    }

    /// Says who served it.
    #[must_use]
    pub fn by(mut self, call: &Call, served: &Served<'_>) -> Self {
        let headers = &mut self.headers;
        headers.reserve(8);
        headers.insert(RUNG, HeaderValue::from(u16::from(served.rung)));
        headers.insert(ATTEMPTS, HeaderValue::from(served.attempts));
        if let Ok(id) = HeaderValue::from_str(&call.id) {
            headers.insert(REQUEST_ID, id.clone());
            headers.insert(X_REQUEST_ID, id.clone());
            headers.insert(OWN_REQUEST_ID, id);
        }
        if let Some(tier) = served.tier {
            self.set("x-breakerbox-tier", &tier_name(tier));
        }
        if let Some(deployment) = served.deployment {
            self.set("x-breakerbox-deployment", deployment);
        }
        self
    }

    /// Names what a translation had to drop.
    #[must_use]
    pub fn dropped(mut self, dropped: &[String]) -> Self {
        if !dropped.is_empty() {
            self.set("x-breakerbox-dropped", &dropped.join(", "));
        }
        self
    }

    pub fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }
}
