//! What users lose when a route, or all of them, goes to the canned answer by hand.

use super::{
    Ask,
    reroute::{ended, is_idle},
};
use crate::{
    model::{Snapshot, snapshot::RouteView},
    tui::words::{per_second, percent},
};

/// Routes that are told one by one.
const TOLD: usize = 4;

pub(super) fn ask(s: &Snapshot, route: &str, lasts: &str) -> Ask {
    let everybody =
        route == "all" || s.routes.len() == 1 && s.routes.iter().all(|r| *r.id == *route);
    let first = if everybody {
        "EVERY user gets the canned answer, whatever the models do".to_owned()
    } else {
        format!("every user of {route} gets the canned answer")
    };
    let hit = |r: &&RouteView| (everybody || *r.id == *route) && r.rung3.is_none();
    let mut routes: Vec<_> = s.routes.iter().filter(hit).collect();
    routes.sort_by(|a, b| b.per_s.total_cmp(&a.per_s));
    let mut lines = vec![first];
    lines.extend(routes.iter().take(TOLD).map(|r| loses(r)));
    if let Some(rest) = routes.get(TOLD..).filter(|rest| !rest.is_empty()) {
        let per_s: f64 = rest.iter().map(|r| r.per_s).sum();
        lines.push(format!(
            "{} more routes: {} req/s",
            rest.len(),
            per_second(per_s)
        ));
    }
    lines.push(format!("it ends by itself in {lasts}"));
    if everybody {
        Ask::Type(route.to_owned(), lines)
    } else {
        Ask::YesNo(lines)
    }
}

/// `chat: 33.2 req/s, of which models answer 98.5% now, the cache 1.5%`
fn loses(route: &RouteView) -> String {
    if is_idle(route.per_s) {
        return format!("{}: no traffic now", route.id);
    }
    let all = ended(route);
    let share = |n: u32| percent(f64::from(n) / f64::from(all.max(1)));
    let models: u32 = route.tiers_5m.iter().sum();
    let mut parts = vec![format!("models answer {} of them now", share(models))];
    if route.cached_5m > 0 {
        parts.push(format!("the cache {}", share(route.cached_5m)));
    }
    let lost = route.canned_5m.saturating_add(route.failed_5m);
    if lost > 0 {
        parts.push(format!("{} get no answer of a model already", share(lost)));
    }
    let per_s = per_second(route.per_s);
    format!("{}: {per_s} req/s, {}", route.id, parts.join(", "))
}
