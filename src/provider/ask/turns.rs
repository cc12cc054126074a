//! The same request with a few turns more at its end, for a provider that has to go on where another broke off.

use super::Ask;
use crate::model::Dialect;
use bytes::Bytes;
use serde_json::{Value, json};

impl Ask {
    /// With what the assistant has said so far as the last turn and, after it, what the user asks for now.
    pub fn continued(&self, said: &str, then: Option<&str>) -> Option<Self> {
        let turns = std::iter::once(turn(self.door, true, said))
            .chain(then.map(|text| turn(self.door, false, text)));
        let at = self.at.messages.clone();
        let is_text = self.bytes(at.clone()).starts_with(b"\"");
        let end = if is_text {
            at.end
        } else {
            at.end.checked_sub(1)?
        };
        let (before, after) = self.body.split_at_checked(end)?;
        let is_empty = before.trim_ascii_end().ends_with(b"[");
        let mut body = before.to_vec();
        // An input of one text is what the user says first.
        if is_text {
            body.splice(at.start..at.start, *br#"[{"role":"user","content":"#);
            body.push(b'}');
        }
        for (i, turn) in turns.enumerate() {
            if i > 0 || !is_empty {
                body.push(b',');
            }
            body.extend_from_slice(turn.to_string().as_bytes());
        }
        if is_text {
            body.push(b']');
        }
        body.extend_from_slice(after);
        let read = Self::read(self.door, Bytes::from(body)).ok()?;
        Some(Self {
            model: self.model.clone(),
            stream: self.stream,
            ..read
        })
    }
}

fn turn(door: Dialect, assistant: bool, text: &str) -> Value {
    match door {
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Responses => {
            json!({ "role": if assistant { "assistant" } else { "user" }, "content": text })
        }
        Dialect::Gemini => {
            json!({ "role": if assistant { "model" } else { "user" }, "parts": [{ "text": text }] })
        }
        Dialect::Bedrock => {
            json!({ "role": if assistant { "assistant" } else { "user" }, "content": [{ "text": text }] })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(door: Dialect, body: &'static str) -> Ask {
        Ask::read(door, Bytes::from_static(body.as_bytes())).expect("a good request")
    }

    #[test]
    fn turns_are_added_at_the_end_and_the_rest_stays_byte_by_byte() {
        let chat = ask(
            Dialect::OpenAi,
            r#"{"model":"r", "messages" : [ {"role":"user","content":"hi"} ] ,"stream":true,"x":1.50}"#,
        );
        let more = chat
            .continued("so \"far\"", Some("go on"))
            .expect("an array");
        assert_eq!(
            more.body,
            concat!(
                r#"{"model":"r", "messages" : [ {"role":"user","content":"hi"} ,"#,
                r#"{"role":"assistant","content":"so \"far\""},{"role":"user","content":"go on"}] ,"stream":true,"x":1.50}"#
            )
        );
        assert!(more.stream);
        assert_eq!(more.prompt_text(), "go on");
    }

    #[test]
    fn gemini_calls_the_assistant_a_model() {
        let chat = ask(Dialect::Gemini, r#"{"contents":[]}"#);
        let more = chat.continued("so far", None).expect("an array");
        assert_eq!(
            more.body,
            r#"{"contents":[{"role":"model","parts":[{"text":"so far"}]}]}"#
        );
    }

    #[test]
    fn an_input_of_one_text_becomes_a_list() {
        let asked = ask(
            Dialect::Responses,
            r#"{"model":"r","input": "hi\n","stream":true}"#,
        );
        let more = asked.continued("so far", Some("go on")).expect("an input");
        assert_eq!(
            more.body,
            concat!(
                r#"{"model":"r","input": [{"role":"user","content":"hi\n"},{"role":"assistant","content":"so far"},"#,
                r#"{"role":"user","content":"go on"}],"stream":true}"#
            )
        );
        assert_eq!(more.prompt_text(), "go on");
    }
}
