//! A recorded run, played through the same reducer that a live one goes through.

mod deck;
pub mod incidents;
mod index;
mod player;
mod shelf;
mod store;
#[cfg(test)]
mod tests;

pub use self::{index::Progress, shelf::Purpose};

use self::{deck::Deck, index::Index, player::Player, shelf::Volume, store::Store};
use super::{
    Source, Tape, TapeStatus, Wind,
    when::{self, Times},
};
use crate::{
    clock, journal,
    model::{Command, Event, Snapshot, Wall},
};
use parking_lot::Mutex;
use std::{io, path::Path, sync::Arc};

/// Files of a journal, played on a screen or asked for how things stood.
pub struct Replay {
    deck: Mutex<Deck>,
    notes: Vec<String>,
}

/// What of a recording is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// As [`Replay::open`] takes it.
    pub what: &'a [String],
    /// `14:03:22`, `2026-11-20T14:03:22Z`, `+5m` from the beginning, `-30s` from the end.
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub purpose: Purpose,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}

impl Replay {
    /// All of it: files, directories of a journal, `-` (standard input), or the name of an incident.
    pub fn open(what: &[String]) -> Result<Self, String> {
        let part = Part {
            what,
            from: None,
            to: None,
            purpose: Purpose::Screen,
        };
        Self::part(&part, &mut |_| ())
    }

    /// Only a stretch of it. What happened before is known all the same, as far as it is still to be seen; files that
    /// lie too far back for that are not read. `watch` is told again and again how far the reading is.
    pub fn part(part: &Part<'_>, watch: &mut dyn FnMut(Progress)) -> Result<Self, String> {
        let mut volumes = Vec::new();
        for name in part.what {
            volumes.extend(volumes_of(name)?);
        }
        let (mut volumes, mut notes) = shelf::one_at_a_time(volumes);
        let (mut from, mut to) = (part.from.map(str::to_owned), part.to.map(str::to_owned));
        if let Some(start) = &from
            && let Some((first, last)) = shelf::span(&volumes)
        {
            let times = Times::between(first, last);
            let (begin, end) = when::stretch(Some(start), to.as_deref(), &times)?;
            let begin = times.wall(begin);
            volumes.drain(..shelf::first_needed(&volumes, begin, part.purpose));
            // What was counted from the very beginning is not to be counted from where the reading begins.
            from = Some(begin.to_string());
            to = to.map(|_| times.wall(end).to_string());
        }
        let stores: Vec<_> = volumes.into_iter().map(|v| v.store).collect();
        let (index, missing) = Index::scan(&stores, watch)?;
        notes.extend(missing);
        let mut deck = Deck::new(Player::new(stores, index), clock::now());
        deck.cut(from.as_deref(), to.as_deref())?;
        Ok(Self {
            deck: Mutex::new(deck),
            notes,
        })
    }

    /// How things stood at a moment; `+5m` counts from the beginning of what is played, `-30s` from its end.
    pub fn at(&self, when: &str) -> Result<Arc<Snapshot>, String> {
        let mut deck = self.deck.lock();
        deck.stand(when, clock::now())?;
        Ok(deck.latest(clock::now()))
    }

    /// How things stood at the beginning, after each transition, and at the end.
    pub fn turns(&self, mut each: impl FnMut(&Snapshot) -> io::Result<()>) -> io::Result<()> {
        let mut deck = self.deck.lock();
        let mut go = Wind::Start;
        while deck.wind(&go, clock::now()).is_ok() {
            each(&deck.latest(clock::now()))?;
            go = Wind::Next;
        }
        let last = deck.latest(clock::now());
        // At the end there may be nothing after the last transition.
        if deck.wind(&Wind::End, clock::now()).is_ok() {
            let end = deck.latest(clock::now());
            if (end.seq, end.at) != (last.seq, last.at) {
                each(&end)?;
            }
        }
        Ok(())
    }

    /// From when to when the part goes that is played.
    pub fn bounds(&self) -> (Wall, Wall) {
        self.deck.lock().bounds()
    }

    /// Every event from where the reading began to the end of that part: what came before tells how things stood.
    pub fn story(&self, mut each: impl FnMut(&Arc<Event>)) -> io::Result<()> {
        let all = |event: &Arc<Event>| {
            each(event);
            Ok(())
        };
        self.deck.lock().story(all)
    }

    /// Every event of the part that is played, in its order.
    pub fn events(&self, each: impl FnMut(&Event) -> io::Result<()>) -> io::Result<()> {
        self.deck.lock().events(each)
    }
}

impl Source for Replay {
    fn latest(&self) -> Arc<Snapshot> {
        self.deck.lock().latest(clock::now())
    }

    fn send(&self, _: Command) -> Result<(), String> {
        Err("this is a replay: nothing can be changed in it".to_owned())
    }

    fn label(&self) -> &'static str {
        "REPLAY"
    }

    fn read_only(&self) -> bool {
        true
    }

    fn tape(&self) -> Option<&dyn Tape> {
        Some(self)
    }
}

impl Tape for Replay {
    fn wind(&self, how: &Wind) -> Result<(), String> {
        self.deck.lock().wind(how, clock::now())
    }

    fn status(&self) -> TapeStatus {
        self.deck.lock().status()
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn volumes_of(name: &str) -> Result<Vec<Volume>, String> {
    let one = |store| vec![Volume::new(store, true)];
    if name == "-" {
        let spooled = Store::spool(name, io::stdin());
        return spooled.map(one).map_err(|e| {
            let place = std::env::temp_dir();
            format!("standard input, kept in {}: {e}", place.display())
        });
    }
    let path = Path::new(name);
    if path.is_dir() {
        let why = |e| format!("{name}: {e}");
        let files = journal::files(path).map_err(why)?;
        if files.is_empty() {
            return Err(format!(
                "{name} has no journal in it: no file like 2026-11-20T14-03-22Z.jsonl"
            ));
        }
        let opened: io::Result<_> = files
            .iter()
            .map(|file| Ok(Volume::new(Store::of_journal(file)?, false)))
            .collect();
        return opened.map_err(why);
    }
    if let Some(incident) = incidents::ALL.iter().find(|i| i.name == name)
        && !path.exists()
    {
        return Ok(one(Store::shipped(incident.name, incident.bytes)));
    }
    Store::open(path).map(one).map_err(|e| {
        let names: Vec<_> = incidents::ALL.iter().map(|i| i.name).collect();
        format!(
            "{name}: {e}; name a journal's file or directory, - for standard input, or one of: {}",
            names.join(", ")
        )
    })
}
