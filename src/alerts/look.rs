//! What no single event says: users, and routes that nobody serves. Pure; a snapshot is looked at now and then.

use super::concern::Concern;
use crate::{
    config::alerts::Subject,
    model::{RouteId, Snapshot, Wall, event::Level, snapshot::UsersWord},
};
use std::{collections::HashMap, time::Duration};

/// The word about users is over a minute: for so long a drill that is over is still behind it.
const AFTERGLOW: Duration = Duration::from_secs(65);
/// A pause that a provider asked for is often over before this, and nobody need know.
const DARK: Duration = Duration::from_secs(3);

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// When a drill ran last, or a fault was injected.
    rehearsed: Option<Wall>,
    /// The worst that users got since they were last well.
    users: Option<UsersWord>,
    /// Since when nobody serves a route.
    dark: HashMap<RouteId, Wall>,
}

impl Looks {
    /// What is the case, told anew at every look: whoever hears it knows what is new.
    pub(super) fn at(&mut self, s: &Snapshot) -> Vec<Concern> {
        if s.drilling().is_some() || !s.faults.is_empty() {
            self.rehearsed = Some(s.at);
        }
        let drill = self
            .rehearsed
            .is_some_and(|last| s.at.since(last) < AFTERGLOW);
        let mut all: Vec<_> = self.users(s).into_iter().collect();
        all.extend(self.routes(s));
        for concern in &mut all {
            concern.drill = drill;
        }
        all
    }

    fn users(&mut self, s: &Snapshot) -> Option<Concern> {
        let word = s.users.word;
        let concern = Concern::new(Subject::Users, "users".to_owned(), s.at);
        if word < UsersWord::Canned {
            let was = self.users.take()?;
            return Some(Concern {
                resolved: true,
                level: Level::Good,
                text: format!("users no longer {}: {}", was.as_str(), word.as_str()),
                from: Some(was.as_str().to_owned()),
                to: Some(word.as_str().to_owned()),
                ..concern
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
            ..concern
        })
    }

    fn routes(&mut self, s: &Snapshot) -> Vec<Concern> {
        let mut all = Vec::new();
        self.dark
            .retain(|id, _| s.routes.iter().any(|r| r.id == *id));
        for route in &s.routes {
            let key = format!("route:{}", route.id);
            let concern = Concern {
                route: Some(route.id.clone()),
                ..Concern::new(Subject::LastTier, key, s.at)
            };
            if !s.is_dark(route) {
                if self.dark.remove(&route.id).is_some() {
                    all.push(Concern {
                        resolved: true,
                        level: Level::Good,
                        text: format!("{} has a tier that takes traffic again", route.id),
                        ..concern
                    });
                }
                continue;
            }
            let since = *self.dark.entry(route.id.clone()).or_insert(s.at);
            if s.at.since(since) >= DARK {
                all.push(Concern {
                    text: format!(
                        "{} has no tier that takes traffic: only cache and canned answer are left",
                        route.id
                    ),
                    ..concern
                });
            }
        }
        all
    }
}
