//! What a request and a stream cost before anything is decided about them.

use breakerbox::{
    checks::{self, Ended, Exchange, Format},
    model::Dialect,
    provider::{ask::Ask, classify, sse::Framer},
};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// A chat request of about this many bytes, in turns of `lines` lines of 80 characters.
fn request(size: usize, lines: usize) -> Bytes {
    let line = "What exactly does this mean in practice, and how would I check that it is so?\\n";
    let turn = format!(r#"{{"role":"user","content":"{}"}},"#, line.repeat(lines));
    let turns = turn.repeat(size.div_ceil(turn.len()));
    format!(
        r#"{{"model":"chat","temperature":0.2,"stream":true,"stream_options":{{"include_usage":true}},"messages":[{}],"metadata":{{"team":"a"}}}}"#,
        turns.trim_end_matches(',')
    )
    .into()
}

/// A stream of 43 events, as `OpenAI` sends them.
fn stream() -> Vec<u8> {
    let event = |text: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4.1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
        )
    };
    let events: String = (0..42).map(|n| event(&format!("word{n} "))).collect();
    (events + "data: [DONE]\n\n").into_bytes()
}

fn ask(c: &mut Criterion) {
    let mut group = c.benchmark_group("ask");
    for (name, size, lines) in [
        ("4 KB in short turns", 4_000, 1),
        ("4 KB in long turns", 4_000, 12),
        ("400 KB in long turns", 400_000, 12),
    ] {
        let body = request(size, lines);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("read and splice {name}"), |b| {
            b.iter(|| {
                Ask::read(Dialect::OpenAi, black_box(&body).clone())
                    .map(|ask| ask.with_model("gpt-4.1-mini"))
            });
        });
        group.bench_function(format!("through a tree, for comparison, {name}"), |b| {
            b.iter(|| {
                let mut tree: serde_json::Value = serde_json::from_slice(black_box(&body))?;
                tree["model"] = "gpt-4.1-mini".into();
                serde_json::to_vec(&tree)
            });
        });
    }
    group.finish();
}

fn frames(c: &mut Criterion) {
    let input = stream();
    let mut group = c.benchmark_group("stream of 43 events");
    group.throughput(Throughput::Elements(43));
    group.bench_function("one chunk", |b| {
        b.iter(|| {
            let mut framer = Framer::new();
            framer.push(black_box(&input));
            framer.count()
        });
    });
    group.bench_function("a chunk a line", |b| {
        b.iter(|| {
            let mut framer = Framer::new();
            black_box(&input)
                .split_inclusive(|&byte| byte == b'\n')
                .map(|line| {
                    framer.push(line);
                    framer.by_ref().count()
                })
                .sum::<usize>()
        });
    });
    group.bench_function("one chunk, each asked whether it is an error", |b| {
        b.iter(|| {
            let mut framer = Framer::new();
            framer.push(black_box(&input));
            framer
                .filter_map(Result::ok)
                .filter(|f| classify::in_band(Dialect::OpenAi, f.event(), f.data()).is_some())
                .count()
        });
    });
    group.finish();
}

fn answers(c: &mut Criterion) {
    let text = "An answer of some length, as people get it. ".repeat(20);
    let body = format!(
        r#"{{"id":"x","object":"chat.completion","model":"gpt-4.1","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,"completion_tokens":99}}}}"#
    );
    c.bench_function("classify a whole answer of 1.1 KB", |b| {
        b.iter(|| classify::answer(Dialect::OpenAi, black_box(body.as_bytes())));
    });
}

fn findings(c: &mut Criterion) {
    let line = |n| {
        format!(
            "{n}. Keeper {n} opens paddle {n}, and the water in chamber {n} rises with boat {n}.\n"
        )
    };
    let mut group = c.benchmark_group("all checks on an answer");
    for (name, lines) in [("of 1 KB", 12), ("of 100 KB", 1200)] {
        let answer: String = (0..lines).map(line).collect();
        let x = Exchange {
            asked: "How does a lock raise a boat? Tell me step by step.",
            before: &[],
            answer: &answer,
            ended: Ended::Whole,
            format: Format::Text,
            calls: &[],
        };
        assert!(checks::check(&x).is_empty(), "a good answer is to be timed");
        group.throughput(Throughput::Bytes(answer.len() as u64));
        group.bench_function(name, |b| b.iter(|| checks::check(black_box(&x))));
    }
    group.finish();
}

criterion_group!(benches, ask, frames, answers, findings);
criterion_main!(benches);
