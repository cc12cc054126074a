//! `generationConfig`: parameters, the form of the output, and how much to think, as each generation takes them.

use crate::provider::{
    chat::{Chat, Output, Thinking},
    translate::{json::Object, notes::Dropped, schema},
};
use serde_json::{Value, json};

/// More stop sequences than this are refused.
const MOST_STOPS: usize = 5;

pub(super) fn generation_config(
    chat: &Chat,
    version: (u32, u32),
    model: &str,
    dropped: &mut Dropped,
) -> Object {
    let mut out = Object::default();
    out.put_some("maxOutputTokens", chat.max_tokens);
    out.put_some("temperature", chat.temperature.map(|t| t.clamp(0.0, 2.0)));
    out.put_some("topP", chat.top_p);
    out.put_some("topK", chat.top_k);
    match chat.seed.map(i32::try_from) {
        Some(Ok(seed)) => out.put("seed", seed),
        Some(Err(_)) => dropped.note("seed"),
        None => {}
    }
    if !chat.stop.is_empty() {
        out.put(
            "stopSequences",
            chat.stop
                .iter()
                .take(MOST_STOPS)
                .cloned()
                .collect::<Vec<_>>(),
        );
    }
    if chat.stop.len() > MOST_STOPS {
        dropped.note(format!("stop[{MOST_STOPS}..]"));
    }
    // From 2.5 on penalties are refused.
    for (field, name, value) in [
        (
            "frequencyPenalty",
            "frequency_penalty",
            chat.frequency_penalty,
        ),
        ("presencePenalty", "presence_penalty", chat.presence_penalty),
    ] {
        if version < (2, 5) {
            out.put_some(field, value);
        } else if value.is_some() {
            dropped.note(name);
        }
    }
    output(chat, version, &mut out, dropped);
    if let Some(thinking) = chat
        .thinking
        .as_ref()
        .and_then(|t| thinking(t, version, model, dropped))
    {
        out.put("thinkingConfig", thinking);
    }
    out
}

/// Before 3, JSON output and tools are refused together; tools are what the caller can't do without.
fn output(chat: &Chat, version: (u32, u32), out: &mut Object, dropped: &mut Dropped) {
    if chat.output == Output::Text {
        return;
    }
    if !chat.tools.is_empty() && version < (3, 0) {
        dropped.note("response_format");
        return;
    }
    out.put("responseMimeType", "application/json");
    if let Output::Schema { schema, .. } = &chat.output {
        let schema = schema::without(schema, &["$schema"], "response_format.schema", dropped);
        out.put("responseJsonSchema", schema);
    }
}

/// A level from 3 on, a budget before. Neither 3 nor 2.5 Pro can be told not to think.
fn thinking(
    thinking: &Thinking,
    version: (u32, u32),
    model: &str,
    dropped: &mut Dropped,
) -> Option<Value> {
    if version < (2, 5) {
        dropped.note("thinking");
        return None;
    }
    if version >= (3, 0) {
        let level = match thinking {
            Thinking::Off => {
                dropped.note("thinking");
                return Some(json!({ "thinkingLevel": "low" }));
            }
            Thinking::Adaptive => return Some(json!({ "includeThoughts": true })),
            Thinking::Budget(0..=4_096) => "low",
            Thinking::Effort(e) if matches!(e.as_str(), "minimal" | "low") => "low",
            // 3.0 Pro knows no medium.
            Thinking::Effort(e)
                if e == "medium" && !(version == (3, 0) && model.contains("pro")) =>
            {
                "medium"
            }
            Thinking::Budget(_) | Thinking::Effort(_) => "high",
        };
        return Some(json!({ "thinkingLevel": level, "includeThoughts": true }));
    }
    let budget = match thinking {
        Thinking::Off if model.contains("pro") => {
            dropped.note("thinking");
            return None;
        }
        Thinking::Off => return Some(json!({ "thinkingBudget": 0 })),
        // 2.5 Flash takes no more, and none takes less than 512.
        Thinking::Budget(n) => i64::try_from((*n).clamp(512, 24_576)).unwrap_or(24_576),
        Thinking::Adaptive => -1,
        Thinking::Effort(e) => match e.as_str() {
            "minimal" => 512,
            "low" => 2_048,
            "medium" => 8_192,
            _ => 24_576,
        },
    };
    Some(json!({ "thinkingBudget": budget, "includeThoughts": true }))
}
