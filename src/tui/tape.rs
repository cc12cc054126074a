//! A recording under the hand: what its keys do, and what the header says of it.
//!
//! ```text
//! breakerbox   REPLAY 5x 1:02 of 4:10   :4141  users ok                2026-11-20 14:03:22Z
//! ```

use super::{
    app::App,
    draw::Item,
    keys::Go,
    overlay::{Line, Overlay, Purpose},
    theme::Role,
};
use crate::{
    model::time::short,
    source::{Tape, TapeStatus, Wind},
};
use std::{sync::Arc, time::Duration};

impl App {
    pub(super) fn wind(&mut self, go: Go) {
        if go == Go::Time {
            self.overlay = Overlay::Line(Line::new(Purpose::Time, ""));
            return;
        }
        if self.source.tape().is_none() {
            return self.look_back(go);
        }
        let how = match go {
            Go::Toggle => Wind::Toggle,
            Go::Faster => Wind::Faster,
            Go::Slower => Wind::Slower,
            Go::SecondOn => Wind::On(Duration::from_secs(1)),
            Go::SecondBack => Wind::Back(Duration::from_secs(1)),
            Go::MinuteOn => Wind::On(Duration::from_mins(1)),
            Go::MinuteBack => Wind::Back(Duration::from_mins(1)),
            Go::Next => Wind::Next,
            Go::Previous => Wind::Previous,
            Go::Start => Wind::Start,
            Go::End => Wind::End,
            Go::Time => return,
        };
        if let Err(why) = self.wound(how) {
            self.outbox.note(why);
        }
    }

    pub(super) fn wind_to_typed(&mut self) {
        let Overlay::Line(line) = &self.overlay else {
            return;
        };
        let text = line.input.value().trim().to_owned();
        let done = if text.is_empty() {
            Ok(())
        } else {
            self.wound(Wind::To(text))
        };
        match (done, &mut self.overlay) {
            (Err(why), Overlay::Line(line)) => line.error = Some(why),
            _ => self.overlay = Overlay::None,
        }
    }

    fn wound(&mut self, how: Wind) -> Result<(), String> {
        let source = Arc::clone(&self.source);
        let done = match (source.tape(), how) {
            (Some(tape), how) => tape.wind(&how),
            (None, Wind::To(text)) => self.look_to(&text),
            (None, _) => Ok(()),
        };
        self.update();
        done
    }
}

/// That it is no live screen must not be overlooked.
pub(super) fn item(tape: &dyn Tape, app: &App) -> Item {
    let TapeStatus {
        playing,
        speed,
        position,
        length,
    } = tape.status();
    let pause = if playing { "" } else { "paused " };
    let text = format!(
        " REPLAY {pause}{speed}x {} of {} ",
        short(position),
        short(length)
    );
    Item::new(text, app.theme.badge(Role::Info), 0)
}
