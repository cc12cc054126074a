//! From an input to what it does.

use super::{
    app::{App, Flow, Pane, View},
    complete::complete,
    errand::Errand,
    events,
    filter::Filter,
    keys::{self, Action, Context, Reach},
    orders::{FAULT, rung3_on},
    overlay::{Brief, Help, Items, Line, Menu, Overlay, Purpose, RATES, Then},
    view,
};
use crate::model::{Command, command::FaultCommand, fault::Only};
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use ratatui::layout::{Position, Rect, Size};
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

/// Characters of one typed line.
const LONGEST: usize = 400;
impl App {
    pub(super) fn handle(&mut self, event: &Event) -> Flow {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key),
            Event::Paste(text) => self.paste(text),
            Event::Mouse(mouse) => self.mouse(*mouse),
            Event::Resize(w, h) => {
                self.size = Size::new(*w, *h);
                Flow::Go
            }
            _ => Flow::Go,
        }
    }

    /// The frame is on screen: from now on a question can be answered.
    pub(super) fn drawn(&mut self) {
        if let Overlay::Confirm(dialog) = &mut self.overlay {
            dialog.seen = true;
        }
    }

    fn key(&mut self, key: KeyEvent) -> Flow {
        self.outbox.forget_note();
        let context = self.context();
        if let Some(binding) = keys::find(context, key, self.desk()) {
            if binding.reach > Reach::Look
                && let Some(why) = self.cut_off()
            {
                self.outbox.note(why);
                return Flow::Go;
            }
            return self.act(context, binding.action);
        }
        if let Some(request) = to_input_request(&Event::Key(key)) {
            self.edit(request);
        }
        Flow::Go
    }

    /// Pasted text never acts: it lands in the line being typed, or nowhere. A name asked for to be sure has to be
    /// typed, so it lands nowhere there too.
    fn paste(&mut self, text: &str) -> Flow {
        if let Overlay::Line(_) = &self.overlay {
            for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
                self.edit(InputRequest::InsertChar(c));
            }
        }
        Flow::Go
    }

    fn edit(&mut self, request: InputRequest) {
        let input = match &mut self.overlay {
            Overlay::Line(line) => {
                line.error = None;
                &mut line.input
            }
            Overlay::Confirm(dialog) if dialog.word.is_some() && dialog.seen => &mut dialog.input,
            Overlay::Help(help) => {
                help.scroll = 0;
                &mut help.search
            }
            _ => return,
        };
        if !matches!(request, InputRequest::InsertChar(_))
            || input.value().chars().count() < LONGEST
        {
            input.handle(request);
        }
        if let Overlay::Line(Line {
            purpose: Purpose::Filter,
            input,
            error,
            ..
        }) = &mut self.overlay
        {
            match Filter::parse(input.value()) {
                Ok(filter) => self.filter = filter,
                Err(why) => *error = Some(why),
            }
        }
    }

    fn act(&mut self, context: Context, action: Action) -> Flow {
        match context {
            Context::Board
            | Context::Tape
            | Context::Requests
            | Context::Routes
            | Context::Faults
            | Context::Events
            | Context::Wall
            | Context::Drill => {
                return self.board(action);
            }
            Context::Confirm | Context::Typed => return self.answer(action),
            Context::Menu | Context::Shares => self.menu(action),
            Context::Brief => self.brief(action),
            Context::Line | Context::Command => return self.line(action),
            Context::Help => self.help(action),
        }
        Flow::Go
    }

    pub(super) fn board(&mut self, action: Action) -> Flow {
        if let Some(view) = view_of(action) {
            self.toggle(view);
            return Flow::Go;
        }
        match action {
            Action::Quit => return Flow::Quit,
            Action::Suspend => return self.suspend(),
            Action::Down => self.go(1),
            Action::Up => self.go(-1),
            Action::First => self.go(isize::MIN),
            Action::Last => self.go(isize::MAX),
            Action::Pane => self.pane = self.pane.next(self.view),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::Undo => self.undo(),
            Action::Copy => self.copy(),
            Action::Save => self.errands.push(Errand::Save),
            Action::Mouse => {
                self.mouse = !self.mouse;
                self.errands.push(Errand::Mouse(self.mouse));
                let what = if self.mouse {
                    "on: rows, panels and the wheel"
                } else {
                    "off"
                };
                self.outbox.note(format!("mouse {what}"));
            }
            Action::Waterfall => {
                self.hold_request();
                let back = self.view == View::Waterfall;
                self.view = if back {
                    View::Requests
                } else {
                    View::Waterfall
                };
            }
            Action::ClearFault | Action::ChangeFault => self.on_faults(action),
            Action::Back => self.back(),
            Action::Wind(go) => self.wind(go),
            Action::Freeze => self.toggle_freeze(),
            Action::Filter => {
                self.overlay = Overlay::Line(Line::new(Purpose::Filter, &self.filter.text));
            }
            Action::Palette => self.overlay = Overlay::Line(Line::new(Purpose::Command, "")),
            Action::Help => self.overlay = Overlay::Help(Help::default()),
            Action::Rung3 => self.rung3(),
            Action::Drill => self.drill(),
            Action::Normal => self.normal(),
            Action::Abort => self.abort(),
            other => self.on_selected(other),
        }
        Flow::Go
    }

    /// To a view, or from it to the overview.
    fn toggle(&mut self, view: View) {
        self.view = if self.view == view {
            View::Overview
        } else {
            view
        };
        (self.pane, self.scroll, self.zoomed) = (Pane::Rows, 0, false);
        self.catch_up();
    }

    /// Out of whatever is deepest.
    fn back(&mut self) {
        if self.view == View::Waterfall {
            self.view = View::Requests;
        } else if self.view != View::Overview {
            self.held = None;
            self.toggle(self.view);
        } else if self.zoomed {
            self.zoomed = false;
        } else if !self.filter.text.is_empty() {
            self.filter = Filter::default();
        } else if self.behind().is_some() {
            self.toggle_freeze();
        } else {
            (self.pane, self.scroll) = (Pane::Rows, 0);
        }
    }

    pub(super) fn go(&mut self, by: isize) {
        match self.view {
            View::Faults => return self.go_faults(by),
            View::Routes => return self.go_routes(by),
            View::Requests | View::Waterfall => return self.go_requests(by),
            _ => {}
        }
        if self.pane == Pane::Events || self.view == View::Events {
            let room = view::events_shown(self, Rect::from((Position::ORIGIN, self.size)));
            let about = self
                .selected()
                .filter(|_| self.view == View::Detail)
                .map(|d| &d.id);
            let last = events::last(self, about, room);
            self.scroll = self.scroll.min(last).saturating_add_signed(by).min(last);
            return;
        }
        let rows = self.rows();
        let at = self
            .selected()
            .and_then(|d| rows.iter().position(|r| r.id == d.id))
            .unwrap_or(0);
        let next = at
            .saturating_add_signed(by)
            .min(rows.len().saturating_sub(1));
        self.chosen = rows.get(next).map(|d| d.id.clone());
    }

    fn answer(&mut self, action: Action) -> Flow {
        let Overlay::Confirm(dialog) = &self.overlay else {
            return Flow::Go;
        };
        match action {
            Action::Yes if !dialog.seen => {}
            Action::Yes
                if dialog
                    .word
                    .as_ref()
                    .is_some_and(|w| w != dialog.input.value().trim()) => {}
            Action::Yes => {
                let then = dialog.then.clone();
                self.overlay = Overlay::None;
                match then {
                    Then::Send(command) => self.send(command),
                    Then::Instead(id, command) => {
                        let which = id.to_string();
                        self.send(Command::Fault(FaultCommand::Clear { which }));
                        self.send(command);
                    }
                    Then::Suspend => return Flow::Suspend,
                }
            }
            _ => self.overlay = Overlay::None,
        }
        Flow::Go
    }

    fn menu(&mut self, action: Action) {
        let Overlay::Menu(menu) = &mut self.overlay else {
            return;
        };
        let last = menu.len().saturating_sub(1);
        match (action, &mut menu.items) {
            (Action::Down, _) => menu.at = menu.at.saturating_add(1).min(last),
            (Action::Up, _) => menu.at = menu.at.saturating_sub(1),
            (Action::More, Items::Faults { rate, .. }) => {
                *rate = rate.saturating_add(1).min(RATES.len().saturating_sub(1));
            }
            (Action::Less, Items::Faults { rate, .. }) => *rate = rate.saturating_sub(1),
            (Action::Choose, _) => self.choose(),
            (Action::Cancel, _) => self.overlay = Overlay::None,
            _ => {}
        }
    }

    fn choose(&mut self) {
        let Overlay::Menu(Menu { items, at }) = std::mem::take(&mut self.overlay) else {
            return;
        };
        match items {
            Items::Faults {
                deployment,
                mut kinds,
                rate,
                instead,
            } if at < kinds.len() => {
                let (old, only) = instead.unzip();
                let fault = Command::Fault(FaultCommand::Add {
                    deployment,
                    kind: kinds.swap_remove(at),
                    rate: RATES.get(rate).copied().unwrap_or(1.0),
                    lasts: FAULT,
                    only: only.unwrap_or(Only::Everybody),
                });
                match old {
                    Some(id) => self.ask(fault.clone(), Then::Instead(id, fault)),
                    None => self.order(fault),
                }
            }
            Items::Rung3(mut routes) if at < routes.len() => {
                self.order(rung3_on(routes.swap_remove(at)));
            }
            Items::Drills { last, mut drills } => match at.checked_sub(usize::from(last.is_some()))
            {
                None => self.view = View::Drill,
                Some(at) if at < drills.len() => {
                    let simulated = self.live().simulated;
                    self.overlay = Overlay::Brief(Brief::new(drills.swap_remove(at), simulated));
                }
                Some(_) => {}
            },
            _ => {}
        }
    }

    fn line(&mut self, action: Action) -> Flow {
        let Overlay::Line(line) = &mut self.overlay else {
            return Flow::Go;
        };
        match (action, line.purpose) {
            (Action::Cancel, purpose) => {
                if purpose == Purpose::Filter {
                    self.filter = Filter::default();
                }
                self.overlay = Overlay::None;
            }
            (Action::Choose, Purpose::Filter) => self.overlay = Overlay::None,
            (Action::Choose, Purpose::Time) => self.wind_to_typed(),
            (Action::Choose, Purpose::Command) => {
                let text = line.input.value().trim().to_owned();
                return self.typed(&text);
            }
            (Action::Complete, Purpose::Command) => {
                let text = line.input.value().to_owned();
                if let Some(done) = complete(&text, self.live(), self.desk()).extend(&text) {
                    self.overlay = Overlay::Line(Line::new(Purpose::Command, &done));
                }
            }
            (Action::Up, Purpose::Command) => self.recall(1),
            (Action::Down, Purpose::Command) => self.recall(-1),
            _ => {}
        }
        Flow::Go
    }

    fn recall(&mut self, by: isize) {
        let Overlay::Line(line) = &mut self.overlay else {
            return;
        };
        line.back = line.back.saturating_add_signed(by).min(self.lines.len());
        let text = self
            .lines
            .len()
            .checked_sub(line.back)
            .and_then(|i| self.lines.get(i))
            .cloned()
            .unwrap_or_default();
        line.input = Input::new(text);
        line.error = None;
    }

    fn help(&mut self, action: Action) {
        let Overlay::Help(help) = &mut self.overlay else {
            return;
        };
        match action {
            Action::Down => help.scroll = help.scroll.saturating_add(1),
            Action::Up => help.scroll = help.scroll.saturating_sub(1),
            _ => self.overlay = Overlay::None,
        }
    }
}

/// The view that a key leads to.
pub(super) const fn view_of(action: Action) -> Option<View> {
    match action {
        Action::Overview => Some(View::Overview),
        Action::Detail => Some(View::Detail),
        Action::Events => Some(View::Events),
        Action::Wall => Some(View::Wall),
        Action::Faults => Some(View::Faults),
        Action::Routes => Some(View::Routes),
        Action::Requests => Some(View::Requests),
        Action::ShowDrill => Some(View::Drill),
        _ => None,
    }
}
