//! What was typed into the palette: a word of the screen itself, or a command.

use super::{
    act,
    app::{App, Flow},
    complete,
    filter::Filter,
    keys::{self, Action},
    overlay::Overlay,
};
use crate::model::Command;

/// Lines that can be had again.
const LINES: usize = 100;

impl App {
    pub(super) fn typed(&mut self, text: &str) -> Flow {
        if text.is_empty() {
            self.overlay = Overlay::None;
            return Flow::Go;
        }
        let done = match self.own_word(text) {
            Some(done) => done,
            None => self.command(text),
        };
        done.unwrap_or_else(|why| {
            if let Overlay::Line(line) = &mut self.overlay {
                line.error = Some(why);
            }
            Flow::Go
        })
    }

    fn command(&mut self, text: &str) -> Result<Flow, String> {
        let command = Command::parse(text).map_err(|why| {
            let word = text.split_whitespace().next().unwrap_or_default();
            if complete::first(self.desk())
                .iter()
                .any(|known| known == word)
            {
                why
            } else {
                format!("{word:?} is no command and no view; an empty line names them all")
            }
        })?;
        if let Some(why) = self.cut_off() {
            return Err(why);
        }
        self.take(text);
        self.order(command);
        Ok(Flow::Go)
    }

    /// The line is done, and can be had again.
    fn take(&mut self, text: &str) {
        self.overlay = Overlay::None;
        self.lines.retain(|l| l != text);
        self.lines.push(text.to_owned());
        let old = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..old);
    }

    /// What a key does, said by its word; none where it is no such word.
    fn own_word(&mut self, text: &str) -> Option<Result<Flow, String>> {
        let mut words = text.split_whitespace();
        let binding = keys::named_by(words.next()?, self.desk())?;
        let rest: Vec<_> = words.collect();
        let done = match (binding.action, rest.as_slice()) {
            (Action::Detail, [id]) => self.choose_by_name(id),
            (_, []) => Ok(()),
            (Action::Detail, _) => Err("one deployment at a time".to_owned()),
            _ => Err(format!("nothing comes after {}", binding.word)),
        };
        Some(done.map(|()| {
            self.take(text);
            // A word goes there; only its key also leads back.
            if act::view_of(binding.action) == Some(self.view) {
                return Flow::Go;
            }
            self.board(binding.action)
        }))
    }

    fn choose_by_name(&mut self, id: &str) -> Result<(), String> {
        let Some(found) = self.shown().deployment(id).map(|d| d.id.clone()) else {
            let all: Vec<_> = self.shown().deployments.iter().map(|d| &*d.id).collect();
            return Err(format!(
                "no deployment {id:?}; there are {}",
                all.join(", ")
            ));
        };
        if !self.rows().iter().any(|d| d.id == found) {
            self.filter = Filter::default();
        }
        self.chosen = Some(found);
        Ok(())
    }
}
