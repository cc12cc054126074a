//! Azure OpenAI: its addresses, its keys, its refusals.

use super::{
    rig::{Rig, body, header, provider},
    upstream::{Upstream, json, openai, response},
};
use breakerbox::model::Kind;
use serde_json::{Value, json};

/// Route `r` over an Azure resource and then another account.
fn azure_then_other(azure: &Upstream, more: &str, other: &Upstream) -> String {
    format!(
        "{}{more}\n{}[routes.r]\ntiers = [\"a/my-gpt\", \"b/m-b\"]\n[cache]\nenabled = false\n",
        provider("a", "openai", azure),
        provider("b", "openai", other)
    )
}

#[tokio::test]
async fn a_deployment_is_called_under_its_version_with_azures_own_header() {
    let up = Upstream::start(vec![openai("gpt-x", "hello")]).await;
    let rig = Rig::start(&azure_then_other(&up, "api_version = \"2024-10-21\"", &up)).await;
    assert_eq!(rig.ask("hi").await.status(), 200);
    let asked = up.asked().pop().unwrap();
    let line = "POST /openai/deployments/my-gpt/chat/completions?api-version=2024-10-21 ";
    assert!(asked.head.starts_with(line), "{}", asked.head);
    assert_eq!(asked.header("api-key"), Some("key-of-a"));
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn without_versions_it_has_openais_paths_and_a_token_is_a_bearer() {
    let up = Upstream::start(vec![json(
        200,
        &[],
        &response("gpt-x", "hello").to_string(),
    )])
    .await;
    let more = "api_version = \"v1\"\nauth = \"bearer\"";
    let rig = Rig::start(&azure_then_other(&up, more, &up)).await;
    let ask = json!({"model": "r", "input": "hi"});
    assert_eq!(rig.post("/v1/responses", &ask).await.status(), 200);
    let asked = up.asked().pop().unwrap();
    assert!(
        asked.head.starts_with("POST /openai/v1/responses "),
        "{}",
        asked.head
    );
    assert_eq!(asked.header("authorization"), Some("Bearer key-of-a"));
    assert_eq!(asked.header("api-key"), None);
}

#[tokio::test]
async fn a_filtered_prompt_comes_back_as_azure_said_it_and_is_not_routed_around() {
    let said = r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#;
    let a = Upstream::start(vec![json(400, &[], said)]).await;
    let b = Upstream::start(vec![openai("m-b", "hello")]).await;
    let rig = Rig::start(&azure_then_other(&a, "api_version = \"2024-10-21\"", &b)).await;
    let answered = rig.ask("hi").await;
    assert_eq!(answered.status(), 400);
    let body: Value = answered.json().await.unwrap();
    assert_eq!(body["error"]["code"], "content_filter");
    assert!(b.asked().is_empty());
}

#[tokio::test]
async fn a_rate_limit_in_milliseconds_keeps_the_next_request_away() {
    let limited = json(
        429,
        &[("retry-after-ms", "2500"), ("retry-after", "3")],
        r#"{"error":{"code":"RateLimitReached","message":"slow"}}"#,
    );
    let a = Upstream::start(vec![limited]).await;
    let b = Upstream::start(vec![openai("m-b", "hello")]).await;
    let mut rig = Rig::start(&azure_then_other(&a, "api_version = \"2024-10-21\"", &b)).await;
    for _ in 0..2 {
        let answered = rig.post("/v1/chat/completions", &body("hi", false)).await;
        assert_eq!(header(&answered, "x-breakerbox-deployment"), "b/m-b");
    }
    assert_eq!(a.asked().len(), 1);
    let gated = rig.event(|k| matches!(k, Kind::Gated { .. })).await;
    let Kind::Gated { until, .. } = &gated.kind else {
        unreachable!("it was asked for")
    };
    let closed = until.0.abs_diff(gated.at.0);
    assert!(
        (2_400..=2_500).contains(&closed),
        "the finer of the two: {closed} ms"
    );
}
