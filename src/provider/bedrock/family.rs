//! Whose model it is. The form is one for all; what they take is not, and what only one of them knows stands in
//! `additionalModelRequestFields`, in that vendor's own words.

use crate::{
    model::Dialect,
    provider::{
        anthropic::{Takes, thinking},
        chat::{Chat, Thinking},
        translate::{generation::version, json::Object, notes::Dropped},
    },
};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub(super) enum Family {
    Claude(Takes),
    Nova {
        /// Reasons when asked to (2 and later).
        reasons: bool,
    },
    /// Everybody else's, and models behind an account's own name for them.
    Other,
}

impl Family {
    pub(super) fn of(model: &str) -> Self {
        if model.contains("claude") {
            return Self::Claude(Takes::of(model));
        }
        if model.contains("nova") {
            let reasons = version(model, "nova").is_some_and(|v| v >= (2, 0));
            return Self::Nova { reasons };
        }
        Self::Other
    }

    /// Structured outputs and strict tools.
    pub(super) fn takes_schemas(self) -> bool {
        matches!(self, Self::Claude(takes) if takes.schemas)
    }

    /// Continues an assistant's turn that stands last.
    pub(super) fn takes_prefill(self) -> bool {
        !matches!(self, Self::Claude(takes) if takes.adaptive)
    }
}

/// `inferenceConfig` and `additionalModelRequestFields`.
pub(super) fn config(chat: &Chat, family: Family, dropped: &mut Dropped) -> (Object, Object) {
    let mut inference = Object::default();
    let mut additional = Object::default();
    match family {
        Family::Claude(takes) => claude(chat, takes, &mut inference, &mut additional, dropped),
        Family::Nova { reasons } => nova(chat, reasons, &mut inference, &mut additional, dropped),
        Family::Other => {
            limits(chat, chat.top_p, &mut inference, dropped);
            note(dropped, "top_k", chat.top_k.is_some());
            let thinks = chat.thinking.as_ref().is_some_and(|t| *t != Thinking::Off);
            note(dropped, "thinking", thinks);
        }
    }
    stop(chat, &mut inference, dropped);
    (inference, additional)
}

/// What every model takes; Amazon lets no temperature past 1.
fn limits(chat: &Chat, top_p: Option<f64>, inference: &mut Object, dropped: &mut Dropped) {
    note(
        dropped,
        "temperature",
        chat.temperature.is_some_and(|t| t > 1.0),
    );
    inference.put_some("maxTokens", chat.max_tokens);
    inference.put_some("temperature", chat.temperature.map(|t| t.clamp(0.0, 1.0)));
    inference.put_some("topP", top_p);
}

/// With thinking on, or from 4.7 on, sampling can't be set; from 4.5 on not by both fields at once.
fn claude(
    chat: &Chat,
    takes: Takes,
    inference: &mut Object,
    additional: &mut Object,
    dropped: &mut Dropped,
) {
    let room = chat.max_tokens.unwrap_or(takes.max_tokens);
    let thinks = thinking(Dialect::Bedrock, chat, takes, room, dropped);
    let on = thinks
        .as_ref()
        .is_some_and(|(t, _)| t["type"] != "disabled");
    if takes.adaptive_only || on {
        // A budget has to fit into an explicit limit.
        inference.put_some("maxTokens", chat.max_tokens.or(on.then_some(room)));
        note(
            dropped,
            "temperature",
            chat.temperature.is_some_and(|t| t < 1.0),
        );
        note(dropped, "top_p", chat.top_p.is_some_and(|p| p < 1.0));
        note(dropped, "top_k", chat.top_k.is_some());
    } else {
        let both = chat.temperature.is_some() && chat.top_p.is_some() && takes.schemas;
        note(
            dropped,
            "top_p",
            both && chat.top_p.is_some_and(|p| p < 1.0),
        );
        let top_p = chat.top_p.filter(|_| !both);
        limits(chat, top_p, inference, dropped);
        additional.put_some("top_k", chat.top_k);
    }
    if let Some((thinking, effort)) = thinks {
        additional.put("thinking", thinking);
        if let Some(effort) = effort {
            additional.put("output_config", json!({ "effort": effort }));
        }
    }
}

/// Nova's highest effort excludes all limits.
fn nova(
    chat: &Chat,
    reasons: bool,
    inference: &mut Object,
    additional: &mut Object,
    dropped: &mut Dropped,
) {
    let effort = chat.thinking.as_ref().and_then(effort);
    note(dropped, "thinking", effort.is_some() && !reasons);
    let effort = effort.filter(|_| reasons);
    if effort == Some("high") {
        note(dropped, "max_tokens", chat.max_tokens.is_some());
        note(dropped, "temperature", chat.temperature.is_some());
        note(dropped, "top_p", chat.top_p.is_some());
        note(dropped, "top_k", chat.top_k.is_some());
    } else {
        limits(chat, chat.top_p, inference, dropped);
        if let Some(top_k) = chat.top_k {
            additional.put("inferenceConfig", json!({ "topK": top_k }));
        }
    }
    if let Some(effort) = effort {
        let reasoning = json!({ "type": "enabled", "maxReasoningEffort": effort });
        additional.put("reasoningConfig", reasoning);
    }
}

fn effort(thinking: &Thinking) -> Option<&'static str> {
    match thinking {
        Thinking::Off => None,
        Thinking::Budget(0..=2_048) => Some("low"),
        Thinking::Budget(..=8_192) | Thinking::Adaptive => Some("medium"),
        Thinking::Budget(_) => Some("high"),
        Thinking::Effort(effort) => Some(match effort.as_str() {
            "minimal" | "low" => "low",
            "medium" => "medium",
            _ => "high",
        }),
    }
}

/// Sequences of white space alone are refused.
fn stop(chat: &Chat, inference: &mut Object, dropped: &mut Dropped) {
    let (kept, blank): (Vec<_>, Vec<_>) = chat.stop.iter().partition(|s| !s.trim().is_empty());
    note(dropped, "stop", !blank.is_empty());
    if !kept.is_empty() {
        let kept: Value = kept.into_iter().cloned().collect();
        inference.put("stopSequences", kept);
    }
}

fn note(dropped: &mut Dropped, name: &str, is_lost: bool) {
    if is_lost {
        dropped.note(name);
    }
}
