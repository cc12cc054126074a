//! Where a route's requests go when one of its deployments takes none: arithmetic over the snapshot.
//!
//! A request that a deployment refuses goes on to the tiers below it, never back up. A tier that ramps takes its share and
//! lets the rest go on; what nobody takes gets the canned answer.

use crate::model::{
    DeploymentId, Snapshot,
    snapshot::{DeploymentView, RouteView, Shown},
};
use std::time::Duration;

/// What one route moves.
#[derive(Debug)]
pub(super) struct Reroute<'a> {
    pub(super) route: &'a RouteView,
    /// Requests per second of this route that the deployment answers now, and which would move.
    pub(super) per_s: f64,
    /// Who takes them, in order, each with its share of them.
    pub(super) to: Vec<(&'a DeploymentView, f64)>,
    /// Its place among the route's tiers.
    place: usize,
    /// The share that nobody takes.
    pub(super) canned: f64,
    /// Other tiers of the route that take requests, above and below.
    pub(super) others: usize,
}

impl<'a> Reroute<'a> {
    pub(super) fn of(s: &'a Snapshot, route: &'a RouteView, d: &DeploymentView) -> Self {
        let others = serving(s, route).filter(|(_, o)| o.id != d.id).count();
        let (mut to, mut left) = (Vec::new(), 1.0);
        let place = place_of(route, &d.id).unwrap_or(route.tiers.len());
        for (at, next) in serving(s, route) {
            if at <= place || left <= 0.0 {
                continue;
            }
            let share = left * admitted(next);
            to.push((next, share));
            left -= share;
        }
        Self {
            route,
            per_s: answered(s, route, d),
            to,
            place,
            canned: left,
            others,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        is_idle(self.per_s)
    }

    /// Requests per second that would get the canned answer.
    pub(super) fn canned_per_s(&self) -> f64 {
        self.per_s * self.canned
    }

    /// Without the deployment nobody of this route takes all that comes.
    pub(super) fn leaves_nobody(&self) -> bool {
        self.others == 0 || !is_idle(self.canned_per_s())
    }
}

/// It would be written as 0.0.
pub(super) fn is_idle(per_s: f64) -> bool {
    per_s < LEAST
}

const LEAST: f64 = 0.05;

/// Deployments of a route that take requests now, with their places.
fn serving<'a>(
    s: &'a Snapshot,
    route: &'a RouteView,
) -> impl Iterator<Item = (usize, &'a DeploymentView)> {
    let tiers = route.tiers.iter().enumerate();
    tiers
        .filter_map(|(at, t)| Some((at, s.deployment(t)?)))
        .filter(|(_, d)| d.serves())
}

/// The share of what comes to it that it takes.
fn admitted(d: &DeploymentView) -> f64 {
    match d.shown() {
        Shown::Ramp(percent) => f64::from(percent) / 100.0,
        _ => 1.0,
    }
}

/// Every route that has the deployment among its tiers, those with the most to lose first.
pub(super) fn all<'a>(s: &'a Snapshot, d: &'a DeploymentView) -> Vec<Reroute<'a>> {
    let routes = s.routes.iter().filter(|r| r.tiers.contains(&d.id));
    let mut all: Vec<_> = routes.map(|r| Reroute::of(s, r, d)).collect();
    all.sort_by(|a, b| {
        let worst = b.canned_per_s().total_cmp(&a.canned_per_s());
        worst.then(b.per_s.total_cmp(&a.per_s))
    });
    all
}

/// What of a route's requests a deployment answers: its share over five minutes of what comes now, and all routes together
/// not more than it is asked now, since a breaker that has just opened keeps its share for a while.
fn answered(s: &Snapshot, route: &RouteView, d: &DeploymentView) -> f64 {
    if !d.serves() {
        return 0.0;
    }
    let all: f64 = s.routes.iter().map(|r| expected(r, &d.id)).sum();
    let here = expected(route, &d.id);
    if all > d.attempts_per_s {
        here * d.attempts_per_s / all
    } else {
        here
    }
}

fn expected(route: &RouteView, id: &DeploymentId) -> f64 {
    if route.rung3.is_some() {
        return 0.0;
    }
    let by_it = place_of(route, id).and_then(|place| route.tiers_5m.get(place));
    part_of(route, by_it.copied().unwrap_or(0))
}

/// Requests per second that `n` of five minutes are of what comes now.
pub(super) fn part_of(route: &RouteView, n: u32) -> f64 {
    let all = ended(route);
    if all == 0 {
        return 0.0;
    }
    route.per_s * f64::from(n) / f64::from(all)
}

/// All that ended in five minutes, but for callers' own mistakes.
pub(super) fn ended(route: &RouteView) -> u32 {
    let by_tiers: u32 = route.tiers_5m.iter().sum();
    by_tiers
        .saturating_add(route.cached_5m)
        .saturating_add(route.canned_5m)
        .saturating_add(route.failed_5m)
}

fn place_of(route: &RouteView, id: &DeploymentId) -> Option<usize> {
    route.tiers.iter().position(|t| t == id)
}

/// The tiers below the one that requests move from.
pub(super) fn below<'a>(
    s: &'a Snapshot,
    moved: &Reroute<'a>,
) -> impl Iterator<Item = &'a DeploymentView> {
    let tiers = moved.route.tiers.iter().skip(moved.place.saturating_add(1));
    tiers.filter_map(|t| s.deployment(t))
}

/// Requests per second that would come to a deployment if it took everything: those that tiers below it answer, or nobody.
/// Where a tier above takes all there are none.
pub(super) fn comes_back(s: &Snapshot, route: &RouteView, d: &DeploymentView) -> f64 {
    let Some(place) = place_of(route, &d.id).filter(|_| route.rung3.is_none()) else {
        return 0.0;
    };
    if serving(s, route).any(|(at, o)| at < place && admitted(o) >= 1.0) {
        return 0.0;
    }
    let below = route.tiers.iter().skip(place.saturating_add(1));
    let answered: f64 = below
        .filter_map(|t| s.deployment(t))
        .map(|o| answered(s, route, o))
        .sum();
    answered + part_of(route, route.canned_5m.saturating_add(route.failed_5m))
}

/// How many more would be under way at `to` with so many more requests per second: as long as its own take, or those of
/// `from` where it has none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "requests under way"
)]
pub(super) fn more_in_flight(to: &DeploymentView, from: &DeploymentView, per_s: f64) -> u32 {
    let takes = to.p50.or(from.p50).unwrap_or(Duration::ZERO);
    (per_s * takes.as_secs_f64()).round() as u32
}
