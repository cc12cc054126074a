mod taken_up;

use super::*;
use crate::{
    model::Dialect,
    provider::{
        chat::{Delta, Media, Output, Part, Role, Thinking, ToolChoice},
        translate::{
            Reply, Untranslatable, read_answer as read_whole, read_request as read, request,
        },
    },
};
use serde_json::{Value, json};

fn chat(body: &Value) -> crate::provider::chat::Chat {
    read(Dialect::Responses, body.to_string().as_bytes()).unwrap()
}

fn refused(body: &Value) -> String {
    match read(Dialect::Responses, body.to_string().as_bytes()) {
        Err(Untranslatable::Unsupported { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

/// As another dialect's caller has it sent.
fn written(body: &Value, model: &str) -> (Value, Vec<String>) {
    let made = request(
        Dialect::OpenAi,
        Dialect::Responses,
        body.to_string().as_bytes(),
        model,
    );
    let made = made.unwrap();
    (serde_json::from_slice(&made.body).unwrap(), made.dropped)
}

#[test]
fn an_input_of_one_text_is_what_the_user_says() {
    let read = chat(&json!({"model": "m", "input": "hi", "instructions": "Be brief."}));
    assert_eq!(read.system, [Part::Text("Be brief.".into())]);
    assert_eq!(read.messages.len(), 1);
    assert_eq!(read.messages[0].parts, [Part::Text("hi".into())]);
}

#[test]
fn items_become_turns_and_calls_keep_their_results() {
    let read = chat(&json!({"model": "m", "input": [
        {"role": "developer", "content": "d"},
        {"role": "user", "content": [{"type": "input_text", "text": "look"},
            {"type": "input_image", "image_url": "data:image/png;base64,iVBOR"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAA"},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}", "status": "completed"},
        {"type": "function_call_output", "call_id": "c1", "output": "4"},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "so", "annotations": [], "logprobs": []}]},
    ]}));
    assert_eq!(read.system, [Part::Text("d".into())]);
    let roles: Vec<_> = read.messages.iter().map(|m| m.role).collect();
    assert_eq!(
        roles,
        [Role::User, Role::Assistant, Role::User, Role::Assistant]
    );
    assert!(matches!(
        read.messages[0].parts[1],
        Part::Image(Media::Base64 { .. })
    ));
    assert!(matches!(&read.messages[0].parts[2], Part::File { name: Some(n), .. } if n == "a.pdf"));
    let Part::Reasoning { text, signature } = &read.messages[1].parts[0] else {
        panic!("{:?}", read.messages[1]);
    };
    assert_eq!(
        (text.as_str(), signature.as_deref()),
        ("hm", Some("breakerbox/responses/gAAA"))
    );
    assert!(matches!(&read.messages[1].parts[1], Part::ToolUse { id, .. } if id == "c1"));
    assert!(matches!(&read.messages[2].parts[0], Part::ToolResult { id, .. } if id == "c1"));
}

#[test]
fn parameters_have_their_neutral_places() {
    let read = chat(
        &json!({"model": "m", "input": "x", "max_output_tokens": 50, "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "p", "schema": {"type": "object"}, "strict": true}},
        "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": false}, {"type": "function", "name": "g", "parameters": {}}],
        "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "g"}]}}),
    );
    assert_eq!(read.max_tokens, Some(50));
    assert_eq!(read.thinking, Some(Thinking::Effort("low".into())));
    assert!(matches!(
        read.output,
        Output::Schema {
            strict: Some(true),
            ..
        }
    ));
    assert_eq!(
        read.tools
            .iter()
            .map(|t| t.name.as_str())
            .collect::<Vec<_>>(),
        ["g"]
    );
    assert_eq!(read.tool_choice, Some(ToolChoice::Required));
}

#[test]
fn what_lies_or_runs_at_openai_has_no_equivalent_and_is_named() {
    for (name, value, field) in [
        (
            "previous_response_id",
            json!("resp_1"),
            "previous_response_id",
        ),
        ("conversation", json!("conv_1"), "conversation"),
        ("background", json!(true), "background"),
        ("tools", json!([{"type": "web_search"}]), "tools[0]"),
        (
            "tools",
            json!([{"type": "local_shell"}, {"type": "function", "name": "f"}]),
            "tools[0]",
        ),
        (
            "input",
            json!([{"type": "item_reference", "id": "msg_1"}]),
            "input[0]",
        ),
        (
            "input",
            json!([{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]),
            "input[0].content[0]",
        ),
    ] {
        let mut body = json!({"model": "m", "input": "x"});
        body[name] = value;
        assert_eq!(refused(&body), field);
    }
}

#[test]
fn what_others_cannot_do_is_dropped_by_name_unless_it_says_nothing() {
    let body = json!({"model": "m", "input": "x", "store": true, "truncation": "auto", "include": ["reasoning.encrypted_content"],
        "metadata": {}, "service_tier": "auto", "background": false, "previous_response_id": null});
    let made = request(
        Dialect::Responses,
        Dialect::OpenAi,
        body.to_string().as_bytes(),
        "m",
    )
    .unwrap();
    assert_eq!(made.dropped, ["store", "truncation"]);
}

#[test]
fn a_request_asks_that_nothing_is_stored_and_functions_are_not_strict_by_accident() {
    let tool =
        json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let body = json!({"model": "r", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "x"}],
        "tools": [tool], "max_tokens": 5, "temperature": 0.5, "stop": ["a"]});
    let (out, dropped) = written(&body, "gpt-4.1");
    assert_eq!(out["store"], false);
    assert_eq!(out["instructions"], "s");
    assert_eq!(out["input"], json!([{"role": "user", "content": "x"}]));
    assert_eq!(out["tools"][0]["strict"], false);
    assert_eq!(out["max_output_tokens"], 16, "less is refused");
    assert_eq!(dropped, ["max_tokens", "stop"]);
    assert_eq!(out.get("include"), None);
    let (out, dropped) = written(&body, "gpt-5-mini");
    assert_eq!(out["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!(out.get("temperature"), None);
    assert_eq!(dropped, ["max_tokens", "temperature", "stop"]);
}

#[test]
fn reasoning_goes_back_to_where_it_was_sealed_and_nowhere_else() {
    let body = |signature: &str| {
        json!({"model": "r", "messages": [{"role": "user", "content": "x"},
        {"role": "assistant", "content": "y", "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": signature}]},
        {"role": "user", "content": "z"}]})
    };
    let (out, _) = written(&body("breakerbox/responses/gAAA"), "gpt-5");
    assert_eq!(out["input"][1]["type"], "reasoning");
    assert_eq!(out["input"][1]["encrypted_content"], "gAAA");
    let (out, dropped) = written(&body("breakerbox/gemini/Eq"), "gpt-5");
    assert_eq!(out["input"].as_array().unwrap().len(), 3);
    assert_eq!(dropped, ["thinking"]);
}

#[test]
fn a_refusal_a_search_and_a_summary_are_read_from_an_answer() {
    let body = json!({"id": "r", "model": "m", "status": "completed", "output": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}],
        "usage": {"input_tokens": 5, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 3}}});
    let answer = read_whole(Dialect::Responses, body.to_string().as_bytes()).unwrap();
    assert_eq!(answer.text(), "no");
    assert_eq!(answer.finish, Some(Finish::Refusal));
    assert_eq!(
        answer.parts[0],
        Part::Reasoning {
            text: "a\n\nb".into(),
            signature: None
        }
    );
    assert_eq!((answer.usage.input, answer.usage.cache_read), (5, 3));
    let written = write_answer(&answer, &Reply::default());
    assert_eq!(written["output"][1]["content"][0]["type"], "refusal");
}

/// As a stream of this dialect says it.
fn deltas(events: &[Value]) -> Vec<Delta> {
    let (mut reader, mut out) = (StreamReader::default(), Vec::new());
    for event in events {
        reader.event(None, event, &mut out);
    }
    out
}

#[test]
fn the_text_of_a_custom_tool_is_read_as_arguments_in_a_stream_as_in_a_whole_answer() {
    let call = |said: &str| json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "p", "input": said});
    let said = "a\n\"é\"";
    let told = deltas(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": call("")}),
        json!({"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "a\n\""}),
        json!({"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "é\""}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": call(said)}),
    ]);
    let mut collector = crate::provider::translate::Collector::default();
    for delta in &told {
        collector.push(delta);
    }
    let body = json!({"status": "completed", "output": [call(said)]});
    let whole = read_whole(Dialect::Responses, body.to_string().as_bytes()).unwrap();
    assert_eq!(collector.answer().parts, whole.parts);
    let Part::ToolUse { input, .. } = &whole.parts[0] else {
        panic!("{whole:?}");
    };
    assert_eq!(*input, json!({ "input": said }));
}

#[test]
fn a_stream_that_broke_off_inside_a_custom_tools_text_is_taken_up_as_a_text() {
    let events = [
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "r", "model": "m", "output": []}}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0,
            "item": {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "p", "input": ""}}),
        json!({"type": "response.custom_tool_call_input.delta", "sequence_number": 2, "output_index": 0, "delta": "one "}),
    ];
    let reply = Reply {
        custom: vec!["p".to_owned()],
        ..Reply::default()
    };
    let mut reader = crate::provider::translate::StreamReader::new(Dialect::Responses);
    let mut collector = crate::provider::translate::Collector::default();
    let mut said = Vec::new();
    for event in &events {
        reader.event(None, event.to_string().as_bytes(), &mut said);
    }
    for delta in &said {
        collector.push(delta);
    }
    let mut writer =
        crate::provider::translate::StreamWriter::resume(reply, true, &collector.retell(), &reader);
    let mut out = bytes::BytesMut::new();
    let json = "two\"}".to_owned();
    writer.write(&Delta::ToolArgs { index: 0, json }, &mut out);
    let told = String::from_utf8(out.to_vec()).unwrap();
    let told: Vec<Value> = told
        .lines()
        .filter_map(|l| serde_json::from_str(l.strip_prefix("data: ")?).ok())
        .collect();
    assert_eq!(told[0]["delta"], "two");
    assert_eq!(told[0]["sequence_number"], 3);
    assert_eq!(told[2]["item"]["input"], "one two");
}
