//! What a key asks of the terminal and of the disk: the loop does it, since an app knows neither.

use super::{
    app::{App, Pane, View},
    columns::note,
    events,
    words::{breaker, err, score},
};
use crate::model::{snapshot::DeploymentView, text};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Errand {
    /// To the clipboard.
    Copy(String),
    /// The frame, as a picture and as text.
    Save,
    /// Take clicks, or leave them to the terminal.
    Mouse(bool),
}

impl App {
    /// What is under the cursor, as one line for a chat or a ticket.
    pub(super) fn copy(&mut self) {
        let events = self.pane == Pane::Events || self.view == View::Events;
        let line = if events {
            let about = self.selected().filter(|_| self.view == View::Detail);
            events::in_sight(self, about.map(|d| &d.id))
        } else {
            self.selected().map(|d| self.row_text(d))
        };
        let Some(line) = line else {
            self.outbox.note("there is nothing to copy");
            return;
        };
        self.outbox.note(format!("copied: {line}"));
        self.errands.push(Errand::Copy(line));
    }

    fn row_text(&self, d: &DeploymentView) -> String {
        let s = self.shown();
        let (_, word, _) = breaker(d);
        format!(
            "{} {} {word}, errors {}, judge {}: {}",
            s.at.moment(),
            d.id,
            err(d.errors_5m, s.err_threshold).0,
            score(d, s).0,
            text::join(&note(d, s)),
        )
    }
}
