//! What an answer of the door says, and whether it is visibly wrong.

use crate::checks::{self, Ended, Exchange, Format};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Complete, and without an error inside the stream.
    pub(super) whole: bool,
    text: String,
    finish: Option<String>,
}

impl Answer {
    pub(super) fn of(body: &[u8], stream: bool) -> Self {
        if !stream {
            let Ok(document) = serde_json::from_slice::<Value>(body) else {
                return Self::default();
            };
            let mut read = Self {
                whole: true,
                ..Self::default()
            };
            read.take(&document, "message");
            return read;
        }
        let mut read = Self::default();
        for line in String::from_utf8_lossy(body).lines() {
            let Some(data) = line.strip_prefix("data: ") else {
                continue;
            };
            if data == "[DONE]" {
                read.whole = true;
            } else if let Ok(event) = serde_json::from_str::<Value>(data) {
                if event.get("error").is_some() {
                    return Self::default();
                }
                read.take(&event, "delta");
            }
        }
        read
    }

    fn take(&mut self, document: &Value, part: &str) {
        let Some(choice) = document.pointer("/choices/0") else {
            return;
        };
        let text = choice.get(part).and_then(|m| m.get("content"));
        self.text
            .push_str(text.and_then(Value::as_str).unwrap_or_default());
        if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(finish.to_owned());
        }
    }

    /// What is wrong with it as an answer to this; only what is hardly ever found in good ones.
    pub(super) fn looks(&self, asked: &str) -> Option<String> {
        let exchange = Exchange {
            asked,
            before: &[],
            answer: &self.text,
            ended: match self.finish.as_deref() {
                Some("stop") => Ended::Whole,
                Some("length") => Ended::Length,
                _ => Ended::Other,
            },
            format: Format::Text,
            calls: &[],
        };
        let found = checks::check(&exchange).feeding();
        found.iter().next().map(|f| f.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_whole_when_it_says_so_and_has_no_error() {
        let good = "data: {\"choices\":[{\"delta\":{\"content\":\"A quiet\"}}]}\n\n\
                    data: {\"choices\":[{\"delta\":{\"content\":\" day.\"},\"finish_reason\":\"stop\"}]}\n\n\
                    data: [DONE]\n\n";
        let read = Answer::of(good.as_bytes(), true);
        assert!(read.whole);
        assert_eq!(read.text, "A quiet day.");
        assert_eq!(read.looks("How was it?"), None);
        let cut = good.replace("data: [DONE]", "");
        assert!(!Answer::of(cut.as_bytes(), true).whole);
        let error = format!("data: {{\"error\": {{}}}}\n\n{good}");
        assert!(!Answer::of(error.as_bytes(), true).whole);
        assert!(!Answer::of(b"<html>", false).whole);
    }

    #[test]
    fn nonsense_with_a_200_is_seen() {
        let text = "the process of the process of ".repeat(20);
        let body = serde_json::json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]});
        let read = Answer::of(body.to_string().as_bytes(), false);
        assert!(read.whole);
        assert_eq!(
            read.looks("Summarize it."),
            Some("repetition loop".to_owned())
        );
    }
}
