//! The first judge: another vendor scores a sample, and a provider that has gone silently stupid is taken out.

use super::{
    rig::{Rig, header, openai_tiers, provider},
    upstream::{Upstream, by, json, openai},
};
use breakerbox::model::{Kind, Phase, Reason, Snapshot, text};

fn judged(a: &Upstream, b: &Upstream, judge: &Upstream) -> String {
    let judge = provider("j", "openai", judge);
    format!(
        "{}{judge}[judge]\njudges = [\"j/m-j\"]\nsample = 1.0\nmin_n = 5\nanchors = false\nmax_per_minute = 1000\n",
        openai_tiers(&[a, b])
    )
}

#[tokio::test]
async fn answers_that_are_judged_bad_open_the_breaker_with_the_mean_and_its_n() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "blue the of seven")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let judge = Upstream::start(vec![openai(
        "m-j",
        r#"{"score": 0.1, "reason": "words without sense"}"#,
    )])
    .await;
    let mut rig = Rig::start(&judged(&a, &b, &judge)).await;
    for i in 0.. {
        rig.ask(&format!("question {i}"))
            .await
            .bytes()
            .await
            .unwrap();
        let event = rig
            .event(|k| matches!(k, Kind::Score { .. } | Kind::Transition(_)))
            .await;
        match &event.kind {
            Kind::Score {
                deployment,
                judge,
                score,
                reason,
                ..
            } => assert_eq!(
                (&**deployment, &**judge, *score, reason.as_str()),
                ("a/m-a", "j/m-j", 0.1, "words without sense")
            ),
            Kind::Transition(t) => {
                assert_eq!((&*t.deployment, t.to), ("a/m-a", Phase::Open));
                let text = t.reason.to_string();
                assert!(
                    matches!(t.reason, Reason::Quality { mean, bad, n: 4..=7, .. } if mean < 0.11 && bad == i),
                    "{text} after {i}"
                );
                assert!(
                    text.contains(&format!("{i} of {i} bad"))
                        && text.contains("judge j/m-j, since "),
                    "{text}"
                );
                break;
            }
            _ => unreachable!("asked for these two"),
        }
    }
    assert_eq!(
        header(&rig.ask("next").await, "x-breakerbox-deployment"),
        "b/m-b"
    );
    let asked = judge.asked();
    let prompt = asked[0].json()["messages"][1]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        prompt.contains("question 0") && prompt.contains("blue the of seven"),
        "{prompt}"
    );
}

#[tokio::test]
async fn a_judge_that_fails_gives_no_score() {
    let a = Upstream::start(vec![openai("m-a", "fine")]).await;
    for broken in [
        openai("m-j", "I would say 0.1"),
        json(500, &[], "{}"),
        openai("m-j", r#"{"score": 7}"#),
    ] {
        let judge = Upstream::start(vec![broken]).await;
        let mut rig = Rig::start(&judged(&a, &a, &judge)).await;
        rig.ask("q").await.bytes().await.unwrap();
        rig.event(|k| matches!(k, Kind::JudgeFailed { .. })).await;
        let snapshot = rig
            .until("a failed judge call", |s| s.judge.failed_calls == 1)
            .await;
        assert_eq!(snapshot.deployments[0].judge_1h.n, 0);
        assert_eq!(snapshot.deployments[0].phase, Phase::Closed);
    }
}

#[tokio::test]
async fn a_judge_that_reasons_first_is_sent_only_what_it_accepts() {
    let a = Upstream::start(vec![openai("m-a", "fine")]).await;
    let strict = by(|asked| {
        let body = asked.json();
        if body.get("max_tokens").is_some() || body.get("temperature").is_some() {
            let refusal =
                r#"{"error":{"message":"not with this model","code":"unsupported_value"}}"#;
            return json(400, &[], refusal);
        }
        assert_eq!(body["max_completion_tokens"], 10_000);
        openai("gpt-5-mini", r#"{"score": 0.9, "reason": "ok"}"#)
    });
    let judge = Upstream::start(vec![strict]).await;
    let toml = judged(&a, &a, &judge).replace("j/m-j", "j/gpt-5-mini");
    let mut rig = Rig::start(&toml).await;
    rig.ask("q").await.bytes().await.unwrap();
    let told = rig
        .event(|k| matches!(k, Kind::Score { .. } | Kind::JudgeFailed { .. }))
        .await;
    assert!(matches!(told.kind, Kind::Score { .. }), "{told:?}");
}

#[tokio::test]
async fn what_is_usual_and_what_speaks_against_it_is_known_before_a_trip() {
    let a = by(|asked| {
        let bad = asked.json().to_string().contains("question 60");
        openai("m-a", if bad { "blue the of seven" } else { "fine" })
    });
    let a = Upstream::start(vec![a]).await;
    let judge = by(|asked| {
        let bad = asked.json().to_string().contains("blue the of seven");
        let score = if bad { 0.1 } else { 0.9 };
        openai("m-j", &format!(r#"{{"score": {score}, "reason": "r"}}"#))
    });
    let judge = Upstream::start(vec![judge]).await;
    let rig = Rig::start(&judged(&a, &a, &judge)).await;
    for i in 0..60 {
        let question = format!("question {i}");
        rig.ask(&question).await.bytes().await.unwrap();
    }
    let usual = |s: &Snapshot| s.deployments[0].watch.usual == Some(0.9);
    let snapshot = rig
        .until("what is usual", |s| usual(s) && judge.asked().len() == 60)
        .await;
    assert_eq!(snapshot.deployments[0].watch.scores, None);
    rig.ask("question 60").await.bytes().await.unwrap();
    let evidence = |s: &Snapshot| s.deployments[0].watch.scores.is_some();
    let snapshot = rig.until("what speaks against it", evidence).await;
    let a = &snapshot.deployments[0];
    assert_eq!((a.phase, a.watch.usual), (Phase::Closed, Some(0.9)));
    let note = text::note(a, snapshot.at);
    assert!(note.contains(", usual 0.90, 1 of "), "{note}");
}

#[tokio::test]
async fn when_the_only_judge_is_out_all_that_go_unjudged_are_named_and_nobody_else() {
    let a = Upstream::start(vec![openai("m-a", "fine")]).await;
    let refusal = r#"{"error":{"message":"no","code":"invalid_api_key"}}"#;
    let judge = Upstream::start(vec![json(401, &[], refusal)]).await;
    let mut rig = Rig::start(&judged(&a, &a, &judge)).await;
    let (why, deployments) = loop {
        rig.ask("q").await.bytes().await.unwrap();
        let told = rig
            .event(|k| matches!(k, Kind::Exchanges(_) | Kind::JudgeAvailable { .. }))
            .await;
        if let Kind::JudgeAvailable {
            available: false,
            why,
            deployments,
        } = &told.kind
        {
            break (why.clone(), deployments.clone());
        }
    };
    assert_eq!(deployments, ["a/m-a".into(), "b/m-b".into()]);
    assert!(!why.contains("m-a"), "{why}");
    let snapshot = rig
        .until("both are blind", |s| {
            s.deployments.iter().filter(|d| d.watch.blind).count() == 2
        })
        .await;
    assert_eq!(snapshot.judge.unavailable, Some(why));
    assert!(!snapshot.deployment("j/m-j").unwrap().watch.blind);
}

#[tokio::test]
async fn a_judges_own_calls_are_nobodys_traffic() {
    let a = Upstream::start(vec![openai("m-a", "fine")]).await;
    let judge = Upstream::start(vec![openai("m-j", r#"{"score": 0.9, "reason": "ok"}"#)]).await;
    let mut rig = Rig::start(&judged(&a, &a, &judge)).await;
    rig.ask("q").await.bytes().await.unwrap();
    rig.event(|k| matches!(k, Kind::Score { .. })).await;
    rig.event(|k| matches!(k, Kind::Exchanges(_))).await;
    let snapshot = rig
        .until("the score and the exchange", |s| {
            s.deployments[0].judge_1h.n == 1 && s.totals.answered() == 1
        })
        .await;
    assert_eq!(snapshot.deployment("j/m-j").unwrap().errors_5m.n, 0);
}

#[tokio::test]
async fn one_question_that_is_always_answered_badly_opens_nothing_and_ten_do() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "I cannot say")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let judge = Upstream::start(vec![openai("m-j", r#"{"score": 0.1, "reason": "no"}"#)]).await;
    let mut rig = Rig::start(&judged(&a, &b, &judge)).await;
    for n in 0..8 {
        let reply = rig.ask("the same again").await;
        assert_eq!(
            header(&reply, "x-breakerbox-deployment"),
            "a/m-a",
            "answer {n}"
        );
        reply.bytes().await.unwrap();
        rig.event(|k| matches!(k, Kind::Score { .. })).await;
    }
    rig.until("each score is told", |s| s.deployments[0].judge_1h.n == 8)
        .await;
    for n in 0..10 {
        let reply = rig.ask(&format!("question {n}")).await;
        reply.bytes().await.unwrap();
        let event = rig
            .event(|k| matches!(k, Kind::Score { .. } | Kind::Transition(_)))
            .await;
        if let Kind::Transition(t) = &event.kind {
            assert_eq!((&*t.deployment, t.to), ("a/m-a", Phase::Open));
            assert!(n >= 2, "the one question counts once");
            return;
        }
    }
    panic!("ten different ones open it");
}

#[tokio::test]
async fn a_spent_budget_is_said_once_and_stops_no_answer() {
    let a = Upstream::start(vec![openai("m-a", "fine")]).await;
    let judge = Upstream::start(vec![openai("m-j", r#"{"score": 0.9, "reason": "ok"}"#)]).await;
    let config = judged(&a, &a, &judge).replace("max_per_minute = 1000", "max_per_minute = 2");
    let mut rig = Rig::start(&config).await;
    for i in 0..5 {
        let answer = rig.ask(&format!("question {i}")).await;
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
    }
    let told = rig
        .event(|k| matches!(k, Kind::Notice { text, .. } if text.contains("budget for judges")))
        .await;
    let text = told.line();
    assert!(text.contains("judge.max_per_minute = 2"), "{text}");
    assert_eq!(judge.asked().len(), 2);
}
