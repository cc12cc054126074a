//! The switch that answers a route (or all) with the canned text, on purpose, until it expires.

use crate::model::{Kind, RouteId, Wall};
use arc_swap::ArcSwap;
use std::{collections::HashMap, sync::Arc};

/// The word for every route in commands.
pub(super) const ALL: &str = "all";

#[derive(Debug, Default)]
pub(super) struct Rung3 {
    until: ArcSwap<HashMap<RouteId, Wall>>,
}

impl Rung3 {
    pub(super) fn is_on(&self, route: &RouteId, now: Wall) -> bool {
        let on = self.until.load();
        !on.is_empty()
            && [route as &str, ALL]
                .iter()
                .any(|r| on.get(*r).is_some_and(|until| *until > now))
    }

    pub(super) fn is_on_for_all(&self, now: Wall) -> bool {
        let on = self.until.load();
        on.get(ALL).is_some_and(|until| *until > now)
    }

    /// `all` takes the place of every route's own switch, and ends for all of them at once.
    pub(super) fn on(&self, route: &RouteId, until: Wall) {
        self.change(|on| {
            if &**route == ALL {
                on.clear();
            }
            on.insert(route.clone(), until);
        });
    }

    /// Whether it was on. `all` takes every route off.
    pub(super) fn off(&self, route: &RouteId) -> bool {
        let all = &**route == ALL;
        let was = if all {
            !self.until.load().is_empty()
        } else {
            self.until.load().contains_key(route)
        };
        self.change(|on| on.retain(|r, _| !all && r != route));
        was
    }

    pub(super) fn expire(&self, now: Wall) -> Vec<Kind> {
        let gone: Vec<_> = self
            .until
            .load()
            .iter()
            .filter(|(_, until)| **until <= now)
            .map(|(r, _)| r.clone())
            .collect();
        gone.into_iter()
            .map(|route| {
                self.change(|on| on.retain(|r, _| *r != route));
                Kind::Rung3Off {
                    route: named(route),
                    who: "expiry".to_owned(),
                }
            })
            .collect()
    }

    fn change(&self, f: impl Fn(&mut HashMap<RouteId, Wall>)) {
        self.until.rcu(|on| {
            let mut on = HashMap::clone(on);
            f(&mut on);
            Arc::new(on)
        });
    }
}

/// A route's name for an event; none for all of them.
pub(super) fn named(route: RouteId) -> Option<RouteId> {
    (&*route != ALL).then_some(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_the_switch_for_all_ends_no_route_is_left_on() {
        let (rung3, one) = (Rung3::default(), RouteId::from("one"));
        rung3.on(&one, Wall(30));
        rung3.on(&ALL.into(), Wall(5));
        assert!(rung3.is_on(&one, Wall(4)) && rung3.is_on_for_all(Wall(4)));
        let told = rung3.expire(Wall(5));
        assert!(
            matches!(&told[..], [Kind::Rung3Off { route: None, .. }]),
            "{told:?}"
        );
        assert!(!rung3.is_on(&one, Wall(5)) && !rung3.is_on_for_all(Wall(5)));
    }
}
