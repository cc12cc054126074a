//! What is asked, and how: prompts with their slots filled, in both dialects, as real clients send them.

use crate::sim::{
    ask::tokens,
    brain::library::{LANGUAGES, Prompt, library},
    luck::Luck,
};
use serde_json::{Value, json};

/// Share of requests that repeat a popular prompt.
const POPULAR: f64 = 0.2;
/// How many prompts are popular; the first is asked most (Zipf).
const FAVOURITES: usize = 24;
/// Share of repeats that are typed a little differently.
const RETYPED: f64 = 0.35;
const STREAMS: f64 = 0.6;
/// Share of requests that come in through the Anthropic door.
const ANTHROPIC: f64 = 0.4;
/// Lengths of prompts in tokens: a lognormal of these, fitted to the conversation trace of Azure's public data set
/// (`AzureLLMInferenceTrace_conv`, November 2023, 19,366 requests: mean and deviation of the logarithm are 6.63 and
/// 0.985, first and last percentile 29 and 4,142).
const LENGTH: (f64, f64, f64) = (760.0, 0.985, 4142.0);

const NAMES: &[&str] = &[
    "Maria Lopez",
    "Jonas Weber",
    "Amina Diallo",
    "Kenji Mori",
    "Elena Petrova",
    "Tom Bakker",
    "Priya Nair",
    "Lucas Martin",
    "Sofia Rossi",
    "Daniel Okafor",
    "Hanna Virtanen",
    "Carlos Mendes",
];
const CITIES: &[&str] = &[
    "Lisbon", "Hamburg", "Toronto", "Osaka", "Nairobi", "Lyon", "Austin", "Krakow", "Bergen",
    "Valencia", "Leeds", "Montreal",
];
const PRODUCTS: &[&str] = &[
    "desk lamp",
    "espresso machine",
    "label printer",
    "standing desk",
    "headset",
    "air filter",
    "scanner",
    "time tracker",
    "search service",
    "billing module",
];
const FEW: &[&str] = &["two", "three", "four", "five"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Door {
    OpenAi,
    Anthropic,
}

/// A prompt with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub kind: String,
    pub text: String,
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sim) struct Letter {
    pub(in crate::sim) door: Door,
    pub(in crate::sim) stream: bool,
    pub(in crate::sim) agent: &'static str,
    pub(in crate::sim) body: Value,
}

/// An endless supply of prompts.
#[derive(Debug)]
pub struct Mix {
    luck: Luck,
    favourites: Vec<Asked>,
}

impl Mix {
    pub fn new(seed: u64) -> Self {
        let mut luck = Luck::new(&[seed, 0x6d69_7821]);
        let mut favourites: Vec<Asked> =
            (0..FAVOURITES).map(|at| favourite(at, &mut luck)).collect();
        luck.shuffle(&mut favourites);
        Self { luck, favourites }
    }

    pub(in crate::sim) fn letter(&mut self, route: &str) -> Letter {
        let asked = self.prompt();
        let luck = &mut self.luck;
        let stream = luck.hits(STREAMS);
        let (door, agent) = if luck.hits(ANTHROPIC) {
            let agent = luck.pick(&[
                "Anthropic/Python 2.11.0",
                "Anthropic/JS 1.14.0",
                "claude-cli/2.4.1",
            ]);
            (Door::Anthropic, agent)
        } else {
            (
                Door::OpenAi,
                luck.pick(&[
                    "OpenAI/Python 3.52.0",
                    "AsyncOpenAI/Python 3.52.0",
                    "OpenAI/JS 7.3.0",
                ]),
            )
        };
        let body = match door {
            Door::OpenAi => openai(route, &asked, stream),
            Door::Anthropic => anthropic(route, &asked, stream),
        };
        Letter {
            door,
            stream,
            agent: agent.unwrap_or("reqwest"),
            body,
        }
    }

    pub fn prompt(&mut self) -> Asked {
        if self.luck.hits(POPULAR) {
            return self.repeat();
        }
        let luck = &mut self.luck;
        let all = library();
        if luck.hits(0.15)
            && let Some(fact) = all.facts.get(luck.below(all.facts.len()))
        {
            // With a word of context no two of these are the same.
            let who = luck.pick(NAMES).unwrap_or_default();
            let note = format!(
                "{} (Asked by {who}, case {}.)",
                fact.ask,
                luck.int(10_000, 99_999)
            );
            return Asked {
                kind: "question".into(),
                text: note,
            };
        }
        filled(pick_prompt(luck), luck)
    }

    fn repeat(&mut self) -> Asked {
        let at = zipf(self.favourites.len(), &mut self.luck);
        let mut asked = self.favourites.get(at).cloned().unwrap_or_else(|| Asked {
            kind: "question".into(),
            text: "Hello".into(),
        });
        if self.luck.hits(RETYPED) {
            asked.text = match self.luck.below(4) {
                0 => format!("{}\n", asked.text),
                1 => asked.text.trim_end_matches(['.', '?']).to_owned(),
                2 => asked.text.replacen(' ', "  ", 2),
                _ => format!("  {}", asked.text),
            };
        }
        asked
    }
}

/// The rank that is asked: each about as often as one over its place.
fn zipf(count: usize, luck: &mut Luck) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "a handful of ranks")]
    let weight = |rank: usize| 1.0 / (rank as f64 + 1.0).powf(1.1);
    let total: f64 = (0..count).map(weight).sum();
    let mut left = luck.share() * total;
    (0..count)
        .find(|rank| {
            left -= weight(*rank);
            left <= 0.0
        })
        .unwrap_or(0)
}

/// Two thirds known questions, the rest summaries and the like with fixed contents.
fn favourite(at: usize, luck: &mut Luck) -> Asked {
    let all = library();
    match all.facts.get(luck.below(all.facts.len())) {
        Some(fact) if !at.is_multiple_of(3) => Asked {
            kind: "question".into(),
            text: fact.ask.clone(),
        },
        _ => filled(pick_prompt(luck), luck),
    }
}

/// The route is called summarize: half of its work is that.
fn pick_prompt(luck: &mut Luck) -> Option<&'static Prompt> {
    let summaries = luck.hits(0.5);
    let from: Vec<&Prompt> = library()
        .prompts
        .iter()
        .filter(|p| (p.kind == "summary") == summaries)
        .collect();
    luck.pick(&from)
}

fn filled(prompt: Option<&Prompt>, luck: &mut Luck) -> Asked {
    let Some(prompt) = prompt else {
        return Asked {
            kind: "question".into(),
            text: "Hello".into(),
        };
    };
    let mut text = prompt.text.clone();
    if text.contains("{passage}") {
        let (about, passage) = passage(prompt.kind == "summary", luck);
        text = text
            .replace("{about}", &about)
            .replace("{passage}", &passage);
    }
    if let Some(phrase) = library().phrases.get(luck.below(library().phrases.len())) {
        text = text.replace("{phrase}", &phrase.en);
    }
    Asked {
        kind: prompt.kind.clone(),
        text: slots(&text, luck),
    }
}

/// One passage, or for a summary as many as a prompt of that length holds.
fn passage(long: bool, luck: &mut Luck) -> (String, String) {
    let all = &library().passages;
    let (median, sigma, most) = LENGTH;
    let target = if long {
        luck.lognormal(median, sigma).min(most)
    } else {
        1.0
    };
    let mut texts: Vec<String> = Vec::new();
    let mut about = "text".to_owned();
    let mut length = 0.0;
    while length < target {
        let Some(next) = all.get(luck.below(all.len())) else {
            break;
        };
        about.clone_from(&next.about);
        let text = slots(&next.text, luck);
        #[expect(clippy::cast_precision_loss, reason = "tokens of a paragraph")]
        let more = tokens(&text) as f64;
        length += more;
        texts.push(text);
    }
    if texts.len() > 1 {
        "texts".clone_into(&mut about);
    }
    (about, texts.join("\n\n"))
}

fn slots(text: &str, luck: &mut Luck) -> String {
    let name = luck.pick(NAMES).unwrap_or_default();
    let mail = format!("{}@mail.example", name.to_lowercase().replace(' ', "."));
    let date = format!("2026-{:02}-{:02}", luck.int(1, 12), luck.int(1, 28));
    let order = format!(
        "{}-{}",
        luck.pick(&["LX", "BR", "QT", "NV"]).unwrap_or_default(),
        luck.int(10_000, 99_999)
    );
    let fill: [(&str, String); 12] = [
        ("{name}", name.to_owned()),
        ("{email}", mail),
        ("{date}", date),
        ("{order}", order),
        ("{city}", luck.pick(CITIES).unwrap_or_default().to_owned()),
        (
            "{product}",
            luck.pick(PRODUCTS).unwrap_or_default().to_owned(),
        ),
        (
            "{language}",
            luck.pick(&LANGUAGES).unwrap_or_default().to_owned(),
        ),
        ("{few}", luck.pick(FEW).unwrap_or_default().to_owned()),
        ("{amount}", luck.int(20, 990).to_string()),
        ("{mm}", luck.int(10, 49).to_string()),
        ("{n}", luck.int(6, 48).to_string()),
        ("{m}", luck.int(60, 900).to_string()),
    ];
    fill.iter().fold(text.to_owned(), |text, (slot, with)| {
        text.replace(slot, with)
    })
}

const SYSTEM: &str = "You are a careful assistant. Answer in the language of the request and keep to the facts given.";

/// Room for the longest answers of the trace (its last percentile is 601 tokens) and for a long summary.
const MAX_TOKENS: u64 = 1024;

fn openai(route: &str, asked: &Asked, stream: bool) -> Value {
    let mut body = json!({
        "model": route,
        "messages": [
            { "role": "system", "content": SYSTEM },
            { "role": "user", "content": asked.text },
        ],
        "temperature": 0.2,
        "max_tokens": MAX_TOKENS,
    });
    if let Some(map) = body.as_object_mut() {
        if stream {
            map.insert("stream".into(), true.into());
            map.insert("stream_options".into(), json!({ "include_usage": true }));
        }
        if asked.kind == "tool" {
            let tools = tools().map(|(name, description, schema)| {
                json!({ "type": "function", "function": { "name": name, "description": description, "parameters": schema } })
            });
            map.insert("tools".into(), tools.to_vec().into());
        }
        if asked.kind == "extract" {
            let format = json!({ "name": "record", "strict": true, "schema": record() });
            map.insert(
                "response_format".into(),
                json!({ "type": "json_schema", "json_schema": format }),
            );
        }
    }
    body
}

fn anthropic(route: &str, asked: &Asked, stream: bool) -> Value {
    let mut body = json!({
        "model": route,
        "max_tokens": MAX_TOKENS,
        "system": SYSTEM,
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": asked.text }] }],
    });
    if let Some(map) = body.as_object_mut() {
        if stream {
            map.insert("stream".into(), true.into());
        }
        if asked.kind == "tool" {
            let tools = tools().map(|(name, description, schema)| {
                json!({ "name": name, "description": description, "input_schema": schema })
            });
            map.insert("tools".into(), tools.to_vec().into());
        }
        if asked.kind == "extract" {
            let format = json!({ "type": "json_schema", "schema": record() });
            map.insert("output_config".into(), json!({ "format": format }));
        }
    }
    body
}

fn tools() -> [(&'static str, &'static str, Value); 2] {
    let one = |key: &str, about: &str| {
        let mut properties = serde_json::Map::new();
        properties.insert(
            key.to_owned(),
            json!({ "type": "string", "description": about }),
        );
        json!({ "type": "object", "properties": properties, "required": [key], "additionalProperties": false })
    };
    [
        (
            "get_weather",
            "The weather in a city now",
            one("city", "Name of the city"),
        ),
        (
            "order_status",
            "Looks up where an order is",
            one("order_id", "Number of the order"),
        ),
    ]
}

fn record() -> Value {
    let keys = ["name", "city", "date", "order_number"];
    let mut properties: serde_json::Map<String, Value> = keys
        .iter()
        .map(|key| ((*key).to_owned(), json!({ "type": "string" })))
        .collect();
    properties.insert("amount".into(), json!({ "type": "number" }));
    properties.insert("urgent".into(), json!({ "type": "boolean" }));
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn no_slot_is_left_open() {
        let mut mix = Mix::new(3);
        for _ in 0..300 {
            let asked = mix.prompt();
            assert!(!asked.text.contains(['{', '}']), "{}", asked.text);
        }
    }

    #[test]
    fn about_a_fifth_are_repeats_and_the_rest_are_new() {
        let mut mix = Mix::new(3);
        let mut seen: HashMap<String, u32> = HashMap::new();
        for _ in 0..1000 {
            *seen.entry(mix.prompt().text).or_default() += 1;
        }
        let repeated: u32 = seen.values().filter(|n| **n > 1).map(|n| n - 1).sum();
        assert!((100..330).contains(&repeated), "{repeated} of 1000");
    }

    #[test]
    fn the_same_seed_writes_the_same_letters() {
        let letters = |seed| {
            let mut mix = Mix::new(seed);
            (0..20).map(|_| mix.letter("summarize")).collect::<Vec<_>>()
        };
        assert_eq!(letters(1), letters(1));
        assert_ne!(letters(1), letters(2));
    }
}
