//! Characters that no model means to write: replacement characters, controls, private ones, UTF-8 read as Latin-1.

use super::{Ended, Exchange, Finding, Findings, clip};

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    let [head, tail] = clip::parts(x.answer);
    let end = if tail.is_empty() { head } else { tail };
    // A limit may fall inside a letter.
    let cut = x.ended == Ended::Length && end.ends_with('\u{FFFD}');
    let damage = damage(head) + damage(tail);
    if damage > u32::from(cut) && !is_excused(x) {
        found.add(Finding::BrokenText);
    }
}

/// The text may be about such characters, or quote them.
fn is_excused(x: &Exchange<'_>) -> bool {
    const WORDS: [&str; 16] = [
        "unicode",
        "utf",
        "encod",
        "mojibake",
        "byte",
        "ascii",
        "charset",
        "terminal",
        "escape",
        "ansi",
        "font",
        "icon",
        "binary",
        "control char",
        "кодиров",
        "编码",
    ];
    x.turns().any(|turn| damage(turn) > 0) || x.mentions(&WORDS)
}

/// How many damaged places there are. Twice-decoded text comes in many places: one alone may be meant.
fn damage(text: &str) -> u32 {
    // In pieces, which the compiler makes fast.
    let is_suspect = |b: &u8| !b.is_ascii() || b.is_ascii_control() && !b.is_ascii_whitespace();
    let mut pieces = text.as_bytes().chunks(64);
    if !pieces.any(|p| p.iter().fold(false, |any, b| any | is_suspect(b))) {
        return 0;
    }
    let (mut certain, mut likely) = (0, 0);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if is_broken(c) {
            certain += 1;
        } else if is_lead(c, chars.clone()) {
            likely += 1;
        }
    }
    if likely > 1 {
        certain + likely
    } else {
        certain
    }
}

const fn is_broken(c: char) -> bool {
    let is_control = matches!(c as u32, 0..=0x8 | 0xB | 0xE..0x20 | 0x7F..=0x9F);
    // Private, never assigned, and planes without anything in them.
    let is_private =
        matches!(c as u32, 0xE000..=0xF8FE | 0xFDD0..=0xFDEF | 0x4_0000..=0xD_FFFF | 0xF_0000..);
    is_control || is_private || c == '\u{FFFD}' || c as u32 & 0xFFFE == 0xFFFE
}

/// Whether this would be the first byte of a letter in UTF-8, and its other bytes follow: `Ã©`, `â€™`, `Ð¿`.
fn is_lead(c: char, mut rest: impl Iterator<Item = char>) -> bool {
    let more = match c {
        '\u{C2}'..='\u{DF}' => 1,
        '\u{E0}'..='\u{EF}' => 2,
        '\u{F0}'..='\u{F4}' => 3,
        _ => return false,
    };
    // Words end in letters like these before a quote is closed: `l'été»…`, `«CAFÉ»`.
    let ends_words = !matches!(c, 'Ã' | 'Â' | 'Ð' | 'Ñ' | 'â');
    (0..more).all(|n| {
        rest.next()
            .is_some_and(|c| is_continuation(c) && !(n == 0 && ends_words && is_closing(c)))
    })
}

const fn is_closing(c: char) -> bool {
    matches!(
        c,
        '»' | '«'
            | '…'
            | '–'
            | '—'
            | '‘'
            | '’'
            | '“'
            | '”'
            | '„'
            | '‚'
            | '‹'
            | '›'
            | '•'
            | '\u{A0}'
    )
}

/// Bytes 80 to BF as Latin-1 or Windows-1252 shows them.
const fn is_continuation(c: char) -> bool {
    matches!(
        c,
        '\u{80}'
            ..='\u{BF}'
                | '€'
                | '‚'
                | 'ƒ'
                | '„'
                | '…'
                | '†'
                | '‡'
                | 'ˆ'
                | '‰'
                | 'Š'
                | '‹'
                | 'Œ'
                | 'Ž'
                | '‘'
                | '’'
                | '“'
                | '”'
                | '•'
                | '–'
                | '—'
                | '˜'
                | '™'
                | 'š'
                | '›'
                | 'œ'
                | 'ž'
                | 'Ÿ'
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, text};
    use super::*;
    use crate::checks::Finding::BrokenText;

    #[test]
    fn damage_is_found() {
        for answer in [
            "The caf\u{FFFD} is open.",
            "The cafÃ© is in the cafÃ© quarter.",
            "Itâ€™s here, and itâ€™s open.",
            "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
            "A bell\u{7} and a null\u{0}.",
            "cite\u{E200}turn0\u{E201}",
            "\u{FDD0}",
        ] {
            assert!(finds(&text("Where is it?", answer), BrokenText), "{answer}");
        }
    }

    #[test]
    fn accents_quotes_emoji_flags_and_tabs_are_none() {
        for answer in [
            "«Voilà», dit-il, «c'est l'été»… Ñandú, São Tomé, ÃO, Ünal – “Â” é™. «CAFÉ», «DÉJÀ», „JÄ“.",
            "ESPAÑA – À la carte, naïveté, 25 °C, £5, ½, ©®™",
            "👩‍👩‍👧 🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F} ❤️ ①\tx\r\n\u{FEFF}",
            "สวัสดี 你好 नमस्ते 𝒳 𝔸 🜁 𠮷",
            "One Ã¼ alone",
        ] {
            assert!(
                !finds(&text("Where is it?", answer), BrokenText),
                "{answer}"
            );
        }
    }

    #[test]
    fn a_text_about_encodings_a_quotation_and_a_cut_letter_are_excused() {
        assert!(!finds(
            &text("What is mojibake?", "Like cafÃ© or naÃ¯ve."),
            BrokenText
        ));
        assert!(!finds(
            &text("What is \u{FFFD}?", "\u{FFFD} is a sign."),
            BrokenText
        ));
        let cut = Exchange {
            ended: Ended::Length,
            ..text("Go on", "and then\u{FFFD}")
        };
        assert!(!finds(&cut, BrokenText));
    }
}
