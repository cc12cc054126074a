//! Keys that lead to commands, and the questions that stand before them.

use super::{
    app::{App, Flow, View},
    keys::Action,
    overlay::{Dialog, Items, Menu, Overlay, RATES, Then},
    radius::{self, Ask},
};
use crate::model::{
    Command, DeploymentId, ForceKind, RouteId,
    command::{DrillCommand, FaultCommand, NormalCommand, Rung3Command},
    fault::FaultKind,
    normal::Origin,
};
use ratatui::layout::Size;
use std::{sync::Arc, time::Duration};
use tui_input::Input;

/// How long what a key starts lasts; the command line takes any time.
const FORCE: Duration = Duration::from_mins(10);
pub(super) const FAULT: Duration = Duration::from_mins(5);
/// A question in a smaller window cannot be read, so it cannot be answered.
const READABLE: Size = Size::new(24, 4);

impl App {
    /// Keys about the selected deployment.
    pub(super) fn on_selected(&mut self, action: Action) {
        let Some(id) = self.selected().map(|d| d.id.clone()) else {
            self.outbox.note("there is no deployment to do this to");
            return;
        };
        let force = |kind| Command::Force {
            deployment: id.clone(),
            kind,
            lasts: FORCE,
            why: String::new(),
        };
        match action {
            Action::ForceOpen => self.order(force(ForceKind::Open)),
            Action::ForceClosed => self.order(force(ForceKind::Closed)),
            Action::Observe => self.order(force(ForceKind::Observe)),
            Action::Release
                if self
                    .live()
                    .deployment(&id)
                    .is_none_or(|d| d.force.is_none()) =>
            {
                self.outbox.note(format!("{id} has no force to release"));
            }
            Action::Release => self.order(Command::Release { deployment: id }),
            Action::Probe => self.order(Command::Probe { deployment: id }),
            Action::Fault => {
                self.overlay = Overlay::Menu(Menu {
                    items: Items::Faults {
                        deployment: id,
                        kinds: FaultKind::menu(),
                        rate: RATES.len().saturating_sub(1),
                        instead: None,
                    },
                    at: 0,
                });
            }
            Action::ClearFaults => self.clear_faults(&id),
            _ => {}
        }
    }

    fn clear_faults(&mut self, id: &DeploymentId) {
        let faults = &self.live().faults;
        let which = if faults.is_empty() {
            self.outbox.note("no fault is active");
            return;
        } else if faults.iter().any(|f| f.fault.deployment == *id) {
            id.to_string()
        } else {
            "all".to_owned()
        };
        self.order(Command::Fault(FaultCommand::Clear { which }));
    }

    pub(super) fn undo(&mut self) {
        match self.outbox.undo(self.live()) {
            Some(command) => self.order(command),
            None => self
                .outbox
                .note("no override of this screen is on: nothing to undo"),
        }
    }

    pub(super) fn rung3(&mut self) {
        let live = self.live();
        let all = RouteId::from("all");
        if live.routes.iter().any(|r| r.rung3.is_some()) {
            self.order(Command::Rung3(Rung3Command::Off { route: all }));
            return;
        }
        let routes = live.routes.iter().map(|r| r.id.clone());
        let items: Vec<_> = std::iter::once(all.clone()).chain(routes).collect();
        if items.len() > 2 {
            self.overlay = Overlay::Menu(Menu {
                items: Items::Rung3(items),
                at: 0,
            });
        } else {
            self.order(rung3_on(all));
        }
    }

    /// The present is normal; pinned already, it no longer is.
    pub(super) fn normal(&mut self) {
        let mut known = self.live().normal.iter();
        let pinned = known.any(|n| matches!(n.origin, Origin::Pinned { .. }));
        self.order(Command::Normal(if pinned {
            NormalCommand::Unpin
        } else {
            NormalCommand::Pin
        }));
    }

    /// Sends a command, after the question its reach asks for.
    pub(super) fn order(&mut self, command: Command) {
        self.ask(command.clone(), Then::Send(command));
    }

    /// Asks what the reach of `command` asks for.
    pub(super) fn ask(&mut self, command: Command, then: Then) {
        // Where nothing can be changed there is nothing to be sure of.
        if self.source.read_only() {
            return self.send(command);
        }
        match radius::ask(self.live(), &command, self.outbox.me()) {
            Ask::Nothing => self.send(command),
            Ask::YesNo(lines) => self.confirm(then, None, lines),
            Ask::Type(word, lines) => self.confirm(then, Some(word), lines),
        }
    }

    fn confirm(&mut self, then: Then, word: Option<String>, lines: Vec<String>) {
        if self.size.width < READABLE.width || self.size.height < READABLE.height {
            self.outbox
                .note("make the window larger: this has to be confirmed");
            return;
        }
        self.overlay = Overlay::Confirm(Dialog {
            then,
            lines,
            word,
            input: Input::default(),
            seen: false,
        });
    }

    pub(super) fn send(&mut self, command: Command) {
        // The router may have gone while the question was read.
        if let Some(why) = self.cut_off() {
            self.outbox.note(why);
            return;
        }
        if let Command::Drill(DrillCommand::Start { .. }) = command {
            self.view = View::Drill;
        }
        let source = Arc::clone(&self.source);
        let live = self.live_arc();
        self.outbox.send(&*source, &live, command);
    }

    /// Where the router runs in this very process, stopping it stops the traffic.
    pub(super) fn suspend(&mut self) -> Flow {
        if self.source.label() != "LIVE" {
            return Flow::Suspend;
        }
        let lines = vec![
            "the router runs in this process and stops with it".to_owned(),
            format!("{:.1} req/s would hang until `fg`", self.live().users.per_s),
        ];
        self.confirm(Then::Suspend, None, lines);
        Flow::Go
    }
}

pub(super) fn rung3_on(route: RouteId) -> Command {
    Command::Rung3(Rung3Command::On {
        route,
        lasts: FORCE,
        why: String::new(),
    })
}
