//! Answers whose worth is known: what a judge makes of them shows whether the judge is still the same.

use super::call::Paper;
use crate::jury::AnchorCall;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Anchor {
    pub(super) question: String,
    pub(super) answer: String,
    /// A judge in order passes it; one that is not good it does not.
    pub(super) good: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    anchor: Vec<Anchor>,
}

static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../assets/anchors.toml"))
        .expect("the shipped anchors parse; a test reads them")
});

fn shipped() -> &'static [Anchor] {
    &SHIPPED.anchor
}

/// What the judge reads.
pub(super) fn paper(call: &AnchorCall) -> Paper<'static> {
    numbered(call.good, call.number)
}

/// One that a judge in order passes.
pub(super) fn good() -> Paper<'static> {
    numbered(true, 0)
}

fn numbered(good: bool, number: u32) -> Paper<'static> {
    let kind = shipped().iter().filter(|a| a.good == good);
    let n = kind.clone().count().max(1);
    let place = usize::try_from(number).unwrap_or_default() % n;
    let (question, answer) = kind
        .skip(place)
        .map(|a| (a.question.as_str(), a.answer.as_str()))
        .next()
        .unwrap_or_default();
    Paper {
        route: None,
        question,
        answer,
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_twelve_good_ones_and_six_others_all_short_and_all_different() {
        let all = shipped();
        let good = all.iter().filter(|a| a.good).count();
        assert_eq!((good, all.len() - good), (12, 6));
        let questions: HashSet<&str> = all.iter().map(|a| a.question.as_str()).collect();
        let answers: HashSet<&str> = all.iter().map(|a| a.answer.as_str()).collect();
        assert_eq!((questions.len(), answers.len()), (all.len(), all.len()));
        for anchor in all {
            for text in [&anchor.question, &anchor.answer] {
                let words = text.split_whitespace().count();
                assert!((1..120).contains(&words), "{words} words: {text}");
            }
        }
    }

    #[test]
    fn no_anchor_is_changed_on_its_way_to_a_judge() {
        let words = crate::config::Rubric::default();
        for anchor in shipped() {
            let prompt = super::super::rubric::prompt(&words, &anchor.question, &anchor.answer, 1);
            for text in [&anchor.question, &anchor.answer] {
                assert!(prompt.user.contains(&format!(">\n{text}\n</")), "{text}");
            }
        }
    }
}
