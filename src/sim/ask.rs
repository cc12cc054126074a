//! What was asked, as far as the simulated model cares, whichever dialect it came in.

use serde_json::Value;

#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub(super) model: String,
    pub(super) system: String,
    pub(super) turns: Vec<Turn>,
    pub(super) tools: Vec<Tool>,
    pub(super) choice: Choice,
    pub(super) form: Form,
    pub(super) max_tokens: Option<u64>,
    pub(super) stop: Vec<String>,
    pub(super) stream: bool,
    pub(super) stream_usage: bool,
    /// Wants to see the model think.
    pub(super) thinks: bool,
    /// How many answers; only `OpenAI` has it.
    pub(super) count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    User { text: String, images: usize },
    Model { text: String },
    Tool { name: String, content: String },
}

#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) schema: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Choice {
    #[default]
    Auto,
    Never,
    Must,
    Named(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Form {
    #[default]
    Text,
    Json,
    Schema(Value),
}

/// What an image is counted as.
const IMAGE_TOKENS: u64 = 765;

/// About four characters a token: what the vendors themselves give as a rule of thumb for English.
pub(super) fn tokens(text: &str) -> u64 {
    u64::try_from(text.chars().count().div_ceil(4)).unwrap_or(u64::MAX)
}

impl Ask {
    /// Tokens of everything that was sent, with a few for the scaffolding of each turn.
    pub(super) fn input_tokens(&self) -> u64 {
        let turns: u64 = self
            .turns
            .iter()
            .map(|turn| match turn {
                Turn::User { text, images } => {
                    tokens(text)
                        + IMAGE_TOKENS.saturating_mul(u64::try_from(*images).unwrap_or(u64::MAX))
                }
                Turn::Model { text } => tokens(text),
                Turn::Tool { name, content } => tokens(name) + tokens(content),
            })
            .map(|n| n + 4)
            .sum();
        let tools: u64 = self
            .tools
            .iter()
            .map(|t| tokens(&t.name) + tokens(&t.description) + tokens(&t.schema.to_string()) + 8)
            .sum();
        tokens(&self.system) + turns + tools + 3
    }

    /// The last thing that a person said.
    pub(super) fn question(&self) -> &str {
        self.turns
            .iter()
            .rev()
            .find_map(|turn| match turn {
                Turn::User { text, .. } if !text.is_empty() => Some(text.as_str()),
                _ => None,
            })
            .unwrap_or_default()
    }

    pub(super) fn images(&self) -> usize {
        self.turns
            .iter()
            .map(|turn| match turn {
                Turn::User { images, .. } => *images,
                _ => 0,
            })
            .sum()
    }

    /// Results that the caller has brought since the model last spoke.
    pub(super) fn results(&self) -> Vec<(&str, &str)> {
        let mut found: Vec<_> = self
            .turns
            .iter()
            .rev()
            .map_while(|turn| match turn {
                Turn::Tool { name, content } => Some((name.as_str(), content.as_str())),
                _ => None,
            })
            .collect();
        found.reverse();
        found
    }
}
