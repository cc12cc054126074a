//! Prompts of our own: quiet hours are watched, and nothing of it is in the users' counts.

use super::{
    rig::{self, Rig, openai_tiers, provider},
    upstream::{Do, Upstream, by, json, openai},
};
use breakerbox::{
    config::{CanaryPrompt, Config},
    model::{Class, Kind, Phase, Reason, Snapshot, event::Picked, snapshot::UsersWord},
};
use std::time::Duration;

const PROMPT: &str = "What is 17 + 25?";
const GARBAGE: &str = "blue the of seven";

/// Route `r` over `a` and `b`, a judge, and canaries so often; `more` goes into `[canary]`.
fn watched(every: Duration, a: &Upstream, b: &Upstream, judge: &Upstream, more: &str) -> Config {
    let judge = provider("j", "openai", judge);
    let mut config = rig::config(&format!(
        "{}{judge}[judge]\njudges = [\"j/m-j\"]\nanchors = false\n\
         [breaker]\ncooldown = \"1s\"\n\
         [canary]\nprompts = [{{ ask = \"{PROMPT}\", max_tokens = 200 }}]\n{more}",
        openai_tiers(&[a, b])
    ));
    // Less than a file may ask for.
    config.canary.as_mut().unwrap().every = every;
    config
}

/// Finds garbage when it sees it.
async fn judge() -> Upstream {
    let script = by(|asked| {
        let score = if String::from_utf8_lossy(&asked.body).contains(GARBAGE) {
            0.1
        } else {
            0.9
        };
        openai(
            "m-j",
            &format!(r#"{{"score": {score}, "reason": "looked at it"}}"#),
        )
    });
    Upstream::start(vec![script]).await
}

fn nobody_was_served(snapshot: &Snapshot) {
    assert_eq!(
        snapshot.totals,
        breakerbox::model::event::Exchanges::default()
    );
    assert_eq!(snapshot.users.word, UsersWord::Idle);
    for d in &snapshot.deployments {
        assert_eq!((d.errors_5m.n, d.attempts_per_s, d.p95), (0, 0.0, None));
        assert!(d.points.iter().all(|p| p.attempts == 0), "{}", d.id);
    }
}

#[tokio::test]
async fn a_quiet_deployment_is_asked_exactly_this_prompt_and_its_answer_is_judged() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "42")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let judge = judge().await;
    let more = "deployments = [\"a/m-a\"]";
    let config = watched(Duration::from_millis(300), &a, &b, &judge, more);
    let mut rig = Rig::with(config).await;
    for _ in 0..2 {
        let score = rig.event(|k| matches!(k, Kind::Score { .. })).await;
        assert!(
            matches!(&score.kind, Kind::Score { deployment, picked: Picked::Canary, .. } if &**deployment == "a/m-a"),
            "{score:?}"
        );
    }
    let bucket = rig.event(|k| matches!(k, Kind::Bucket(_))).await;
    assert!(
        matches!(&bucket.kind, Kind::Bucket(b) if b.canary > 0 && b.canary_failed == 0 && b.attempts() == 0 && b.in_flight == 0),
        "{bucket:?}"
    );
    let asked = a.asked();
    let gap = asked[1].at - asked[0].at;
    assert!(gap > Duration::from_millis(150), "{gap:?}");
    assert_eq!(
        asked[0].json(),
        serde_json::json!({"model": "m-a", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 200})
    );
    assert_eq!(b.asked().len(), 0, "only a is named");
    let read = judge.asked()[0].json()["messages"][1]["content"].to_string();
    assert!(read.contains(PROMPT) && read.contains("42"), "{read}");
    let snapshot = rig
        .until("the bucket", |s| s.deployments[0].canary_last.is_some())
        .await;
    nobody_was_served(&snapshot);
    let a = &snapshot.deployments[0];
    assert_eq!(a.canary_last.as_ref().unwrap().failed, None);
    assert!(a.judge_1h.n > 0 && a.scores.iter().all(|s| s.picked == Picked::Canary));
}

#[tokio::test]
async fn garbage_at_night_opens_the_breaker_without_a_single_user() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", GARBAGE)]).await,
        Upstream::start(vec![openai("m-b", "42")]).await,
    );
    let judge = judge().await;
    let mut config = watched(Duration::from_millis(100), &a, &b, &judge, "");
    config.breaker.cooldown = Duration::from_mins(5);
    // One question alone, asked again and again, is one piece of evidence.
    let questions = (1..=12).map(|n| CanaryPrompt::of(format!("What is {n} + 25?")));
    config.canary.as_mut().unwrap().prompts = questions.collect();
    let mut rig = Rig::with(config).await;
    let moved = rig.event(|k| matches!(k, Kind::Transition(_))).await;
    let Kind::Transition(t) = &moved.kind else {
        unreachable!("asked for one")
    };
    assert_eq!((&*t.deployment, t.to), ("a/m-a", Phase::Open));
    assert!(matches!(t.reason, Reason::Quality { bad, n, .. } if bad == n && n >= 3));
    let asked = a.asked().len();
    for _ in 0..5 {
        rig.event(|k| matches!(k, Kind::Score { deployment, .. } if &**deployment == "b/m-b"))
            .await;
    }
    assert_eq!(a.asked().len(), asked, "an open breaker refuses canaries");
    nobody_was_served(&rig.snapshot());
}

#[tokio::test]
async fn after_a_bad_answer_the_next_canaries_come_sooner() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", GARBAGE)]).await,
        Upstream::start(vec![openai("m-b", "42")]).await,
    );
    let judge = judge().await;
    let every = Duration::from_secs(4);
    let mut config = watched(every, &a, &b, &judge, "");
    config.breaker.cooldown = Duration::from_mins(5);
    let questions = (1..=12).map(|n| CanaryPrompt::of(format!("What is {n} + 25?")));
    config.canary.as_mut().unwrap().prompts = questions.collect();
    let mut rig = Rig::with(config).await;
    let scored_or_moved = |k: &Kind| matches!(k, Kind::Score { .. } | Kind::Transition(_));
    while let Kind::Score { .. } = rig.event(scored_or_moved).await.kind {}
    let gaps: Vec<_> = a.asked().windows(2).map(|w| w[1].at - w[0].at).collect();
    // At the ordinary pace each gap is at least four fifths of the interval.
    assert!(
        gaps.len() >= 2 && gaps.iter().all(|gap| *gap < every * 7 / 10),
        "{gaps:?}"
    );
}

#[tokio::test]
async fn nobody_is_asked_while_users_are_answered_and_everybody_once_they_have_gone() {
    let mut answer = vec![Do::Wait(Duration::from_millis(30))];
    answer.extend(openai("m-a", "A"));
    let (a, b) = (
        Upstream::start(vec![answer]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let judge = judge().await;
    let more = "deployments = [\"a/m-a\"]";
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask("a user's question").await;
    rig.reload_to(watched(Duration::from_millis(700), &a, &b, &judge, more));
    let mut events = rig.bus.subscribe();
    let mut seconds = 0;
    while seconds < 3 {
        rig.ask("a user's question").await;
        while let Ok(event) = events.try_recv() {
            if let Kind::Bucket(bucket) = &event.kind {
                assert_eq!(bucket.canary, 0);
                seconds += 1;
            }
        }
    }
    let of_canary = |asked: &super::upstream::Asked| asked.json().to_string().contains(PROMPT);
    assert!(!a.asked().iter().any(of_canary));
    rig.event(|k| matches!(k, Kind::Bucket(b) if b.canary > 0))
        .await;
    assert!(a.asked().iter().any(of_canary));
}

#[tokio::test]
async fn failed_canaries_are_told_and_open_the_breaker_and_stand_in_no_users_count() {
    let (a, b) = (
        Upstream::start(vec![json(500, &[], "{}")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let judge = judge().await;
    let config = watched(Duration::from_millis(300), &a, &b, &judge, "");
    let mut rig = Rig::with(config).await;
    let failed = rig.event(|k| matches!(k, Kind::CanaryFailed { .. })).await;
    assert!(
        matches!(&failed.kind, Kind::CanaryFailed { deployment, verdict } if &**deployment == "a/m-a" && verdict.class == Class::Fault),
        "{failed:?}"
    );
    let moved = rig.event(|k| matches!(k, Kind::Transition(_))).await;
    assert!(
        matches!(&moved.kind, Kind::Transition(t) if t.to == Phase::Open && matches!(t.reason, Reason::ErrorRate { .. })),
        "{moved:?}"
    );
    let snapshot = rig.snapshot();
    nobody_was_served(&snapshot);
    let last = snapshot.deployments[0].canary_last.as_ref().unwrap();
    assert_eq!(last.failed.as_ref().unwrap().status, Some(500));
}

#[tokio::test]
async fn where_nobody_calls_canaries_are_the_probes_that_bring_a_deployment_back() {
    const REFUSAL: &str =
        r#"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let (a, b) = (
        Upstream::start(vec![json(401, &[], REFUSAL), openai("m-a", "42")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let judge = judge().await;
    let config = watched(Duration::from_millis(100), &a, &b, &judge, "");
    let mut rig = Rig::with(config).await;
    let mut probed = 0;
    let mut phases = Vec::new();
    while phases.last() != Some(&Phase::Ramp(5)) {
        let event = rig
            .event(|k| matches!(k, Kind::Transition(_) | Kind::Probed { .. }))
            .await;
        match &event.kind {
            Kind::Transition(t) => phases.push(t.to),
            Kind::Probed {
                deployment,
                verdict,
                shadow: false,
            } => {
                assert_eq!((&**deployment, verdict.class), ("a/m-a", Class::Ok));
                probed += 1;
            }
            _ => panic!("{event:?}"),
        }
    }
    assert_eq!(phases, [Phase::Open, Phase::Probe, Phase::Ramp(5)]);
    assert!(probed >= 2, "{probed} probes");
    nobody_was_served(&rig.snapshot());
}

#[tokio::test]
async fn an_answer_that_our_own_limit_cut_short_is_told_and_not_judged() {
    let cut = serde_json::json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "m-a",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": GARBAGE}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 200, "total_tokens": 209}
    });
    let (a, b) = (
        Upstream::start(vec![json(200, &[], &cut.to_string())]).await,
        Upstream::start(vec![openai("m-b", "42")]).await,
    );
    let judge = judge().await;
    let config = watched(Duration::from_millis(200), &a, &b, &judge, "");
    let mut rig = Rig::with(config).await;
    for _ in 0..3 {
        let failed = rig.event(|k| matches!(k, Kind::CanaryFailed { .. })).await;
        assert!(
            matches!(&failed.kind, Kind::CanaryFailed { verdict, .. } if verdict.code == "canary_max_tokens"),
            "{failed:?}"
        );
    }
    rig.event(|k| matches!(k, Kind::Score { deployment, .. } if &**deployment == "b/m-b"))
        .await;
    let read = |asked: &super::upstream::Asked| asked.json().to_string().contains(GARBAGE);
    assert!(!judge.asked().iter().any(read));
    assert_eq!(rig.snapshot().deployments[0].phase, Phase::Closed);
}
