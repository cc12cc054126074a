//! Streams that break off when their caller has a part of them: another tier goes on, or the caller is told.

use super::{
    rig::{Rig, body, openai_tiers, provider},
    upstream::{
        Do, Upstream, chunk, end, named, openai_done, openai_stream, openai_text, response,
        sse_head,
    },
};
use breakerbox::model::{Kind, event::Manner};
use serde_json::{Value, json};

const WORDS: [&str; 6] = [
    "The tide turns ",
    "twice before noon, ",
    "and the second turn ",
    "is the one ",
    "that pilots ",
    "wait for.",
];

fn whole() -> String {
    WORDS.concat()
}

/// Four of six pieces, and then `then`.
fn broken(then: &[Do]) -> Vec<Do> {
    let said = WORDS[..4].iter().map(|w| chunk(&openai_text(w)));
    [sse_head()]
        .into_iter()
        .chain(said)
        .chain(then.iter().cloned())
        .collect()
}

fn anthropic(events: &[Value]) -> Vec<Do> {
    let event = |e: &Value| {
        chunk(&format!(
            "event: {}\ndata: {e}\n\n",
            e["type"].as_str().unwrap_or_default()
        ))
    };
    [sse_head()]
        .into_iter()
        .chain(events.iter().map(event))
        .collect()
}

fn anthropic_start() -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
            "model": "m-b", "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 40, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ]
}

fn anthropic_text(words: &[&str]) -> Vec<Value> {
    let delta = |w: &&str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": w}});
    words.iter().map(delta).collect()
}

fn anthropic_end() -> Vec<Value> {
    vec![
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {"output_tokens": 9}}),
        json!({"type": "message_stop"}),
    ]
}

/// What an OpenAI caller has read: the text, the finish reasons, the data lines.
fn read(stream: &str) -> (String, Vec<String>, Vec<Value>) {
    let events: Vec<Value> = stream
        .lines()
        .filter_map(|l| serde_json::from_str(l.strip_prefix("data: ")?).ok())
        .collect();
    let text = events
        .iter()
        .filter_map(|e| e["choices"][0]["delta"]["content"].as_str())
        .collect();
    let finishes = events
        .iter()
        .filter_map(|e| e["choices"][0]["finish_reason"].as_str().map(str::to_owned))
        .collect();
    (text, finishes, events)
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_whole_when_the_next_tier_gives_the_same() {
    for then in [
        vec![Do::Reset],
        vec![end()],
        vec![
            chunk("data: {\"error\":{\"type\":\"server_error\",\"message\":\"x\"}}\n\n"),
            end(),
        ],
    ] {
        let a = Upstream::start(vec![broken(&then)]).await;
        let b = Upstream::start(vec![openai_stream(&WORDS)]).await;
        let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
        let stream = rig
            .ask_stream("hi")
            .await
            .text()
            .await
            .expect("a whole body");
        let (text, finishes, events) = read(&stream);
        assert_eq!(text, whole(), "{stream}");
        assert_eq!(finishes, ["stop"]);
        assert!(stream.ends_with("data: [DONE]\n\n"), "{stream}");
        let ids: std::collections::HashSet<_> = events.iter().map(|e| e["id"].as_str()).collect();
        assert_eq!(ids.len(), 1, "one answer has one id: {ids:?}");
        let mark = events
            .iter()
            .find(|e| e["breakerbox"]["rescued"]["by"] == "b/m-b");
        assert!(mark.is_some(), "{stream}");
        let event = rig.event(|k| matches!(k, Kind::StreamBroke { .. })).await;
        assert!(
            matches!(&event.kind, Kind::StreamBroke { to: Some(to), how: Some(Manner::Continue), .. } if &**to == "b/m-b"),
            "{event:?}"
        );
        rig.until("it counts as a fallback", |s| {
            s.totals.fallback == 1 && s.totals.broken == 0
        })
        .await;
    }
}

#[tokio::test]
async fn the_next_tier_is_shown_what_was_said_and_asked_for_its_last_words() {
    let a = Upstream::start(vec![broken(&[Do::Reset])]).await;
    let said = WORDS[..4].concat();
    let again = format!("{} {}", said.trim_end(), WORDS[4..].concat());
    let b = Upstream::start(vec![openai_stream(&[&again])]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let stream = rig
        .ask_stream("hi")
        .await
        .text()
        .await
        .expect("a whole body");
    assert_eq!(read(&stream).0, whole());
    let asked = b.asked()[0].json();
    let turns = asked["messages"].as_array().expect("messages");
    assert_eq!(turns[1]["role"], "assistant");
    assert_eq!(turns[1]["content"], said.trim_end());
    assert_eq!(turns[2]["role"], "user");
    assert!(
        turns[2]["content"]
            .as_str()
            .is_some_and(|t| t.contains("is the one"))
    );
}

#[tokio::test]
async fn an_unrelated_answer_is_never_glued_on() {
    let a = Upstream::start(vec![broken(&[Do::Reset])]).await;
    let b = Upstream::start(vec![openai_stream(&[
        "I have ",
        "another idea altogether.",
    ])])
    .await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    let stream = rig.ask_stream("hi").await.text().await.expect("a body");
    assert_eq!(read(&stream).0, WORDS[..4].concat());
    assert!(
        stream.contains("upstream_stream_broken") && !stream.contains("[DONE]"),
        "{stream}"
    );
    let event = rig.event(|k| matches!(k, Kind::StreamBroke { .. })).await;
    assert!(
        matches!(&event.kind, Kind::StreamBroke { to: None, .. }),
        "{event:?}"
    );
    rig.until("the user saw it", |s| s.totals.broken == 1).await;
}

fn prefilled(a: &Upstream, b: &Upstream, dialect: &str) -> String {
    format!(
        "{}{}[deployments.\"b/m-b\"]\nprefill = true\n[routes.r]\ntiers = [\"a/m-a\", \"b/m-b\"]\n[cache]\nenabled = false\n",
        provider("a", dialect, a),
        provider("b", "anthropic", b)
    )
}

#[tokio::test]
async fn a_deployment_that_takes_a_prefill_goes_on_in_the_same_block() {
    let first = [anthropic_start(), anthropic_text(&WORDS[..4])].concat();
    let a = Upstream::start(vec![[anthropic(&first), vec![Do::Reset]].concat()]).await;
    let rest = [
        anthropic_start(),
        anthropic_text(&WORDS[4..]),
        anthropic_end(),
    ]
    .concat();
    let b = Upstream::start(vec![[anthropic(&rest), vec![end()]].concat()]).await;
    let rig = Rig::start(&prefilled(&a, &b, "anthropic")).await;
    let mut ask = body("hi", true);
    ask["max_tokens"] = 100.into();
    let stream = rig
        .post("/v1/messages", &ask)
        .await
        .text()
        .await
        .expect("a whole body");
    let events: Vec<Value> = stream
        .lines()
        .filter_map(|l| serde_json::from_str(l.strip_prefix("data: ")?).ok())
        .collect();
    let text: String = events
        .iter()
        .filter_map(|e| e["delta"]["text"].as_str())
        .collect();
    assert_eq!(text, whole(), "{stream}");
    let kinds = events.iter().filter_map(|e| e["type"].as_str());
    let kinds: Vec<_> = kinds.filter(|kind| *kind != "ping").collect();
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ],
        "{stream}"
    );
    assert!(
        events.iter().all(|e| e["index"].as_u64().unwrap_or(0) == 0),
        "{stream}"
    );
    let usage = &events[events.len() - 2]["usage"];
    assert_eq!(
        usage["output_tokens"],
        9 + 65 / 4,
        "the whole answer: {usage}"
    );
    let turns = b.asked()[0].json()["messages"].clone();
    assert_eq!(turns[1]["role"], "assistant");
    assert_eq!(turns.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_prefill_that_is_refused_never_reaches_the_caller() {
    let a = Upstream::start(vec![broken(&[Do::Reset])]).await;
    let no = "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"This model does not support assistant message prefill.\"}}";
    let again = format!("{}{}", WORDS[..4].concat(), WORDS[4..].concat());
    let yes = [
        anthropic_start(),
        anthropic_text(&[&again]),
        anthropic_end(),
    ]
    .concat();
    let b = Upstream::start(vec![
        super::upstream::json(400, &[], no),
        [anthropic(&yes), vec![end()]].concat(),
    ])
    .await;
    let rig = Rig::start(&prefilled(&a, &b, "openai")).await;
    let stream = rig
        .ask_stream("hi")
        .await
        .text()
        .await
        .expect("a whole body");
    assert_eq!(read(&stream).0, whole(), "{stream}");
    assert!(!stream.contains("prefill."), "{stream}");
    assert_eq!(b.asked().len(), 2);
}

#[tokio::test]
async fn silence_in_the_middle_is_rescued_within_the_stall_timeout() {
    let a = Upstream::start(vec![broken(&[Do::Hang])]).await;
    let b = Upstream::start(vec![openai_stream(&WORDS)]).await;
    let toml = openai_tiers(&[&a, &b]).replace(
        "\"a/m-a\"",
        "{ deployment = \"a/m-a\", stall_timeout = \"300ms\" }",
    );
    let rig = Rig::start(&toml).await;
    let began = tokio::time::Instant::now();
    let stream = rig
        .ask_stream("hi")
        .await
        .text()
        .await
        .expect("a whole body");
    assert_eq!(read(&stream).0, whole(), "{stream}");
    assert!(began.elapsed().as_millis() < 1500, "{:?}", began.elapsed());
    rig.until("the silent call is hung up", |_| a.hung_up().len() == 1)
        .await;
}

#[tokio::test]
async fn a_held_stream_fails_over_without_a_trace() {
    for hold in ["\"full\"", "{ hold = 400 }", "{ hold = \"5s\" }"] {
        let a = Upstream::start(vec![broken(&[Do::Reset])]).await;
        let b = Upstream::start(vec![openai_stream(&["Another answer."])]).await;
        let toml = openai_tiers(&[&a, &b]).replace(
            "[routes.r]\n",
            &format!("[routes.r]\nstream_commit = {hold}\n"),
        );
        let rig = Rig::start(&toml).await;
        let response = rig.ask_stream("hi").await;
        assert_eq!(
            super::rig::header(&response, "x-breakerbox-deployment"),
            "b/m-b",
            "{hold}"
        );
        let stream = response.text().await.expect("a whole body");
        assert_eq!(
            stream,
            format!("{}{}", openai_text("Another answer."), openai_done()),
            "{hold}"
        );
    }
}

#[tokio::test]
async fn half_a_call_of_a_tool_is_finished_only_by_the_same_call() {
    let piece = |json: &str| {
        let args = json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": json}}]}}]});
        format!("data: {args}\n\n")
    };
    let start = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"tide\",\"arguments\":\"\"}}]}}]}\n\n";
    let finish = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    let call = |pieces: &[&str]| -> Vec<Do> {
        let mut script = vec![sse_head(), chunk(start)];
        script.extend(pieces.iter().map(|p| chunk(&piece(p))));
        script
    };
    for (other, same) in [("{\"port\":\"north\"}", true), ("{\"harbour\":1}", false)] {
        let a = Upstream::start(vec![[call(&["{\"po"]), vec![Do::Reset]].concat()]).await;
        let b = Upstream::start(vec![[call(&[other]), vec![chunk(finish), end()]].concat()]).await;
        let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
        let stream = rig.ask_stream("hi").await.text().await.expect("a body");
        let (_, finishes, events) = read(&stream);
        let args: String = events
            .iter()
            .filter_map(|e| {
                e["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str()
            })
            .collect();
        if same {
            assert_eq!(args, other, "{stream}");
            assert_eq!(finishes, ["tool_calls"]);
        } else {
            assert_eq!(args, "{\"po", "{stream}");
            assert!(
                stream.contains("upstream_stream_broken") && !stream.contains("[DONE]"),
                "{stream}"
            );
        }
    }
}

#[tokio::test]
async fn a_deployment_that_shares_the_tier_goes_on_after_a_silence() {
    let silent = vec![broken(&[Do::Hang])];
    let a = Upstream::start(silent).await;
    let b = Upstream::start(vec![openai_stream(&WORDS)]).await;
    let toml = openai_tiers(&[&a, &b]).replace(
        "tiers = [\"a/m-a\", \"b/m-b\"]",
        "tiers = [{ deployments = [\"a/m-a\", \"b/m-b\"], stall_timeout = \"300ms\" }]",
    );
    let rig = Rig::start(&toml).await;
    for _ in 0..2 {
        let stream = rig.ask_stream("hi").await.text().await.unwrap();
        assert_eq!(read(&stream).0, whole(), "{stream}");
    }
    assert_eq!(a.asked().len(), 1, "they take turns");
    assert_eq!(b.asked().len(), 2);
}

/// The first words of a response, up to a failure of its provider.
fn failing_response() -> Vec<Do> {
    let mut begun = response("m-a", "");
    begun["output"] = json!([]);
    let mut events = vec![
        json!({"type": "response.created", "sequence_number": 0, "response": begun}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0,
            "item": {"id": "msg_1", "type": "message", "role": "assistant", "content": []}}),
        json!({"type": "response.content_part.added", "sequence_number": 2, "output_index": 0, "content_index": 0,
            "item_id": "msg_1", "part": {"type": "output_text", "text": "", "annotations": []}}),
    ];
    events.extend((3..).zip(&WORDS[..4]).map(|(n, word)| {
        json!({"type": "response.output_text.delta", "sequence_number": n, "output_index": 0, "content_index": 0,
            "item_id": "msg_1", "delta": word})
    }));
    events.push(json!({"type": "error", "sequence_number": 7, "code": "server_error", "message": "m", "param": null}));
    let events = events.iter().map(|e| chunk(&named(e)));
    [sse_head()]
        .into_iter()
        .chain(events)
        .chain([end()])
        .collect()
}

#[tokio::test]
async fn a_response_goes_on_in_the_same_part_by_a_provider_of_another_dialect() {
    for input in [json!("hi"), json!([{"role": "user", "content": "hi"}])] {
        let a = Upstream::start(vec![failing_response()]).await;
        let rest = [
            anthropic_start(),
            anthropic_text(&WORDS[4..]),
            anthropic_end(),
        ]
        .concat();
        let b = Upstream::start(vec![[anthropic(&rest), vec![end()]].concat()]).await;
        let rig = Rig::start(&prefilled(&a, &b, "responses")).await;
        let ask = json!({"model": "r", "input": input, "stream": true});
        let told = rig.post("/v1/responses", &ask).await.text().await;
        let told = told.expect("a whole body");
        let events: Vec<Value> = told
            .lines()
            .filter_map(|l| serde_json::from_str(l.strip_prefix("data: ")?).ok())
            .collect();
        let numbers = events.iter().filter_map(|e| e["sequence_number"].as_u64());
        assert!(numbers.eq(0..events.len() as u64), "{told}");
        let deltas = events.iter().filter(|e| e["delta"].is_string());
        let place = |e: &Value| e["item_id"] == "msg_1" && e["content_index"] == 0;
        assert!(deltas.clone().all(place), "{told}");
        let said: String = deltas.filter_map(|e| e["delta"].as_str()).collect();
        assert_eq!(said, whole());
        let kinds = events.iter().filter_map(|e| e["type"].as_str());
        let last: Vec<_> = kinds.skip(9).collect();
        let expected = [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ];
        assert_eq!(last, expected, "{told}");
        let output = &events[12]["response"]["output"];
        assert_eq!(output[0]["content"][0]["text"], whole());
        let asked = b.asked()[0].json()["messages"].clone();
        assert_eq!(asked[0]["content"][0]["text"], "hi", "{asked}");
        assert_eq!(asked[1]["role"], "assistant", "{asked}");
    }
}
