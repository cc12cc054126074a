//! How the simulated judges err, as these runs saw it: the answers' worth is known.

use crate::{Result, Run, callers::End, case::Illness, table::whole};
use std::{collections::HashMap, io::Write};

pub(crate) fn tell(out: &mut impl Write, runs: &[Run]) -> Result<()> {
    writeln!(
        out,
        "\n| answers | scores | mean | deviation | under 0.3 | under 0.5 | under 0.7 |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    let salad = |r: &&Run| matches!(r.case.illness, Illness::Salad(_));
    line(out, "good", &scores(runs.iter(), End::Good))?;
    line(
        out,
        "off the subject",
        &scores(runs.iter().filter(|r| !salad(r)), End::Bad),
    )?;
    line(
        out,
        "word salad",
        &scores(runs.iter().filter(salad), End::Bad),
    )
}

/// What judges said of the answers that ended so.
fn scores<'a>(runs: impl Iterator<Item = &'a Run>, end: End) -> Vec<f64> {
    let mut all = Vec::new();
    for run in runs {
        let ends: HashMap<&str, End> = run
            .asked
            .iter()
            .map(|a| (a.exchange.as_str(), a.end))
            .collect();
        let of_these = |s: &&crate::house::Scored| ends.get(s.exchange.as_str()) == Some(&end);
        all.extend(run.heard.scores.iter().filter(of_these).map(|s| s.value));
    }
    all
}

fn line(out: &mut impl Write, name: &str, scores: &[f64]) -> Result<()> {
    let n = whole(scores.len()).max(1.0);
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
    let under = |limit: f64| 100.0 * whole(scores.iter().filter(|s| **s < limit).count()) / n;
    writeln!(
        out,
        "| {name} | {} | {mean:.2} | {:.2} | {:.1} % | {:.1} % | {:.1} % |",
        scores.len(),
        variance.sqrt(),
        under(0.3),
        under(0.5),
        under(0.7),
    )?;
    Ok(())
}
