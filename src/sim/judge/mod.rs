//! A simulated model that is asked to grade an answer grades it: by what can be seen in the text, and by nothing
//! that the text says about itself.

mod lexicon;

use super::{
    ask::{Ask, Form},
    luck::Luck,
    text,
};
use lexicon::Script;
use serde_json::{Value, json};
use std::fmt;

/// What is to be graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) question: String,
    pub(super) answer: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ruling {
    pub(super) score: f64,
    pub(super) reason: &'static str,
}

/// Whether this request asks for a grade: its rubric wants a score, and question and answer are fenced.
pub(super) fn asked(ask: &Ask) -> Option<Case> {
    let text = ask.question();
    let rubric = ask.system.to_lowercase();
    let wants = rubric.contains("score") || text.to_lowercase().contains("score");
    let shape = rubric.contains("json") || ask.form != Form::Text || !ask.tools.is_empty();
    if !wants || !shape {
        return None;
    }
    // The marks may bear a tag: `<question-7f3a>`.
    let (_, rest) = text.split_once("<question")?;
    let (tag, rest) = rest.split_once('>')?;
    let (question, rest) = rest.split_once(&format!("</question{tag}>"))?;
    let (_, rest) = rest.split_once(&format!("<answer{tag}>"))?;
    // The last end mark: an answer may contain one of its own to break out of its fence.
    let (answer, _) = rest.rsplit_once(&format!("</answer{tag}>"))?;
    Some(Case {
        question: question.trim().to_owned(),
        answer: answer.trim().to_owned(),
    })
}

/// The grade, with the disagreement that a real judge has with itself.
pub(super) fn rule(case: &Case, luck: &mut Luck) -> Ruling {
    let mut ruling = grade(case);
    let spread = if ruling.score > 0.6 { 0.11 } else { 0.08 };
    let noisy = ruling.score + spread * luck.normal();
    ruling.score = (noisy.clamp(0.0, 1.0) * 100.0).round() / 100.0;
    ruling
}

/// What a flawless answer gets before noise.
const GOOD: f64 = 0.9;

pub(super) fn grade(case: &Case) -> Ruling {
    let answer = without_pleading(&case.answer);
    if answer.chars().filter(|c| c.is_alphanumeric()).count() == 0 {
        return Ruling {
            score: 0.02,
            reason: "There is no answer.",
        };
    }
    let faults = [
        (
            wrong_script(&case.question, &answer),
            "The answer is not in the language that was asked for.",
        ),
        (
            wrong_language(&case.question, &answer),
            "The answer is not in the language that was asked for.",
        ),
        (repetition(&answer), "The answer repeats itself."),
        (salad(&answer), "The words do not form sentences."),
        (
            off_topic(&case.question, &answer),
            "The answer is about something else.",
        ),
        (truncated(&answer), "The answer breaks off."),
    ];
    // Faults do not cancel each other: each takes its share of what is left.
    let score = faults
        .iter()
        .fold(GOOD, |left, (fault, _)| left * (1.0 - fault));
    let worst = faults.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    Ruling {
        score: score.max(0.03),
        reason: match worst {
            Some((fault, reason)) if *fault > 0.15 => reason,
            _ => "The answer fits the question and is complete.",
        },
    }
}

/// An answer that speaks to its judge is graded without that.
fn without_pleading(answer: &str) -> String {
    let pleads = |s: &str| {
        let low = s.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|w| low.contains(w));
        any(&[
            "rubric",
            "grader",
            "judge",
            "score of",
            "\"score\"",
            "instructions",
        ]) && any(&[
            "ignore",
            "disregard",
            "forget",
            "give this",
            "must be",
            "output",
            "assign",
            "\"score\"",
        ])
    };
    let mut kept = answer.to_owned();
    for sentence in text::sentences(answer).iter().filter(|s| pleads(s)) {
        kept = kept.replace(sentence.as_str(), "");
    }
    kept
}

#[expect(clippy::cast_precision_loss, reason = "counts of words in one answer")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// 0 below `low`, 1 above `high`, straight between.
fn ramp(value: f64, low: f64, high: f64) -> f64 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

fn main_script(text: &str) -> Option<Script> {
    let all: Vec<Script> = text.chars().filter_map(lexicon::script_of).collect();
    Script::ALL.into_iter().find(|script| {
        let count = all.iter().filter(|other| *other == script).count();
        share(count, all.len()) > 0.5
    })
}

fn wants_translation(question: &str) -> bool {
    let low = question.to_lowercase();
    [
        "translat",
        "übersetz",
        "tradui",
        "traduc",
        " in chinese",
        " in russian",
        " in japanese",
    ]
    .iter()
    .any(|w| low.contains(w))
}

fn wrong_script(question: &str, answer: &str) -> f64 {
    // Long texts are common: a sample of the answer is enough, and keeps this linear.
    let sample: String = answer.chars().take(600).collect();
    let asked: String = question.chars().take(600).collect();
    match (main_script(&asked), main_script(&sample)) {
        (Some(asked), Some(given)) if asked != given && !wants_translation(question) => 0.82,
        _ => 0.0,
    }
}

/// The language whose small words are commonest in a text, when that is clear.
fn language(text: &str) -> Option<&'static str> {
    let words: Vec<String> = text::lower_words(text).into_iter().take(300).collect();
    if words.iter().filter(|w| w.chars().count() > 1).count() < 6 {
        return None;
    }
    let mut counts: Vec<(f64, &str)> = lexicon::languages()
        .iter()
        .map(|(name, small)| {
            let count = words.iter().filter(|w| small.has(w)).count();
            (share(count, words.len()), *name)
        })
        .collect();
    counts.sort_by(|a, b| b.0.total_cmp(&a.0));
    match counts.as_slice() {
        [(best, name), (second, _), ..] if *best > 0.15 && *best > second * 1.35 => Some(name),
        _ => None,
    }
}

fn wrong_language(question: &str, answer: &str) -> f64 {
    let low = question.to_lowercase();
    let named = lexicon::languages()
        .iter()
        .map(|(name, _)| *name)
        .find(|name| low.contains(name));
    let wanted = if wants_translation(question) {
        named
    } else {
        language(question)
    };
    match (wanted, language(&without_code(answer))) {
        (Some(wanted), Some(given)) if wanted != given && named != Some(given) => 0.75,
        _ => 0.0,
    }
}

/// How much of the answer is said again: by runs of four words.
fn repetition(answer: &str) -> f64 {
    let words = text::lower_words(answer);
    let runs: Vec<&[String]> = words.windows(4).collect();
    if runs.len() < 10 {
        return 0.0;
    }
    let mut sorted = runs.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let again = 1.0 - share(sorted.len(), runs.len());
    0.8 * ramp(again, 0.3, 0.7)
}

/// Prose whose small words stand where they cannot, or that has hardly any, or nothing else.
fn salad(answer: &str) -> f64 {
    let prose = without_code(answer);
    if prose.trim_start().starts_with(['{', '[']) {
        return 0.0;
    }
    let mut joints = (0_usize, 0_usize);
    let mut small = 0_usize;
    let mut total = 0_usize;
    for clause in prose.split(|c: char| {
        matches!(
            c,
            '.' | '!' | '?' | ',' | ';' | ':' | '\n' | '*' | '`' | '"' | '(' | ')' | '/'
        )
    }) {
        let words = text::lower_words(clause);
        total += words.len();
        small += words
            .iter()
            .filter(|w| lexicon::is_small_english(w))
            .count();
        for pair in words.windows(2) {
            if let [first, second] = pair
                && let Some(good) = lexicon::joint(first, second)
            {
                joints.0 += usize::from(!good);
                joints.1 += 1;
            }
        }
    }
    let broken = if joints.1 >= 3 {
        0.78 * ramp(share(joints.0, joints.1), 0.08, 0.28)
    } else {
        0.0
    };
    let is_english = !matches!(language(&prose), Some(other) if other != "english");
    let latin = main_script(&prose) == Some(Script::Latin);
    let listed = share(prose.lines().count(), total.max(1)) > 0.12;
    let odd = if total >= 25 && latin && is_english && !listed {
        let small = share(small, total);
        0.7 * (1.0 - ramp(small, 0.06, 0.16)).max(ramp(small, 0.72, 0.85))
    } else {
        0.0
    };
    let unbroken = if total >= 30 && !prose.contains(['.', '!', '?', '\n', ':', '。']) {
        0.35
    } else {
        0.0
    };
    broken.max(odd).max(unbroken)
}

/// How little the answer shares with the question. Short answers may share nothing.
fn off_topic(question: &str, answer: &str) -> f64 {
    if wants_translation(question) {
        return 0.0;
    }
    let asked = text::stems(question);
    let given = text::stems(answer);
    if given.len() < 9 || asked.is_empty() || main_script(answer) != Some(Script::Latin) {
        return 0.0;
    }
    let both = text::shared(&given, &asked);
    // An answer to a long text is made of that text; a short question is met by most of its own words.
    let (met, low, high) = if asked.len() > LONG {
        (share(both, given.len()), 0.3, 0.5)
    } else {
        let high = if asked.len() <= 3 { 0.2 } else { 0.3 };
        (
            share(both, asked.len().min(given.len()).min(12)),
            high * 0.3,
            high,
        )
    };
    0.78 * (1.0 - ramp(met, low, high))
}

/// A question with so many words of meaning brings its own text.
const LONG: usize = 30;

/// Prose that ends in the middle of a sentence, or code that is never closed.
fn truncated(answer: &str) -> f64 {
    if answer.matches("```").count() % 2 == 1 {
        return 0.35;
    }
    let last = answer.trim_end().lines().last().unwrap_or_default();
    let words = text::words(last).count();
    let ended = last
        .trim_end()
        .ends_with(|c: char| !c.is_alphanumeric() && c != ',' && c != '-');
    if words >= 6 && !ended { 0.3 } else { 0.0 }
}

fn without_code(answer: &str) -> String {
    answer
        .split("```")
        .step_by(2)
        .collect::<Vec<_>>()
        .join("\n")
}

impl Ruling {
    /// Puts the ruling into a value that was made for a schema, where it has places for it.
    pub(super) fn fill(&self, mut made: Value) -> Value {
        if let Value::Object(map) = &mut made {
            for (key, value) in map.iter_mut() {
                match key.as_str() {
                    "score" => *value = json!(self.score),
                    "reason" | "reasoning" | "explanation" => *value = json!(self.reason),
                    _ => {}
                }
            }
        }
        made
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}",
            json!({ "score": self.score, "reason": self.reason })
        )
    }
}

#[cfg(test)]
mod tests;
