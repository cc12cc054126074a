//! A Responses request to the neutral form.

use super::{custom, message};
use crate::provider::{
    chat::{Chat, Output, Part, Thinking, Tool, ToolChoice},
    translate::{
        json::{fields_but, list, present, text},
        notes::{Dropped, Untranslatable},
    },
};
use serde_json::{Map, Value};

/// Top-level fields that have a neutral place, or that say nothing to another provider.
const KNOWN: [&str; 16] = [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "max_output_tokens",
    "temperature",
    "top_p",
    "stream",
    "stream_options",
    "user",
    "safety_identifier",
    "include",
];

/// What asks for something that lies at `OpenAI`: nobody else has it.
const STORED: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

pub(crate) fn read_request(body: &Value, dropped: &mut Dropped) -> Result<Chat, Untranslatable> {
    refuse_stored(body)?;
    let number = |key: &str| body.get(key).and_then(Value::as_f64);
    let stream = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let mut chat = Chat {
        model: text(body, "model").unwrap_or_default().to_owned(),
        system: instructions(body),
        tools: tools(body, dropped)?,
        parallel_tool_calls: body.get("parallel_tool_calls").and_then(Value::as_bool),
        output: output(body, dropped),
        max_tokens: body.get("max_output_tokens").and_then(Value::as_u64),
        temperature: number("temperature"),
        top_p: number("top_p"),
        thinking: thinking(body),
        stream,
        // Usage is always told here.
        stream_usage: stream,
        user: text(body, "user")
            .or_else(|| text(body, "safety_identifier"))
            .map(str::to_owned),
        extra: extra(body),
        ..Chat::default()
    };
    tool_choice(body, &mut chat, dropped);
    for asked in list(body, "include").iter().filter_map(Value::as_str) {
        // Reasoning is always told; the rest of what can be included is the provider's own.
        if asked != "reasoning.encrypted_content" {
            dropped.note(format!("include.{asked}"));
        }
    }
    message::read_all(body, &mut chat, dropped)?;
    Ok(chat)
}

fn refuse_stored(body: &Value) -> Result<(), Untranslatable> {
    for field in STORED {
        if present(body, field).is_some() {
            return Err(Untranslatable::unsupported(
                field,
                "it is stored at OpenAI, and no other provider has it; send the whole input instead",
            ));
        }
    }
    if body.get("background").and_then(Value::as_bool) == Some(true) {
        return Err(Untranslatable::unsupported(
            "background",
            "only OpenAI's own API answers in the background",
        ));
    }
    Ok(())
}

fn instructions(body: &Value) -> Vec<Part> {
    text(body, "instructions")
        .filter(|t| !t.is_empty())
        .map(|t| Part::Text(t.to_owned()))
        .into_iter()
        .collect()
}

/// Fields without a neutral place, unless they only say what is the default anyway.
fn extra(body: &Value) -> Map<String, Value> {
    let says_nothing = |key: &str, v: &Value| match key {
        "store" | "background" => v.as_bool() == Some(false),
        "metadata" => v.as_object().is_some_and(Map::is_empty),
        "service_tier" => v.as_str() == Some("auto"),
        "truncation" => v.as_str() == Some("disabled"),
        "top_logprobs" => v.as_u64() == Some(0),
        _ => KNOWN.contains(&key),
    };
    fields_but(body, says_nothing)
}

/// How a summary is to be worded is nobody else's question.
fn thinking(body: &Value) -> Option<Thinking> {
    match text(body.get("reasoning")?, "effort")? {
        "none" => Some(Thinking::Off),
        effort => Some(Thinking::Effort(effort.to_owned())),
    }
}

fn tools(body: &Value, dropped: &mut Dropped) -> Result<Vec<Tool>, Untranslatable> {
    let mut tools = Vec::new();
    let mut searches = Vec::new();
    for (i, tool) in list(body, "tools").iter().enumerate() {
        let field = format!("tools[{i}]");
        match text(tool, "type").unwrap_or_default() {
            "function" | "custom" => tools.push(self::tool(tool, &field)?),
            kind if kind.starts_with("web_search") => searches.push(field),
            _ => return Err(hosted(field)),
        }
    }
    match searches.first() {
        Some(field) if tools.is_empty() || !may_go_unsearched(body) => Err(hosted(field.clone())),
        _ => {
            for field in searches {
                dropped.note(field);
            }
            Ok(tools)
        }
    }
}

fn tool(tool: &Value, field: &str) -> Result<Tool, Untranslatable> {
    let name = text(tool, "name")
        .ok_or_else(|| Untranslatable::invalid(format!("{field}.name"), "missing"))?;
    if text(tool, "type") == Some("custom") {
        return Ok(custom::function(tool, name));
    }
    Ok(Tool {
        name: name.to_owned(),
        description: text(tool, "description").map(str::to_owned),
        schema: tool.get("parameters").cloned().unwrap_or(Value::Null),
        // Not strict is what the other dialects do unasked.
        strict: tool.get("strict").and_then(Value::as_bool).filter(|s| *s),
    })
}

fn hosted(field: String) -> Untranslatable {
    Untranslatable::unsupported(
        field,
        "only OpenAI's own API has this kind of tool; functions and custom tools can be translated",
    )
}

/// An agent offers a search among its own tools, on every turn, and hardly ever needs it: better that it goes on
/// without than not at all. Who asks for a search, or offers nothing else, wants one.
fn may_go_unsearched(body: &Value) -> bool {
    match present(body, "tool_choice") {
        None => true,
        Some(Value::String(word)) => word != "required",
        Some(choice) => matches!(text(choice, "type"), Some("function" | "custom")),
    }
}

/// A choice among some of the tools is said elsewhere by offering only those.
fn tool_choice(body: &Value, chat: &mut Chat, dropped: &mut Dropped) {
    let Some(choice) = present(body, "tool_choice") else {
        return;
    };
    let word = |word: &str| match word {
        "none" => ToolChoice::None,
        "required" => ToolChoice::Required,
        _ => ToolChoice::Auto,
    };
    chat.tool_choice = match (choice.as_str(), text(choice, "type"), text(choice, "name")) {
        (Some(said), ..) => Some(word(said)),
        (_, Some("function" | "custom"), Some(name)) => Some(ToolChoice::Named(name.to_owned())),
        (_, Some("allowed_tools"), _) => {
            let allowed: Vec<_> = list(choice, "tools")
                .iter()
                .filter_map(|t| text(t, "name"))
                .collect();
            chat.tools.retain(|t| allowed.contains(&t.name.as_str()));
            Some(word(text(choice, "mode").unwrap_or("auto")))
        }
        _ => {
            dropped.note("tool_choice");
            None
        }
    };
}

fn output(body: &Value, dropped: &mut Dropped) -> Output {
    let Some(spec) = present(body, "text") else {
        return Output::Text;
    };
    if text(spec, "verbosity").is_some_and(|v| v != "medium") {
        dropped.note("text.verbosity");
    }
    let Some(format) = present(spec, "format") else {
        return Output::Text;
    };
    match text(format, "type") {
        Some("json_schema") => {
            dropped.rest(format, "text.format", &["type", "name", "schema", "strict"]);
            Output::Schema {
                name: text(format, "name").unwrap_or("response").to_owned(),
                schema: format.get("schema").cloned().unwrap_or(Value::Null),
                strict: format.get("strict").and_then(Value::as_bool),
            }
        }
        Some("json_object") => Output::Json,
        Some("text") => Output::Text,
        _ => {
            dropped.note("text.format");
            Output::Text
        }
    }
}
