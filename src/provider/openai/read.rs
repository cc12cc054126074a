//! An OpenAI request to the neutral form.

use super::message;
use crate::provider::{
    chat::{Chat, Output, Thinking, Tool, ToolChoice},
    translate::{
        json::{fields_but, list, present, text},
        notes::{Dropped, Untranslatable},
    },
};
use serde_json::{Map, Value};

/// Top-level fields that have a neutral place.
const KNOWN: [&str; 28] = [
    "model",
    "messages",
    "tools",
    "functions",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "reasoning_effort",
    "reasoning",
    "stream",
    "stream_options",
    "user",
    "safety_identifier",
    "n",
    "logprobs",
    "store",
    "logit_bias",
    "modalities",
];

pub(crate) fn read_request(body: &Value, dropped: &mut Dropped) -> Result<Chat, Untranslatable> {
    let number = |key: &str| body.get(key).and_then(Value::as_f64);
    let mut chat = Chat {
        model: text(body, "model").unwrap_or_default().to_owned(),
        tools: tools(body, dropped),
        tool_choice: tool_choice(body, dropped),
        parallel_tool_calls: body.get("parallel_tool_calls").and_then(Value::as_bool),
        output: output(body, dropped),
        max_tokens: ["max_completion_tokens", "max_tokens"]
            .iter()
            .find_map(|k| body.get(*k).and_then(Value::as_u64)),
        temperature: number("temperature"),
        top_p: number("top_p"),
        top_k: body.get("top_k").and_then(Value::as_u64),
        frequency_penalty: number("frequency_penalty").filter(|p| *p != 0.0),
        presence_penalty: number("presence_penalty").filter(|p| *p != 0.0),
        seed: body.get("seed").and_then(Value::as_i64),
        stop: stop(body),
        thinking: thinking(body),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        stream_usage: body
            .pointer("/stream_options/include_usage")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        user: text(body, "user")
            .or_else(|| text(body, "safety_identifier"))
            .map(str::to_owned),
        extra: extra(body),
        ..Chat::default()
    };
    message::read_all(body, &mut chat, dropped)?;
    Ok(chat)
}

/// Fields without a neutral place, unless they only say what is the default anyway: SDKs send dozens of those.
fn extra(body: &Value) -> Map<String, Value> {
    let says_nothing = |key: &str, v: &Value| match key {
        "n" => v.as_u64() == Some(1),
        "logprobs" | "store" => v.as_bool() == Some(false),
        "logit_bias" | "metadata" => v.as_object().is_some_and(Map::is_empty),
        "modalities" => v
            .as_array()
            .is_some_and(|m| m.len() == 1 && m.first().and_then(Value::as_str) == Some("text")),
        "service_tier" => v.as_str() == Some("auto"),
        "verbosity" => v.as_str() == Some("medium"),
        "top_logprobs" => v.as_u64() == Some(0),
        _ => KNOWN.contains(&key),
    };
    fields_but(body, says_nothing)
}

fn stop(body: &Value) -> Vec<String> {
    match body.get("stop") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// `reasoning_effort`, or OpenRouter's `reasoning` object.
fn thinking(body: &Value) -> Option<Thinking> {
    let reasoning = body.get("reasoning");
    let budget = reasoning
        .and_then(|r| r.get("max_tokens"))
        .and_then(Value::as_u64);
    let effort = text(body, "reasoning_effort").or_else(|| text(reasoning?, "effort"));
    match effort {
        Some("none") => Some(Thinking::Off),
        Some(effort) => Some(Thinking::Effort(effort.to_owned())),
        None => budget.map(Thinking::Budget),
    }
}

fn tools(body: &Value, dropped: &mut Dropped) -> Vec<Tool> {
    let mut tools = Vec::new();
    for (i, tool) in list(body, "tools").iter().enumerate() {
        match tool
            .get("function")
            .filter(|_| text(tool, "type").is_none_or(|t| t == "function"))
        {
            Some(function) => tools.extend(function_tool(function)),
            None => dropped.note(format!("tools[{i}]")),
        }
    }
    tools.extend(list(body, "functions").iter().filter_map(function_tool));
    tools
}

fn function_tool(function: &Value) -> Option<Tool> {
    Some(Tool {
        name: text(function, "name")?.to_owned(),
        description: text(function, "description").map(str::to_owned),
        schema: function.get("parameters").cloned().unwrap_or(Value::Null),
        strict: function.get("strict").and_then(Value::as_bool),
    })
}

fn tool_choice(body: &Value, dropped: &mut Dropped) -> Option<ToolChoice> {
    let choice = present(body, "tool_choice").or_else(|| present(body, "function_call"))?;
    let named = || {
        let name = choice
            .pointer("/function/name")
            .or_else(|| choice.get("name"))?
            .as_str()?;
        Some(ToolChoice::Named(name.to_owned()))
    };
    match choice.as_str() {
        Some("none") => Some(ToolChoice::None),
        Some("required" | "any") => Some(ToolChoice::Required),
        Some(_) => Some(ToolChoice::Auto),
        None => named().or_else(|| {
            dropped.note("tool_choice");
            None
        }),
    }
}

fn output(body: &Value, dropped: &mut Dropped) -> Output {
    let Some(format) = present(body, "response_format") else {
        return Output::Text;
    };
    match (text(format, "type"), format.get("json_schema")) {
        (Some("json_schema"), Some(spec)) => {
            dropped.rest(
                spec,
                "response_format.json_schema",
                &["name", "schema", "strict"],
            );
            Output::Schema {
                name: text(spec, "name").unwrap_or("response").to_owned(),
                schema: spec.get("schema").cloned().unwrap_or(Value::Null),
                strict: spec.get("strict").and_then(Value::as_bool),
            }
        }
        (Some("json_object"), _) => Output::Json,
        (Some("text"), _) => Output::Text,
        _ => {
            dropped.note("response_format");
            Output::Text
        }
    }
}
