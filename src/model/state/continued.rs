//! A journal of which the files before are missing, or that has a gap.

use super::{State, kept};
use crate::model::{Snapshot, shape::ShapeKind};
use std::{collections::VecDeque, sync::Arc};

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
        let n = self.s.deployments.len();
        self.latencies.resize_with(n, Default::default);
        self.findings.resize_with(n, VecDeque::new);
        self.scores.resize_with(n, VecDeque::new);
        if same_run {
            self.remember(old);
        }
    }

    fn remember(&mut self, mut old: Self) {
        (self.s.events, self.s.exchanges) = (old.s.events, old.s.exchanges);
        self.users = old.users;
        for (i, d) in self.s.deployments.iter_mut().enumerate() {
            let Some(was) = old.s.deployments.iter().position(|o| o.id == d.id) else {
                continue;
            };
            let known = &old.s.deployments[was];
            (d.points, d.scores) = (Arc::clone(&known.points), Arc::clone(&known.scores));
            self.latencies[i] = kept(Some(was), &mut old.latencies);
            self.findings[i] = kept(Some(was), &mut old.findings);
            self.scores[i] = kept(Some(was), &mut old.scores);
        }
    }
}
