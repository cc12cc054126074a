//! In which order the rows stand: the worst first, and never moving while somebody reads.

use super::words::MIN_ATTEMPTS;
use crate::model::{
    DeploymentId, Snapshot, Wall,
    series::Share,
    snapshot::{DeploymentView, Shown},
};
use std::{cmp::Reverse, time::Duration};

/// Rows change places at most this often.
const REST: Duration = Duration::from_secs(10);
/// Evidence, as a share of what trips, from which on a row counts as suspicious.
const SUSPICIOUS: f64 = 0.5;
/// What failed longer ago does not count.
const NOW: Duration = Duration::from_mins(1);

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
    match d.shown() {
        Shown::Disabled => 0,
        Shown::Open => 6,
        Shown::ForcedOpen | Shown::Probe => 5,
        Shown::Ramp(_) => 4,
        _ if is_failing(d, s) || d.watch.alarm || d.gate.is_some() => 3,
        Shown::ForcedClosed | Shown::Observe => 2,
        _ if d.watch.suspicion >= SUSPICIOUS => 2,
        _ if faulty(d, s) => 2,
        Shown::Closed => 1,
    }
}

/// It fails now: since its breaker moved last, or in the last minute. What an outage has left in longer windows is over.
fn is_failing(d: &DeploymentView, s: &Snapshot) -> bool {
    let from = s.at.before(NOW).max(d.since).secs();
    let mut recent = Share::default();
    for point in d.points.iter().rev().take_while(|p| p.sec >= from) {
        recent.add(point.errors);
    }
    recent.n >= MIN_ATTEMPTS && recent.rate().is_some_and(|r| r > s.err_threshold)
}

fn faulty(d: &DeploymentView, s: &Snapshot) -> bool {
    s.faults.iter().any(|f| f.fault.deployment == d.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, snapshot::Point};
    use crate::tui::tests::scene::{self, PRIMARY, SECONDARY, TERTIARY};
    use std::{collections::VecDeque, sync::Arc};

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
    fn an_outage_that_is_over_no_longer_lifts_its_row_and_one_that_goes_on_does() {
        let mut s = scene::calm().snapshot();
        let failing = |from: u64, to: u64| {
            let seconds = from..to;
            Arc::new(
                seconds
                    .map(|sec| Point {
                        sec,
                        errors: Share { bad: 9, n: 10 },
                        ..Point::default()
                    })
                    .collect::<VecDeque<_>>(),
            )
        };
        let now = s.at.secs();
        let d = s
            .deployments
            .iter_mut()
            .find(|d| *d.id == *TERTIARY)
            .unwrap();
        (d.errors_5m, d.points) = (Share { bad: 90, n: 1000 }, failing(now - 200, now - 100));
        let mut order = Order::default();
        order.follow(&s, None);
        assert_eq!(ids(&order, &s)[0], PRIMARY, "it ended a while ago");
        let d = s
            .deployments
            .iter_mut()
            .find(|d| *d.id == *TERTIARY)
            .unwrap();
        d.points = failing(now - 30, now);
        let mut order = Order::default();
        order.follow(&s, None);
        assert_eq!(ids(&order, &s)[0], TERTIARY, "it goes on");
        let d = s
            .deployments
            .iter_mut()
            .find(|d| *d.id == *TERTIARY)
            .unwrap();
        d.since = s.at;
        let mut order = Order::default();
        order.follow(&s, None);
        assert_eq!(ids(&order, &s)[0], PRIMARY, "its breaker has closed since");
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
