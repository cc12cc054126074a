//! When each part of an answer is due.

use super::{behaviour::Behaviour, luck::Luck};
use bytes::Bytes;
use std::time::Duration;

/// A part of a body, and when it is due after the request came in.
pub(super) type Frame = (Duration, Bytes);

#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    first: f64,
    per_token: f64,
}

impl Pace {
    pub(super) fn draw(behaviour: &Behaviour, speed: f64, luck: &mut Luck) -> Self {
        let factor = behaviour.latency_factor / speed.max(f64::MIN_POSITIVE);
        let first = luck.lognormal(behaviour.first_token.as_secs_f64(), behaviour.spread);
        // A request keeps its own pace: the spread is that of batches that fill up and empty.
        let pace = luck.lognormal(behaviour.pace.max(1.0), 0.15);
        Self {
            first: first * factor,
            per_token: factor / pace,
        }
    }

    /// When an answer of so many tokens has got so far.
    #[expect(clippy::cast_precision_loss, reason = "tokens of one answer")]
    pub(super) fn at(&self, tokens: u64) -> Duration {
        let seconds = self.first + self.per_token * tokens as f64;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// When a refusal is out: it waits for no model.
    pub(super) fn refusal(&self) -> Duration {
        self.at(0) / 6
    }
}

/// Text in the portions in which a vendor sends it: about so many tokens each, and never inside a character.
pub(super) fn portions(text: &str, tokens: usize, luck: &mut Luck) -> Vec<String> {
    let mut made = Vec::new();
    let mut current = String::new();
    let mut left = tokens;
    for word in text.split_inclusive(char::is_whitespace) {
        current.push_str(word);
        left = left.saturating_sub(word.chars().count().div_ceil(4));
        if left == 0 {
            made.push(std::mem::take(&mut current));
            left = 1 + luck.below(tokens * 2 - 1);
        }
    }
    if !current.is_empty() {
        made.push(current);
    }
    made
}
