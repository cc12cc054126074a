//! `breakerbox replay`

use super::progress;
use crate::say;
#[cfg(feature = "tui")]
use crate::tui_options;
use breakerbox::{
    cli, headless,
    source::{
        Tape,
        replay::{Part, Purpose, Replay, incidents},
    },
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// What a replay has to say besides goes to standard error, where it does not mix with what was asked for.
pub(crate) fn run(wish: &cli::Replay) -> Result<ExitCode, String> {
    if wish.what.is_empty() {
        say(&incidents::list())?;
        return Ok(ExitCode::SUCCESS);
    }
    let part = Part {
        what: &wish.what,
        from: wish.from.as_deref(),
        to: wish.to.as_deref(),
        purpose: Purpose::Screen,
    };
    let replay = progress::shown(|watch| Replay::part(&part, watch))?;
    for note in replay.notes() {
        let _ = writeln!(io::stderr(), "breakerbox: {note}");
    }
    match &wish.at {
        Some(at) => still(replay, at, wish)?,
        None if wish.json => piped(replay.turns(|s| headless::json(&s.clone().standing())))?,
        #[cfg(feature = "tui")]
        None if io::IsTerminal::is_terminal(&io::stdout()) => film(replay, &wish.look)?,
        None => piped(replay.events(|event| headless::write(event, false)))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One moment.
fn still(replay: Replay, at: &str, wish: &cli::Replay) -> Result<(), String> {
    let snapshot = replay.at(at)?;
    #[cfg(feature = "tui")]
    if let Some(file) = &wish.svg {
        use breakerbox::tui::{self, svg};
        let options = tui_options(&wish.look);
        let ground = options.palette.paper();
        let frame = tui::picture(std::sync::Arc::new(replay), &options, wish.size.into());
        return std::fs::write(file, svg::svg(&frame, ground))
            .map_err(|e| format!("{} is not written: {e}", file.display()));
    }
    drop(replay);
    if wish.json {
        say(&serde_json::to_string_pretty(&*snapshot).map_err(|e| e.to_string())?)
    } else {
        say(&headless::status(&snapshot))
    }
}

#[cfg(feature = "tui")]
fn film(replay: Replay, look: &cli::Look) -> Result<(), String> {
    // A person who opened it wants to see it move.
    replay.wind(&breakerbox::source::Wind::Toggle)?;
    let shown = breakerbox::tui::run(std::sync::Arc::new(replay), &tui_options(look));
    let summary = shown.map_err(|e| format!("the terminal went away: {e}"))?;
    say(&summary.to_string())
}

/// Nobody reads any more: there is nothing left to do, and nothing wrong.
fn piped(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|e| e.to_string()),
    }
}
