//! The Responses API, as a door and as an upstream.

use super::{
    rig::{Rig, header, openai_tiers, provider},
    upstream::{
        Do, Upstream, anthropic, chunk, end, json, named, openai, openai_stream, response, sse_head,
    },
};
use serde_json::{Value, json};

fn ask(stream: bool) -> Value {
    json!({"model": "r", "input": "hi", "stream": stream, "store": false})
}

/// Two tiers: an OpenAI account that has the API, and an Anthropic one.
fn openai_then_anthropic(first: &Upstream, second: &Upstream) -> String {
    format!(
        "{}responses = true\n{}[routes.r]\ntiers = [\"a/m-a\", \"b/claude-x\"]\n[cache]\nenabled = false\n",
        provider("a", "openai", first),
        provider("b", "anthropic", second)
    )
}

fn only(name: &str, dialect: &str, upstream: &Upstream) -> String {
    format!(
        "{}[routes.r]\ntiers = [\"{name}/m-{name}\"]\n[cache]\nenabled = false\n",
        provider(name, dialect, upstream)
    )
}

fn begun() -> String {
    let mut response = response("m-a", "");
    response["output"] = json!([]);
    response["status"] = json!("in_progress");
    named(&json!({"type": "response.created", "sequence_number": 0, "response": response}))
        + &named(
            &json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0,
            "item": {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}}),
        )
}

fn said(n: u32, text: &str) -> String {
    named(
        &json!({"type": "response.output_text.delta", "sequence_number": n, "output_index": 0,
        "content_index": 0, "item_id": "msg_1", "delta": text}),
    )
}

fn completed(n: u32, text: &str) -> String {
    named(
        &json!({"type": "response.completed", "sequence_number": n, "response": response("m-a", text)}),
    )
}

fn events(stream: &str) -> Vec<Value> {
    stream
        .lines()
        .filter_map(|l| l.strip_prefix("data: "))
        .map(|d| serde_json::from_str(d).unwrap())
        .collect()
}

#[tokio::test]
async fn an_account_that_has_the_api_gets_the_same_bytes() {
    let up = Upstream::start(vec![json(200, &[], &response("m-a", "hello").to_string())]).await;
    let rig = Rig::start(&openai_then_anthropic(&up, &up)).await;
    let sent = r#"{"store": false, "model":"r" ,"input":[{"role":"user","content":"\u00e9"}], "unknown": 1.50}"#;
    let answered = rig
        .client
        .post(rig.url("/v1/responses"))
        .body(sent)
        .send()
        .await
        .unwrap();
    assert_eq!(answered.status(), 200);
    assert_eq!(header(&answered, "x-breakerbox-deployment"), "a/m-a");
    let body: Value = answered.json().await.unwrap();
    assert_eq!(body, response("m-a", "hello"));
    let asked = up.asked().pop().unwrap();
    assert!(
        asked.head.starts_with("POST /v1/responses "),
        "{}",
        asked.head
    );
    assert_eq!(
        String::from_utf8(asked.body).unwrap(),
        sent.replace("\"r\"", "\"m-a\"")
    );
}

#[tokio::test]
async fn an_account_that_has_not_is_asked_for_a_chat_completion() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let mut body = ask(false);
    body["truncation"] = json!("auto");
    let answered = rig.post("/v1/responses", &body).await;
    assert_eq!(header(&answered, "x-breakerbox-dropped"), "truncation");
    let said: Value = answered.json().await.unwrap();
    assert_eq!(said["object"], "response");
    assert_eq!(said["status"], "completed");
    assert_eq!(said["output"][0]["content"][0]["text"], "hello");
    assert_eq!(said["usage"]["total_tokens"], 12);
    let asked = up.asked().pop().unwrap();
    assert!(asked.head.starts_with("POST /v1/chat/completions "));
    assert_eq!(asked.json()["messages"][0]["content"], "hi");
}

#[tokio::test]
async fn a_chat_caller_is_served_by_a_model_that_has_only_this_api() {
    let up = Upstream::start(vec![json(200, &[], &response("m-a", "hello").to_string())]).await;
    let rig = Rig::start(&only("a", "responses", &up)).await;
    let said: Value = rig.ask("hi").await.json().await.unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], "hello");
    let asked = up.asked().pop().unwrap();
    assert!(asked.head.starts_with("POST /v1/responses "));
    assert_eq!(asked.json()["store"], false);
}

#[tokio::test]
async fn a_stream_passes_through_and_ends_with_its_terminal_event() {
    let text = begun() + &said(2, "hel") + &said(3, "lo") + &completed(4, "hello");
    let up = Upstream::start(vec![vec![sse_head(), chunk(&text), end()]]).await;
    let rig = Rig::start(&openai_then_anthropic(&up, &up)).await;
    let answered = rig.post("/v1/responses", &ask(true)).await;
    assert_eq!(
        answered.text().await.unwrap(),
        text,
        "byte for byte, and no [DONE]"
    );
}

#[tokio::test]
async fn a_chat_stream_is_told_as_events() {
    let up = Upstream::start(vec![openai_stream(&["hel", "lo"])]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let told = rig
        .post("/v1/responses", &ask(true))
        .await
        .text()
        .await
        .unwrap();
    let events = events(&told);
    let numbers: Vec<_> = events
        .iter()
        .map(|e| e["sequence_number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], "hello");
}

#[tokio::test]
async fn an_error_before_content_leaks_nothing_and_the_next_tier_answers() {
    let failed = begun()
        + &named(
            &json!({"type": "error", "sequence_number": 2, "code": "server_error", "message": "m", "param": null}),
        );
    let a = Upstream::start(vec![vec![sse_head(), chunk(&failed), end()]]).await;
    let b = Upstream::start(vec![openai_stream(&["bon", "jour"])]).await;
    let toml =
        openai_tiers(&[&a, &b]).replacen("[providers.b]", "responses = true\n[providers.b]", 1);
    let rig = Rig::start(&toml).await;
    let told = rig
        .post("/v1/responses", &ask(true))
        .await
        .text()
        .await
        .unwrap();
    assert!(
        !told.contains("resp_1") && !told.contains("server_error"),
        "{told}"
    );
    let last = events(&told).pop().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(
        last["response"]["output"][0]["content"][0]["text"],
        "bonjour"
    );
}

#[tokio::test]
async fn a_stream_that_ends_without_its_terminal_event_ends_in_an_error_with_the_next_number() {
    let text = begun() + &said(2, "hel");
    let up = Upstream::start(vec![vec![sse_head(), chunk(&text), end()]]).await;
    let rig = Rig::start(&openai_then_anthropic(&up, &up)).await;
    let told = rig
        .post("/v1/responses", &ask(true))
        .await
        .text()
        .await
        .unwrap();
    assert!(told.starts_with(&text), "{told}");
    assert!(told.contains("event: error\n"), "{told}");
    let last = events(&told).pop().unwrap();
    assert_eq!(last["type"], "error");
    assert_eq!(last["sequence_number"], 3);
    assert_eq!(last["code"], "upstream_stream_broken");
    assert_eq!(last["error"]["code"], "upstream_stream_broken");
}

#[tokio::test]
async fn what_is_stored_at_openai_goes_there_and_to_no_other_tier() {
    let a = Upstream::start(vec![json(503, &[], "{}")]).await;
    let b = Upstream::start(vec![anthropic("claude-x", "bonjour")]).await;
    let rig = Rig::start(&openai_then_anthropic(&a, &b)).await;
    let mut body = ask(false);
    body["previous_response_id"] = json!("resp_0");
    let answered = rig.post("/v1/responses", &body).await;
    assert_eq!(header(&answered, "x-breakerbox-rung"), "3");
    assert!(b.asked().is_empty(), "half a conversation is not answered");
    assert_eq!(a.asked()[0].json()["previous_response_id"], "resp_0");
}

#[tokio::test]
async fn what_no_tier_can_say_is_the_callers_error_and_names_the_field() {
    let up = Upstream::start(vec![anthropic("claude-x", "bonjour")]).await;
    let rig = Rig::start(&only("b", "anthropic", &up)).await;
    for (name, value, param) in [
        ("tools", json!([{"type": "web_search"}]), "tools[0]"),
        (
            "previous_response_id",
            json!("resp_0"),
            "previous_response_id",
        ),
    ] {
        let mut body = ask(false);
        body[name] = value;
        let answered = rig.post("/v1/responses", &body).await;
        assert_eq!(answered.status(), 400);
        let said: Value = answered.json().await.unwrap();
        assert_eq!(said["error"]["param"], param);
        assert_eq!(said["error"]["type"], "invalid_request_error");
    }
    assert!(up.asked().is_empty());
}

#[tokio::test]
async fn a_hosted_tool_runs_where_it_is_hosted() {
    let mut found = response("m-a", "It rains.");
    let items = found["output"].as_array_mut().unwrap();
    items.insert(
        0,
        json!({"id": "ws_1", "type": "web_search_call", "status": "completed"}),
    );
    let up = Upstream::start(vec![json(200, &[], &found.to_string())]).await;
    let rig = Rig::start(&openai_then_anthropic(&up, &up)).await;
    let mut body = ask(false);
    body["tools"] = json!([{"type": "web_search"}]);
    let said: Value = rig.post("/v1/responses", &body).await.json().await.unwrap();
    assert_eq!(said, found);
}

#[tokio::test]
async fn the_canned_answer_and_injected_faults_speak_it() {
    let up = Upstream::start(vec![json(200, &[], &response("m-a", "hello").to_string())]).await;
    let mut rig = Rig::start(&only("a", "responses", &up)).await;
    assert_eq!(rig.done("fault add a/m-a garbage=word-salad").await, None);
    let told = rig
        .post("/v1/responses", &ask(true))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(events(&told).pop().unwrap()["type"], "response.completed");
    assert!(up.asked().is_empty());
    assert_eq!(rig.done("rung3 on r --for 1m").await, None);
    let answered = rig.post("/v1/responses", &ask(false)).await;
    assert_eq!(header(&answered, "x-breakerbox-rung"), "3");
    let said: Value = answered.json().await.unwrap();
    assert_eq!(said["status"], "completed");
    assert!(said["output"][0]["content"][0]["text"].is_string());
}

#[tokio::test]
async fn an_answer_that_need_not_be_stored_is_cached_for_both_of_openais_doors() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let toml = openai_tiers(&[&up]).replace("enabled = false", "enabled = true");
    let rig = Rig::start(&toml).await;
    assert_eq!(header(&rig.ask("hi").await, "x-breakerbox-rung"), "0");
    let again = rig.post("/v1/responses", &ask(false)).await;
    assert_eq!(header(&again, "x-breakerbox-rung"), "1");
    let said: Value = again.json().await.unwrap();
    assert_eq!(said["output"][0]["content"][0]["text"], "hello");
    let mut stored = ask(false);
    stored["store"] = json!(true);
    let fresh = rig.post("/v1/responses", &stored).await;
    assert_eq!(
        header(&fresh, "x-breakerbox-rung"),
        "0",
        "the next request may refer to it"
    );
}

#[tokio::test]
async fn a_body_without_input_is_refused_in_openais_shape() {
    let up = Upstream::start(vec![vec![Do::Close]]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let answered = rig.post("/v1/responses", &json!({"model": "r"})).await;
    assert_eq!(answered.status(), 400);
    let said: Value = answered.json().await.unwrap();
    assert_eq!(said["error"]["param"], "input");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_taken_up_under_its_own_names_and_numbers() {
    let words = [
        "The tide turns ",
        "twice before noon, ",
        "and pilots ",
        "wait for it.",
    ];
    let broken = begun() + &said(2, words[0]) + &said(3, words[1]);
    let a = Upstream::start(vec![vec![sse_head(), chunk(&broken), Do::Reset]]).await;
    let b = Upstream::start(vec![openai_stream(&words)]).await;
    let toml =
        openai_tiers(&[&a, &b]).replacen("[providers.b]", "responses = true\n[providers.b]", 1);
    let rig = Rig::start(&toml).await;
    let told = rig
        .post("/v1/responses", &ask(true))
        .await
        .text()
        .await
        .unwrap();
    assert!(told.starts_with(&broken), "{told}");
    let events = events(&told);
    let numbers: Vec<_> = events
        .iter()
        .map(|e| e["sequence_number"].as_u64())
        .collect();
    let expected: Vec<_> = (0..events.len() as u64).map(Some).collect();
    assert_eq!(numbers, expected);
    let said: String = events
        .iter()
        .filter(|e| e["type"] == "response.output_text.delta")
        .map(|e| {
            assert_eq!(
                (&e["item_id"], &e["output_index"]),
                (&json!("msg_1"), &json!(0))
            );
            e["delta"].as_str().unwrap()
        })
        .collect();
    assert_eq!(said, words.concat());
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["id"], "resp_1");
    assert_eq!(last["response"]["output"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        last["response"]["output"][0]["content"][0]["text"],
        words.concat()
    );
    assert_eq!(last["breakerbox"]["rescued"]["by"], "b/m-b");
}
