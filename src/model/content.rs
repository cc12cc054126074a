//! What may quote a prompt or an answer, and is left out where nobody asked for it: in journals, in lines of JSON, at the
//! operators' door. One rule for all of them (`journal.content`); the screen in the router's own process has all.

use super::{Event, Kind, Snapshot};
use std::{borrow::Cow, sync::Arc};

impl Event {
    pub fn without_content(&self) -> Cow<'_, Self> {
        let has_some = matches!(
            &self.kind,
            Kind::Score { reason, answer, .. } if !reason.is_empty() || !answer.is_empty()
        );
        if !has_some {
            return Cow::Borrowed(self);
        }
        let mut event = self.clone();
        if let Kind::Score { reason, answer, .. } = &mut event.kind {
            (*reason, *answer) = (String::new(), String::new());
        }
        Cow::Owned(event)
    }
}

impl Snapshot {
    #[must_use]
    pub fn without_content(mut self) -> Self {
        for d in &mut self.deployments {
            for judged in Arc::make_mut(&mut d.scores) {
                (judged.reason, judged.answer) = (String::new(), String::new());
            }
        }
        for event in Arc::make_mut(&mut self.events) {
            if let Cow::Owned(bare) = event.without_content() {
                *event = Arc::new(bare);
            }
        }
        self
    }
}

/// The first words of a text, on one line: as many characters as are asked for. What would move a cursor, or turn the
/// direction of what follows, is replaced.
pub fn first_words(text: &str, chars: usize) -> String {
    let is_bidi = |c: char| matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let words = text.split_whitespace().enumerate();
    let folded = words.flat_map(|(n, word)| (n > 0).then_some(' ').into_iter().chain(word.chars()));
    let shown = folded.map(|c| {
        if c.is_control() || is_bidi(c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    });
    shown.take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words_stand_on_one_line_and_move_no_cursor() {
        let text = "  One\n\n two\u{1b}[2J\u{202e}three\tfour";
        assert_eq!(
            first_words(text, 99),
            "One two\u{fffd}[2J\u{fffd}three four"
        );
        assert_eq!(first_words("äöü abc", 5), "äöü a");
        assert_eq!(first_words(" \n ", 5), "");
    }
}
