use super::*;
use crate::{
    model::{Class, Dialect},
    provider::{
        chat::{Answer, Delta, Media, Part, Role, Thinking, ToolChoice},
        translate::{
            BadAnswer, Reply, Untranslatable, notes::Dropped, read_answer, read_request, request,
            write_answer,
        },
    },
};

fn to_openai(body: &Value, model: &str) -> (Value, Vec<String>) {
    let there = request(
        Dialect::Anthropic,
        Dialect::OpenAi,
        body.to_string().as_bytes(),
        model,
    )
    .unwrap();
    (serde_json::from_slice(&there.body).unwrap(), there.dropped)
}

fn read(body: &Value) -> (crate::provider::chat::Chat, Vec<String>) {
    let mut dropped = Dropped::default();
    let chat = super::read_request(body, &mut dropped).unwrap();
    (chat, dropped.names())
}

fn stream(events: &[Value]) -> Vec<Delta> {
    let mut reader = super::StreamReader::default();
    let mut out = Vec::new();
    for event in events {
        reader.event(event, &mut out);
    }
    out
}

#[test]
fn a_plain_event_is_read_the_same_with_and_without_a_tree() {
    let choice = |rest: Value| {
        let mut choice =
            json!({"index": 0, "delta": {"content": "a\n\u{e9}"}, "finish_reason": null});
        let more = rest.as_object().cloned().unwrap_or_default();
        choice.as_object_mut().unwrap().extend(more);
        json!({"id": "x", "model": "m", "choices": [choice], "usage": null, "obfuscation": "zz"})
    };
    for (event, is_plain) in [
        (choice(json!({})), true),
        (
            choice(json!({"delta": {"role": "assistant", "content": ""}})),
            true,
        ),
        (choice(json!({"delta": {"content": null}})), false),
        (choice(json!({"delta": {}})), false),
        (
            choice(json!({"delta": {"content": "a", "reasoning_content": "b"}})),
            false,
        ),
        (
            choice(json!({"delta": {"content": "a", "tool_calls": []}})),
            false,
        ),
        (choice(json!({"finish_reason": "stop"})), false),
        (choice(json!({"error": {"message": "no"}})), false),
        (choice(json!({"index": 1})), false),
        (json!({"choices": [], "usage": {"prompt_tokens": 1}}), false),
        (json!({"error": {"message": "no"}}), false),
    ] {
        let start = json!({"id": "x", "model": "m", "choices": []});
        let mut reader = super::StreamReader::default();
        let mut plain = Vec::new();
        let data = event.to_string();
        assert!(
            !reader.plain(data.as_bytes(), &mut plain),
            "the head is no plain event"
        );
        reader.event(&start, &mut plain);
        assert_eq!(
            reader.plain(data.as_bytes(), &mut plain),
            is_plain,
            "{event}"
        );
        if is_plain {
            assert_eq!(plain, stream(&[start, event]));
        }
    }
}

#[test]
fn thirty_optional_fields_that_say_nothing_drop_nothing() {
    let (chat, dropped) = read(&json!({
        "model": "m", "messages": [{"role": "user", "content": "hi", "name": null}], "n": 1, "logprobs": false,
        "store": false, "logit_bias": {}, "metadata": {}, "modalities": ["text"], "service_tier": "auto",
        "frequency_penalty": 0, "presence_penalty": 0.0, "top_logprobs": 0, "stop": null, "tools": null,
        "response_format": {"type": "text"}, "prediction": null, "audio": null, "verbosity": "medium",
    }));
    assert!(chat.extra.is_empty(), "{:?}", chat.extra);
    assert!(dropped.is_empty(), "{dropped:?}");
    assert_eq!(chat.frequency_penalty, None);
}

#[test]
fn what_only_openai_can_say_is_dropped_by_name() {
    let body = json!({
        "model": "m", "n": 2, "logit_bias": {"50256": -100}, "logprobs": true, "prediction": {"type": "content"},
        "seed": 7, "frequency_penalty": 0.5, "temperature": 1.5, "unheard_of": 1,
        "messages": [{"role": "user", "name": "ann", "content": [
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ]}],
        "tools": [{"type": "custom", "custom": {"name": "x"}}],
    });
    let there = request(
        Dialect::OpenAi,
        Dialect::Anthropic,
        body.to_string().as_bytes(),
        "claude-sonnet-4-5",
    )
    .unwrap();
    for name in [
        "n",
        "logit_bias",
        "logprobs",
        "prediction",
        "seed",
        "frequency_penalty",
        "temperature",
        "unheard_of",
        "messages[0].name",
        "messages[0].content[0].image_url.detail",
        "tools[0]",
    ] {
        assert!(
            there.dropped.iter().any(|d| d == name),
            "{name} in {:?}",
            there.dropped
        );
    }
    assert_eq!(there.dropped.len(), 11);
}

#[test]
fn system_and_developer_messages_are_gathered_wherever_they_stand() {
    let (chat, _) = read(&json!({"messages": [
        {"role": "system", "content": "a"},
        {"role": "user", "content": "hi"},
        {"role": "developer", "content": [{"type": "text", "text": "b"}]},
        {"role": "user", "content": "there"},
    ]}));
    assert_eq!(
        chat.system,
        [Part::Text("a".into()), Part::Text("b".into())]
    );
    assert_eq!(
        chat.messages.len(),
        1,
        "the two user messages are one turn now"
    );
    assert_eq!(chat.messages[0].parts.len(), 2);
}

#[test]
fn legacy_functions_are_tools_and_their_results_find_their_call() {
    let (chat, dropped) = read(&json!({
        "functions": [{"name": "f", "parameters": {"type": "object"}}], "function_call": {"name": "f"},
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"x\":1}"}},
            {"role": "function", "name": "f", "content": "done"},
        ],
    }));
    assert_eq!(chat.tools[0].name, "f");
    assert_eq!(chat.tool_choice, Some(ToolChoice::Named("f".into())));
    let Part::ToolUse {
        id: called, input, ..
    } = &chat.messages[1].parts[0]
    else {
        panic!("a call")
    };
    let Part::ToolResult { id: answered, .. } = &chat.messages[2].parts[0] else {
        panic!("a result")
    };
    assert_eq!(called, answered);
    assert_eq!(input, &json!({"x": 1}));
    assert!(dropped.is_empty());
}

#[test]
fn files_and_audio_are_read_and_file_ids_are_no_file() {
    let (chat, _) = read(&json!({"messages": [{"role": "user", "content": [
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
    ]}]}));
    let pdf = Media::Base64 {
        media_type: "application/pdf".into(),
        data: "JVBE".into(),
    };
    assert_eq!(
        chat.messages[0].parts[0],
        Part::File {
            media: pdf,
            name: Some("a.pdf".into())
        }
    );
    let audio = Media::Base64 {
        media_type: "audio/wav".into(),
        data: "UklG".into(),
    };
    assert_eq!(
        chat.messages[0].parts[1],
        Part::File {
            media: audio,
            name: None
        }
    );
    let by_id = br#"{"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]}"#;
    let error = super::super::translate::read_request(Dialect::OpenAi, by_id).unwrap_err();
    assert!(
        matches!(&error, Untranslatable::Unsupported { field, .. } if field == "messages[0].content[0]"),
        "{error}"
    );
}

#[test]
fn requests_that_are_wrong_say_where() {
    for (body, field) in [
        ("<html>", "body"),
        ("{}", "messages"),
        (r#"{"messages":[{"role":"wizard"}]}"#, "messages[0].role"),
        (
            r#"{"messages":[{"role":"tool","content":"x"}]}"#,
            "messages[0].tool_call_id",
        ),
    ] {
        let error = read_request(Dialect::OpenAi, body.as_bytes()).unwrap_err();
        assert!(
            matches!(&error, Untranslatable::Invalid { field: f, .. } if f == field),
            "{body}: {error}"
        );
    }
}

#[test]
fn reasoning_models_get_their_own_fields_and_no_sampling() {
    let body = json!({"model": "m", "max_tokens": 900, "temperature": 0.3, "stop_sequences": ["x"],
        "thinking": {"type": "enabled", "budget_tokens": 20_000}, "messages": [{"role": "user", "content": "hi"}]});
    let (written, dropped) = to_openai(&body, "openai/gpt-5-mini");
    assert_eq!(written["max_completion_tokens"], 900);
    assert_eq!(written["reasoning_effort"], "high");
    assert!(
        written.get("temperature").is_none()
            && written.get("stop").is_none()
            && written.get("max_tokens").is_none()
    );
    assert_eq!(dropped, ["temperature", "stop"]);
    let (written, dropped) = to_openai(&body, "gpt-4.1");
    assert_eq!(
        (&written["max_tokens"], &written["temperature"]),
        (&json!(900), &json!(0.3))
    );
    assert_eq!(dropped, ["thinking"]);
}

#[test]
fn results_become_tool_messages_and_their_images_a_user_message() {
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}});
    let body = json!({"max_tokens": 5, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "looking"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": 1}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "seen"}, image]},
            {"type": "text", "text": "and?"},
        ]},
    ]});
    let (written, dropped) = to_openai(&body, "gpt-4.1");
    let messages = written["messages"].as_array().unwrap();
    assert_eq!(messages[1]["content"], "looking");
    assert_eq!(
        messages[1]["tool_calls"][0]["function"],
        json!({"name": "f", "arguments": "{\"x\":1}"})
    );
    assert_eq!(
        messages[2],
        json!({"role": "tool", "tool_call_id": "toolu_1", "content": "seen"})
    );
    assert_eq!(messages[3]["role"], "user");
    assert_eq!(
        messages[3]["content"][0]["image_url"]["url"],
        "data:image/png;base64,iVBO"
    );
    assert_eq!(
        messages[3]["content"][1],
        json!({"type": "text", "text": "and?"})
    );
    assert!(dropped.is_empty());
}

#[test]
fn refusals_and_filters_are_told_both_ways() {
    let refusal = br#"{"id":"a","model":"m","choices":[{"message":{"content":null,"refusal":"I can't"},"finish_reason":"stop"}]}"#;
    let answer = read_answer(Dialect::OpenAi, refusal).unwrap();
    assert_eq!(
        (answer.text().as_str(), answer.finish),
        ("I can't", Some(Finish::Refusal))
    );
    let written: Value =
        serde_json::from_slice(&write_answer(Dialect::OpenAi, &answer, &Reply::default())).unwrap();
    assert_eq!(written["choices"][0]["message"]["refusal"], "I can't");
    let filtered = br#"{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}"#;
    assert_eq!(
        read_answer(Dialect::OpenAi, filtered).unwrap().finish,
        Some(Finish::Policy)
    );
}

#[test]
fn a_200_that_is_an_error_is_no_answer() {
    let failed = br#"{"error":{"message":"x","code":502,"type":null}}"#;
    let Err(BadAnswer::Failed(verdict)) = read_answer(Dialect::OpenAi, failed) else {
        panic!("a failure")
    };
    assert_eq!(
        (verdict.class, verdict.code.as_str(), verdict.status),
        (Class::Fault, "http_502", Some(502))
    );
    assert_eq!(
        read_answer(Dialect::OpenAi, b"<html>"),
        Err(BadAnswer::NotJson)
    );
    assert_eq!(
        read_answer(Dialect::OpenAi, b"{}"),
        Err(BadAnswer::Shape("choices"))
    );
}

#[test]
fn parallel_calls_that_all_claim_to_be_number_0_are_told_apart_by_their_ids() {
    let call = |id: &str, name: &str| json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": id, "function": {"name": name, "arguments": "{}"}}]}}]});
    let deltas = stream(&[call("a", "f"), call("b", "f")]);
    let starts: Vec<_> = deltas
        .iter()
        .filter_map(|d| {
            if let Delta::ToolStart { index, id, .. } = d {
                Some((*index, id.as_str()))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(starts, [(0, "a"), (1, "b")]);
}

#[test]
fn a_server_that_repeats_id_and_name_in_every_piece_starts_one_call() {
    let piece = |args: &str| json!({"choices": [{"delta": {"tool_calls": [{"index": 3, "id": "a", "function": {"name": "f", "arguments": args}}]}}]});
    let deltas = stream(&[piece("{\"x\""), piece(":1}")]);
    assert_eq!(
        deltas
            .iter()
            .filter(|d| matches!(d, Delta::ToolStart { .. }))
            .count(),
        1
    );
    assert!(deltas.contains(&Delta::ToolArgs {
        index: 0,
        json: ":1}".into()
    }));
}

#[test]
fn a_stop_after_calls_is_a_tool_use_and_a_second_finish_is_not_told() {
    let end = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let call =
        json!({"choices": [{"delta": {"tool_calls": [{"id": "a", "function": {"name": "f"}}]}}]});
    let deltas = stream(&[call, end.clone(), end]);
    assert_eq!(
        deltas
            .iter()
            .filter(|d| **d == Delta::Finish(Finish::ToolUse))
            .count(),
        1
    );
}

#[test]
fn other_choices_of_a_stream_are_not_mixed_in() {
    let deltas = stream(&[json!({"choices": [{"index": 1, "delta": {"content": "other"}}]})]);
    assert!(deltas.is_empty());
}

#[test]
fn reasoning_and_its_signature_survive_a_client_that_sends_its_history_back() {
    let parts = vec![
        Part::Reasoning {
            text: "hm".into(),
            signature: Some("breakerbox/anthropic/Eq".into()),
        },
        Part::ToolUse {
            id: "c1".into(),
            name: "f".into(),
            input: json!({}),
            signature: Some("breakerbox/gemini/Qm".into()),
        },
    ];
    let answer = Answer {
        parts: parts.clone(),
        ..Answer::default()
    };
    let written: Value =
        serde_json::from_slice(&write_answer(Dialect::OpenAi, &answer, &Reply::default())).unwrap();
    let (chat, dropped) = read(&json!({"messages": [written["choices"][0]["message"]]}));
    assert_eq!(chat.messages[0].role, Role::Assistant);
    assert_eq!(chat.messages[0].parts, parts);
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn openrouters_reasoning_object_is_understood() {
    let with = |reasoning: Value| {
        read(&json!({"messages": [], "reasoning": reasoning}))
            .0
            .thinking
    };
    assert_eq!(
        with(json!({"max_tokens": 2000})),
        Some(Thinking::Budget(2000))
    );
    assert_eq!(with(json!({"effort": "none"})), Some(Thinking::Off));
}

#[test]
fn usage_counts_what_servers_count_apart() {
    let xai = read_usage(
        &json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 35,
        "completion_tokens_details": {"reasoning_tokens": 20}}),
    );
    assert_eq!((xai.output, xai.reasoning), (25, 20));
    let grok = read_usage(
        &json!({"prompt_tokens": 7, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 163}}),
    );
    assert_eq!((grok.input, grok.cache_read), (170, 163));
}
