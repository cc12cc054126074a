//! Scenario files in virtual time: the breakers and the jury that the router runs, over providers and judges that are
//! made up, beside the rolling mean that they replace. Not the room `sim`, which puts made-up providers on sockets.
//!
//! ```text
//! read ─▶ scenario ─┬▶ world, judges ─▶ run ◀─ side: ours, naive
//!                   │                    └▶ tally ─▶ report, summary
//!                   └▶ expect ◀─────────────────────┘
//! ```
//!
//! No runtime, no socket, no clock, and one seeded generator a run: the same file and seed bring the same outcome.
//!
//! **What is bad.** A provider is bad while its phase has more errors and hanging requests than the documented limit
//! (2 %), a refused key, more than the healthy 0.2 % of garbage, mediocre answers, a latency that misses the deadline for
//! first tokens, or less room than there is traffic. Callers' mistakes (`c400`) and rate limits (`c429`) are not bad. An
//! unbroken bad time is a spell. A trip is right if its provider is bad, or was until 20 s before: what hung to the last
//! second is counted at the deadline, and judges take their time.
//!
//! **What is measured**, after the baseline: a `warm` one is an hour of the same traffic without any phase, or
//! as long as 2,000 judged answers take.
//!
//! | figure | from | to | bound is held against |
//! |---|---|---|---|
//! | `first_trip_s` | the beginning of the first spell | the first right trip, from CLOSED or a ramp | median, p95 |
//! | `reason` | | what the first right trip was for | 95 % of the runs |
//! | `opens` | | moves from CLOSED to OPEN, of all providers | the mean |
//! | `opens_outside` | | those of them that are not right | the mean |
//! | `wrong_closes` | | moves to CLOSED while the provider is bad | the mean |
//! | `recover_s` | the end of the last spell | CLOSED | median, p95 |
//! | `relapse_ratio` | a later spell of the same provider, which serves again | its trip, as a share of the first time | the medians |
//! | `bad_served_max` | | garbage and mediocre answers that users got from a bad provider before the first right trip | the median |
//! | `judge_calls_max` | | all calls to judges | the median |
//! | `judge_fault` | | a judge (or the one that is named) is found at fault | 95 % of the runs; `false`: all |
//!
//! A run that never trips or recovers counts as infinitely late. A count that is bounded by 0 must be 0 in every run; any
//! other may be overshot by a twentieth on average, so that ten stray runs in two hundred are no miss. A run whose
//! breaker is away already when the first spell begins has no time to trip. `relapse_ratio` takes the 8 s off both times
//! where a provider only hangs: until then no breaker can know.
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
