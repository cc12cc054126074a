//! Commands on their way. A screen says that something happened only when the event says so.

use super::{fit::fit_middle, theme::Role, words::fit};
use crate::{
    model::{
        Command, Kind, Snapshot, Wall,
        command::{FaultCommand, Rung3Command},
        snapshot::{FaultView, RouteView},
        time::short,
    },
    source::Source,
};
use std::time::Duration;

/// How long what became of a command stays in the footer.
const DONE: Duration = Duration::from_secs(6);
const REFUSED: Duration = Duration::from_secs(20);
const NOTE: Duration = Duration::from_secs(30);
/// Commands waited for at once; more are unlikely to be typed.
const PENDING: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Waiting,
    Done,
    Refused(String),
}

#[derive(Debug)]
struct Sent {
    command: Command,
    text: String,
    /// The last event when it went out: older ones cannot be about it.
    after: u64,
    at: Wall,
    fate: Fate,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    sent: Vec<Sent>,
    /// Something to say that no command is behind, and since when; until the next key.
    note: Option<(String, Wall)>,
    /// What was carried out, oldest first.
    done: Vec<Command>,
    /// Who this screen is, as the events about its commands say.
    me: Option<String>,
    now: Wall,
}

impl Outbox {
    pub(super) fn send(&mut self, source: &dyn Source, live: &Snapshot, command: Command) {
        self.note = None;
        self.now = live.at;
        let text = command.to_string();
        if let Err(why) = source.send(command.clone()) {
            self.note(format!("NOT SENT: {text}: {why}"));
            return;
        }
        if self.sent.len() >= PENDING {
            self.sent.remove(0);
        }
        self.sent.push(Sent {
            command,
            text,
            after: live.seq,
            at: live.at,
            fate: Fate::Waiting,
        });
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.note = Some((text.into(), self.now));
    }

    /// What was said long enough gives the keys their room back.
    pub(super) fn fade(&mut self) {
        let now = self.now;
        self.note.take_if(|(_, at)| now.since(*at) >= NOTE);
    }

    pub(super) fn forget_note(&mut self) {
        self.note = None;
    }

    pub(super) fn me(&self) -> Option<&str> {
        self.me.as_deref()
    }

    /// Another run answers no command of the one before.
    pub(super) fn begin_anew(&mut self, started: Wall) {
        let waiting = self.sent.iter().rev().find(|c| c.fate == Fate::Waiting);
        let unknown = waiting.map_or(String::new(), |c| {
            format!("; what became of {} is unknown", c.text)
        });
        let clock = started.clock();
        self.now = started;
        self.note(format!("the router was started again at {clock}{unknown}"));
        self.sent.clear();
    }

    /// Looks for what became of the commands, and lets go of what was shown long enough.
    pub(super) fn read(&mut self, s: &Snapshot) {
        self.now = s.at;
        for sent in self.sent.iter_mut().filter(|c| c.fate == Fate::Waiting) {
            let answer = s
                .events
                .iter()
                .rev()
                .take_while(|e| e.seq > sent.after)
                .find_map(|e| match &e.kind {
                    Kind::Command {
                        actor,
                        command,
                        refused,
                        ..
                    } if *command == sent.text => Some((e.at, actor, refused)),
                    _ => None,
                });
            if let Some((at, actor, refused)) = answer {
                self.me = Some(actor.clone());
                sent.at = at;
                sent.fate = refused.clone().map_or(Fate::Done, Fate::Refused);
                if sent.fate == Fate::Done {
                    self.done.push(sent.command.clone());
                }
            }
        }
        let old = self.done.len().saturating_sub(PENDING);
        self.done.drain(..old);
        self.sent.retain(|c| match c.fate {
            Fate::Waiting => true,
            Fate::Done => s.at.since(c.at) < DONE,
            Fate::Refused(_) => s.at.since(c.at) < REFUSED,
        });
    }

    /// What takes the last of this screen's overrides off that is still on.
    pub(super) fn undo(&self, live: &Snapshot) -> Option<Command> {
        let mut done = self.done.iter().rev();
        done.find_map(|command| self.inverse(command, live))
    }

    fn inverse(&self, command: &Command, live: &Snapshot) -> Option<Command> {
        let mine = |who: &str| self.me.as_deref() == Some(who);
        match command {
            Command::Force { deployment, .. } => live
                .deployment(deployment)?
                .force
                .as_ref()
                .filter(|force| mine(&force.who))
                .map(|_| Command::Release {
                    deployment: deployment.clone(),
                }),
            Command::Fault(FaultCommand::Add {
                deployment, kind, ..
            }) => {
                let same = |f: &&FaultView| {
                    let f = &f.fault;
                    f.deployment == *deployment && f.kind == *kind && mine(&f.who)
                };
                let fault = live.faults.iter().rfind(same)?;
                let which = fault.fault.id.to_string();
                Some(Command::Fault(FaultCommand::Clear { which }))
            }
            Command::Rung3(Rung3Command::On { route, .. }) => {
                let is_meant = |r: &&RouteView| **route == *"all" || r.id == *route;
                let on = live.routes.iter().filter(is_meant);
                on.filter_map(|r| r.rung3.as_ref())
                    .any(|on| mine(&on.who))
                    .then(|| {
                        Command::Rung3(Rung3Command::Off {
                            route: route.clone(),
                        })
                    })
            }
            _ => None,
        }
    }

    /// The newest of what there is to say, in at most `room` columns; a refusal stands before all else. The command is
    /// known to whoever sent it: what became of it is not cut off.
    pub(super) fn status(&self, lost: bool, room: u16) -> Option<(String, Role)> {
        if let Some((note, _)) = &self.note {
            return Some((fit(note, room).into_owned(), Role::Warn));
        }
        let refused = self
            .sent
            .iter()
            .rev()
            .find(|c| matches!(c.fate, Fate::Refused(_)));
        let sent = refused.or(self.sent.last())?;
        Some(match &sent.fate {
            Fate::Refused(why) => {
                let text = fit_middle("REFUSED: ", &sent.text, &format!(": {why}"), room);
                let brief = || format!("REFUSED: {why}");
                let whole = text.ends_with(why.as_str());
                (if whole { text } else { brief() }, Role::Bad)
            }
            Fate::Done => (fit_middle("done: ", &sent.text, "", room), Role::Good),
            Fate::Waiting if lost => {
                let unknown = "; what became of it is unknown";
                (fit_middle("sent: ", &sent.text, unknown, room), Role::Warn)
            }
            Fate::Waiting => {
                let waited = self.now.since(sent.at);
                let since = if waited >= Duration::from_secs(2) {
                    format!(" {}", short(waited))
                } else {
                    String::new()
                };
                let waiting = format!(" (waiting{since})");
                (fit_middle("sent: ", &sent.text, &waiting, room), Role::Warn)
            }
        })
    }
}
