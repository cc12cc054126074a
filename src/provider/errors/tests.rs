use super::*;

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn relayed(from: Dialect, to: Dialect, body: &str) -> Value {
    parsed(&relay(
        from,
        to,
        400,
        &Bytes::copy_from_slice(body.as_bytes()),
    ))
}

#[test]
fn each_door_gets_its_own_shape() {
    let error = CallerError::new(400, "`model` is missing")
        .code(Some("missing"))
        .param(Some("model"))
        .request_id("r1");
    assert_eq!(
        parsed(&error.body(Dialect::OpenAi)),
        json!({"error": {"message": "`model` is missing", "type": "invalid_request_error", "param": "model", "code": "missing"}})
    );
    assert_eq!(
        parsed(&error.body(Dialect::Anthropic)),
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "`model` is missing"}, "request_id": "r1"})
    );
    assert_eq!(
        parsed(&error.body(Dialect::Gemini)),
        json!({"error": {"code": 400, "message": "`model` is missing", "status": "INVALID_ARGUMENT", "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "MISSING", "domain": "breakerbox"},
            {"@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "model", "description": "`model` is missing"}]},
        ]}})
    );
}

#[test]
fn googles_sdk_sees_an_error_inside_a_stream_by_how_the_event_begins() {
    let event = CallerError::new(502, "cut").in_band(Dialect::Gemini);
    assert!(event.starts_with(br#"data: {"error":{"code":502,"#));
}

#[test]
fn the_type_follows_the_status() {
    for (status, open_ai, anthropic, gemini) in [
        (
            400,
            "invalid_request_error",
            "invalid_request_error",
            "INVALID_ARGUMENT",
        ),
        (
            401,
            "authentication_error",
            "authentication_error",
            "UNAUTHENTICATED",
        ),
        (
            403,
            "permission_error",
            "permission_error",
            "PERMISSION_DENIED",
        ),
        (404, "not_found_error", "not_found_error", "NOT_FOUND"),
        (
            413,
            "invalid_request_error",
            "request_too_large",
            "INVALID_ARGUMENT",
        ),
        (
            422,
            "invalid_request_error",
            "invalid_request_error",
            "INVALID_ARGUMENT",
        ),
        (
            429,
            "rate_limit_error",
            "rate_limit_error",
            "RESOURCE_EXHAUSTED",
        ),
        (500, "server_error", "api_error", "INTERNAL"),
        (502, "server_error", "api_error", "INTERNAL"),
        (503, "overloaded_error", "overloaded_error", "UNAVAILABLE"),
        (504, "server_error", "timeout_error", "DEADLINE_EXCEEDED"),
        (529, "overloaded_error", "overloaded_error", "UNAVAILABLE"),
    ] {
        let error = CallerError::new(status, "m");
        assert_eq!(
            parsed(&error.body(Dialect::OpenAi))["error"]["type"],
            open_ai,
            "{status}"
        );
        assert_eq!(
            parsed(&error.body(Dialect::Anthropic))["error"]["type"],
            anthropic,
            "{status}"
        );
        assert_eq!(
            parsed(&error.body(Dialect::Gemini))["error"]["status"],
            gemini,
            "{status}"
        );
    }
}

#[test]
fn an_error_inside_a_stream_is_one_event_that_its_clients_see() {
    let error = CallerError::new(502, "line one\nline two");
    for (door, name) in [
        (Dialect::OpenAi, None),
        (Dialect::Anthropic, Some("error")),
        (Dialect::Gemini, None),
    ] {
        let mut framer = crate::provider::sse::Framer::new();
        framer.push(&error.in_band(door));
        let frame = framer.next().unwrap().unwrap();
        assert_eq!(frame.event(), name);
        assert!(
            parsed(frame.data())["error"]["message"]
                .as_str()
                .unwrap()
                .contains("two")
        );
        assert!(framer.remainder().is_none());
        let verdict =
            crate::provider::classify::in_band(door, frame.event(), frame.data()).unwrap();
        assert_eq!(verdict.class, crate::model::Class::Fault, "{door}");
    }
}

#[test]
fn an_error_inside_amazons_stream_is_an_exception() {
    for (status, code) in [
        (400, "validation_exception"),
        (403, "access_denied_exception"),
        (429, "throttling_exception"),
        (502, "internal_server_exception"),
        (503, "service_unavailable_exception"),
        (504, "model_timeout_exception"),
    ] {
        let error = CallerError::new(status, "m");
        let mut framer = crate::provider::eventstream::Framer::new();
        framer.push(&error.in_band(Dialect::Bedrock));
        let frame = framer.next().unwrap().unwrap();
        let verdict =
            crate::provider::classify::in_band(Dialect::Bedrock, frame.event(), frame.data());
        assert_eq!(verdict.unwrap().code, code);
        assert_eq!(parsed(frame.data())["message"], "m");
    }
}

#[test]
fn the_same_dialect_passes_the_body_as_it_is() {
    let body =
        Bytes::from_static(b"{\"error\": {\"message\": \"bad temperature\",\n \"extra\": 1.50}}");
    let out = relay(Dialect::OpenAi, Dialect::OpenAi, 400, &body);
    assert_eq!(out.as_ptr(), body.as_ptr());
}

#[test]
fn a_key_in_the_body_is_taken_out_and_the_rest_stays() {
    let body = r#"{"error":{"message":"bad key sk-proj-abcdef123456","type":"x"}}"#;
    let out = relayed(Dialect::OpenAi, Dialect::OpenAi, body);
    assert_eq!(
        out,
        json!({"error": {"message": "bad key [redacted]", "type": "x"}})
    );
    let out = relayed(Dialect::OpenAi, Dialect::Anthropic, body);
    assert_eq!(out["error"]["message"], "bad key [redacted]");
}

#[test]
fn another_dialect_gets_the_providers_sentence_in_its_own_shape() {
    let gemini = r#"[{"error":{"code":400,"message":"Invalid value at 'contents'","status":"INVALID_ARGUMENT"}}]"#;
    let out = relayed(Dialect::Gemini, Dialect::OpenAi, gemini);
    assert_eq!(out["error"]["message"], "Invalid value at 'contents'");
    assert_eq!(out["error"]["code"], "invalid_argument");
    let open_ai = r#"{"error":{"message":"Too hot","type":"invalid_request_error","param":"temperature","code":null}}"#;
    let out = relayed(Dialect::OpenAi, Dialect::Anthropic, open_ai);
    assert_eq!(
        out["error"],
        json!({"type": "invalid_request_error", "message": "temperature: Too hot"})
    );
}

#[test]
fn a_web_page_is_never_relayed() {
    for to in Dialect::ALL {
        let out = relayed(Dialect::OpenAi, to, "<html><h1>403 Forbidden</h1></html>");
        let at = if to == Dialect::Bedrock {
            "/message"
        } else {
            "/error/message"
        };
        let message = out.pointer(at).and_then(Value::as_str);
        assert!(message.is_some_and(|m| m.contains("status 400")), "{out}");
    }
}
