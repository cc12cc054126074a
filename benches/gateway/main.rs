//! What breakerbox adds to a request, beside nginx doing the same, beside nothing in between.
//!
//! `cargo bench --bench gateway` (under three minutes; `-- --quick` under 40 s). Gateways have one core to
//! themselves, load and upstream the other. Only the ratios travel: absolute figures hold within one run, on one
//! machine.

mod contender;
mod load;
mod measure;
mod process;
mod request;
mod table;
mod upstream;

use contender::{Contender, Kind};
use load::Sample;
use request::Shape;
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The core of the gateways, and the one of everything else.
const GATEWAY_CORE: &str = "0";
const LOAD_CORE: &str = "1";

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Plan {
    rounds: usize,
    each: Duration,
    starts: usize,
    streams: usize,
    screen: bool,
}

const FULL: Plan = Plan {
    rounds: 4,
    each: Duration::from_millis(1_500),
    starts: 9,
    streams: 256,
    screen: true,
};

const QUICK: Plan = Plan {
    rounds: 2,
    each: Duration::from_millis(600),
    starts: 3,
    streams: 128,
    screen: false,
};

/// What one contender did with one kind of request, over all rounds.
#[derive(Debug)]
struct Cell {
    kind: Kind,
    sample: Sample,
    /// Of the gateway process; none where there is no gateway.
    cpu: Option<Duration>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| args.iter().any(|a| a == name);
    // `cargo test --benches` runs this too, without `--bench`: a measurement is no test.
    let done = if has("--upstream") {
        runtime().and_then(|rt| rt.block_on(upstream::run()))
    } else if has("--bench") {
        bench(if has("--quick") { QUICK } else { FULL })
    } else {
        Ok(())
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "gateway bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

fn bench(plan: Plan) -> Result<()> {
    let pinned = process::pin_self(LOAD_CORE);
    runtime()?.block_on(async {
        let mut out = io::stdout().lock();
        if !pinned {
            writeln!(
                out,
                "not pinned (no taskset, or one core): figures are noisier"
            )?;
        }
        let upstream = upstream::Upstream::start()?;
        let kinds = contender::available(plan.screen, &mut out)?;
        for &kind in kinds.iter().filter(|k| **k != Kind::Direct) {
            let start = measure::start(kind, upstream.addr, plan.starts, plan.streams).await?;
            table::start(&mut out, kind, &start, plan.streams)?;
        }
        let mut running = Vec::new();
        for &kind in &kinds {
            running.push(Contender::start(kind, upstream.addr).await?);
        }
        for shape in Shape::MEASURED {
            let cells = rounds(plan, shape, &running).await?;
            table::shape(&mut out, shape, &cells)?;
        }
        Ok(())
    })
}

/// Contenders take turns, so that what else the machine does hits all of them.
async fn rounds(plan: Plan, shape: Shape, running: &[Contender]) -> Result<Vec<Cell>> {
    let mut cells: Vec<Cell> = running
        .iter()
        .map(|c| Cell {
            kind: c.kind,
            sample: Sample::default(),
            cpu: c.pid.map(|_| Duration::ZERO),
        })
        .collect();
    for round in 0..=plan.rounds {
        for (contender, cell) in running.iter().zip(&mut cells) {
            // The first round warms up: connections, caches, the upstream's pages.
            let warming = round == 0;
            let each = if warming { plan.each / 4 } else { plan.each };
            let before = contender.cpu()?;
            let sample = load::drive(contender.addr, shape, each).await?;
            let after = contender.cpu()?;
            if !warming {
                cell.sample.add(&sample)?;
                if let (Some(sum), Some(a), Some(b)) = (&mut cell.cpu, after, before) {
                    *sum += a.saturating_sub(b);
                }
            }
        }
    }
    Ok(cells)
}
