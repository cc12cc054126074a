//! Running text: lines that people read, and the words in them.

use super::fence::Mark;
use crate::model::finding::Script;

/// The lines of running text. Code between fences, rows of tables and lines of markup have rules of their own.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut open: Option<Mark> = None;
    text.lines().filter(move |line| {
        let mark = Mark::of(line);
        match (open, mark) {
            (Some(fence), Some(mark)) if mark.closes(fence) => open = None,
            (None, Some(mark)) => open = Some(mark),
            (None, None) => {
                return !matches!(line.trim_start().as_bytes().first(), Some(b'|' | b'<'));
            }
            (Some(_), _) => {}
        }
        false
    })
}

/// Longer words are taken letter by letter: nobody says them, and a stuck key is seen in them.
const LONGEST: usize = 40;

/// The words of a text; in scripts without spaces, its letters.
pub(super) fn words(text: &str) -> Words<'_> {
    Words {
        rest: text,
        spelled: 0,
    }
}

#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    rest: &'a str,
    /// Bytes at the beginning of the rest that belong to a word that is too long.
    spelled: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.spelled == 0 {
            self.rest = self.rest.split_at(start(self.rest)?).1;
            let len = word_len(self.rest);
            if len <= LONGEST {
                return Some(self.take(len));
            }
            self.spelled = len;
        }
        let letter = self.rest.chars().next()?.len_utf8();
        self.spelled = self.spelled.saturating_sub(letter);
        Some(self.take(letter))
    }
}

impl<'a> Words<'a> {
    fn take(&mut self, len: usize) -> &'a str {
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        word
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || Script::of(c).is_some()
}

/// The letter that begins here, which is none of ASCII's.
fn letter_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// Where the first word begins.
fn start(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let byte = *text.as_bytes().get(at)?;
        if byte.is_ascii_alphanumeric() {
            return Some(at);
        }
        at += if byte.is_ascii() {
            1
        } else {
            let letter = letter_at(text, at)?;
            if is_part(letter) {
                return Some(at);
            }
            letter.len_utf8()
        };
    }
}

/// The length of the word at the beginning, which is at least a letter.
fn word_len(text: &str) -> usize {
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        if byte.is_ascii_alphanumeric() || (byte == b'\'' && at > 0) {
            at += 1;
            continue;
        }
        let letter = if byte.is_ascii() {
            None
        } else {
            letter_at(text, at)
        };
        match letter {
            Some(c) if Script::of(c).is_some_and(Script::is_unspaced) => {
                return if at == 0 { c.len_utf8() } else { at };
            }
            Some(c) if is_part(c) || c == '’' && at > 0 => at += c.len_utf8(),
            _ => break,
        }
    }
    at
}

/// The same for a word in capitals.
pub(super) fn hash(word: &str) -> u32 {
    word.bytes().fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    })
}

pub(super) fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text has one of these words, or a word that begins so. They are written in small letters.
pub(super) fn mentions(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| {
        let spaced = word.is_ascii();
        text.match_indices(word).any(|(at, _)| {
            let before = text.split_at(at).0.chars().next_back();
            !spaced || !before.is_some_and(char::is_alphanumeric)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_words_and_in_scripts_without_spaces_letters() {
        let all = |text| words(text).collect::<Vec<_>>();
        assert_eq!(
            all("Don't stop, 42 – élan!"),
            ["Don't", "stop", "42", "élan"]
        );
        assert_eq!(all("GPT很好 ok"), ["GPT", "很", "好", "ok"]);
        assert_eq!(words(&"a".repeat(60)).count(), 60);
        assert_eq!(all(" …!"), [""; 0]);
    }

    #[test]
    fn code_tables_and_markup_are_not_running_text() {
        let text = "one\n```rust\ncode\n```\n| a | b |\n<td>x</td>\ntwo\n~~~\nmore";
        assert_eq!(lines(text).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_mention_begins_a_word() {
        assert!(mentions("Food in Thailand?", &["thai"]));
        assert!(!mentions("the chin", &["in"]));
        assert!(mentions("请翻译这句话", &["翻译"]));
    }
}
