//! What a collector sees of an exchange: one span for it, one for each attempt, in the caller's trace where it has one.

use super::{
    collector::{Collector, Span, tracer},
    rig::{self, Rig, body, openai_tiers, provider},
    upstream::{
        Do, Upstream, chunk, end, json as answer, openai, openai_stream, openai_text, sse_head,
    },
};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;
use std::time::Duration;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

async fn traced(toml: &str, collector: &Collector) -> Rig {
    let config = rig::config(&format!("{toml}{}", collector.section()));
    let (tracer, _) = tracer(&config, &[]).await;
    Rig::traced(config, Some(tracer)).await
}

/// Asks as a service that is itself part of a trace.
async fn ask_within(rig: &Rig, headers: &[(&str, &str)]) {
    let mut request = rig
        .client
        .post(rig.url("/v1/chat/completions"))
        .json(&body("hi", false));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    assert_eq!(request.send().await.unwrap().status(), 200);
}

fn sent(upstream: &Upstream, name: &str) -> Option<String> {
    let asked = upstream.asked();
    asked.last().unwrap().header(name).map(str::to_owned)
}

#[tokio::test]
async fn a_fallback_is_one_tree_with_a_child_for_each_attempt() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![answer(503, &[], r#"{"error":{"code":"overloaded"}}"#)]).await;
    let b = Upstream::start(vec![openai("m-b-2025", "B")]).await;
    let rig = traced(&openai_tiers(&[&a, &b]), &collector).await;
    let mut asked = body("hi", false);
    (asked["max_tokens"], asked["temperature"]) = (json!(77), json!(0.5));
    let response = rig.post("/v1/chat/completions", &asked).await;
    let id = rig::header(&response, "x-breakerbox-request-id").to_owned();
    let spans = collector.until(4).await;
    let [whole, first, again, second] = &spans[..] else {
        unreachable!("four")
    };
    assert_eq!(
        (whole.kind, whole.name.as_str()),
        (SpanKind::Server, "chat r")
    );
    assert_eq!((whole.parent.as_str(), &whole.error), ("", &None));
    whole.has(&json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "b",
        "gen_ai.request.model": "r",
        "gen_ai.request.max_tokens": 77,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.model": "m-b-2025",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 3,
        "fallback.tier": "secondary",
        "fallback.reason": "fault",
        "breakerbox.rung": 2,
        "breakerbox.route": "r",
        "breakerbox.outcome": "fallback",
        "breakerbox.deployment": "b/m-b",
        "breakerbox.attempts": 3,
        "breakerbox.request.id": id,
        "error.type": null,
    }));
    for attempt in [first, again, second] {
        attempt.is_child_of(whole);
    }
    assert!(
        first.until <= again.from && again.until <= second.from,
        "{spans:#?}"
    );
    again.has(&json!({"breakerbox.attempt.kind": "retry", "error.type": "overloaded"}));
    assert_eq!(
        (first.kind, first.name.as_str()),
        (SpanKind::Client, "chat m-a")
    );
    assert!(first.error.as_ref().unwrap().contains("503"), "{first:?}");
    first.has(&json!({
        "gen_ai.provider.name": "a",
        "gen_ai.request.model": "m-a",
        "server.address": "127.0.0.1",
        "server.port": a.addr.port(),
        "http.response.status_code": 503,
        "error.type": "overloaded",
        "breakerbox.verdict": "fault",
        "breakerbox.attempt.kind": "first",
        "breakerbox.attempt.end": "failed",
        "breakerbox.injected": false,
        "fallback.tier": "primary",
    }));
    assert_eq!((second.name.as_str(), &second.error), ("chat m-b", &None));
    second.has(&json!({
        "gen_ai.response.model": "m-b-2025",
        "gen_ai.usage.output_tokens": 3,
        "http.response.status_code": 200,
        "error.type": null,
        "breakerbox.attempt.kind": "fallback",
        "breakerbox.attempt.end": "won",
    }));
    let heard: Vec<_> = a
        .asked()
        .iter()
        .filter_map(|a| Some(a.header("traceparent")?.to_owned()))
        .collect();
    assert_eq!(heard, [first.traceparent(), again.traceparent()]);
    assert_eq!(sent(&b, "traceparent"), Some(second.traceparent()));
    let resource = collector.resource();
    assert_eq!(resource["service.name"], "breakerbox");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn a_callers_trace_goes_on_and_its_baggage_stays() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let rig = traced(&openai_tiers(&[&a]), &collector).await;
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let headers = [
        ("traceparent", &*traceparent),
        ("tracestate", "vendor=x"),
        ("baggage", "user=anna"),
    ];
    ask_within(&rig, &headers).await;
    let spans = collector.until(2).await;
    assert_eq!((&*spans[0].trace, &*spans[0].parent), (TRACE, CALLER));
    assert!(spans.iter().all(|s| s.state == "vendor=x"), "{spans:#?}");
    spans[1].is_child_of(&spans[0]);
    assert_eq!(sent(&a, "traceparent"), Some(spans[1].traceparent()));
    assert_eq!(sent(&a, "tracestate").as_deref(), Some("vendor=x"));
    assert_eq!(sent(&a, "baggage"), None);
}

#[tokio::test]
async fn a_caller_that_is_not_sampled_is_told_nowhere_and_its_provider_hears_so() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let rig = traced(&openai_tiers(&[&a]), &collector).await;
    let traceparent = format!("00-{TRACE}-{CALLER}-00");
    ask_within(&rig, &[("traceparent", &traceparent)]).await;
    let heard = sent(&a, "traceparent").unwrap();
    assert!(
        heard.starts_with(&format!("00-{TRACE}-")) && heard.ends_with("-00"),
        "{heard}"
    );
    // What is told comes in order: had the first been told, it would stand before this one.
    ask_within(&rig, &[]).await;
    let spans = collector.until(2).await;
    assert!(spans.iter().all(|s| s.trace != TRACE), "{spans:#?}");
}

#[tokio::test]
async fn an_invalid_context_begins_a_new_trace() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let rig = traced(&openai_tiers(&[&a]), &collector).await;
    let upper = format!("00-{}-{CALLER}-01", TRACE.to_uppercase());
    ask_within(&rig, &[("traceparent", &upper), ("tracestate", "vendor=x")]).await;
    let spans = collector.until(2).await;
    assert_eq!((&*spans[0].parent, &*spans[0].state), ("", ""));
    assert_eq!(sent(&a, "traceparent"), Some(spans[1].traceparent()));
    assert_eq!(sent(&a, "tracestate"), None);
}

#[tokio::test]
async fn without_traces_a_valid_context_passes_and_an_invalid_one_does_not() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    ask_within(
        &rig,
        &[("traceparent", &traceparent), ("tracestate", "vendor=x")],
    )
    .await;
    assert_eq!(sent(&a, "traceparent"), Some(traceparent));
    assert_eq!(sent(&a, "tracestate").as_deref(), Some("vendor=x"));
    ask_within(
        &rig,
        &[("traceparent", "00-1-2-01"), ("tracestate", "vendor=x")],
    )
    .await;
    assert_eq!(
        (sent(&a, "traceparent"), sent(&a, "tracestate")),
        (None, None)
    );
    ask_within(&rig, &[]).await;
    assert_eq!(sent(&a, "traceparent"), None);
}

#[tokio::test]
async fn answers_that_nobody_gave_have_a_span_without_children() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let toml = openai_tiers(&[&a]).replace("enabled = false", "path = \"memory\"");
    let mut rig = traced(&toml, &collector).await;
    rig.ask("hi").await.bytes().await.unwrap();
    let before = collector.until(2).await;
    rig.ask("hi").await.bytes().await.unwrap();
    assert_eq!(rig.done("rung3 on r --for 10m --why test").await, None);
    rig.ask("other").await.bytes().await.unwrap();
    let spans = collector.until(4).await;
    let new = |s: &&Span| before.iter().all(|b| b.id != s.id);
    let new: Vec<_> = spans.iter().filter(new).collect();
    new[0].has(&json!({
        "breakerbox.outcome": "cached",
        "breakerbox.rung": 1,
        "breakerbox.cache": "exact",
        "breakerbox.attempts": 0,
        "gen_ai.response.model": "m-a",
        "gen_ai.usage.output_tokens": null,
        "fallback.tier": null,
    }));
    new[1].has(&json!({"breakerbox.outcome": "canned", "breakerbox.rung": 3, "error.type": null}));
}

#[tokio::test]
async fn a_tier_that_is_open_is_an_event_and_the_reason() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = traced(&openai_tiers(&[&a, &b]), &collector).await;
    assert_eq!(
        rig.done("force a/m-a open --for 10m --why test").await,
        None
    );
    rig.ask("hi").await.bytes().await.unwrap();
    let spans = collector.until(2).await;
    spans[0].has(&json!({"fallback.tier": "secondary", "fallback.reason": "forced_open"}));
    let expected = json!({
        "breakerbox.deployment": "a/m-a",
        "fallback.tier": "primary",
        "breakerbox.skipped.why": "forced_open",
    });
    assert_eq!(
        spans[0].events,
        [("breakerbox.skipped".to_owned(), expected)]
    );
}

#[tokio::test]
async fn of_two_calls_for_one_answer_one_has_won_and_one_lost() {
    let collector = Collector::http().await;
    let mut script = vec![openai_stream(&["A"]); 100];
    script.push(vec![sse_head(), Do::Hang]);
    let a = Upstream::start(script).await;
    let b = Upstream::start(vec![openai_stream(&["B"])]).await;
    let toml = openai_tiers(&[&a, &b]).replace("[routes.r]\n", "[routes.r]\nhedge = true\n");
    let rig = traced(&toml, &collector).await;
    for _ in 0..100 {
        rig.ask_stream("hi").await.bytes().await.unwrap();
    }
    let known = collector.until(200).await;
    known[0].has(&json!({"gen_ai.request.stream": true, "fallback.reason": null}));
    assert!(known[1].attributes["gen_ai.response.time_to_first_chunk"].is_f64());
    rig.ask_stream("hi").await.bytes().await.unwrap();
    let spans = collector.until(203).await;
    let [whole, late, rival] = &spans[200..] else {
        unreachable!("three more")
    };
    whole.has(&json!({"fallback.reason": "late", "breakerbox.deployment": "b/m-b"}));
    late.is_child_of(whole);
    rival.is_child_of(whole);
    late.has(&json!({"breakerbox.attempt.kind": "first", "breakerbox.attempt.end": "lost", "error.type": null}));
    rival.has(&json!({"breakerbox.attempt.kind": "hedge", "breakerbox.attempt.end": "won"}));
}

#[tokio::test]
async fn a_stream_that_another_took_up_has_both_as_children() {
    let collector = Collector::http().await;
    let words = ["The tide turns ", "twice before noon, ", "and pilots wait."];
    let cut = vec![
        sse_head(),
        chunk(&openai_text(words[0])),
        chunk(&openai_text(words[1])),
        end(),
    ];
    let a = Upstream::start(vec![cut]).await;
    let b = Upstream::start(vec![openai_stream(&words)]).await;
    let rig = traced(&openai_tiers(&[&a, &b]), &collector).await;
    let text = rig.ask_stream("hi").await.text().await.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let spans = collector.until(3).await;
    spans[0].has(&json!({
        "breakerbox.outcome": "fallback",
        "breakerbox.rescued": true,
        "fallback.reason": "fault",
        "gen_ai.response.finish_reasons": ["stop"],
    }));
    spans[1].has(&json!({"breakerbox.attempt.end": "failed", "http.response.status_code": 200}));
    spans[2].has(&json!({"breakerbox.attempt.kind": "rescue", "breakerbox.attempt.end": "won"}));
    spans[1].is_child_of(&spans[0]);
    spans[2].is_child_of(&spans[0]);
    assert_eq!(sent(&b, "traceparent"), Some(spans[2].traceparent()));
}

#[tokio::test]
async fn an_error_that_the_caller_got_is_the_spans_error() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![
        answer(400, &[], r#"{"error":{"code":"bad_thing","message":"no"}}"#),
        vec![sse_head(), chunk(&openai_text("A tide")), Do::Reset],
    ])
    .await;
    let rig = traced(&openai_tiers(&[&a]), &collector).await;
    assert_eq!(rig.ask("hi").await.status(), 400);
    let told = collector.until(2).await;
    told[0].has(&json!({"breakerbox.outcome": "caller error", "breakerbox.rung": null}));
    assert_eq!(
        told[0].attributes["error.type"],
        told[1].attributes["error.type"]
    );
    assert!(
        told[0].error.is_some() && told[1].error.is_some(),
        "{told:#?}"
    );
    let text = rig.ask_stream("hi").await.text().await.unwrap();
    assert!(text.contains("upstream_stream_broken"), "{text}");
    let spans = collector.spans();
    let broken = spans
        .iter()
        .find(|s| s.attributes["breakerbox.outcome"] == "broken");
    assert!(broken.is_none_or(|s| s.error.is_some()), "{spans:#?}");
}

#[tokio::test]
async fn a_caller_who_leaves_is_no_error() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![vec![Do::Hang]]).await;
    let rig = traced(&openai_tiers(&[&a]), &collector).await;
    let request = rig
        .client
        .post(rig.url("/v1/chat/completions"))
        .json(&body("hi", false))
        .timeout(Duration::from_millis(300));
    request.send().await.unwrap_err();
    let spans = collector.until(2).await;
    spans[0].has(&json!({"breakerbox.outcome": "left", "error.type": null}));
    spans[1].has(&json!({"breakerbox.attempt.end": "left"}));
    spans[1].is_child_of(&spans[0]);
}

#[tokio::test]
async fn embeddings_are_an_operation_of_their_own() {
    let collector = Collector::http().await;
    let vectors = json!({"object": "list", "model": "e", "data": [
        {"object": "embedding", "index": 0, "embedding": [0.5]}
    ]});
    let a = Upstream::start(vec![answer(200, &[], &vectors.to_string())]).await;
    let rig = traced(&openai_tiers(&[&a]), &collector).await;
    let asked = json!({"model": "r", "input": "hi"});
    assert_eq!(rig.post("/v1/embeddings", &asked).await.status(), 200);
    let spans = collector.until(2).await;
    assert_eq!(
        (&*spans[0].name, &*spans[1].name),
        ("embeddings r", "embeddings m-a")
    );
    spans[1].is_child_of(&spans[0]);
    spans[1].has(&json!({"http.response.status_code": 200, "breakerbox.attempt.end": "won"}));
    assert_eq!(sent(&a, "traceparent"), Some(spans[1].traceparent()));
}

#[tokio::test]
async fn a_judges_call_is_a_trace_of_its_own_that_refers_to_what_it_judged() {
    let collector = Collector::http().await;
    let a = Upstream::start(vec![openai("m-a", "A fine answer, whatever was asked.")]).await;
    let j = Upstream::start(vec![openai("m-j", r#"{"score": 0.9, "reason": "fine"}"#)]).await;
    let toml = format!(
        "{}{}[judge]\njudges = [\"j/m-j\"]\nsample = 1.0\nanchors = false\n",
        openai_tiers(&[&a]),
        provider("j", "openai", &j)
    );
    let rig = traced(&toml, &collector).await;
    rig.ask("hi").await.bytes().await.unwrap();
    let spans = collector.until(3).await;
    let [judged, _, judge] = &spans[..] else {
        unreachable!("three")
    };
    judge.has(&json!({"breakerbox.attempt.kind": "judge", "breakerbox.deployment": "j/m-j"}));
    assert_eq!((judge.kind, &*judge.parent), (SpanKind::Client, ""));
    assert_ne!(judge.trace, judged.trace);
    assert_eq!(judge.links, [(judged.trace.clone(), judged.id.clone())]);
    assert_eq!(sent(&j, "traceparent"), Some(judge.traceparent()));
}

#[tokio::test]
async fn a_copy_that_probes_is_a_child_that_nobody_waited_for() {
    let collector = Collector::http().await;
    let refusal = r#"{"error":{"code":"invalid_api_key"}}"#;
    let a = Upstream::start(vec![answer(401, &[], refusal), openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let toml = format!("{}[breaker]\ncooldown = \"1s\"\n", openai_tiers(&[&a, &b]));
    let rig = traced(&toml, &collector).await;
    rig.ask("hi").await.bytes().await.unwrap();
    let before = collector.until(3).await;
    rig.until("it may be probed", |s| {
        s.deployments[0].phase == breakerbox::model::Phase::Probe
    })
    .await;
    rig.ask("hi").await.bytes().await.unwrap();
    let spans = collector.until(6).await;
    let new: Vec<_> = spans
        .iter()
        .filter(|s| before.iter().all(|b| b.id != s.id))
        .collect();
    let copy = new
        .iter()
        .find(|s| s.attributes["breakerbox.attempt.copy"] == true);
    let whole = new.iter().find(|s| s.kind == SpanKind::Server).unwrap();
    let copy = copy.unwrap();
    assert_eq!((&copy.trace, &copy.parent), (&whole.trace, &whole.id));
    copy.has(&json!({"breakerbox.attempt.kind": "probe", "breakerbox.deployment": "a/m-a"}));
    whole.has(&json!({"breakerbox.attempts": 1, "fallback.reason": "probed_by_copy"}));
}
