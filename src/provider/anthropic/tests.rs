use super::*;
use crate::{
    model::{Class, Dialect},
    provider::{
        chat::{Answer, Chat, Delta, Part, Thinking},
        translate::{Reply, Untranslatable, notes::Dropped, read_answer, request, write_answer},
    },
};

fn read(body: &Value) -> (Chat, Vec<String>) {
    let mut dropped = Dropped::default();
    let chat = super::read_request(body, &mut dropped).unwrap();
    (chat, dropped.names())
}

fn from_openai(body: &Value, model: &str) -> Result<(Value, Vec<String>), Untranslatable> {
    let there = request(
        Dialect::OpenAi,
        Dialect::Anthropic,
        body.to_string().as_bytes(),
        model,
    )?;
    Ok((serde_json::from_slice(&there.body).unwrap(), there.dropped))
}

fn stream(events: &[Value]) -> Vec<Delta> {
    let mut reader = super::StreamReader::default();
    let mut out = Vec::new();
    for event in events {
        reader.event(None, event, &mut out);
    }
    out
}

#[test]
fn max_tokens_is_always_there() {
    let body = json!({"messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(
        from_openai(&body, "claude-opus-4-6").unwrap().0["max_tokens"],
        takes::DEFAULT_MAX_TOKENS
    );
    assert_eq!(
        from_openai(&body, "claude-3-haiku-20240307").unwrap().0["max_tokens"],
        takes::DEFAULT_MAX_TOKENS_3
    );
}

#[test]
fn temperature_is_clamped_and_named_and_does_not_go_with_top_p() {
    let body =
        json!({"temperature": 1.7, "top_p": 0.5, "messages": [{"role": "user", "content": "hi"}]});
    let (written, dropped) = from_openai(&body, "claude-haiku-4-5").unwrap();
    assert_eq!(written["temperature"], 1.0);
    assert!(written.get("top_p").is_none());
    assert_eq!(dropped, ["temperature", "top_p"]);
}

#[test]
fn models_without_sampling_fields_get_none() {
    let body =
        json!({"temperature": 0.2, "top_p": 0.5, "messages": [{"role": "user", "content": "hi"}]});
    for model in ["claude-opus-4-7", "claude-mythos-preview"] {
        let (written, dropped) = from_openai(&body, model).unwrap();
        assert!(written.get("temperature").is_none() && written.get("top_p").is_none());
        assert_eq!(dropped, ["temperature", "top_p"]);
    }
}

#[test]
fn results_stand_first_and_neighbours_of_one_role_are_one_message() {
    let body = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [
            {"id": "call.1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "call.2", "type": "function", "function": {"name": "g", "arguments": "not json"}},
        ]},
        {"role": "user", "content": "hurry"},
        {"role": "tool", "tool_call_id": "call.1", "content": "1"},
        {"role": "tool", "tool_call_id": "call.2", "content": ""},
    ]});
    let (written, _) = from_openai(&body, "claude-haiku-4-5").unwrap();
    let messages = written["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    let (calls, answers) = (&messages[1]["content"], &messages[2]["content"]);
    assert_eq!(
        calls[1]["input"],
        json!({"arguments": "not json"}),
        "the input has to be an object"
    );
    assert_eq!(
        answers[0]["tool_use_id"], calls[0]["id"],
        "ids are rewritten alike"
    );
    assert_eq!(answers[1]["tool_use_id"], calls[1]["id"]);
    assert_eq!(answers[2], json!({"type": "text", "text": "hurry"}));
}

#[test]
fn a_conversation_that_the_assistant_starts_gets_a_first_turn_and_says_so() {
    let body = json!({"messages": [{"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "hi"}]});
    let (written, dropped) = from_openai(&body, "claude-haiku-4-5").unwrap();
    assert_eq!(written["messages"][0]["role"], "user");
    assert_eq!(dropped, ["messages[0]"]);
    let (written, dropped) = from_openai(
        &json!({"messages": [{"role": "system", "content": "Say hi"}]}),
        "claude-haiku-4-5",
    )
    .unwrap();
    assert_eq!(written["messages"][0]["content"][0]["text"], "Say hi");
    assert!(written.get("system").is_none());
    assert_eq!(dropped, ["system"]);
}

#[test]
fn empty_texts_are_left_out_and_a_prefill_does_not_end_in_white_space() {
    let body = json!({"messages": [
        {"role": "user", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "Sure: \n"},
    ]});
    let (written, _) = from_openai(&body, "claude-haiku-4-5").unwrap();
    assert_eq!(
        written["messages"][0]["content"].as_array().unwrap().len(),
        1
    );
    assert_eq!(written["messages"][1]["content"][0]["text"], "Sure:");
    let error = from_openai(&body, "claude-opus-4-6").unwrap_err();
    assert!(
        matches!(error, Untranslatable::Unsupported { .. }),
        "newer models refuse a prefill"
    );
}

#[test]
fn tool_choice_and_parallel_calls_are_told() {
    let with = |choice: Value, parallel: Value| {
        let body = json!({"tool_choice": choice, "parallel_tool_calls": parallel,
            "tools": [{"type": "function", "function": {"name": "f"}}], "messages": [{"role": "user", "content": "hi"}]});
        from_openai(&body, "claude-haiku-4-5").unwrap().0["tool_choice"].clone()
    };
    assert_eq!(
        with(json!("required"), json!(false)),
        json!({"type": "any", "disable_parallel_tool_use": true})
    );
    assert_eq!(
        with(
            json!({"type": "function", "function": {"name": "f"}}),
            Value::Null
        ),
        json!({"type": "tool", "name": "f"})
    );
    assert_eq!(with(json!("none"), json!(false)), json!({"type": "none"}));
    assert_eq!(
        with(Value::Null, json!(false)),
        json!({"type": "auto", "disable_parallel_tool_use": true})
    );
    assert_eq!(with(Value::Null, json!(true)), Value::Null);
}

#[test]
fn a_json_schema_becomes_a_structured_output_without_refused_keywords() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}});
    let body = json!({"messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}});
    let (written, dropped) = from_openai(&body, "claude-haiku-4-5").unwrap();
    let expected = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false});
    assert_eq!(
        written["output_config"]["format"],
        json!({"type": "json_schema", "schema": expected})
    );
    assert_eq!(dropped, ["response_format.schema.minimum"]);
    let (written, dropped) = from_openai(&body, "claude-3-5-haiku").unwrap();
    assert!(written.get("output_config").is_none());
    assert_eq!(dropped, ["response_format"]);
}

#[test]
fn thinking_gives_way_where_the_api_would_refuse_it() {
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    let user = json!({"role": "user", "content": "hi"});
    let forced = json!({"reasoning_effort": "high", "tools": tool, "tool_choice": "required", "messages": [user]});
    let cramped = json!({"reasoning_effort": "high", "max_tokens": 500, "messages": [user]});
    let foreign = json!({"reasoning_effort": "high", "tools": tool, "messages": [
        user,
        {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    ]});
    for body in [forced, cramped, foreign] {
        let (written, dropped) = from_openai(&body, "claude-haiku-4-5").unwrap();
        assert!(written.get("thinking").is_none(), "{body}");
        assert_eq!(dropped, ["thinking"]);
    }
    let roomy = json!({"reasoning_effort": "high", "temperature": 0.5, "max_tokens": 9000, "messages": [user]});
    let (written, dropped) = from_openai(&roomy, "claude-haiku-4-5").unwrap();
    assert_eq!(
        written["thinking"],
        json!({"type": "enabled", "budget_tokens": 8999})
    );
    assert_eq!(dropped, ["temperature"], "with thinking on it can't be set");
}

#[test]
fn what_only_anthropic_can_say_is_dropped_by_name() {
    let (chat, dropped) = read(&json!({
        "max_tokens": 5, "service_tier": "auto", "container": "c",
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"type": "web_search_20260318", "name": "web_search"}, {"name": "f", "input_schema": {}, "allowed_callers": ["x"]}],
        "messages": [{"role": "user", "content": [
            {"type": "document", "title": "T", "citations": {"enabled": true}, "source": {"type": "text", "media_type": "text/plain", "data": "D"}},
        ]}],
    }));
    assert_eq!(
        dropped,
        [
            "tools[0]",
            "tools[1].allowed_callers",
            "system[0].cache_control",
            "messages[0].content[0].citations"
        ]
    );
    assert_eq!(
        chat.extra.keys().collect::<Vec<_>>(),
        ["service_tier", "container"]
    );
    assert_eq!(chat.messages[0].parts, [Part::Text("T\n\nD".into())]);
}

#[test]
fn thinking_is_read_in_all_its_forms() {
    let thinking = |body: Value| {
        read(
            &json!({"messages": []})
                .as_object()
                .map(|o| {
                    let mut o = o.clone();
                    o.extend(body.as_object().unwrap().clone());
                    Value::Object(o)
                })
                .unwrap(),
        )
    };
    assert_eq!(
        thinking(json!({"thinking": {"type": "enabled", "budget_tokens": 2000}}))
            .0
            .thinking,
        Some(Thinking::Budget(2000))
    );
    assert_eq!(
        thinking(json!({"thinking": {"type": "disabled"}}))
            .0
            .thinking,
        Some(Thinking::Off)
    );
    let adaptive = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}});
    assert_eq!(
        thinking(adaptive).0.thinking,
        Some(Thinking::Effort("max".into()))
    );
    assert_eq!(
        thinking(json!({"output_config": {"effort": "low"}})).1,
        ["output_config.effort"]
    );
}

#[test]
fn redacted_thinking_comes_back_as_it_was() {
    let block = json!({"type": "redacted_thinking", "data": "EmwK"});
    let body =
        json!({"content": [block, {"type": "text", "text": "hi"}], "stop_reason": "end_turn"});
    let answer = read_answer(Dialect::Anthropic, body.to_string().as_bytes()).unwrap();
    let written: Value = serde_json::from_slice(&write_answer(
        Dialect::Anthropic,
        &answer,
        &Reply::default(),
    ))
    .unwrap();
    assert_eq!(written["content"], body["content"]);
}

#[test]
fn reasoning_of_others_is_shown_sealed_and_read_as_theirs() {
    let theirs = Part::Reasoning {
        text: "hm".into(),
        signature: Some("breakerbox/gemini/Q".into()),
    };
    let bare = Part::Reasoning {
        text: "so".into(),
        signature: None,
    };
    let answer = Answer {
        parts: vec![theirs, bare],
        ..Answer::default()
    };
    let written: Value = serde_json::from_slice(&write_answer(
        Dialect::Anthropic,
        &answer,
        &Reply::default(),
    ))
    .unwrap();
    assert_eq!(
        written["content"][1]["signature"], "breakerbox/openai/",
        "marked, so that it can be told from its own"
    );
    assert_eq!(
        read_answer(Dialect::Anthropic, written.to_string().as_bytes())
            .unwrap()
            .parts,
        answer.parts
    );
}

#[test]
fn usage_counts_the_cache_in_and_later_events_complete_earlier_ones() {
    let start = json!({"type": "message_start", "message": {"id": "a", "model": "m", "usage":
        {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 1}}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}});
    let deltas = stream(&[start, end]);
    let expected = Usage {
        input: 17,
        output: 9,
        cache_read: 5,
        cache_write: 2,
        reasoning: 0,
    };
    assert_eq!(
        deltas[2..],
        [Delta::Usage(expected), Delta::Finish(Finish::Stop)]
    );
    assert_eq!(write_usage(&expected)["input_tokens"], 10);
}

#[test]
fn the_arguments_of_the_providers_own_tools_are_nobodys() {
    let deltas = stream(&[
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{\"q\":1}"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {"x": 1}}}),
        json!({"type": "content_block_stop", "index": 1}),
    ]);
    assert_eq!(
        deltas[1..],
        [
            Delta::ToolStart {
                index: 0,
                id: "t".into(),
                name: "f".into(),
                signature: None
            },
            Delta::ToolArgs {
                index: 0,
                json: "{\"x\":1}".into()
            },
        ]
    );
}

#[test]
fn a_second_answer_spliced_into_the_first_is_a_fault() {
    let start = |id: &str| json!({"type": "message_start", "message": {"id": id, "model": "m"}});
    let text = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}});
    assert!(
        !stream(&[start("a"), start("a"), text.clone()])
            .iter()
            .any(|d| matches!(d, Delta::Error(_)))
    );
    let deltas = stream(&[start("a"), text, start("b")]);
    assert!(
        matches!(deltas.last(), Some(Delta::Error(v)) if v.class == Class::Fault && v.code == "spliced_stream")
    );
}

#[test]
fn a_refusal_without_words_tells_its_reason() {
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": {"explanation": "policy"}}});
    assert_eq!(
        stream(&[delta]),
        [Delta::Text("policy".into()), Delta::Finish(Finish::Refusal)]
    );
}

#[test]
fn every_finish_has_a_word_and_comes_back() {
    for finish in [
        Finish::Stop,
        Finish::Length,
        Finish::ToolUse,
        Finish::Refusal,
        Finish::Pause,
    ] {
        assert_eq!(super::finish(stop_reason(finish)), finish);
    }
    assert_eq!(stop_reason(Finish::Policy), "refusal");
}

#[test]
fn calls_in_a_history_without_tools_have_theirs_declared_and_forbidden() {
    let body = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    ]});
    let (written, dropped) = from_openai(&body, "claude-haiku-4-5").unwrap();
    assert_eq!(
        written["tools"],
        json!([{"name": "f", "input_schema": {"type": "object", "properties": {}}}])
    );
    assert_eq!(written["tool_choice"], json!({"type": "none"}));
    assert_eq!(dropped, ["tools"]);
}
