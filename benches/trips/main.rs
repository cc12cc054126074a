//! How fast a breaker opens, and what users get until then: over sockets, with the breaker and the judging as they come.
//!
//! `cargo bench --bench trips` (four minutes). Some thirty routers run side by side, each with providers and callers of
//! its own. After a while of health a provider falls ill by itself, which no router is told, and what follows is measured.
//! Beside it stand the bars, and what `breakerbox simulate` says of the same illness after as much health.

mod callers;
mod case;
mod figures;
mod house;
mod judges;
mod table;

use breakerbox::{clock, model::Mono};
use callers::Asked;
use case::{CASES, Case};
use house::{Heard, House};
use std::{
    error::Error,
    fs,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Health before the illness, and how long the ill are watched.
const HEALTHY: Duration = Duration::from_secs(90);
const ILL: Duration = Duration::from_mins(2);
/// The routers' providers fall ill one after the other, so that they do not compete for the machine.
const APART: Duration = Duration::from_millis(250);
/// A request that is not streamed waits for its tier's whole timeout of a minute when a provider hangs.
const LAST_ANSWER: Duration = Duration::from_secs(75);
/// Callers that cannot keep their own time measure the machine.
const TOO_LATE: Duration = Duration::from_millis(250);

/// One router's run.
#[derive(Debug)]
struct Run {
    case: &'static Case,
    ill_from: Mono,
    heard: Heard,
    asked: Vec<Asked>,
}

fn main() -> ExitCode {
    // `cargo test --benches` runs this too, without `--bench`: a measurement is no test.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "trips bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<()> {
    let mut out = io::stdout().lock();
    let (runs, cores) = tokio::runtime::Runtime::new()?.block_on(async {
        let began = clock::now();
        let runs = all().await?;
        // The runtime's threads are asked while they are there.
        let used = cpu()?.as_secs_f64() / clock::now().since(began).as_secs_f64();
        Ok::<_, Box<dyn Error + Send + Sync>>((runs, used))
    })?;
    let late = late(&runs);
    table::heading(&mut out, &runs, cores, late)?;
    for case in &CASES {
        let of_case: Vec<&Run> = runs.iter().filter(|r| std::ptr::eq(r.case, case)).collect();
        table::case(&mut out, case, &of_case)?;
    }
    judges::tell(&mut out, &runs)?;
    if late > TOO_LATE {
        return Err(
            "the machine was too busy: requests went out late, and these times mean nothing".into(),
        );
    }
    Ok(())
}

/// How late 99 of 100 requests were sent, at most.
fn late(runs: &[Run]) -> Duration {
    let mut late: Vec<Duration> = runs.iter().flat_map(|r| &r.asked).map(|a| a.late).collect();
    late.sort_unstable();
    late.get(late.len() * 99 / 100).copied().unwrap_or_default()
}

async fn all() -> Result<Vec<Run>> {
    let cases = CASES.iter().flat_map(|case| vec![case; case.routers]);
    let mut runs = JoinSet::new();
    for (seed, case) in (1..).zip(cases) {
        let house = House::start(case, seed).await?;
        let wait = HEALTHY + APART * u32::try_from(seed)?;
        runs.spawn(one(house, case, seed, wait));
    }
    let mut done = Vec::new();
    while let Some(run) = runs.join_next().await {
        done.push(run??);
    }
    Ok(done)
}

async fn one(house: House, case: &'static Case, seed: u64, wait: Duration) -> Result<Run> {
    let stop = CancellationToken::new();
    let calling = callers::call(house.addr, case.rate, seed, stop.clone());
    let falling_ill = async {
        tokio::time::sleep(wait).await;
        let ill_from = clock::now();
        case.illness.strike(&house.primary);
        tokio::time::sleep(ILL).await;
        stop.cancel();
        ill_from
    };
    let (asked, ill_from) = tokio::join!(calling, falling_ill);
    let asked = tokio::time::timeout(LAST_ANSWER, asked?.join_all())
        .await
        .map_err(|_| "an answer did not come within its tier's timeout")?;
    Ok(Run {
        case,
        ill_from,
        heard: house.end().await?,
        asked,
    })
}

/// Processor time that all of it took.
fn cpu() -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        let spent = stat.split_ascii_whitespace().next();
        nanos += spent.ok_or("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}
