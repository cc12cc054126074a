//! English words in no order. Two things give them away: neighbours that no sentence has (an article before `of`, `and`,
//! `is`), and a long line that never pauses and has few of the small words that hold sentences together.

use super::{Exchange, Finding, Findings, clip, prose};

/// Words that a noun has to follow, sooner or later.
const ARTICLES: [u64; 8] = packed(["the", "a", "an", "your", "my", "our", "their", "every"]);
/// Words that something has to follow.
const PREPOSITIONS: [u64; 5] = packed(["of", "with", "from", "into", "at"]);
/// What cannot follow an article.
const CLOSERS: [u64; 27] = packed([
    "of", "and", "or", "is", "are", "was", "were", "be", "by", "from", "with", "for", "at", "it",
    "that", "this", "the", "a", "an", "but", "which", "has", "because", "into", "to", "if", "they",
]);
/// What cannot follow a preposition; an article and a sentence can.
const WORSE: [u64; 7] = packed(["of", "and", "or", "is", "are", "was", "but"]);
/// Small words of English; about every second word of a text is one.
const SMALL: [u64; 49] = packed([
    "the", "of", "and", "to", "a", "an", "in", "is", "are", "was", "were", "be", "been", "it",
    "its", "for", "on", "as", "with", "by", "at", "from", "or", "but", "not", "this", "that",
    "these", "you", "your", "they", "their", "we", "i", "he", "she", "his", "her", "my", "can",
    "will", "would", "have", "has", "had", "if", "which", "who", "so",
]);
/// Words without a pause that are more than a list or a title has.
const BREATH: u32 = 28;

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    let mut seen = Seen::default();
    for line in clip::parts(x.answer).into_iter().flat_map(prose::lines) {
        seen.line(line);
    }
    if seen.is_salad() {
        found.add(Finding::WordSalad);
    }
}

/// A word of at most eight letters as a number, so that it is compared with a whole list at once. All longer words are
/// the same, and none of these.
const fn pack(word: &str) -> u64 {
    let word = word.as_bytes();
    let (mut packed, mut at) = (0, 0);
    while at < word.len() && at < 8 {
        packed = packed << 8 | word[at] as u64;
        at += 1;
    }
    if word.len() > 8 { 0 } else { packed }
}

const fn packed<const N: usize>(words: [&str; N]) -> [u64; N] {
    let (mut all, mut at) = ([0; N], 0);
    while at < N {
        all[at] = pack(words[at]);
        at += 1;
    }
    all
}

#[derive(Debug, Clone, Copy)]
enum Opener {
    Article,
    Preposition,
}

#[derive(Debug, Default)]
struct Seen {
    openers: u32,
    impossible: u32,
    /// A stretch without a pause and almost without small words.
    breathless: bool,
}

impl Seen {
    fn line(&mut self, line: &str) {
        let mut opener = None;
        let (mut words, mut small) = (0_u32, 0_u32);
        for word in line.split(' ') {
            let before = opener.take();
            if word.is_empty() || !word.bytes().all(|b| b.is_ascii_lowercase()) {
                (words, small) = (0, 0);
                continue;
            }
            words += 1;
            // Longer ones are on no list.
            if word.len() < 8 {
                let word = pack(word);
                self.impossible += u32::from(before.is_some_and(|o: Opener| o.bars(word)));
                opener = Opener::of(word);
                self.openers += u32::from(opener.is_some());
                small += u32::from(SMALL.contains(&word));
            }
            self.breathless |= words >= BREATH && small >= 2 && small * 6 < words;
        }
    }

    /// Three such places are no slip, where they are one in twelve.
    const fn is_salad(&self) -> bool {
        self.breathless || self.impossible >= 3 && self.impossible * 12 >= self.openers
    }
}

impl Opener {
    fn of(word: u64) -> Option<Self> {
        if ARTICLES.contains(&word) {
            return Some(Self::Article);
        }
        PREPOSITIONS.contains(&word).then_some(Self::Preposition)
    }

    /// Whether no sentence has this word next.
    fn bars(self, word: u64) -> bool {
        match self {
            Self::Article => CLOSERS.contains(&word),
            Self::Preposition => WORSE.contains(&word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, text};
    use super::*;
    use crate::checks::Finding::WordSalad;

    const ASKED: &str = "How does a lock raise a boat?";

    #[test]
    fn words_in_no_order_are_found() {
        for answer in [
            "water the of gate a is closed the and boat. Then a with lower your from lock the the rises valve of and keeper.",
            "ladder velvet under the trumpet harvest oblique a candle ministry seven because of copper window lately \
             orchard thimble sideways the parliament gravel inward soup tangent to marble quietly ledger hinge napkin \
             turnip resolves yesterday",
        ] {
            assert!(finds(&text(ASKED, answer), WordSalad), "{answer}");
        }
    }

    #[test]
    fn sentences_lists_and_other_languages_are_not_found() {
        for answer in [
            "The boat enters, the gate behind it is closed, and water from the upper side is let in through a valve \
             until it is level with the canal, which is when the gate before it can be opened and it may go on.",
            "The word \"the\" is an article, the in-between a joke, and the A is a letter of the alphabet.",
            "gate valve boat keeper water paddle beam sill pound chamber towpath bollard",
            "Le bateau a été levé par la force de l'eau, et la porte a pu être ouverte de la même manière que la \
             première, sans que le gardien ait à faire quoi que ce soit de plus que de tourner une manivelle.",
            "el barco sube porque el agua entra por una válvula que abre el guarda cuando la puerta de abajo ya está \
             cerrada y no se puede abrir mientras el nivel no sea el mismo en los dos lados de la esclusa",
            "```\nthe of the and a is the of a with the is\n```",
        ] {
            assert!(!finds(&text(ASKED, answer), WordSalad), "{answer}");
        }
    }

    #[test]
    fn long_words_are_on_no_list() {
        assert_eq!(pack("because"), pack("because"));
        assert_eq!(pack("something"), 0);
        assert!(SMALL.iter().chain(&CLOSERS).all(|w| *w != 0));
    }
}
