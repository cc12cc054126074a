//! What callers see at the doors, whatever is behind them.

use super::{
    rig::{Rig, body, header, openai_tiers, provider},
    upstream::{Upstream, anthropic, openai},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

#[tokio::test]
async fn the_same_dialect_passes_through_byte_for_byte_but_for_the_model() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let sent = r#"{"unknown_field": {"z": 1.50, "a": [ ]}, "model":"r" , "messages":[{"role":"user","content":"\u00e9"}], "temperature": 1e0}"#;
    let response = rig
        .client
        .post(rig.url("/v1/chat/completions"))
        .header("content-type", "application/json")
        .header("authorization", "Bearer the-callers-own")
        .body(sent)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let asked = up.asked().pop().unwrap();
    assert_eq!(
        String::from_utf8(asked.body.clone()).unwrap(),
        sent.replace("\"r\"", "\"m-a\"")
    );
    assert_eq!(
        asked.header("authorization"),
        Some("Bearer key-of-a"),
        "our key, never the caller's"
    );
}

#[tokio::test]
async fn every_response_says_who_served_it() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let response = rig.ask("hi").await;
    assert_eq!(header(&response, "x-breakerbox-rung"), "0");
    assert_eq!(header(&response, "x-breakerbox-tier"), "primary");
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    assert_eq!(header(&response, "x-breakerbox-attempts"), "1");
    assert_eq!(
        header(&response, "x-request-id"),
        header(&response, "request-id")
    );
    assert!(!header(&response, "x-breakerbox-request-id").is_empty());
    let json: Value = response.json().await.unwrap();
    assert_eq!(json["model"], "m-a");
}

#[tokio::test]
async fn an_openai_caller_is_served_by_an_anthropic_upstream() {
    let up = Upstream::start(vec![anthropic("claude-x", "bonjour")]).await;
    let toml = format!(
        "{}[routes.r]\ntiers = [\"a/claude-x\"]\n[cache]\nenabled = false\n",
        provider("a", "anthropic", &up)
    );
    let rig = Rig::start(&toml).await;
    let mut ask = body("hi", false);
    ask["logit_bias"] = json!({"50256": -100});
    let response = rig.post("/v1/chat/completions", &ask).await;
    assert_eq!(response.status(), 200);
    assert!(
        header(&response, "x-breakerbox-dropped").contains("logit_bias"),
        "{:?}",
        response.headers()
    );
    let said: Value = response.json().await.unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], "bonjour");
    assert_eq!(said["choices"][0]["finish_reason"], "stop");
    assert_eq!(said["usage"]["total_tokens"], 12);
    let asked = up.asked().pop().unwrap();
    assert!(
        asked.head.starts_with("POST /v1/messages "),
        "{}",
        asked.head
    );
    assert_eq!(asked.header("x-api-key"), Some("key-of-a"));
    assert_eq!(asked.json()["model"], "claude-x");
}

#[tokio::test]
async fn an_anthropic_caller_is_served_by_an_openai_upstream() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let ask =
        json!({"model": "r", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]});
    let said: Value = rig
        .post("/v1/messages?beta=true", &ask)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(said["type"], "message");
    assert_eq!(said["content"][0]["text"], "hello");
    assert_eq!(said["stop_reason"], "end_turn");
    assert_eq!(said["model"], "m-a");
}

#[tokio::test]
async fn an_unknown_model_is_a_404_that_lists_what_exists() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let response = rig
        .post(
            "/v1/chat/completions",
            &json!({"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}),
        )
        .await;
    assert_eq!(response.status(), 404);
    let said: Value = response.json().await.unwrap();
    let message = said["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("gpt-9") && message.contains('r') && message.contains("a/m-a"),
        "{message}"
    );
    assert_eq!(said["error"]["code"], "model_not_found");
    assert!(up.asked().is_empty());
}

#[tokio::test]
async fn a_deployments_own_name_is_a_one_tier_route() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "A")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let mut ask = body("hi", false);
    ask["model"] = json!("b/m-b");
    let said: Value = rig
        .post("/v1/chat/completions", &ask)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], "B");
    assert!(a.asked().is_empty());
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413_in_the_callers_shape() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&format!(
        "[server]\nmax_body = 2000\n{}",
        openai_tiers(&[&up])
    ))
    .await;
    let response = rig.ask(&"x".repeat(3000)).await;
    assert_eq!(response.status(), 413);
    let ask = json!({"model": "r", "max_tokens": 5, "messages": [{"role": "user", "content": "x".repeat(3000)}]});
    let said: Value = rig.post("/v1/messages", &ask).await.json().await.unwrap();
    assert_eq!(said["error"]["type"], "request_too_large");
}

#[tokio::test]
async fn a_body_that_is_no_request_is_a_400_that_says_what_is_wrong() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    for (sent, word) in [
        ("{", "JSON"),
        ("[]", "object"),
        (r#"{"messages": []}"#, "model"),
    ] {
        let response = rig
            .client
            .post(rig.url("/v1/chat/completions"))
            .body(sent)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{sent}");
        let said: Value = response.json().await.unwrap();
        assert!(
            said["error"]["message"].as_str().unwrap().contains(word),
            "{sent}: {said}"
        );
    }
}

#[tokio::test]
async fn client_keys_are_asked_for_when_they_are_set() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&format!(
        "[server]\nclient_keys = [\"sk-good\"]\n{}",
        openai_tiers(&[&up])
    ))
    .await;
    assert_eq!(rig.ask("hi").await.status(), 401);
    let with = |key| {
        rig.client
            .post(rig.url("/v1/chat/completions"))
            .bearer_auth(key)
            .json(&body("hi", false))
            .send()
    };
    assert_eq!(with("sk-bad").await.unwrap().status(), 401);
    assert_eq!(with("sk-good").await.unwrap().status(), 200);
    let models = rig
        .client
        .get(rig.url("/v1/models"))
        .header("x-api-key", "sk-good")
        .header("anthropic-version", "2026-10-21");
    let said: Value = models.send().await.unwrap().json().await.unwrap();
    assert_eq!(said["data"][0]["type"], "model");
    assert_eq!(said["first_id"], said["data"][0]["id"]);
}

#[tokio::test]
async fn models_are_listed_in_openais_shape_by_default() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let said: Value = rig
        .client
        .get(rig.url("/v1/models"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let ids: Vec<_> = said["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["r", "a/m-a"]);
    let one = rig
        .client
        .get(rig.url("/v1/models/a/m-a"))
        .send()
        .await
        .unwrap();
    assert_eq!(one.json::<Value>().await.unwrap()["object"], "model");
}

#[tokio::test]
async fn unknown_paths_are_json_and_the_root_is_harmless() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let response = rig.client.get(rig.url("/v2/nothing")).send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(
        response.json::<Value>().await.unwrap()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("/v2/nothing")
    );
    assert_eq!(
        rig.client.head(rig.url("/")).send().await.unwrap().status(),
        200
    );
    assert_eq!(
        rig.client
            .get(rig.url("/v1/messages"))
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
    assert_eq!(
        rig.client
            .get(rig.url("/health"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    rig.until("the first snapshot", |s| !s.routes.is_empty())
        .await;
    assert_eq!(
        rig.client
            .get(rig.url("/health/ready"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_client_that_dawdles_over_its_headers_is_let_go() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&format!(
        "[server]\nheader_timeout = \"200ms\"\n{}",
        openai_tiers(&[&up])
    ))
    .await;
    for said in [
        &b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"[..],
        b"",
        // It could become HTTP/2.
        b"P",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    ] {
        let mut stream = tokio::net::TcpStream::connect(rig.addr).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        let closed = stream.read_to_end(&mut rest);
        let closed = tokio::time::timeout(Duration::from_secs(3), closed).await;
        assert!(closed.is_ok(), "it is closed from our side after {said:?}");
    }
}

/// Head and body in two writes, with Nagle on, wait for the peer's delayed acknowledgement: 40 ms each.
#[tokio::test]
async fn no_request_waits_for_a_delayed_acknowledgement() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    rig.ask("warm").await.bytes().await.unwrap();
    let mut times = Vec::new();
    for i in 0..15 {
        let began = Instant::now();
        rig.ask(&format!("n {i}")).await.bytes().await.unwrap();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    assert!(
        times[7] < Duration::from_millis(35),
        "median {:?}",
        times[7]
    );
}

#[tokio::test]
async fn the_operators_door_is_closed_to_web_pages_and_rebound_names() {
    let up = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&up])).await;
    let get = || rig.client.get(rig.url("/admin/snapshot"));
    assert_eq!(get().send().await.unwrap().status(), 200);
    assert_eq!(
        get()
            .header("host", "evil.example:4141")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(
        get()
            .header("origin", "https://evil.example")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
}

#[tokio::test]
async fn tokens_are_counted_by_the_anthropic_tier_or_estimated() {
    let up = Upstream::start(vec![super::upstream::json(
        200,
        &[],
        r#"{"input_tokens": 42}"#,
    )])
    .await;
    let toml = format!(
        "{}[routes.r]\ntiers = [\"a/claude-x\"]\n",
        provider("a", "anthropic", &up)
    );
    let ask = json!({"model": "r", "messages": [{"role": "user", "content": "hi"}]});
    let rig = Rig::start(&toml).await;
    let said: Value = rig
        .post("/v1/messages/count_tokens", &ask)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(said["input_tokens"], 42);
    assert!(
        up.asked()[0]
            .head
            .starts_with("POST /v1/messages/count_tokens")
    );

    let plain = Upstream::start(vec![openai("m-a", "hello")]).await;
    let rig = Rig::start(&openai_tiers(&[&plain])).await;
    let response = rig.post("/v1/messages/count_tokens", &ask).await;
    assert_eq!(header(&response, "x-breakerbox-estimated"), "true");
    assert!(plain.asked().is_empty());
}
