//! What judges cost, as an estimate. A model of which no price is known costs an unknown amount, never nothing.

use serde::Deserialize;
use std::sync::LazyLock;

/// Micro-dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    input: u64,
    output: u64,
}

impl Price {
    /// From US dollars for a million tokens.
    pub(super) fn per_mtok(input: f64, output: f64) -> Self {
        let [input, output] = [input, output].map(micros);
        Self { input, output }
    }

    /// Micro-dollars for one call, rounded up.
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> u64 {
        let whole = u128::from(self.input) * u128::from(input_tokens)
            + u128::from(self.output) * u128::from(output_tokens);
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// US dollars for a million tokens, in and out.
    pub(super) fn dollars(self) -> [f64; 2] {
        #[expect(
            clippy::cast_precision_loss,
            reason = "at most 10,000 dollars were read"
        )]
        [self.input, self.output].map(|micros| micros as f64 / 1e6)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 10,000 dollars"
)]
fn micros(dollars: f64) -> u64 {
    (dollars * 1e6).round() as u64
}

#[derive(Debug, Deserialize)]
struct List {
    price: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    provider: String,
    models: Vec<String>,
    input_per_mtok: f64,
    output_per_mtok: f64,
}

const TEXT: &str = include_str!("../../assets/prices.toml");

static LIST: LazyLock<List> =
    LazyLock::new(|| toml::from_str(TEXT).expect("the shipped prices parse; a test reads them"));

/// The price of a model at a well-known provider's own address. Exact names only: dated ones have had other prices.
pub(super) fn listed(provider: &str, model: &str) -> Option<Price> {
    LIST.price
        .iter()
        .find(|e| e.provider == provider && e.models.iter().any(|m| m == model))
        .map(|e| Price::per_mtok(e.input_per_mtok, e.output_per_mtok))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::vendor;

    #[test]
    fn a_call_costs_its_tokens_and_no_use_is_rounded_to_nothing() {
        let price = Price::per_mtok(2.0, 8.0);
        assert_eq!(price.of(1_500, 40), 3_320);
        assert_eq!(Price::per_mtok(0.1, 0.5).of(1, 0), 1);
        assert_eq!(price.of(0, 0), 0);
        assert_eq!(price.of(u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(
            format!("{:?}", Price::per_mtok(0.15, 0.6).dollars()),
            "[0.15, 0.6]"
        );
    }

    #[test]
    fn every_shipped_price_is_of_a_known_provider_and_names_its_page_and_day() {
        let mut seen = Vec::new();
        for entry in &LIST.price {
            assert!(vendor::known(&entry.provider).is_some(), "{entry:?}");
            assert!(0.0 < entry.input_per_mtok && entry.input_per_mtok <= entry.output_per_mtok);
            for model in &entry.models {
                assert!(!seen.contains(&model), "{model} twice");
                seen.push(model);
            }
        }
        assert!(seen.len() >= 10);
        let lines = |start: &str| TEXT.lines().filter(|l| l.starts_with(start)).count();
        assert_eq!(lines("source = \"https://"), LIST.price.len());
        assert_eq!(lines("read = \"2026-"), LIST.price.len());
    }

    #[test]
    fn what_is_not_listed_has_no_price() {
        assert!(listed("openai", "gpt-4.1").is_some());
        assert_eq!(listed("openai", "gpt-4.1-long"), None);
        assert_eq!(listed("anthropic", "gpt-4.1"), None);
    }
}
