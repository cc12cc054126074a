//! What each generation of models takes, and the thinking that fits it.

use crate::{
    model::Dialect,
    provider::{
        chat::{Chat, Part, Thinking, ToolChoice},
        translate::{generation::version, notes::Dropped, seal::open},
    },
};
use serde_json::{Value, json};

/// `max_tokens` for callers that set none (it is required here, and optional elsewhere): the most that every model
/// of version 4 and later can write, so that an answer is not cut short by the translation.
pub(crate) const DEFAULT_MAX_TOKENS: u64 = 32_000;
/// The same for the 3 family, whose smallest models write no more.
pub(crate) const DEFAULT_MAX_TOKENS_3: u64 = 4_096;
/// The API's smallest thinking budget.
const SMALLEST_BUDGET: u64 = 1_024;
/// What a model's generation takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::provider) struct Takes {
    /// `thinking: adaptive` with an effort (4.6 and later); before, a budget. No assistant prefill from here on.
    pub(in crate::provider) adaptive: bool,
    /// Adaptive only, and no sampling fields (4.7 and later).
    pub(in crate::provider) adaptive_only: bool,
    /// Structured outputs and strict tools (4.5 and later).
    pub(in crate::provider) schemas: bool,
    pub(in crate::provider) max_tokens: u64,
}

impl Takes {
    pub(in crate::provider) fn of(model: &str) -> Self {
        // A Claude without a number (`claude-mythos-preview`) is a newest one; any other name could be anything, and
        // the middle of the road is what most servers of this dialect take.
        let unnumbered = if model.contains("claude") {
            (u32::MAX, 0)
        } else {
            (4, 5)
        };
        let version = version(model, "claude").unwrap_or(unnumbered);
        Self {
            adaptive: version >= (4, 6),
            adaptive_only: version >= (4, 7),
            schemas: version >= (4, 5),
            max_tokens: if version.0 <= 3 {
                DEFAULT_MAX_TOKENS_3
            } else {
                DEFAULT_MAX_TOKENS
            },
        }
    }
}

/// The `thinking` field and the effort that goes with it. A forced tool choice, a budget without room, and a tool
/// loop whose calls came from elsewhere are each refused together with thinking; thinking gives way. `home` is the
/// dialect that the model is asked in: its own signatures are those it has given there.
pub(in crate::provider) fn thinking(
    home: Dialect,
    chat: &Chat,
    takes: Takes,
    max_tokens: u64,
    dropped: &mut Dropped,
) -> Option<(Value, Option<String>)> {
    let wanted = chat.thinking.as_ref()?;
    if *wanted == Thinking::Off {
        return (!takes.adaptive_only).then(|| (json!({ "type": "disabled" }), None));
    }
    let forced = matches!(
        chat.tool_choice,
        Some(ToolChoice::Required | ToolChoice::Named(_))
    );
    if forced && !chat.tools.is_empty() {
        dropped.note("thinking");
        return None;
    }
    if takes.adaptive {
        let effort = match wanted {
            Thinking::Effort(e) if e == "minimal" => Some("low".to_owned()),
            Thinking::Effort(e) if e == "xhigh" && !takes.adaptive_only => Some("high".to_owned()),
            Thinking::Effort(e) => Some(e.clone()),
            Thinking::Budget(0..=2_048) => Some("low".to_owned()),
            Thinking::Budget(..=8_192) => Some("medium".to_owned()),
            Thinking::Budget(_) => Some("high".to_owned()),
            Thinking::Adaptive | Thinking::Off => None,
        };
        return Some((json!({ "type": "adaptive" }), effort));
    }
    let budget = match wanted {
        Thinking::Budget(n) => (*n).max(SMALLEST_BUDGET),
        Thinking::Effort(e) => budget_of(e),
        Thinking::Adaptive | Thinking::Off => budget_of("medium"),
    };
    let budget = budget.min(max_tokens.saturating_sub(1));
    if budget < SMALLEST_BUDGET || in_foreign_tool_loop(home, chat) {
        dropped.note("thinking");
        return None;
    }
    Some((json!({ "type": "enabled", "budget_tokens": budget }), None))
}

/// Tokens of thinking that an effort is worth.
fn budget_of(effort: &str) -> u64 {
    match effort {
        "minimal" => SMALLEST_BUDGET,
        "low" => 2_048,
        "medium" => 8_192,
        _ => 16_384,
    }
}

/// Results of calls that this provider did not think of itself: with a budget it wants its own thinking before them.
fn in_foreign_tool_loop(home: Dialect, chat: &Chat) -> bool {
    let [.., said, answered] = chat.messages.as_slice() else {
        return false;
    };
    let in_loop = answered
        .parts
        .iter()
        .any(|p| matches!(p, Part::ToolResult { .. }));
    let own = |p: &Part| match p {
        Part::Reasoning {
            signature: Some(s), ..
        } => open(home, s).is_some(),
        _ => false,
    };
    in_loop && !said.parts.iter().any(own)
}
