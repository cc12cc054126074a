//! A judge that is arithmetic: how much an answer agrees with what other models answered to the same prompt.
//!
//! Three measures, each held against how much those others agree among themselves, since two poems share less than
//! two recipes: pairs of words (ROUGE-2: their order), the cosine of rare words (the subject), and the share of rare
//! words that is met (completeness). The weakest of the three counts, less what the answer repeats of itself. It reads
//! words and nothing else: a wrong number in a right sentence is beyond it.

use super::stats::percentile;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Added to what the references agree, so that two that share nothing do not divide by nothing.
const LITTLE: f64 = 0.02;

/// Words are compared by this number and without their commonest endings.
fn number(word: &str) -> u64 {
    let lower = word.to_lowercase();
    let stem = ["ing", "ed", "es", "s", "ly"]
        .iter()
        .find_map(|end| lower.strip_suffix(end).filter(|left| left.len() > 2))
        .unwrap_or(&lower);
    stem.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

fn join(words: &[u64]) -> u64 {
    words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(0, mix)
}

fn words(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(number)
        .collect()
}

/// What occurs how often, sorted.
type Bag = Vec<(u64, u32)>;

fn bag(mut all: Vec<u64>) -> Bag {
    all.sort_unstable();
    all.chunk_by(PartialEq::eq)
        .map(|same| (same[0], u32::try_from(same.len()).unwrap()))
        .collect()
}

/// What both have: its number, and its place in each.
fn common<A, B>(a: &[(u64, A)], b: &[(u64, B)], mut each: impl FnMut(&A, &B)) {
    let (mut i, mut j) = (0, 0);
    while let (Some((x, left)), Some((y, right))) = (a.get(i), b.get(j)) {
        if x == y {
            each(left, right);
        }
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
}

/// How rare each word is, learned from texts that are not judged.
#[derive(Debug)]
pub(super) struct Rarity {
    texts: f64,
    seen: HashMap<u64, f64>,
}

impl Rarity {
    pub(super) fn learn(texts: impl Iterator<Item = String>) -> Self {
        let (mut all, mut seen) = (0.0, HashMap::new());
        for text in texts {
            all += 1.0;
            for word in words(&text).into_iter().collect::<HashSet<_>>() {
                *seen.entry(word).or_insert(0.0) += 1.0;
            }
        }
        Self { texts: all, seen }
    }

    fn of(&self, word: u64) -> f64 {
        let seen = self.seen.get(&word).copied().unwrap_or_default();
        ((self.texts + 1.0) / (seen + 0.5)).ln()
    }
}

/// What is kept of a word of a text.
#[derive(Debug)]
struct Weight {
    rarity: f64,
    /// Its part of the text's direction; all squares add up to 1.
    part: f64,
}

/// What is kept of a text.
#[derive(Debug)]
pub(super) struct Text {
    words: Vec<(u64, Weight)>,
    rarity: f64,
    pairs: Bag,
    all_pairs: f64,
    /// The share of its runs of four words that it has had before.
    repeated: f64,
}

impl Text {
    pub(super) fn new(text: &str, rarity: &Rarity) -> Self {
        let plain = words(text);
        let mut weights: Vec<_> = bag(plain.clone())
            .into_iter()
            .map(|(word, n)| {
                let rarity = rarity.of(word);
                let part = (1.0 + f64::from(n).ln()) * rarity;
                (word, Weight { rarity, part })
            })
            .collect();
        let length = weights.iter().map(|(_, w)| w.part.powi(2)).sum::<f64>();
        for (_, weight) in &mut weights {
            weight.part /= length.sqrt();
        }
        let runs = bag(plain.windows(4).map(join).collect());
        let all: f64 = runs.iter().map(|(_, n)| f64::from(*n)).sum();
        let again: f64 = runs.iter().map(|(_, n)| f64::from(n - 1)).sum();
        // Its ends are words too, so that a text of one word has pairs.
        let ended = [&[0], &plain[..], &[1]].concat();
        let pairs = bag(ended.windows(2).map(join).collect());
        Self {
            rarity: weights.iter().map(|(_, w)| w.rarity).sum(),
            all_pairs: pairs.iter().map(|(_, n)| f64::from(*n)).sum(),
            repeated: again / all.max(1.0),
            words: weights,
            pairs,
        }
    }

    /// Order, subject and completeness, each from 0 to 1.
    fn beside(&self, reference: &Self) -> [f64; 3] {
        let mut pairs = 0.0;
        common(&self.pairs, &reference.pairs, |a, b| {
            pairs += f64::from(*a.min(b));
        });
        let (mut cosine, mut met) = (0.0, 0.0);
        common(&self.words, &reference.words, |a, b| {
            cosine += a.part * b.part;
            met += b.rarity;
        });
        [
            2.0 * pairs / (self.all_pairs + reference.all_pairs),
            cosine,
            met / reference.rarity.max(f64::MIN_POSITIVE),
        ]
    }
}

fn average(all: &[[f64; 3]]) -> [f64; 3] {
    let of = |i: usize| super::stats::mean(&all.iter().map(|m| m[i]).collect::<Vec<_>>());
    [of(0), of(1), of(2)]
}

/// What other models answered to a prompt, and how much they agree among themselves.
#[derive(Debug)]
pub(super) struct References {
    texts: Vec<Arc<Text>>,
    agree: [f64; 3],
    repeated: f64,
}

impl References {
    pub(super) fn new(texts: Vec<Arc<Text>>) -> Self {
        let mut pairs = Vec::new();
        for a in &texts {
            let others = texts.iter().filter(|b| !Arc::ptr_eq(a, b));
            pairs.extend(others.map(|b| a.beside(b)));
        }
        Self {
            // A single reference agrees with itself.
            agree: if pairs.is_empty() {
                [1.0; 3]
            } else {
                average(&pairs)
            },
            repeated: texts.iter().map(|t| t.repeated).fold(0.0, f64::max),
            texts,
        }
    }

    /// About 1: the answer agrees with them as they do with each other.
    pub(super) fn agreement(&self, answer: &Text) -> f64 {
        let all: Vec<_> = self.texts.iter().map(|t| answer.beside(t)).collect();
        let found = average(&all);
        let weakest = (0..3)
            .map(|i| found[i] / (self.agree[i] + LITTLE))
            .fold(f64::INFINITY, f64::min);
        (weakest - (answer.repeated - self.repeated).max(0.0)).max(0.0)
    }
}

/// From agreement to a score, in straight pieces that only rise.
#[derive(Debug)]
pub(super) struct Curve([(f64, f64); 5]);

impl Curve {
    /// One good answer in ten is to fall below the pass mark of 0.70 and half of them below 0.88; half of the
    /// damaged ones are to stay under 0.25. That is how the judges behave that the breaker was designed with.
    pub(super) fn fit(good: &[f64], damaged: &[f64]) -> Self {
        let curve = [
            (0.0, 0.0),
            (percentile(damaged, 50), 0.25),
            (percentile(good, 10), 0.70),
            (percentile(good, 50), 0.88),
            (percentile(good, 100), 1.0),
        ];
        assert!(curve.is_sorted_by(|a, b| a.0 < b.0), "{curve:?}");
        Self(curve)
    }

    pub(super) fn score(&self, agreement: f64) -> f64 {
        let piece = self.0.windows(2).find(|piece| agreement <= piece[1].0);
        piece.map_or(1.0, |piece| {
            let ((x0, y0), (x1, y1)) = (piece[0], piece[1]);
            y0 + (y1 - y0) * (agreement - x0) / (x1 - x0)
        })
    }
}
