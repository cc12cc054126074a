//! Streams of every dialect, cut somewhere after their first content: the caller is told, and gets nothing garbled.

use super::{
    rig::{Rig, provider},
    upstream::{self, Do, Upstream, end, sse_head},
};
use breakerbox::{
    model::Dialect,
    provider::{chat::Delta, frames::Framer, translate::StreamReader},
};
use serde_json::{Value, json};
use std::path::Path;

/// A stream of each dialect, and what in it says that the answer is finished.
const STREAMS: [(Dialect, &str, &str); 5] = [
    (
        Dialect::OpenAi,
        "openai-tools-crlf.sse",
        "\"finish_reason\":\"",
    ),
    (
        Dialect::Anthropic,
        "anthropic-tools-crlf.sse",
        "\"stop_reason\":\"",
    ),
    (
        Dialect::Gemini,
        "gemini-text-crlf.sse",
        "\"finishReason\": \"",
    ),
    (
        Dialect::Bedrock,
        "bedrock-tools.eventstream",
        "\"stopReason\":\"",
    ),
    (
        Dialect::Responses,
        "responses-tools-crlf.sse",
        "response.completed",
    ),
];
const DOORS: [(Dialect, &str); 4] = [
    (Dialect::OpenAi, "/v1/chat/completions"),
    (Dialect::Anthropic, "/v1/messages"),
    (
        Dialect::Gemini,
        "/v1beta/models/r:streamGenerateContent?alt=sse",
    ),
    (Dialect::Responses, "/v1/responses"),
];
const CUTS: usize = 30;
const SEED: u64 = 20_261_121;

fn read(dialect: Dialect, bytes: &[u8]) -> Vec<Delta> {
    let (mut framer, mut reader) = (Framer::new(dialect), StreamReader::new(dialect));
    let mut deltas = Vec::new();
    framer.push(bytes);
    for frame in framer.by_ref().map(Result::unwrap) {
        if !frame.is_comment() {
            reader.event(frame.event(), frame.data(), &mut deltas);
        }
    }
    deltas
}

fn text(deltas: &[Delta]) -> String {
    let texts = deltas.iter().filter_map(|d| match d {
        Delta::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// The upstream's side of a cut: pieces of any size, then an end that is clean or is none.
fn script(mut left: &[u8], clean: bool, luck: &mut fastrand::Rng) -> Vec<Do> {
    let mut steps = vec![sse_head()];
    while !left.is_empty() {
        let (piece, rest) = left.split_at(luck.usize(1..=400).min(left.len()));
        let head = format!("{:x}\r\n", piece.len()).into_bytes();
        steps.push(Do::Write([&head, piece, b"\r\n"].concat()));
        left = rest;
    }
    steps.push(if clean { end() } else { Do::Close });
    steps
}

#[tokio::test]
async fn every_cut_after_content_is_an_error_in_the_callers_own_dialect() {
    println!("seed {SEED}");
    let mut luck = fastrand::Rng::with_seed(SEED);
    for (from, file, finish) in STREAMS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/streams")
            .join(file);
        let whole = std::fs::read(path).unwrap();
        let said = text(&read(from, &whole));
        let finish = memchr::memmem::find(&whole, finish.as_bytes()).unwrap();
        let content = (0..finish)
            .find(|&at| !text(&read(from, &whole[..at])).is_empty())
            .unwrap();
        let up = Upstream::start(Vec::new()).await;
        let rig = Rig::start(&format!(
            "{}[routes.r]\ntiers = [\"a/m\"]\n[cache]\nenabled = false\n[breaker]\nmode = \"observe\"\n",
            provider("a", from.as_str(), &up)
        ))
        .await;
        for n in 0..DOORS.len() * CUTS {
            let (at, clean) = (luck.usize(content..finish), n % 2 == 0);
            let (door, path) = DOORS[n / 2 % DOORS.len()];
            // Whoever asks again, to go on, gets nothing.
            up.play(vec![
                script(&whole[..at], clean, &mut luck),
                upstream::json(503, &[], "{}"),
            ]);
            let got = rig.post(path, &ask(door)).await.bytes().await.unwrap();
            let heard = read(door, &got);
            let what = format!("{file} cut at {at}, clean: {clean}, {door} door: {heard:?}");
            assert!(said.starts_with(&text(&heard)), "{what}");
            assert!(!text(&heard).is_empty(), "{what}");
            assert!(matches!(heard.last(), Some(Delta::Error(_))), "{what}");
            let ends = |d: &Delta| matches!(d, Delta::Finish(_) | Delta::End);
            assert!(!heard.iter().any(ends), "{what}");
        }
    }
}

fn ask(door: Dialect) -> Value {
    match door {
        Dialect::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]}),
        Dialect::Responses => json!({"model": "r", "stream": true, "input": "x"}),
        _ => {
            json!({"model": "r", "max_tokens": 99, "stream": true, "messages": [{"role": "user", "content": "x"}]})
        }
    }
}
