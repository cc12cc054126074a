//! Scenario files in virtual time.
mod clock;
mod expect;
mod judges;
mod naive;
mod ours;
mod read;
mod report;
mod run;
mod scenario;
mod shipped;
mod side;
mod stats;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod world;

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

pub use expect::Finding;
pub use read::{RATES, parse};
pub use report::{Figures, Report, Time};
pub use scenario::{Noise, Scenario};
pub use shipped::{chosen, list, shipped};
pub use summary::summary;

/// What is tolerated of errors, as the breaker's documented default has it.
const ERR_LIMIT: f64 = 0.02;
/// A request without a first token by then has failed.
const TTFT_DEADLINE: Duration = Duration::from_secs(8);
/// A 429 that names no time, in the router.
const GATE: Duration = Duration::from_secs(5);
/// So long after its end an illness may still be what a trip was for: a request that hung to its last second is counted
/// at the deadline, and a judge takes its time.
const GRACE: Duration = Duration::from_secs(20);

/// Runs a scenario with all its seeds on both sides, once for each way in which its judges err.
pub fn simulate(scenario: &Scenario) -> Vec<Report> {
    let report = |noise: &Noise| {
        let ours = all(scenario, *noise, |seed| ours::Ours::new(scenario, seed));
        let naive = all(scenario, *noise, |seed| naive::Naive::new(scenario, seed));
        Report::new(scenario, *noise, &ours, &naive)
    };
    scenario.noise.iter().map(report).collect()
}

/// One run per seed, in the order of the seeds, on as many threads as there are cores.
fn all<S: side::Side>(
    scenario: &Scenario,
    noise: Noise,
    side: impl Fn(u64) -> S + Sync,
) -> Vec<tally::Outcome> {
    let next = AtomicU32::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= scenario.seeds {
                return done;
            }
            let outcome = run::run(scenario, noise, seed.into(), side(seed.into()));
            done.push((seed, outcome));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut runs = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let done = workers
            .into_iter()
            .map(|w| w.join().unwrap_or_else(|p| resume_unwind(p)));
        done.flatten().collect::<Vec<_>>()
    });
    runs.sort_by_key(|(seed, _)| *seed);
    runs.into_iter().map(|(_, outcome)| outcome).collect()
}
