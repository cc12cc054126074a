//! Refusals that a fault makes up, in the provider's own words: the classifier must not know them from real ones.

use crate::{model::Dialect, provider::errors::CallerError};
use bytes::Bytes;
use serde_json::json;

pub(super) const INJECTED: &str = "injected by breakerbox";

/// A status, and the error that its dialect has for it.
pub(super) fn of_status(dialect: Dialect, status: u16) -> (u16, Bytes) {
    let body = CallerError::new(status, INJECTED)
        .request_id("req_injected")
        .body(dialect);
    (status, body)
}

/// More requests than it has room for.
pub(super) fn overloaded(dialect: Dialect) -> (u16, Bytes) {
    match dialect {
        Dialect::Anthropic => of_status(dialect, 529),
        Dialect::Gemini => of_status(dialect, 503),
        Dialect::OpenAi | Dialect::Responses => {
            let error = CallerError::new(429, INJECTED).code(Some("rate_limit_exceeded"));
            (429, error.body(dialect))
        }
        Dialect::Bedrock => of_status(dialect, 429),
    }
}

/// The money is spent. No vendor says it like another, and each says it beside the status of a rate limit.
pub(super) fn spent(dialect: Dialect) -> (u16, Bytes) {
    let body = match dialect {
        Dialect::OpenAi | Dialect::Responses => json!({"error": {
            "message": INJECTED, "type": "insufficient_quota", "param": null, "code": "insufficient_quota",
        }}),
        Dialect::Anthropic => json!({"type": "error", "request_id": "req_injected", "error": {
            "type": "rate_limit_error", "message": INJECTED, "details": {"error_code": "enforced_spend_limit_reached"},
        }}),
        Dialect::Gemini => {
            json!({"error": {"code": 429, "message": INJECTED, "status": "RESOURCE_EXHAUSTED"}})
        }
        Dialect::Bedrock => json!({"__type": "ServiceQuotaExceededException", "message": INJECTED}),
    };
    let status = if dialect == Dialect::Bedrock {
        400
    } else {
        429
    };
    (status, body.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Class, Wall},
        provider::classify,
    };
    use http::HeaderMap;

    const ALL: [Dialect; 5] = [
        Dialect::OpenAi,
        Dialect::Responses,
        Dialect::Anthropic,
        Dialect::Gemini,
        Dialect::Bedrock,
    ];

    fn class(dialect: Dialect, (status, body): (u16, Bytes)) -> Class {
        classify::http(dialect, status, &HeaderMap::new(), &body, Wall(0)).class
    }

    #[test]
    fn spent_money_is_spent_in_every_dialect() {
        for dialect in ALL {
            assert_eq!(class(dialect, spent(dialect)), Class::Quota, "{dialect}");
        }
    }

    #[test]
    fn too_much_at_once_is_a_fault_or_a_rate_limit_as_the_vendor_has_it() {
        let is = ALL.map(|dialect| class(dialect, overloaded(dialect)));
        let (fault, throttle) = (Class::Fault, Class::Throttle);
        assert_eq!(is, [throttle, throttle, fault, fault, throttle]);
    }
}
