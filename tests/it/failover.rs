//! When a provider fails, the caller does not.

use super::{
    rig::{Rig, header, openai_tiers},
    upstream::{Do, Upstream, json, openai},
};
use breakerbox::model::{Class, Kind, Phase, Reason, event::Outcome};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

const NO: &str = r#"{"error":{"message":"boom","type":"server_error","code":null}}"#;

#[tokio::test]
async fn a_fast_failure_is_tried_once_more_on_the_same_tier() {
    let a = Upstream::start(vec![json(500, &[], NO), openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let response = rig.ask("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    assert_eq!(header(&response, "x-breakerbox-attempts"), "2");
    assert_eq!((a.asked().len(), b.asked().len()), (2, 0));
}

#[tokio::test]
async fn a_tier_that_keeps_failing_hands_over_and_the_answer_names_who_gave_it() {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let response = rig.ask("hi").await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-breakerbox-rung"), "2");
    assert_eq!(header(&response, "x-breakerbox-tier"), "secondary");
    assert_eq!(response.json::<Value>().await.unwrap()["model"], "m-b");
    assert_eq!(a.asked().len(), 2, "one retry, no more");
    let event = rig.event(|k| matches!(k, Kind::Fallback { .. })).await;
    let Kind::Fallback {
        from, to, verdict, ..
    } = &event.kind
    else {
        unreachable!()
    };
    assert_eq!(
        (&**from, to.as_deref(), verdict.class),
        ("a/m-a", Some("b/m-b"), Class::Fault)
    );
}

#[tokio::test]
async fn a_reset_and_a_refusal_are_answered_by_the_next_tier() {
    let a = Upstream::start(vec![vec![Do::Reset]]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    assert_eq!(
        header(&rig.ask("hi").await, "x-breakerbox-deployment"),
        "b/m-b"
    );

    let gone = Upstream::start(vec![]).await;
    let toml = openai_tiers(&[&gone, &b]);
    drop(gone);
    let rig = Rig::start(&toml).await;
    assert_eq!(
        header(&rig.ask("hi").await, "x-breakerbox-deployment"),
        "b/m-b"
    );
}

#[tokio::test]
async fn silence_is_waited_for_once_and_never_tried_again() {
    let a = Upstream::start(vec![vec![Do::Hang]]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let toml = openai_tiers(&[&a, &b]).replace(
        "\"a/m-a\"",
        "{ deployment = \"a/m-a\", timeout = \"400ms\", retries = 3 }",
    );
    let rig = Rig::start(&toml).await;
    let began = Instant::now();
    let response = rig.ask("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "b/m-b");
    assert!(
        began.elapsed() < Duration::from_millis(1400),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(a.asked().len(), 1);
}

#[tokio::test]
async fn a_bad_key_opens_the_breaker_at_once_and_never_reaches_the_caller() {
    let refusal = r#"{"error":{"message":"Incorrect API key provided: key-of-a","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let a = Upstream::start(vec![json(401, &[], refusal)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let response = rig.ask("hi").await;
    assert_eq!(response.status(), 200);
    let event = rig.event(|k| matches!(k, Kind::Transition(_))).await;
    let Kind::Transition(t) = &event.kind else {
        unreachable!()
    };
    assert_eq!((t.from, t.to), (Phase::Closed, Phase::Open));
    assert!(
        matches!(&t.reason, Reason::Certain { verdict } if verdict.class == Class::Credential),
        "{:?}",
        t.reason
    );
    let told = serde_json::to_string(&*event).unwrap();
    assert!(!told.contains("key-of-a"), "{told}");
    rig.ask("again").await;
    assert_eq!(a.asked().len(), 1, "an open breaker costs no call");
}

#[tokio::test]
async fn the_callers_own_mistake_comes_back_as_the_provider_said_it_and_counts_against_nobody() {
    let said = r#"{"error":{"message":"temperature must be under 2","type":"invalid_request_error","param":"temperature","code":null}}"#;
    let a = Upstream::start(vec![json(400, &[], said)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    for _ in 0..10 {
        let response = rig.ask("hi").await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.text().await.unwrap(), said);
    }
    assert!(b.asked().is_empty());
    let snapshot = rig
        .until("ten caller errors", |s| s.totals.caller_error == 10)
        .await;
    assert_eq!(snapshot.deployments[0].phase, Phase::Closed);
}

#[tokio::test]
async fn four_failures_open_the_breaker_and_the_next_request_does_not_call() {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    // Bursts under two seconds cannot trip by design; a slot of evidence is a second long.
    let toml = openai_tiers(&[&a, &b]);
    let rig = Rig::start(&toml).await;
    let began = Instant::now();
    while rig
        .snapshot()
        .deployments
        .first()
        .is_none_or(|d| d.phase != Phase::Open)
    {
        assert_eq!(rig.ask("hi").await.status(), 200);
        assert!(began.elapsed() < Duration::from_secs(8), "never opened");
    }
    let calls = a.asked().len();
    for _ in 0..20 {
        rig.ask("hi").await;
    }
    assert_eq!(a.asked().len(), calls);
}

#[tokio::test]
async fn a_rate_limit_is_no_error_and_is_left_alone_until_it_ends() {
    let limited = json(
        429,
        &[("retry-after", "30")],
        r#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#,
    );
    let a = Upstream::start(vec![limited]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    for _ in 0..5 {
        assert_eq!(rig.ask("hi").await.status(), 200);
    }
    assert_eq!(a.asked().len(), 1);
    rig.event(|k| matches!(k, Kind::Gated { .. })).await;
    let snapshot = rig
        .until("a bucket", |s| s.deployments[0].throttled_5m == 1)
        .await;
    assert_eq!(snapshot.deployments[0].phase, Phase::Closed);
    assert_eq!(snapshot.deployments[0].errors_5m.n, 0);
}

#[tokio::test]
async fn with_nobody_else_to_ask_a_short_rate_limit_is_waited_for() {
    let limited = json(
        429,
        &[("retry-after", "1")],
        r#"{"error":{"message":"x","type":"requests","code":"rate_limit_exceeded"}}"#,
    );
    let a = Upstream::start(vec![limited, openai("m-a", "A")]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let response = rig.ask("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    let asked = a.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked[1].at - asked[0].at >= Duration::from_millis(900));
}

#[tokio::test]
async fn when_everything_is_down_the_canned_answer_does_not_pretend_to_be_the_model() {
    let a = Upstream::start(vec![json(500, &[], NO)]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    let response = rig.ask("hi").await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-breakerbox-rung"), "3");
    let said: Value = response.json().await.unwrap();
    assert_eq!(said["model"], "breakerbox/canned");
    assert_eq!(said["usage"]["total_tokens"], 0);
    let event = rig.event(|k| matches!(k, Kind::Unserved { .. })).await;
    assert!(matches!(
        &event.kind,
        Kind::Unserved {
            outcome: Outcome::Canned,
            ..
        }
    ));
}

#[tokio::test]
async fn a_route_that_wants_an_honest_error_gets_one_that_does_not_multiply() {
    let a = Upstream::start(vec![json(500, &[], NO)]).await;
    let toml = openai_tiers(&[&a]).replace("[cache]", "canned = { form = \"error\" }\n[cache]");
    let rig = Rig::start(&toml).await;
    let response = rig.ask("hi").await;
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "x-should-retry"), "false");
    assert!((1..=30).contains(&header(&response, "retry-after").parse::<u64>().unwrap()));
}

#[tokio::test]
async fn context_errors_go_only_to_a_larger_window() {
    let long = json(
        400,
        &[],
        r#"{"error":{"message":"maximum context length","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
    );
    let (a, b) = (
        Upstream::start(vec![long]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let plain = openai_tiers(&[&a, &b]);
    let rig = Rig::start(&plain).await;
    assert_eq!(
        rig.ask("hi").await.status(),
        400,
        "windows are unknown: nothing is gained by asking b"
    );
    assert_eq!((a.asked().len(), b.asked().len()), (1, 0));
    let windows = "[deployments.\"a/m-a\"]\ncontext_window = 8000\n[deployments.\"b/m-b\"]\ncontext_window = 100000\n";
    let rig = Rig::start(&format!("{plain}{windows}")).await;
    assert_eq!(
        header(&rig.ask("hi").await, "x-breakerbox-deployment"),
        "b/m-b"
    );
}

#[tokio::test]
async fn a_refusal_by_a_safety_system_is_not_routed_around_unless_the_route_says_so() {
    let refused = json(
        400,
        &[],
        r#"{"error":{"message":"content policy","type":"invalid_request_error","code":"content_policy_violation"}}"#,
    );
    let (a, b) = (
        Upstream::start(vec![refused]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let plain = openai_tiers(&[&a, &b]);
    let rig = Rig::start(&plain).await;
    assert_eq!(rig.ask("hi").await.status(), 400);
    assert_eq!((a.asked().len(), b.asked().len()), (1, 0));
    let opted = plain.replace("[cache]", "policy_fallbacks = [\"b/m-b\"]\n[cache]");
    let rig = Rig::start(&opted).await;
    assert_eq!(
        header(&rig.ask("hi").await, "x-breakerbox-deployment"),
        "b/m-b"
    );
}

#[tokio::test]
async fn a_caller_who_leaves_cancels_the_call_and_counts_against_nobody() {
    let a = Upstream::start(vec![vec![Do::Hang]]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    for _ in 0..8 {
        let request = rig
            .client
            .post(rig.url("/v1/chat/completions"))
            .json(&super::rig::body("hi", false));
        let left = request.timeout(Duration::from_millis(60)).send().await;
        assert!(left.is_err());
    }
    let snapshot = rig.until("eight who left", |s| s.totals.left == 8).await;
    assert_eq!(snapshot.deployments[0].phase, Phase::Closed);
    assert_eq!(a.hung_up().len(), 8, "every upstream call was cancelled");
}
