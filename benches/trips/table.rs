//! The figures, for people.

use crate::{
    HEALTHY, ILL, Result, Run,
    case::{Bar, Case},
    figures::{Figures, deadline, expected, spread},
};
use std::{io::Write, time::Duration};

pub(crate) fn heading(
    out: &mut impl Write,
    runs: &[Run],
    cores: f64,
    late: Duration,
) -> Result<()> {
    let calls: u32 = runs.iter().map(|r| r.heard.judge_calls).sum();
    let missed: u64 = runs.iter().map(|r| r.heard.missed).sum();
    writeln!(
        out,
        "{} routers, {} s of health and {} s of illness each; {} requests, {calls} judge calls; {cores:.2} cores used, \
         99 % of the requests sent at most {:.0} ms late; {missed} events missed\n",
        runs.len(),
        HEALTHY.as_secs(),
        ILL.as_secs(),
        runs.iter().map(|r| r.asked.len()).sum::<usize>(),
        late.as_secs_f64() * 1e3,
    )?;
    for run in runs {
        oddities(out, run)?;
    }
    writeln!(
        out,
        "| illness | req/s | opened | after (median / most) | bar (median / p95) | simulated (median / p95) \
         | bad answers until then | simulated | failures | answered after, by others | because |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|")?;
    Ok(())
}

/// What nobody expects: another breaker that opened, one that opened in health, and callers without an answer.
fn oddities(out: &mut impl Write, run: &Run) -> Result<()> {
    let opened = run.heard.opened.iter();
    let early = opened.filter(|(at, _)| *at < run.ill_from);
    for (at, why) in early {
        let before = run.ill_from.since(*at).as_secs_f64();
        writeln!(out, "opened {before:.1} s before it was ill: {why}")?;
    }
    for (at, id, why) in &run.heard.others {
        let after = at.since(run.ill_from).as_secs_f64();
        writeln!(out, "also opened, after {after:.1} s: {id}, {why}")?;
    }
    for asked in run.asked.iter().filter(|a| !a.failure.is_empty()) {
        writeln!(
            out,
            "failed ({}): {}",
            run.case.illness.name(),
            asked.failure
        )?;
    }
    Ok(())
}

/// One row: all routers with the same illness and rate.
pub(crate) fn case(out: &mut impl Write, case: &Case, runs: &[&Run]) -> Result<()> {
    let figures: Vec<Figures> = runs.iter().map(|run| Figures::of(run)).collect();
    let opened = figures.iter().filter(|f| f.opened.is_some()).count();
    let seconds = |f: &Figures| f.opened.unwrap_or(f64::INFINITY);
    let (median, most) = spread(figures.iter().map(seconds).collect());
    let (bad, most_bad) = spread(figures.iter().map(|f| whole(f.bad)).collect());
    let sum = |of: fn(&Figures) -> usize| figures.iter().map(of).sum::<usize>();
    let expected = expected(case)?;
    let reason = runs.iter().find_map(|r| r.heard.opened.as_ref());
    writeln!(
        out,
        "| {} | {} | {opened} of {} | {median:.1} / {most:.1} s | {}{} s | {:.1} / {:.1} s | {bad} (most {most_bad}; under way {}) | {} \
         | {} of {} | {} of {} | {} |",
        case.illness.name(),
        case.rate,
        runs.len(),
        case.bar.text(),
        waited(case, runs),
        expected.median,
        expected.p95,
        sum(|f| f.bad_under_way),
        expected.bad,
        sum(|f| f.failed),
        sum(|f| f.sent),
        sum(|f| f.elsewhere),
        sum(|f| f.after),
        reason.map(|(_, why)| why.to_string()).unwrap_or_default(),
    )?;
    out.flush()?;
    Ok(())
}

/// The deadline that a bar counts from, as these runs had it.
fn waited(case: &Case, runs: &[&Run]) -> String {
    let Bar::AfterDeadline(_) = case.bar else {
        return String::new();
    };
    let all = runs.iter().filter_map(|run| deadline(run));
    let (median, _) = spread(all.map(|d| d.as_secs_f64()).collect());
    format!(" (deadline {median:.1})")
}

pub(crate) fn whole(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}
