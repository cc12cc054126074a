//! What no single event says: users, routes that nobody serves, and that something is over because what it was about is
//! gone. Pure; a snapshot is looked at now and then.

use super::concern::{self, Concern};
use crate::{
    config::alerts::Subject,
    model::{
        DeploymentId, Event, Kind, Phase, RouteId, Snapshot, Wall,
        event::Level,
        snapshot::{DeploymentView, UsersWord},
    },
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// The word about users is over a minute: for so long a drill that is over is still behind it.
const AFTERGLOW: Duration = Duration::from_secs(65);
/// A pause that a provider asked for is often over before this, and nobody need know.
const DARK: Duration = Duration::from_secs(3);
/// What would be open looks well when its cooldown is over, and until it has failed often enough again.
const CALM: Duration = Duration::from_mins(5);

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// When a drill ran last, or a fault was injected.
    rehearsed: Option<Wall>,
    /// The worst that users got since they were last well.
    users: Option<UsersWord>,
    /// Since when nobody serves a route.
    dark: HashMap<RouteId, Wall>,
    /// When each that would be open was last seen so.
    spared: HashMap<DeploymentId, Wall>,
    /// Routes on rung 3.
    canned: HashSet<RouteId>,
    deployments: HashSet<DeploymentId>,
    routes: HashSet<RouteId>,
}

impl Looks {
    /// Between two looks it may begin and be over.
    pub(super) fn hear(&mut self, event: &Event) {
        if let Kind::WouldTrip { deployment, .. } = &event.kind {
            self.spared.insert(deployment.clone(), event.at);
        }
    }

    /// What is the case, told anew at every look: whoever hears it knows what is new.
    pub(super) fn at(&mut self, s: &Snapshot) -> Vec<Concern> {
        if s.drilling().is_some() || !s.faults.is_empty() {
            self.rehearsed = Some(s.at);
        }
        let drill = self
            .rehearsed
            .is_some_and(|last| s.at.since(last) < AFTERGLOW);
        let mut all: Vec<_> = self.users(s).into_iter().collect();
        all.extend(self.dark(s));
        all.extend(self.spared(s));
        all.extend(self.rung3(s));
        all.extend(self.gone(s));
        for concern in &mut all {
            concern.drill = drill;
        }
        all
    }

    fn users(&mut self, s: &Snapshot) -> Option<Concern> {
        let word = s.users.word;
        let key = "users".to_owned();
        if word < UsersWord::Canned {
            let was = self.users.take()?;
            let text = format!("users no longer {}: {}", was.as_str(), word.as_str());
            return Some(Concern {
                from: Some(was.as_str().to_owned()),
                to: Some(word.as_str().to_owned()),
                ..Concern::ended(Subject::Users, key, text, s.at)
            });
        }
        let worst = self.users.map_or(word, |before| before.max(word));
        self.users = Some(worst);
        let reason = match worst {
            UsersWord::Failing => {
                let failed = s.users.failed_1m;
                format!(
                    "{} of {} requests failed in the last minute",
                    failed.bad, failed.n
                )
            }
            _ => "some got the canned answer".to_owned(),
        };
        Some(Concern {
            fact: worst.as_str().to_owned(),
            level: if worst == UsersWord::Failing {
                Level::Bad
            } else {
                Level::Warn
            },
            text: format!("users {}: {reason}", worst.as_str()),
            to: Some(worst.as_str().to_owned()),
            reason: Some(reason),
            ..Concern::new(Subject::Users, key, s.at)
        })
    }

    fn dark(&mut self, s: &Snapshot) -> Vec<Concern> {
        let mut all = Vec::new();
        for route in &s.routes {
            let key = concern::route(&route.id);
            if !s.is_dark(route) {
                if self.dark.remove(&route.id).is_some() {
                    let text = format!("{} has a tier that takes traffic again", route.id);
                    all.push(Concern {
                        route: Some(route.id.clone()),
                        ..Concern::ended(Subject::LastTier, key, text, s.at)
                    });
                }
                continue;
            }
            let since = *self.dark.entry(route.id.clone()).or_insert(s.at);
            if s.at.since(since) >= DARK {
                all.push(Concern {
                    route: Some(route.id.clone()),
                    text: format!(
                        "{} has no tier that takes traffic: only cache and canned answer are left",
                        route.id
                    ),
                    ..Concern::new(Subject::LastTier, key, s.at)
                });
            }
        }
        all
    }

    /// Those that would have opened, and give no more cause to; or are not spared any more.
    fn spared(&mut self, s: &Snapshot) -> Vec<Concern> {
        let over = |d: &DeploymentView, last: Wall| {
            let text = if s.at < last {
                return None;
            } else if d.phase != Phase::Closed {
                format!("{} is spared no longer: {}", d.id, d.phase)
            } else if s.at.since(last) >= CALM {
                let minutes = CALM.as_secs() / 60;
                format!("{} has given no cause to open for {minutes} min", d.id)
            } else {
                return None;
            };
            let key = concern::would_trip(&d.id);
            Some(Concern {
                deployment: Some(d.id.clone()),
                ..Concern::ended(Subject::WouldTrip, key, text, s.at)
            })
        };
        let mut all = Vec::new();
        for d in &s.deployments {
            if d.would_trip.is_some() {
                self.spared.insert(d.id.clone(), s.at);
            } else if let Some(over) = self.spared.get(&d.id).and_then(|last| over(d, *last)) {
                self.spared.remove(&d.id);
                all.push(over);
            }
        }
        all
    }

    /// Switching rung 3 off for all switches it off for each, of which no event tells.
    fn rung3(&mut self, s: &Snapshot) -> Vec<Concern> {
        let mut all = Vec::new();
        for route in &s.routes {
            if route.rung3.is_some() {
                self.canned.insert(route.id.clone());
            } else if self.canned.remove(&route.id) {
                let (key, id) = (concern::rung3(Some(&route.id)), route.id.clone());
                let text = format!("rung 3 is off for {id}");
                all.push(Concern {
                    route: Some(id),
                    ..Concern::ended(Subject::Rung3, key, text, s.at)
                });
            }
        }
        all
    }

    /// What a reload took out.
    fn gone(&mut self, s: &Snapshot) -> Vec<Concern> {
        let deployments = s.deployments.iter().map(|d| d.id.clone()).collect();
        let deployments = std::mem::replace(&mut self.deployments, deployments);
        let routes = s.routes.iter().map(|r| r.id.clone()).collect();
        let routes = std::mem::replace(&mut self.routes, routes);
        let mut all = Vec::new();
        for id in deployments.difference(&self.deployments) {
            self.spared.remove(id);
            all.extend(Concern::deployment_gone(id, s.at));
        }
        for id in routes.difference(&self.routes) {
            self.dark.remove(id);
            self.canned.remove(id);
            all.extend(Concern::route_gone(id, s.at));
        }
        all
    }
}
