//! `breakerbox` alone: router and screen in one process; without a terminal, the same in lines.

use super::serve;
#[cfg(feature = "tui")]
use crate::{log_file, log_to, operator, runtime, say, tui_options};
use breakerbox::cli::Cli;
#[cfg(feature = "tui")]
use breakerbox::{app::App, source::local::Local, tui};
use std::process::ExitCode;
#[cfg(feature = "tui")]
use std::{
    io::{self, IsTerminal},
    sync::Arc,
};

#[cfg(feature = "tui")]
pub(crate) fn run(cli: &Cli) -> Result<ExitCode, String> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return serve::run(&cli.run, false);
    }
    log_to(&log_file());
    let rt = runtime()?;
    let app = rt.block_on(App::start(&serve::wish(&cli.run)))?;
    let actor = operator();
    let source = Local::new(
        app.bus.snapshot(),
        app.orders.clone(),
        actor,
        cli.screen.read_only,
    );
    // The screen keeps this thread for itself: a slow terminal must never hold up a request.
    let shown = tui::run(Arc::new(source), &tui_options(&cli.screen.look));
    rt.block_on(app.shutdown());
    let summary = shown.map_err(|e| format!("the terminal went away: {e}"))?;
    say(&summary.to_string())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "tui"))]
pub(crate) fn run(cli: &Cli) -> Result<ExitCode, String> {
    serve::run(&cli.run, false)
}
