//! Code fences that are never closed: the rest of the answer is shown as code, or an extractor finds none.

use super::{Ended, Exchange, Finding, Findings};

/// A line that opens or closes a fence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    sign: u8,
    len: usize,
    /// Nothing behind it: only such a line closes.
    bare: bool,
}

impl Mark {
    pub(super) fn of(line: &str) -> Option<Self> {
        // Fences stand indented in lists, and quoted.
        let line = line.trim_start_matches([' ', '\t', '>']);
        let sign = *line.as_bytes().first()?;
        if !matches!(sign, b'`' | b'~') {
            return None;
        }
        let len = line.bytes().take_while(|b| *b == sign).count();
        let info = line.split_at(len).1.trim();
        // ```like this``` is code within a line.
        let inline = sign == b'`' && info.contains('`');
        (len >= 3 && !inline).then_some(Self {
            sign,
            len,
            bare: info.is_empty(),
        })
    }

    pub(super) const fn closes(self, open: Self) -> bool {
        self.bare && self.sign == open.sign && self.len >= open.len
    }
}

/// Only an answer that says it is whole owes a closed fence. Models put fences into fences of the same length, and
/// begin them in the middle of a line; a text that closes in any reading passes.
pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    if x.ended == Ended::Whole && !is_closed(x.answer) {
        found.add(Finding::OpenFence);
    }
}

fn is_closed(answer: &str) -> bool {
    let mut open: Option<Mark> = None;
    let mut depth = 0_usize;
    for mark in answer.lines().filter_map(Mark::of) {
        match open {
            Some(fence) if mark.closes(fence) => open = None,
            None => open = Some(mark),
            Some(_) => {}
        }
        let closes = mark.bare && depth > 0;
        depth = if closes { depth - 1 } else { depth + 1 };
    }
    let pairs = |open: Mark| {
        let sign = if open.sign == b'`' { "```" } else { "~~~" };
        answer.matches(sign).count() % 2 == 0
    };
    depth == 0 || open.is_none_or(pairs)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, text};
    use super::*;

    fn is_open(answer: &str) -> bool {
        finds(&text("Show me the code.", answer), Finding::OpenFence)
    }

    #[test]
    fn a_fence_without_an_end_is_found() {
        for answer in [
            "Here:\n```rust\nfn main() {}\n",
            "1. First\n   ```\n   code",
            "```\na\n```\n\n~~~text\nb",
            "```\ncode ``",
        ] {
            assert!(is_open(answer), "{answer}");
        }
    }

    #[test]
    fn a_text_that_closes_in_some_reading_is_fine() {
        for answer in [
            "```rust\nfn main() {}\n```",
            "> ```\n> quoted\n> ```",
            "````markdown\n```\ncode\n```\n````",
            "```markdown\n# A title\n```sh\nls\n```\n```\nDone.",
            "Write ```one line``` like this.",
            "Look: ```python\nprint(1)\n```\nDone.",
            "~~~\n```\n~~~",
            "No fence at all, only `code` and ``more``.",
        ] {
            assert!(!is_open(answer), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_was_cut_owes_nothing() {
        let x = Exchange {
            ended: Ended::Length,
            ..text("Show me the code.", "```rust\nfn main() {")
        };
        assert!(!finds(&x, Finding::OpenFence));
    }
}
