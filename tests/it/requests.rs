//! What is told of a request when it has ended: who was asked, when, why, and how that ended.

use super::{
    rig::{Rig, body, openai_tiers, provider},
    upstream::{
        Do, Upstream, chunk, end, json, openai, openai_done, openai_stream, openai_text, sse_head,
    },
};
use breakerbox::{
    model::{
        Class, Kind, Phase,
        event::Outcome,
        request::{CacheHit, Request, Span, SpanEnd},
    },
    router::DRILL,
};
use serde_json::{Value, json as value};
use std::time::Duration;

const NO: &str = r#"{"error":{"message":"boom","type":"server_error","code":null}}"#;
const REFUSAL: &str =
    r#"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#;

async fn told(rig: &mut Rig) -> Request {
    let event = rig.event(|k| matches!(k, Kind::Request(_))).await;
    let Kind::Request(request) = &event.kind else {
        unreachable!("asked for one")
    };
    Request::clone(request)
}

/// Why, of whom, in which tier, and how it ended: `first a/m-a 0 fault`.
fn attempts(request: &Request) -> Vec<String> {
    let word = |end: &SpanEnd| match end {
        SpanEnd::Won => "won",
        SpanEnd::Failed(verdict) => verdict.class.as_str(),
        SpanEnd::Lost => "lost",
        SpanEnd::Left => "left",
    };
    let line = |s: &Span| {
        let kind = s.kind.as_str();
        format!("{kind} {} {} {}", s.deployment, s.tier, word(&s.end))
    };
    request.spans.iter().map(line).collect()
}

fn passed_over(request: &Request) -> Vec<(&str, usize, &str)> {
    let skipped = request.skipped.iter();
    skipped
        .map(|s| (&*s.deployment, s.tier, s.why.as_str()))
        .collect()
}

#[tokio::test]
async fn a_request_that_fell_back_is_told_with_each_attempt_in_its_place() {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let mut slow = vec![Do::Wait(Duration::from_millis(120))];
    slow.extend(openai("m-b", "B"));
    let b = Upstream::start(vec![slow]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask("hi").await;
    let request = told(&mut rig).await;
    assert_eq!(request.outcome, Outcome::Fallback);
    assert_eq!(
        (request.deployment.as_deref(), request.tier, request.ttft),
        (Some("b/m-b"), Some(1), None)
    );
    assert_eq!(
        attempts(&request),
        [
            "first a/m-a 0 fault",
            "retry a/m-a 0 fault",
            "fallback b/m-b 1 won"
        ]
    );
    let [first, again, other] = &request.spans[..] else {
        unreachable!("three were told")
    };
    let verdict = first.end.failed().unwrap();
    assert_eq!((verdict.class, verdict.status), (Class::Fault, Some(503)));
    assert!(first.start + first.took <= again.start);
    let pause = again.start.saturating_sub(first.start + first.took);
    assert!(
        pause >= Duration::from_millis(49),
        "before a retry: {pause:?}"
    );
    assert!(again.start + again.took <= other.start);
    assert!(other.took >= Duration::from_millis(119), "{other:?}");
    let end = other.start + other.took;
    let rest = request
        .total
        .checked_sub(end)
        .expect("no attempt outlasts its exchange");
    assert!(rest < Duration::from_millis(100), "{request:?}");
    let seen = rig
        .until("it is in the list", |s| !s.requests.is_empty())
        .await;
    assert_eq!(seen.requests[0].request, request);
    let failures = &seen.deployment("a/m-a").unwrap().failures;
    assert_eq!(failures.len(), 1, "one way of failing, twice");
    assert!(failures[0].text.contains("503"), "{failures:?}");
}

#[tokio::test]
async fn of_many_ordinary_requests_a_few_are_told_and_say_how_many_there_were() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    let (mut asked, mut recorded, mut alike) = (0, 0, 0);
    while recorded < 3 {
        rig.ask("hi").await.bytes().await.unwrap();
        asked += 1;
        rig.ask("ho").await.bytes().await.unwrap();
        asked += 1;
        while let Some(request) = next(&mut rig) {
            assert_eq!(attempts(&request), ["first a/m-a 0 won"]);
            recorded += 1;
            alike += request.alike;
        }
    }
    assert!(alike > 0, "{asked} were asked in half a second");
    assert!(recorded + alike <= asked, "each is counted once");
}

/// One that has been told already.
fn next(rig: &mut Rig) -> Option<Request> {
    while let Some(event) = rig.told() {
        if let Kind::Request(request) = &event.kind {
            return Some(Request::clone(request));
        }
    }
    None
}

#[tokio::test]
async fn a_deployment_that_was_passed_over_stands_beside_the_attempts_with_the_reason() {
    let a = Upstream::start(vec![json(401, &[], REFUSAL)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask("trip").await;
    rig.event(|k| matches!(k, Kind::Transition(t) if t.to == Phase::Open))
        .await;
    told(&mut rig).await;
    let drilled = rig.client.post(rig.url("/v1/chat/completions"));
    let drilled = drilled.header(DRILL, "tag").json(&body("hi", false));
    drilled.send().await.unwrap();
    let request = told(&mut rig).await;
    assert_eq!(attempts(&request), ["first b/m-b 1 won"]);
    assert_eq!(passed_over(&request), [("a/m-a", 0, "open")]);
    assert!(request.drill && !request.is_ordinary());
    rig.done("force a/m-a open --for 1m --why x").await;
    rig.ask("hi").await;
    let request = told(&mut rig).await;
    assert_eq!(passed_over(&request), [("a/m-a", 0, "forced_open")]);
}

#[tokio::test]
async fn a_stream_that_was_taken_up_by_another_is_told_as_rescued() {
    let words = ["The tide turns ", "twice before noon, ", "and then again."];
    let mut cut = vec![sse_head()];
    cut.extend(words[..2].iter().map(|w| chunk(&openai_text(w))));
    cut.push(Do::Wait(Duration::from_millis(50)));
    cut.push(Do::Reset);
    let a = Upstream::start(vec![cut]).await;
    let b = Upstream::start(vec![openai_stream(&words)]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask_stream("hi").await.text().await.unwrap();
    let request = told(&mut rig).await;
    assert_eq!(request.outcome, Outcome::Fallback);
    assert!(request.rescued && request.stream);
    assert_eq!(request.deployment.as_deref(), Some("b/m-b"));
    assert_eq!(
        attempts(&request),
        ["first a/m-a 0 fault", "rescue b/m-b 1 won"]
    );
    let [broken, other] = &request.spans[..] else {
        unreachable!("two were told")
    };
    assert!(broken.end.failed().unwrap().after_content);
    let (ttft, began) = (request.ttft.unwrap(), broken.ttft.unwrap());
    assert!(began <= ttft && ttft < other.start, "{request:?}");
}

#[tokio::test]
async fn of_two_that_were_asked_at_once_one_wins_and_one_loses() {
    let late = vec![
        sse_head(),
        Do::Wait(Duration::from_millis(700)),
        chunk(&openai_text("A")),
        chunk(&openai_done()),
        end(),
    ];
    let mut script = vec![openai_stream(&["A"]); 100];
    script.push(late);
    let a = Upstream::start(script).await;
    let b = Upstream::start(vec![openai_stream(&["B"])]).await;
    let toml = openai_tiers(&[&a, &b]).replace("[routes.r]\n", "[routes.r]\nhedge = true\n");
    let mut rig = Rig::start(&toml).await;
    for _ in 0..100 {
        rig.ask_stream("hi").await.text().await.unwrap();
    }
    rig.ask_stream("hi").await.text().await.unwrap();
    rig.event(|k| matches!(k, Kind::Hedged { won: true, .. }))
        .await;
    let request = told(&mut rig).await;
    assert_eq!(
        attempts(&request),
        ["first a/m-a 0 lost", "hedge b/m-b 1 won"]
    );
    assert_eq!(request.spans[0].ttft, None, "it had no content");
}

#[tokio::test]
async fn a_caller_who_leaves_is_told_with_the_attempt_that_was_under_way() {
    let a = Upstream::start(vec![vec![Do::Hang]]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    let leaving = rig.client.post(rig.url("/v1/chat/completions"));
    let leaving = leaving.json(&body("hi", false));
    let gone = tokio::time::timeout(Duration::from_millis(100), leaving.send()).await;
    assert!(gone.is_err(), "nobody answered");
    let request = told(&mut rig).await;
    assert_eq!(request.outcome, Outcome::Left);
    assert_eq!(attempts(&request), ["first a/m-a 0 left"]);
    assert_eq!(request.deployment, None);
}

#[tokio::test]
async fn what_the_cache_answers_says_how_it_was_found_and_counts_for_its_route() {
    let a = Upstream::start(vec![openai("m-a", "Paris.")]).await;
    let cached =
        openai_tiers(&[&a]).replace("enabled = false", "enabled = true\npath = \"memory\"");
    let mut rig = Rig::start(&cached).await;
    rig.ask("What is the capital of France?").await;
    told(&mut rig).await;
    let request = loop {
        rig.ask("what is  the capital of France").await;
        if let Some(request) = next(&mut rig) {
            break request;
        }
    };
    assert_eq!(
        (request.outcome, request.cache, request.spans.len()),
        (Outcome::Cached, Some(CacheHit::Normalised), 0)
    );
    let snapshot = rig
        .until("the second is over", |s| s.routes[0].cached_5m > 0)
        .await;
    assert_eq!(snapshot.routes[0].tiers_5m, [1]);
    assert!(snapshot.routes[0].per_s > 0.0);
}

#[tokio::test]
async fn a_route_counts_who_answered_and_a_deployment_why_it_failed() {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask("hi").await;
    let snapshot = rig
        .until("the second is over", |s| s.routes[0].tiers_5m == [0, 1])
        .await;
    let failed = &snapshot.deployment("a/m-a").unwrap().classes_5m;
    assert_eq!(*failed, [(Class::Fault, 2)]);
}

#[tokio::test]
async fn embeddings_are_told_like_answers() {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let vectors = r#"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":1,"total_tokens":1}}"#;
    let b = Upstream::start(vec![json(200, &[], vectors)]).await;
    let toml =
        openai_tiers(&[&a, &b]).replace("[routes.r]\n", "[routes.r]\nsame_embeddings = true\n");
    let mut rig = Rig::start(&toml).await;
    rig.post("/v1/embeddings", &value!({"model": "r", "input": "x"}))
        .await;
    let request = told(&mut rig).await;
    assert_eq!(
        attempts(&request),
        [
            "first a/m-a 0 fault",
            "retry a/m-a 0 fault",
            "fallback b/m-b 1 won"
        ]
    );
}

async fn judged(content: bool) -> (Value, String) {
    let a = Upstream::start(vec![openai("m-a", "The first\nwords of it.")]).await;
    let score = r#"{"score": 0.9, "reason": "it quotes the prompt"}"#;
    let judge = Upstream::start(vec![openai("m-j", score)]).await;
    let judge = provider("j", "openai", &judge);
    let toml = format!(
        "{}{judge}[judge]\njudges = [\"j/m-j\"]\nsample = 1.0\nanchors = false\n[journal]\ncontent = {content}\n",
        openai_tiers(&[&a])
    );
    let rig = Rig::start(&toml).await;
    rig.ask("hi").await;
    let shown = rig
        .until("it is judged", |s| !s.deployments[0].scores.is_empty())
        .await;
    let on_screen = shown.deployments[0].scores[0].answer.clone();
    let door = rig.client.get(rig.url("/admin/snapshot"));
    (door.send().await.unwrap().json().await.unwrap(), on_screen)
}

#[tokio::test]
async fn what_was_answered_is_on_the_screen_and_leaves_the_process_only_where_that_is_wanted() {
    let (door, on_screen) = judged(false).await;
    assert_eq!(on_screen, "The first words of it.");
    let text = door.to_string();
    assert!(
        !text.contains("words of it") && !text.contains("it quotes"),
        "{text}"
    );
    assert_eq!(door["deployments"][0]["scores"][0]["score"], 0.9);
    let (door, _) = judged(true).await;
    let score = &door["deployments"][0]["scores"][0];
    assert_eq!(score["answer"], "The first words of it.");
    assert_eq!(score["reason"], "it quotes the prompt");
}
