//! What a person does to a running router: forces, faults, rung 3.

use super::{
    rig::{Rig, header, openai_tiers},
    upstream::{Upstream, json, openai, openai_stream},
};
use breakerbox::model::{Class, Kind, Phase, fault::FaultKind, snapshot::Shown};

#[tokio::test]
async fn a_forced_breaker_sends_everything_to_the_next_tier_and_says_who_and_until_when() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "A")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    assert_eq!(
        rig.done("force a/m-a open --for 5m --why 'rehearsal'")
            .await,
        None
    );
    assert_eq!(
        header(&rig.ask("hi").await, "x-breakerbox-deployment"),
        "b/m-b"
    );
    assert!(a.asked().is_empty());
    let snapshot = rig
        .until("the force on screen", |s| {
            s.deployments[0].shown() == Shown::ForcedOpen
        })
        .await;
    let force = snapshot.deployments[0].force.clone().unwrap();
    assert_eq!(
        (force.who.as_str(), force.why.as_str()),
        ("test", "rehearsal")
    );
    assert_eq!(rig.done("release a/m-a").await, None);
    let snapshot = rig
        .until("no force", |s| s.deployments[0].force.is_none())
        .await;
    assert_ne!(
        snapshot.deployments[0].phase,
        Phase::Closed,
        "trust is earned again through a probe"
    );
    assert!(
        rig.done("release a/m-a")
            .await
            .unwrap()
            .contains("not forced")
    );
}

#[tokio::test]
async fn orders_that_make_no_sense_are_refused_with_what_exists() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    assert!(
        rig.done("force nobody open")
            .await
            .unwrap()
            .contains("a/m-a")
    );
    assert!(rig.done("rung3 on nowhere").await.unwrap().contains('r'));
    assert!(
        rig.done("fault clear 9")
            .await
            .unwrap()
            .contains("no active fault")
    );
    assert!(
        rig.done("force a/m-a open --for 9d")
            .await
            .unwrap()
            .contains("day")
    );
    assert!(rig.done("probe a/m-a").await.is_some());
}

#[tokio::test]
async fn rung_3_answers_at_once_until_it_is_switched_off() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    assert_eq!(rig.done("rung3 on r --for 1m").await, None);
    assert_eq!(header(&rig.ask("hi").await, "x-breakerbox-rung"), "3");
    let streamed = rig.ask_stream("hi").await;
    assert_eq!(header(&streamed, "x-breakerbox-rung"), "3");
    assert!(streamed.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    assert!(a.asked().is_empty());
    assert_eq!(rig.done("rung3 off").await, None);
    assert_eq!(header(&rig.ask("hi").await, "x-breakerbox-rung"), "0");
}

#[tokio::test]
async fn while_rung_3_is_on_for_all_no_route_is_switched_apart() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    assert_eq!(rig.done("rung3 on r --for 30m").await, None);
    assert_eq!(rig.done("rung3 on all --for 5m").await, None);
    for one in ["rung3 off r", "rung3 on r --for 10m"] {
        let refused = rig.done(one).await.expect(one);
        assert!(refused.contains("rung3 off all comes first"), "{refused}");
    }
    assert_eq!(header(&rig.ask("hi").await, "x-breakerbox-rung"), "3");
    assert_eq!(rig.done("rung3 off all").await, None);
    assert_eq!(header(&rig.ask("hi").await, "x-breakerbox-rung"), "0");
    assert!(rig.done("rung3 off r").await.is_some());
}

#[tokio::test]
async fn the_bad_key_fault_really_sends_a_wrong_key() {
    let a = Upstream::start(vec![json(
        401,
        &[],
        r#"{"error":{"code":"invalid_api_key"}}"#,
    )])
    .await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.done("fault add a/m-a bad-key").await;
    assert_eq!(
        header(&rig.ask("hi").await, "x-breakerbox-deployment"),
        "b/m-b"
    );
    let opened = rig.event(|k| matches!(k, Kind::Transition(_))).await;
    assert!(
        opened.injected && opened.line().ends_with("[injected]"),
        "{opened:?}"
    );
    let asked = a.asked().pop().unwrap();
    assert!(
        asked
            .header("authorization")
            .is_some_and(|v| !v.contains("key-of-a")),
        "{}",
        asked.head
    );
}

#[tokio::test]
async fn every_fault_but_the_silent_ones_is_survived_by_the_next_tier_and_marked() {
    for stream in [false, true] {
        for kind in FaultKind::menu() {
            // Garbage is served: only a judge can see it. What takes its time, or hits not everything, has tests of its
            // own.
            if matches!(
                kind,
                FaultKind::Garbage { .. }
                    | FaultKind::Hang
                    | FaultKind::Delay { .. }
                    | FaultKind::SlowFirstToken { .. }
                    | FaultKind::Stall { .. }
                    | FaultKind::BadKey
                    | FaultKind::Slow { .. }
                    | FaultKind::Capacity { .. }
                    | FaultKind::Harsh { .. }
            ) || (stream && matches!(kind, FaultKind::Cut { .. } | FaultKind::Malformed))
            {
                continue;
            }
            let good = |m: &str| {
                if stream {
                    openai_stream(&["x", "y"])
                } else {
                    openai(m, "x")
                }
            };
            let (a, b) = (
                Upstream::start(vec![good("m-a")]).await,
                Upstream::start(vec![good("m-b")]).await,
            );
            let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
            assert_eq!(rig.done(&format!("fault add a/m-a {kind}")).await, None);
            let response = if stream {
                rig.ask_stream("hi").await
            } else {
                rig.ask("hi").await
            };
            assert_eq!(response.status(), 200, "{kind}");
            assert_eq!(
                header(&response, "x-breakerbox-deployment"),
                "b/m-b",
                "{kind} stream={stream}"
            );
            let event = rig.event(|k| matches!(k, Kind::Fallback { .. })).await;
            assert!(event.injected, "{kind}: {event:?}");
        }
    }
}

#[tokio::test]
async fn garbage_is_a_200_that_counts_as_a_success() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    rig.done("fault add a/m-a garbage=word-salad").await;
    let response = rig.ask("hi").await;
    assert_eq!(header(&response, "x-breakerbox-rung"), "0");
    let said: serde_json::Value = response.json().await.unwrap();
    assert!(
        said["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .contains("lantern"),
        "{said}"
    );
    rig.done("fault clear all").await;
    let said: serde_json::Value = rig.ask("hi").await.json().await.unwrap();
    assert_eq!(said["choices"][0]["message"]["content"], "A");
}

#[tokio::test]
async fn an_injected_status_is_classified_like_a_real_one() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "A")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.done("fault add a/m-a status=429").await;
    rig.ask("hi").await;
    let event = rig.event(|k| matches!(k, Kind::Gated { .. })).await;
    assert!(
        matches!(
            &event.kind,
            Kind::Gated {
                class: Class::Throttle,
                ..
            }
        ),
        "{event:?}"
    );
}
