//! The Gemini door: what Google's clients send, over each kind of upstream.

use super::{
    rig::{Rig, header, openai_tiers, provider},
    upstream::{
        Do, Upstream, anthropic, chunk, end, json as whole, openai, openai_stream, openai_text,
        sse_head,
    },
};
use serde_json::{Value, json};

const R: &str = "/v1beta/models/r";

fn hi() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
}

fn event(text: &str, finish: Option<&str>) -> String {
    let mut candidate =
        json!({"content": {"role": "model", "parts": [{"text": text}]}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    let event =
        json!({"candidates": [candidate], "modelVersion": "g-1", "responseId": "r1", "own": 1.50});
    format!("data: {event}\r\n\r\n")
}

/// Route `r` over one upstream of a dialect.
fn route(dialect: &str, upstream: &Upstream) -> String {
    format!(
        "{}[routes.r]\ntiers = [\"a/m-a\"]\n[cache]\nenabled = false\n",
        provider("a", dialect, upstream)
    )
}

fn text_of(answer: &Value) -> &str {
    answer["candidates"][0]["content"]["parts"][0]["text"]
        .as_str()
        .unwrap_or_default()
}

/// The JSON of each event.
fn events(stream: &str) -> Vec<Value> {
    stream
        .lines()
        .filter_map(|l| l.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn the_same_dialect_passes_through_untouched_and_the_path_names_the_deployment() {
    let answer = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hello"}]},"finishReason":"STOP","index":0}],"unknown":{"z":1.50}}"#;
    let up = Upstream::start(vec![whole(200, &[], answer)]).await;
    let rig = Rig::start(&route("gemini", &up)).await;
    let sent = r#"{"unknown_field": {"z": 1.50, "a": [ ]}, "contents":[{"parts":[{"text":"\u00e9"}]}] , "model":"models/r"}"#;
    for path in [
        "/v1beta/models/r:generateContent",
        "/v1/models/r:generateContent",
        "/v1beta1/publishers/google/models/r:generateContent",
        "/v1beta/tunedModels/r:generateContent?key=the-callers-own",
    ] {
        let response = rig
            .client
            .post(rig.url(path))
            .header("x-goog-api-key", "the-callers-own")
            .body(sent)
            .send()
            .await
            .unwrap();
        assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
        assert_eq!(response.text().await.unwrap(), answer, "{path}");
        let asked = up.asked().pop().unwrap();
        assert_eq!(asked.body, sent.as_bytes());
        let line = "POST /v1beta/models/m-a:generateContent HTTP/1.1";
        assert!(asked.head.starts_with(line), "{}", asked.head);
        assert_eq!(asked.header("x-goog-api-key"), Some("key-of-a"));
        assert!(!asked.head.contains("the-callers-own"), "{}", asked.head);
    }
}

#[tokio::test]
async fn a_stream_of_the_same_dialect_arrives_byte_for_byte() {
    let (first, last) = (event("Hel", None), event("lo", Some("STOP")));
    let up = Upstream::start(vec![vec![sse_head(), chunk(&first), chunk(&last), end()]]).await;
    let rig = Rig::start(&route("gemini", &up)).await;
    let path = format!("{R}:streamGenerateContent?alt=sse");
    let response = rig.post(&path, &hi()).await;
    assert!(header(&response, "content-type").starts_with("text/event-stream"));
    assert_eq!(response.text().await.unwrap(), format!("{first}{last}"));
    let asked = up.asked().pop().unwrap();
    let line = "POST /v1beta/models/m-a:streamGenerateContent?alt=sse HTTP/1.1";
    assert!(asked.head.starts_with(line), "{}", asked.head);
}

#[tokio::test]
async fn without_alt_sse_a_stream_is_one_json_array() {
    let (first, last) = (event("Hel", None), event("lo", Some("STOP")));
    let up = Upstream::start(vec![vec![sse_head(), chunk(&first), chunk(&last), end()]]).await;
    let rig = Rig::start(&route("gemini", &up)).await;
    let response = rig.post(&format!("{R}:streamGenerateContent"), &hi()).await;
    assert!(header(&response, "content-type").starts_with("application/json"));
    assert_eq!(header(&response, "x-breakerbox-rung"), "0");
    let said: Vec<Value> = response.json().await.unwrap();
    assert_eq!(said, events(&format!("{first}{last}")));
}

#[tokio::test]
async fn the_elements_of_an_array_come_one_by_one() {
    let up = Upstream::start(vec![vec![sse_head(), chunk(&event("Hel", None)), Do::Hang]]).await;
    let rig = Rig::start(&route("gemini", &up)).await;
    let mut response = rig.post(&format!("{R}:streamGenerateContent"), &hi()).await;
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"[{\"candidates\""), "{first:?}");
    let element: Value = serde_json::from_slice(first.strip_prefix(b"[").unwrap()).unwrap();
    assert_eq!(text_of(&element), "Hel");
}

#[tokio::test]
async fn every_kind_of_upstream_answers_a_gemini_caller() {
    for (dialect, answer) in [
        ("openai", openai("m-a", "hello")),
        ("anthropic", anthropic("m-a", "hello")),
    ] {
        let up = Upstream::start(vec![answer]).await;
        let rig = Rig::start(&route(dialect, &up)).await;
        let ask = json!({
            "system_instruction": {"parts": {"text": "be brief"}},
            "contents": {"parts": {"text": "hi"}},
            "generationConfig": {"maxOutputTokens": 7},
            "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
        });
        let response = rig.post(&format!("{R}:generateContent"), &ask).await;
        let dropped = header(&response, "x-breakerbox-dropped").to_owned();
        assert!(dropped.contains("safetySettings"), "{dropped:?}");
        let said: Value = response.json().await.unwrap();
        assert_eq!(text_of(&said), "hello");
        assert_eq!(said["candidates"][0]["finishReason"], "STOP");
        assert_eq!(said["modelVersion"], "m-a");
        assert_eq!(said["usageMetadata"]["totalTokenCount"], 12);
        let asked = String::from_utf8(up.asked().pop().unwrap().body).unwrap();
        assert!(
            asked.contains("be brief") && asked.contains("hi"),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn tools_go_through_to_another_dialect_and_back() {
    let called = json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "m-a",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": null,
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}}]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    });
    let up = Upstream::start(vec![
        whole(200, &[], &called.to_string()),
        openai("m-a", "4°"),
    ])
    .await;
    let rig = Rig::start(&route("openai", &up)).await;
    let mut ask = hi();
    ask["tools"] = json!([{"functionDeclarations": [{"name": "weather", "parameters":
        {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}]}]);
    let path = format!("{R}:generateContent");
    let said: Value = rig.post(&path, &ask).await.json().await.unwrap();
    let content = &said["candidates"][0]["content"];
    let call = &content["parts"][0]["functionCall"];
    assert_eq!(call["name"], "weather");
    assert_eq!(call["args"], json!({"city": "Oslo"}));
    let turns = ask["contents"].as_array_mut().unwrap();
    turns.push(content.clone());
    turns.push(json!({"role": "user", "parts": [{"functionResponse":
        {"id": call["id"], "name": "weather", "response": {"result": "4 degrees"}}}]}));
    let said: Value = rig.post(&path, &ask).await.json().await.unwrap();
    assert_eq!(text_of(&said), "4°");
    let asked = up.asked().pop().unwrap().json();
    assert_eq!(asked["messages"][1]["tool_calls"][0]["id"], "call_1");
    assert_eq!(asked["messages"][2]["tool_call_id"], "call_1");
    assert_eq!(
        asked["tools"][0]["function"]["parameters"]["properties"]["city"]["type"],
        "string"
    );
}

#[tokio::test]
async fn a_cut_stream_ends_with_an_error_that_googles_clients_raise() {
    for (query, prefix) in [("?alt=sse", "data: "), ("", ",\r\n")] {
        for (dialect, cut) in [
            (
                "gemini",
                vec![sse_head(), chunk(&event("Hel", None)), end()],
            ),
            (
                "openai",
                vec![sse_head(), chunk(&openai_text("Hel")), Do::Reset],
            ),
        ] {
            let up = Upstream::start(vec![cut]).await;
            let rig = Rig::start(&route(dialect, &up)).await;
            let path = format!("{R}:streamGenerateContent{query}");
            let said = rig.post(&path, &hi()).await.text().await.unwrap();
            let error = said.split(prefix).last().unwrap();
            assert!(error.starts_with("{\"error\":{\"code\":502,"), "{said}");
            assert!(said.contains("Hel"), "{said}");
            assert!(!said.contains("STOP"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_broken_stream_is_gone_on_with_by_another_gemini() {
    let pieces = ["The tide turns ", "twice before noon, ", "and again."];
    let said = |n: usize| {
        let said = pieces.iter().take(n).map(|p| chunk(&event(p, None)));
        std::iter::once(sse_head()).chain(said).collect::<Vec<_>>()
    };
    let mut whole = said(3);
    whole.extend([chunk(&event("", Some("STOP"))), end()]);
    let mut cut = said(2);
    cut.push(end());
    let (a, b) = (
        Upstream::start(vec![cut]).await,
        Upstream::start(vec![whole]).await,
    );
    let toml = format!(
        "{}{}[routes.r]\ntiers = [\"a/m-a\", \"b/m-b\"]\n[cache]\nenabled = false\n",
        provider("a", "gemini", &a),
        provider("b", "gemini", &b),
    );
    let rig = Rig::start(&toml).await;
    let response = rig.post(&format!("{R}:streamGenerateContent"), &hi()).await;
    let elements: Vec<Value> = response.json().await.unwrap();
    let text: String = elements.iter().map(text_of).collect();
    assert_eq!(text, pieces.concat());
    let last = elements.last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    let asked = b.asked().pop().unwrap().json();
    assert_eq!(asked["contents"][1]["role"], "model", "{asked}");
}

#[tokio::test]
async fn an_openai_stream_is_told_in_geminis_events() {
    let up = Upstream::start(vec![openai_stream(&["Hel", "lo"])]).await;
    let rig = Rig::start(&route("openai", &up)).await;
    let path = format!("{R}:streamGenerateContent?alt=sse");
    let said = rig.post(&path, &hi()).await.text().await.unwrap();
    let events = events(&said);
    let text: String = events.iter().map(text_of).collect();
    assert_eq!(text, "Hello");
    let last = events.last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    let asked = up.asked().pop().unwrap().json();
    assert_eq!(asked["stream"], true, "the path asks for a stream");
}

#[tokio::test]
async fn errors_are_in_googles_shape() {
    let up = Upstream::start(vec![openai("m-a", "x")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let contentless = json!({"generationConfig": {}});
    for (path, body, status, code) in [
        (
            "/v1beta/models/nobody:generateContent",
            &hi(),
            404,
            "NOT_FOUND",
        ),
        ("/v1beta/models/r:embedContent", &hi(), 404, "NOT_FOUND"),
        ("/v1beta/nothing", &hi(), 404, "NOT_FOUND"),
        (
            "/v1/models/r:generateContent",
            &contentless,
            400,
            "INVALID_ARGUMENT",
        ),
    ] {
        let response = rig.post(path, body).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        let said: Value = response.json().await.unwrap();
        assert_eq!(said["error"]["code"], status, "{path}");
        assert_eq!(said["error"]["status"], code, "{path}");
        assert!(said["error"]["message"].is_string(), "{path}");
    }
    assert!(up.asked().is_empty());
}

#[tokio::test]
async fn a_client_key_is_taken_from_googles_header_or_from_the_address() {
    let up = Upstream::start(vec![openai("m-a", "x")]).await;
    let toml = format!(
        "[server]\nclient_keys = [\"sk-good\"]\n{}",
        openai_tiers(&[&up])
    );
    let rig = Rig::start(&toml).await;
    let path = format!("{R}:generateContent");
    let refused = rig.post(&format!("{path}?key=sk-bad"), &hi()).await;
    assert_eq!(refused.status(), 401);
    let said: Value = refused.json().await.unwrap();
    assert_eq!(said["error"]["status"], "UNAUTHENTICATED");
    assert!(!said.to_string().contains("sk-bad"), "{said}");
    let by_address = rig.post(&format!("{path}?key=sk-good"), &hi()).await;
    assert_eq!(by_address.status(), 200);
    let by_header = rig.client.post(rig.url(&path)).json(&hi());
    let by_header = by_header.header("x-goog-api-key", "sk-good").send().await;
    assert_eq!(by_header.unwrap().status(), 200);
}

#[tokio::test]
async fn models_are_listed_in_googles_shape_for_its_clients() {
    let up = Upstream::start(vec![openai("m-a", "x")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let get = async |path: &str| -> Value {
        let asked = rig.client.get(rig.url(path)).header("x-goog-api-key", "k");
        asked.send().await.unwrap().json().await.unwrap()
    };
    for path in ["/v1/models", "/v1beta/models"] {
        let names: Vec<_> = get(path).await["models"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["models/r", "models/a/m-a"], "{path}");
    }
    let one = get("/v1beta/models/a/m-a").await;
    assert_eq!(one["name"], "models/a/m-a");
    let none = get("/v1beta/models/nobody").await;
    assert_eq!(none["error"]["status"], "NOT_FOUND");
}

#[tokio::test]
async fn tokens_are_counted_by_gemini_where_there_is_one_and_estimated_elsewhere() {
    let up = Upstream::start(vec![whole(200, &[], r#"{"totalTokens": 31}"#)]).await;
    let rig = Rig::start(&route("gemini", &up)).await;
    let path = format!("{R}:countTokens");
    let wrapped =
        json!({"generateContentRequest": {"model": "models/r", "contents": hi()["contents"]}});
    for body in [hi(), wrapped] {
        let said: Value = rig.post(&path, &body).await.json().await.unwrap();
        assert_eq!(said["totalTokens"], 31);
        let asked = up.asked().pop().unwrap();
        assert!(
            asked
                .head
                .starts_with("POST /v1beta/models/m-a:countTokens ")
        );
        let request = &asked.json()["generateContentRequest"];
        assert_eq!(request["model"], "models/m-a");
        assert_eq!(request["contents"], hi()["contents"]);
    }
    let up = Upstream::start(vec![openai("m-a", "x")]).await;
    let rig = Rig::start(&route("openai", &up)).await;
    let response = rig.post(&path, &hi()).await;
    assert_eq!(header(&response, "x-breakerbox-estimated"), "true");
    let said: Value = response.json().await.unwrap();
    assert!(said["totalTokens"].as_u64().unwrap() > 5, "{said}");
    assert!(up.asked().is_empty());
}

#[tokio::test]
async fn names_with_slashes_and_colons_are_routes_too() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let toml = openai_tiers(&[&up]).replace("[routes.r]", "[routes.\"my/llama3:8b\"]");
    let rig = Rig::start(&toml).await;
    for name in ["my/llama3:8b", "my%2Fllama3%3A8b", "a/m-a"] {
        let path = format!("/v1/models/{name}:generateContent");
        let said: Value = rig.post(&path, &hi()).await.json().await.unwrap();
        assert_eq!(text_of(&said), "hello", "{name}");
    }
}

#[tokio::test]
async fn rung_three_speaks_gemini_whole_and_streamed() {
    let up = Upstream::start(vec![openai("m-a", "x")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&up])).await;
    assert_eq!(rig.done("rung3 on r --for 5m --why test").await, None);
    for verb in ["generateContent", "streamGenerateContent"] {
        let response = rig.post(&format!("{R}:{verb}"), &hi()).await;
        assert_eq!(header(&response, "x-breakerbox-rung"), "3", "{verb}");
        let said = response.text().await.unwrap();
        assert!(said.contains("\"finishReason\":\"STOP\""), "{said}");
        assert!(said.contains("breakerbox/canned"), "{said}");
    }
    assert!(up.asked().is_empty());
}

#[tokio::test]
async fn an_answer_from_the_cache_is_the_same_at_both_doors() {
    let up = Upstream::start(vec![openai("m-a", "Paris.")]).await;
    let toml = openai_tiers(&[&up]).replace("enabled = false", "enabled = true\npath = \"memory\"");
    let rig = Rig::start(&toml).await;
    assert_eq!(header(&rig.ask("hi").await, "x-breakerbox-rung"), "0");
    let again = rig.post(&format!("{R}:generateContent"), &hi()).await;
    assert_eq!(header(&again, "x-breakerbox-rung"), "1");
    assert_eq!(text_of(&again.json().await.unwrap()), "Paris.");
    assert_eq!(up.asked().len(), 1);
}

#[tokio::test]
async fn the_callers_own_deadline_is_kept() {
    let up = Upstream::start(vec![vec![Do::Hang]]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let asked = rig.client.post(rig.url(&format!("{R}:generateContent")));
    let asked = asked.header("x-server-timeout", "1").json(&hi()).send();
    let response = tokio::time::timeout(super::rig::SOON, asked).await;
    let response = response
        .expect("answered within the caller's time")
        .unwrap();
    assert_eq!(header(&response, "x-breakerbox-rung"), "3");
}
