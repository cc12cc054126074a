//! Streams, written for the clients' accumulators.

use super::{calls, collect, data, events, framed, read, write};
use crate::{
    model::{Class, Dialect},
    provider::{
        chat::{Answer, Delta, Finish, Part, Usage},
        translate::{Reply, read_usage, replay, write_answer},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn start() -> Delta {
    Delta::Start {
        id: "id1".into(),
        model: "m1".into(),
    }
}

fn tool(index: u32, name: &str) -> Delta {
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

/// An accumulator as strict as the official ones: one block at a time, each under the next number.
fn accumulate(stream: &str) -> Vec<String> {
    let (mut log, mut open, mut next) = (Vec::new(), None, 0);
    for (name, raw) in events(stream) {
        let event: Value = serde_json::from_str(&raw).unwrap();
        let name = name.expect("every event has a name");
        assert_eq!(event["type"], name.as_str(), "name and type agree");
        match name.as_str() {
            "message_start" => assert!(log.is_empty(), "message_start is first"),
            "content_block_start" => {
                assert_eq!(open, None, "one block at a time");
                assert_eq!(event["index"], next, "numbers in order");
                open = Some(next);
                next += 1;
            }
            "content_block_delta" => {
                assert_eq!(event["index"].as_u64(), open, "a delta of the open block");
            }
            "content_block_stop" => {
                assert_eq!(event["index"].as_u64(), open.take(), "the open block stops");
            }
            "message_delta" | "message_stop" => assert_eq!(open, None, "all blocks are stopped"),
            "ping" => continue,
            other => panic!("unknown event {other}"),
        }
        log.push(name);
    }
    assert_eq!(log.first().map(String::as_str), Some("message_start"));
    assert_eq!(
        log.iter()
            .rev()
            .take(2)
            .map(String::as_str)
            .collect::<Vec<_>>(),
        ["message_stop", "message_delta"]
    );
    log
}

#[test]
fn anthropic_blocks_are_told_one_after_the_other() {
    let stream = write(
        Dialect::Anthropic,
        &[
            start(),
            Delta::Reasoning("hm".into()),
            Delta::Text("a".into()),
            Delta::Life,
            Delta::Text("b".into()),
            tool(0, "f"),
            args(0, "{\"x\":1}"),
            Delta::Usage(Usage {
                input: 10,
                output: 4,
                cache_read: 3,
                ..Usage::default()
            }),
            Delta::Finish(Finish::ToolUse),
            Delta::End,
        ],
    );
    accumulate(&stream);
    let all = data(&stream);
    let kinds: Vec<_> = all
        .iter()
        .filter_map(|e| e["content_block"]["type"].as_str())
        .collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use"]);
    let end = &all[all.len() - 2];
    assert_eq!(end["delta"]["stop_reason"], "tool_use");
    let usage = json!({"input_tokens": 7, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 3, "output_tokens": 4});
    assert_eq!(end["usage"], usage);
}

#[test]
fn parallel_calls_that_are_told_mixed_are_sorted_out_for_anthropic() {
    let deltas = [
        start(),
        tool(0, "f"),
        tool(1, "g"),
        args(1, "{\"b\""),
        args(0, "{\"a\""),
        Delta::Text("meanwhile".into()),
        args(1, ":2}"),
        args(0, ":1}"),
        Delta::Finish(Finish::ToolUse),
    ];
    let stream = write(Dialect::Anthropic, &deltas);
    accumulate(&stream);
    let back = collect(&read(Dialect::Anthropic, &events(&stream)));
    assert_eq!(
        calls(&back),
        [("f".into(), json!({"a": 1})), ("g".into(), json!({"b": 2}))]
    );
    assert_eq!(back.text(), "meanwhile");
}

#[test]
fn an_openai_stream_begins_with_the_role_and_ends_with_finish_usage_and_done() {
    let usage = Usage {
        input: 5,
        output: 2,
        ..Usage::default()
    };
    let deltas = [
        start(),
        Delta::Usage(usage),
        Delta::Text("hi".into()),
        Delta::Finish(Finish::Length),
    ];
    let stream = write(Dialect::OpenAi, &deltas);
    assert!(stream.ends_with("data: [DONE]\n\n"));
    let all = data(&stream);
    assert_eq!(
        all[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    assert_eq!(all[1]["choices"][0]["delta"], json!({"content": "hi"}));
    assert_eq!(all[2]["choices"][0]["finish_reason"], "length");
    assert_eq!(all[3]["choices"], json!([]));
    assert_eq!(all[3]["usage"]["total_tokens"], 7);
    assert!(
        all[..3]
            .iter()
            .all(|c| c["usage"].is_null() && c["id"] == "id1" && c["model"] == "m1")
    );
}

#[test]
fn openai_calls_are_numbered_from_zero_with_their_name_once() {
    let stream = write(
        Dialect::OpenAi,
        &[
            start(),
            tool(0, "f"),
            args(0, "{}"),
            tool(1, "g"),
            args(1, "{}"),
        ],
    );
    let all: Vec<Value> = data(&stream)
        .iter()
        .map(|c| c["choices"][0]["delta"]["tool_calls"][0].clone())
        .filter(|c| !c.is_null())
        .collect();
    assert_eq!(
        all[0],
        json!({"index": 0, "id": "call_0", "type": "function", "function": {"name": "f", "arguments": ""}})
    );
    assert_eq!(all[1], json!({"index": 0, "function": {"arguments": "{}"}}));
    assert_eq!(all[2]["index"], 1);
}

#[test]
fn an_answer_without_content_is_still_a_well_formed_stream() {
    accumulate(&write(
        Dialect::Anthropic,
        &[start(), Delta::Finish(Finish::Policy)],
    ));
    let all = data(&write(
        Dialect::OpenAi,
        &[start(), Delta::Finish(Finish::Policy)],
    ));
    assert_eq!(all[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(all[1]["choices"][0]["finish_reason"], "content_filter");
}

#[test]
fn errors_inside_streams_are_seen_in_every_dialect() {
    let sse = |data: &str| vec![(Some("error".to_owned()), data.to_owned())];
    for (dialect, body, code) in [
        (
            Dialect::OpenAi,
            r#"{"error":{"message":"x","type":"server_error","code":null}}"#,
            "server_error",
        ),
        (
            Dialect::Anthropic,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#,
            "overloaded_error",
        ),
        (
            Dialect::Gemini,
            r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#,
            "unavailable",
        ),
        (
            Dialect::Bedrock,
            r#"{"__type":"modelStreamErrorException","originalStatusCode":400,"message":"x"}"#,
            "model_stream_error_exception",
        ),
        (
            Dialect::Responses,
            r#"{"type":"error","sequence_number":2,"error":{"type":"server_error","code":"server_error","message":"x"}}"#,
            "server_error",
        ),
        (
            Dialect::Responses,
            r#"{"type":"error","sequence_number":2,"code":"server_error","message":"x","param":null}"#,
            "server_error",
        ),
        (
            Dialect::Responses,
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}}"#,
            "server_error",
        ),
    ] {
        let deltas = read(dialect, &sse(body));
        assert!(
            matches!(&deltas[..], [Delta::Error(v)] if v.class == Class::Fault && v.code == code),
            "{deltas:?}"
        );
    }
}

fn answers() -> impl Strategy<Value = Answer> {
    let text = "[a-zA-Z0-9 \u{4e00}-\u{4e2f}\u{1F600}-\u{1F64F}\n\"\\\\]{1,60}";
    let call = ("[a-z]{1,8}", "[a-zA-Z ]{0,12}", 0i64..1000)
        .prop_map(|(name, s, n)| (name, json!({"s": s, "n": n})));
    let finish = prop_oneof![Just(Finish::Stop), Just(Finish::Length)];
    (
        text,
        prop::collection::vec(call, 0..4),
        finish,
        0u64..5000,
        0u64..5000,
    )
        .prop_map(|(text, calls, finish, input, output)| {
            let mut parts = vec![Part::Text(text)];
            let called = !calls.is_empty();
            parts.extend(
                calls
                    .into_iter()
                    .enumerate()
                    .map(|(i, (name, input))| Part::ToolUse {
                        id: format!("call_{i}"),
                        name,
                        input,
                        signature: None,
                    }),
            );
            Answer {
                id: "id1".into(),
                model: "m1".into(),
                parts,
                finish: Some(if called { Finish::ToolUse } else { finish }),
                usage: Usage {
                    input,
                    output,
                    ..Usage::default()
                },
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_an_answer_used_is_read_without_reading_the_answer(answer in answers()) {
        for dialect in Dialect::ALL {
            let written = write_answer(dialect, &answer, &Reply::default());
            prop_assert_eq!(read_usage(dialect, &written), answer.usage, "{}", dialect);
            let cut = &written[..written.len() - 1];
            prop_assert_eq!(read_usage(dialect, cut), Usage::default(), "{}", dialect);
        }
    }

    #[test]
    fn a_replayed_answer_reads_back_as_itself(answer in answers()) {
        for dialect in Dialect::ALL {
            let stream = replay(dialect, &answer, Reply::default(), true).concat();
            match dialect {
                Dialect::Anthropic => drop(accumulate(std::str::from_utf8(&stream).unwrap())),
                Dialect::Responses => {
                    super::responses::accumulate(std::str::from_utf8(&stream).unwrap());
                }
                Dialect::OpenAi | Dialect::Gemini | Dialect::Bedrock => {}
            }
            let mut back = collect(&read(dialect, &framed(dialect, &stream)));
            if dialect == Dialect::Bedrock {
                // Its streams say neither.
                (back.id, back.model) = (answer.id.clone(), answer.model.clone());
            }
            prop_assert_eq!(&back, &answer, "{}", dialect);
        }
    }

    #[test]
    fn any_json_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), text in "\\PC{0,30}") {
        for dialect in Dialect::ALL {
            let body = json!({"choices": [{"delta": {"content": text, "tool_calls": [text, {"index": text}]}}], "candidates": [text],
                "type": "content_block_delta", "delta": text, "input": [text, {"role": "user", "content": [text]}], "output": [text, {"type": text}], "usage": text, "content": [text], "messages": [text, {"role": "user", "content": [text]}]});
            let raw = String::from_utf8_lossy(&bytes).into_owned();
            read(dialect, &[(None, raw), (None, body.to_string())]);
            let _ = crate::provider::translate::read_answer(dialect, body.to_string().as_bytes());
            let _ = crate::provider::translate::read_request(dialect, body.to_string().as_bytes());
        }
    }
}
