//! The simulated model: from what was asked to what it says. Pure; all chance comes in.

mod garbage;
pub(in crate::sim) mod library;
mod schema;
mod sums;
mod tasks;
mod voice;

use super::{
    ask::{Ask, Choice, Form, Tool, Turn},
    behaviour::Behaviour,
    judge,
    luck::Luck,
    reply::{Call, Reply},
    text,
};
use crate::model::Dialect;
use serde_json::Value;

/// Two sources of chance: `words` belongs to the prompt, so that the same prompt is put the same way each time;
/// `day` belongs to the request.
pub(super) struct Chance {
    pub(super) words: Luck,
    pub(super) day: Luck,
}

pub(super) fn reply(
    ask: &Ask,
    dialect: Dialect,
    behaviour: &Behaviour,
    chance: &mut Chance,
) -> Reply {
    let verdict = judge::asked(ask).map(|case| judge::rule(&case, &mut chance.day));
    let thinking = ask.thinks.then(|| thought(ask));
    if let Some(tool) = tool_for(ask) {
        let args = match verdict {
            Some(verdict) => verdict.fill(schema::fill(&tool.schema, "", &mut chance.words)),
            None => schema::fill(&tool.schema, ask.question(), &mut chance.words),
        };
        let call = Call {
            id: call_id(dialect, &mut chance.day),
            name: tool.name.clone(),
            args,
        };
        let lead = match dialect {
            Dialect::Anthropic if ask.choice == Choice::Auto => "I'll look that up for you.",
            _ => "",
        };
        return Reply::call(ask, thinking, lead.to_owned(), call);
    }
    let text = match verdict {
        Some(verdict) => verdict.to_string(),
        None => said(ask, dialect, behaviour, chance),
    };
    Reply::text(ask, thinking, text)
}

fn said(ask: &Ask, dialect: Dialect, behaviour: &Behaviour, chance: &mut Chance) -> String {
    let question = ask.question();
    match &ask.form {
        Form::Schema(schema) => {
            return schema::fill(schema, question, &mut chance.words).to_string();
        }
        Form::Json => return any_json(question, &mut chance.words),
        Form::Text => {}
    }
    let interrupted = interrupted(ask);
    let whole = interrupted.as_ref().map_or(ask, |i| &i.before);
    let good = good_text(whole, dialect, &mut chance.words);
    if chance.day.hits(behaviour.garbage_share) {
        return garbage::spoil(behaviour.garbage, &good, question, &mut chance.day);
    }
    if let Some(Interrupted {
        begun, last_words, ..
    }) = &interrupted
    {
        return format!("{last_words}{}", continued(begun, &good));
    }
    match ask.turns.last() {
        Some(Turn::Model { text }) if !matches!(dialect, Dialect::OpenAi | Dialect::Responses) => {
            continued(text, &good)
        }
        _ => good,
    }
}

fn good_text(ask: &Ask, dialect: Dialect, luck: &mut Luck) -> String {
    let results = ask.results();
    let draft = if !results.is_empty() {
        voice::Draft::Prose(from_results(&results))
    } else if ask.images() > 0 {
        voice::Draft::Prose(of_image(ask))
    } else {
        tasks::answer(ask.question(), luck)
    };
    voice::say(draft, dialect, luck)
}

/// The tool that this prompt wants, or has to use.
fn tool_for(ask: &Ask) -> Option<&Tool> {
    match &ask.choice {
        Choice::Named(name) => ask.tools.iter().find(|t| t.name == *name),
        Choice::Must => best_tool(ask, 0),
        Choice::Auto if ask.results().is_empty() => best_tool(ask, 1),
        Choice::Never | Choice::Auto => None,
    }
}

/// The tool whose name says most of what the question says; at least so many words of it.
fn best_tool(ask: &Ask, at_least: usize) -> Option<&Tool> {
    let asked = text::stems(ask.question());
    let fit = |tool: &Tool| {
        let name = tool.name.replace(['_', '-', '.'], " ");
        let in_name = text::shared(&text::stems(&name), &asked);
        let in_both = text::shared(
            &text::stems(&format!("{name} {}", tool.description)),
            &asked,
        );
        (in_name, in_both)
    };
    ask.tools
        .iter()
        .map(|tool| (fit(tool), tool))
        .filter(|((in_name, in_both), _)| *in_name >= at_least || (at_least > 0 && *in_both >= 2))
        .max_by_key(|(fit, _)| *fit)
        .map(|(_, tool)| tool)
}

/// The answer that goes with what the tools brought back.
fn from_results(results: &[(&str, &str)]) -> String {
    let told: Vec<String> = results
        .iter()
        .map(|(name, content)| {
            let facts = serde_json::from_str::<Value>(content)
                .map_or_else(|_| content.trim().to_owned(), |value| flat(&value));
            let about = name.replace(['_', '-'], " ");
            format!(
                "According to {}: {facts}.",
                if about.is_empty() {
                    "the result"
                } else {
                    about.as_str()
                }
            )
        })
        .collect();
    told.join(" ")
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{} {}", key.replace('_', " "), flat(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn of_image(ask: &Ask) -> String {
    let subject = text::stems(ask.question()).len();
    let noun = if ask.images() == 1 { "image" } else { "images" };
    format!(
        "The {noun} you sent came through. It shows a plain surface with few details, so there is little to say with \
         certainty; about your request, \"{}\", I can tell you {} once there is more to see.",
        ask.question().trim(),
        if subject > 2 { "more" } else { "something" }
    )
}

fn any_json(question: &str, luck: &mut Luck) -> String {
    match tasks::answer(question, luck) {
        voice::Draft::Exact(json) if json.starts_with('{') => json,
        voice::Draft::Points(points) => serde_json::json!({ "points": points }).to_string(),
        voice::Draft::Exact(text) | voice::Draft::Prose(text) | voice::Draft::Piece(text) => {
            serde_json::json!({ "answer": text }).to_string()
        }
    }
}

/// An answer that was cut off, and a request to go on with it that quotes its last words.
struct Interrupted<'a> {
    /// What was asked at first.
    before: Ask,
    begun: &'a str,
    last_words: &'a str,
}

fn interrupted(ask: &Ask) -> Option<Interrupted<'_>> {
    let [
        before @ ..,
        Turn::Model { text: begun },
        Turn::User { text: request, .. },
    ] = &*ask.turns
    else {
        return None;
    };
    let quotes = |line: &&str| line.len() > 2 && begun.trim_end().ends_with(line);
    let last_words = request.split("\n\n").map(str::trim).find(quotes)?;
    Some(Interrupted {
        before: Ask {
            turns: before.to_vec(),
            ..ask.clone()
        },
        begun,
        last_words,
    })
}

/// What is still to be said after a beginning that somebody else made.
fn continued(begun: &str, whole: &str) -> String {
    if let Some(rest) = whole.strip_prefix(begun) {
        return rest.to_owned();
    }
    let said = text::sentences(begun);
    let open = said.last().map(String::as_str).unwrap_or_default();
    let sentences = text::sentences(whole);
    let bare = |s: &str| s.trim_start_matches(['-', '*', ' ']).to_owned();
    let broken_off = sentences
        .iter()
        .position(|s| !bare(open).is_empty() && bare(s).starts_with(&bare(open)));
    let (tail, from) = match broken_off {
        Some(at) => {
            let sentence = sentences.get(at).map(|s| bare(s)).unwrap_or_default();
            let tail = sentence.strip_prefix(&bare(open)).unwrap_or_default();
            (tail.to_owned(), at + 1)
        }
        None => (String::new(), 0),
    };
    let rest = sentences
        .iter()
        .skip(from)
        .filter(|s| !begun.contains(&bare(s)))
        .map(|s| format!(" {}", bare(s)));
    std::iter::once(tail).chain(rest).collect()
}

fn thought(ask: &Ask) -> String {
    let about = text::stems(ask.question()).len();
    let first: String = ask
        .question()
        .split_whitespace()
        .take(14)
        .collect::<Vec<_>>()
        .join(" ");
    format!(
        "The request begins with \"{first}\". There are {about} words in it that matter. I should answer what was \
         asked, keep to the given text and not add anything that is not in it."
    )
}

fn call_id(dialect: Dialect, luck: &mut Luck) -> String {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => format!("call_{}", luck.letters(24)),
        Dialect::Anthropic => format!("toolu_01{}", luck.letters(22)),
        Dialect::Gemini => luck.letters(8),
        Dialect::Bedrock => format!("tooluse_{}", luck.letters(22)),
    }
}

#[cfg(test)]
mod tests;
