//! The same answer as three vendors would put it.

use crate::{
    model::Dialect,
    sim::{luck::Luck, text},
};

/// What is to be said, before anybody's manner of saying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Draft {
    /// Nothing may be added: labels, numbers, translations, JSON.
    Exact(String),
    /// Points of a summary.
    Points(Vec<String>),
    /// Paragraphs, code and lists as they are.
    Prose(String),
    /// Something written for somebody else: an email, a rewritten sentence.
    Piece(String),
}

pub(super) fn say(draft: Draft, dialect: Dialect, luck: &mut Luck) -> String {
    match draft {
        Draft::Exact(text) => text,
        Draft::Points(points) => summary(&points, dialect, luck),
        Draft::Prose(text) => prose(&text, dialect, luck),
        Draft::Piece(text) => piece(&text, dialect, luck),
    }
}

fn summary(points: &[String], dialect: Dialect, luck: &mut Luck) -> String {
    let list = |mark: &str| {
        points
            .iter()
            .map(|point| format!("{mark} {point}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    match dialect {
        Dialect::OpenAi | Dialect::Responses => {
            let lead = luck.pick(&["", "In short: ", "Summary: "]).unwrap_or("");
            format!("{lead}{}", points.join(" "))
        }
        Dialect::Anthropic | Dialect::Bedrock => {
            let lead = luck
                .pick(&[
                    "Here's a summary:",
                    "Here are the main points:",
                    "# Summary",
                ])
                .unwrap_or_default();
            format!("{lead}\n\n{}", list("-"))
        }
        Dialect::Gemini => {
            let lead = luck
                .pick(&[
                    "**Summary**",
                    "Here is a summary of the text:",
                    "**Key points:**",
                ])
                .unwrap_or_default();
            format!("{lead}\n\n{}", list("*  "))
        }
    }
}

fn prose(answer: &str, dialect: Dialect, luck: &mut Luck) -> String {
    let formatted = answer.contains("```") || answer.lines().count() > 1;
    match dialect {
        Dialect::OpenAi | Dialect::Responses => {
            let end = luck
                .pick(&[
                    "",
                    "",
                    "\n\nLet me know if you want an example for your own case.",
                ])
                .unwrap_or_default();
            format!("{answer}{end}")
        }
        Dialect::Anthropic | Dialect::Bedrock if formatted => answer.to_owned(),
        Dialect::Anthropic | Dialect::Bedrock => {
            let sentences = text::sentences(answer);
            let (first, rest) = sentences.split_at(sentences.len().min(1));
            format!("{}\n\n{}", first.join(" "), rest.join(" "))
        }
        Dialect::Gemini if formatted => format!("Here is how it works.\n\n{answer}"),
        Dialect::Gemini => {
            let sentences = text::sentences(answer);
            let (first, rest) = sentences.split_at(sentences.len().min(1));
            let rest: Vec<_> = rest.iter().map(|s| format!("*   {s}")).collect();
            format!("**{}**\n\n{}", first.join(" "), rest.join("\n"))
        }
    }
}

fn piece(text: &str, dialect: Dialect, luck: &mut Luck) -> String {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => text.to_owned(),
        Dialect::Anthropic | Dialect::Bedrock => {
            let lead = luck
                .pick(&["Here's a draft:", "Here's one way to put it:"])
                .unwrap_or_default();
            format!("{lead}\n\n{text}")
        }
        Dialect::Gemini => format!("Here is a version you can use:\n\n---\n\n{text}\n\n---"),
    }
}
