//! Faults that look different at every vendor, and those that hit only some: over providers that speak as the vendors do.

use super::{
    rig::{Rig, body, header, openai_tiers, provider},
    upstream::{Upstream, openai},
};
use breakerbox::{
    model::{Class, Dialect, Kind},
    router::DRILL,
    sim::{Behaviour, One, Served, serve_one},
};
use std::time::Duration;
use tokio::time::Instant;

const DIALECTS: [Dialect; 4] = [
    Dialect::OpenAi,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Bedrock,
];

/// One of its models.
const fn model(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => "gpt-4.1",
        Dialect::Anthropic => "claude-sonnet-4-5",
        Dialect::Gemini => "gemini-2.5-pro",
        Dialect::Bedrock => "us.amazon.nova-pro-v1:0",
    }
}

fn first(dialect: Dialect) -> String {
    format!("a/{}", model(dialect))
}

/// Route `r` over a provider of this dialect, and one that always answers.
async fn rig(dialect: Dialect) -> (Rig, Served, Upstream) {
    let one = serve_one(dialect, Behaviour::faultless(), One::default());
    let served = one.await.unwrap();
    let below = Upstream::start(vec![openai("m-b", "B")]).await;
    let p = served.provider();
    let region = if dialect == Dialect::Bedrock {
        "region = \"us-east-1\"\n"
    } else {
        ""
    };
    let toml = format!(
        "[providers.a]\ndialect = \"{dialect}\"\nbase_url = \"http://{}\"\nvendor = \"a\"\nkey = \"{}\"\n{region}{}\
         [routes.r]\ntiers = [\"{}\", \"b/m-b\"]\n[cache]\nenabled = false\n",
        p.addr,
        p.key,
        provider("b", "openai", &below),
        first(dialect)
    );
    (Rig::start(&toml).await, served, below)
}

async fn asked(rig: &Rig, stream: bool) -> (String, String) {
    let answer = rig
        .post("/v1/chat/completions", &body("Say something.", stream))
        .await;
    let by = header(&answer, "x-breakerbox-deployment").to_owned();
    (by, answer.text().await.unwrap())
}

#[tokio::test]
async fn spent_money_gates_a_deployment_of_every_dialect_and_the_next_tier_answers() {
    for dialect in DIALECTS {
        for stream in [false, true] {
            let (mut rig, _served, _below) = rig(dialect).await;
            assert_eq!(
                rig.done(&format!("fault add {} quota", first(dialect)))
                    .await,
                None
            );
            let (by, _) = asked(&rig, stream).await;
            // The second has only whole answers: what matters is that the first was left.
            assert_ne!(by, first(dialect), "{dialect} stream={stream}");
            let gated = rig.event(|k| matches!(k, Kind::Gated { .. })).await;
            assert!(
                matches!(
                    &gated.kind,
                    Kind::Gated {
                        class: Class::Quota,
                        ..
                    }
                ) && gated.injected,
                "{dialect}: {gated:?}"
            );
        }
    }
}

#[tokio::test]
async fn past_its_capacity_every_dialect_is_overloaded_and_the_next_tier_answers() {
    for dialect in DIALECTS {
        let (mut rig, _served, _below) = rig(dialect).await;
        assert_eq!(
            rig.done(&format!("fault add {} capacity=1", first(dialect)))
                .await,
            None
        );
        let mut by = Vec::new();
        for _ in 0..3 {
            by.push(asked(&rig, false).await.0);
        }
        assert_eq!(by[0], first(dialect), "{dialect}: {by:?}");
        assert!(by.contains(&"b/m-b".to_owned()), "{dialect}: {by:?}");
    }
}

#[tokio::test]
async fn the_ways_of_august_are_served_with_a_200_in_every_dialect() {
    for dialect in DIALECTS {
        for stream in [false, true] {
            for (how, is) in [("wrong-script", false), ("top-k", true)] {
                let (mut rig, _served, _below) = rig(dialect).await;
                assert_eq!(
                    rig.done(&format!("fault add {} garbage={how}", first(dialect)))
                        .await,
                    None
                );
                let (by, text) = asked(&rig, stream).await;
                assert_eq!(by, first(dialect), "{dialect} {how} stream={stream}");
                assert!(text.contains("the"), "{text}");
                assert_eq!(text.is_ascii(), is, "{dialect} {how}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_slow_provider_says_the_same_as_many_times_later() {
    for dialect in DIALECTS {
        for stream in [false, true] {
            let (mut rig, _served, _below) = rig(dialect).await;
            let began = Instant::now();
            assert_eq!(asked(&rig, stream).await.0, first(dialect));
            let usual = began.elapsed();
            assert_eq!(
                rig.done(&format!("fault add {} slow=40", first(dialect)))
                    .await,
                None
            );
            let began = Instant::now();
            let (by, text) = asked(&rig, stream).await;
            let slow = began.elapsed();
            assert_eq!(by, first(dialect), "{dialect} stream={stream}");
            assert!(
                !text.is_empty() && (!stream || text.ends_with("data: [DONE]\n\n")),
                "{text}"
            );
            // The provider's own time is some 10 ms at this speed.
            assert!(
                slow > usual + Duration::from_millis(100),
                "{dialect}: {usual:?}, {slow:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_drills_fault_never_hits_a_caller_without_its_tag() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "A")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let tagged = |tag: &'static str| {
        let request = rig.client.post(rig.url("/v1/chat/completions"));
        request.header(DRILL, tag).json(&body("hi", false)).send()
    };
    rig.order("fault add a/m-a status=503 --only drill:t1");
    let fault = rig.until("the fault", |s| s.faults.len() == 1).await;
    assert!(
        fault.overrides()[0]
            .0
            .ends_with("only a drill's own requests")
    );
    for _ in 0..20 {
        assert_eq!(
            header(&rig.ask("hi").await, "x-breakerbox-deployment"),
            "a/m-a"
        );
        let other = tagged("t2").await.unwrap();
        assert_eq!(header(&other, "x-breakerbox-deployment"), "a/m-a");
    }
    let hit = tagged("t1").await.unwrap();
    assert_eq!(header(&hit, "x-breakerbox-deployment"), "b/m-b");
    assert!(
        a.asked().iter().all(|x| x.header(DRILL).is_none()),
        "no provider sees the tag"
    );
    assert_eq!(rig.done("fault clear all").await, None);
}

#[tokio::test]
async fn a_harsh_judge_scores_lower_and_answers_users_as_ever() {
    let (a, b) = (
        Upstream::start(vec![openai("m-a", "A fine answer.")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    );
    let reply = r#"{"score": 0.9, "reason": "fine"}"#;
    let judge = Upstream::start(vec![openai("m-j", reply)]).await;
    let toml = format!(
        "{}{}[judge]\njudges = [\"j/m-j\"]\nsample = 1.0\nanchors = false\n",
        openai_tiers(&[&a, &b]),
        provider("j", "openai", &judge)
    );
    let mut rig = Rig::start(&toml).await;
    assert_eq!(
        rig.done("fault add j/m-j harsh=30 --only judging").await,
        None
    );
    rig.ask("hi").await.bytes().await.unwrap();
    let event = rig.event(|k| matches!(k, Kind::Score { .. })).await;
    assert!(
        matches!(event.kind, Kind::Score { score, .. } if (score - 0.6).abs() < 1e-9),
        "{event:?}"
    );
    let mut direct = body("hi", false);
    direct["model"] = "j/m-j".into();
    let answer = rig
        .post("/v1/chat/completions", &direct)
        .await
        .text()
        .await
        .unwrap();
    assert!(answer.contains("0.9"), "{answer}");
}
