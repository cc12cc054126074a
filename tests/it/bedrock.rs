//! Callers of both doors in front of a provider that speaks Amazon's dialect.

use super::{
    rig::{Rig, body, header, provider},
    upstream::{Do, Upstream, end, json, openai, openai_stream},
};
use breakerbox::{
    model::{Class, Dialect, Kind},
    provider::eventstream::{put_event, put_exception},
    sim::{Behaviour, One, serve_one},
};
use bytes::BytesMut;
use serde_json::{Value, json};

const MODEL: &str = "us.amazon.nova-pro-v1:0";

/// Route `r` over a deployment at Amazon and one that speaks OpenAI's dialect.
fn tiers(a: &Upstream, b: &Upstream) -> String {
    let amazon = format!("{}region = \"us-east-1\"\n", provider("a", "bedrock", a));
    let other = provider("b", "openai", b);
    format!(
        "{amazon}{other}[routes.r]\ntiers = [\"a/{MODEL}\", \"b/m-b\"]\n[cache]\nenabled = false\n"
    )
}

fn message(name: &str, event: &Value) -> Vec<u8> {
    let mut out = BytesMut::new();
    put_event(&mut out, name, event.to_string().as_bytes());
    out.to_vec()
}

fn exception(name: &str, said: &Value) -> Vec<u8> {
    let mut out = BytesMut::new();
    put_exception(&mut out, name, said.to_string().as_bytes());
    out.to_vec()
}

fn text(said: &str) -> Vec<u8> {
    message(
        "contentBlockDelta",
        &json!({ "contentBlockIndex": 0, "delta": { "text": said }, "p": "abc" }),
    )
}

fn started() -> Vec<u8> {
    message("messageStart", &json!({ "role": "assistant" }))
}

fn stopped(reason: &str) -> Vec<Vec<u8>> {
    let usage = json!({ "inputTokens": 9, "outputTokens": 3, "totalTokens": 12 });
    vec![
        message("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        message("messageStop", &json!({ "stopReason": reason })),
        message(
            "metadata",
            &json!({ "usage": usage, "metrics": { "latencyMs": 5 } }),
        ),
    ]
}

/// A chunked body of these pieces, with its clean end.
fn stream(pieces: &[Vec<u8>]) -> Vec<Do> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut steps = vec![Do::Write(head.into())];
    for piece in pieces {
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend(piece);
        chunk.extend(b"\r\n");
        steps.push(Do::Write(chunk));
    }
    steps.push(end());
    steps
}

fn whole(content: &Value, reason: &str) -> Vec<Do> {
    let answer = json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": reason,
        "usage": { "inputTokens": 9, "outputTokens": 3, "totalTokens": 12 },
    });
    json(200, &[], &answer.to_string())
}

fn anthropic_body(stream: bool) -> Value {
    json!({ "model": "r", "max_tokens": 50, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] })
}

#[tokio::test]
async fn a_whole_answer_reaches_either_door_under_the_name_that_was_asked() {
    let a = Upstream::start(vec![whole(&json!([{ "text": "Hello" }]), "end_turn")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&tiers(&a, &b)).await;
    let said: Value = rig.ask("hi").await.json().await.unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], "Hello");
    assert_eq!(
        (&said["model"], &said["usage"]["total_tokens"]),
        (&json!(MODEL), &json!(12))
    );
    let said = rig.post("/v1/messages", &anthropic_body(false)).await;
    let said: Value = said.json().await.unwrap();
    assert_eq!(said["content"][0]["text"], "Hello");
    assert_eq!(
        (&said["model"], &said["usage"]["input_tokens"]),
        (&json!(MODEL), &json!(9))
    );
    let asked = a.asked();
    assert!(
        asked[0]
            .head
            .starts_with("POST /model/us.amazon.nova-pro-v1%3A0/converse HTTP/1.1")
    );
    assert_eq!(asked[0].header("authorization"), Some("Bearer key-of-a"));
    assert_eq!(
        asked[1].json()["inferenceConfig"],
        json!({ "maxTokens": 50 })
    );
}

#[tokio::test]
async fn a_stream_reaches_either_door_however_its_messages_are_cut() {
    let all = [
        vec![started(), text("Hel"), text("lo")],
        stopped("end_turn"),
    ]
    .concat();
    let bytes = all.concat();
    let sevens: Vec<Vec<u8>> = bytes.chunks(7).map(<[u8]>::to_vec).collect();
    for pieces in [all, vec![bytes], sevens] {
        let a = Upstream::start(vec![stream(&pieces)]).await;
        let b = Upstream::start(vec![openai("m-b", "B")]).await;
        let rig = Rig::start(&tiers(&a, &b)).await;
        let said = rig.ask_stream("hi").await.text().await.unwrap();
        assert!(
            said.contains("\"Hel\"") && said.contains("\"lo\""),
            "{said}"
        );
        assert!(
            said.contains(MODEL) && said.ends_with("data: [DONE]\n\n"),
            "{said}"
        );
        let said = rig.post("/v1/messages", &anthropic_body(true)).await;
        let said = said.text().await.unwrap();
        assert!(
            said.contains("event: message_stop") && said.contains("\"output_tokens\":3"),
            "{said}"
        );
        assert!(a.asked()[0].head.contains("/converse-stream "));
    }
}

#[tokio::test]
async fn a_tool_call_makes_the_round_trip() {
    let call = json!({ "toolUseId": "tooluse_1", "name": "weather" });
    let pieces = [
        vec![
            started(),
            message("contentBlockStart", &json!({ "contentBlockIndex": 0, "start": { "toolUse": call } })),
            message("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "toolUse": { "input": "{\"city\":" } } })),
            message("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "toolUse": { "input": "\"Oslo\"}" } } })),
        ],
        stopped("tool_use"),
    ]
    .concat();
    let answer = whole(&json!([{ "text": "Clear." }]), "end_turn");
    let a = Upstream::start(vec![stream(&pieces), answer]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&tiers(&a, &b)).await;
    let mut question = body("weather in Oslo?", true);
    question["tools"] = json!([{ "type": "function", "function": { "name": "weather", "parameters": { "type": "object" } } }]);
    let said = rig.post("/v1/chat/completions", &question).await;
    let said = said.text().await.unwrap();
    assert!(
        said.contains("\"tooluse_1\"") && said.contains("\"finish_reason\":\"tool_calls\""),
        "{said}"
    );
    question["stream"] = json!(false);
    question["messages"] = json!([
        { "role": "user", "content": "weather in Oslo?" },
        { "role": "assistant", "tool_calls": [{ "id": "tooluse_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Oslo\"}" } }] },
        { "role": "tool", "tool_call_id": "tooluse_1", "content": "clear" },
    ]);
    let said: Value = rig
        .post("/v1/chat/completions", &question)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], "Clear.");
    let sent = a.asked()[1].json();
    assert_eq!(
        sent["messages"][1]["content"][0]["toolUse"]["input"]["city"],
        "Oslo"
    );
    assert_eq!(
        sent["messages"][2]["content"][0]["toolResult"]["toolUseId"],
        "tooluse_1"
    );
}

#[tokio::test]
async fn a_message_cut_in_the_middle_ends_the_callers_stream_with_an_error() {
    let mut cut = text("lost");
    cut.truncate(cut.len() / 2);
    let a = Upstream::start(vec![stream(&[started(), text("Hello"), cut])]).await;
    let b = Upstream::start(vec![json(503, &[], "{}")]).await;
    let mut rig = Rig::start(&tiers(&a, &b)).await;
    let said = rig.ask_stream("hi").await.text().await.unwrap();
    assert!(
        said.contains("Hello") && said.contains("\"error\""),
        "{said}"
    );
    assert!(!said.contains("lost") && !said.contains("[DONE]"), "{said}");
    let broke = rig.event(|k| matches!(k, Kind::StreamBroke { .. })).await;
    assert!(
        matches!(&broke.kind, Kind::StreamBroke { verdict, .. } if verdict.class == Class::Fault),
        "{broke:?}"
    );
}

#[tokio::test]
async fn an_exception_before_content_is_the_next_tiers_answer() {
    let throttled = exception("throttlingException", &json!({ "message": "slow down" }));
    let a = Upstream::start(vec![stream(&[started(), throttled])]).await;
    let b = Upstream::start(vec![openai_stream(&["B"])]).await;
    let mut rig = Rig::start(&tiers(&a, &b)).await;
    let said = rig.ask_stream("hi").await;
    assert_eq!(header(&said, "x-breakerbox-deployment"), "b/m-b");
    let gated = rig.event(|k| matches!(k, Kind::Gated { .. })).await;
    assert!(
        matches!(
            &gated.kind,
            Kind::Gated {
                class: Class::Throttle,
                ..
            }
        ),
        "{gated:?}"
    );
}

#[tokio::test]
async fn a_request_that_amazon_refuses_is_told_in_the_callers_words() {
    let kind = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/";
    let refusal = r#"{"message":"The value at messages.0 is not valid."}"#;
    let a = Upstream::start(vec![json(400, &[("x-amzn-errortype", kind)], refusal)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&tiers(&a, &b)).await;
    let said = rig.ask("hi").await;
    assert_eq!(said.status(), 400);
    let said: Value = said.json().await.unwrap();
    assert_eq!(
        said["error"]["message"],
        "The value at messages.0 is not valid."
    );
    assert!(b.asked().is_empty(), "nobody else is asked");
}

/// Over the simulated provider, which looks at every part of a signature but its value.
#[tokio::test]
async fn requests_are_signed_and_a_wrong_key_is_the_next_tiers_answer() {
    let amazon = serve_one(Dialect::Bedrock, Behaviour::faultless(), One::default())
        .await
        .unwrap();
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let at = amazon.provider();
    let toml = format!(
        "[providers.a]\ndialect = \"bedrock\"\nbase_url = \"http://{}\"\nregion = \"us-east-1\"\n\
         access_key_id = \"{}\"\nsecret_access_key = \"wJalrXUtnFEMI\"\nsession_token = \"IQoJ\"\n{}\
         [routes.r]\ntiers = [\"a/{MODEL}\", \"b/m-b\"]\n[cache]\nenabled = false\n",
        at.addr,
        at.key,
        provider("b", "openai", &b),
    );
    let mut rig = Rig::start(&toml).await;
    for stream in [false, true] {
        let said = rig
            .post(
                "/v1/chat/completions",
                &body("Why is the sky blue?", stream),
            )
            .await;
        assert_eq!(header(&said, "x-breakerbox-tier"), "primary");
        assert!(said.text().await.unwrap().contains("chat.completion"));
    }
    assert_eq!(
        rig.done(&format!("fault add a/{MODEL} bad-key")).await,
        None
    );
    let said = rig.ask("hi").await;
    assert_eq!(header(&said, "x-breakerbox-deployment"), "b/m-b");
    let fell = rig.event(|k| matches!(k, Kind::Fallback { .. })).await;
    assert!(
        matches!(&fell.kind, Kind::Fallback { verdict, .. } if verdict.code == "unrecognized_client_exception" && verdict.class == Class::Credential),
        "{fell:?}"
    );
}

#[tokio::test]
async fn faults_on_a_binary_stream_are_survived_like_any_other() {
    for (fault, says) in [
        ("in-band-error", "b/m-b"),
        ("empty", "b/m-b"),
        ("malformed", "a/"),
    ] {
        let all = [
            vec![started(), text("Hel"), text("lo")],
            stopped("end_turn"),
        ]
        .concat();
        let a = Upstream::start(vec![stream(&all)]).await;
        let b = Upstream::start(vec![openai_stream(&["x"])]).await;
        let mut rig = Rig::start(&tiers(&a, &b)).await;
        assert_eq!(
            rig.done(&format!("fault add a/{MODEL} {fault}")).await,
            None
        );
        let said = rig.ask_stream("hi").await;
        let by = header(&said, "x-breakerbox-deployment").to_owned();
        assert!(by.starts_with(says), "{fault}: {by}");
        let said = said.text().await.unwrap();
        assert!(said.ends_with("data: [DONE]\n\n"), "{fault}: {said}");
    }
}
