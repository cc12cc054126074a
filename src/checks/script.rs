//! Which writing a letter belongs to. Only letters: digits, signs and emoji belong to everybody.

use crate::model::finding::Script;

impl Script {
    pub(super) const ALL: [Self; 16] = [
        Self::Latin,
        Self::Greek,
        Self::Cyrillic,
        Self::Armenian,
        Self::Hebrew,
        Self::Arabic,
        Self::Devanagari,
        Self::Bengali,
        Self::Indic,
        Self::Thai,
        Self::SoutheastAsian,
        Self::Georgian,
        Self::Hangul,
        Self::Ethiopic,
        Self::Kana,
        Self::Han,
    ];

    /// Blocks of Unicode, letters with their own marks; digits, punctuation and marks that go with any script are nobody's.
    pub(super) const fn of(c: char) -> Option<Self> {
        Some(match c as u32 {
            0x41..=0x5A
            | 0x61..=0x7A
            | 0xC0..=0xD6
            | 0xD8..=0xF6
            | 0xF8..=0x24F
            | 0x1E00..=0x1EFF => Self::Latin,
            0x370..=0x373
            | 0x376..=0x377
            | 0x37B..=0x37D
            | 0x386
            | 0x388..=0x3FF
            | 0x1F00..=0x1FFF => Self::Greek,
            0x400..=0x481 | 0x48A..=0x52F => Self::Cyrillic,
            0x531..=0x556 | 0x561..=0x587 => Self::Armenian,
            0x591..=0x5C7 | 0x5D0..=0x5EA => Self::Hebrew,
            0x620..=0x65F
            | 0x66E..=0x6D3
            | 0x6FA..=0x6FF
            | 0x750..=0x77F
            | 0xFB50..=0xFDC7
            | 0xFE70..=0xFEFC => Self::Arabic,
            0x900..=0x963 | 0x971..=0x97F => Self::Devanagari,
            0x980..=0x9E5 => Self::Bengali,
            0xA00..=0xDFF => Self::Indic,
            0xE01..=0xE3A | 0xE40..=0xE4E => Self::Thai,
            0xE80..=0xECF | 0xF40..=0xFBC | 0x1000..=0x109F | 0x1780..=0x17D3 => {
                Self::SoutheastAsian
            }
            0x10A0..=0x10FF => Self::Georgian,
            0x1100..=0x11FF | 0x3131..=0x318E | 0xAC00..=0xD7A3 => Self::Hangul,
            0x1200..=0x135A => Self::Ethiopic,
            0x3041..=0x3096
            | 0x309D..=0x309F
            | 0x30A1..=0x30FA
            | 0x30FC..=0x30FF
            | 0xFF66..=0xFF9D => Self::Kana,
            0x3005..=0x3007
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF
            | 0xF900..=0xFAFF
            | 0x2_0000..=0x3_134F => Self::Han,
            _ => return None,
        })
    }

    /// Written without spaces between words.
    pub(super) const fn is_unspaced(self) -> bool {
        matches!(
            self,
            Self::Thai | Self::SoutheastAsian | Self::Kana | Self::Han
        )
    }
}

/// The scripts that occur in some texts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scripts(u16);

impl Scripts {
    pub(super) fn of(text: &str) -> Self {
        let foreign = text.chars().filter(|c| !c.is_ascii());
        foreign
            .filter_map(Script::of)
            .fold(Self::default(), Self::with)
    }

    pub(super) const fn with(self, script: Script) -> Self {
        Self(self.0 | 1 << script as u16)
    }

    pub(super) const fn contains(self, script: Script) -> bool {
        self.0 & 1 << script as u16 != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn are_among(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    pub(super) const fn has_more_than_latin(self) -> bool {
        self.0 & !(1 << Script::Latin as u16) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_a_script_and_signs_have_none() {
        for (text, script) in [
            ("Zażółć", Script::Latin),
            ("λόγος", Script::Greek),
            ("слово", Script::Cyrillic),
            ("שלום", Script::Hebrew),
            ("سلام", Script::Arabic),
            ("नमस्ते", Script::Devanagari),
            ("தமிழ்", Script::Indic),
            ("สวัสดี", Script::Thai),
            ("한국어", Script::Hangul),
            ("ひらカタ", Script::Kana),
            ("漢字", Script::Han),
        ] {
            assert!(
                text.chars().all(|c| Script::of(c) == Some(script)),
                "{text}"
            );
        }
        let signs = "1٣ .,!?«»—…\u{301}😀→×÷∑√≤°€";
        assert!(signs.chars().all(|c| Script::of(c).is_none()));
    }
}
