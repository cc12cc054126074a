//! `events --follow`: what happens, line by line, also after the router was away.

use super::operate::{Failed, in_time, print, snapshot_of};
use breakerbox::{
    clock, headless,
    model::{Event, Wall},
    source::reach::{Reach, Unreached},
};
use reqwest::Response;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Deserialize;
use serde_json::json;
use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::time::sleep;

/// Before the first new try, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// No event is nearly so long.
const LONGEST_LINE: usize = 64 << 20;

/// How what happens is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    pub(super) json: bool,
    /// What only programs want, too.
    pub(super) all: bool,
}

impl Telling {
    pub(super) fn tell(self, event: &Event) -> Result<(), Failed> {
        if !self.all && !headless::is_for_people(event) {
            return Ok(());
        }
        if self.json {
            let line = serde_json::to_string(event);
            return print(&line.map_err(|e| Failed::Unprinted(e.to_string()))?);
        }
        print(&headless::line(event))
    }

    fn missed(self, missed: u64) -> Result<(), Failed> {
        if self.json {
            return print(&json!({ "missed": missed }).to_string());
        }
        print(&headless::missed(missed))
    }
}

/// Until nobody reads any more, or the router lets us look no more. The first time it has to be there.
pub(super) async fn follow(mut reach: Reach, telling: Telling) -> Result<ExitCode, Failed> {
    let mut follower = Follower {
        telling,
        last: (clock::wall(), 0),
        caught_up: 0,
    };
    let mut feed = in_time(&reach, open(&reach)).await?;
    loop {
        follower.read(feed).await?;
        aside(&format!(
            "{reach} tells no more; waiting until it is back (Ctrl-C ends this)"
        ));
        let before = reach.to_string();
        feed = back(&mut reach).await?;
        aside(&if reach.to_string() == before {
            format!("{reach} is there again")
        } else {
            format!("{reach} is there, the only router that runs here now")
        });
        follower.catch_up(&reach).await?;
    }
}

async fn open(reach: &Reach) -> Result<Response, Unreached> {
    reach.ask(reach.get("/admin/events")).await
}

/// For people, beside what is told.
fn aside(line: &str) {
    let _ = writeln!(io::stderr(), "breakerbox: {line}");
}

/// Waits for it, also on another socket of this machine where it was not named.
async fn back(reach: &mut Reach) -> Result<Response, Failed> {
    let mut wait = FIRST_WAIT;
    loop {
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        if nobody_reads() {
            return Err(Failed::Unread);
        }
        match in_time(reach, open(reach)).await {
            Ok(feed) => return Ok(feed),
            Err(Failed::Unreached(_) | Failed::Silent(_) | Failed::Busy(_)) => {}
            Err(over) => return Err(over),
        }
        // Where there are several now, it may still come back to where it was.
        if reach.look_again() == Ok(true) {
            wait = FIRST_WAIT;
        }
    }
}

/// A pipe says so without being written to.
fn nobody_reads() -> bool {
    let out = io::stdout();
    let mut all = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec::default();
    let gone = PollFlags::ERR | PollFlags::HUP;
    let looked = poll(&mut all, Some(&at_once));
    looked.is_ok() && all.iter().any(|fd| fd.revents().intersects(gone))
}

struct Follower {
    telling: Telling,
    /// The last event that was seen. Another run's numbers begin anew, at a later time.
    last: (Wall, u64),
    /// What people are told up to this event has been told when the router was back.
    caught_up: u64,
}

impl Follower {
    fn came(&mut self, event: &Event) -> Result<(), Failed> {
        self.last = (event.at, event.seq);
        if event.seq <= self.caught_up && !event.kind.is_measure() {
            return Ok(());
        }
        self.telling.tell(event)
    }

    /// What the router still knows of what happened while nobody followed.
    async fn catch_up(&mut self, reach: &Reach) -> Result<(), Failed> {
        // It may be gone again.
        let Ok(snapshot) = snapshot_of(reach).await else {
            self.caught_up = 0;
            return Ok(());
        };
        let missed = |event: &&Arc<Event>| (event.at, event.seq) > self.last;
        let mut events = snapshot.events.iter().filter(missed);
        events.try_for_each(|event| self.telling.tell(event))?;
        self.caught_up = snapshot.seq;
        Ok(())
    }

    async fn read(&mut self, mut feed: Response) -> Result<(), Failed> {
        let mut held = Vec::new();
        while let Ok(Some(bytes)) = feed.chunk().await {
            held.extend_from_slice(&bytes);
            while let Some(end) = memchr::memchr(b'\n', &held) {
                let line: Vec<u8> = held.drain(..=end).collect();
                self.line(&line)?;
            }
            if held.len() > LONGEST_LINE {
                return Err(Failed::Unreached(
                    "what it tells is no line of events: use the same version of both".to_owned(),
                ));
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Failed> {
        match serde_json::from_slice(line) {
            Ok(Line::Event(event)) => self.came(&event),
            Ok(Line::Missed { missed }) => self.telling.missed(missed),
            Err(e) => {
                aside(&format!("a line that is no event: {e}"));
                Ok(())
            }
        }
    }
}

/// An event may say that something was missed, too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Event(Box<Event>),
    Missed { missed: u64 },
}

#[cfg(test)]
mod tests {
    use super::*;
    use breakerbox::model::Kind;

    #[test]
    fn an_event_that_says_what_the_journal_missed_is_no_gap_of_this_reader() {
        let kind = Kind::Journal {
            stopped: None,
            missed: 7,
        };
        let event = serde_json::to_vec(&Event::new(3, Wall(1), kind)).unwrap();
        assert!(matches!(serde_json::from_slice(&event), Ok(Line::Event(_))));
        let gap = serde_json::from_str(r#"{"missed":7}"#);
        assert!(matches!(gap, Ok(Line::Missed { missed: 7 })));
    }
}
