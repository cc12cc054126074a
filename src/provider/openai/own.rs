//! Requests of our own in these words: what a judge or a canary is asked. A caller's own fields are never touched; here
//! there is no caller, and what is written has to be what the model accepts.

use super::reasons;
use bytes::Bytes;
use serde_json::{Value, json};

/// A model that reasons first does so out of the same limit as what it writes: without room for it the answer is cut off
/// before it begins. What is not used is not paid.
const ROOM: u32 = 8_000;

pub(crate) struct Own<'a> {
    /// What is asked for: it may be a name of ours.
    pub(crate) name: &'a str,
    /// The model that will answer.
    pub(crate) model: &'a str,
    pub(crate) messages: Value,
    /// Tokens that the answer may have.
    pub(crate) limit: u32,
    pub(crate) temperature: Option<f64>,
}

impl Own<'_> {
    /// Models that reason first refuse `max_tokens`, and every temperature but the one they have.
    pub(crate) fn body(self) -> Bytes {
        let mut body = json!({ "model": self.name, "messages": self.messages });
        if reasons(self.model) {
            body["max_completion_tokens"] = self.limit.saturating_add(ROOM).into();
        } else {
            body["max_tokens"] = self.limit.into();
            if let Some(temperature) = self.temperature {
                body["temperature"] = temperature.into();
            }
        }
        Bytes::from(body.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(model: &str, temperature: Option<f64>) -> Value {
        let own = Own {
            name: "p/name",
            model,
            messages: json!([{ "role": "user", "content": "q" }]),
            limit: 200,
            temperature,
        };
        serde_json::from_slice(&own.body()).unwrap()
    }

    #[test]
    fn a_model_that_reasons_first_gets_the_limit_it_accepts_with_room_to_think_and_no_temperature()
    {
        for model in [
            "o3",
            "o4-mini-2025-04-16",
            "gpt-5",
            "gpt-5.1",
            "openai/gpt-5-mini",
        ] {
            assert_eq!(
                body(model, Some(0.0)),
                json!({
                    "model": "p/name",
                    "messages": [{ "role": "user", "content": "q" }],
                    "max_completion_tokens": 8_200,
                }),
                "{model}"
            );
        }
    }

    #[test]
    fn every_other_model_gets_the_older_name_that_all_servers_know() {
        for model in [
            "gpt-4.1-mini",
            "gpt-4o",
            "gpt-5-chat-latest",
            "qwen3",
            "olmo-2",
        ] {
            let written = body(model, Some(0.0));
            assert_eq!(written["max_tokens"], 200, "{model}");
            assert_eq!(written["temperature"], 0.0, "{model}");
            assert_eq!(written.get("max_completion_tokens"), None, "{model}");
        }
        assert_eq!(body("gpt-4.1", None).get("temperature"), None);
    }
}
