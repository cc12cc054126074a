//! The parts that an item is told in, each under its own number: a message's texts, a summary's, a call's arguments.

use super::item;
use serde_json::{Value, json};

/// As far as it has been told.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) form: Form,
    pub(super) said: String,
    pub(super) stage: Stage,
}

/// Its place in its item. What is shown of reasoning counts apart from its summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) is_content: bool,
    pub(super) number: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Refusal,
    Summary,
    Reasoning,
    Arguments,
    /// Of a custom tool.
    Input,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Open,
    /// Its text has been repeated as a whole.
    Said,
    Done,
}

impl Part {
    pub(super) const fn new(form: Form) -> Self {
        Self {
            form,
            said: String::new(),
            stage: Stage::Open,
        }
    }

    pub(super) fn whole(&self) -> Value {
        self.form.part(&self.said)
    }

    /// A call without arguments has an empty object of them.
    pub(super) fn text(&self) -> &str {
        if self.form == Form::Arguments && self.said.is_empty() {
            "{}"
        } else {
            &self.said
        }
    }
}

impl Form {
    /// Of the part that an event of its beginning or end is about.
    pub(super) fn of(part: &Value) -> Self {
        match part.get("type").and_then(Value::as_str) {
            Some("refusal") => Self::Refusal,
            Some("summary_text") => Self::Summary,
            Some("reasoning_text") => Self::Reasoning,
            _ => Self::Text,
        }
    }

    pub(super) fn at(self, number: u64) -> Place {
        Place {
            is_content: self != Self::Summary,
            number,
        }
    }

    /// What the events about its text are called after.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "output_text",
            Self::Refusal => "refusal",
            Self::Summary => "reasoning_summary_text",
            Self::Reasoning => "reasoning_text",
            Self::Arguments => "function_call_arguments",
            Self::Input => "custom_tool_call_input",
        }
    }

    /// The field that its whole text is in.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Text | Self::Summary | Self::Reasoning => "text",
            Self::Refusal => "refusal",
            Self::Arguments => "arguments",
            Self::Input => "input",
        }
    }

    /// The field that its number is in.
    pub(super) const fn index(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Refusal | Self::Reasoning => Some("content_index"),
            Self::Summary => Some("summary_index"),
            Self::Arguments | Self::Input => None,
        }
    }

    /// What the events of its beginning and its end are called after. Arguments have none.
    pub(super) const fn group(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Refusal | Self::Reasoning => Some("content_part"),
            Self::Summary => Some("reasoning_summary_part"),
            Self::Arguments | Self::Input => None,
        }
    }

    pub(super) fn part(self, said: &str) -> Value {
        match self {
            Self::Text | Self::Refusal => item::content(said, self == Self::Refusal),
            Self::Summary => json!({ "type": "summary_text", "text": said }),
            Self::Reasoning => json!({ "type": "reasoning_text", "text": said }),
            Self::Arguments | Self::Input => Value::Null,
        }
    }
}
