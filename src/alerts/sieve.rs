//! What of everything is told: each fact once, no end without a beginning, and what flaps in groups. Pure, one per
//! recipient.

use super::concern::Concern;
use crate::{
    config::alerts::{Alert, Subject},
    model::Mono,
};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// Over which repetitions are counted.
pub(super) const WINDOW: Duration = Duration::from_mins(5);
/// Messages about one thing within the window: twice that it began, and twice that it was over. What comes after them
/// waits, and goes out as one: when there is room again,
const FREE: usize = 4;
/// or when it has not changed for so long: what lasts is told.
const SETTLED: Duration = Duration::from_mins(1);

/// What is about to be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) concern: Concern,
    /// How often it began within the window, this time included.
    pub(super) times: usize,
}

#[derive(Debug, Default)]
pub(super) struct Sieve {
    things: BTreeMap<String, Thing>,
}

#[derive(Debug, Default)]
struct Thing {
    /// The last that was told, or waits to be; none: it is over.
    standing: Option<Standing>,
    /// When it began, and when something was told about it; within the window.
    began: VecDeque<Mono>,
    told: VecDeque<Mono>,
    held: Option<(Concern, Mono)>,
}

#[derive(Debug)]
struct Standing {
    fact: String,
    drill: bool,
}

impl Sieve {
    /// What is to be told of it at once. Where a drill is not told, it is remembered as told.
    pub(super) fn take(&mut self, to: &Alert, mut concern: Concern, now: Mono) -> Option<Told> {
        if !to.on.contains(&concern.subject) && !closes_steps(to, &concern) {
            return None;
        }
        let thing = self.things.entry(concern.key.clone()).or_default();
        thing.forget(now);
        let unsaid = |drill, heard| heard || (drill && !to.drills);
        if concern.resolved {
            // Whoever was not told that it began need not know that it is over.
            let was = thing.standing.take()?;
            concern.drill = was.drill;
            if unsaid(was.drill, false) {
                return None;
            }
        } else {
            let fact = concern.fact.clone();
            let known = thing.standing.as_ref();
            // The real thing after a rehearsal of it is news.
            if known.is_some_and(|s| s.fact == fact && (concern.drill || !s.drill)) {
                return None;
            }
            if unsaid(concern.drill, concern.heard) {
                if concern.drill {
                    thing.standing = Some(Standing { fact, drill: true });
                }
                return None;
            }
            if known.is_none_or(|s| s.drill && !concern.drill) {
                thing.began.push_back(now);
            }
            thing.standing = Some(Standing {
                fact,
                drill: concern.drill,
            });
        }
        if thing.held.is_some() || thing.told.len() >= FREE {
            thing.held = Some((concern, now));
            return None;
        }
        Some(thing.tell(concern, now))
    }

    /// What has waited long enough.
    pub(super) fn due(&mut self, now: Mono) -> Vec<Told> {
        let mut due = Vec::new();
        self.things.retain(|_, thing| {
            thing.forget(now);
            let room = thing.told.len() < FREE;
            let ready = |(_, at): &mut (Concern, Mono)| room || now.since(*at) >= SETTLED;
            if let Some((held, _)) = thing.held.take_if(ready) {
                due.push(thing.tell(held, now));
            }
            thing.standing.is_some() || !thing.told.is_empty() || thing.held.is_some()
        });
        due
    }

    /// What still waits, when there is no later.
    pub(super) fn rest(&mut self, now: Mono) -> Vec<Told> {
        let things = self.things.values_mut();
        things
            .filter_map(|thing| thing.held.take().map(|(held, _)| thing.tell(held, now)))
            .collect()
    }
}

/// Who is told the steps is told the last one too.
fn closes_steps(to: &Alert, concern: &Concern) -> bool {
    concern.subject == Subject::Transition && to.on.contains(&Subject::Steps)
}

impl Thing {
    fn forget(&mut self, now: Mono) {
        for times in [&mut self.began, &mut self.told] {
            while times.front().is_some_and(|t| now.since(*t) >= WINDOW) {
                times.pop_front();
            }
        }
    }

    fn tell(&mut self, concern: Concern, now: Mono) -> Told {
        self.told.push_back(now);
        Told {
            concern,
            times: self.began.len(),
        }
    }
}
