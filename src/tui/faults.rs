//! The faults that are on: what each has hit so far, how long it lasts, and who laid it.
//!
//! ```text
//! ┌ faults ─────────────────────────────────────────────────────────────────────┐
//! │   #  deployment       fault       share  hits  left  by   for              │
//! │ ▸ 2  openai/gpt-4.1   status=503    30%   214  3:55  ana  everybody        │
//! └─────────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::App,
    draw::{framed, paragraph, put, title, wrap},
    grid::{Grid, Head},
    keys::Action,
    overlay::{Items, Menu, Overlay, RATES},
    theme::Role,
    words::count,
};
use crate::model::{
    Command, command::FaultCommand, fault::FaultKind, snapshot::FaultView, time::short,
};
use ratatui::{buffer::Buffer, layout::Rect};

const HEADS: [Head; 8] = [
    Head::right("#", 2),
    Head::left("deployment", 0),
    Head::left("fault", 0),
    Head::right("share", 3),
    Head::right("hits", 0),
    Head::right("left", 0),
    Head::left("by", 4),
    Head::left("for", 5),
];

impl App {
    /// The fault under the cursor.
    fn fault(&self) -> Option<&FaultView> {
        let faults = &self.shown().faults;
        faults.get(self.fault_at.min(faults.len().saturating_sub(1)))
    }

    pub(super) fn on_faults(&mut self, action: Action) {
        match action {
            Action::ClearFault => match self.fault() {
                Some(f) => {
                    let which = f.fault.id.to_string();
                    self.order(Command::Fault(FaultCommand::Clear { which }));
                }
                None => self.outbox.note("no fault is active"),
            },
            Action::ChangeFault => self.change_fault(),
            _ => {}
        }
    }

    /// The menu, as this fault was chosen in it.
    fn change_fault(&mut self) {
        let Some(fault) = self.fault().map(|f| f.fault.clone()) else {
            self.outbox.note("no fault is active");
            return;
        };
        let mut kinds = FaultKind::menu();
        let at = kinds.iter().position(|k| *k == fault.kind);
        // One that was typed may not stand in the menu.
        let at = at.unwrap_or_else(|| {
            kinds.insert(0, fault.kind.clone());
            0
        });
        let near = |rate: &f64| (rate - fault.rate).abs();
        let rate = RATES
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| near(a).total_cmp(&near(b)))
            .map_or(0, |(i, _)| i);
        self.overlay = Overlay::Menu(Menu {
            items: Items::Faults {
                deployment: fault.deployment,
                kinds,
                rate,
                instead: Some((fault.id, fault.only)),
            },
            at,
        });
    }

    pub(super) fn go_faults(&mut self, by: isize) {
        let last = self.shown().faults.len().saturating_sub(1);
        self.fault_at = self.fault_at.min(last).saturating_add_signed(by).min(last);
    }
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let inner = framed(area, buf, title("faults", "", theme), theme, true);
    if s.faults.is_empty() {
        let text = match app.selected() {
            Some(d) => format!(
                "Nothing is injected. f injects a failure into {}, d rehearses one with checks.",
                d.id
            ),
            None => "Nothing is injected.".to_owned(),
        };
        paragraph(buf, inner, &text, theme.style(Role::Dim));
        return;
    }
    let rows = s.faults.iter().map(|f| {
        let fault = &f.fault;
        let hits = if f.hits == 0 { Role::Dim } else { Role::Text };
        vec![
            (fault.id.to_string(), Role::Dim),
            (fault.deployment.to_string(), Role::Text),
            (fault.kind.to_string(), Role::Manual),
            (format!("{:.0}%", fault.rate * 100.0), Role::Text),
            (count(f.hits), hits),
            (short(s.at.until(fault.until)), Role::Text),
            (fault.who.clone(), Role::Dim),
            (fault.only.to_string(), Role::Dim),
        ]
    });
    let grid = Grid {
        heads: &HEADS,
        rows: rows.collect(),
        at: app.fault_at.min(s.faults.len().saturating_sub(1)),
    };
    let explained = app.fault().map(|f| f.fault.kind.explain());
    let lines = explained.map_or(Vec::new(), |text| wrap(text, inner.width));
    let below = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(1);
    let spare = inner.height.saturating_sub(below);
    let has_room = usize::from(spare) > s.faults.len();
    let list = Rect {
        height: if has_room { spare } else { inner.height },
        ..inner
    };
    grid.draw(list, buf, theme);
    if has_room {
        for (y, line) in (list.bottom().saturating_add(1)..inner.bottom()).zip(lines) {
            put(
                buf,
                (inner.x, y),
                &line,
                inner.width,
                theme.style(Role::Dim),
            );
        }
    }
}
