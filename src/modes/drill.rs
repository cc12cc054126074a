//! `breakerbox drill NAME`, on a router of its own; `breakerbox drills`

use crate::{log_to_stderr, operator, runtime, say};
use breakerbox::{
    alerts,
    app::{App, Wish},
    clock, config, drill,
    model::{command::Whom, drill::DrillResult},
};
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::signal::unix::{SignalKind, signal};

/// A drill as it was asked for.
pub(crate) struct Rehearsal {
    pub(crate) name: String,
    pub(crate) sim: bool,
    pub(crate) config: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) whom: Whom,
    pub(crate) json: bool,
}

impl Rehearsal {
    /// For people: on stdout, unless that is for the report.
    fn say(&self, line: &str) {
        // Nobody reads any more: the drill goes on, and its report is written.
        let _ = if self.json {
            writeln!(io::stderr(), "{line}")
        } else {
            writeln!(io::stdout(), "{line}")
        };
    }
}

/// A failed drill and one that could not run are told apart: only the first says something about the configuration.
pub(crate) fn run(wish: &Rehearsal) -> Result<ExitCode, String> {
    log_to_stderr();
    match runtime()?.block_on(rehearse(wish)) {
        Ok(DrillResult::Passed) => Ok(ExitCode::SUCCESS),
        Ok(DrillResult::Failed | DrillResult::Aborted) => Ok(ExitCode::FAILURE),
        Err(why) => {
            let _ = writeln!(io::stderr(), "breakerbox: the drill could not run: {why}");
            Ok(ExitCode::from(2))
        }
    }
}

async fn rehearse(wish: &Rehearsal) -> Result<DrillResult, String> {
    let scenario = drill::scenario::find(&wish.name)?;
    let radius = drill::Radius::of_wish(wish.whom, wish.sim);
    wish.say(&drill::words::opening(&scenario, radius));
    let state = config::state_dir(&config::Process);
    // A port of its own: the router that serves users may well run on the configured one.
    let app = App::start(&Wish {
        sim: wish.sim,
        config: wish.config.clone(),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        no_traffic: true,
        state: state.clone(),
        journal: wish.journal.clone(),
        sockets: None,
        drills: Vec::new(),
        stage: alerts::Stage::Rehearsal,
    })
    .await?;
    let stop = tokio_util::sync::CancellationToken::new();
    let told = |step: &_| {
        if let Some(line) = drill::words::step(clock::wall(), step) {
            wish.say(&line);
        }
    };
    let drilled = drill::Target {
        radius,
        ..app.drill_target(operator())
    };
    let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
    let run = drill::run(&scenario, &drilled, stop.clone(), told);
    tokio::pin!(run);
    let done = loop {
        tokio::select! {
            done = &mut run => break done,
            _ = tokio::signal::ctrl_c() => stop.cancel(),
            _ = term.recv() => stop.cancel(),
        }
    };
    let kept = done.and_then(|done| {
        let result = done.result;
        keep(wish, &done, state.as_deref()).map(|()| result)
    });
    app.shutdown().await;
    kept
}

/// The report and the line in the ledger.
fn keep(wish: &Rehearsal, report: &drill::Report, state: Option<&Path>) -> Result<(), String> {
    let kept = drill::keep(report, wish.report.as_deref(), state);
    let written = kept.as_ref().ok().and_then(Option::as_deref);
    wish.say(&drill::words::closing(report, written));
    if wish.json {
        say(&serde_json::to_string_pretty(report).map_err(|e| e.to_string())?)?;
    }
    kept.map(drop)
}

pub(crate) fn list(json: bool) -> Result<ExitCode, String> {
    let ledger = config::state_dir(&config::Process).map(|s| drill::Ledger::in_dir(&s));
    let all = drill::scenario::shipped();
    if json {
        let list = drill::words::list_json(&all, ledger.as_ref());
        say(&serde_json::to_string_pretty(&list).map_err(|e| e.to_string())?)?;
    } else {
        say(&drill::words::list(&all, ledger.as_ref(), clock::wall()))?;
    }
    Ok(ExitCode::SUCCESS)
}
