//! An agent that speaks the Responses API as its own provider's tools do, over a tier of another provider.

use super::{
    rig::{Rig, header, provider},
    upstream::{Do, Upstream, anthropic, by, chunk, end, json, named, response, sse_head},
};
use serde_json::{Value, json};

const PATCH: &str = "*** Begin Patch\n*** Update File: a.rs\n-\tlet a = \"é\";\n*** End Patch\n";

/// What such an agent sends on every turn.
fn turn(input: &Value) -> Value {
    json!({
        "model": "r", "instructions": "You are a coding agent.", "input": input, "stream": true, "store": false,
        "tools": [
            {"type": "function", "name": "shell", "description": "Runs a command", "strict": false,
                "parameters": {"type": "object", "properties": {"command": {"type": "array", "items": {"type": "string"}}},
                    "required": ["command"], "additionalProperties": false}},
            {"type": "custom", "name": "apply_patch", "description": "Edits files",
                "format": {"type": "grammar", "syntax": "lark", "definition": "start: begin_patch hunk+ end_patch"}},
            {"type": "web_search", "external_web_access": false},
        ],
        "tool_choice": "auto", "parallel_tool_calls": false, "prompt_cache_key": "0199",
        "reasoning": {"effort": "medium", "summary": "auto"}, "include": ["reasoning.encrypted_content"],
    })
}

fn asked() -> Value {
    json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it."}]}])
}

fn tier(upstream: &Upstream) -> String {
    format!(
        "{}[routes.r]\ntiers = [\"b/claude-x\"]\n[cache]\nenabled = false\n",
        provider("b", "anthropic", upstream)
    )
}

/// A stream that says something and then calls the tool with these pieces of its arguments.
fn calling(pieces: &[&str]) -> Vec<Do> {
    let mut text = named(
        &json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 1}}}),
    ) + &named(
        &json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ) + &named(
        &json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I patch it."}}),
    ) + &named(&json!({"type": "content_block_stop", "index": 0}))
        + &named(&json!({"type": "content_block_start", "index": 1,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "apply_patch", "input": {}}}));
    for piece in pieces {
        text += &named(&json!({"type": "content_block_delta", "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": piece}}));
    }
    text += &(named(&json!({"type": "content_block_stop", "index": 1}))
        + &named(
            &json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"output_tokens": 30}}),
        )
        + &named(&json!({"type": "message_stop"})));
    vec![sse_head(), chunk(&text), end()]
}

fn events(stream: &str) -> Vec<Value> {
    stream
        .lines()
        .filter_map(|l| l.strip_prefix("data: "))
        .map(|d| serde_json::from_str(d).unwrap())
        .collect()
}

fn of<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|e| e["type"] == kind).collect()
}

#[tokio::test]
async fn a_patch_that_another_model_writes_arrives_as_a_custom_tools_text() {
    let json = json!({"input": PATCH}).to_string().replacen(':', ": ", 1);
    let (first, rest) = json.split_at(17);
    let up = Upstream::start(vec![calling(&["", first, rest])]).await;
    let rig = Rig::start(&tier(&up)).await;
    let answered = rig.post("/v1/responses", &turn(&asked())).await;
    assert_eq!(answered.status(), 200);
    assert_eq!(
        header(&answered, "x-breakerbox-dropped"),
        "tools[2], prompt_cache_key"
    );
    let told = events(&answered.text().await.unwrap());
    let text: String = of(&told, "response.custom_tool_call_input.delta")
        .iter()
        .map(|e| e["delta"].as_str().unwrap())
        .collect();
    assert_eq!(text, PATCH);
    let whole = of(&told, "response.custom_tool_call_input.done");
    assert_eq!(whole[0]["input"], PATCH);
    assert_eq!(whole.len(), 1);
    assert_eq!(of(&told, "response.function_call_arguments.delta").len(), 0);
    let items = of(&told, "response.output_item.done");
    let call = &items.last().unwrap()["item"];
    assert_eq!(
        (
            &call["type"],
            &call["call_id"],
            &call["name"],
            &call["input"]
        ),
        (
            &json!("custom_tool_call"),
            &json!("toolu_1"),
            &json!("apply_patch"),
            &json!(PATCH)
        )
    );
    let last = told.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["output"][1], *call);
}

#[tokio::test]
async fn another_model_gets_a_function_with_one_field_and_the_grammar_in_words() {
    let up = Upstream::start(vec![calling(&["{\"input\":\"x\"}"])]).await;
    let rig = Rig::start(&tier(&up)).await;
    rig.post("/v1/responses", &turn(&asked())).await;
    let sent = up.asked().pop().unwrap().json();
    let names: Vec<_> = sent["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert_eq!(names, ["shell", "apply_patch"]);
    let patch = &sent["tools"][1];
    assert_eq!(patch["input_schema"]["required"], json!(["input"]));
    let says = patch["description"].as_str().unwrap();
    assert!(says.starts_with("Edits files"), "{says}");
    assert!(
        says.ends_with("(lark):\nstart: begin_patch hunk+ end_patch"),
        "{says}"
    );
}

#[tokio::test]
async fn a_call_and_its_result_go_back_as_the_functions_whoever_made_the_call() {
    let mut told = serde_json::from_str::<Value>(
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","stop_reason":"tool_use","stop_sequence":null,
            "usage":{"input_tokens":1,"output_tokens":1}}"#,
    )
    .unwrap();
    told["content"] = json!([{"type": "tool_use", "id": "toolu_1", "name": "apply_patch", "input": {"input": PATCH}}]);
    let up = Upstream::start(vec![
        json(200, &[], &told.to_string()),
        anthropic("claude-x", "Done."),
    ])
    .await;
    let rig = Rig::start(&tier(&up)).await;
    let mut body = turn(&asked());
    body["stream"] = json!(false);
    let first: Value = rig.post("/v1/responses", &body).await.json().await.unwrap();
    let call = first["output"][0].clone();
    assert_eq!(
        (&call["type"], &call["input"]),
        (&json!("custom_tool_call"), &json!(PATCH))
    );
    let items = body["input"].as_array_mut().unwrap();
    items.push(json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}}));
    items.push(call);
    items.push(
        json!({"type": "custom_tool_call_output", "call_id": "toolu_1", "output": "Success."}),
    );
    let second: Value = rig.post("/v1/responses", &body).await.json().await.unwrap();
    assert_eq!(second["output"][0]["content"][0]["text"], "Done.");
    let sent = up.asked().pop().unwrap().json();
    assert_eq!(
        sent["messages"][1]["content"][0]["input"],
        json!({"input": PATCH})
    );
    assert_eq!(sent["messages"][2]["content"][0]["tool_use_id"], "toolu_1");
}

#[tokio::test]
async fn a_model_that_invents_another_field_has_its_own_words_told() {
    let up = Upstream::start(vec![calling(&["{\"pat", "ch\":\"x\"}"])]).await;
    let rig = Rig::start(&tier(&up)).await;
    let answered = rig.post("/v1/responses", &turn(&asked())).await;
    let told = events(&answered.text().await.unwrap());
    let whole = of(&told, "response.custom_tool_call_input.done");
    assert_eq!(whole[0]["input"], "{\"patch\":\"x\"}");
}

#[tokio::test]
async fn who_asks_for_a_search_is_not_answered_without_one() {
    let up = Upstream::start(vec![anthropic("claude-x", "Rain.")]).await;
    let rig = Rig::start(&tier(&up)).await;
    for choice in [json!("required"), json!({"type": "web_search"})] {
        let mut body = turn(&asked());
        body["tool_choice"] = choice;
        let answered = rig.post("/v1/responses", &body).await;
        assert_eq!(answered.status(), 400);
        let said: Value = answered.json().await.unwrap();
        assert_eq!(said["error"]["param"], "tools[2]");
    }
    assert!(up.asked().is_empty());
}

#[tokio::test]
async fn a_call_of_a_custom_tool_passes_through_where_it_is_known() {
    let call = json!({"id": "ctc_1", "type": "custom_tool_call", "status": "completed", "call_id": "c1",
        "name": "apply_patch", "input": PATCH});
    let mut whole = response("m-a", "");
    whole["output"] = json!([call]);
    let mut begun = call.clone();
    begun["input"] = json!("");
    let text = named(&json!({"type": "response.created", "sequence_number": 0, "response": whole}))
        + &named(
            &json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": begun}),
        )
        + &named(
            &json!({"type": "response.custom_tool_call_input.delta", "sequence_number": 2, "output_index": 0,
            "item_id": "ctc_1", "delta": PATCH}),
        )
        + &named(
            &json!({"type": "response.custom_tool_call_input.done", "sequence_number": 3, "output_index": 0,
            "item_id": "ctc_1", "input": PATCH}),
        )
        + &named(
            &json!({"type": "response.output_item.done", "sequence_number": 4, "output_index": 0, "item": call}),
        )
        + &named(&json!({"type": "response.completed", "sequence_number": 5, "response": whole}));
    let up = Upstream::start(vec![vec![sse_head(), chunk(&text), end()]]).await;
    let rig = Rig::start(&account(&up)).await;
    let body = turn(&asked());
    let answered = rig.post("/v1/responses", &body).await;
    assert_eq!(answered.text().await.unwrap(), text);
    assert_eq!(up.asked().pop().unwrap().json()["tools"], body["tools"]);
}

/// An account that opens nothing that another has sealed.
fn opens_nothing() -> Vec<Do> {
    by(|asked| {
        if String::from_utf8_lossy(&asked.body).contains("gAAAA") {
            let refusal = r#"{"error":{"message":"The encrypted content gAAA...x== could not be verified.",
                "type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}"#;
            return json(400, &[], refusal);
        }
        json(200, &[], &response("m-a", "Done.").to_string())
    })
}

fn account(upstream: &Upstream) -> String {
    format!(
        "{}responses = true\n[routes.r]\ntiers = [\"a/m-a\"]\n[cache]\nenabled = false\n",
        provider("a", "openai", upstream)
    )
}

#[tokio::test]
async fn reasoning_that_another_account_sealed_is_left_out_and_the_caller_is_answered() {
    let up = Upstream::start(vec![opens_nothing()]).await;
    let rig = Rig::start(&account(&up)).await;
    let mut input = asked();
    input.as_array_mut().unwrap().extend([
        json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAx=="}),
        json!({"type": "function_call", "call_id": "c1", "name": "shell", "arguments": "{}"}),
        json!({"type": "function_call_output", "call_id": "c1", "output": "ok"}),
    ]);
    let mut body = turn(&input);
    body["stream"] = json!(false);
    let answered = rig.post("/v1/responses", &body).await;
    assert_eq!(answered.status(), 200);
    assert_eq!(header(&answered, "x-breakerbox-dropped"), "reasoning");
    assert_eq!(header(&answered, "x-breakerbox-attempts"), "2");
    let sent = up.asked();
    assert_eq!(sent.len(), 2);
    let kinds: Vec<_> = sent[1].json()["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["message", "function_call", "function_call_output"]);
}

#[tokio::test]
async fn an_account_that_refuses_it_twice_has_the_last_word() {
    let refusal = r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}"#;
    let up = Upstream::start(vec![json(400, &[], refusal)]).await;
    let rig = Rig::start(&account(&up)).await;
    let answered = rig.post("/v1/responses", &turn(&asked())).await;
    assert_eq!(answered.status(), 400);
    let said: Value = answered.json().await.unwrap();
    assert_eq!(said["error"]["code"], "invalid_encrypted_content");
    assert_eq!(up.asked().len(), 2);
}
