//! Streams fed in every way a network can cut them.

mod cuts;
mod rescues;

use super::*;
use std::path::Path;

const HELLO: &str = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\u{e9}l\"}}]}\n\n\
: keep-alive\n\n\
data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n\
data: [DONE]\n\n";

/// The whole stream, as this caller reads it, when it arrives in pieces of `size`.
fn relayed(
    from: Dialect,
    door: Dialect,
    stream: &[u8],
    size: usize,
) -> (String, Verdict, Option<Answer>) {
    let reply = Reply {
        id: "id".to_owned(),
        created: 1,
        ..Reply::default()
    };
    let mut relay = Relay::new(from, door, reply, true);
    let mut out = BytesMut::new();
    for piece in stream.chunks(size) {
        match relay.feed(piece, &mut out) {
            Ok(Progress::Error) => break,
            Ok(_) => {}
            Err(e) => return (text(&out), classify::transport(e), None),
        }
    }
    let verdict = relay.finish(&mut out);
    if verdict.after_content {
        out.extend_from_slice(&relay.break_off(Broken::Upstream));
    }
    let whole = (verdict.class == Class::Ok).then(|| relay.answer());
    (text(&out), verdict, whole)
}

fn text(out: &[u8]) -> String {
    String::from_utf8_lossy(out).into_owned()
}

#[test]
fn the_pieces_a_stream_arrives_in_change_nothing() {
    for door in [Dialect::OpenAi, Dialect::Anthropic] {
        let whole = relayed(Dialect::OpenAi, door, HELLO.as_bytes(), usize::MAX);
        assert_eq!(whole.1, Verdict::ok());
        for size in 1..40 {
            assert_eq!(
                relayed(Dialect::OpenAi, door, HELLO.as_bytes(), size),
                whole,
                "{size}"
            );
        }
    }
    let (same, ..) = relayed(Dialect::OpenAi, Dialect::OpenAi, HELLO.as_bytes(), 7);
    assert_eq!(same, HELLO, "the same dialect passes through byte for byte");
}

#[test]
fn a_block_without_data_is_not_passed_on() {
    let with = format!("retry: 3000\n\n{HELLO}");
    let (out, verdict, _) = relayed(Dialect::OpenAi, Dialect::OpenAi, with.as_bytes(), 9);
    assert_eq!(verdict, Verdict::ok());
    assert_eq!(out, HELLO);
}

#[test]
fn a_stream_that_is_cut_anywhere_before_its_finish_is_never_a_success() {
    let finish = HELLO.find("finish_reason").unwrap();
    for at in 0..finish {
        for door in [Dialect::OpenAi, Dialect::Anthropic] {
            let (out, verdict, _) = relayed(Dialect::OpenAi, door, &HELLO.as_bytes()[..at], 11);
            assert_eq!(verdict.class, Class::Fault, "cut at {at}");
            assert!(
                !out.contains("[DONE]") && !out.contains("message_stop"),
                "cut at {at}: {out}"
            );
            assert_eq!(
                out.contains("error"),
                verdict.after_content,
                "cut at {at}: {out}"
            );
        }
    }
}

/// What Amazon sends for "Héllo", cut into messages.
fn binary() -> Vec<Vec<u8>> {
    let message = |name: &str, event: &str| {
        let mut out = BytesMut::new();
        crate::provider::eventstream::put_event(&mut out, name, event.as_bytes());
        out.to_vec()
    };
    vec![
        message("messageStart", r#"{"role":"assistant"}"#),
        message(
            "contentBlockDelta",
            "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"H\u{e9}l\"}}",
        ),
        message(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":"lo"}}"#,
        ),
        message("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        message("messageStop", r#"{"stopReason":"end_turn"}"#),
        message(
            "metadata",
            r#"{"usage":{"inputTokens":3,"outputTokens":2}}"#,
        ),
    ]
}

#[test]
fn a_binary_stream_that_is_cut_anywhere_before_its_finish_is_never_a_success() {
    let whole = binary().concat();
    let finished = binary()[..5].concat().len();
    for at in 0..=whole.len() {
        for door in [Dialect::OpenAi, Dialect::Anthropic] {
            let (out, verdict, _) = relayed(Dialect::Bedrock, door, &whole[..at], 11);
            let is_whole = out.contains("[DONE]") || out.contains("message_stop");
            assert_eq!(is_whole, at >= finished, "cut at {at}: {out}");
            let class = if is_whole { Class::Ok } else { Class::Fault };
            assert_eq!(verdict.class, class, "cut at {at}");
            assert_eq!(
                out.contains("error"),
                verdict.after_content,
                "cut at {at}: {out}"
            );
        }
    }
}

#[test]
fn a_damaged_message_is_bad_framing_and_no_end_of_an_answer() {
    let mut messages = binary();
    messages[2][20] ^= 1;
    let (out, verdict, _) = relayed(Dialect::Bedrock, Dialect::OpenAi, &messages.concat(), 64);
    assert_eq!(verdict.code, "bad_framing");
    assert!(out.contains("H\u{e9}l") && !out.contains("[DONE]"), "{out}");
}

#[test]
fn an_exception_after_content_is_told_in_the_callers_words() {
    let mut stream = BytesMut::from(&binary()[..2].concat()[..]);
    crate::provider::eventstream::put_exception(
        &mut stream,
        "modelStreamErrorException",
        br#"{"message":"secret detail","originalStatusCode":500}"#,
    );
    let (out, verdict, _) = relayed(Dialect::Bedrock, Dialect::Anthropic, &stream, 5);
    assert_eq!(verdict.code, "model_stream_error_exception");
    assert!(verdict.after_content);
    assert!(
        out.contains("event: error") && !out.contains("secret"),
        "{out}"
    );
}

#[test]
fn a_stream_that_does_not_say_who_answers_names_who_was_asked() {
    let reply = Reply::default();
    let mut relay = Relay::new(Dialect::Bedrock, Dialect::OpenAi, reply, true);
    relay.asked("us.amazon.nova-pro-v1:0");
    let mut out = BytesMut::new();
    relay.feed(&binary().concat(), &mut out).unwrap();
    relay.finish(&mut out);
    assert!(text(&out).contains(r#""model":"us.amazon.nova-pro-v1:0""#));
    assert_eq!(relay.answer().model, "us.amazon.nova-pro-v1:0");
}

#[test]
fn an_answer_without_content_is_soft_and_one_cut_by_length_is_not() {
    let end = |reason: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\n"
        )
    };
    let class = |stream: &str| {
        relayed(Dialect::OpenAi, Dialect::OpenAi, stream.as_bytes(), 9)
            .1
            .class
    };
    assert_eq!(class(&end("stop")), Class::Soft);
    assert_eq!(class(&end("length")), Class::Ok);
    assert_eq!(class(&end("content_filter")), Class::Policy);
}

#[test]
fn an_end_mark_without_a_reason_is_not_passed_on_unless_it_ends_a_call_that_was_billed() {
    let event = |delta: &str, more: &str| {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{{delta}}}}}]{more}}}\n\n")
    };
    let text = event("\"content\":\"Hello\"", "");
    let call = event(
        "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]",
        "",
    );
    let bill = event(
        "",
        ",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}",
    );
    for (said, ends) in [
        ([&text, ""], false),
        ([&text, &bill], false),
        ([&call, ""], false),
        ([&call, &bill], true),
    ] {
        let stream = said.concat() + "data: [DONE]\n\n";
        for door in [Dialect::OpenAi, Dialect::Anthropic] {
            let (out, verdict, _) = relayed(Dialect::OpenAi, door, stream.as_bytes(), 9);
            assert_eq!(verdict.class == Class::Ok, ends, "{stream}");
            let end = out.contains("[DONE]") || out.contains("message_stop");
            assert_eq!(end, ends, "{out}");
        }
    }
}

#[test]
fn every_recorded_stream_reads_the_same_whole_byte_by_byte_and_in_sevens() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    if !root.is_dir() {
        println!("skipped: no recorded streams beside the project");
        return;
    }
    let mut read = 0;
    for (dir, from) in [
        ("openai-chat", Dialect::OpenAi),
        ("openrouter", Dialect::OpenAi),
        ("azure-openai", Dialect::OpenAi),
        ("anthropic", Dialect::Anthropic),
        ("gemini", Dialect::Gemini),
        ("bedrock", Dialect::Bedrock),
    ] {
        for entry in std::fs::read_dir(root.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_stream = path
                .extension()
                .is_some_and(|e| e == "sse" || e == "eventstream");
            if !is_stream || name.contains("responses") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            for door in [Dialect::OpenAi, Dialect::Anthropic] {
                let whole = relayed(from, door, &bytes, usize::MAX);
                assert_eq!(relayed(from, door, &bytes, 1), whole, "{name}");
                assert_eq!(relayed(from, door, &bytes, 7), whole, "{name}");
                if name.starts_with("200") && whole.1.class != Class::Ok {
                    println!("{name}: {}", whole.1);
                }
            }
            read += 1;
        }
    }
    assert!(read > 20, "only {read} recorded streams");
}
