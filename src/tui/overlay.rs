//! What may lie over the dashboard: a question, a menu, a line to type, the help.

use super::keys::Context;
use crate::model::{
    Command, DeploymentId, RouteId,
    drill::DrillInfo,
    fault::{FaultKind, Only},
};
use tui_input::Input;

#[derive(Debug, Default)]
pub(super) enum Overlay {
    #[default]
    None,
    Help(Help),
    Confirm(Dialog),
    Menu(Menu),
    Brief(Brief),
    Line(Line),
}

impl Overlay {
    /// Which part of the keymap holds now.
    pub(super) const fn context(&self) -> Context {
        match self {
            Self::None => Context::Board,
            Self::Help(_) => Context::Help,
            Self::Confirm(dialog) if dialog.word.is_some() => Context::Typed,
            Self::Confirm(_) => Context::Confirm,
            Self::Menu(Menu {
                items: Items::Faults { .. },
                ..
            }) => Context::Shares,
            Self::Menu(_) => Context::Menu,
            Self::Brief(_) => Context::Brief,
            Self::Line(Line {
                purpose: Purpose::Command,
                ..
            }) => Context::Command,
            Self::Line(_) => Context::Line,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Help {
    pub(super) search: Input,
    pub(super) scroll: u16,
}

/// What happens on yes. Ids are those of the moment when the question was asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Then {
    Send(Command),
    /// The fault with this number goes, and the command follows.
    Instead(u32, Command),
    Suspend,
}

#[derive(Debug)]
pub(super) struct Dialog {
    pub(super) then: Then,
    pub(super) lines: Vec<String>,
    /// What has to be typed; none: y.
    pub(super) word: Option<String>,
    pub(super) input: Input,
    /// Was on screen. Before that no key answers it: what is typed ahead must not say yes.
    pub(super) seen: bool,
}

impl Dialog {
    pub(super) fn question(&self) -> String {
        match &self.then {
            Then::Send(command) => command.to_string(),
            Then::Instead(id, command) => format!("{command}, instead of #{id}"),
            Then::Suspend => "suspend this process".to_owned(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Menu {
    pub(super) items: Items,
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) enum Items {
    Faults {
        deployment: DeploymentId,
        kinds: Vec<FaultKind>,
        /// Into [`RATES`].
        rate: usize,
        /// The fault that is changed, and whom it is for.
        instead: Option<(u32, Only)>,
    },
    /// Routes that rung 3 can be switched on for; the first is `all`.
    Rung3(Vec<RouteId>),
    Drills {
        /// How the last one went, which can be looked at again.
        last: Option<String>,
        drills: Vec<DrillInfo>,
    },
}

/// A drill to be read about: what it was when it was chosen.
#[derive(Debug)]
pub(super) struct Brief {
    pub(super) drill: DrillInfo,
    /// Into [`WHOM`].
    pub(super) whom: usize,
    pub(super) scroll: u16,
}

/// Shares of all requests that a drill may fail; none: its own only.
pub(super) const WHOM: [Option<f64>; 7] = [
    None,
    Some(0.01),
    Some(0.05),
    Some(0.10),
    Some(0.30),
    Some(0.50),
    Some(1.0),
];

impl Brief {
    /// Real users are never hit unless somebody says so.
    pub(super) fn new(drill: DrillInfo, simulated: bool) -> Self {
        let whom = if simulated {
            WHOM.len().saturating_sub(1)
        } else {
            0
        };
        Self {
            drill,
            whom,
            scroll: 0,
        }
    }

    pub(super) fn share(&self) -> Option<f64> {
        WHOM.get(self.whom).copied().flatten()
    }
}

/// Shares that the fault menu offers.
pub(super) const RATES: [f64; 6] = [0.01, 0.05, 0.10, 0.30, 0.50, 1.0];

impl Menu {
    pub(super) fn len(&self) -> usize {
        match &self.items {
            Items::Faults { kinds, .. } => kinds.len(),
            Items::Rung3(routes) => routes.len(),
            Items::Drills { last, drills } => {
                drills.len().saturating_add(usize::from(last.is_some()))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Command,
    Filter,
    /// Of a recording, or of what was on this screen.
    Time,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) purpose: Purpose,
    pub(super) input: Input,
    /// How far back in the lines typed before; 0 is the one being typed.
    pub(super) back: usize,
    pub(super) error: Option<String>,
}

impl Line {
    pub(super) fn new(purpose: Purpose, text: &str) -> Self {
        Self {
            purpose,
            input: Input::new(text.to_owned()),
            back: 0,
            error: None,
        }
    }
}
