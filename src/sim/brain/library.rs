//! The material that the simulated models know and the traffic source asks about, written for this project.

use crate::sim::text;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
pub(in crate::sim) struct Fact {
    pub(in crate::sim) ask: String,
    pub(in crate::sim) answer: String,
    #[serde(skip)]
    stems: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::sim) struct Phrase {
    pub(in crate::sim) en: String,
    de: String,
    fr: String,
    es: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::sim) struct Passage {
    pub(in crate::sim) about: String,
    pub(in crate::sim) text: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::sim) struct Prompt {
    pub(in crate::sim) kind: String,
    pub(in crate::sim) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::sim) struct Library {
    #[serde(rename = "fact")]
    pub(in crate::sim) facts: Vec<Fact>,
    #[serde(rename = "phrase")]
    pub(in crate::sim) phrases: Vec<Phrase>,
    #[serde(rename = "passage")]
    pub(in crate::sim) passages: Vec<Passage>,
    #[serde(rename = "prompt")]
    pub(in crate::sim) prompts: Vec<Prompt>,
}

/// Languages that phrases can be asked for in.
pub(in crate::sim) const LANGUAGES: [&str; 3] = ["German", "French", "Spanish"];

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let all = concat!(
        include_str!("../../../assets/sim/knowledge.toml"),
        include_str!("../../../assets/sim/phrases.toml"),
        include_str!("../../../assets/sim/passages.toml"),
        include_str!("../../../assets/sim/prompts.toml"),
    );
    let mut library: Library =
        toml::from_str(all).expect("the embedded material is valid TOML, as a test proves");
    for fact in &mut library.facts {
        fact.stems = text::stems(&fact.ask);
    }
    library
});

pub(in crate::sim) fn library() -> &'static Library {
    &LIBRARY
}

/// The fact that a question asks for, when enough of its words are the question's.
pub(super) fn fact(question: &str, at_least: f64) -> Option<&'static Fact> {
    let asked = text::stems(question);
    #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
    let likeness = |fact: &Fact| {
        let both = text::shared(&asked, &fact.stems) as f64;
        2.0 * both / (asked.len() + fact.stems.len()).max(1) as f64
    };
    library()
        .facts
        .iter()
        .map(|fact| (likeness(fact), fact))
        .filter(|(likeness, _)| *likeness >= at_least)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, fact)| fact)
}

impl Phrase {
    pub(super) fn in_language(&self, name: &str) -> Option<&str> {
        match name.to_lowercase().as_str() {
            "english" => Some(&self.en),
            "german" => Some(&self.de),
            "french" => Some(&self.fr),
            "spanish" => Some(&self.es),
            _ => None,
        }
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        [&self.en, &self.de, &self.fr, &self.es]
            .iter()
            .any(|version| text.contains(version.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_material_is_enough_for_a_believable_mix() {
        let library = library();
        assert!(library.facts.len() + library.prompts.len() >= 60);
        assert!(library.passages.len() >= 12 && library.phrases.len() >= 8);
    }

    #[test]
    fn a_question_put_in_other_words_still_finds_its_fact() {
        let found = fact(
            "how can I reset the password without access to my old email?",
            0.5,
        );
        assert!(found.is_some_and(|f| f.answer.contains("recovery link")));
        assert!(fact("Who won the match yesterday?", 0.5).is_none());
    }
}
