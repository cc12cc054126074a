//! Judges in time, and how they err.
//!
//! The figures of a healthy judge are those the breaker's design was simulated with: a mixture around 0.87 with 0.7 % of
//! the scores below 0.3 and 10.4 % below 0.7; a continuous one of 0.88 ± 0.12; whole numbers from 0 to 10 with
//! 0.85 ± 0.16. Garbage has a mean of 0.25, and one in twenty passes for a good answer. Scores are
//! independent, but for as many second opinions as the scenario's `correlation` says.

use super::{
    clock::Clock,
    scenario::{Judge, Mood, Noise},
};
use crate::model::Mono;
use std::time::Duration;

/// A judge that has not answered by then never will.
const PATIENCE: Duration = Duration::from_secs(10);
/// The share of garbage that passes for good.
const FOOLED: f64 = 0.05;

/// What an answer is really like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    Good,
    Mediocre,
    Garbage,
}

/// What a judge is given to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    pub(super) worth: Worth,
    /// One of the answers whose worth is known. Those are clear cases.
    pub(super) known: bool,
    /// What was given to the judge before this one.
    pub(super) again: bool,
}

impl Paper {
    /// A score as a judge in its right mind gives it. Of a clear case it is the clearer of two.
    fn score(self, noise: Noise, rng: &mut fastrand::Rng) -> f64 {
        let once = score(noise, self.worth, rng);
        if !self.known {
            return once;
        }
        let again = score(noise, self.worth, rng);
        match self.worth {
            Worth::Good => once.max(again),
            Worth::Mediocre | Worth::Garbage => once.min(again),
        }
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Opinion {
    /// None: the call failed.
    pub(super) score: Option<f64>,
    pub(super) takes: Duration,
}

#[derive(Debug)]
pub(super) struct Bench {
    judges: Vec<(Noise, Clock<Mood>)>,
    correlation: f64,
    /// What the last one saw in its paper.
    seen: f64,
}

impl Bench {
    pub(super) fn new(judges: &[Judge], correlation: f64, noise: Noise, begins: Mono) -> Self {
        let seat = |j: &Judge| (j.noise.unwrap_or(noise), Clock::new(&j.phases, begins));
        Self {
            judges: judges.iter().map(seat).collect(),
            correlation,
            seen: 1.0,
        }
    }

    /// Asks one judge for a score.
    pub(super) fn ask(
        &mut self,
        judge: usize,
        paper: Paper,
        now: Mono,
        rng: &mut fastrand::Rng,
    ) -> Opinion {
        let Some((noise, clock)) = self.judges.get_mut(judge) else {
            return Opinion {
                score: None,
                takes: PATIENCE,
            };
        };
        let mood = clock.at(now);
        let takes = super::world::spread(mood.latency, rng);
        let failed = rng.f64() < mood.fail || takes > PATIENCE;
        let alike = paper.again && self.correlation > 0.0 && rng.f64() < self.correlation;
        if !alike {
            self.seen = paper.score(*noise, rng);
        }
        let score = (self.seen + mood.shift).clamp(0.0, 1.0);
        Opinion {
            score: (!failed).then_some(score),
            takes: takes.min(PATIENCE),
        }
    }
}

fn score(noise: Noise, worth: Worth, rng: &mut fastrand::Rng) -> f64 {
    let taken_for = match worth {
        Worth::Garbage if rng.f64() < FOOLED => Worth::Good,
        worth => worth,
    };
    let score = match (taken_for, noise) {
        (Worth::Good, Noise::Mixture) => mixture(rng),
        (Worth::Good, Noise::Continuous) => kumaraswamy(5.887, 0.743, rng),
        (Worth::Good, Noise::Integer) => kumaraswamy(4.0, 0.66, rng),
        (Worth::Garbage, _) => kumaraswamy(1.543, 6.383, rng),
        (Worth::Mediocre, _) => mediocre(rng),
    };
    match noise {
        Noise::Integer => (10.0 * score).round() / 10.0,
        Noise::Mixture | Noise::Continuous => score,
    }
}

/// Mostly good marks, now and then a poor one, rarely a wild one.
fn mixture(rng: &mut fastrand::Rng) -> f64 {
    let within = |low: f64, high: f64, at: f64| low + (high - low) * at;
    let at = rng.f64();
    match rng.f64() {
        0.0..0.007 => within(0.0, 0.3, at),
        0.007..0.029 => within(0.3, 0.5, at),
        0.029..0.104 => within(0.5, 0.7, at),
        _ => within(0.7, 1.0, at.powf(0.43)),
    }
}

/// Neither good nor bad: two in five pass.
fn mediocre(rng: &mut fastrand::Rng) -> f64 {
    let (low, width) = match rng.f64() {
        0.0..0.05 => (0.0, 0.3),
        0.05..0.22 => (0.3, 0.2),
        0.22..0.60 => (0.5, 0.2),
        _ => (0.7, 0.3),
    };
    low + width * rng.f64()
}

/// Kumaraswamy's distribution: a beta's shape from one uniform number. Its parameters here were fitted numerically to
/// the means and deviations above.
fn kumaraswamy(a: f64, b: f64, rng: &mut fastrand::Rng) -> f64 {
    (1.0 - (1.0 - rng.f64()).powf(1.0 / b)).powf(1.0 / a)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Moments {
        mean: f64,
        deviation: f64,
        under: [f64; 2],
    }

    fn moments(noise: Noise, worth: Worth) -> Moments {
        let mut rng = fastrand::Rng::with_seed(5);
        let all: Vec<f64> = (0..400_000)
            .map(|_| score(noise, worth, &mut rng))
            .collect();
        let n = 400_000.0;
        let mean = all.iter().sum::<f64>() / n;
        let square = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let share = |limit: f64| {
            all.iter()
                .map(|&x| f64::from(u8::from(x < limit)))
                .sum::<f64>()
                / n
        };
        Moments {
            mean,
            deviation: square.sqrt(),
            under: [share(0.3), share(0.7)],
        }
    }

    fn assert_near(is: f64, should: f64, by: f64) {
        assert!((is - should).abs() <= by, "{is:.4}, not {should}");
    }

    #[test]
    fn the_mixture_has_the_mean_and_the_tails_of_the_design() {
        let seen = moments(Noise::Mixture, Worth::Good);
        assert_near(seen.mean, 0.87, 0.005);
        assert_near(seen.deviation, 0.14, 0.005);
        assert_near(seen.under[0], 0.007, 0.0005);
        assert_near(seen.under[1], 0.104, 0.002);
    }

    #[test]
    fn the_other_two_models_have_their_means_and_deviations() {
        let continuous = moments(Noise::Continuous, Worth::Good);
        assert_near(continuous.mean, 0.88, 0.003);
        assert_near(continuous.deviation, 0.12, 0.003);
        let integer = moments(Noise::Integer, Worth::Good);
        assert_near(integer.mean, 0.85, 0.005);
        assert_near(integer.deviation, 0.16, 0.005);
    }

    #[test]
    fn garbage_is_at_a_quarter_and_one_in_twenty_fools_the_judge() {
        for (_, noise) in Noise::ALL {
            let seen = moments(noise, Worth::Garbage);
            assert_near(seen.mean, 0.95 * 0.25 + 0.05 * 0.87, 0.006);
            // What fools it looks good (0.9 of it passes); next to nothing else passes.
            assert_near(1.0 - seen.under[1], 0.05, 0.012);
        }
    }

    #[test]
    fn the_mediocre_lies_between() {
        let seen = moments(Noise::Continuous, Worth::Mediocre);
        assert_near(seen.mean, 0.64, 0.01);
        assert_near(seen.under[1], 0.60, 0.005);
    }

    #[test]
    fn known_answers_are_clear_cases() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut wrong = |worth, bad: fn(f64) -> bool| {
            let known = Paper {
                worth,
                known: true,
                again: false,
            };
            let scores = (0..100_000).map(|_| known.score(Noise::Mixture, &mut rng));
            scores.filter(|score| bad(*score)).count()
        };
        // A tenth of a tenth of the good ones, and a twentieth of a twentieth of the garbage.
        assert!((900..1_300).contains(&wrong(Worth::Good, |score| score < 0.7)));
        assert!((150..350).contains(&wrong(Worth::Garbage, |score| score >= 0.7)));
    }

    #[test]
    fn judges_that_err_alike_say_the_same_of_one_answer_and_of_no_other() {
        let judge = |id: &str| Judge {
            id: id.to_owned(),
            noise: None,
            phases: Vec::new(),
        };
        let (judges, now) = ([judge("a"), judge("b")], Mono::from_secs(1));
        let mut bench = Bench::new(&judges, 0.3, Noise::Mixture, Mono::default());
        let mut rng = fastrand::Rng::with_seed(9);
        let mut alike = |again| {
            let same = (0..10_000).filter(|_| {
                let mut ask = |judge, again| {
                    let paper = Paper {
                        worth: Worth::Good,
                        known: false,
                        again,
                    };
                    bench.ask(judge, paper, now, &mut rng).score
                };
                let (first, second) = (ask(0, false), ask(1, again));
                first.is_some() && first == second
            });
            same.count()
        };
        // Of 0.98² that both answer.
        assert!((2_700..3_050).contains(&alike(true)));
        assert!(alike(false) < 10);
    }

    #[test]
    fn a_harsh_judge_takes_off_and_a_failing_one_says_nothing() {
        let step = |shift, fail| super::super::scenario::Step {
            at: Duration::ZERO,
            is: Mood {
                shift,
                fail,
                latency: Duration::from_secs(2),
            },
        };
        let judge = |shift, fail| Judge {
            id: "j".to_owned(),
            noise: None,
            phases: vec![step(shift, fail)],
        };
        let judges = [judge(-1.0, 0.0), judge(0.0, 1.0)];
        let mut bench = Bench::new(&judges, 0.0, Noise::Mixture, Mono::default());
        let mut rng = fastrand::Rng::with_seed(1);
        let now = Mono::from_secs(1);
        let good = Paper {
            worth: Worth::Good,
            known: false,
            again: false,
        };
        assert_eq!(bench.ask(0, good, now, &mut rng).score, Some(0.0));
        assert_eq!(bench.ask(1, good, now, &mut rng).score, None);
        assert_eq!(bench.ask(2, good, now, &mut rng).score, None);
    }
}
