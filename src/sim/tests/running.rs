//! Starting, seeding, judging, stopping, and the crowd.

use super::*;
use futures_util::StreamExt;
use std::sync::atomic::Ordering;
use std::time::Duration;
use traffic::Traffic;

async fn start(seed: u64) -> Sim {
    let options = Options {
        seed,
        speed: 300.0,
        ..Options::default()
    };
    Sim::start(options)
        .await
        .expect("free ports on the loopback")
}

#[tokio::test]
async fn three_providers_start_in_the_order_of_the_usual_route() {
    let sim = start(1).await;
    let ids: Vec<_> = sim.providers().iter().map(|p| p.id).collect();
    assert_eq!(ids, ["anthropic", "openai", "gemini"]);
    let shown = format!("{:?}", sim.providers());
    assert!(
        sim.providers().iter().all(|p| !shown.contains(&p.key)),
        "{shown}"
    );
    sim.shutdown().await;
}

#[tokio::test]
async fn one_seed_gives_one_run_and_another_seed_another() {
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let sim = start(seed).await;
        let mut said = Vec::new();
        for provider in sim.providers() {
            for text in [TICKET, "Why is the sky blue?", "Is basil easy to keep?"] {
                let answer = ask(provider, &asking(provider.dialect, text)).await;
                let mut body = answer.json();
                if let Some(map) = body.as_object_mut() {
                    map.remove("created");
                }
                said.push(body);
            }
        }
        runs.push(said);
        sim.shutdown().await;
    }
    assert_eq!(runs.first(), runs.get(1));
    assert_ne!(runs.first(), runs.get(2));
}

#[tokio::test]
async fn a_judge_answers_with_a_score_in_every_dialect() {
    let rubric =
        "Grade the answer. Reply with JSON only: {\"score\": 0.0 to 1.0, \"reason\": \"...\"}";
    let graded = |answer: &str| {
        format!("<question>Why is the sky blue?</question>\n<answer>{answer}</answer>")
    };
    let good = "The sky is blue because air scatters blue light far more strongly than red light.";
    for dialect in Dialect::ALL {
        let served = provider(dialect).await;
        let mut scores = Vec::new();
        for answer in [
            good,
            "небо сегодня серое, и мы поедем на автобусе к бабушке в деревню",
        ] {
            let body = asking(dialect, &graded(answer));
            let body = match dialect {
                Dialect::OpenAi => json!({ "model": "gpt-4.1", "messages": [
                    { "role": "system", "content": rubric }, { "role": "user", "content": graded(answer) } ] }),
                Dialect::Responses => with(body, json!({ "instructions": rubric })),
                Dialect::Anthropic => with(body, json!({ "system": rubric })),
                Dialect::Gemini => with(
                    body,
                    json!({ "systemInstruction": { "parts": [{ "text": rubric }] } }),
                ),
                Dialect::Bedrock => with(body, json!({ "system": [{ "text": rubric }] })),
            };
            let said = ask(served.provider(), &body).await.json();
            let text = match dialect {
                Dialect::OpenAi => str_at(&said, "/choices/0/message/content"),
                Dialect::Responses => str_at(&said, "/output/0/content/0/text"),
                Dialect::Anthropic => str_at(&said, "/content/0/text"),
                Dialect::Gemini => str_at(&said, "/candidates/0/content/parts/0/text"),
                Dialect::Bedrock => str_at(&said, "/output/message/content/0/text"),
            };
            let ruling: Value = serde_json::from_str(text).expect("the judge answers in JSON");
            assert!(!str_at(&ruling, "/reason").is_empty());
            scores.push(
                at(&ruling, "/score")
                    .as_f64()
                    .expect("the score is a number"),
            );
        }
        assert!(
            matches!(scores.as_slice(), [good, bad] if good - bad > 0.3),
            "{dialect}: {scores:?}"
        );
    }
}

#[tokio::test]
async fn a_shutdown_cuts_a_stream_and_never_ends_it_cleanly() {
    let slow = One {
        speed: 1.0,
        ..One::default()
    };
    let behaviour = Behaviour {
        first_token: Duration::from_millis(20),
        pace: 5.0,
        ..Behaviour::faultless()
    };
    let served = serve_one(Dialect::OpenAi, behaviour, slow)
        .await
        .expect("a free port");
    let at = served.provider();
    let body = with(asking(Dialect::OpenAi, TICKET), json!({ "stream": true }));
    let response = post(at, chat_path(Dialect::OpenAi, true), &at.key)
        .json(&body)
        .send()
        .await
        .expect("a head");
    let mut chunks = response.bytes_stream();
    assert!(chunks.next().await.is_some_and(|c| c.is_ok()));
    let down = tokio::time::timeout(Duration::from_secs(1), served.shutdown());
    let (down, rest) = tokio::join!(down, chunks.collect::<Vec<_>>());
    assert!(down.is_ok(), "the shutdown waited for a stream");
    assert!(
        rest.last().is_some_and(Result::is_err),
        "a cut stream looked whole"
    );
}

#[tokio::test]
async fn latency_follows_the_dial() {
    let served = provider(Dialect::OpenAi).await;
    let body = asking(Dialect::OpenAi, "Hi");
    // A third of a second at the least, where an ordinary answer takes a few milliseconds.
    served.provider().behaviour.change(|b| {
        b.spread = 0.0;
        b.latency_factor = 200.0;
    });
    let hurried =
        tokio::time::timeout(Duration::from_millis(250), ask(served.provider(), &body)).await;
    assert!(hurried.is_err(), "the factor had no effect");
    served
        .provider()
        .behaviour
        .change(|b| b.latency_factor = 0.1);
    assert_eq!(ask(served.provider(), &body).await.status, 200);
}

/// The crowd straight at one provider: its requests are taken as they are, whatever the kind.
async fn crowd(dialect: Dialect, route: &str) -> (u64, u64, u64) {
    let served = provider(dialect).await;
    let mut traffic = Traffic::new(served.provider().addr, route);
    traffic.rate = 200.0;
    traffic.key = Some(served.provider().key.clone());
    let stats = traffic.stats();
    let stop = CancellationToken::new();
    let ended = tokio::join!(traffic.run(stop.clone()), async {
        tokio::time::timeout(Duration::from_millis(900), stop.cancelled())
            .await
            .ok();
        stop.cancel();
    });
    ended.0.expect("the client can be built");
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (sent, ok, errors, left) = (
        read(&stats.sent),
        read(&stats.ok),
        read(&stats.errors),
        read(&stats.left),
    );
    assert_eq!(
        sent,
        ok + errors + left + read(&stats.canned),
        "every request has one end"
    );
    (sent, ok, errors)
}

#[tokio::test]
async fn the_crowd_gets_whole_answers_from_the_door_it_knows_and_errors_from_the_other() {
    for (dialect, model) in [
        (Dialect::OpenAi, "gpt-4.1"),
        (Dialect::Anthropic, "claude-sonnet-4-5"),
    ] {
        let (sent, ok, errors) = crowd(dialect, model).await;
        // Each provider knows one of the crowd's two doors, so both ends are seen.
        assert!(
            sent > 20 && ok > 4 && errors > 4,
            "{dialect}: {sent} sent, {ok} whole, {errors} failed"
        );
    }
}
