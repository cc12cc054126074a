//! Good answers made bad, reproducibly.

use super::real::Case;
use fastrand::Rng;

const THAI: [&str; 8] = [
    "สวัสดี",
    "ครับ",
    "อากาศ",
    "ประเทศ",
    "ขอบคุณ",
    "น้ำ",
    "เวลา",
    "ข้อมูล",
];
const HAN: [&str; 8] = ["信息", "系统", "根据", "时间", "请", "问题", "重要", "处理"];

pub(super) fn words(rng: &mut Rng, answer: &str, percent: usize, thai: bool) -> String {
    let pool = if thai { &THAI } else { &HAN };
    let swap = |word: &str| {
        let chosen = !word.trim().is_empty() && rng.usize(..100) < percent;
        let end = if word.ends_with('\n') { "\n" } else { " " };
        if chosen {
            format!("{}{end}", pool[rng.usize(..pool.len())])
        } else {
            word.to_owned()
        }
    };
    answer.split_inclusive([' ', '\n']).map(swap).collect()
}

/// From the middle on, a few words over and over, up to the length of the answer or to 80 words more.
pub(super) fn looped(rng: &mut Rng, answer: &str) -> String {
    let words: Vec<_> = answer.split_inclusive([' ', '\n']).collect();
    let (first, second) = words.split_at(words.len() / 2);
    let period = rng.usize(1..=second.len().clamp(1, 25));
    let passage = second.get(..period).unwrap_or_default();
    let more = passage.iter().cycle().take(second.len().max(80));
    first.iter().chain(more).copied().collect()
}

/// One byte in a hundred is lost.
pub(super) fn bytes(rng: &mut Rng, answer: &str) -> String {
    let spoil = |byte: u8| {
        if rng.usize(..100) == 0 {
            rng.u8(0x80..)
        } else {
            byte
        }
    };
    let bytes: Vec<_> = answer.bytes().map(spoil).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// UTF-8 read as Latin-1, in a text with typographic quotes.
pub(super) fn decoded_twice(answer: &str) -> String {
    let answer = answer.replace('\'', "’").replace(" - ", " – ");
    answer.bytes().map(char::from).collect()
}

pub(super) fn shuffled(rng: &mut Rng, answer: &str) -> String {
    let mut words: Vec<_> = answer.split_whitespace().collect();
    rng.shuffle(&mut words);
    words.join(" ")
}

/// Somewhere in the middle.
pub(super) fn cut(rng: &mut Rng, text: &str) -> String {
    let at = text.floor_char_boundary(rng.usize(1..text.len().max(2)));
    text.split_at(at).0.to_owned()
}

/// The last fence is missing.
pub(super) fn unfenced(answer: &str) -> Option<String> {
    let (before, after) = answer.rsplit_once("\n```")?;
    Some(format!("{before}{after}"))
}

pub(super) fn with_answer(case: &Case, answer: String) -> Case {
    Case {
        answer,
        ..case.clone()
    }
}
