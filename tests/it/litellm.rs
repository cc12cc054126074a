//! A LiteLLM configuration, as people have it, over real sockets.

use super::{
    rig::{Rig, header, litellm},
    upstream::{Upstream, anthropic, json, openai},
};
use serde_json::{Value, json as value};

fn three_tiers(a: &Upstream, b: &Upstream) -> String {
    format!(
        "model_list:
  - model_name: summarize
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_key: os.environ/ANTHROPIC_API_KEY, api_base: http://{}, timeout: 20}}
  - model_name: backup
    litellm_params: {{model: openai/gpt-4.1, api_key: os.environ/OPENAI_API_KEY, api_base: http://{}/v1, timeout: 20}}
router_settings:
  fallbacks: [{{summarize: [backup]}}]
  num_retries: 1
  allowed_fails: 2
  cooldown_time: 60
general_settings:
  master_key: sk-litellm
",
        a.addr, b.addr
    )
}

async fn ask(rig: &Rig, key: &str) -> reqwest::Response {
    let body = value!({"model": "summarize", "messages": [{"role": "user", "content": "x"}]});
    rig.client
        .post(rig.url("/v1/chat/completions"))
        .bearer_auth(key)
        .json(&body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_declared_fallback_answers_and_the_master_key_guards_the_door() {
    let overloaded =
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let a = Upstream::start(vec![
        anthropic("claude-sonnet-4-5", "A"),
        json(529, &[], overloaded),
    ])
    .await;
    let b = Upstream::start(vec![openai("gpt-4.1", "B")]).await;
    let rig = Rig::with(litellm(&three_tiers(&a, &b))).await;
    assert_eq!(ask(&rig, "sk-wrong").await.status(), 401);
    let first: Value = ask(&rig, "sk-litellm").await.json().await.unwrap();
    assert_eq!(first["choices"][0]["message"]["content"], "A");
    let body = value!({"model": "summarize", "messages": [{"role": "user", "content": "another question"}]});
    let second = rig
        .client
        .post(rig.url("/v1/chat/completions"))
        .bearer_auth("sk-litellm")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(header(&second, "x-breakerbox-deployment"), "openai/gpt-4.1");
    assert_eq!(
        header(&second, "x-breakerbox-attempts"),
        "3",
        "num_retries: one more try of the same tier"
    );
    assert_eq!(
        b.asked()[0].header("authorization"),
        Some("Bearer key-of-openai_api_key")
    );
    assert!(b.asked()[0].head.starts_with("POST /v1/chat/completions "));
}

#[tokio::test]
async fn deployments_of_one_name_take_turns() {
    let (a, b) = (
        Upstream::start(vec![openai("gpt-4.1", "A")]).await,
        Upstream::start(vec![openai("gpt-4.1", "B")]).await,
    );
    let deployment = |u: &Upstream| {
        format!(
            "  - model_name: r\n    litellm_params: {{model: openai/gpt-4.1, api_key: os.environ/OPENAI_API_KEY, api_base: http://{}/v1}}\n",
            u.addr
        )
    };
    let rig = Rig::with(litellm(&format!(
        "model_list:\n{}{}",
        deployment(&a),
        deployment(&b)
    )))
    .await;
    for i in 0..6 {
        assert_eq!(rig.ask(&format!("question {i}")).await.status(), 200);
    }
    assert_eq!((a.asked().len(), b.asked().len()), (3, 3));
}
