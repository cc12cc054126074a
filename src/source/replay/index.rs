//! One reading of everything: where transitions are, how long it lasts, and states to start from when somebody goes
//! back.

use super::{player::Place, store::Store};
use crate::{
    journal::Report,
    model::{Event, Kind, State, Wall},
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

/// Where the recording stands after an event. Time goes on as it did; where another run begins at an earlier time
/// (its clock was set back) none has passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds since the first event.
    pub(super) pos: u64,
    pub(super) at: Wall,
}

impl Moment {
    /// Of the next event, given the state before it. None has passed before the first one.
    pub(super) fn next(self, state: &State, event: &Event) -> Self {
        let at = state.time_of(event);
        let passed = if self.at == Wall::default() {
            0
        } else {
            at.0.saturating_sub(self.at.0)
        };
        Self {
            pos: self.pos + passed,
            at,
        }
    }
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

/// Which position is which time.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    /// From which position on the clock goes on from which time. The first is the beginning.
    pub(super) eras: Vec<Moment>,
    pub(super) end: u64,
}

impl Times {
    /// Of a recording whose clock was never set back.
    pub(super) fn between(first: Wall, last: Wall) -> Self {
        Self {
            eras: vec![Moment { pos: 0, at: first }],
            end: last.0.saturating_sub(first.0),
        }
    }

    /// What a clock showed at a position.
    pub(super) fn wall(&self, pos: u64) -> Wall {
        let after = self.eras.partition_point(|era| era.pos <= pos);
        let era = self.eras.get(after.saturating_sub(1));
        era.map_or(Wall::default(), |era| {
            Wall(era.at.0 + pos.saturating_sub(era.pos))
        })
    }

    /// The first position at which a clock showed this. A second has a thousand: up to a whole one before the
    /// beginning is the beginning.
    pub(super) fn find(&self, at: Wall) -> Option<u64> {
        let ends = self.eras.iter().skip(1).map(|era| era.pos);
        self.eras
            .iter()
            .zip(ends.chain([self.end]))
            .find_map(|(era, end)| {
                let (first, last) = (era.at.0, era.at.0 + (end - era.pos));
                (first / 1000 * 1000..=last)
                    .contains(&at.0)
                    .then(|| era.pos + at.0.saturating_sub(first))
            })
    }
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
