//! `breakerbox sim`

use crate::{runtime, say};
use breakerbox::sim::{Options, Sim};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) fn run(port: u16, seed: u64) -> Result<ExitCode, String> {
    runtime()?.block_on(async {
        let ports = (port != 0).then(|| [port, port.saturating_add(1), port.saturating_add(2)]);
        let options = Options {
            seed,
            ports,
            ..Options::default()
        };
        let sim = Sim::start(options)
            .await
            .map_err(|e| format!("the simulated providers cannot start: {e}"))?;
        for p in sim.providers() {
            say(&format!("{:<10} http://{}  key {}", p.id, p.addr, p.key))?;
        }
        let mut term = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        sim.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}
