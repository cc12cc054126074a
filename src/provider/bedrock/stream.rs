//! Streams, read. `messageStop` says how the answer ended; the usage follows in `metadata`, which is the last event.

use super::{block, finish, read_usage};
use crate::{
    model::Dialect,
    provider::{
        chat::Delta,
        classify,
        translate::{
            json::{present, text},
            seal,
        },
    },
};
use serde_json::Value;
use std::collections::HashMap;

/// Where a stream stands.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    /// Who was asked: no event says who answers.
    model: String,
    /// Which call each block is; those of the provider's own tools are not in here.
    calls: HashMap<u64, u32>,
}

impl StreamReader {
    pub(crate) fn asked(&mut self, model: &str) {
        model.clone_into(&mut self.model);
    }

    pub(crate) fn event(&mut self, name: Option<&str>, event: &Value, out: &mut Vec<Delta>) {
        let block = event
            .get("contentBlockIndex")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        match name.unwrap_or_default() {
            "messageStart" => out.push(Delta::Start {
                id: String::new(),
                model: self.model.clone(),
            }),
            "contentBlockStart" => self.start(block, event.pointer("/start/toolUse"), out),
            "contentBlockDelta" => self.delta(block, event.get("delta"), out),
            "messageStop" => {
                let reason = text(event, "stopReason").unwrap_or_default();
                out.push(finish(reason).map_or_else(Delta::Error, Delta::Finish));
            }
            "metadata" => {
                out.extend(present(event, "usage").map(|u| Delta::Usage(read_usage(u))));
                out.push(Delta::End);
            }
            "error" => out.push(Delta::Error(classify::error_object(
                Dialect::Bedrock,
                event,
            ))),
            _ => {}
        }
    }

    fn start(&mut self, block: u64, call: Option<&Value>, out: &mut Vec<Delta>) {
        let Some(call) = call.filter(|call| !block::is_of_the_server(call)) else {
            return;
        };
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.insert(block, index);
        out.push(Delta::ToolStart {
            index,
            id: text(call, "toolUseId").unwrap_or_default().to_owned(),
            name: text(call, "name").unwrap_or_default().to_owned(),
            signature: None,
        });
    }

    fn delta(&mut self, block: u64, delta: Option<&Value>, out: &mut Vec<Delta>) {
        let Some(delta) = delta else { return };
        let field = |of: &Value, key: &str| {
            let said = text(of, key).filter(|said| !said.is_empty());
            said.map(str::to_owned)
        };
        out.extend(field(delta, "text").map(Delta::Text));
        if let Some(reasoning) = delta.get("reasoningContent") {
            out.extend(field(reasoning, "text").map(Delta::Reasoning));
            let signature = field(reasoning, "signature");
            out.extend(
                signature
                    .and_then(|s| seal::read(Dialect::Bedrock, &s))
                    .map(Delta::Signature),
            );
            let redacted = field(reasoning, "redactedContent");
            out.extend(redacted.map(|data| Delta::Signature(block::seal_redacted(&data))));
        }
        if let Some(index) = self.calls.get(&block)
            && let Some(json) = delta.get("toolUse").and_then(|call| field(call, "input"))
        {
            out.push(Delta::ToolArgs {
                index: *index,
                json,
            });
        }
    }
}
