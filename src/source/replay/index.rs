//! One reading of everything: where transitions are, how long it lasts, and states to start from when somebody goes
//! back.

use super::{player::Place, store::Store};
use crate::{
    journal::Report,
    model::{Event, Kind, State},
    source::when::{Moment, Times},
};
use std::sync::Arc;

/// States kept: a recording of any length holds as many, further apart. One takes about as much memory as a running
/// router's own.
const CHECKPOINTS: usize = 64;
/// Events between two of them, at first.
const SPACING: u64 = 1_000;
/// Events between two words about how far it is.
const TELL_EVERY: u64 = 4_096;

/// How far the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The one that is being read, from 1.
    pub file: usize,
    pub files: usize,
    pub events: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    pub(super) place: Place,
    pub(super) moment: Moment,
    pub(super) state: State,
}

pub(super) struct Index {
    /// The first is the very beginning.
    pub(super) checkpoints: Vec<Checkpoint>,
    /// Positions.
    pub(super) transitions: Vec<u64>,
    pub(super) times: Times,
}

impl Index {
    /// What had to be left out is said in sentences.
    pub(super) fn scan(
        stores: &[Store],
        watch: &mut dyn FnMut(Progress),
    ) -> Result<(Self, Vec<String>), String> {
        let mut scan = Scan::default();
        for (part, store) in stores.iter().enumerate() {
            scan.store(part, store, &mut |events| {
                watch(Progress {
                    file: part + 1,
                    files: stores.len(),
                    events,
                });
            });
        }
        let Some(end) = scan.index.times.eras.last().map(|_| scan.moment.pos) else {
            let names: Vec<_> = stores.iter().map(|s| s.name.as_str()).collect();
            let names = names.join(", ");
            return Err(format!("{names}: no event of a breakerbox in it"));
        };
        if !scan.begun {
            let name = stores.first().map_or("", |s| s.name.as_str());
            return Err(format!(
                "{name}: its beginning is missing (a journal's file begins with what there is, `started` or \
                 `continued`); nothing can be shown without"
            ));
        }
        scan.index.times.end = end;
        let mut notes = scan.report.notes();
        notes.extend(scan.notes);
        Ok((scan.index, notes))
    }
}

#[derive(Default)]
struct Scan {
    index: Index,
    state: State,
    moment: Moment,
    /// Something said what there is.
    begun: bool,
    since: u64,
    spacing: u64,
    events: u64,
    last: Option<u64>,
    report: Report,
    notes: Vec<String>,
}

impl Default for Index {
    fn default() -> Self {
        let start = Checkpoint {
            place: Place::default(),
            moment: Moment::default(),
            state: State::new(),
        };
        Self {
            checkpoints: vec![start],
            transitions: Vec::new(),
            times: Times::default(),
        }
    }
}

impl Scan {
    fn store(&mut self, part: usize, store: &Store, watch: &mut dyn FnMut(u64)) {
        let mut events = match store.events(0) {
            Ok(events) => events.after(self.last),
            Err(e) => return self.notes.push(format!("{}: {e}", store.name)),
        };
        watch(self.events);
        while let Some(event) = events.next() {
            match event {
                Ok(event) => {
                    self.last = Some(event.seq);
                    self.event(&Arc::new(event));
                }
                Err(e) => {
                    self.notes
                        .push(format!("{}: the rest cannot be read: {e}", store.name));
                    break;
                }
            }
            let place = Place {
                part,
                offset: events.offset(),
            };
            self.checkpoint(place);
            self.events += 1;
            if self.events.is_multiple_of(TELL_EVERY) {
                watch(self.events);
            }
        }
        self.report.add(events.report());
    }

    fn event(&mut self, event: &Arc<Event>) {
        let next = self.moment.next(&self.state, event);
        if next.at < self.moment.at || self.index.times.eras.is_empty() {
            self.index.times.eras.push(next);
        }
        self.begun |= matches!(event.kind, Kind::Started { .. } | Kind::Continued { .. });
        if matches!(event.kind, Kind::Transition(_)) {
            self.index.transitions.push(next.pos);
        }
        self.state.apply(event);
        self.moment = next;
    }

    fn checkpoint(&mut self, place: Place) {
        self.since += 1;
        if self.since < self.spacing.max(SPACING) {
            return;
        }
        self.since = 0;
        let all = &mut self.index.checkpoints;
        all.push(Checkpoint {
            place,
            moment: self.moment,
            state: self.state.clone(),
        });
        if all.len() > CHECKPOINTS {
            let mut i = 0;
            all.retain(|_| {
                i += 1;
                i % 2 == 1
            });
            self.spacing = self.spacing.max(SPACING) * 2;
        }
    }
}
