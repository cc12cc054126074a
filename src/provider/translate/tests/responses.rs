//! Streams of the Responses API as the official clients put them together.

use super::{calls, collect, data, events, read, write};
use crate::{
    model::Dialect,
    provider::{
        chat::{Delta, Finish, Usage},
        translate::read_answer,
    },
};
use serde_json::{Value, json};

/// An accumulator as strict as the official ones: events are numbered, items are added in order, pieces belong to an
/// item and a part that has begun, and what is done agrees with its pieces. Returns the names.
pub(super) fn accumulate(stream: &str) -> Vec<String> {
    let (mut names, mut items): (Vec<String>, Vec<Value>) = (Vec::new(), Vec::new());
    for (n, (name, raw)) in events(stream).into_iter().enumerate() {
        let event: Value = serde_json::from_str(&raw).unwrap();
        let name = name.expect("every event has a name");
        assert_eq!(event["type"], name.as_str(), "name and type agree");
        assert_eq!(event["sequence_number"], n, "numbers rise by one");
        let at = event["output_index"]
            .as_u64()
            .map(|i| usize::try_from(i).unwrap());
        match name.as_str() {
            "response.created" | "response.in_progress" => {
                assert!(n < 2, "they come first");
                assert_eq!(event["response"]["output"], json!([]));
            }
            "response.output_item.added" => {
                assert_eq!(at, Some(items.len()), "items come in order");
                items.push(event["item"].clone());
            }
            "response.content_part.added" => push(&mut items, at, "content", &event),
            "response.reasoning_summary_part.added" => push(&mut items, at, "summary", &event),
            "response.output_text.delta" => append(&mut items, at, "/content/0/text", &event),
            "response.reasoning_summary_text.delta" => {
                append(&mut items, at, "/summary/0/text", &event);
            }
            "response.function_call_arguments.delta" => {
                append(&mut items, at, "/arguments", &event);
            }
            "response.output_text.done" => {
                assert_eq!(items[at.unwrap()]["content"][0]["text"], event["text"]);
            }
            "response.reasoning_summary_text.done" => {
                assert_eq!(items[at.unwrap()]["summary"][0]["text"], event["text"]);
            }
            "response.function_call_arguments.done" => {
                let told = &items[at.unwrap()]["arguments"];
                assert!(told == "" || *told == event["arguments"]);
            }
            "response.content_part.done" | "response.reasoning_summary_part.done" => {}
            "response.output_item.done" => {
                assert_eq!(items[at.unwrap()]["id"], event["item"]["id"]);
                items[at.unwrap()] = event["item"].clone();
            }
            "response.completed" | "response.incomplete" => {
                assert_eq!(
                    event["response"]["output"],
                    json!(items),
                    "the whole agrees"
                );
            }
            other => panic!("unknown event {other}"),
        }
        names.push(name);
    }
    let last = names.last().expect("there are events");
    assert!(
        matches!(last.as_str(), "response.completed" | "response.incomplete"),
        "{last}"
    );
    names
}

fn push(items: &mut [Value], at: Option<usize>, list: &str, event: &Value) {
    let item = &mut items[at.unwrap()];
    assert_eq!(item["id"], event["item_id"]);
    item[list]
        .as_array_mut()
        .unwrap()
        .push(event["part"].clone());
}

fn append(items: &mut [Value], at: Option<usize>, place: &str, event: &Value) {
    let item = &mut items[at.unwrap()];
    assert_eq!(item["id"], event["item_id"]);
    let told = item.pointer_mut(place).expect("its part has begun");
    *told = json!(format!(
        "{}{}",
        told.as_str().unwrap(),
        event["delta"].as_str().unwrap()
    ));
}

fn start() -> Delta {
    Delta::Start {
        id: "id1".into(),
        model: "m1".into(),
    }
}

fn call(index: u32, name: &str) -> Delta {
    Delta::ToolStart {
        index,
        id: format!("call_{index}"),
        name: name.into(),
        signature: None,
    }
}

fn args(index: u32, json: &str) -> Delta {
    Delta::ToolArgs {
        index,
        json: json.into(),
    }
}

#[test]
fn items_are_told_one_after_the_other_and_once_more_as_a_whole() {
    let stream = write(
        Dialect::Responses,
        &[
            start(),
            Delta::Reasoning("hm".into()),
            Delta::Signature("breakerbox/gemini/Eq".into()),
            Delta::Text("a".into()),
            Delta::Text("b".into()),
            call(0, "f"),
            args(0, "{\"x\":1}"),
            Delta::Usage(Usage {
                input: 10,
                output: 4,
                ..Usage::default()
            }),
            Delta::Finish(Finish::ToolUse),
            Delta::End,
        ],
    );
    accumulate(&stream);
    let last = data(&stream).pop().unwrap();
    let kinds: Vec<_> = last["response"]["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["reasoning", "message", "function_call"]);
    assert_eq!(last["response"]["usage"]["total_tokens"], 14);
    assert_eq!(
        last["response"]["output"][0]["encrypted_content"],
        "breakerbox/gemini/Eq"
    );
}

#[test]
fn parallel_calls_that_are_told_mixed_keep_their_arguments() {
    let stream = write(
        Dialect::Responses,
        &[
            start(),
            call(0, "f"),
            call(1, "g"),
            args(1, "{\"b\""),
            args(0, "{\"a\""),
            args(1, ":2}"),
            args(0, ":1}"),
            Delta::Finish(Finish::ToolUse),
        ],
    );
    accumulate(&stream);
    let back = collect(&read(Dialect::Responses, &events(&stream)));
    assert_eq!(
        calls(&back),
        [("f".into(), json!({"a": 1})), ("g".into(), json!({"b": 2}))]
    );
}

#[test]
fn an_answer_that_was_cut_or_filtered_is_incomplete_and_says_why() {
    for (finish, reason) in [
        (Finish::Length, "max_output_tokens"),
        (Finish::Policy, "content_filter"),
    ] {
        let deltas = [start(), Delta::Text("so".into()), Delta::Finish(finish)];
        let stream = write(Dialect::Responses, &deltas);
        assert_eq!(accumulate(&stream).pop().unwrap(), "response.incomplete");
        let last = data(&stream).pop().unwrap();
        assert_eq!(last["response"]["incomplete_details"]["reason"], reason);
        let whole = last["response"].to_string();
        let read = read_answer(Dialect::Responses, whole.as_bytes()).unwrap();
        assert_eq!(read.finish, Some(finish));
    }
}

#[test]
fn a_stream_without_its_terminal_event_has_no_finish() {
    let whole = write(
        Dialect::Responses,
        &[
            start(),
            Delta::Text("so".into()),
            Delta::Finish(Finish::Stop),
        ],
    );
    let mut cut = events(&whole);
    cut.pop();
    let deltas = read(Dialect::Responses, &cut);
    assert_eq!(collect(&deltas).text(), "so");
    assert!(
        !deltas
            .iter()
            .any(|d| matches!(d, Delta::Finish(_) | Delta::End)),
        "{deltas:?}"
    );
}

#[test]
fn what_is_told_only_as_a_whole_is_read_all_the_same() {
    let event = |v: Value| (None, v.to_string());
    let deltas = read(
        Dialect::Responses,
        &[
            event(json!({"type": "response.created", "response": {"id": "r", "model": "m"}})),
            event(json!({"type": "response.output_text.done", "output_index": 0, "text": "hi"})),
            event(
                json!({"type": "response.output_item.done", "output_index": 0,
                "item": {"type": "message", "content": [{"type": "output_text", "text": "hi"}]}}),
            ),
            event(
                json!({"type": "response.output_item.done", "output_index": 1,
                "item": {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":1}"}}),
            ),
            event(json!({"type": "response.completed", "response": {"status": "completed"}})),
        ],
    );
    let answer = collect(&deltas);
    assert_eq!(answer.text(), "hi");
    assert_eq!(calls(&answer), [("f".into(), json!({"a": 1}))]);
    assert_eq!(answer.finish, Some(Finish::ToolUse));
}

#[test]
fn a_search_that_the_provider_runs_is_life_and_no_content() {
    let event = |v: Value| (None, v.to_string());
    let deltas = read(
        Dialect::Responses,
        &[
            event(
                json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "web_search_call"}}),
            ),
            event(json!({"type": "response.web_search_call.searching", "output_index": 0})),
        ],
    );
    assert!(
        deltas.iter().all(|d| *d == Delta::Reasoning(String::new())),
        "{deltas:?}"
    );
    assert!(collect(&deltas).parts.is_empty());
}
