//! Errors inside a stream that began with 200.

use super::*;
use std::time::Duration;

fn class(dialect: Dialect, event: Option<&str>, data: &str) -> Option<(Class, String)> {
    in_band(dialect, event, data.as_bytes()).map(|v| (v.class, v.code))
}

#[test]
fn an_anthropic_error_event_has_the_class_of_its_type() {
    for (kind, expected) in [
        ("overloaded_error", Class::Fault),
        ("api_error", Class::Fault),
        ("rate_limit_error", Class::Throttle),
        ("authentication_error", Class::Credential),
        ("billing_error", Class::Quota),
        ("invalid_request_error", Class::Caller),
        ("a_new_one", Class::Fault),
    ] {
        let data = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}}}}"#);
        for event in [Some("error"), None] {
            assert_eq!(
                class(Dialect::Anthropic, event, &data),
                Some((expected, kind.to_owned())),
                "{kind}"
            );
        }
    }
}

#[test]
fn errors_of_openai_and_those_who_speak_like_it_are_seen() {
    for (data, expected, code) in [
        (
            r#"{"error":{"message":"m","type":"server_error","code":null}}"#,
            Class::Fault,
            "server_error",
        ),
        (
            r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            Class::Quota,
            "insufficient_quota",
        ),
        (
            r#"{"error":{"message":"m","code":502}}"#,
            Class::Fault,
            "http_502",
        ),
        (
            r#"{"error":{"message":"m","code":429}}"#,
            Class::Throttle,
            "http_429",
        ),
        (r#"{"error":"it broke"}"#, Class::Fault, "error"),
        (
            r#"{"id":"x","choices":[{"delta":{},"error":{"code":503,"message":"m"},"finish_reason":"error"}]}"#,
            Class::Fault,
            "http_503",
        ),
        (
            r#"{"type":"error","code":"server_error","message":"m","param":null}"#,
            Class::Fault,
            "server_error",
        ),
        (
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}"#,
            Class::Throttle,
            "rate_limit_exceeded",
        ),
        (
            r#"{"type":"response.failed","response":{"error":{"code":"insufficient_quota","message":"m"}}}"#,
            Class::Quota,
            "insufficient_quota",
        ),
    ] {
        assert_eq!(
            class(Dialect::OpenAi, None, data),
            Some((expected, code.to_owned())),
            "{data}"
        );
    }
}

#[test]
fn a_gemini_error_is_seen_with_its_array_and_without() {
    let error = r#"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#;
    for data in [
        error.to_owned(),
        format!("[{error}]"),
        format!(" [{error}\n]"),
    ] {
        let verdict = in_band(Dialect::Gemini, None, data.as_bytes()).unwrap();
        assert_eq!(
            (verdict.class, verdict.code.as_str(), verdict.status),
            (Class::Fault, "unavailable", Some(503))
        );
    }
    let throttled =
        br#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s"}]}}"#;
    let verdict = in_band(Dialect::Gemini, None, throttled).unwrap();
    assert_eq!(verdict.retry_after, Some(Duration::from_secs(3)));
}

#[test]
fn events_that_only_speak_of_errors_are_none() {
    for data in [
        "",
        "[DONE]",
        "{}",
        r#"{"choices":[{"delta":{"content":"the \"error\" key"}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"}}],"error":null}"#,
        r#"{"choices":[{"delta":{"content":"error"},"error":null}]}"#,
        r#"{"type":"response.completed","response":{"error":null,"output":[]}}"#,
        r#"{"type":"response.output_text.delta","delta":"error"}"#,
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"error"}}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"error":"x"}}}]}}]}"#,
        r#"["error"]"#,
        r#"{"error" cut"#,
    ] {
        for dialect in Dialect::ALL {
            assert_eq!(in_band(dialect, None, data.as_bytes()), None, "{data}");
        }
    }
}

#[test]
fn an_error_event_is_an_error_even_when_its_data_is_not_readable() {
    for data in ["", "overloaded", "{\"error\":", "{}"] {
        assert_eq!(
            class(Dialect::Anthropic, Some("error"), data),
            Some((Class::Fault, "error".to_owned())),
            "{data}"
        );
    }
}

#[test]
fn an_exception_in_amazons_stream_has_the_class_of_its_name() {
    for (said, expected, code) in [
        (
            r#""throttlingException""#,
            Class::Throttle,
            "throttling_exception",
        ),
        (
            r#""internalServerException""#,
            Class::Fault,
            "internal_server_exception",
        ),
        (
            r#""serviceUnavailableException""#,
            Class::Fault,
            "service_unavailable_exception",
        ),
        (
            r#""validationException","message":"bad block""#,
            Class::Caller,
            "validation_exception",
        ),
        (
            r#""validationException","message":"Input is too long for requested model.""#,
            Class::Context,
            "validation_exception",
        ),
        (
            r#""modelStreamErrorException","originalStatusCode":429"#,
            Class::Throttle,
            "model_stream_error_exception",
        ),
        (
            r#""modelStreamErrorException","originalStatusCode":400"#,
            Class::Fault,
            "model_stream_error_exception",
        ),
        (
            r#""modelTimeoutException""#,
            Class::Fault,
            "model_timeout_exception",
        ),
        (r#""oneOfNextYear""#, Class::Fault, "one_of_next_year"),
    ] {
        let data = format!(r#"{{"__type":{said}}}"#);
        assert_eq!(
            class(Dialect::Bedrock, Some("error"), &data),
            Some((expected, code.to_owned())),
            "{data}"
        );
    }
}
