//! Streams: invisible failover before the first content, an explicit error after it.

use super::{
    rig::{Rig, header, openai_tiers, provider},
    upstream::{Do, Upstream, chunk, end, openai_done, openai_stream, openai_text, sse_head},
};
use breakerbox::model::{Kind, Phase};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_stream_of_the_same_dialect_arrives_byte_for_byte() {
    let a = Upstream::start(vec![openai_stream(&["Hel", "lo"])]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let response = rig.ask_stream("hi").await;
    assert!(header(&response, "content-type").starts_with("text/event-stream"));
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    let expected = format!(
        "{}{}{}",
        openai_text("Hel"),
        openai_text("lo"),
        openai_done()
    );
    assert_eq!(response.text().await.unwrap(), expected);
}

#[tokio::test]
async fn an_anthropic_caller_reads_an_openai_stream() {
    let a = Upstream::start(vec![openai_stream(&["Hel", "lo"])]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let ask = serde_json::json!({"model": "r", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "x"}]});
    let text = rig.post("/v1/messages", &ask).await.text().await.unwrap();
    let order: Vec<_> = text
        .lines()
        .filter_map(|l| l.strip_prefix("event: "))
        .collect();
    assert_eq!(order.first(), Some(&"message_start"), "{text}");
    assert_eq!(order.last(), Some(&"message_stop"), "{text}");
    assert!(text.contains("Hel") && text.contains("end_turn"), "{text}");
}

#[tokio::test]
async fn a_stream_that_fails_before_content_leaks_nothing_and_is_answered_by_the_next_tier() {
    let error = chunk(
        "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":\"server_error\"}}\n\n",
    );
    let role = chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n");
    for bad in [
        vec![sse_head(), role, error, end()],
        vec![sse_head(), Do::Reset],
        vec![sse_head(), end()],
        super::upstream::json(200, &[], "<html>"),
    ] {
        let a = Upstream::start(vec![bad.clone()]).await;
        let b = Upstream::start(vec![openai_stream(&["B"])]).await;
        let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
        let response = rig.ask_stream("hi").await;
        assert_eq!(
            header(&response, "x-breakerbox-deployment"),
            "b/m-b",
            "{bad:?}"
        );
        assert_eq!(
            response.text().await.unwrap(),
            format!("{}{}", openai_text("B"), openai_done())
        );
    }
}

#[tokio::test]
async fn a_first_token_that_does_not_come_is_not_waited_for() {
    let a = Upstream::start(vec![vec![sse_head(), Do::Hang]]).await;
    let b = Upstream::start(vec![openai_stream(&["B"])]).await;
    let toml = openai_tiers(&[&a, &b]).replace(
        "\"a/m-a\"",
        "{ deployment = \"a/m-a\", ttft_timeout = \"300ms\" }",
    );
    let rig = Rig::start(&toml).await;
    let began = Instant::now();
    let response = rig.ask_stream("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "b/m-b");
    assert!(began.elapsed() < Duration::from_millis(1300));
    assert_eq!(a.asked().len(), 1, "silence is not tried again");
}

#[tokio::test]
async fn a_cut_after_content_is_said_and_never_ends_like_a_whole_answer() {
    let cuts = [
        vec![sse_head(), chunk(&openai_text("Hel")), Do::Close],
        vec![sse_head(), chunk(&openai_text("Hel")), end()],
        vec![
            sse_head(),
            chunk(&openai_text("Hel")),
            Do::Wait(Duration::from_millis(30)),
            Do::Reset,
        ],
    ];
    for cut in cuts {
        let a = Upstream::start(vec![cut.clone()]).await;
        let mut rig = Rig::start(&openai_tiers(&[&a])).await;
        let text = rig.ask_stream("hi").await.text().await.unwrap();
        assert!(text.starts_with(&openai_text("Hel")), "{cut:?}: {text}");
        assert!(
            text.contains("\"error\"") && !text.contains("[DONE]"),
            "{cut:?}: {text}"
        );
        let exchanges = rig.event(|k| matches!(k, Kind::Exchanges(_))).await;
        assert!(
            matches!(&exchanges.kind, Kind::Exchanges(e) if e.broken == 1),
            "{exchanges:?}"
        );
    }
}

#[tokio::test]
async fn silence_after_content_ends_within_the_stall_timeout() {
    let a = Upstream::start(vec![vec![sse_head(), chunk(&openai_text("Hel")), Do::Hang]]).await;
    let toml = openai_tiers(&[&a]).replace(
        "\"a/m-a\"",
        "{ deployment = \"a/m-a\", stall_timeout = \"300ms\" }",
    );
    let rig = Rig::start(&toml).await;
    let began = Instant::now();
    let text = rig.ask_stream("hi").await.text().await.unwrap();
    assert!(text.contains("\"error\""), "{text}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn one_malformed_event_is_skipped_and_a_missing_end_mark_is_made_good() {
    let finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let script = vec![
        sse_head(),
        chunk(&openai_text("a")),
        chunk("data: {\"cho\n\n"),
        chunk(&openai_text("b")),
        chunk(finish),
        end(),
    ];
    let a = Upstream::start(vec![script]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let text = rig.ask_stream("hi").await.text().await.unwrap();
    assert_eq!(
        text,
        format!(
            "{}{}{finish}data: [DONE]\n\n",
            openai_text("a"),
            openai_text("b")
        )
    );
}

#[tokio::test]
async fn a_caller_who_leaves_a_stream_cancels_it_upstream() {
    let a = Upstream::start(vec![vec![sse_head(), chunk(&openai_text("Hel")), Do::Hang]]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let mut response = rig.ask_stream("hi").await;
    assert!(response.chunk().await.unwrap().is_some());
    let left = Instant::now();
    drop(response);
    rig.until("the caller left", |s| s.totals.left == 1).await;
    let hung_up = a.hung_up();
    assert_eq!(hung_up.len(), 1);
    assert!(
        hung_up[0] - left < Duration::from_millis(300),
        "{:?}",
        hung_up[0] - left
    );
    assert_eq!(rig.snapshot().deployments[0].phase, Phase::Closed);
}

#[tokio::test]
async fn a_gemini_stream_is_read_by_an_openai_caller() {
    let event = |text: &str, finish: &str| {
        chunk(&format!(
            "data: {{\"candidates\":[{{\"content\":{{\"role\":\"model\",\"parts\":[{{\"text\":\"{text}\"}}]}}{finish}}}],\"modelVersion\":\"gemini-x\",\"usageMetadata\":{{\"promptTokenCount\":3,\"candidatesTokenCount\":2,\"totalTokenCount\":5}}}}\r\n\r\n"
        ))
    };
    let g = Upstream::start(vec![vec![
        sse_head(),
        event("Hel", ""),
        event("lo", ",\"finishReason\":\"STOP\""),
        end(),
    ]])
    .await;
    let toml = format!(
        "{}[routes.r]\ntiers = [\"g/gemini-x\"]\n[cache]\nenabled = false\n",
        provider("g", "gemini", &g)
    );
    let rig = Rig::start(&toml).await;
    let text = rig.ask_stream("hi").await.text().await.unwrap();
    assert!(
        text.contains("Hel") && text.ends_with("data: [DONE]\n\n"),
        "{text}"
    );
    let asked = g.asked().pop().unwrap();
    assert!(
        asked
            .head
            .starts_with("POST /v1beta/models/gemini-x:streamGenerateContent?alt=sse "),
        "{}",
        asked.head
    );
    assert_eq!(asked.header("x-goog-api-key"), Some("key-of-g"));
}
