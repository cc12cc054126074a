//! What stands between users and the next failure: the deployments that are out, and the healthy tiers that routes have
//! left.

use super::{
    Class, Phase, Snapshot,
    snapshot::{DeploymentView, RouteView, Shown},
};

/// A route that has lost tiers and has at most one healthy one left.
#[derive(Debug, Clone, Copy)]
pub struct Thin<'a> {
    pub route: &'a RouteView,
    /// What it fails reaches users. None: what comes already does, but for what a ramp lets through.
    pub last: Option<&'a DeploymentView>,
}

/// Routes without any healthy tier first, then those with the most traffic. A route that was switched to the canned
/// answer by hand is not among them, nor one that never had a second tier and still has its first.
pub fn thin(s: &Snapshot) -> Vec<Thin<'_>> {
    let mut all: Vec<_> = s.routes.iter().filter_map(|r| worn(s, r)).collect();
    all.sort_by(|a, b| {
        let dark = a.last.is_some().cmp(&b.last.is_some());
        dark.then(b.route.per_s.total_cmp(&a.route.per_s))
    });
    all
}

fn worn<'a>(s: &'a Snapshot, route: &'a RouteView) -> Option<Thin<'a>> {
    let tiers = route.tiers.iter().filter_map(|id| s.deployment(id));
    let tiers: Vec<_> = tiers.filter(|d| d.disabled.is_none()).collect();
    let mut healthy = tiers.iter().copied().filter(|d| is_healthy(d));
    let (last, second) = (healthy.next(), healthy.next());
    let has_lost = tiers.len() > usize::from(last.is_some());
    let is_thin = second.is_none() && has_lost && route.rung3.is_none();
    is_thin.then_some(Thin { route, last })
}

/// It takes all that comes, and nothing says that it should not. A rate limit is waited for, a spent quota is not.
fn is_healthy(d: &DeploymentView) -> bool {
    let takes_all = match d.shown() {
        Shown::Closed => true,
        Shown::ForcedClosed | Shown::Observe => d.phase == Phase::Closed && d.would_trip.is_none(),
        _ => false,
    };
    takes_all && !is_spent(d)
}

fn is_spent(d: &DeploymentView) -> bool {
    d.gate.as_ref().is_some_and(|g| g.class == Class::Quota)
}

/// Deployments that take nothing now, those first that are nearest to the top of a route.
pub fn down(s: &Snapshot) -> Vec<&DeploymentView> {
    let out = |d: &&DeploymentView| match d.shown() {
        Shown::Open | Shown::Probe | Shown::ForcedOpen => true,
        Shown::Disabled => false,
        _ => is_spent(d),
    };
    let mut all: Vec<_> = s.deployments.iter().filter(out).collect();
    all.sort_by_key(|d| d.tier.as_ref().map_or(usize::MAX, |(_, place)| *place));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Force, ForceKind, Wall,
        snapshot::{Gate, Rung3View},
        state::tests_support::deployment,
    };

    /// Three tiers of a route, the first two of another.
    fn three() -> Snapshot {
        let tiers = ["p/a", "q/b", "r/c"];
        let mut s = Snapshot {
            deployments: tiers.map(deployment).into(),
            ..Snapshot::default()
        };
        for (place, d) in s.deployments.iter_mut().enumerate() {
            d.tier = Some(("all".into(), place));
        }
        let route = |id: &str, n: usize| {
            let tiers = tiers.iter().take(n).map(|&id| id.into()).collect();
            RouteView::new(id.into(), tiers)
        };
        s.routes = vec![route("all", 3), route("two", 2)];
        s
    }

    /// `route: deployment`, as they are told.
    fn told(s: &Snapshot) -> Vec<String> {
        let one = |t: &Thin<'_>| {
            let last = t.last.map_or("nobody", |d| &d.id);
            format!("{}: {last}", t.route.id)
        };
        thin(s).iter().map(one).collect()
    }

    fn ids(s: &Snapshot) -> Vec<&str> {
        down(s).into_iter().map(|d| &*d.id).collect()
    }

    fn forced(kind: ForceKind) -> Force {
        Force {
            kind,
            who: "ana".into(),
            why: String::new(),
            until: Wall(1),
        }
    }

    fn gate(class: Class) -> Gate {
        Gate {
            class,
            code: String::new(),
            until: Wall(1),
        }
    }

    #[test]
    fn a_route_is_thin_once_it_has_lost_all_healthy_tiers_but_one() {
        let mut s = three();
        assert!(told(&s).is_empty() && ids(&s).is_empty());
        s.deployments[0].phase = Phase::Open;
        assert_eq!(told(&s), ["two: q/b"]);
        s.deployments[2].phase = Phase::Probe;
        assert_eq!(told(&s), ["all: q/b", "two: q/b"]);
        s.deployments[1].phase = Phase::Open;
        assert_eq!(told(&s), ["all: nobody", "two: nobody"]);
        assert_eq!(ids(&s), ["p/a", "q/b", "r/c"]);
    }

    #[test]
    fn a_tier_that_takes_a_part_of_what_comes_is_not_down_and_not_yet_healthy() {
        let mut s = three();
        s.deployments[0].phase = Phase::Ramp(50);
        assert_eq!(told(&s), ["two: q/b"]);
        assert!(ids(&s).is_empty());
    }

    #[test]
    fn routes_without_any_healthy_tier_come_first_and_then_those_with_the_most_traffic() {
        let mut s = three();
        s.deployments[0].phase = Phase::Open;
        s.deployments[2].phase = Phase::Open;
        s.routes[1].per_s = 3.0;
        assert_eq!(told(&s), ["two: q/b", "all: q/b"]);
        s.deployments[1].phase = Phase::Open;
        s.deployments[2].phase = Phase::Closed;
        s.routes[1].per_s = 0.0;
        assert_eq!(told(&s), ["two: nobody", "all: r/c"]);
    }

    #[test]
    fn what_a_person_laid_over_a_breaker_counts_as_it_works() {
        let mut s = three();
        s.deployments[0].force = Some(forced(ForceKind::Open));
        assert_eq!((told(&s), ids(&s)), (vec!["two: q/b".into()], vec!["p/a"]));
        // It takes everything, although it is ill.
        s.deployments[0].phase = Phase::Open;
        s.deployments[0].force = Some(forced(ForceKind::Closed));
        assert_eq!(told(&s), ["two: q/b"]);
        assert!(ids(&s).is_empty());
        s.deployments[0].phase = Phase::Closed;
        assert!(told(&s).is_empty());
    }

    #[test]
    fn a_spent_quota_takes_a_tier_away_and_a_rate_limit_does_not() {
        let mut s = three();
        s.deployments[0].gate = Some(gate(Class::Throttle));
        assert!(told(&s).is_empty() && ids(&s).is_empty());
        s.deployments[0].gate = Some(gate(Class::Quota));
        assert_eq!((told(&s), ids(&s)), (vec!["two: q/b".into()], vec!["p/a"]));
    }

    #[test]
    fn what_was_never_there_was_not_lost() {
        let mut s = three();
        s.deployments[0].disabled = Some("no key".into());
        assert!(told(&s).is_empty(), "one enabled tier from the start");
        s.deployments[1].phase = Phase::Open;
        assert_eq!(told(&s), ["two: nobody", "all: r/c"]);
        s.routes[1].rung3 = Some(Rung3View {
            who: "ana".into(),
            why: String::new(),
            until: Wall(1),
        });
        assert_eq!(told(&s), ["all: r/c"], "by hand nobody is asked");
    }
}
