//! What is asked of a router in another process, without a screen.

use super::{
    follow::{Telling, follow},
    reach::reach,
};
use crate::{UNREAD, operator, runtime, say};
use breakerbox::{
    cli::{Asked, At, Given, Wanted},
    clock, headless,
    model::{Command, Event, Kind, Snapshot, snapshot::FaultView, time::short},
    source::reach::{Reach, Unreached},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::time::timeout;

/// The router itself says after ten seconds that nothing came of a command.
const ANSWER: Duration = Duration::from_secs(15);

/// Why it did not come to what was asked.
pub(super) enum Failed {
    Refused(String),
    /// The same, but it may be tried again.
    Busy(String),
    Unreached(String),
    Shut(String),
    Silent(String),
    /// What is told cannot be printed.
    Unprinted(String),
    /// Whoever read what is printed has gone.
    Unread,
}

impl From<Unreached> for Failed {
    fn from(e: Unreached) -> Self {
        let why = e.to_string();
        match e {
            Unreached::Away { .. } => Self::Unreached(why),
            Unreached::Shut { again: None, .. } => Self::Shut(format!(
                "{why}; --token-file or BREAKERBOX_TOKEN shows a token"
            )),
            Unreached::Shut { .. } => Self::Shut(why),
            Unreached::Said(said) => match said.status {
                400 => Self::Unreached(why),
                429 | 503 => Self::Busy(why),
                504 => Self::Silent(why),
                _ => Self::Refused(why),
            },
        }
    }
}

impl Failed {
    fn told(self) -> ExitCode {
        let (code, why) = match self {
            Self::Unread => return ExitCode::SUCCESS,
            Self::Refused(why) | Self::Busy(why) | Self::Unprinted(why) => (1, why),
            Self::Unreached(why) => (2, why),
            Self::Shut(why) => (3, why),
            Self::Silent(why) => (4, why),
        };
        let _ = writeln!(io::stderr(), "breakerbox: {why}");
        ExitCode::from(code)
    }
}

pub(super) fn print(line: &str) -> Result<(), Failed> {
    say(line).map_err(|why| {
        if why == UNREAD {
            Failed::Unread
        } else {
            Failed::Unprinted(format!("standard output takes nothing: {why}"))
        }
    })
}

fn print_json(what: &impl serde::Serialize) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(what);
    print(&text.map_err(|e| Failed::Unprinted(e.to_string()))?)
}

/// Asks, and tells what was wrong if it came to nothing.
fn ask(
    at: &At,
    what: impl AsyncFnOnce(Reach) -> Result<ExitCode, Failed>,
) -> Result<ExitCode, String> {
    let reach = match reach(at.to.as_deref(), &at.token) {
        Ok(reach) => reach,
        Err(why) => return Ok(Failed::Unreached(why).told()),
    };
    let done = runtime()?.block_on(what(reach));
    Ok(done.unwrap_or_else(Failed::told))
}

async fn answered<T>(reach: &Reach, what: impl Future<Output = T>) -> Result<T, Failed> {
    let silent = |_| {
        let s = ANSWER.as_secs();
        Failed::Silent(format!("{reach} has not answered within {s} s"))
    };
    timeout(ANSWER, what).await.map_err(silent)
}

pub(super) async fn in_time<T>(
    reach: &Reach,
    what: impl Future<Output = Result<T, Unreached>>,
) -> Result<T, Failed> {
    Ok(answered(reach, what).await??)
}

async fn read<T: DeserializeOwned>(
    reach: &Reach,
    question: reqwest::RequestBuilder,
) -> Result<T, Failed> {
    in_time(reach, reach.read(question)).await
}

pub(super) async fn snapshot_of(reach: &Reach) -> Result<Snapshot, Failed> {
    read(reach, reach.get("/admin/snapshot")).await
}

/// A command of the grammar; the router's event is its answer.
pub(crate) fn give(given: &Given) -> Result<ExitCode, String> {
    let Asked { at, json } = &given.asked;
    ask(at, async |reach| {
        match &given.wanted {
            Wanted::Faults => faults(&snapshot_of(&reach).await?.faults, *json)?,
            Wanted::Order(order) => give_order(&reach, order, *json).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn give_order(reach: &Reach, order: &Command, json: bool) -> Result<(), Failed> {
    let body = json!({"command": order.to_string(), "actor": operator()});
    let asked = reach.post("/admin/command").json(&body);
    let done = answered(reach, reach.read::<Done>(asked)).await?;
    if json {
        let event = match &done {
            Ok(done) => Some(&done.event),
            Err(Unreached::Said(said)) => said.event.as_ref(),
            Err(_) => None,
        };
        let printed = event.map_or(Ok(()), print_json);
        // That it was refused counts, whoever reads it.
        done?;
        return printed;
    }
    let event = Event::deserialize(done?.event).map_err(|e| {
        Failed::Unreached(format!(
            "the event of {reach} cannot be read ({e}): use the same version of both"
        ))
    })?;
    print(&carried_out(&event))
}

#[derive(Deserialize)]
struct Done {
    /// As the router wrote it: another version's fields are in it too.
    event: Value,
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
        let snapshot = snapshot_of(&reach).await?;
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
        let snapshot: Value = read(&reach, reach.get("/admin/snapshot")).await?;
        print_json(&snapshot)?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn events(asked: &Asked, following: bool, all: bool) -> Result<ExitCode, String> {
    let telling = Telling {
        json: asked.json,
        all,
    };
    ask(&asked.at, async |reach| {
        if following {
            return follow(reach, telling).await;
        }
        let snapshot = snapshot_of(&reach).await?;
        snapshot
            .events
            .iter()
            .try_for_each(|event| telling.tell(event))?;
        Ok(ExitCode::SUCCESS)
    })
}
