use super::*;
use crate::{
    model::Dialect,
    provider::{
        chat::{Delta, Part, Thinking},
        translate::{
            BadAnswer, Reply, StreamReader, Untranslatable, read_answer, read_request, request,
            write_answer,
        },
    },
};
use serde_json::json;

const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const SONNET_3: &str = "anthropic.claude-3-5-sonnet-20241022-v2:0";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
const NOVA: &str = "amazon.nova-pro-v1:0";
const LLAMA: &str = "us.meta.llama4-maverick-17b-instruct-v1:0";

fn asked(body: &Value, model: &str) -> Result<(Value, Vec<String>), Untranslatable> {
    let body = body.to_string();
    let there = request(Dialect::OpenAi, Dialect::Bedrock, body.as_bytes(), model)?;
    Ok((serde_json::from_slice(&there.body).unwrap(), there.dropped))
}

fn from_openai(body: &Value, model: &str) -> (Value, Vec<String>) {
    asked(body, model).unwrap()
}

fn user(content: &Value) -> Value {
    json!({ "messages": [{ "role": "user", "content": content }] })
}

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

fn stream(events: &[(&str, Value)]) -> Vec<Delta> {
    let mut reader = StreamReader::new(Dialect::Bedrock);
    reader.asked("m");
    let mut out = Vec::new();
    for (name, event) in events {
        reader.event(Some(name), event.to_string().as_bytes(), &mut out);
    }
    out
}

#[test]
fn a_plain_request_is_written_in_amazons_form() {
    let body = json!({
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}],
        "max_tokens": 9, "temperature": 0.5, "stop": ["END"], "stream": true, "seed": 3,
    });
    let (written, dropped) = from_openai(&body, LLAMA);
    let expected = json!({
        "system": [{"text": "s"}],
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "stopSequences": ["END"]},
    });
    assert_eq!(written, expected);
    assert_eq!(dropped, ["seed"]);
}

#[test]
fn calls_and_their_results_stand_where_amazon_wants_them() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}});
    let body = json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "one moment", "tool_calls": [call("a"), call("functions.f:1")]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "functions.f:1", "content": ""},
        {"role": "user", "content": "and?"},
    ], "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}], "tool_choice": "required"});
    let (written, dropped) = from_openai(&body, NOVA);
    let said = &written["messages"][1]["content"];
    assert_eq!(said[0], json!({"text": "one moment"}));
    assert_eq!(
        said[1],
        json!({"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}})
    );
    let back = &written["messages"][2]["content"];
    assert_eq!(
        back[0],
        json!({"toolResult": {"toolUseId": "a", "content": [{"text": "1"}]}})
    );
    assert_eq!(
        back[1]["toolResult"]["toolUseId"], said[2]["toolUse"]["toolUseId"],
        "an id that Amazon refuses is changed in both places"
    );
    assert_eq!(
        back[1]["toolResult"]["content"],
        json!([{"text": "(no output)"}])
    );
    assert_eq!(back[2], json!({"text": "and?"}));
    assert_eq!(
        written["toolConfig"],
        json!({
            "tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}],
            "toolChoice": {"any": {}},
        })
    );
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn tools_that_are_forbidden_are_declared_only_for_a_history_with_calls() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let body = with(
        with(user(&json!("hi")), "tools", tools.clone()),
        "tool_choice",
        json!("none"),
    );
    let (written, _) = from_openai(&body, NOVA);
    assert!(written.get("toolConfig").is_none());
    let history = json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    ]);
    let (written, dropped) = from_openai(&with(body, "messages", history.clone()), NOVA);
    assert_eq!(written["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(dropped, ["tool_choice"]);
    let (written, dropped) = from_openai(&json!({ "messages": history }), NOVA);
    assert_eq!(written["toolConfig"]["tools"][0]["toolSpec"]["name"], "g");
    assert_eq!(dropped, ["tools"]);
}

#[test]
fn images_and_documents_carry_their_format_and_documents_a_name_of_their_own() {
    let file = |name: &str| json!({"type": "file", "file": {"filename": name, "file_data": "data:application/pdf;base64,QQ=="}});
    let body = user(&json!([
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,QQ=="}},
        file("q1 report_v2.pdf"), file("q1 report_v2.pdf"), file("📄.pdf"),
    ]));
    let (written, _) = from_openai(&body, HAIKU);
    let content = &written["messages"][0]["content"];
    assert_eq!(
        content[0],
        json!({"image": {"format": "jpeg", "source": {"bytes": "QQ=="}}})
    );
    assert_eq!(
        content[1]["document"],
        json!({"format": "pdf", "name": "q1 report v2", "source": {"bytes": "QQ=="}})
    );
    assert_eq!(content[2]["document"]["name"], "q1 report v2 (2)");
    assert_eq!(content[3]["document"]["name"], "document");
    assert!(content[4]["text"].is_string(), "words beside documents");
}

#[test]
fn an_image_that_amazon_would_have_to_fetch_is_for_another_tier() {
    let body =
        user(&json!([{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]));
    assert!(matches!(
        asked(&body, HAIKU),
        Err(Untranslatable::Unsupported { .. })
    ));
    let stored = user(&json!([{"type": "image_url", "image_url": {"url": "s3://bucket/a.png"}}]));
    let (written, _) = from_openai(&stored, HAIKU);
    assert_eq!(
        written["messages"][0]["content"][0],
        json!({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}})
    );
}

#[test]
fn every_family_is_told_to_think_in_its_own_words() {
    let body = with(user(&json!("hi")), "reasoning_effort", json!("low"));
    for (model, expected, lost) in [
        (
            HAIKU,
            json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}),
            false,
        ),
        (
            "us.anthropic.claude-opus-4-6-v1",
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
            false,
        ),
        (
            NOVA_2,
            json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
            false,
        ),
        (NOVA, Value::Null, true),
        (LLAMA, Value::Null, true),
    ] {
        let (written, dropped) = from_openai(&body, model);
        assert_eq!(written["additionalModelRequestFields"], expected, "{model}");
        assert_eq!(dropped.contains(&"thinking".to_owned()), lost, "{model}");
        if !lost {
            let back = read_request(Dialect::Bedrock, written.to_string().as_bytes()).unwrap();
            assert!(back.thinking.is_some_and(|t| t != Thinking::Off), "{model}");
        }
    }
    let hard = with(
        with(body, "reasoning_effort", json!("high")),
        "max_tokens",
        json!(5),
    );
    let (written, dropped) = from_openai(&hard, NOVA_2);
    assert!(written.get("inferenceConfig").is_none());
    assert_eq!(dropped, ["max_tokens"]);
}

#[test]
fn top_k_goes_where_each_family_looks_for_it() {
    let body =
        json!({"max_tokens": 5, "top_k": 7, "messages": [{"role": "user", "content": "hi"}]});
    for (model, expected) in [
        (SONNET_3, json!({"top_k": 7})),
        (NOVA, json!({"inferenceConfig": {"topK": 7}})),
        (LLAMA, Value::Null),
    ] {
        let there = request(
            Dialect::Anthropic,
            Dialect::Bedrock,
            body.to_string().as_bytes(),
            model,
        )
        .unwrap();
        let written: Value = serde_json::from_slice(&there.body).unwrap();
        assert_eq!(written["additionalModelRequestFields"], expected, "{model}");
        assert_eq!(there.dropped.is_empty(), model != LLAMA, "{model}");
    }
}

#[test]
fn a_newer_claude_gets_one_of_temperature_and_top_p() {
    let body = with(
        with(user(&json!("hi")), "temperature", json!(0.2)),
        "top_p",
        json!(0.9),
    );
    let (written, dropped) = from_openai(&body, HAIKU);
    assert_eq!(written["inferenceConfig"], json!({"temperature": 0.2}));
    assert_eq!(dropped, ["top_p"]);
    let (written, _) = from_openai(&body, SONNET_3);
    assert_eq!(
        written["inferenceConfig"],
        json!({"temperature": 0.2, "topP": 0.9})
    );
}

#[test]
fn a_schema_for_the_output_is_a_text_for_models_that_take_one() {
    let format = json!({"type": "json_schema", "json_schema": {"name": "p", "schema": {"type": "object", "properties": {}}}});
    let body = with(user(&json!("hi")), "response_format", format);
    let (written, _) = from_openai(&body, HAIKU);
    let structure = &written["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    let schema: Value = serde_json::from_str(structure["schema"].as_str().unwrap()).unwrap();
    assert_eq!(
        schema,
        json!({"type": "object", "properties": {}, "additionalProperties": false})
    );
    assert_eq!(structure["name"], "p");
    let (written, dropped) = from_openai(&body, NOVA);
    assert!(written.get("outputConfig").is_none());
    assert_eq!(dropped, ["response_format"]);
}

#[test]
fn reasoning_returns_signed_to_the_provider_that_gave_it_and_to_no_other() {
    let answer = json!({"output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "Eq/+=="}}},
        {"reasoningContent": {"redactedContent": "cmVk"}},
        {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}},
    ]}}, "stopReason": "tool_use"});
    let answer = read_answer(Dialect::Bedrock, answer.to_string().as_bytes()).unwrap();
    let said = write_answer(Dialect::Anthropic, &answer, &Reply::default());
    let said: Value = serde_json::from_slice(&said).unwrap();
    let history = json!({"max_tokens": 5000, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": said["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "1"}]},
    ]});
    let body = history.to_string();
    let there = request(Dialect::Anthropic, Dialect::Bedrock, body.as_bytes(), HAIKU).unwrap();
    let written: Value = serde_json::from_slice(&there.body).unwrap();
    let content = &written["messages"][1]["content"];
    assert_eq!(
        content[0],
        json!({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "Eq/+=="}}})
    );
    assert_eq!(
        content[1],
        json!({"reasoningContent": {"redactedContent": "cmVk"}})
    );
    let there = request(
        Dialect::Anthropic,
        Dialect::OpenAi,
        body.as_bytes(),
        "gpt-5",
    )
    .unwrap();
    assert!(!String::from_utf8_lossy(&there.body).contains("Eq/+=="));
}

#[test]
fn a_stream_names_who_was_asked_and_ends_with_its_metadata() {
    let deltas = stream(&[
        ("messageStart", json!({"role": "assistant"})),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "Eq"}}}),
        ),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 1, "delta": {"text": "hi"}}),
        ),
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 2, "delta": {"toolUse": {"input": "{}"}}}),
        ),
        ("somethingNew", json!({"x": 1})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        (
            "metadata",
            json!({"usage": {"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 1}}),
        ),
    ]);
    let usage = Usage {
        input: 9,
        output: 2,
        cache_read: 3,
        cache_write: 1,
        reasoning: 0,
    };
    assert_eq!(
        deltas,
        [
            Delta::Start {
                id: String::new(),
                model: "m".into()
            },
            Delta::Reasoning("hm".into()),
            Delta::Signature("breakerbox/bedrock/Eq".into()),
            Delta::Life,
            Delta::Text("hi".into()),
            Delta::ToolStart {
                index: 0,
                id: "a".into(),
                name: "f".into(),
                signature: None
            },
            Delta::ToolArgs {
                index: 0,
                json: "{}".into()
            },
            Delta::Life,
            Delta::Finish(Finish::ToolUse),
            Delta::Usage(usage),
            Delta::End,
        ]
    );
}

#[test]
fn what_amazons_own_tools_do_is_neither_a_call_nor_an_argument() {
    let deltas = stream(&[
        (
            "contentBlockStart",
            json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "nova_grounding", "type": "server_tool_use"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}),
        ),
        (
            "contentBlockDelta",
            json!({"contentBlockIndex": 1, "delta": {"citation": {"title": "x"}}}),
        ),
    ]);
    assert_eq!(deltas, [Delta::Life, Delta::Life, Delta::Life]);
}

#[test]
fn cited_text_is_text() {
    let body = json!({"output": {"message": {"content": [
        {"text": "So "}, {"citationsContent": {"content": [{"text": "it is."}], "citations": [{}]}},
    ]}}, "stopReason": "end_turn"});
    let answer = read_answer(Dialect::Bedrock, body.to_string().as_bytes()).unwrap();
    assert_eq!(answer.text(), "So it is.");
}

#[test]
fn ends_that_leave_no_answer_are_verdicts_and_guardrails_are_policy() {
    let with = |reason: &str| {
        let body = json!({"output": {"message": {"content": []}}, "stopReason": reason});
        read_answer(Dialect::Bedrock, body.to_string().as_bytes())
    };
    assert!(
        matches!(with("malformed_tool_use"), Err(BadAnswer::Failed(v)) if v.class == Class::Soft)
    );
    assert_eq!(
        with("guardrail_intervened").unwrap().finish,
        Some(Finish::Policy)
    );
    let deltas = stream(&[(
        "messageStop",
        json!({"stopReason": "malformed_model_output"}),
    )]);
    assert!(matches!(&deltas[..], [Delta::Error(v)] if v.code == "malformed_model_output"));
}

#[test]
fn a_request_in_amazons_words_is_read() {
    let body = json!({
        "system": [{"text": "s"}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [{"text": "go"}, {"document": {"format": "txt", "name": "d", "source": {"text": "facts"}}}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"json": {"y": 2}}], "status": "error"}}]},
        ],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}, {"systemTool": {"name": "nova_grounding"}}],
            "toolChoice": {"tool": {"name": "f"}}},
        "guardrailConfig": {"guardrailIdentifier": "g"},
    });
    let chat = read_request(Dialect::Bedrock, body.to_string().as_bytes()).unwrap();
    assert_eq!(chat.messages[0].parts[1], Part::Text("facts".into()));
    assert!(
        matches!(&chat.messages[2].parts[0], Part::ToolResult { id, is_error: true, content, .. } if id == "a" && content == &[Part::Text("{\"y\":2}".into())])
    );
    assert_eq!(
        (chat.tools.len(), chat.tool_choice),
        (
            1,
            Some(crate::provider::chat::ToolChoice::Named("f".into()))
        )
    );
    assert!(chat.extra.contains_key("guardrailConfig"));
}
