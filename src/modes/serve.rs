//! `breakerbox serve`: the router without a screen, until a signal ends it.

use super::service;
use crate::{log_to_stderr, runtime, say};
use breakerbox::{
    alerts,
    app::{App, Wish},
    cli, config, drill, headless,
};
use std::process::ExitCode;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

/// The router that `breakerbox` itself and `serve` run.
pub(super) fn wish(run: &cli::Run) -> Wish {
    Wish {
        config: run.config.clone(),
        listen: run.listen,
        sim: run.sim,
        no_traffic: run.no_traffic,
        state: config::state_dir(&config::Process),
        journal: None,
        sockets: config::socket_dir(&config::Process),
        drills: drill::scenario::shipped(),
        stage: alerts::Stage::Live,
    }
}

pub(crate) fn run(run: &cli::Run, json: bool) -> Result<ExitCode, String> {
    log_to_stderr();
    runtime()?.block_on(async {
        // Before anybody learns that it runs: a HUP that is not awaited ends a process.
        let mut hup = signal(SignalKind::hangup()).map_err(|e| e.to_string())?;
        let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
        let mut int = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
        let app = App::start(&wish(run)).await?;
        let lines = app.bus.subscribe();
        if !json {
            say(&format!("breakerbox listens on http://{}", app.addr))?;
        }
        let follow = tokio_util::task::TaskTracker::new();
        let content = app.router.config().journal.content;
        follow.spawn(headless::follow(lines, json, content));
        service::ready();
        // Beside this one, which a reload holds up. Gone with it.
        let mut beside = JoinSet::new();
        beside.spawn(service::beat());
        loop {
            tokio::select! {
                _ = hup.recv() => service::reloading(|| app.reload()),
                _ = term.recv() => break,
                _ = int.recv() => break,
            }
        }
        service::stopping();
        // Whoever asks twice does not want to wait.
        let again = async {
            tokio::select! { _ = term.recv() => (), _ = int.recv() => () }
        };
        tokio::select! {
            () = app.shutdown() => {}
            () = again => return Ok(ExitCode::FAILURE),
        }
        follow.close();
        follow.wait().await;
        Ok(ExitCode::SUCCESS)
    })
}
