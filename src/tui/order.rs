//! In which order the rows stand: the worst first, and never moving while somebody reads.

use crate::model::{
    DeploymentId, Snapshot, Wall,
    snapshot::{DeploymentView, Shown},
};
use std::{cmp::Reverse, time::Duration};

/// Rows change places at most this often.
const REST: Duration = Duration::from_secs(10);
/// Evidence, as a share of what trips, from which on a row counts as suspicious.
const SUSPICIOUS: f64 = 0.5;

#[derive(Debug, Default)]
pub(super) struct Order {
    ids: Vec<DeploymentId>,
    moved: Option<Wall>,
}

impl Order {
    /// Sorts anew, where it is time to. The row under the cursor stays where it is.
    pub(super) fn follow(&mut self, s: &Snapshot, cursor: Option<&DeploymentId>) {
        let same = self.ids.len() == s.deployments.len()
            && s.deployments.iter().all(|d| self.ids.contains(&d.id));
        let resting = self.moved.is_some_and(|at| s.at.since(at) < REST);
        if same && resting {
            return;
        }
        let mut sorted: Vec<_> = s.deployments.iter().collect();
        sorted.sort_by_key(|d| Reverse(badness(d, s)));
        let mut sorted: Vec<_> = sorted.into_iter().map(|d| d.id.clone()).collect();
        let held = cursor.and_then(|id| {
            let was = self.ids.iter().position(|i| i == id)?;
            let is = sorted.iter().position(|i| i == id)?;
            same.then_some((was, is))
        });
        if let Some((was, is)) = held {
            let id = sorted.remove(is);
            sorted.insert(was.min(sorted.len()), id);
        }
        if sorted != self.ids {
            (self.ids, self.moved) = (sorted, Some(s.at));
        }
    }

    /// The deployments of a snapshot as they stand here; those that it does not know come last.
    pub(super) fn rows<'a>(&self, s: &'a Snapshot) -> Vec<&'a DeploymentView> {
        let mut rows: Vec<_> = s.deployments.iter().collect();
        let place = |id| self.ids.iter().position(|i| i == id);
        rows.sort_by_key(|d| place(&d.id).unwrap_or(usize::MAX));
        rows
    }
}

/// How much a row needs to be looked at; equal ones stay in declared order.
fn badness(d: &DeploymentView, s: &Snapshot) -> u8 {
    let failing = d.errors_5m.n >= super::words::MIN_ATTEMPTS
        && d.errors_5m.rate().is_some_and(|r| r > s.err_threshold);
    match d.shown() {
        Shown::Disabled => 0,
        Shown::Open => 6,
        Shown::ForcedOpen | Shown::Probe => 5,
        Shown::Ramp(_) => 4,
        _ if failing || d.watch.alarm || d.gate.is_some() => 3,
        Shown::ForcedClosed | Shown::Observe => 2,
        _ if d.watch.suspicion >= SUSPICIOUS => 2,
        _ if faulty(d, s) => 2,
        Shown::Closed => 1,
    }
}

fn faulty(d: &DeploymentView, s: &Snapshot) -> bool {
    s.faults.iter().any(|f| f.fault.deployment == d.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Phase;
    use crate::tui::tests::scene::{self, PRIMARY, SECONDARY, TERTIARY};

    fn ids(order: &Order, s: &Snapshot) -> Vec<String> {
        let rows = order.rows(s);
        rows.iter().take(3).map(|d| d.id.to_string()).collect()
    }

    fn opened(s: &Snapshot, id: &str, after: u64) -> Snapshot {
        let mut s = s.clone();
        s.at = s.at.after(Duration::from_secs(after));
        for d in &mut s.deployments {
            d.phase = if *d.id == *id {
                Phase::Open
            } else {
                Phase::Closed
            };
        }
        s
    }

    #[test]
    fn the_worst_row_comes_first_and_equal_ones_as_declared() {
        let calm = scene::calm().snapshot();
        let mut order = Order::default();
        order.follow(&calm, None);
        assert_eq!(ids(&order, &calm), [PRIMARY, SECONDARY, TERTIARY]);
        let worse = opened(&calm, TERTIARY, 10);
        order.follow(&worse, None);
        assert_eq!(ids(&order, &worse), [TERTIARY, PRIMARY, SECONDARY]);
    }

    #[test]
    fn rows_rest_for_ten_seconds_after_they_moved() {
        let calm = scene::calm().snapshot();
        let mut order = Order::default();
        order.follow(&calm, None);
        let first = opened(&calm, TERTIARY, 10);
        order.follow(&first, None);
        let soon = opened(&calm, SECONDARY, 19);
        order.follow(&soon, None);
        assert_eq!(ids(&order, &soon), [TERTIARY, PRIMARY, SECONDARY]);
        let later = opened(&calm, SECONDARY, 20);
        order.follow(&later, None);
        assert_eq!(ids(&order, &later), [SECONDARY, PRIMARY, TERTIARY]);
    }

    #[test]
    fn the_row_under_the_cursor_stays_where_it_is() {
        let calm = scene::calm().snapshot();
        let mut order = Order::default();
        order.follow(&calm, None);
        let worse = opened(&calm, TERTIARY, 10);
        order.follow(&worse, Some(&SECONDARY.into()));
        assert_eq!(ids(&order, &worse), [TERTIARY, SECONDARY, PRIMARY]);
        let cursor = opened(&calm, PRIMARY, 30);
        order.follow(&cursor, Some(&PRIMARY.into()));
        assert_eq!(ids(&order, &cursor)[2], PRIMARY);
    }
}
