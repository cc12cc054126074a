//! Loops: an answer that says the same over and over.
//!
//! A word that stands where it stood `period` words ago continues a loop; the period comes from the last place where
//! the same three words stood. So one walk finds periods of any length up to [`RING`] words, in scripts without spaces
//! by letters. A refrain that comes back after something else is no loop, and numbers that count make none.

use super::{Ended, Exchange, Finding, Findings, clip, prose};

/// Words that are remembered.
const RING: usize = 1024;
/// Places for groups of three words.
const SLOTS: usize = 2048;
/// Words of a period that is a passage: three times in a row is enough, where a phrase takes four.
const PASSAGE: usize = 12;
/// Bytes in the words of a loop, its first round not counted.
const MASS: usize = 120;

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    if clip::parts(x.answer).into_iter().any(has_loop) && !is_excused(x) {
        found.add(Finding::Repetition);
    }
}

/// Holds for data too: white space without end is how a model fails that has to write JSON and cannot.
pub(super) fn stuck(x: &Exchange<'_>, found: &mut Findings) {
    if clip::parts(x.answer).into_iter().any(is_stuck) && !is_excused(x) {
        found.add(Finding::Repetition);
    }
}

/// Repetition was asked for, or was there before.
fn is_excused(x: &Exchange<'_>) -> bool {
    const WORDS: [&str; 26] = [
        "repeat",
        "times",
        "loop",
        "lyric",
        "song",
        "rap",
        "poem",
        "mantra",
        "chant",
        "refrain",
        "chorus",
        "lorem",
        "forever",
        "pattern",
        "copies",
        "over and over",
        "wiederhol",
        "répèt",
        "repit",
        "повтор",
        "песн",
        "重复",
        "歌",
        "繰り返",
        "반복",
        "노래",
    ];
    x.mentions(&WORDS) || (x.ended == Ended::Whole && x.turns().any(has_loop))
}

fn has_loop(text: &str) -> bool {
    if text.len() <= MASS {
        return false;
    }
    let mut scan = Scan::new();
    prose::lines(text).any(|line| {
        let (counter, rest) = counter(line);
        scan.counted |= counter;
        prose::words(rest).any(|word| scan.push(word))
    })
}

/// What a list marks and counts its lines with, taken off: `- `, `12. `, `3) `. A number without a sign behind it is a
/// part of the line.
fn counter(line: &str) -> (bool, &str) {
    let line = line.trim_start_matches([' ', '\t', '-', '*', '#']);
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let counted = rest.len() < line.len() && rest.starts_with(['.', ')']);
    (counted, if counted { rest } else { line })
}

struct Scan {
    ring: [u32; RING],
    /// Where a group of three words ended last, plus one.
    last: [u16; SLOTS],
    n: usize,
    period: usize,
    /// Words in a row that stood a period ago.
    streak: usize,
    mass: usize,
    /// Numbers of list items have been left out of the streak.
    counted: bool,
}

impl Scan {
    const fn new() -> Self {
        Self {
            ring: [0; RING],
            last: [0; SLOTS],
            n: 0,
            period: 0,
            streak: 0,
            mass: 0,
            counted: false,
        }
    }

    /// Whether the loop is long enough with this word.
    fn push(&mut self, word: &str) -> bool {
        let hash = prose::hash(word);
        self.ring[self.n % RING] = hash;
        self.n += 1;
        if self.period > 0 && self.back(self.period) == hash {
            self.streak += 1;
        } else {
            (self.period, self.streak, self.mass, self.counted) = (0, 0, 0, false);
        }
        let seen = self.remember();
        if self.period == 0 && seen > 0 {
            (self.period, self.streak) = (seen, 3);
        }
        if self.period > 0 && !prose::is_number(word) {
            self.mass += word.len();
        }
        self.is_loop()
    }

    /// The word so many words ago.
    const fn back(&self, words: usize) -> u32 {
        self.ring[(self.n - 1 - words) % RING]
    }

    /// How long ago the last three words stood like this, if it was not too long ago; 0 where they did not.
    fn remember(&mut self) -> usize {
        if self.n < 3 {
            return 0;
        }
        let group = [self.back(0), self.back(1), self.back(2)];
        let mixed = group.iter().fold(0_u32, |mixed, h| {
            mixed.rotate_left(9) ^ h.wrapping_mul(0x9E37_79B1)
        });
        let slot = &mut self.last[(mixed >> 16) as usize % SLOTS];
        let before = usize::from(*slot);
        // A part has fewer words than bytes, and fewer bytes than 65536.
        *slot = u16::try_from(self.n).unwrap_or(u16::MAX);
        let ago = self.n.saturating_sub(before);
        let known = before > 0 && ago > 0 && ago + 3 < RING;
        let same = known && (0..3).all(|w| self.back(w) == self.back(w + ago));
        if same { ago } else { 0 }
    }

    const fn is_loop(&self) -> bool {
        let rounds = if self.period >= PASSAGE { 2 } else { 3 };
        // `1. yes`, `2. yes`: labels in a list may well be the same.
        let labels = self.counted && self.period < 3;
        self.period > 0 && self.streak >= rounds * self.period && self.mass >= MASS && !labels
    }
}

/// One sign all the time, or nothing any more for a long time. Lines, rules, blanks to fill in and dots that lead the
/// eye are drawn with signs.
fn is_stuck(text: &str) -> bool {
    const DRAWN: &[u8] = b"-=_*#~.+|/\\:";
    let is_run = |run: &[u8]| {
        let sign = run.first().copied().unwrap_or_default();
        sign.is_ascii_punctuation() && !DRAWN.contains(&sign) && run.iter().all(|b| *b == sign)
    };
    // Any run of 64 has one of these in it.
    let runs = text.as_bytes().chunks_exact(32);
    text.len() - text.trim_end().len() >= 4096 || runs.into_iter().any(is_run)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, lines, text};
    use super::*;
    use crate::checks::Finding::Repetition;

    const ASKED: &str = "How does a bicycle stay upright?";

    #[test]
    fn loops_of_words_phrases_and_passages_are_found() {
        let passage = "The wheel turns towards the fall, and so the frame comes back above it without the rider. ";
        for answer in [
            "the process of the process of ".repeat(12),
            format!("It is a matter of balance. {}", "very ".repeat(60)),
            format!("First of all: {}", passage.repeat(4)),
            lines(1..40, |n| format!("{n}. The front wheel steers\n")),
            format!("Das Rad {}", "lenkt sich von selbst und ".repeat(10)),
        ] {
            assert!(finds(&text(ASKED, &answer), Repetition), "{answer}");
        }
    }

    #[test]
    fn loops_without_spaces_are_found() {
        for answer in [
            "自行车之所以能够保持平衡，".repeat(8),
            "เพราะล้อหมุนไปข้างหน้า".repeat(8),
            format!("It is aa{}", "a".repeat(300)),
            "哈".repeat(80),
            "hahaha".repeat(60),
            "!".repeat(200),
            format!("{{{}", " ".repeat(5000)),
        ] {
            let x = text("为什么自行车不会倒？", &answer);
            assert!(has_loop(x.answer) || is_stuck(x.answer), "{answer}");
        }
    }

    #[test]
    fn tables_rules_code_lists_and_refrains_are_none() {
        let table = "| yes | no | yes |\n".repeat(40);
        let code = format!("```\n{}```\n", "printf(\"line\");\n".repeat(40));
        let verse = |n: u32| {
            format!(
                "Verse {n} tells of road {n} and of hill {n} and nothing more\nRow the boat gently over the water and home\n"
            )
        };
        let refrain = lines(0..12, verse);
        let bottles = lines(1..30, |n| {
            format!("{n} bottles of milk on the wall, {n} bottles of milk. ")
        });
        let labels = lines(1..60, |n| format!("{n}. Positive\n"));
        for answer in [
            table,
            code,
            refrain,
            bottles,
            labels,
            "=".repeat(500),
            "-".repeat(90),
            "Name: ____________________________________________________________________________"
                .to_owned(),
            lines(1..60, |n| format!("- {n} and 6 (at least three)\n")),
            "0, ".repeat(300),
            format!("10^100 is 1{}", "0".repeat(100)),
            "No, no, no, no! Never, never, never again, and again, and again.".to_owned(),
        ] {
            assert!(!finds(&text(ASKED, &answer), Repetition), "{answer}");
        }
    }

    #[test]
    fn what_was_asked_for_may_repeat() {
        let answer = "I will not talk in class. ".repeat(50);
        assert!(finds(&text(ASKED, &answer), Repetition));
        assert!(!finds(&text("Write it fifty times.", &answer), Repetition));
        assert!(!finds(&text(&answer, &answer), Repetition));
    }

    #[test]
    fn a_loop_at_the_end_of_a_long_answer_is_found() {
        let start = lines(0..20_000, |n| format!("word{n} "));
        let answer = start + &"and so it goes on ".repeat(400);
        assert!(finds(&text(ASKED, &answer), Repetition));
    }
}
