//! How often each way to go on yields a seamless whole, over recorded answers cut in many places.

use super::super::{Manner, anchor};
use super::rest;
use std::collections::BTreeMap;

type Answers = BTreeMap<String, String>;

fn recorded() -> Option<Vec<Answers>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/alpaca_eval/strong_weak_150.jsonl"
    );
    let lines = std::fs::read_to_string(path).ok()?;
    let answers = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        serde_json::from_value(row["outputs"].clone()).expect("texts by model")
    };
    Some(lines.lines().map(answers).collect())
}

/// Some places to cut an answer, at characters.
fn cuts(answer: &str) -> Vec<usize> {
    let places: Vec<usize> = answer.char_indices().map(|(at, _)| at).collect();
    [1, 2, 4, 6, 8, 9]
        .iter()
        .filter_map(|tenths| places.get(places.len() * tenths / 10).copied())
        .filter(|at| *at > 0)
        .collect()
}

/// What came of one way to go on.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    whole: u32,
    /// Told as broken.
    apart: u32,
    /// Joined, and neither the one answer nor the other.
    mixed: u32,
}

impl Tally {
    fn count(&mut self, before: &str, found: Option<String>, wholes: [&str; 2]) {
        match found {
            None => self.apart += 1,
            Some(after) if wholes.contains(&&*format!("{before}{after}")) => self.whole += 1,
            Some(_) => self.mixed += 1,
        }
    }
}

/// What a second provider may say after `before`, of an answer that goes on with `after`.
fn ways(before: &str, after: &str, other: &str) -> [(&'static str, Manner, String); 9] {
    let said = before.trim_end();
    let rest = format!("{}{after}", before.get(said.len()..).unwrap_or_default());
    let (last, again) = (anchor(before), format!("{before}{after}"));
    let words: Vec<&str> = said.split_inclusive(' ').collect();
    let few = words
        .get(words.len().saturating_sub(4)..)
        .unwrap_or_default()
        .concat();
    [
        ("prefill, goes on", Manner::Prefill, rest.clone()),
        ("prefill, starts over", Manner::Prefill, again.clone()),
        (
            "prefill, says something else",
            Manner::Prefill,
            other.to_owned(),
        ),
        (
            "continue, repeats the last words",
            Manner::Continue,
            format!("{last}{rest}"),
        ),
        (
            "continue, with a sentence before",
            Manner::Continue,
            format!("Sure, here it is:\n\n{last}{rest}"),
        ),
        (
            "continue, repeats four words",
            Manner::Continue,
            format!("{few}{rest}"),
        ),
        ("continue, starts over", Manner::Continue, again),
        ("continue, repeats nothing", Manner::Continue, rest),
        (
            "continue, says something else",
            Manner::Continue,
            other.to_owned(),
        ),
    ]
}

/// All of them take minutes: `BREAKERBOX_ALL_ANSWERS=1` is for measuring.
#[test]
fn recorded_answers_go_on_seamlessly_or_not_at_all() {
    let Some(rows) = recorded() else {
        println!("skipped: ../shared/data is not there");
        return;
    };
    let every = std::env::var("BREAKERBOX_ALL_ANSWERS").map_or(40, |_| 1);
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for answers in rows.iter().step_by(every) {
        let texts: Vec<&String> = answers.values().filter(|a| a.len() > 200).collect();
        for (answer, other) in texts.iter().zip(texts.iter().cycle().skip(1)) {
            for (before, after) in cuts(answer).into_iter().map(|at| answer.split_at(at)) {
                for (name, manner, heard) in ways(before, after, other) {
                    let found = rest(before, manner, &heard, 60);
                    tallies
                        .entry(name)
                        .or_default()
                        .count(before, found, [answer, other]);
                }
            }
        }
    }
    for (name, t) in &tallies {
        println!(
            "{name}: {} whole, {} told as broken, {} mixed",
            t.whole, t.apart, t.mixed
        );
    }
    for name in [
        "prefill, starts over",
        "continue, repeats the last words",
        "continue, starts over",
    ] {
        let t = &tallies[name];
        assert_eq!((t.apart, t.mixed), (0, 0), "{name}");
    }
    assert_eq!(tallies["prefill, goes on"].mixed, 0);
    assert_eq!(tallies["continue, repeats nothing"].whole, 0);
    let glued = &tallies["continue, says something else"];
    assert!(
        glued.mixed * 50 < glued.apart,
        "only where whole phrases agree: {glued:?}"
    );
}
