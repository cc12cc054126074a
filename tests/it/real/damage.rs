//! What goes wrong with answers while the status stays 200.

use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// The answer to another prompt.
    Other,
    /// The right words in no order.
    Shuffled,
    /// Three words in ten in a script that nobody asked for.
    Script,
    /// From the middle on the same words again and again.
    Looped,
    /// Nothing after the middle.
    Half,
    /// Nothing after the first sentence.
    First,
}

impl Damage {
    pub(super) const ALL: [Self; 6] = [
        Self::Other,
        Self::Shuffled,
        Self::Script,
        Self::Looped,
        Self::Half,
        Self::First,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Other => "another prompt's",
            Self::Shuffled => "words shuffled",
            Self::Script => "30 % wrong script",
            Self::Looped => "looped",
            Self::Half => "cut in half",
            Self::First => "first sentence only",
        }
    }

    /// Damages a good answer. `other` is a good answer to another prompt.
    pub(super) fn done_to(self, good: &str, other: &str, rng: &mut Rng) -> String {
        let mut words: Vec<&str> = good.split_whitespace().collect();
        match self {
            Self::Other => return other.to_owned(),
            Self::Shuffled => rng.shuffle(&mut words),
            Self::Script => {
                for word in &mut words {
                    if rng.f64() < 0.3 {
                        *word = ["ภาษาไทย", "这是什么"][rng.usize(..2)];
                    }
                }
            }
            Self::Looped => {
                let half = words.len().div_ceil(2);
                let again = half.min(12);
                for i in half..words.len() {
                    words[i] = words[i - again];
                }
            }
            Self::Half => return good.chars().take(good.chars().count() / 2).collect(),
            Self::First => {
                let end = |pair: &[u8]| {
                    matches!(pair[0], b'.' | b'!' | b'?' | b':') && pair[1].is_ascii_whitespace()
                };
                let end = good.as_bytes().windows(2).position(end);
                return end
                    .and_then(|end| good.get(..=end))
                    .unwrap_or(good)
                    .to_owned();
            }
        }
        words.join(" ")
    }
}
