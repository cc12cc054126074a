//! An answer with another status than 200.

use super::{rules::Signal, said::Said};
use crate::{
    model::{Class, Dialect, Verdict, Wall},
    provider::retry_after,
};
use http::HeaderMap;

/// What a status line, its headers and its body mean together.
pub fn http(dialect: Dialect, status: u16, headers: &HeaderMap, body: &[u8], now: Wall) -> Verdict {
    let mut said = Said::read(body);
    if let Some(named) = headers.get("x-amzn-errortype")
        && let Ok(named) = named.to_str()
    {
        said.exception(named);
    }
    let signal = Signal {
        dialect,
        status,
        said: &said,
        dated: ["retry-after", "retry-after-ms"]
            .iter()
            .any(|h| headers.contains_key(*h)),
    };
    let class = signal.class();
    let verdict = Verdict::new(class, said.code(Some(status))).status(status);
    match class {
        Class::Throttle => verdict.retry_after(retry_after::read(headers, said.wait, now)),
        Class::Fault if waited(status) => verdict.silent(),
        _ => verdict,
    }
}

/// Timeouts behind the provider's door: the time is gone, the same route is not tried again.
const fn waited(status: u16) -> bool {
    matches!(status, 408 | 504 | 522 | 524)
}
