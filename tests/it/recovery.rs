//! The way back: one probe, then a share, then all; and a configuration that changes under traffic.

use super::{
    rig::{Rig, body, openai_tiers},
    upstream::{Do, Upstream, json, openai},
};
use breakerbox::model::{Kind, Phase};
use futures_util::future::join_all;
use std::time::Duration;

const REFUSAL: &str =
    r#"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#;

#[tokio::test]
async fn at_the_end_of_a_cooldown_with_500_requests_waiting_exactly_one_reaches_the_upstream() {
    // Answers so slowly that every request of the storm comes while the probe is out.
    let mut slow = vec![Do::Wait(Duration::from_secs(25))];
    slow.extend(openai("m-a", "A"));
    let a = Upstream::start(vec![json(401, &[], REFUSAL), slow]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let toml = |cooldown: &str| {
        let tiers = openai_tiers(&[&a, &b]);
        format!("{tiers}[breaker]\ncooldown = \"{cooldown}\"\n")
    };
    let mut rig = Rig::start(&toml("1s")).await;
    rig.ask("trip").await;
    rig.event(|k| matches!(k, Kind::Transition(t) if t.to == Phase::Open))
        .await;
    // With a cooldown of 1s a probe that is out for longer counts as lost, and on a busy machine the storm takes longer.
    rig.reload(&toml("1m"));
    rig.event(|k| matches!(k, Kind::Transition(t) if t.to == Phase::Probe))
        .await;
    let storm = (0..500).map(|i| {
        let request = rig
            .client
            .post(rig.url("/v1/chat/completions"))
            .json(&body(&format!("n {i}"), false));
        async move { request.send().await.expect("the door answers").status() }
    });
    let answered = join_all(storm).await;
    assert!(answered.iter().all(|s| *s == 200));
    assert_eq!(a.asked().len(), 2, "the refusal and one probe");
    assert_eq!(b.asked().len(), 501);
}

#[tokio::test]
async fn a_provider_that_comes_back_earns_its_traffic_step_by_step_while_users_are_served() {
    let a = Upstream::start(vec![json(401, &[], REFUSAL), openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&format!(
        "{}[breaker]\ncooldown = \"1s\"\n",
        openai_tiers(&[&a, &b])
    ))
    .await;
    rig.ask("trip").await;
    let mut phases = Vec::new();
    let traffic = async {
        loop {
            assert_eq!(
                rig.client
                    .post(rig.url("/v1/chat/completions"))
                    .json(&body("x", false))
                    .send()
                    .await
                    .unwrap()
                    .status(),
                200
            );
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    let mut events = rig.bus.subscribe();
    let watch = async {
        while phases.last() != Some(&Phase::Closed) {
            if let Kind::Transition(t) = &events.recv().await.expect("events go on").kind {
                phases.push(t.to);
            }
        }
    };
    tokio::select! {
        () = traffic => {}
        done = tokio::time::timeout(Duration::from_secs(25), watch) => done.expect("it closes again"),
    }
    assert!(
        phases.ends_with(&[
            Phase::Probe,
            Phase::Ramp(5),
            Phase::Ramp(25),
            Phase::Ramp(50),
            Phase::Closed
        ]),
        "{phases:?}"
    );
    let _ = rig.done("fault clear all").await;
}

#[tokio::test]
async fn a_new_configuration_takes_over_and_keeps_what_is_known() {
    let (a, b) = (
        Upstream::start(vec![json(401, &[], REFUSAL)]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let toml = openai_tiers(&[&a, &b]);
    let mut rig = Rig::start(&toml).await;
    rig.ask("trip").await;
    rig.event(|k| matches!(k, Kind::Transition(_))).await;
    rig.reload(&toml.replace(
        "[routes.r]",
        "[routes.other]\ntiers = [\"b/m-b\"]\n[routes.r]",
    ));
    rig.event(|k| matches!(k, Kind::Reloaded { .. })).await;
    let snapshot = rig.until("the new route", |s| s.routes.len() == 2).await;
    assert_eq!(
        snapshot.deployment("a/m-a").unwrap().phase,
        Phase::Open,
        "a reload forgets no breaker"
    );
    rig.ask("again").await;
    assert_eq!(a.asked().len(), 1);
}
