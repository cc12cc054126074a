//! Deltas back to a whole answer.

use super::json;
use crate::provider::{
    chat::{Answer, Delta, Part},
    splice::{Piece, Said},
};
use std::collections::BTreeMap;

/// Gathers a stream into the answer it amounts to.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    answer: Answer,
    /// Where each tool call stands in the answer's parts, and its arguments so far.
    tools: BTreeMap<u32, (usize, String)>,
}

impl Collector {
    pub fn push(&mut self, delta: &Delta) {
        match delta {
            Delta::Start { id, model } => {
                self.answer.id.clone_from(id);
                self.answer.model.clone_from(model);
            }
            Delta::Text(text) => match self.answer.parts.last_mut() {
                Some(Part::Text(so_far)) => so_far.push_str(text),
                _ => self.answer.parts.push(Part::Text(text.clone())),
            },
            Delta::Reasoning(more) if more.is_empty() => {}
            Delta::Reasoning(more) => match self.answer.parts.last_mut() {
                Some(Part::Reasoning {
                    text,
                    signature: None,
                }) => text.push_str(more),
                _ => self.answer.parts.push(Part::Reasoning {
                    text: more.clone(),
                    signature: None,
                }),
            },
            Delta::Signature(sealed) => match self.answer.parts.last_mut() {
                Some(Part::Reasoning {
                    signature: signature @ None,
                    ..
                }) => *signature = Some(sealed.clone()),
                _ => self.answer.parts.push(Part::Reasoning {
                    text: String::new(),
                    signature: Some(sealed.clone()),
                }),
            },
            Delta::ToolStart {
                index,
                id,
                name,
                signature,
            } => {
                self.tools
                    .insert(*index, (self.answer.parts.len(), String::new()));
                self.answer.parts.push(Part::ToolUse {
                    id: id.clone(),
                    name: name.clone(),
                    input: serde_json::Value::Null,
                    signature: signature.clone(),
                });
            }
            Delta::ToolArgs { index, json } => {
                if let Some((_, so_far)) = self.tools.get_mut(index) {
                    so_far.push_str(json);
                }
            }
            Delta::Usage(usage) => self.answer.usage = *usage,
            Delta::Finish(finish) => self.answer.finish = Some(*finish),
            Delta::Error(_) | Delta::Life | Delta::Malformed | Delta::End => {}
        }
    }

    /// The content so far: texts that follow each other are one, and arguments are as they came.
    pub fn said(&self) -> Said {
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, part) in self.answer.parts.iter().enumerate() {
            match (part, pieces.last_mut()) {
                (Part::Text(more), Some(Piece::Text(text))) => text.push_str(more),
                (Part::Text(text), _) => pieces.push(Piece::Text(text.clone())),
                (Part::ToolUse { name, .. }, _) => {
                    let own = self.tools.values().find(|(its, _)| *its == at);
                    pieces.push(Piece::Call {
                        name: name.clone(),
                        arguments: own.map(|(_, json)| json.clone()).unwrap_or_default(),
                    });
                }
                _ => {}
            }
        }
        Said::new(pieces)
    }

    /// The deltas that would tell the answer so far again.
    pub fn retell(&self) -> Vec<Delta> {
        let answer = &self.answer;
        let mut out = vec![Delta::Start {
            id: answer.id.clone(),
            model: answer.model.clone(),
        }];
        for (at, part) in answer.parts.iter().enumerate() {
            match part {
                Part::Text(text) => out.push(Delta::Text(text.clone())),
                Part::Reasoning { text, signature } => {
                    out.push(Delta::Reasoning(text.clone()));
                    out.extend(signature.clone().map(Delta::Signature));
                }
                Part::ToolUse {
                    id,
                    name,
                    signature,
                    ..
                } => {
                    let call = self.tools.iter().find(|(_, (its, _))| *its == at);
                    let (index, json) =
                        call.map_or((0, String::new()), |(i, (_, json))| (*i, json.clone()));
                    out.push(Delta::ToolStart {
                        index,
                        id: id.clone(),
                        name: name.clone(),
                        signature: signature.clone(),
                    });
                    out.push(Delta::ToolArgs { index, json });
                }
                Part::Image(_) | Part::File { .. } | Part::ToolResult { .. } => {}
            }
        }
        out
    }

    /// The answer so far.
    pub fn answer(mut self) -> Answer {
        for (at, arguments) in self.tools.into_values() {
            if let Some(Part::ToolUse { input, .. }) = self.answer.parts.get_mut(at) {
                *input = json::arguments(&arguments);
            }
        }
        self.answer
    }
}
