//! Goes to any position of a recording: on from where it is, or from the nearest state before.

use super::{
    index::{Checkpoint, Index},
    store::Store,
};
use crate::{
    journal::{Lines, Reader},
    model::{Event, Snapshot, State},
    source::when::Moment,
};
use std::sync::Arc;

/// After which event: the part, and the bytes up to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) part: usize,
    pub(super) offset: u64,
}

pub(super) struct Player {
    stores: Vec<Store>,
    pub(super) index: Index,
    state: State,
    /// Of the last event that is in the state.
    told: Moment,
    pos: u64,
    place: Place,
    /// None: the place has to be found first.
    reader: Option<Reader<Lines>>,
    /// Read, and still to come.
    next: Option<(Arc<Event>, Moment)>,
}

impl Player {
    pub(super) fn new(stores: Vec<Store>, index: Index) -> Self {
        let mut player = Self {
            stores,
            index,
            state: State::new(),
            told: Moment::default(),
            pos: 0,
            place: Place::default(),
            reader: None,
            next: None,
        };
        player.seek(0);
        player
    }

    pub(super) const fn pos(&self) -> u64 {
        self.pos
    }

    /// As the live screen showed it then.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.state.snapshot(self.index.times.wall(self.pos))
    }

    /// Everything up to and at `pos` has happened, and nothing after it.
    pub(super) fn seek(&mut self, pos: u64) {
        self.approach(pos.min(self.index.times.end));
        self.pass(pos, |_| true);
    }

    /// Goes on to a position; `each` sees every event on the way, and may end it.
    pub(super) fn pass(&mut self, pos: u64, mut each: impl FnMut(&Arc<Event>) -> bool) {
        let pos = pos.min(self.index.times.end);
        while let Some((event, moment)) = self.next.take().or_else(|| self.read()) {
            if moment.pos > pos {
                self.next = Some((event, moment));
                break;
            }
            self.state.apply(&event);
            self.told = moment;
            if !each(&event) {
                break;
            }
        }
        self.pos = pos;
    }

    /// Takes the last checkpoint before a position, unless going on from here is shorter.
    fn approach(&mut self, pos: u64) {
        let all = &self.index.checkpoints;
        let before = all.partition_point(|c| c.moment.pos <= pos);
        let Some(best) = all.get(before.saturating_sub(1)) else {
            return;
        };
        if pos < self.pos || best.moment.pos > self.pos {
            let best = best.clone();
            self.load(best);
        }
    }

    /// Before the very first event.
    pub(super) fn rewind(&mut self) {
        if let Some(first) = self.index.checkpoints.first().cloned() {
            self.load(first);
        }
    }

    fn load(&mut self, from: Checkpoint) {
        (self.place, self.told, self.state) = (from.place, from.moment, from.state);
        (self.reader, self.next) = (None, None);
    }

    fn read(&mut self) -> Option<(Arc<Event>, Moment)> {
        loop {
            let store = self.stores.get(self.place.part)?;
            if self.reader.is_none() {
                // What cannot be read was said when it was read first.
                self.reader = store.events(self.place.offset).ok();
            }
            if let Some(Ok(event)) = self.reader.as_mut().and_then(Iterator::next) {
                let moment = self.told.next(&self.state, &event);
                return Some((Arc::new(event), moment));
            }
            self.place = Place {
                part: self.place.part + 1,
                offset: 0,
            };
            self.reader = None;
        }
    }
}
