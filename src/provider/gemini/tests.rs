use super::*;
use crate::{
    model::Dialect,
    provider::{
        chat::{Delta, Output, Part, Thinking},
        translate::{BadAnswer, Untranslatable, read_answer, read_request, request},
    },
};
use serde_json::json;

fn from_openai(body: &Value, model: &str) -> (Value, Vec<String>) {
    let there = request(
        Dialect::OpenAi,
        Dialect::Gemini,
        body.to_string().as_bytes(),
        model,
    )
    .unwrap();
    (serde_json::from_slice(&there.body).unwrap(), there.dropped)
}

fn stream(events: &[Value]) -> Vec<Delta> {
    let mut reader = super::StreamReader::default();
    let mut out = Vec::new();
    for event in events {
        reader.event(event, &mut out);
    }
    out
}

fn parts(parts: &Value) -> Value {
    json!({"responseId": "r", "modelVersion": "m", "candidates": [{"content": {"role": "model", "parts": parts}}]})
}

fn call(id: &str, name: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}})
}

#[test]
fn results_are_named_and_stand_in_the_order_of_their_calls() {
    let body = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [call("a", "f"), call("b", "f"), call("c", "g")]},
        {"role": "tool", "tool_call_id": "c", "content": "{\"x\":3}"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    ]});
    let (written, _) = from_openai(&body, "gemini-2.5-flash");
    let results = &written["contents"][2]["parts"];
    assert_eq!(
        results[0]["functionResponse"],
        json!({"name": "f", "response": {"result": "1"}})
    );
    assert_eq!(
        results[1]["functionResponse"],
        json!({"name": "f", "response": {"result": "2"}})
    );
    assert_eq!(
        results[2]["functionResponse"],
        json!({"name": "g", "response": {"x": 3}})
    );
    assert_eq!(written["contents"][1]["role"], "model");
}

#[test]
fn calls_of_other_models_carry_the_documented_word_instead_of_a_signature() {
    let body = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [call("a", "f"), call("b", "f")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
    ]});
    let (written, _) = from_openai(&body, "gemini-3-flash-preview");
    let calls = &written["contents"][1]["parts"];
    assert_eq!(
        calls[0]["thoughtSignature"],
        "skip_thought_signature_validator"
    );
    assert!(
        calls[1].get("thoughtSignature").is_none(),
        "only the first of parallel calls is signed"
    );
    let (written, _) = from_openai(&body, "gemini-2.5-flash");
    assert!(
        written["contents"][1]["parts"][0]
            .get("thoughtSignature")
            .is_none()
    );
}

#[test]
fn a_signature_survives_a_client_of_either_other_dialect() {
    let answer = json!({"responseId": "r", "candidates": [{"finishReason": "STOP", "content": {"parts": [
        {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "Qm"},
    ]}}]});
    let answer = read_answer(Dialect::Gemini, answer.to_string().as_bytes()).unwrap();
    for (dialect, said) in [
        (Dialect::OpenAi, "/choices/0/message"),
        (Dialect::Anthropic, ""),
    ] {
        let written = crate::provider::translate::write_answer(
            dialect,
            &answer,
            &crate::provider::translate::Reply::default(),
        );
        let written: Value = serde_json::from_slice(&written).unwrap();
        let said = written.pointer(said).unwrap();
        let history = json!({"max_tokens": 5, "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": said["content"], "tool_calls": said.get("tool_calls")},
        ]});
        let there = request(
            dialect,
            Dialect::Gemini,
            history.to_string().as_bytes(),
            "gemini-3-pro",
        )
        .unwrap();
        let body: Value = serde_json::from_slice(&there.body).unwrap();
        let part =
            json!({"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "Qm"});
        assert_eq!(body["contents"][1]["parts"], json!([part]), "{dialect}");
    }
}

#[test]
fn the_signature_of_a_text_stays_with_it_and_bare_thoughts_are_not_sent_back() {
    let signed = json!({"text": "hi", "thoughtSignature": "Qm"});
    let ended = json!({"text": "", "thoughtSignature": "Qn"});
    let body = json!({"contents": [
        {"role": "user", "parts": [{"text": "a"}]},
        {"role": "model", "parts": [{"text": "hm", "thought": true}, signed, ended]},
    ]});
    let there = request(
        Dialect::Gemini,
        Dialect::Gemini,
        body.to_string().as_bytes(),
        "gemini-3-pro",
    )
    .unwrap();
    let back: Value = serde_json::from_slice(&there.body).unwrap();
    assert_eq!(back["contents"][1]["parts"], json!([signed, ended]));
    assert_eq!(there.dropped, ["reasoning"]);
}

#[test]
fn schemas_go_as_json_schema_without_the_dialect_line() {
    let schema = json!({"$schema": "x", "type": "object", "properties": {"$schema": {"type": "string"}}, "additionalProperties": false});
    let body = json!({"messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}], "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}});
    let (written, dropped) = from_openai(&body, "gemini-3-flash");
    let clean = json!({"type": "object", "properties": {"$schema": {"type": "string"}}, "additionalProperties": false});
    assert_eq!(
        written["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"],
        clean
    );
    assert_eq!(
        written["toolConfig"]["functionCallingConfig"],
        json!({"mode": "ANY", "allowedFunctionNames": ["f"]})
    );
    assert_eq!(
        written["generationConfig"]["responseMimeType"],
        "application/json"
    );
    assert_eq!(
        written["generationConfig"]["responseJsonSchema"],
        json!({"type": "object"})
    );
    assert_eq!(dropped, ["tools[0].schema.$schema"]);
    let (written, dropped) = from_openai(&body, "gemini-2.5-pro");
    assert!(
        written["generationConfig"]
            .get("responseMimeType")
            .is_none(),
        "refused together with tools"
    );
    assert!(dropped.contains(&"response_format".to_owned()));
}

#[test]
fn images_and_files_go_inline_or_by_address() {
    let body = json!({"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
        {"type": "image_url", "image_url": {"url": "https://x/y.jpg?z"}},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
    ]}]});
    let (written, _) = from_openai(&body, "gemini-2.5-flash");
    assert_eq!(
        written["contents"][0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://x/y.jpg?z"}},
            {"inlineData": {"mimeType": "audio/mp3", "data": "UklG"}},
        ])
    );
}

#[test]
fn parameters_land_in_the_generation_config_and_refused_ones_are_named() {
    let body = json!({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "temperature": 2.5, "top_p": 0.5,
        "top_k": 3, "seed": 5_000_000_000_i64, "stop": ["a", "b"], "presence_penalty": 0.5, "user": "u"});
    let (written, dropped) = from_openai(&body, "gemini-2.5-flash");
    let config = json!({"maxOutputTokens": 9, "temperature": 2.0, "topP": 0.5, "topK": 3, "stopSequences": ["a", "b"]});
    assert_eq!(written["generationConfig"], config);
    assert_eq!(dropped, ["seed", "presence_penalty", "user"]);
}

#[test]
fn thinking_is_a_level_or_a_budget_by_generation() {
    let with = |effort: &str, model: &str| {
        let body =
            json!({"messages": [{"role": "user", "content": "hi"}], "reasoning_effort": effort});
        from_openai(&body, model).0["generationConfig"]["thinkingConfig"].clone()
    };
    assert_eq!(
        with("low", "gemini-3.1-pro"),
        json!({"thinkingLevel": "low", "includeThoughts": true})
    );
    assert_eq!(
        with("medium", "gemini-3-pro-preview")["thinkingLevel"],
        "high"
    );
    assert_eq!(with("medium", "gemini-2.5-pro")["thinkingBudget"], 8192);
    assert_eq!(
        with("none", "gemini-2.5-flash"),
        json!({"thinkingBudget": 0})
    );
    assert_eq!(with("none", "gemini-2.5-pro"), Value::Null);
}

#[test]
fn calls_get_ids_that_are_stable_within_an_answer_and_differ_between_answers() {
    let answer = |id: &str| {
        let call = json!({"functionCall": {"name": "f", "args": {}}});
        let body = json!({"responseId": id, "candidates": [{"finishReason": "STOP", "content": {"parts": [call, call]}}]});
        read_answer(Dialect::Gemini, body.to_string().as_bytes()).unwrap()
    };
    let ids = |id: &str| -> Vec<String> {
        answer(id)
            .parts
            .into_iter()
            .filter_map(|p| {
                if let Part::ToolUse { id, .. } = p {
                    Some(id)
                } else {
                    None
                }
            })
            .collect()
    };
    assert_eq!(ids("r1"), ids("r1"));
    let all = [ids("r1"), ids("r2")].concat();
    assert_eq!(
        all.iter().collect::<std::collections::HashSet<_>>().len(),
        4
    );
    let streamed = stream(&[parts(&json!([{"functionCall": {"name": "f", "args": {}}}]))]);
    assert!(matches!(&streamed[1], Delta::ToolStart { id, .. } if id.starts_with("call_")));
}

#[test]
fn ends_that_leave_no_answer_are_verdicts() {
    let with = |reason: &str| {
        read_answer(
            Dialect::Gemini,
            json!({"candidates": [{"finishReason": reason}]})
                .to_string()
                .as_bytes(),
        )
    };
    assert!(
        matches!(with("MALFORMED_FUNCTION_CALL"), Err(BadAnswer::Failed(v)) if v.class == Class::Soft && v.code == "malformed_function_call")
    );
    assert_eq!(with("SAFETY").unwrap().finish, Some(Finish::Policy));
    assert_eq!(with("MAX_TOKENS").unwrap().finish, Some(Finish::Length));
    let deltas = stream(&[json!({"candidates": [{"finishReason": "OTHER"}]})]);
    assert!(
        matches!(&deltas[..], [Delta::Error(v)] if v.class == Class::Soft && v.code == "other")
    );
}

#[test]
fn a_blocked_prompt_is_a_policy_end() {
    let body = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    assert_eq!(
        read_answer(Dialect::Gemini, body.to_string().as_bytes())
            .unwrap()
            .finish,
        Some(Finish::Policy)
    );
    assert_eq!(stream(&[body]), [Delta::Finish(Finish::Policy)]);
    assert_eq!(
        read_answer(Dialect::Gemini, b"{}"),
        Err(BadAnswer::Shape("candidates"))
    );
}

#[test]
fn a_request_in_geminis_words_is_read() {
    let body = json!({
        "systemInstruction": {"parts": [{"text": "s"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "go"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}, {"functionCall": {"name": "f", "args": {}}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "f", "response": {"result": "1"}}},
                {"functionResponse": {"name": "f", "response": {"error": "no"}}},
            ]},
        ],
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", "properties": {"x": {"type": "STRING", "nullable": true}}}}]}],
        "generationConfig": {"thinkingConfig": {"thinkingBudget": -1}, "responseMimeType": "application/json"},
        "safetySettings": [],
    });
    let chat = read_request(Dialect::Gemini, body.to_string().as_bytes()).unwrap();
    let called: Vec<_> = chat.messages[1]
        .parts
        .iter()
        .map(|p| {
            if let Part::ToolUse { id, .. } = p {
                id
            } else {
                panic!("a call")
            }
        })
        .collect();
    for (part, expected) in chat.messages[2].parts.iter().zip(called) {
        assert!(matches!(part, Part::ToolResult { id, .. } if id == expected));
    }
    assert!(matches!(
        &chat.messages[2].parts[1],
        Part::ToolResult { is_error: true, .. }
    ));
    assert_eq!(
        chat.tools[0].schema,
        json!({"type": "object", "properties": {"x": {"type": ["string", "null"]}}})
    );
    assert_eq!(chat.thinking, Some(Thinking::Adaptive));
    assert_eq!(chat.output, Output::Json);
    assert!(chat.extra.contains_key("safetySettings"));
}

#[test]
fn a_picture_as_googles_sdk_sends_it_is_plain_base64_for_others() {
    let body = json!({"contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": "iV_-"}}]}]});
    let made = request(
        Dialect::Gemini,
        Dialect::OpenAi,
        body.to_string().as_bytes(),
        "gpt-5",
    )
    .unwrap();
    let made: Value = serde_json::from_slice(&made.body).unwrap();
    assert_eq!(
        made["messages"][0]["content"][0]["image_url"]["url"],
        "data:image/png;base64,iV/+"
    );
}

#[test]
fn googles_own_schemas_become_plain_ones() {
    let body = json!({"contents": [], "generationConfig": {"response_schema": {
        "type": "OBJECT", "property_ordering": ["tags"],
        "properties": {"tags": {"type": "ARRAY", "min_items": "1", "items": {"type": "STRING"}}},
    }}});
    let chat = read_request(Dialect::Gemini, body.to_string().as_bytes()).unwrap();
    let Output::Schema { schema, .. } = chat.output else {
        panic!("a schema");
    };
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {"tags": {"type": "array", "minItems": 1, "items": {"type": "string"}}}})
    );
}

#[test]
fn what_is_kept_at_google_can_be_said_to_nobody_else() {
    let body = json!({"cachedContent": "cachedContents/1", "contents": []});
    assert!(matches!(
        read_request(Dialect::Gemini, body.to_string().as_bytes()),
        Err(Untranslatable::Unsupported { .. })
    ));
}

#[test]
fn usage_counts_thoughts_in() {
    let usage = read_usage(
        &json!({"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 20, "cachedContentTokenCount": 3}),
    );
    assert_eq!(
        (usage.input, usage.output, usage.reasoning, usage.cache_read),
        (10, 24, 20, 3)
    );
    assert_eq!(write_usage(&usage)["candidatesTokenCount"], 4);
}
