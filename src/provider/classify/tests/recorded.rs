//! What real providers have said. The recordings lie beside the project and are not part of it.

use super::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures");

fn files(of: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(of))
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<_> = entries.map(|e| e.path()).collect();
    files.sort();
    if files.is_empty() {
        println!("skipped: no recordings of {of} beside the project");
    }
    files
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Bodies of a provider whose names begin with `prefix`, with the headers that came with them.
fn bodies(of: &str, prefix: &str) -> Vec<(String, HeaderMap, Vec<u8>)> {
    files(of)
        .into_iter()
        .filter(|path| {
            name(path).starts_with(prefix) && is(path, "json") && !name(path).contains(".meta.")
        })
        .map(|path| {
            let meta = std::fs::read(path.with_extension("meta.json"))
                .map_or(Value::Null, |m| serde_json::from_slice(&m).unwrap());
            let sent = meta["response_headers"].as_object().into_iter().flatten();
            let lines: Vec<_> = sent
                .filter_map(|(name, values)| Some(format!("{name}: {}", values[0].as_str()?)))
                .collect();
            (
                name(&path).to_owned(),
                headers(&lines.join("\n")),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_recorded_error_has_the_class_that_it_had() {
    use Class::{Caller, Context, Credential, Quota, Throttle};
    for (provider, dialect, prefix, class, wait) in [
        ("anthropic", Dialect::Anthropic, "400", Context, None),
        ("anthropic", Dialect::Anthropic, "401", Credential, None),
        ("azure-openai", Dialect::OpenAi, "401", Credential, None),
        ("azure-openai", Dialect::OpenAi, "429", Throttle, Some(1000)),
        (
            "gemini",
            Dialect::Gemini,
            "400-unary-chat-error-handling",
            Credential,
            None,
        ),
        (
            "gemini",
            Dialect::Gemini,
            "400-unary-chat-real",
            Context,
            None,
        ),
        ("gemini", Dialect::Gemini, "429", Throttle, Some(48_000)),
        ("bedrock", Dialect::Bedrock, "400", Context, None),
        ("bedrock", Dialect::Bedrock, "403", Credential, None),
        ("openai-responses", Dialect::Responses, "400", Context, None),
        (
            "openai-responses",
            Dialect::Responses,
            "401",
            Credential,
            None,
        ),
        ("openrouter", Dialect::OpenAi, "400", Context, None),
        ("openrouter", Dialect::OpenAi, "401", Credential, None),
        (
            "vercel-ai",
            Dialect::Gemini,
            "google-429",
            Throttle,
            Some(34_400),
        ),
        ("vercel-ai", Dialect::OpenAi, "openai-error.1", Quota, None),
        (
            "vercel-ai",
            Dialect::OpenAi,
            "reasoning-model",
            Caller,
            None,
        ),
    ] {
        for (file, headers, body) in bodies(provider, prefix) {
            let status = prefix.get(..3).and_then(|s| s.parse().ok());
            let status = status.unwrap_or(if class == Caller { 400 } else { 429 });
            let verdict = http(dialect, status, &headers, &body, NOW);
            let got = (verdict.class, verdict.retry_after.map(|d| d.as_millis()));
            assert_eq!(got, (class, wait), "{provider}/{file}: {verdict:?}");
        }
    }
}

#[test]
fn every_recorded_whole_answer_is_good_but_the_empty_ones() {
    for (provider, dialect) in [
        ("openai-chat", Dialect::OpenAi),
        ("azure-openai", Dialect::OpenAi),
        ("openrouter", Dialect::OpenAi),
        ("openai-responses", Dialect::Responses),
        ("anthropic", Dialect::Anthropic),
        ("gemini", Dialect::Gemini),
        ("bedrock", Dialect::Bedrock),
    ] {
        for (file, _, body) in bodies(provider, "200-unary") {
            // Azure's folder has both of OpenAI's.
            let newer = file.contains("azure-responses");
            let dialect = if newer { Dialect::Responses } else { dialect };
            // Tools were offered and forbidden: real answers of 200 with nothing in them.
            let empty = file.contains("tool-choice");
            let class = if empty { Class::Soft } else { Class::Ok };
            assert_eq!(answer(dialect, &body).class, class, "{provider}/{file}");
        }
    }
    for (file, _, body) in bodies("vercel-ai", "anthropic-refusal") {
        assert_eq!(
            answer(Dialect::Anthropic, &body).class,
            Class::Policy,
            "{file}"
        );
    }
}

#[test]
fn no_event_of_a_recorded_good_stream_is_an_error() {
    for (provider, dialect) in [
        ("openai-chat", Dialect::OpenAi),
        ("openai-responses", Dialect::Responses),
        ("azure-openai", Dialect::OpenAi),
        ("openrouter", Dialect::OpenAi),
        ("anthropic", Dialect::Anthropic),
        ("gemini", Dialect::Gemini),
        ("bedrock", Dialect::Bedrock),
    ] {
        let streams = |p: &PathBuf| is(p, "sse") || is(p, "eventstream");
        for path in files(provider).into_iter().filter(streams) {
            let mut framer = crate::provider::frames::Framer::new(dialect);
            framer.push(&std::fs::read(&path).unwrap());
            for frame in framer.map(Result::unwrap) {
                assert_eq!(
                    in_band(dialect, frame.event(), frame.data()),
                    None,
                    "{provider}/{}",
                    name(&path)
                );
            }
        }
    }
}

#[test]
fn the_recorded_stream_that_failed_says_why() {
    let Some(path) = files("vercel-ai")
        .into_iter()
        .find(|p| name(p) == "openai-error.1.chunks.txt")
    else {
        return;
    };
    let lines = std::fs::read_to_string(path).unwrap();
    let verdicts: Vec<_> = lines
        .lines()
        .filter_map(|l| in_band(Dialect::OpenAi, None, l.as_bytes()))
        .collect();
    assert_eq!(verdicts.len(), 2);
    assert!(
        verdicts
            .iter()
            .all(|v| v.class == Class::Quota && v.code == "insufficient_quota"),
        "{verdicts:?}"
    );
}

#[test]
fn recorded_refusals_pass_to_the_caller_as_they_are_and_without_account_ids() {
    use crate::provider::errors::relay;
    for (provider, dialect) in [
        ("anthropic", Dialect::Anthropic),
        ("gemini", Dialect::Gemini),
        ("openai-responses", Dialect::Responses),
    ] {
        for (file, _, body) in bodies(provider, "400-unary-chat-real") {
            let out = relay(dialect, dialect, 400, &body.clone().into());
            assert_eq!(out, body, "{provider}/{file}");
        }
    }
    for (file, _, body) in bodies("openrouter", "400") {
        let out = relay(Dialect::OpenAi, Dialect::OpenAi, 400, &body.into());
        let out = String::from_utf8(out.to_vec()).unwrap();
        assert!(out.contains(r#""user_id":"[redacted]""#), "{file}: {out}");
    }
}
