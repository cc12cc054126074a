//! What a scripted provider says, in its own dialect.

use crate::upstream::{Asked, Do, by, chunk, end, json, sse_head};
use breakerbox::model::Dialect;
use serde_json::{Value, json as value};

/// Tokens in and out, as a provider bills them.
pub(crate) type Usage = (u64, u64);

/// An answer of sixty tokens, every one a word of its own.
pub(crate) const SIXTY: &str = "Early one morning the harbour lay under thin fog while fishermen mended their \
    nets beside wooden boats and gulls circled above looking for scraps that nobody wanted until finally a \
    small red tug came round past old lighthouse rocks blowing its horn twice so everyone looked up, waved, \
    laughed loudly, then went back to work again, whistling quietly as before.";

/// The tokens of a text: words with the space before them.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let of = |(from, to): (&usize, usize)| text.get(*from..to).expect("a space is one byte");
    starts.iter().zip(ends).map(of).collect()
}

/// The text of some of the tokens.
pub(crate) fn part(text: &str, which: std::ops::Range<usize>) -> String {
    tokens(text).get(which).expect("so many tokens").concat()
}

/// A provider of one dialect, with the name of its model and what it bills.
#[derive(Debug, Clone)]
pub(crate) struct Voice {
    pub(crate) dialect: Dialect,
    pub(crate) model: &'static str,
    pub(crate) usage: Usage,
}

impl Voice {
    /// Says `text` as it is asked to: streamed or whole.
    pub(crate) fn answers(&self, text: &str) -> Vec<Do> {
        let (voice, text) = (self.clone(), text.to_owned());
        by(move |asked| voice.answer(asked, &text))
    }

    pub(crate) fn answer(&self, asked: &Asked, text: &str) -> Vec<Do> {
        if asked.json()["stream"] == true {
            self.stream(text)
        } else {
            self.whole(text)
        }
    }

    pub(crate) fn whole(&self, text: &str) -> Vec<Do> {
        json(200, &[], &self.whole_body(text).to_string())
    }

    pub(crate) fn whole_body(&self, text: &str) -> Value {
        let (input, output) = self.usage;
        match self.dialect {
            Dialect::Anthropic => value!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": self.model,
                "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": input, "output_tokens": output}
            }),
            _ => value!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": self.model,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output}
            }),
        }
    }

    /// A whole stream, token by token.
    pub(crate) fn stream(&self, text: &str) -> Vec<Do> {
        let mut steps = self.opening();
        steps.extend(self.tokens(text));
        steps.extend(self.closing());
        steps
    }

    /// The head and what comes before the first content.
    pub(crate) fn opening(&self) -> Vec<Do> {
        self.open(&value!({"type": "text", "text": ""}))
    }

    /// The same for an answer that begins with thoughts.
    pub(crate) fn thinking(&self) -> Vec<Do> {
        self.open(&value!({"type": "thinking", "thinking": "", "signature": ""}))
    }

    fn open(&self, block: &Value) -> Vec<Do> {
        let events = if self.dialect == Dialect::Anthropic {
            let message = value!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": self.model, "content": [],
                "stop_reason": null, "stop_sequence": null,
                "usage": {"input_tokens": self.usage.0, "output_tokens": 1}
            });
            vec![
                named(&value!({"type": "message_start", "message": message})),
                named(&value!({"type": "content_block_start", "index": 0, "content_block": block})),
                named(&value!({"type": "ping"})),
            ]
        } else {
            vec![self.delta(&value!({"role": "assistant", "content": ""}), &Value::Null)]
        };
        let mut steps = vec![sse_head()];
        steps.extend(events.iter().map(|e| chunk(e)));
        steps
    }

    /// An event with a piece of a thought.
    pub(crate) fn thought(&self, text: &str) -> Do {
        let event = if self.dialect == Dialect::Anthropic {
            let delta = value!({"type": "thinking_delta", "thinking": text});
            named(&value!({"type": "content_block_delta", "index": 0, "delta": delta}))
        } else {
            self.delta(&value!({"reasoning_content": text}), &Value::Null)
        };
        chunk(&event)
    }

    pub(crate) fn tokens(&self, text: &str) -> Vec<Do> {
        tokens(text).into_iter().map(|t| self.token(t)).collect()
    }

    /// An event with a piece of text.
    pub(crate) fn token(&self, text: &str) -> Do {
        self.raw_token(&Value::from(text).to_string())
    }

    /// The same with the text as it stands in JSON, quotes included.
    pub(crate) fn raw_token(&self, quoted: &str) -> Do {
        const HERE: &str = "\"<here>\"";
        let event = match self.dialect {
            Dialect::Anthropic => named(&value!({
                "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "<here>"}
            })),
            _ => self.delta(&value!({"content": "<here>"}), &Value::Null),
        };
        chunk(&event.replace(HERE, quoted))
    }

    /// The events that say why it ended and what it costs; without the end mark.
    pub(crate) fn finish(&self) -> Vec<Do> {
        let (input, output) = self.usage;
        let events = if self.dialect == Dialect::Anthropic {
            let reason = value!({"stop_reason": "end_turn", "stop_sequence": null});
            let usage = value!({"output_tokens": output});
            [
                named(&value!({"type": "content_block_stop", "index": 0})),
                named(&value!({"type": "message_delta", "delta": reason, "usage": usage})),
            ]
        } else {
            let total = input + output;
            let usage = value!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": total});
            let bill = value!({
                "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.model,
                "choices": [], "usage": usage
            });
            [
                self.delta(&value!({}), &Value::from("stop")),
                format!("data: {bill}\n\n"),
            ]
        };
        events.iter().map(|e| chunk(e)).collect()
    }

    /// The end mark and the end of the body.
    pub(crate) fn closing(&self) -> Vec<Do> {
        let mut steps = self.finish();
        steps.push(chunk(&match self.dialect {
            Dialect::Anthropic => named(&value!({"type": "message_stop"})),
            _ => "data: [DONE]\n\n".to_owned(),
        }));
        steps.push(end());
        steps
    }

    /// An event that was cut in the middle of its JSON.
    pub(crate) fn malformed(&self) -> Do {
        chunk(match self.dialect {
            Dialect::Anthropic => {
                "event: content_block_delta\ndata: {\"type\":\"content_block_del\n\n"
            }
            _ => "data: {\"id\":\"chatcmpl-1\",\"cho\n\n",
        })
    }

    /// An error inside a stream that began with 200.
    pub(crate) fn in_band_error(&self) -> Do {
        chunk(&match self.dialect {
            Dialect::Anthropic => {
                named(&self.error_body("overloaded_error", "overloaded_error", "Overloaded"))
            }
            _ => format!(
                "data: {}\n\n",
                self.error_body("server_error", "server_error", "overloaded")
            ),
        })
    }

    /// An answer with an error status, and the provider's words for it.
    pub(crate) fn refuses(
        &self,
        status: u16,
        headers: &[(&str, &str)],
        code: &str,
        message: &str,
    ) -> Vec<Do> {
        let kind = match (self.dialect, status) {
            (_, 429) => "rate_limit_error",
            (Dialect::Anthropic, 500..) => "api_error",
            (_, 500..) => "server_error",
            _ => "invalid_request_error",
        };
        json(
            status,
            headers,
            &self.error_body(kind, code, message).to_string(),
        )
    }

    fn error_body(&self, kind: &str, code: &str, message: &str) -> Value {
        match self.dialect {
            Dialect::Anthropic => {
                value!({"type": "error", "error": {"type": kind, "message": message}})
            }
            _ => value!({"error": {"message": message, "type": kind, "param": null, "code": code}}),
        }
    }

    fn delta(&self, delta: &Value, finish: &Value) -> String {
        let event = value!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]
        });
        format!("data: {event}\n\n")
    }
}

/// Anthropic's events carry their type as a name too.
fn named(event: &Value) -> String {
    format!(
        "event: {}\ndata: {event}\n\n",
        event["type"].as_str().unwrap_or_default()
    )
}
