//! Streams that broke off, gone on with.

use crate::{
    model::Dialect,
    provider::{
        chat::Delta,
        translate::{Reply, StreamReader, StreamWriter},
    },
};
use bytes::BytesMut;
use serde_json::{Value, json};

/// What somebody who goes on with a stream of these events writes after them.
fn taken_up(events: &[Value], more: &[Delta]) -> Vec<Value> {
    let mut reader = StreamReader::new(Dialect::Responses);
    let mut told = Vec::new();
    for event in events {
        reader.event(None, event.to_string().as_bytes(), &mut told);
    }
    let mut writer = StreamWriter::resume(Reply::default(), true, &told, &reader);
    let mut out = BytesMut::new();
    for delta in more {
        writer.write(delta, &mut out);
    }
    writer.finish(&mut out);
    let events = std::str::from_utf8(&out).unwrap().lines();
    let data = events.filter_map(|l| l.strip_prefix("data: "));
    data.map(|d| serde_json::from_str(d).unwrap()).collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|e| e["type"].as_str().unwrap());
    kinds
        .map(|k| k.strip_prefix("response.").unwrap())
        .collect()
}

fn begun(item: &Value) -> Vec<Value> {
    vec![
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "r", "model": "m"}}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item}),
    ]
}

fn part(step: &str, part: &Value) -> Value {
    json!({"type": format!("response.content_part.{step}"), "output_index": 0, "content_index": 0, "item_id": "i", "part": part})
}

fn said(kind: &str, text: &str) -> Value {
    json!({"type": format!("response.{kind}.delta"), "output_index": 0, "content_index": 0, "item_id": "i", "delta": text})
}

#[test]
fn a_message_without_a_part_gets_one_before_anybody_goes_on_with_it() {
    let message = json!({"id": "i", "type": "message"});
    let told = taken_up(&begun(&message), &[Delta::Text("so".into())]);
    let first = [
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
    ];
    assert_eq!(types(&told)[..4], first);
    assert!(told[..4].iter().all(|e| e["item_id"] == "i"));
    assert_eq!(told[0]["sequence_number"], 2);
}

#[test]
fn a_refusal_goes_on_as_a_refusal() {
    let mut events = begun(&json!({"id": "i", "type": "message"}));
    events.push(part("added", &json!({"type": "refusal", "refusal": ""})));
    events.push(said("refusal", "I can"));
    let told = taken_up(&events, &[Delta::Text("not.".into())]);
    assert_eq!(types(&told)[..2], ["refusal.delta", "refusal.done"]);
    assert_eq!(told[1]["refusal"], "I cannot.");
}

#[test]
fn a_text_that_was_told_to_its_end_gets_nothing_more() {
    let mut events = begun(&json!({"id": "i", "type": "message"}));
    events.push(said("output_text", "One."));
    events.push(json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "One."}));
    let told = taken_up(&events, &[Delta::Text(" Two.".into())]);
    let expected = [
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
    ];
    assert_eq!(types(&told)[..5], expected);
    assert_eq!(told[4]["output_index"], 1);
}

#[test]
fn halves_of_a_character_are_one_in_the_whole() {
    let mut events = begun(&json!({"id": "i", "type": "message"}));
    events.push(said("output_text", "HI"));
    events.push(said("output_text", "LO"));
    let mut reader = StreamReader::new(Dialect::Responses);
    let mut told = Vec::new();
    for event in &events {
        let event = event.to_string();
        let event = event.replace("HI", "\\ud83c").replace("LO", "\\udf0d");
        reader.event(None, event.as_bytes(), &mut told);
    }
    let mut out = BytesMut::new();
    StreamWriter::resume(Reply::default(), true, &told, &reader).finish(&mut out);
    let out = std::str::from_utf8(&out).unwrap();
    assert!(out.contains("\"text\":\"\u{1f30d}\""), "{out}");
}

#[test]
fn a_call_without_arguments_tells_them_in_pieces_too() {
    let call = json!({"id": "i", "type": "function_call", "call_id": "c", "name": "f"});
    let told = taken_up(&begun(&call), &[]);
    assert_eq!(types(&told)[0], "function_call_arguments.delta");
    assert_eq!(told[0]["delta"], "{}");
}

#[test]
fn the_largest_of_numbers_is_the_last() {
    let mut events = begun(&json!({"id": "i", "type": "message"}));
    events[1]["sequence_number"] = json!(u64::MAX);
    let told = taken_up(&events, &[Delta::Text("so".into())]);
    assert!(told.iter().all(|e| e["sequence_number"] == u64::MAX));
}

#[test]
fn a_text_that_is_told_only_as_a_whole_is_read_after_others_that_came_in_pieces() {
    let whole = json!({"type": "response.output_text.done", "output_index": 0, "content_index": 1, "text": "Two."});
    let mut reader = StreamReader::new(Dialect::Responses);
    let mut told = Vec::new();
    for event in [said("output_text", "One. "), whole] {
        reader.event(None, event.to_string().as_bytes(), &mut told);
    }
    let texts = [Delta::Text("One. ".into()), Delta::Text("Two.".into())];
    assert_eq!(told, texts);
}
