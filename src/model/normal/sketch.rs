//! Numbers of one measure as sparse counts, so that any number of hours and weeks can be added up.
//!
//! Times, rates and shares of errors are kept to 3 %, scores to half a hundredth.

use super::{Band, Measure};
use serde::{Deserialize, Serialize};

/// The step between two numbers that are told apart.
const STEP: f64 = 1.03;
const SCORE_STEP: f64 = 0.005;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Sketch(Vec<(u16, u16)>);

/// The smallest amount that matters: linear below it, logarithmic above.
const fn unit(measure: Measure) -> f64 {
    match measure {
        Measure::Errors | Measure::P95 => 0.001,
        Measure::Judge => SCORE_STEP,
        Measure::Rate => 0.1,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u16 first"
)]
fn key(measure: Measure, value: f64) -> u16 {
    let steps = match measure {
        Measure::Judge => value / SCORE_STEP,
        _ => (1.0 + value / unit(measure)).ln() / STEP.ln(),
    };
    steps.round().clamp(0.0, f64::from(u16::MAX)) as u16
}

fn value(measure: Measure, key: u16) -> f64 {
    match measure {
        Measure::Judge => f64::from(key) * SCORE_STEP,
        _ => unit(measure) * (STEP.powi(i32::from(key)) - 1.0),
    }
}

impl Sketch {
    pub(super) fn push(&mut self, measure: Measure, value: f64) {
        self.count(key(measure, value), 1);
    }

    fn count(&mut self, key: u16, n: u16) {
        match self.0.binary_search_by_key(&key, |(k, _)| *k) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(n),
            Err(at) => self.0.insert(at, (key, n)),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for &(key, n) in &other.0 {
            self.count(key, n);
        }
    }

    pub(super) fn n(&self) -> u32 {
        self.0.iter().map(|(_, n)| u32::from(*n)).sum()
    }

    /// What a file may hold: in order, and nothing that overflows a number.
    pub(super) fn is_sound(&self) -> bool {
        const MOST: u16 = 1_000;
        self.0.is_sorted_by(|a, b| a.0 < b.0) && self.0.iter().all(|(key, _)| *key < MOST)
    }

    /// None of too few minutes.
    pub(super) fn band(&self, measure: Measure, least: u32) -> Option<Band> {
        let n = self.n();
        let at = |percent| value(measure, self.percentile(n, percent));
        (n >= least.max(1)).then(|| Band {
            low: at(5),
            mid: at(50),
            high: at(95),
            n,
        })
    }

    /// By nearest rank.
    fn percentile(&self, n: u32, percent: u32) -> u16 {
        let rank = n.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reaches = |(_, n): &&(u16, u16)| {
            seen += u32::from(*n);
            seen >= rank
        };
        self.0.iter().find(reaches).map_or(0, |(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(measure: Measure, values: impl IntoIterator<Item = f64>) -> Sketch {
        let mut sketch = Sketch::default();
        for value in values {
            sketch.push(measure, value);
        }
        sketch
    }

    #[test]
    fn a_band_is_the_5th_the_50th_and_the_95th_percentile_by_nearest_rank() {
        let hundred = (1..=100).map(|i| f64::from(i) / 100.0);
        let band = of(Measure::Judge, hundred).band(Measure::Judge, 30);
        let band = band.expect("there are a hundred");
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(band.low, 0.05) && near(band.mid, 0.50) && near(band.high, 0.95));
        assert_eq!(band.n, 100);
    }

    #[test]
    fn too_few_minutes_make_no_band() {
        let two = of(Measure::P95, [1.0, 2.0]);
        assert_eq!(two.band(Measure::P95, 3), None);
        assert_eq!(Sketch::default().band(Measure::P95, 0), None);
    }

    proptest! {
        #[test]
        fn a_number_is_kept_to_three_percent(x in 0.0..3_600.0f64) {
            for measure in [Measure::P95, Measure::Rate, Measure::Errors] {
                let kept = of(measure, [x]).band(measure, 1).unwrap().mid;
                prop_assert!((kept - x).abs() <= 0.016 * (x + unit(measure)), "{measure:?} {x} {kept}");
            }
        }

        #[test]
        fn sketches_add_up_to_the_sketch_of_all(a in prop::collection::vec(0.0..9.0f64, 0..50), b in prop::collection::vec(0.0..9.0f64, 0..50)) {
            let mut sum = of(Measure::P95, a.clone());
            sum.add(&of(Measure::P95, b.clone()));
            prop_assert!(sum.is_sound());
            prop_assert_eq!(sum, of(Measure::P95, a.into_iter().chain(b)));
        }
    }
}
