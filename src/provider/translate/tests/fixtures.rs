//! Recorded traffic of real providers, where it is there to be read.

use super::{bytes, calls, collect, framed, read};
use crate::{
    model::Dialect,
    provider::{
        chat::{Answer, Chat, Delta, Finish, ToolChoice},
        translate::{Reply, read_answer, read_request, read_usage, request, write_answer},
    },
};
use std::{fs, path::PathBuf};

struct Fixture {
    name: String,
    dialect: Dialect,
    body: Vec<u8>,
}

const FOLDERS: [(&str, Dialect); 7] = [
    ("openai-chat", Dialect::OpenAi),
    ("openrouter", Dialect::OpenAi),
    ("azure-openai", Dialect::OpenAi),
    ("anthropic", Dialect::Anthropic),
    ("gemini", Dialect::Gemini),
    ("bedrock", Dialect::Bedrock),
    ("openai-responses", Dialect::Responses),
];

/// The recorded 200s, unary or streamed; `None` (and one line) where they are not.
fn fixtures(streamed: bool) -> Option<Vec<Fixture>> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    if !root.is_dir() {
        println!("skipped: no recorded traffic beside the project");
        return None;
    }
    let mut found = Vec::new();
    let folders = FOLDERS
        .iter()
        .map(|&(f, d)| (f, Some(d)))
        .chain([("vercel-ai", None)]);
    for (folder, dialect) in folders {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let ending = name.split_once('.').map_or("", |(_, ending)| ending);
            let is_stream =
                matches!(ending, "sse" | "eventstream") || ending.ends_with("chunks.txt");
            let is_answer = ending == "json";
            let recorded = dialect.filter(|_| name.starts_with("200"));
            let Some(dialect) = recorded.or_else(|| vercel(folder, &name)) else {
                continue;
            };
            // Azure's folder has both of OpenAI's.
            let newer = name.contains("responses-protocol") || name.contains("azure-responses");
            let dialect = if newer { Dialect::Responses } else { dialect };
            if if streamed { is_stream } else { is_answer } {
                let body = fs::read(&path).unwrap();
                found.push(Fixture {
                    name: format!("{folder}/{name}"),
                    dialect,
                    body,
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Some(found)
}

fn vercel(folder: &str, name: &str) -> Option<Dialect> {
    let spliced = name.starts_with("spliced");
    match name.split(['-', '.']).next()? {
        _ if folder != "vercel-ai" || name.contains("error") || name.contains("429") || spliced => {
            None
        }
        "anthropic" if name == "anthropic-fallback-tool-call.sse" => Some(Dialect::OpenAi),
        "anthropic" | "duplicate" => Some(Dialect::Anthropic),
        "azure" => Some(Dialect::OpenAi),
        "google" => Some(Dialect::Gemini),
        "amazon" => Some(Dialect::Bedrock),
        _ => None,
    }
}

/// An event under its name, as Amazon's own tools write them.
fn named(line: &str) -> (Option<String>, String) {
    let event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
    let (name, event) = event.into_iter().next().unwrap();
    (Some(name), event.to_string())
}

fn deltas(fixture: &Fixture) -> Vec<Delta> {
    if fixture.name.ends_with(".chunks.txt") {
        let text = String::from_utf8_lossy(&fixture.body);
        let lines = text.lines().filter(|l| !l.trim().is_empty());
        let events: Vec<_> = lines
            .map(|line| match fixture.dialect {
                Dialect::Bedrock => named(line),
                _ => (None, line.to_owned()),
            })
            .collect();
        return read(fixture.dialect, &events);
    }
    let mut body = fixture.body.clone();
    if fixture.dialect != Dialect::Bedrock {
        // Some recordings lost their last blank line.
        body.extend(b"\n\n");
    }
    read(fixture.dialect, &framed(fixture.dialect, &body))
}

fn is_good(answer: &Answer, name: &str) {
    // Two recorded answers really have no content: a call was forbidden to a model that wanted nothing else.
    let may_be_empty =
        answer.finish == Some(Finish::Refusal) || name.contains("200-unary-chat-tool-choice");
    assert!(!answer.is_empty() || may_be_empty, "{name}: empty");
    // One recorded server ends a tool call with usage and `[DONE]` and never gives a reason.
    let reasonless = name.contains("streaming-variant-b");
    assert_eq!(answer.finish.is_none(), reasonless, "{name}: no finish");
    assert!(
        answer.usage.output > 0 || name.contains("fallback-tool-call"),
        "{name}: no usage"
    );
    // Amazon does not say who answers.
    let nameless = name.contains("bedrock");
    assert_eq!(answer.model.is_empty(), nameless, "{name}: no model");
    let said_so = answer.finish == Some(Finish::ToolUse) || reasonless;
    assert_eq!(
        answer.has_tool_use(),
        said_so,
        "{name}: {:?}",
        answer.finish
    );
}

#[test]
fn every_recorded_answer_is_read_and_survives_the_other_dialects() {
    let Some(fixtures) = fixtures(false) else {
        return;
    };
    for f in &fixtures {
        let answer = read_answer(f.dialect, &f.body).unwrap_or_else(|e| panic!("{}: {e}", f.name));
        is_good(&answer, &f.name);
        assert_eq!(read_usage(f.dialect, &f.body), answer.usage, "{}", f.name);
        for to in Dialect::ALL {
            let written = write_answer(to, &answer, &Reply::default());
            let back =
                read_answer(to, &written).unwrap_or_else(|e| panic!("{} as {to}: {e}", f.name));
            assert_eq!(back.text(), answer.text(), "{} as {to}", f.name);
            assert_eq!(calls(&back), calls(&answer), "{} as {to}", f.name);
            assert_eq!(
                (back.usage.input, back.usage.output),
                (answer.usage.input, answer.usage.output)
            );
            assert_eq!(
                back.usage.cache_read, answer.usage.cache_read,
                "{} as {to}",
                f.name
            );
        }
    }
    println!("{} recorded answers", fixtures.len());
    assert!(fixtures.len() > 30);
}

#[test]
fn every_recorded_stream_is_read_and_survives_the_other_dialects() {
    let Some(fixtures) = fixtures(true) else {
        return;
    };
    let mut count = 0;
    for f in &fixtures {
        let deltas = deltas(f);
        assert!(!deltas.contains(&Delta::Malformed), "{}: malformed", f.name);
        assert!(
            !deltas.iter().any(|d| matches!(d, Delta::Error(_))),
            "{}: {deltas:?}",
            f.name
        );
        let answer = collect(&deltas);
        is_good(&answer, &f.name);
        for to in Dialect::ALL {
            let back = collect(&read(to, &framed(to, &bytes(to, &deltas))));
            assert_eq!(back.text(), answer.text(), "{} as {to}", f.name);
            assert_eq!(calls(&back), calls(&answer), "{} as {to}", f.name);
            assert_eq!(
                (back.usage.input, back.usage.output),
                (answer.usage.input, answer.usage.output)
            );
        }
        count += 1;
    }
    println!("{count} recorded streams");
    assert!(count > 35);
}

#[test]
fn every_recorded_request_has_an_equivalent_in_the_other_dialects() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    if !root.is_dir() {
        println!("skipped: no recorded traffic beside the project");
        return;
    }
    let mut count = 0;
    for (folder, from) in FOLDERS {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy().into_owned();
            if !name.ends_with(".meta.json") {
                continue;
            }
            let meta: serde_json::Value =
                serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let body = &meta["request"]["body"];
            // Large ones were left out. What stands in Gemini's own cache has no equivalent.
            if !body.is_object() || body.get("cachedContent").is_some() {
                continue;
            }
            let from = if body.get("input").is_some() {
                Dialect::Responses
            } else {
                from
            };
            let hosted = body["tools"][0]["type"] == "web_search";
            if from == Dialect::Responses && hosted {
                let why = read_request(from, body.to_string().as_bytes()).unwrap_err();
                assert!(why.to_string().starts_with("tools[0]"), "{name}: {why}");
                continue;
            }
            let original = read_request(from, body.to_string().as_bytes()).unwrap();
            for (to, model) in [
                (Dialect::OpenAi, "gpt-5"),
                (Dialect::Anthropic, "claude-haiku-4-5"),
                (Dialect::Gemini, "gemini-3-flash"),
                (
                    Dialect::Bedrock,
                    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                ),
                (Dialect::Responses, "gpt-5"),
            ] {
                let there = request(from, to, body.to_string().as_bytes(), model)
                    .unwrap_or_else(|e| panic!("{name}: {e}"));
                let back =
                    read_request(to, &there.body).unwrap_or_else(|e| panic!("{name} as {to}: {e}"));
                assert_eq!(
                    back.messages.len(),
                    original.messages.len(),
                    "{name} as {to}"
                );
                assert_eq!(back.system, original.system, "{name} as {to}");
                let names = |c: &Chat| c.tools.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
                // Amazon forbids no tools: those that are forbidden are not declared.
                let forbidden = original.tool_choice == Some(ToolChoice::None);
                if !(to == Dialect::Bedrock && forbidden) {
                    assert_eq!(names(&back), names(&original), "{name} as {to}");
                }
            }
            count += 1;
        }
    }
    println!("{count} recorded requests");
    assert!(count > 60);
}
