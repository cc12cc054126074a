//! Characters cut in half between two events.

use super::{collect, read};
use crate::{
    model::Dialect,
    provider::{chat::Delta, translate::read_answer},
};

fn sse(data: &[&str]) -> Vec<(Option<String>, String)> {
    data.iter().map(|d| (None, (*d).to_owned())).collect()
}

#[test]
fn an_emoji_cut_between_two_events_arrives_whole_in_every_dialect() {
    let openai = [
        r#"{"choices":[{"index":0,"delta":{"content":"a \ud83d"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"content":"\udc67 b"}}]}"#,
    ];
    let anthropic = [
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a \ud83d"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\udc67 b"}}"#,
    ];
    let gemini = [
        r#"{"candidates":[{"content":{"parts":[{"text":"a \ud83d"}]}}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"\udc67 b"}]}}]}"#,
    ];
    let bedrock = [
        r#"{"contentBlockIndex":0,"delta":{"text":"a \ud83d"}}"#,
        r#"{"contentBlockIndex":0,"delta":{"text":"\udc67 b"}}"#,
    ];
    let responses = [
        r#"{"type":"response.output_text.delta","output_index":0,"delta":"a \ud83d"}"#,
        r#"{"type":"response.output_text.delta","output_index":0,"delta":"\udc67 b"}"#,
    ];
    for (dialect, data) in [
        (Dialect::Responses, responses),
        (Dialect::Bedrock, bedrock),
        (Dialect::OpenAi, openai),
        (Dialect::Anthropic, anthropic),
        (Dialect::Gemini, gemini),
    ] {
        let mut events = sse(&data);
        if dialect == Dialect::Bedrock {
            let name = |(event, _): &mut (Option<String>, String)| {
                *event = Some("contentBlockDelta".to_owned());
            };
            events.iter_mut().for_each(name);
        }
        let deltas = read(dialect, &events);
        assert!(!deltas.contains(&Delta::Malformed), "{dialect}");
        assert_eq!(collect(&deltas).text(), "a \u{1F467} b", "{dialect}");
    }
}

#[test]
fn an_emoji_cut_inside_tool_arguments_arrives_whole() {
    let chunk = |args: &str| {
        format!(
            r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":0,"id":"c","function":{{"name":"f","arguments":"{args}"}}}}]}}}}]}}"#
        )
    };
    let deltas = read(
        Dialect::OpenAi,
        &sse(&[&chunk(r#"{\"x\":\"\ud83d"#), &chunk(r#"\ude00\"}"#)]),
    );
    assert_eq!(super::calls(&collect(&deltas))[0].1["x"], "\u{1F600}");
}

#[test]
fn a_half_without_its_other_half_is_replaced_and_the_stream_goes_on() {
    let data = [
        r#"{"choices":[{"delta":{"content":"a\ud83d"}}]}"#,
        r#"{"choices":[{"delta":{"content":"b"}}]}"#,
        r#"{"choices":[{"delta":{"content":"c\ud83d"}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    ];
    let deltas = read(Dialect::OpenAi, &sse(&data));
    assert_eq!(collect(&deltas).text(), "a\u{FFFD}bc\u{FFFD}");
}

#[test]
fn an_event_that_is_not_json_is_malformed_and_the_next_one_is_read() {
    for dialect in Dialect::ALL {
        let deltas = read(dialect, &sse(&["{\"choices\": [", "[1]", "{}"]));
        assert_eq!(
            deltas,
            [Delta::Malformed, Delta::Malformed, Delta::Life],
            "{dialect}"
        );
    }
}

#[test]
fn a_whole_answer_with_half_a_character_is_still_an_answer() {
    let body = br#"{"choices":[{"message":{"content":"x\ud83d"},"finish_reason":"stop"}]}"#;
    assert_eq!(
        read_answer(Dialect::OpenAi, body).unwrap().text(),
        "x\u{FFFD}"
    );
}
