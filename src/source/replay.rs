//! A recorded run, played through the same reducer that a live one goes through.

mod deck;
pub mod incidents;
mod index;
mod player;
mod store;
#[cfg(test)]
mod tests;
mod when;

use self::{deck::Deck, index::Index, player::Player, store::Store};
use super::{Source, Tape, TapeStatus, Wind};
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

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}

impl Replay {
    /// Files, directories of a journal, `-` (standard input, which is held in memory), or the name of an incident.
    pub fn open(what: &[String]) -> Result<Self, String> {
        let mut stores = Vec::new();
        for name in what {
            stores.extend(stores_of(name)?);
        }
        Self::of(stores)
    }

    fn of(stores: Vec<Store>) -> Result<Self, String> {
        let (index, notes) = Index::scan(&stores)?;
        let player = Player::new(stores, index);
        Ok(Self {
            deck: Mutex::new(Deck::new(player, clock::now())),
            notes,
        })
    }

    /// Plays only from here to there; what happened before is known all the same.
    pub fn cut(&self, from: Option<&str>, to: Option<&str>) -> Result<(), String> {
        self.deck.lock().cut(from, to)
    }

    /// How things stood at a moment, which is written as [`Wind::To`] takes it.
    pub fn at(&self, when: &str) -> Result<Arc<Snapshot>, String> {
        let mut deck = self.deck.lock();
        deck.wind(&Wind::To(when.to_owned()), clock::now())?;
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

    /// Every event from the very beginning to the end of that part: what came before tells how things stood.
    pub fn story(&self, mut each: impl FnMut(&Event)) -> io::Result<()> {
        let all = |event: &Event| {
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

fn stores_of(name: &str) -> Result<Vec<Store>, String> {
    if name == "-" {
        return Ok(vec![
            Store::read(name, io::stdin()).map_err(|e| format!("standard input: {e}"))?,
        ]);
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
        let opened: io::Result<_> = files.iter().map(|file| Store::of_journal(file)).collect();
        return opened.map_err(why);
    }
    if let Some(incident) = incidents::ALL.iter().find(|i| i.name == name)
        && !path.exists()
    {
        return Ok(vec![Store::shipped(incident.name, incident.bytes)]);
    }
    Store::open(path).map(|store| vec![store]).map_err(|e| {
        let names: Vec<_> = incidents::ALL.iter().map(|i| i.name).collect();
        format!(
            "{name}: {e}; name a journal's file or directory, - for standard input, or one of: {}",
            names.join(", ")
        )
    })
}
