//! `POST /v1/embeddings`: the same breakers and order, never another model's vectors.

use super::{
    rig::{Rig, header, provider},
    sdk,
    upstream::{Do, Upstream, json},
};
use breakerbox::model::Phase;
use serde_json::{Value, json};
use std::process::Command;

/// 0.5 and -1.0, as numbers or as the base64 of their bytes.
fn vectors(packed: bool) -> Vec<Do> {
    let embedding = if packed {
        json!("AAAAPwAAgL8=")
    } else {
        json!([0.5, -1.0])
    };
    let body = json!({"object": "list", "model": "e", "usage": {"prompt_tokens": 1, "total_tokens": 1},
        "data": [{"object": "embedding", "index": 0, "embedding": embedding}]});
    json(200, &[], &body.to_string())
}

/// Route `r` over these deployments of OpenAI-dialect upstreams `a` and `b`.
fn route(a: &Upstream, b: &Upstream, tiers: &str) -> String {
    format!(
        "{}{}[routes.r]\ntiers = [{tiers}]\n",
        provider("a", "openai", a),
        provider("b", "openai", b)
    )
}

fn ask() -> Value {
    json!({"model": "r", "input": "hi"})
}

#[tokio::test]
async fn vectors_pass_through_byte_for_byte_but_for_the_model() {
    let a = Upstream::start(vec![vectors(true)]).await;
    let rig = Rig::start(&route(&a, &a, "\"a/e\"")).await;
    let sent = r#"{"encoding_format":"base64","model":"r", "input":[[1, 2]],"dimensions":2}"#;
    let request = rig.client.post(rig.url("/v1/embeddings")).body(sent);
    let answered = request.send().await.unwrap();
    assert_eq!(answered.status(), 200);
    assert_eq!(header(&answered, "x-breakerbox-deployment"), "a/e");
    let said: Value = answered.json().await.unwrap();
    assert_eq!(said["data"][0]["embedding"], "AAAAPwAAgL8=");
    let asked = a.asked().pop().unwrap();
    assert!(
        asked.head.starts_with("POST /v1/embeddings "),
        "{}",
        asked.head
    );
    let body = String::from_utf8(asked.body).unwrap();
    assert_eq!(body, sent.replace("\"r\"", "\"e\""));
}

#[tokio::test]
async fn the_same_model_elsewhere_stands_in_and_another_model_does_not() {
    let a = Upstream::start(vec![json(503, &[], "{}")]).await;
    let b = Upstream::start(vec![vectors(false)]).await;
    let rig = Rig::start(&route(&a, &b, "\"a/e\", \"b/e\"")).await;
    let answered = rig.post("/v1/embeddings", &ask()).await;
    assert_eq!(header(&answered, "x-breakerbox-deployment"), "b/e");
    assert_eq!(header(&answered, "x-breakerbox-rung"), "2");
    for more in ["", "same_embeddings = true\n"] {
        let before = b.asked().len();
        let toml = route(&a, &b, "\"a/e\", \"b/other\"") + more;
        let answered = Rig::start(&toml).await.post("/v1/embeddings", &ask()).await;
        let asked = b.asked().len() > before;
        assert_eq!(asked, !more.is_empty());
        assert_eq!(answered.status(), if asked { 200 } else { 503 });
    }
}

#[tokio::test]
async fn when_everything_failed_the_error_is_honest_and_asks_for_no_retries() {
    let a = Upstream::start(vec![json(503, &[], "{}")]).await;
    let mut rig = Rig::start(&route(&a, &a, "\"a/e\"")).await;
    for switched in [false, true] {
        if switched {
            assert_eq!(rig.done("rung3 on r --for 1m").await, None);
        }
        let answered = rig.post("/v1/embeddings", &ask()).await;
        assert_eq!(answered.status(), 503);
        assert_eq!(header(&answered, "x-should-retry"), "false");
        let wait: u64 = header(&answered, "retry-after").parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        let said: Value = answered.json().await.unwrap();
        assert_eq!(said["error"]["code"], "all_tiers_failed");
    }
}

#[tokio::test]
async fn a_route_without_embeddings_is_the_callers_error() {
    let a = Upstream::start(vec![vectors(false)]).await;
    let toml = format!(
        "{}[routes.r]\ntiers = [\"a/claude\"]\n",
        provider("a", "anthropic", &a)
    );
    let rig = Rig::start(&toml).await;
    let answered = rig.post("/v1/embeddings", &ask()).await;
    assert_eq!(answered.status(), 400);
    let said: Value = answered.json().await.unwrap();
    assert!(
        said["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no tier of \"r\" gives embeddings")
    );
    assert!(a.asked().is_empty());
    let unknown = json!({"model": "nobody", "input": "hi"});
    assert_eq!(rig.post("/v1/embeddings", &unknown).await.status(), 404);
    assert_eq!(
        rig.post("/v1/embeddings", &json!({"model": "r"}))
            .await
            .status(),
        400
    );
}

#[tokio::test]
async fn a_chat_model_that_gives_no_embeddings_goes_on_chatting() {
    let said = r#"{"error":{"message":"You are not allowed to generate embeddings from this model","type":"invalid_request_error","code":null}}"#;
    let a = Upstream::start(vec![json(403, &[], said)]).await;
    let rig = Rig::start(&route(&a, &a, "\"a/gpt\"")).await;
    let answered = rig.post("/v1/embeddings", &ask()).await;
    assert_eq!(answered.status(), 403);
    let body: Value = answered.json().await.unwrap();
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("not allowed")
    );
    let view = rig.snapshot();
    assert_eq!(view.deployments[0].phase, Phase::Closed);
}

#[tokio::test]
async fn what_is_no_vector_is_a_fault_and_the_next_deployment_answers() {
    let a = Upstream::start(vec![json(200, &[], r#"{"choices":[]}"#)]).await;
    let b = Upstream::start(vec![vectors(false)]).await;
    let rig = Rig::start(&route(&a, &b, "\"a/e\", \"b/e\"")).await;
    let answered = rig.post("/v1/embeddings", &ask()).await;
    assert_eq!(header(&answered, "x-breakerbox-deployment"), "b/e");
}

#[tokio::test]
async fn azure_embeds_at_the_deployment() {
    let a = Upstream::start(vec![vectors(false)]).await;
    let toml = route(&a, &a, "\"a/my-e\"").replacen(
        "[providers.b]",
        "api_version = \"2024-10-21\"\n[providers.b]",
        1,
    );
    let rig = Rig::start(&toml).await;
    assert_eq!(rig.post("/v1/embeddings", &ask()).await.status(), 200);
    let line = "POST /openai/deployments/my-e/embeddings?api-version=2024-10-21 ";
    assert!(a.asked()[0].head.starts_with(line));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_sdk_reads_both_encodings_and_raises_once() {
    let Some((program, script)) = sdk::or_skip("the SDKs", sdk::script("python/embeddings.py"))
    else {
        return;
    };
    let down = json(503, &[], "{}");
    let a = Upstream::start(vec![vectors(true), vectors(false), down]).await;
    let rig = Rig::start(&route(&a, &a, "\"a/e\"")).await;
    let mut check = Command::new(program);
    check.arg(script).arg(format!("http://{}", rig.addr));
    let said = tokio::task::spawn_blocking(move || check.output())
        .await
        .unwrap()
        .unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert_eq!(
        String::from_utf8_lossy(&said.stdout).trim(),
        "ok",
        "{errors}"
    );
}
