//! A journal of which the files before are missing, or that has a gap.

use super::{Known, KnownRoute, State, kept};
use crate::model::{Snapshot, counterfactual::Counterfactual, shape::ShapeKind};
use std::sync::Arc;

impl State {
    /// Takes over how things stood: after a gap, or where the files before are not at hand. Of the same run, the
    /// history that is known stays.
    pub(super) fn carry_on(&mut self, standing: &Snapshot) {
        let old = std::mem::take(self);
        let same_run = old.s.started == standing.started;
        self.s = Snapshot {
            seq: old.s.seq,
            at: old.s.at,
            ..standing.clone()
        };
        let shape = standing.shape.as_ref();
        self.own_network = shape.is_some_and(|s| s.kind == ShapeKind::OwnNetwork);
        let Snapshot {
            deployments,
            routes,
            ..
        } = &self.s;
        self.known = vec![Known::default(); deployments.len()];
        self.routes = vec![KnownRoute::default(); routes.len()];
        self.counterfactual = Counterfactual::carried_on(&self.s);
        self.s.comparing = None;
        if same_run {
            self.remember(old);
        }
    }

    fn remember(&mut self, mut old: Self) {
        (self.s.events, self.s.exchanges) = (old.s.events, old.s.exchanges);
        self.s.requests = old.s.requests;
        self.users = old.users;
        for (i, d) in self.s.deployments.iter_mut().enumerate() {
            let Some(was) = old.s.deployments.iter().position(|o| o.id == d.id) else {
                continue;
            };
            let known = &old.s.deployments[was];
            (d.points, d.scores) = (Arc::clone(&known.points), Arc::clone(&known.scores));
            d.failures = Arc::clone(&known.failures);
            self.known[i] = kept(Some(was), &mut old.known);
        }
        for (i, r) in self.s.routes.iter().enumerate() {
            let was = old.s.routes.iter().position(|o| o.id == r.id);
            let same = was.filter(|w| old.s.routes[*w].tiers == r.tiers);
            self.routes[i] = kept(same, &mut old.routes);
        }
    }
}
