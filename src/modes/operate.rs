//! What is asked of a router in another process, without a screen.

use super::reach::reach;
use crate::{operator, runtime, say};
use breakerbox::{
    cli::{Asked, At, Given, Wanted},
    clock, headless,
    model::{Event, Kind, Snapshot, snapshot::FaultView, time::short},
    source::reach::{Reach, Unreached},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::time::timeout;

/// The router itself says after ten seconds that nothing came of a command.
const ANSWER: Duration = Duration::from_secs(15);

/// Why it did not come to what was asked.
enum Failed {
    Refused(String),
    Unreached(String),
    Shut(String),
    Silent(String),
    /// Whoever read what is printed has gone.
    Unread,
}

impl From<Unreached> for Failed {
    fn from(e: Unreached) -> Self {
        match e {
            Unreached::Away { .. } => Self::Unreached(e.to_string()),
            Unreached::Said(400, why) => Self::Unreached(why),
            Unreached::Shut { .. } => Self::Shut(format!(
                "{e}; --token-file or BREAKERBOX_TOKEN shows a token"
            )),
            Unreached::Said(504, why) => Self::Silent(why),
            Unreached::Said(_, why) => Self::Refused(why),
        }
    }
}

impl Failed {
    fn told(self) -> ExitCode {
        let (code, why) = match self {
            Self::Unread => return ExitCode::SUCCESS,
            Self::Refused(why) => (1, why),
            Self::Unreached(why) => (2, why),
            Self::Shut(why) => (3, why),
            Self::Silent(why) => (4, why),
        };
        let _ = writeln!(io::stderr(), "breakerbox: {why}");
        ExitCode::from(code)
    }
}

fn print(line: &str) -> Result<(), Failed> {
    say(line).map_err(|_| Failed::Unread)
}

fn print_json(what: &impl serde::Serialize) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(what);
    print(&text.map_err(|e| Failed::Refused(e.to_string()))?)
}

/// Asks, and tells what was wrong if it came to nothing.
fn ask(
    at: &At,
    what: impl AsyncFnOnce(&Reach) -> Result<ExitCode, Failed>,
) -> Result<ExitCode, String> {
    let reach = match reach(at.to.as_deref(), &at.token) {
        Ok(reach) => reach,
        Err(why) => return Ok(Failed::Unreached(why).told()),
    };
    let done = runtime()?.block_on(what(&reach));
    Ok(done.unwrap_or_else(Failed::told))
}

async fn in_time<T>(
    reach: &Reach,
    what: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let silent = |_| {
        let s = ANSWER.as_secs();
        Failed::Silent(format!("{reach} has not answered within {s} s"))
    };
    timeout(ANSWER, what).await.map_err(silent)?
}

async fn read<T: for<'de> Deserialize<'de>>(
    reach: &Reach,
    question: reqwest::RequestBuilder,
) -> Result<T, Failed> {
    let read = async {
        let answer = reach.ask(question).await?;
        let odd = |e| {
            Failed::Unreached(format!(
                "the answer of {reach} cannot be read ({e}): use the same version of both"
            ))
        };
        answer.json().await.map_err(odd)
    };
    in_time(reach, read).await
}

async fn snapshot_of(reach: &Reach) -> Result<Snapshot, Failed> {
    read(reach, reach.get("/admin/snapshot")).await
}

/// A command of the grammar; the router's event is its answer.
pub(crate) fn give(given: &Given) -> Result<ExitCode, String> {
    let Asked { at, json } = &given.asked;
    ask(at, async |reach| {
        match &given.wanted {
            Wanted::Faults => faults(&snapshot_of(reach).await?.faults, *json)?,
            Wanted::Order(order) => {
                let body = json!({"command": order.to_string(), "actor": operator()});
                let done: Done = read(reach, reach.post("/admin/command").json(&body)).await?;
                if *json {
                    print_json(&done.event)?;
                } else {
                    print(&carried_out(&done.event))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

#[derive(Deserialize)]
struct Done {
    event: Event,
}

fn carried_out(event: &Event) -> String {
    let seq = event.seq;
    match &event.kind {
        Kind::Command {
            actor,
            command,
            origin,
            ..
        } => {
            let door = origin.as_ref().map(|door| format!(" ({door})"));
            let door = door.unwrap_or_default();
            format!("{command} carried out, seq {seq}, by {actor}{door}")
        }
        _ => headless::line(event),
    }
}

fn faults(all: &[FaultView], json: bool) -> Result<(), Failed> {
    if json {
        return print_json(&all);
    }
    if all.is_empty() {
        return print("no failure is injected");
    }
    let now = clock::wall();
    print(
        "  NO  DEPLOYMENT                       FAULT                  SHARE    HITS  ENDS IN  BY",
    )?;
    for FaultView { fault, hits } in all {
        print(&format!(
            "{:>4}  {:<32} {:<22} {:>4}% {:>7}  {:<8} {}{}",
            fault.id,
            fault.deployment,
            fault.kind.to_string(),
            fault.rate * 100.0,
            hits,
            short(now.until(fault.until)),
            fault.who,
            fault.only.words()
        ))?;
    }
    Ok(())
}

pub(crate) fn status(asked: &Asked, once: bool) -> Result<ExitCode, String> {
    ask(&asked.at, async |reach| {
        let snapshot = snapshot_of(reach).await?;
        if asked.json {
            print_json(&snapshot)?;
        } else {
            print(&headless::status(&snapshot))?;
        }
        Ok(ExitCode::from(if once { snapshot.severity() } else { 0 }))
    })
}

/// As the router wrote it: another version's fields are in it too.
pub(crate) fn snapshot(at: &At) -> Result<ExitCode, String> {
    ask(at, async |reach| {
        let snapshot: serde_json::Value = read(reach, reach.get("/admin/snapshot")).await?;
        print_json(&snapshot)?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn events(asked: &Asked, follow: bool, all: bool) -> Result<ExitCode, String> {
    let told = |event: &Event| {
        if all || headless::is_for_people(event) {
            let line = if asked.json {
                serde_json::to_string(event).map_err(|e| Failed::Refused(e.to_string()))?
            } else {
                headless::line(event)
            };
            print(&line)?;
        }
        Ok(())
    };
    ask(&asked.at, async |reach| {
        if follow {
            return self::follow(reach, told).await;
        }
        let snapshot = snapshot_of(reach).await?;
        snapshot.events.iter().try_for_each(|event| told(event))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Until the router ends, or lets us look no more.
async fn follow(
    reach: &Reach,
    told: impl Fn(&Event) -> Result<(), Failed>,
) -> Result<ExitCode, Failed> {
    let opened = async { Ok(reach.ask(reach.get("/admin/events")).await?) };
    let mut feed = in_time(reach, opened).await?;
    let mut held = Vec::new();
    while let Ok(Some(bytes)) = feed.chunk().await {
        held.extend_from_slice(&bytes);
        while let Some(end) = memchr::memchr(b'\n', &held) {
            let line: Vec<u8> = held.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Line::Event(event)) => told(&event)?,
                Ok(Line::Missed { missed }) => {
                    print(&format!(
                        "# {missed} events were missed: this reader is too slow"
                    ))?;
                }
                Err(e) => {
                    let _ = writeln!(io::stderr(), "breakerbox: a line that is no event: {e}");
                }
            }
        }
    }
    let why =
        format!("{reach} tells no more: it has ended, or the token is not known there any more");
    Err(Failed::Unreached(why))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Missed { missed: u64 },
    Event(Box<Event>),
}
