//! A first token that is later than usual: the next tier is asked too, and whoever has content first answers.

use super::{
    rig::{Rig, header, openai_tiers},
    upstream::{Do, Upstream, chunk, end, openai_done, openai_stream, openai_text, sse_head},
};
use breakerbox::model::{Kind, Phase};
use std::time::Duration;

/// Answers before a deployment's own distribution is trusted.
const LEARNED: usize = 100;

fn hedged(a: &Upstream, b: &Upstream) -> String {
    openai_tiers(&[a, b]).replace("[routes.r]\n", "[routes.r]\nhedge = true\n")
}

/// `a` answers at once until it is known, and then does `then`.
async fn known(then: Vec<Do>, b: Vec<Do>) -> (Rig, Upstream, Upstream) {
    let mut script = vec![openai_stream(&["A"]); LEARNED];
    script.push(then);
    let a = Upstream::start(script).await;
    let b = Upstream::start(vec![b]).await;
    let rig = Rig::start(&hedged(&a, &b)).await;
    for _ in 0..LEARNED {
        let text = rig.ask_stream("hi").await.text().await.unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"));
    }
    (rig, a, b)
}

#[tokio::test]
async fn the_next_tier_answers_when_the_first_token_is_late_and_the_late_call_is_cancelled() {
    let (mut rig, a, b) = known(vec![sse_head(), Do::Hang], openai_stream(&["B"])).await;
    let response = rig.ask_stream("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "b/m-b");
    assert_eq!(header(&response, "x-breakerbox-attempts"), "2");
    assert!(response.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    let event = rig.event(|k| matches!(k, Kind::Hedged { .. })).await;
    assert!(
        matches!(&event.kind, Kind::Hedged { won: true, late, .. } if &**late == "a/m-a"),
        "{event:?}"
    );
    assert_eq!(b.asked().len(), 1);
    let snapshot = rig
        .until("the late call is over", |s| {
            s.deployments[0].in_flight == 0 && s.totals.fallback == 1
        })
        .await;
    assert_eq!(a.hung_up().len(), 1);
    assert_eq!(
        snapshot.deployments[0].phase,
        Phase::Closed,
        "late is not broken"
    );
}

#[tokio::test]
async fn a_late_answer_that_comes_first_after_all_is_taken_and_the_other_call_cancelled() {
    let late = vec![
        sse_head(),
        Do::Wait(Duration::from_millis(400)),
        chunk(&openai_text("A")),
        chunk(&openai_done()),
        end(),
    ];
    let (mut rig, _a, b) = known(late, vec![sse_head(), Do::Hang]).await;
    let response = rig.ask_stream("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    assert!(response.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    let event = rig.event(|k| matches!(k, Kind::Hedged { .. })).await;
    assert!(
        matches!(&event.kind, Kind::Hedged { won: false, .. }),
        "{event:?}"
    );
    rig.until("the other call is over", |_| b.hung_up().len() == 1)
        .await;
}

#[tokio::test]
async fn a_rival_that_fails_changes_nothing() {
    let late = vec![
        sse_head(),
        Do::Wait(Duration::from_millis(400)),
        chunk(&openai_text("A")),
        chunk(&openai_done()),
        end(),
    ];
    let (rig, _a, _b) = known(late, super::upstream::json(500, &[], "{}")).await;
    let response = rig.ask_stream("hi").await;
    assert_eq!(header(&response, "x-breakerbox-deployment"), "a/m-a");
    assert!(response.text().await.unwrap().ends_with("data: [DONE]\n\n"));
}
