//! The dashboard without a terminal: one line per event, or one JSON object per event.

use crate::model::{Event, Kind, Snapshot, event::Level, snapshot::Shown, text};
use std::{
    io::{self, Write},
    sync::Arc,
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Writes events until the run ends or nobody reads any more.
pub async fn follow(mut events: broadcast::Receiver<Arc<Event>>, json: bool) {
    loop {
        let written = match events.recv().await {
            Ok(event) => {
                let done = matches!(event.kind, Kind::Stopping);
                let written = write(&event, json);
                if done {
                    return;
                }
                written
            }
            Err(RecvError::Lagged(n)) => print(&format!(
                "# {n} events were missed: this reader is too slow"
            )),
            Err(RecvError::Closed) => return,
        };
        // A closed pipe ends the lines, never the router.
        if written.is_err() {
            return;
        }
    }
}

fn write(event: &Event, json: bool) -> io::Result<()> {
    if json {
        return print(&serde_json::to_string(event).map_err(io::Error::other)?);
    }
    if event.kind.is_measure() || matches!(event.kind, Kind::Score { .. }) {
        return Ok(());
    }
    print(&line(event))
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// `14:03:22Z  BAD   anthropic/claude CLOSED -> OPEN: …`
pub fn line(event: &Event) -> String {
    let level = match event.level() {
        Level::Info => "     ",
        Level::Good => "GOOD ",
        Level::Warn => "WARN ",
        Level::Bad => "BAD  ",
    };
    format!("{}Z {level} {}", event.at.clock(), event.line())
}

/// A snapshot in lines: what `status` prints.
pub fn status(s: &Snapshot) -> String {
    let share =
        |bad: Option<f64>| bad.map_or("-".to_owned(), |r| format!("{:.2}%", (1.0 - r) * 100.0));
    let mut lines = vec![format!(
        "breakerbox {} on {}: users {}, served {}, {:.1} req/s",
        s.version,
        s.listen,
        s.users.word.as_str(),
        share(s.users.failed_5m.rate()),
        s.users.per_s
    )];
    if let Some(shape) = &s.shape {
        lines.push(format!(
            "incident: {}: {}",
            shape.kind.as_str(),
            shape.evidence
        ));
    }
    for d in &s.deployments {
        let rate = d
            .errors_5m
            .rate()
            .map_or("-".to_owned(), |r| format!("{:.1}%", r * 100.0));
        let score = d
            .judge_1h
            .value()
            .map_or("-".to_owned(), |m| format!("{m:.2} n={}", d.judge_1h.n));
        lines.push(format!(
            "  {:<14} {:<32} err {rate:<7} judge {score:<11} {}",
            word(d.shown()),
            d.id,
            text::note(d, s.at)
        ));
    }
    for (what, until) in s.overrides() {
        lines.push(format!("  until {}Z {what}", until.clock()));
    }
    lines.join("\n")
}

fn word(shown: Shown) -> String {
    match shown {
        Shown::Closed => "CLOSED".to_owned(),
        Shown::Probe => "PROBE".to_owned(),
        Shown::Ramp(percent) => format!("RAMP {percent}%"),
        Shown::Open => "OPEN".to_owned(),
        Shown::ForcedOpen => "FORCED OPEN".to_owned(),
        Shown::ForcedClosed => "FORCED CLOSED".to_owned(),
        Shown::Observe => "OBSERVE".to_owned(),
        Shown::Disabled => "DISABLED".to_owned(),
    }
}
