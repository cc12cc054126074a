//! What rung 1 costs a request: making its key, and finding its answer.

use breakerbox::{
    cache::{Cache, key},
    config,
    model::{Dialect, Wall},
    provider::chat::{Answer, Finish, Part, Usage},
};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use std::{hint::black_box, time::Duration};

const NOW: Wall = Wall(1_800_000_000_000);

fn open() -> Cache {
    let config = config::Cache {
        enabled: true,
        path: None,
        ttl: Duration::from_mins(5),
        max_stale: Duration::from_hours(24),
        max_bytes: 64 * 1024 * 1024,
    };
    Cache::open(&config).0
}

fn short_prompt() -> Vec<u8> {
    let messages = json!([
        {"role": "system", "content": "You are a helpful assistant. Be brief."},
        {"role": "user", "content": "How do I reset my password?"},
    ]);
    json!({"model": "chat", "stream": true, "temperature": 0.2, "messages": messages})
        .to_string()
        .into_bytes()
}

/// About 64 KB in 40 messages.
fn long_talk() -> Vec<u8> {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(36);
    let messages: Vec<_> = (0..41)
        .map(|n| json!({"role": if n % 2 == 0 { "user" } else { "assistant" }, "content": text}))
        .collect();
    json!({"model": "chat", "messages": messages})
        .to_string()
        .into_bytes()
}

fn cache(c: &mut Criterion) {
    let route = "chat".into();
    let read = |body: &[u8]| {
        key(Dialect::OpenAi, &route, Some("team"), body).expect("a plain question has a key")
    };
    let answer = Answer {
        id: "1".into(),
        model: "gpt".into(),
        parts: vec![Part::Text("Open the settings and choose Reset.".into())],
        finish: Some(Finish::Stop),
        usage: Usage::default(),
    };
    let cache = open();
    let (short, long) = (short_prompt(), long_talk());
    let found = read(&short);
    cache
        .put(&found, &answer, NOW)
        .expect("a whole answer is kept");

    c.bench_function("cache/key/short", |b| b.iter(|| read(black_box(&short))));
    c.bench_function("cache/key/64kB", |b| b.iter(|| read(black_box(&long))));
    c.bench_function("cache/get/hit", |b| {
        b.iter(|| cache.get(black_box(&found), NOW));
    });
    c.bench_function("cache/key+get/hit", |b| {
        b.iter(|| cache.get(&read(black_box(&short)), NOW));
    });
}

criterion_group!(benches, cache);
criterion_main!(benches);
