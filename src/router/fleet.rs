//! Between this router and its replicas: tells them what happens here, and carries out what they tell.

use super::{Router, control::LONGEST};
use crate::{
    clock,
    fleet::Heard,
    model::{Event, Force, Kind, Mono, Phase, Reason, Wall, fleet::Note},
};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc,
};

/// What was told about things that are not here, by what it is about: who told it, and what.
pub(super) type Strangers = Mutex<HashMap<String, (String, Note)>>;

pub(super) async fn run(
    router: Arc<Router>,
    mut incoming: mpsc::Receiver<Heard>,
    mut happening: broadcast::Receiver<Arc<Event>>,
) {
    loop {
        tokio::select! {
            heard = incoming.recv() => match heard {
                Some(heard) => router.heed(heard),
                None => return,
            },
            event = happening.recv() => match event {
                Ok(event) => router.tell_trip(&event.kind),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

impl Router {
    /// Tells the other replicas, if there are any. Never waits.
    pub(super) fn tell(&self, note: Note) {
        if let Some(peers) = &self.peers {
            // The other end takes them as they come; it is full or gone only while everything stops.
            let _ = peers.try_send(note);
        }
    }

    /// A breaker that opened on evidence of this replica's own is told. Not so while a fault is injected there: a
    /// rehearsal is this replica's alone.
    fn tell_trip(&self, kind: &Kind) {
        let Kind::Transition(t) = kind else { return };
        let evidence = matches!(
            t.reason,
            Reason::ErrorRate { .. } | Reason::Quality { .. } | Reason::Certain { .. }
        );
        let Some(until) = t.until.filter(|_| t.to == Phase::Open && evidence) else {
            return;
        };
        if !self.faults.are_on(&t.deployment) {
            self.tell(Note::Tripped {
                deployment: t.deployment.clone(),
                cause: t.reason.to_string(),
                until,
            });
        }
    }

    fn heed(&self, heard: Heard) {
        match heard {
            Heard::Told { replica, note } => self.carry_out_for(&replica, note),
            Heard::Roll(view) => self.bus.emit(Kind::Fleet(view)),
            Heard::Notice { level, text } => self.bus.emit(Kind::Notice { level, text }),
        }
    }

    /// Does again what was told about deployments and routes that were not here.
    pub(super) fn meet_strangers(&self) {
        let strangers = std::mem::take(&mut *self.strangers.lock());
        for (replica, note) in strangers.into_values() {
            self.carry_out_for(&replica, note);
        }
    }

    /// A replica may have a newer configuration than this one: what it names and is not here yet is kept for the
    /// next reload.
    fn is_here(&self, note: &Note) -> bool {
        match note {
            Note::Forced { deployment, .. }
            | Note::Released { deployment, .. }
            | Note::Tripped { deployment, .. } => self.unit(deployment).is_some(),
            Note::Rung3On { route, .. } | Note::Rung3Off { route, .. } => {
                self.known_route(route).is_ok()
            }
        }
    }

    fn keep(&self, replica: &str, note: Note) {
        let mut strangers = self.strangers.lock();
        let now = clock::wall();
        strangers.retain(|_, (_, note)| note.until().is_some_and(|until| until > now));
        strangers.insert(note.about(), (replica.to_owned(), note));
    }

    /// Does what another replica did. What is over is over.
    fn carry_out_for(&self, replica: &str, note: Note) {
        if !self.is_here(&note) {
            self.keep(replica, note);
            return;
        }
        let by = |who: String| format!("{who}@{replica}");
        match note {
            Note::Forced { deployment, force } => {
                let (Some(unit), Some(until)) = (self.unit(&deployment), coming(force.until))
                else {
                    return;
                };
                let who = by(force.who);
                self.lay(
                    &unit,
                    Force {
                        who,
                        until,
                        ..force
                    },
                );
            }
            Note::Released { deployment, who } => {
                // It need not have been forced here.
                let _ = self.release(&by(who), &deployment);
            }
            Note::Rung3On {
                route,
                who,
                why,
                until,
            } => {
                if let Some(until) = coming(until) {
                    self.rung3_on(&route, &by(who), &why, until);
                }
            }
            Note::Rung3Off { route, who } => {
                self.rung3_off(&route, &by(who));
            }
            Note::Tripped {
                deployment,
                cause,
                until,
            } => {
                let Some(unit) = self.unit(&deployment) else {
                    return;
                };
                let replica = replica.to_owned();
                let reason = Reason::Fleet { replica, cause };
                unit.breaker(|b, now| ((), b.trip_by_fleet(reason, mono(until, now), now)));
            }
        }
    }
}

/// When it ends, if it has not: a day from now at most, whatever the clock over there says.
fn coming(until: Wall) -> Option<Wall> {
    let now = clock::wall();
    (until > now).then(|| until.min(now + LONGEST))
}

fn mono(at: Wall, now: Mono) -> Mono {
    now + clock::wall().until(at)
}
