//! Rung 1: what was answered before is answered again, also when everything is down.

use super::{
    rig::{Rig, body, config, header, openai_tiers},
    upstream::{Upstream, json, openai, openai_stream},
};
use breakerbox::clock;
use serde_json::Value;
use std::time::Duration;

const NO: &str = r#"{"error":{"message":"boom","type":"server_error"}}"#;

fn cached(upstreams: &[&Upstream], more: &str) -> String {
    openai_tiers(upstreams).replace(
        "enabled = false",
        &format!("enabled = true\npath = \"memory\"\n{more}"),
    )
}

async fn said(response: reqwest::Response) -> String {
    let said: Value = response.json().await.unwrap();
    said["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_same_question_is_not_asked_twice_however_it_is_spelled() {
    let a = Upstream::start(vec![openai("m-a", "Paris.")]).await;
    let rig = Rig::start(&cached(&[&a], "")).await;
    assert_eq!(
        header(
            &rig.ask("What is the capital of France?").await,
            "x-breakerbox-rung"
        ),
        "0"
    );
    let again = rig.ask("What is the capital of France?").await;
    assert_eq!(
        (
            header(&again, "x-breakerbox-rung"),
            header(&again, "x-breakerbox-cache")
        ),
        ("1", "exact")
    );
    assert_eq!(said(again).await, "Paris.");
    let spelled = rig.ask("what is  the capital of France").await;
    assert_eq!(header(&spelled, "x-breakerbox-cache"), "normalised");
    assert_eq!(a.asked().len(), 1);
    assert_eq!(
        header(
            &rig.ask("What is the capital of Spain?").await,
            "x-breakerbox-rung"
        ),
        "0"
    );
}

#[tokio::test]
async fn the_other_door_and_a_stream_share_the_answer() {
    let a = Upstream::start(vec![openai("m-a", "Paris.")]).await;
    let rig = Rig::start(&cached(&[&a], "")).await;
    rig.ask("What is the capital of France?")
        .await
        .bytes()
        .await
        .unwrap();
    let streamed = rig.ask_stream("What is the capital of France?").await;
    assert_eq!(header(&streamed, "x-breakerbox-rung"), "1");
    let text = streamed.text().await.unwrap();
    assert!(
        text.contains("Paris") && text.ends_with("data: [DONE]\n\n"),
        "{text}"
    );
    let mut ask = body("What is the capital of France?", false);
    ask["max_tokens"] = 50.into();
    let through_the_other_door = rig.post("/v1/messages", &ask).await;
    assert_eq!(through_the_other_door.status(), 200);
}

#[tokio::test]
async fn a_whole_stream_is_stored_and_a_cut_one_is_not() {
    let whole = Upstream::start(vec![openai_stream(&["Par", "is."])]).await;
    let rig = Rig::start(&cached(&[&whole], "")).await;
    rig.ask_stream("Capital of France?")
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(said(rig.ask("Capital of France?").await).await, "Paris.");
    assert_eq!(whole.asked().len(), 1);

    let mut cut = openai_stream(&["Par", "is."]);
    cut.truncate(3);
    cut.push(super::upstream::Do::Close);
    let a = Upstream::start(vec![cut, openai("m-a", "Paris.")]).await;
    let rig = Rig::start(&cached(&[&a], "")).await;
    rig.ask_stream("Capital of France?")
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(
        header(&rig.ask("Capital of France?").await, "x-breakerbox-rung"),
        "0"
    );
}

/// Ages are whole milliseconds: one that is stored and read within the same one has none.
async fn next_millisecond() {
    let now = clock::wall();
    while clock::wall() <= now {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_expired_answer_is_served_only_when_every_tier_is_down() {
    let a = Upstream::start(vec![
        openai("m-a", "old"),
        openai("m-a", "new"),
        json(500, &[], NO),
    ])
    .await;
    let toml = cached(&[&a], "").replace("\"a/m-a\"", "{ deployment = \"a/m-a\", retries = 0 }");
    let mut config = config(&toml);
    config.cache.ttl = Duration::ZERO;
    let rig = Rig::with(config).await;
    assert_eq!(said(rig.ask("q one").await).await, "old");
    next_millisecond().await;
    assert_eq!(
        said(rig.ask("q one").await).await,
        "new",
        "expired: asked again while the tier is up"
    );
    next_millisecond().await;
    let stale = rig.ask("q one").await;
    assert_eq!(
        (
            header(&stale, "x-breakerbox-rung"),
            header(&stale, "x-breakerbox-cache")
        ),
        ("1", "stale")
    );
    assert_eq!(said(stale).await, "new");
    assert_eq!(
        header(&rig.ask("q two").await, "x-breakerbox-rung"),
        "3",
        "nothing is known of q two"
    );
    assert_eq!(
        header(&rig.ask("q two").await, "x-breakerbox-rung"),
        "3",
        "and a canned answer is never stored"
    );
}

#[tokio::test]
async fn a_caller_may_ask_for_a_fresh_answer() {
    let a = Upstream::start(vec![openai("m-a", "one"), openai("m-a", "two")]).await;
    let rig = Rig::start(&cached(&[&a], "")).await;
    rig.ask("q").await.bytes().await.unwrap();
    let fresh = rig
        .client
        .post(rig.url("/v1/chat/completions"))
        .header("cache-control", "no-cache")
        .json(&body("q", false));
    assert_eq!(said(fresh.send().await.unwrap()).await, "two");
}
