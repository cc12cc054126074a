//! Whole responses.

use super::{finish, incomplete, item, read_usage, write_usage};
use crate::provider::{
    chat::{Answer, Finish, Part, Usage},
    translate::{
        BadAnswer, Reply,
        json::{Object, list, text},
    },
};
use serde_json::{Value, json};

pub(crate) fn read_answer(body: &Value) -> Result<Answer, BadAnswer> {
    if body.get("output").is_none_or(|o| !o.is_array()) {
        return Err(BadAnswer::Shape("output"));
    }
    let (mut parts, mut refused) = (Vec::new(), false);
    for item in list(body, "output") {
        match text(item, "type").unwrap_or("message") {
            "message" => {
                for content in list(item, "content") {
                    let refusal = text(content, "refusal");
                    refused |= refusal.is_some();
                    let said = refusal.or_else(|| text(content, "text"));
                    parts.extend(
                        said.filter(|t| !t.is_empty())
                            .map(|t| Part::Text(t.to_owned())),
                    );
                }
            }
            "function_call" | "custom_tool_call" => parts.extend(item::read_call(item)),
            "reasoning" => parts.extend(item::read_reasoning(item)),
            // What the provider did by itself on the way (a search, say) is told by the text that came of it.
            _ => {}
        }
    }
    let called = parts.iter().any(|p| matches!(p, Part::ToolUse { .. }));
    Ok(Answer {
        id: text(body, "id").unwrap_or_default().to_owned(),
        model: text(body, "model").unwrap_or_default().to_owned(),
        finish: finish(body, called, refused),
        usage: body.get("usage").map(read_usage).unwrap_or_default(),
        parts,
    })
}

pub(crate) fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let owner = reply.id_or(&answer.id);
    let finish = answer.finish.unwrap_or(Finish::Stop);
    let head = Head {
        id: owner,
        created: reply.created,
        model: reply.model_or(&answer.model),
    };
    head.ended(
        finish,
        item::write_all(answer, owner, &reply.custom),
        &answer.usage,
    )
}

/// What every telling of a response repeats.
pub(super) struct Head<'a> {
    pub(super) id: &'a str,
    pub(super) created: u64,
    pub(super) model: &'a str,
}

impl Head<'_> {
    pub(super) fn begun(&self) -> Value {
        self.response("in_progress", None, Vec::new(), Value::Null)
    }

    pub(super) fn ended(&self, finish: Finish, output: Vec<Value>, usage: &Usage) -> Value {
        let incomplete = incomplete(finish);
        let status = if incomplete.is_some() {
            "incomplete"
        } else {
            "completed"
        };
        self.response(status, incomplete, output, write_usage(usage))
    }

    /// Nothing of it is stored anywhere, which it says; the fields after that are those that clients insist on.
    fn response(
        &self,
        status: &str,
        incomplete: Option<&str>,
        output: Vec<Value>,
        usage: Value,
    ) -> Value {
        let mut out = Object::default();
        out.put("id", self.id);
        out.put("object", "response");
        out.put("created_at", self.created);
        out.put("status", status);
        out.put("background", false);
        out.put("error", Value::Null);
        out.put(
            "incomplete_details",
            incomplete.map_or(Value::Null, |reason| json!({ "reason": reason })),
        );
        out.put("instructions", Value::Null);
        out.put("model", self.model);
        out.put("output", output);
        out.put("parallel_tool_calls", true);
        out.put("previous_response_id", Value::Null);
        out.put("store", false);
        out.put("temperature", Value::Null);
        out.put("tool_choice", "auto");
        out.put("tools", json!([]));
        out.put("top_p", Value::Null);
        out.put("usage", usage);
        out.put("metadata", json!({}));
        out.into()
    }
}
