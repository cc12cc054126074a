//! Who may judge whom, and whether a score can trip anything.

use super::has_key;
use crate::{
    config::{BreakerMode, Config},
    model::{
        DeploymentId,
        time::{duration_text, short},
    },
};
use indexmap::IndexSet;
use std::time::Duration;

/// Where every answer is garbage the breaker opens after 17 bad ones (the median of `simulate` at one request a second);
/// most of them are read by a second judge too, and 8 known answers are put to the first.
const CALLS_OF_A_TRIP: u32 = 40;
/// A trip that waits longer than this for its calls comes after the users' complaints.
const TRIP_WITHIN: Duration = Duration::from_mins(10);
/// Below this only what is useless by the shipped rubric fails: it gives 0.3 to what is mostly wrong.
const LEAST_PASS: f64 = 0.1;
/// A route with more traffic than this is rare.
const MUCH_TRAFFIC: f64 = 10.0;
/// While nothing is suspected, so many answers per second are judged at least, where there are as many.
const JUDGED_AT_LEAST: f64 = 0.1;

/// The key of the configuration that it is about, and why, in words.
pub type Vanity = (&'static str, String);

/// Why scores can trip nothing, the first cause first; none: they can.
pub fn vanity(config: &Config) -> Vec<Vanity> {
    let (judge, breaker) = (&config.judge, &config.breaker);
    let mut why = Vec::new();
    let mut tell = |key, text: String| why.push((key, text));
    if breaker.observe {
        tell("judges", "breaker.mode is \"observe\"".to_owned());
    }
    if judge.sample <= 0.0 {
        tell("sample", "sample is 0: no answer is judged".to_owned());
    }
    if breaker.judge_threshold < LEAST_PASS {
        let text = format!(
            "breaker.judge_threshold is {}: what is mostly wrong scores 0.3, and passes",
            breaker.judge_threshold
        );
        tell("judges", text);
    }
    if let Some(most) = judge.max_per_day.filter(|most| *most < CALLS_OF_A_TRIP) {
        let text = format!("max_per_day is {most}, and a trip takes some {CALLS_OF_A_TRIP} calls");
        tell("max_per_day", text);
    }
    if let Some(text) = too_slow(config, TRIP_WITHIN) {
        tell("max_per_minute", text);
    }
    if let Some(text) = unreachable_mean(config) {
        tell("min_n", text);
    }
    why
}

/// Why the budget allows no trip within this time.
pub fn too_slow(config: &Config, within: Duration) -> Option<String> {
    let most = config.judge.max_per_minute;
    let takes = Duration::from_mins(1) * CALLS_OF_A_TRIP / most.max(1);
    (takes > within).then(|| {
        format!(
            "judge.max_per_minute is {most}: the {CALLS_OF_A_TRIP} calls of a trip take {}",
            short(takes)
        )
    })
}

/// The rolling mean says nothing before it has `min_n` scores within `window`.
fn unreachable_mean(config: &Config) -> Option<String> {
    let judge = &config.judge;
    if config.breaker.mode != BreakerMode::RollingMean || judge.sample <= 0.0 {
        return None;
    }
    let (min_n, window) = (f64::from(judge.min_n), judge.window.as_secs_f64());
    let span = duration_text(judge.window);
    let budget = f64::from(judge.max_per_minute) * (window / 60.0).max(1.0);
    let budget = judge.max_per_day.map_or(budget, |day| {
        budget.min(f64::from(day) * (window / 86_400.0).max(1.0))
    });
    if budget < min_n {
        return Some(format!(
            "min_n is {min_n}, and the budget allows {budget:.0} calls in {span}"
        ));
    }
    // Slow traffic is judged whole; faster traffic by the floor, then by its share.
    let wanted = min_n / window.max(1.0);
    let rate = if wanted <= JUDGED_AT_LEAST {
        wanted
    } else {
        wanted / judge.sample
    };
    (rate > MUCH_TRAFFIC)
        .then(|| format!("min_n = {min_n} scores within {span} take {rate:.0} requests a second"))
}

/// The makers of judges that have a key and may judge a deployment: nobody judges their own maker.
pub fn makers_that_may_judge<'c>(config: &'c Config, id: &DeploymentId) -> IndexSet<&'c str> {
    let own = config.maker_of(id);
    let able = config.judge.judges.iter().filter(|j| has_key(config, j));
    able.filter_map(|j| config.maker_of(j))
        .filter(|maker| Some(*maker) != own)
        .collect()
}
