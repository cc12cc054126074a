//! Real answers of real models, where they lie beside the project.

use super::super::{Call, Ended, Exchange, Findings, Format, check};
use crate::{
    model::Dialect,
    provider::{
        chat::{Answer, Chat, Delta, Finish, Output, Part, Role},
        frames::Framer,
        translate::{Collector, StreamReader, json, read_answer, read_request},
    },
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// An exchange that owns its texts.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) who: String,
    pub(super) asked: String,
    pub(super) before: Vec<String>,
    pub(super) answer: String,
    pub(super) ended: Ended,
    pub(super) output: Output,
    pub(super) calls: Vec<(String, String)>,
}

impl Case {
    pub(super) fn text(who: &str, asked: &str, before: &[String], answer: &str) -> Self {
        Self {
            who: who.to_owned(),
            asked: asked.to_owned(),
            before: before.to_vec(),
            answer: answer.to_owned(),
            ended: Ended::Whole,
            output: Output::Text,
            calls: Vec::new(),
        }
    }

    /// JSON that has to fit a schema, or to be JSON at all.
    pub(super) fn json(who: &str, schema: Option<&Value>, answer: &str) -> Self {
        let name = String::new();
        let output = schema
            .cloned()
            .map_or(Output::Json, |schema| Output::Schema {
                name,
                schema,
                strict: None,
            });
        Self {
            output,
            ..Self::text(who, "", &[], answer)
        }
    }

    pub(super) fn found<'a>(&'a self) -> Findings {
        let before: Vec<_> = self.before.iter().map(String::as_str).collect();
        let call = |(name, arguments): &'a (String, String)| Call { name, arguments };
        let calls: Vec<_> = self.calls.iter().map(call).collect();
        check(&Exchange {
            asked: &self.asked,
            before: &before,
            answer: &self.answer,
            ended: self.ended,
            format: match &self.output {
                Output::Text => Format::Text,
                Output::Json => Format::Json,
                Output::Schema { schema, .. } => Format::Schema(schema),
            },
            calls: &calls,
        })
    }
}

/// The data, or one line that it is not there.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: no {} beside the project", path.display());
        return None;
    }
    Some(path)
}

fn rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Answers to 150 prompts: `strong` those of the five better models, else those of the three weaker. The ninth gives
/// the same text to everybody, made to fool a judge.
pub(super) fn alpaca(strong: bool) -> Option<Vec<Case>> {
    const STRONG: [&str; 5] = ["gpt4", "gpt-4o", "claude-3-opus", "claude-3-5", "gpt-3.5"];
    let rows = rows(&shared("data/alpaca_eval/strong_weak_150.jsonl")?);
    let mut cases = Vec::new();
    for row in &rows {
        let asked = row["instruction"].as_str().unwrap();
        for (who, answer) in row["outputs"].as_object().unwrap() {
            let is_strong = STRONG.iter().any(|s| who.starts_with(s));
            if is_strong == strong && who != "NullModel" {
                cases.push(Case::text(who, asked, &[], answer.as_str().unwrap()));
            }
        }
    }
    Some(cases)
}

/// The text that was made to fool a judge, for every prompt.
pub(super) fn null_model() -> Option<Vec<Case>> {
    let rows = rows(&shared("data/alpaca_eval/strong_weak_150.jsonl")?);
    let case = |row: &Value| {
        Case::text(
            "NullModel",
            row["instruction"].as_str()?,
            &[],
            row["outputs"]["NullModel"].as_str()?,
        )
        .into()
    };
    Some(rows.iter().filter_map(case).collect())
}

/// Reference answers of GPT-4, in conversations of one or two turns.
pub(super) fn fastchat() -> Option<Vec<Case>> {
    let mut cases = Vec::new();
    for bench in ["mt_bench", "vicuna_bench"] {
        let questions = rows(&shared(&format!("data/fastchat/{bench}_question.jsonl"))?);
        let answers = rows(&shared(&format!(
            "data/fastchat/{bench}_reference_answer_gpt-4.jsonl"
        ))?);
        for answer in &answers {
            let question = questions
                .iter()
                .find(|q| q["question_id"] == answer["question_id"])
                .unwrap();
            let mut before = Vec::new();
            let turns = answer["choices"][0]["turns"].as_array().unwrap();
            for (asked, said) in question["turns"].as_array().unwrap().iter().zip(turns) {
                let (asked, said) = (asked.as_str().unwrap(), said.as_str().unwrap());
                cases.push(Case::text("gpt-4", asked, &before, said));
                before.extend([asked.to_owned(), said.to_owned()]);
            }
        }
    }
    Some(cases)
}

/// What was recorded of real providers: answers, the calls in them against the schemas of their tools, and all the
/// bodies as examples of JSON.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    pub(super) answers: Vec<Case>,
    pub(super) arguments: Vec<Case>,
    pub(super) documents: Vec<Case>,
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

pub(super) fn recorded() -> Option<Recorded> {
    let root = shared("fixtures")?;
    let mut out = Recorded::default();
    for (folder, dialect) in FOLDERS {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some((stem, ending)) = name.split_once('.') else {
                continue;
            };
            if !name.starts_with("200") || ending == "meta.json" {
                continue;
            }
            let body = fs::read(&path).unwrap();
            let newer = name.contains("responses-protocol") || name.contains("azure-responses");
            let dialect = if newer { Dialect::Responses } else { dialect };
            if ending == "json" {
                out.documents
                    .push(Case::json(&name, None, &String::from_utf8_lossy(&body)));
            }
            let answer = match ending {
                "json" => read_answer(dialect, &body).ok(),
                "sse" | "eventstream" => streamed(dialect, &body),
                _ => None,
            };
            let meta: Value = serde_json::from_slice(
                &fs::read(path.with_file_name(format!("{stem}.meta.json"))).unwrap(),
            )
            .unwrap();
            let asked = read_request(dialect, meta["request"]["body"].to_string().as_bytes()).ok();
            if let (Some(answer), Some(chat)) = (answer, asked) {
                out.take(&name, &chat, &answer);
            }
        }
    }
    Some(out)
}

fn streamed(dialect: Dialect, body: &[u8]) -> Option<Answer> {
    let mut framer = Framer::new(dialect);
    framer.push(body);
    if dialect != Dialect::Bedrock {
        framer.push(b"\n\n");
    }
    let mut reader = StreamReader::new(dialect);
    let mut deltas: Vec<Delta> = Vec::new();
    for frame in framer
        .by_ref()
        .filter_map(Result::ok)
        .filter(|f| !f.is_comment())
    {
        reader.event(frame.event(), frame.data(), &mut deltas);
    }
    let mut collector = Collector::default();
    for delta in &deltas {
        collector.push(delta);
    }
    let answer = collector.answer();
    answer.finish.is_some().then_some(answer)
}

impl Recorded {
    fn take(&mut self, name: &str, chat: &Chat, answer: &Answer) {
        let turns: Vec<_> = chat
            .messages
            .iter()
            .map(|m| (m.role, plain(&m.parts)))
            .collect();
        let asked = turns
            .iter()
            .rev()
            .find(|(role, text)| *role == Role::User && !text.is_empty());
        let mut before: Vec<String> = vec![plain(&chat.system)];
        before.extend(turns.iter().map(|(_, text)| text.clone()));
        let mut calls = Vec::new();
        for part in &answer.parts {
            if let Part::ToolUse {
                name: tool, input, ..
            } = part
            {
                let text = json::arguments_text(input);
                if let Some(tool) = chat.tools.iter().find(|t| t.name == *tool) {
                    self.arguments
                        .push(Case::json(name, Some(&tool.schema), &text));
                }
                calls.push((tool.clone(), text));
            }
        }
        self.answers.push(Case {
            ended: match answer.finish {
                Some(Finish::Stop) => Ended::Whole,
                Some(Finish::Length) => Ended::Length,
                Some(Finish::ToolUse) => Ended::Tools,
                _ => Ended::Other,
            },
            output: chat.output.clone(),
            calls,
            ..Case::text(
                name,
                asked.map_or("", |(_, text)| text),
                &before,
                &answer.text(),
            )
        });
    }
}

/// The text of a turn, results of tools included.
fn plain(parts: &[Part]) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::ToolResult { content, .. } => plain(content),
        _ => String::new(),
    };
    parts.iter().map(text).collect::<Vec<_>>().join("\n")
}
