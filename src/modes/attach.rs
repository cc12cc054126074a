//! `breakerbox attach`: the screen alone, over a router in another process.

use super::reach::reach;
use crate::{log_file, log_to, operator, runtime, say, tui_options};
use breakerbox::{
    cli::{Screen, TokenFrom},
    source::attach::Attached,
    tui,
};
use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio_util::task::TaskTracker;

/// For the last words to the router.
const GOODBYE: Duration = Duration::from_secs(1);

pub(crate) fn run(
    to: Option<&str>,
    token: &TokenFrom,
    screen: &Screen,
) -> Result<ExitCode, String> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(
            "a screen needs a terminal; without one: breakerbox status, breakerbox events"
                .to_owned(),
        );
    }
    let reach = reach(to, token)?;
    log_to(&log_file());
    let rt = runtime()?;
    let tasks = TaskTracker::new();
    let (source, work) = Attached::new(reach, operator(), screen.read_only);
    tasks.spawn_on(work, rt.handle());
    tasks.close();
    // Gone with the screen, and so the router hears of its end.
    let shown = tui::run(Arc::new(source), &tui_options(&screen.look));
    let _ = rt.block_on(async { tokio::time::timeout(GOODBYE, tasks.wait()).await });
    let summary = shown.map_err(|e| format!("the terminal went away: {e}"))?;
    say(&summary.to_string())?;
    Ok(ExitCode::SUCCESS)
}
