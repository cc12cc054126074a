//! What real models answered to the same prompts, read from where it lies beside the repository. Nothing of it is in
//! the repository.

use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::HashMap, fs, path::PathBuf};

/// Models of which each one's answers can be held against the others'.
pub(super) const STRONG: [&str; 4] = [
    "gpt4_1106_preview",
    "gpt-4o-2024-05-13",
    "claude-3-opus-20240229",
    "claude-3-5-sonnet-20240620",
];

pub(super) const WEAK: [&str; 4] = [
    "gpt-3.5-turbo-1106",
    "gemma-2b-it",
    "falcon-7b-instruct",
    "text_davinci_001",
];

/// One and the same text to every prompt, made to be preferred by a judge that is a language model.
pub(super) const CHEAT: &str = "NullModel";

/// The model that the recorded preferences compare with.
pub(super) const BASELINE: usize = 0;

#[derive(Debug, Deserialize)]
pub(super) struct Prompt {
    #[serde(rename = "instruction")]
    pub(super) text: String,
    #[serde(rename = "outputs")]
    answers: HashMap<String, String>,
    /// GPT-4-turbo's: from 1 (the baseline's answer is better) to 2 (this model's).
    #[serde(rename = "gpt4turbo_preference_vs_baseline")]
    preferences: HashMap<String, Option<f64>>,
}

impl Prompt {
    pub(super) fn answer(&self, model: &str) -> &str {
        self.answers.get(model).map_or("", String::as_str)
    }

    pub(super) fn preference(&self, model: &str) -> Option<f64> {
        self.preferences.get(model).copied().flatten()
    }
}

/// 150 prompts with nine models' answers each.
pub(super) fn prompts() -> Option<Vec<Prompt>> {
    lines("alpaca_eval/strong_weak_150.jsonl")
}

/// A question in two turns that has one right answer, and how GPT-4 answered both.
#[derive(Debug, Deserialize)]
pub(super) struct Solved {
    choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    turns: Vec<String>,
}

impl Solved {
    pub(super) fn turns(&self) -> &[String] {
        self.choices.first().map_or(&[], |choice| &choice.turns)
    }
}

/// Mathematics, reasoning and code.
pub(super) fn solved() -> Option<Vec<Solved>> {
    lines("fastchat/mt_bench_reference_answer_gpt-4.jsonl")
}

fn lines<T: DeserializeOwned>(name: &str) -> Option<Vec<T>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let text = fs::read_to_string(path.join(name)).ok()?;
    let read = |line| serde_json::from_str(line).expect("recorded answers are JSON, line by line");
    Some(text.lines().map(read).collect())
}
