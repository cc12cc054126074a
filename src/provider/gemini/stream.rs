//! Gemini's streams, read. There is no terminal event: a `finishReason` is the end.

use super::{answer::read_part, finish, partial, read_usage};
use crate::model::Dialect;
use crate::provider::{
    chat::{Delta, Finish, Part},
    classify,
    translate::json::{arguments_text, list, present, text},
};
use serde_json::{Value, json};

/// Where a stream stands.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    id: String,
    started: bool,
    calls: u32,
    /// The arguments of a call that comes in pieces.
    open: Option<Value>,
}

impl StreamReader {
    pub(crate) fn event(&mut self, event: &Value, out: &mut Vec<Delta>) {
        if let Some(error) = present(event, "error") {
            out.push(Delta::Error(classify::error_object(Dialect::Gemini, error)));
            return;
        }
        self.head(event, out);
        let candidate = list(event, "candidates").first();
        for part in candidate
            .and_then(|c| c.get("content"))
            .map_or(&[][..], |c| list(c, "parts"))
        {
            self.part(part, out);
        }
        // The usage of the last event is the last word, and stands before the end for those who stop there.
        if let Some(usage) = present(event, "usageMetadata") {
            out.push(Delta::Usage(read_usage(usage)));
        }
        if event.pointer("/promptFeedback/blockReason").is_some() {
            out.push(Delta::Finish(Finish::Policy));
        } else if let Some(reason) = candidate.and_then(|c| text(c, "finishReason")) {
            self.close(out);
            out.push(match finish(reason, self.calls > 0) {
                Ok(finish) => Delta::Finish(finish),
                Err(verdict) => Delta::Error(verdict),
            });
        }
    }

    /// A call has begun, and its arguments are not whole.
    pub(crate) fn is_in_call(&self) -> bool {
        self.open.is_some()
    }

    fn head(&mut self, event: &Value, out: &mut Vec<Delta>) {
        let id = text(event, "responseId").unwrap_or_default();
        let model = text(event, "modelVersion").unwrap_or_default();
        if !(self.started || id.is_empty() && model.is_empty()) {
            self.started = true;
            id.clone_into(&mut self.id);
            out.push(Delta::Start {
                id: id.to_owned(),
                model: model.to_owned(),
            });
        }
    }

    fn part(&mut self, part: &Value, out: &mut Vec<Delta>) {
        if let Some(call) = part.get("functionCall") {
            self.call(part, call, out);
            return;
        }
        for read in read_part(part, &self.id, 0) {
            match read {
                Part::Text(text) => out.push(Delta::Text(text)),
                Part::Reasoning { text, signature } => {
                    if !text.is_empty() {
                        out.push(Delta::Reasoning(text));
                    }
                    out.extend(signature.map(Delta::Signature));
                }
                _ => {}
            }
        }
    }

    /// A call comes whole, or in pieces: its name first, then `partialArgs`, until one does not continue.
    fn call(&mut self, part: &Value, call: &Value, out: &mut Vec<Delta>) {
        let continues = call
            .get("willContinue")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        if text(call, "name").is_some() {
            self.close(out);
            let number = usize::try_from(self.calls).unwrap_or(usize::MAX);
            for read in read_part(part, &self.id, number) {
                if let Part::ToolUse {
                    id,
                    name,
                    input,
                    signature,
                } = read
                {
                    out.push(Delta::ToolStart {
                        index: self.calls,
                        id,
                        name,
                        signature,
                    });
                    self.open = Some(input);
                }
            }
            self.calls = self.calls.saturating_add(1);
        }
        if let Some(arguments) = &mut self.open {
            partial::merge(arguments, call);
        }
        if !continues {
            self.close(out);
        }
    }

    fn close(&mut self, out: &mut Vec<Delta>) {
        if let Some(arguments) = self.open.take() {
            let index = self.calls.saturating_sub(1);
            let arguments = if arguments.is_null() {
                json!({})
            } else {
                arguments
            };
            out.push(Delta::ToolArgs {
                index,
                json: arguments_text(&arguments),
            });
        }
    }
}
