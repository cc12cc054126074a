//! The figures, for people: absolute, and beside nginx's of the same run.

use crate::{Cell, Result, contender::Kind, load::Sample, measure::Start, request::Shape};
use std::{io::Write, time::Duration};

pub(crate) fn start(out: &mut impl Write, kind: Kind, start: &Start, streams: usize) -> Result<()> {
    let mib = |kib: u32| f64::from(kib) / 1024.0;
    writeln!(
        out,
        "{:<22} ready in {:5.1} ms, RSS idle {:5.1} MiB, loaded {:5.1} MiB, {:5.1} KiB per open stream ({streams} open)",
        kind.name(),
        micros(start.ready) / 1e3,
        mib(start.idle_kib),
        mib(start.loaded_kib),
        start.per_stream_kib,
    )?;
    Ok(())
}

/// One shape of request, all contenders.
pub(crate) fn shape(out: &mut impl Write, shape: Shape, cells: &[Cell]) -> Result<()> {
    writeln!(out, "\n{} (ratios: to nginx in this run)", shape.title())?;
    writeln!(
        out,
        "{:<22} {:>9} {:>6} {:>10} {:>6} {:>9} {:>6} {:>9} {:>9} {:>9} {:>9}",
        "", "req/s", "×", "req/s/core", "×", "CPU µs", "×", "p50 µs", "p99 µs", "+p50", "+p99"
    )?;
    let of = |kind| cells.iter().find(|c| c.kind == kind).map(Figures::of);
    let (direct, nginx) = (of(Kind::Direct), of(Kind::Nginx));
    for cell in cells {
        let f = Figures::of(cell);
        let times =
            |pick: fn(&Figures) -> Option<f64>| match (pick(&f), nginx.as_ref().and_then(pick)) {
                (Some(its), Some(than)) => format!("{:.2}", its / than),
                _ => String::new(),
            };
        let added = |pick: fn(&Figures) -> f64| {
            direct
                .as_ref()
                .filter(|_| cell.kind != Kind::Direct)
                .map_or_else(String::new, |d| format!("{:.0}", pick(&f) - pick(d)))
        };
        let shown =
            |v: Option<f64>, digits: usize| v.map_or_else(String::new, |v| format!("{v:.digits$}"));
        writeln!(
            out,
            "{:<22} {:>9.0} {:>6} {:>10} {:>6} {:>9} {:>6} {:>9.0} {:>9.0} {:>9} {:>9}",
            cell.kind.name(),
            f.rate,
            times(|f| Some(f.rate)),
            shown(f.cpu.map(|us| 1e6 / us), 0),
            times(|f| f.cpu.map(f64::recip)),
            shown(f.cpu, 1),
            times(|f| f.cpu),
            f.p50,
            f.p99,
            added(|f| f.p50),
            added(|f| f.p99),
        )?;
    }
    out.flush()?;
    Ok(())
}

struct Figures {
    rate: f64,
    /// Per request.
    cpu: Option<f64>,
    p50: f64,
    p99: f64,
}

impl Figures {
    fn of(cell: &Cell) -> Self {
        let n = count(&cell.sample);
        Self {
            rate: n / cell.sample.took.as_secs_f64(),
            cpu: cell.cpu.map(|cpu| micros(cpu) / n),
            p50: quantile(&cell.sample, 0.5),
            p99: quantile(&cell.sample, 0.99),
        }
    }
}

fn count(sample: &Sample) -> f64 {
    f64::from(u32::try_from(sample.n()).unwrap_or(u32::MAX)).max(1.0)
}

fn quantile(sample: &Sample, q: f64) -> f64 {
    micros(Duration::from_nanos(sample.latency.value_at_quantile(q)))
}

fn micros(d: Duration) -> f64 {
    d.as_secs_f64() * 1e6
}
