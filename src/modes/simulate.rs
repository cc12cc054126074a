//! `breakerbox simulate`

use crate::say;
use breakerbox::simulate;
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Nothing is run before everything has been read: who asks for ten scenarios hears of the last one's slip at once.
pub(crate) fn run(
    names: &[String],
    rate: Option<f64>,
    seeds: Option<u32>,
    json: bool,
) -> Result<ExitCode, String> {
    let mut scenarios = match simulate::chosen(names) {
        Ok(scenarios) => scenarios,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{why}");
            return Ok(ExitCode::from(2));
        }
    };
    if names.is_empty() {
        say(&simulate::list(&scenarios))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut reports = Vec::new();
    for scenario in &mut scenarios {
        scenario.rate_rps = rate.unwrap_or(scenario.rate_rps);
        scenario.seeds = seeds.unwrap_or(scenario.seeds);
        for report in simulate::simulate(scenario) {
            if json {
                say(&serde_json::to_string(&report).map_err(|e| e.to_string())?)?;
            } else {
                say(&report.to_string())?;
            }
            reports.push(report);
        }
    }
    if !json && reports.len() > 1 {
        say(&simulate::summary(&reports))?;
    }
    let all_came = reports.iter().all(|r| r.passed);
    Ok(if all_came {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
