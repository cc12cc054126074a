//! Whole answers with 200.

use super::*;

fn check(dialect: Dialect, body: &str, class: Class, code: &str) {
    let verdict = answer(dialect, body.as_bytes());
    assert_eq!(
        (verdict.class, verdict.code.as_str()),
        (class, code),
        "{dialect} {body}"
    );
}

#[test]
fn a_200_that_is_no_answer_is_a_fault() {
    for dialect in Dialect::ALL {
        check(dialect, "", Class::Fault, "empty_body");
        check(dialect, " \n", Class::Fault, "empty_body");
        check(dialect, "<html>Welcome</html>", Class::Fault, "html_body");
        check(dialect, "\n<!DOCTYPE html>", Class::Fault, "html_body");
        check(dialect, "ok", Class::Fault, "not_json");
        check(dialect, "data: {}\n\n", Class::Fault, "not_json");
        check(dialect, r#"{"choices":[{"mess"#, Class::Fault, "cut_off");
        check(dialect, "null", Class::Fault, "not_an_answer");
        check(dialect, "\"hi\"", Class::Fault, "not_an_answer");
    }
    check(
        Dialect::OpenAi,
        r#"{"status":"up"}"#,
        Class::Fault,
        "not_an_answer",
    );
    check(
        Dialect::Anthropic,
        r#"{"status":"up"}"#,
        Class::Fault,
        "not_an_answer",
    );
}

#[test]
fn an_error_with_200_has_its_own_class() {
    check(
        Dialect::OpenAi,
        r#"{"error":{"message":"m","code":502}}"#,
        Class::Fault,
        "http_502",
    );
    check(
        Dialect::OpenAi,
        r#"{"error":{"message":"m","code":"insufficient_quota"}}"#,
        Class::Quota,
        "insufficient_quota",
    );
    check(
        Dialect::OpenAi,
        r#"{"choices":[{"error":{"code":429},"message":{"content":""}}]}"#,
        Class::Throttle,
        "http_429",
    );
    check(
        Dialect::Anthropic,
        r#"{"type":"error","error":{"type":"overloaded_error"}}"#,
        Class::Fault,
        "overloaded_error",
    );
    check(
        Dialect::Gemini,
        r#"[{"error":{"code":503,"status":"UNAVAILABLE"}}]"#,
        Class::Fault,
        "unavailable",
    );
}

fn open_ai(message: &str, finish: &str) -> String {
    format!(
        r#"{{"id":"x","choices":[{{"index":0,"message":{message},"finish_reason":{finish}}}]}}"#
    )
}

#[test]
fn an_openai_answer_without_content_is_soft_unless_its_end_explains_it() {
    for (message, finish, class, code) in [
        (
            r#"{"role":"assistant","content":"hi"}"#,
            r#""stop""#,
            Class::Ok,
            "ok",
        ),
        (r#"{"content":"hi"}"#, "null", Class::Ok, "ok"),
        (r#"{"content":""}"#, r#""stop""#, Class::Soft, "empty"),
        (r#"{"content":null}"#, r#""stop""#, Class::Soft, "empty"),
        (r#"{"content":" \n\t "}"#, r#""stop""#, Class::Soft, "empty"),
        (r#"{"content":""}"#, "null", Class::Soft, "empty"),
        (
            r#"{"content":"","reasoning_content":"hm"}"#,
            r#""stop""#,
            Class::Soft,
            "empty",
        ),
        (r#"{"content":[]}"#, r#""stop""#, Class::Soft, "empty"),
        (
            r#"{"content":"","tool_calls":[]}"#,
            r#""stop""#,
            Class::Soft,
            "empty",
        ),
        (
            r#"{"content":"","tool_calls":[{"id":"t"}]}"#,
            r#""stop""#,
            Class::Ok,
            "ok",
        ),
        (
            r#"{"content":null,"refusal":"no"}"#,
            r#""stop""#,
            Class::Ok,
            "ok",
        ),
        (r#"{"content":""}"#, r#""length""#, Class::Ok, "ok"),
        (r#"{"content":null}"#, r#""tool_calls""#, Class::Ok, "ok"),
        (
            r#"{"content":""}"#,
            r#""content_filter""#,
            Class::Policy,
            "content_filter",
        ),
        (
            r#"{"content":"half"}"#,
            r#""error""#,
            Class::Fault,
            "finish_error",
        ),
        (r#"{"content":"\ud83d"}"#, r#""stop""#, Class::Ok, "ok"),
    ] {
        check(Dialect::OpenAi, &open_ai(message, finish), class, code);
    }
    check(
        Dialect::OpenAi,
        r#"{"choices":[]}"#,
        Class::Soft,
        "no_choices",
    );
    let second = r#"{"choices":[{"message":{"content":""},"finish_reason":"stop"},{"message":{"content":"x"},"finish_reason":"stop"}]}"#;
    check(Dialect::OpenAi, second, Class::Ok, "ok");
}

#[test]
fn an_anthropic_answer_without_content_is_soft_unless_its_end_explains_it() {
    for (content, stop, class, code) in [
        (
            r#"[{"type":"text","text":"hi"}]"#,
            r#""end_turn""#,
            Class::Ok,
            "ok",
        ),
        ("[]", r#""end_turn""#, Class::Soft, "empty"),
        (
            r#"[{"type":"text","text":" "}]"#,
            r#""end_turn""#,
            Class::Soft,
            "empty",
        ),
        (
            r#"[{"type":"thinking","thinking":"hm"}]"#,
            r#""end_turn""#,
            Class::Soft,
            "empty",
        ),
        (
            r#"[{"type":"tool_use","id":"t"}]"#,
            r#""tool_use""#,
            Class::Ok,
            "ok",
        ),
        (
            r#"[{"type":"server_tool_use","id":"t"}]"#,
            r#""pause_turn""#,
            Class::Ok,
            "ok",
        ),
        ("[]", r#""max_tokens""#, Class::Ok, "ok"),
        ("[]", r#""refusal""#, Class::Policy, "refusal"),
    ] {
        let body = format!(r#"{{"type":"message","content":{content},"stop_reason":{stop}}}"#);
        check(Dialect::Anthropic, &body, class, code);
    }
}

#[test]
fn a_gemini_answer_says_why_it_has_no_content() {
    for (body, class, code) in [
        (
            r#"{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}"#,
            Class::Ok,
            "ok",
        ),
        (
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}"#,
            Class::Ok,
            "ok",
        ),
        (
            r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]},"finishReason":"STOP"}]}"#,
            Class::Soft,
            "empty",
        ),
        (
            r#"{"candidates":[{"content":{},"finishReason":"STOP"}]}"#,
            Class::Soft,
            "empty",
        ),
        (
            r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#,
            Class::Ok,
            "ok",
        ),
        (
            r#"{"candidates":[],"usageMetadata":{}}"#,
            Class::Soft,
            "no_candidates",
        ),
        ("{}", Class::Soft, "no_candidates"),
        (
            r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#,
            Class::Policy,
            "safety",
        ),
        (
            r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"candidates":[]}"#,
            Class::Policy,
            "prohibited_content",
        ),
        (
            r#"{"promptFeedback":{},"usageMetadata":{}}"#,
            Class::Soft,
            "no_candidates",
        ),
    ] {
        check(Dialect::Gemini, body, class, code);
    }
    for (reason, class) in [
        ("SAFETY", Class::Policy),
        ("PROHIBITED_CONTENT", Class::Policy),
        ("RECITATION", Class::Policy),
        ("BLOCKLIST", Class::Policy),
        ("SPII", Class::Policy),
        ("MALFORMED_FUNCTION_CALL", Class::Soft),
        ("OTHER", Class::Soft),
    ] {
        let body = format!(r#"{{"candidates":[{{"finishReason":"{reason}"}}]}}"#);
        check(Dialect::Gemini, &body, class, &reason.to_ascii_lowercase());
    }
}

#[test]
fn an_answer_cut_anywhere_is_never_taken_for_whole() {
    for (dialect, body) in [
        (Dialect::OpenAi, open_ai(r#"{"content":"hello"}"#, r#""stop""#)),
        (Dialect::Anthropic, r#"{"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}"#.to_owned()),
        (Dialect::Gemini, r#"{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}"#.to_owned()),
        (Dialect::Bedrock, r#"{"output":{"message":{"content":[{"text":"hi"}]}},"stopReason":"end_turn"}"#.to_owned()),
    ] {
        assert_eq!(answer(dialect, body.as_bytes()).class, Class::Ok);
        for end in 0..body.len() {
            assert_eq!(answer(dialect, &body.as_bytes()[..end]).class, Class::Fault, "{dialect} {end}");
        }
    }
}

#[test]
fn the_end_of_a_stream_is_read_like_the_end_of_an_answer() {
    assert_eq!(finish(Dialect::OpenAi, "stop", true).class, Class::Ok);
    assert_eq!(finish(Dialect::OpenAi, "stop", false).class, Class::Soft);
    assert_eq!(finish(Dialect::OpenAi, "a_new_one", true).class, Class::Ok);
    assert_eq!(
        finish(Dialect::Anthropic, "refusal", true).class,
        Class::Policy
    );
    assert_eq!(finish(Dialect::Gemini, "STOP", false).class, Class::Soft);
}

#[test]
fn amazons_answers_are_good_or_refused_or_empty() {
    for (content, reason, class, code) in [
        (r#"{"text":"hi"}"#, "end_turn", Class::Ok, "ok"),
        (r#"{"toolUse":{"name":"f"}}"#, "tool_use", Class::Ok, "ok"),
        (r#"{"text":" "}"#, "end_turn", Class::Soft, "empty"),
        (
            r#"{"reasoningContent":{"reasoningText":{"text":"hm"}}}"#,
            "end_turn",
            Class::Soft,
            "empty",
        ),
        (r#"{"text":""}"#, "max_tokens", Class::Ok, "ok"),
        (
            r#"{"text":"Sorry, I cannot."}"#,
            "guardrail_intervened",
            Class::Policy,
            "guardrail_intervened",
        ),
        (
            r#"{"text":"x"}"#,
            "malformed_tool_use",
            Class::Soft,
            "malformed_tool_use",
        ),
    ] {
        let body = format!(
            r#"{{"output":{{"message":{{"content":[{content}]}}}},"stopReason":"{reason}"}}"#
        );
        check(Dialect::Bedrock, &body, class, code);
    }
}
