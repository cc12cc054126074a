//! What a Prometheus server reads. A fold over events counts, before any cap, what has happened since the process began; how
//! things stand comes from the snapshot when somebody asks. Labels come from the configuration and from closed lists only:
//! nothing that a caller sends becomes one. `docs/metrics.md` lists them all.

use crate::{
    model::{
        DeploymentId, Kind, RouteId, Snapshot, Wall,
        drill::{Drill, DrillResult, DrillStep},
        event::{Exchanges, Judging, RouteSecond},
        topology::Topology,
    },
    telemetry::Tally,
};
use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeMap;

mod counts;
mod gauges;
mod histogram;
mod names;
mod page;
mod process;

use counts::{Deployment, Judge, Route};
use histogram::Histogram;
pub use histogram::{SCORE, TOTAL_S, TTFT_S};
pub use names::{ALL, Metric, Type};
use page::Page;
pub use process::{Process, read as process};

/// The format that [`Metrics::text`] is in.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counts and histograms since the process began.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Those of the configuration that holds, in its order; what a reload takes out is counted no more.
    deployments: IndexMap<DeploymentId, Deployment>,
    routes: IndexMap<RouteId, Route>,
    judges: IndexMap<DeploymentId, Judge>,
    exchange: Histogram,
    client_retries: u64,
    suppressed: BTreeMap<String, u64>,
    lost: u64,
    journal_missed: u64,
    /// Taken over and refused.
    reloads: Told,
    reloaded: Option<Wall>,
    refused_last: bool,
    commands: Told,
    drills: Drills,
    network_down: bool,
}

/// Of those that can go well or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Told {
    good: u64,
    bad: u64,
}

impl Told {
    const fn count(&mut self, good: bool) {
        let slot = if good { &mut self.good } else { &mut self.bad };
        *slot += 1;
    }
}

#[derive(Debug, Clone, Default)]
struct Drills {
    passed: u64,
    failed: u64,
    aborted: u64,
    last: Option<(Wall, DrillResult)>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            deployments: IndexMap::new(),
            routes: IndexMap::new(),
            judges: IndexMap::new(),
            exchange: Histogram::new(TOTAL_S),
            client_retries: 0,
            suppressed: BTreeMap::new(),
            lost: 0,
            journal_missed: 0,
            reloads: Told::default(),
            reloaded: None,
            refused_last: false,
            commands: Told::default(),
            drills: Drills::default(),
            network_down: false,
        }
    }
}

impl Metrics {
    /// Everything that happens, also what the caps keep from everybody else.
    pub fn apply(&mut self, kind: &Kind, at: Wall) {
        match kind {
            Kind::Started { topology, .. } => self.configure(topology, at),
            Kind::Reloaded { topology } => {
                self.reloads.count(true);
                self.configure(topology, at);
            }
            Kind::ReloadFailed { .. } => {
                self.reloads.count(false);
                self.refused_last = true;
            }
            Kind::Exchanges(second) => self.exchanges(second),
            Kind::Judging(second) => self.judging(second),
            Kind::Drill(drill) => self.drill(drill, at),
            Kind::Command { refused, .. } => self.commands.count(refused.is_none()),
            Kind::LocalNetwork { down } => self.network_down = *down,
            Kind::Journal { missed, .. } => self.journal_missed += missed,
            Kind::Suppressed { what, n } => self.suppressed(what, *n),
            other => {
                if let Some(id) = counts::about(other)
                    && let Some(deployment) = self.deployments.get_mut(id)
                {
                    deployment.apply(other);
                }
            }
        }
    }

    /// Takes a configuration over. What stays goes on counting; what is gone is exported no more, and starts from zero
    /// should it come back.
    fn configure(&mut self, t: &Topology, at: Wall) {
        let kept = |ids: &IndexSet<DeploymentId>, old: &mut IndexMap<DeploymentId, Deployment>| {
            let take = |id: &DeploymentId| (id.clone(), old.swap_remove(id).unwrap_or_default());
            ids.iter().map(take).collect()
        };
        let ids = t.deployments.iter().map(|d| d.id.clone()).collect();
        self.deployments = kept(&ids, &mut self.deployments);

        let mut old = std::mem::take(&mut self.routes);
        for route in &t.routes {
            let counted = old.swap_remove(&route.id).unwrap_or_default();
            self.routes.insert(route.id.clone(), counted);
        }
        // Asked for by its own name.
        old.retain(|id, _| ids.contains(&**id));
        self.routes.extend(old);

        let mut old = std::mem::take(&mut self.judges);
        for id in &t.judges {
            let counted = old.swap_remove(id).unwrap_or_default();
            self.judges.insert(id.clone(), counted);
        }
        (self.reloaded, self.refused_last) = (Some(at), false);
    }

    fn exchanges(&mut self, second: &Exchanges) {
        self.client_retries += u64::from(second.client_retries);
        self.exchange.add(&second.total);
        for of_route in &second.routes {
            if let Some(route) = self.route(of_route) {
                route.add(of_route);
            }
        }
    }

    /// A route of the configuration, or a deployment that was asked for by its own name.
    fn route(&mut self, second: &RouteSecond) -> Option<&mut Route> {
        let id = &second.route;
        if !self.routes.contains_key(id) && self.deployments.contains_key(&**id) {
            self.routes.insert(id.clone(), Route::default());
        }
        self.routes.get_mut(id)
    }

    fn judging(&mut self, second: &Judging) {
        if let Some(judge) = self.judges.get_mut(&second.judge) {
            judge.add(second);
        }
    }

    fn drill(&mut self, drill: &Drill, at: Wall) {
        let Some(mark) = drill.mark(at) else { return };
        let Some(result) = mark.result else { return };
        self.drills.last = Some((mark.at, result));
        if matches!(drill.step, DrillStep::Ended { .. }) {
            *match result {
                DrillResult::Passed => &mut self.drills.passed,
                DrillResult::Failed => &mut self.drills.failed,
                DrillResult::Aborted => &mut self.drills.aborted,
            } += 1;
        }
    }

    fn suppressed(&mut self, what: &str, n: u64) {
        if what == crate::model::event::LOST {
            self.lost += n;
        } else {
            let kind = what.replace([' ', '-'], "_");
            *self.suppressed.entry(kind).or_default() += n;
        }
    }

    /// One scrape: the counts, and how things stand.
    pub fn text(
        &self,
        snapshot: &Snapshot,
        process: Option<&Process>,
        spans: Option<Tally>,
    ) -> String {
        let mut page = Page::default();
        gauges::put(snapshot, &mut page);
        for (id, deployment) in &self.deployments {
            deployment.put(id, &mut page);
        }
        for (id, route) in &self.routes {
            route.put(id, &mut page);
        }
        for (id, judge) in &self.judges {
            judge.put(id, &mut page);
        }
        self.put(&mut page);
        if let Some(spans) = spans {
            page.count(&names::TRACE_SPANS, &["sent"], spans.sent);
            page.count(&names::TRACE_SPANS, &["dropped"], spans.dropped);
            page.count(&names::TRACE_SPANS, &["failed"], spans.failed);
        }
        if let Some(process) = process {
            gauges::process(process, &mut page);
        }
        page.text()
    }

    /// What is the router's own.
    fn put(&self, page: &mut Page) {
        page.histogram(&names::EXCHANGE_SECONDS, &[], &self.exchange);
        page.count(&names::CLIENT_RETRIES, &[], self.client_retries);
        for (kind, n) in &self.suppressed {
            page.count(&names::SUPPRESSED, &[kind], *n);
        }
        page.count(&names::LOST, &[], self.lost);
        page.count(&names::JOURNAL_MISSED, &[], self.journal_missed);
        page.count(&names::RELOADED, &["ok"], self.reloads.good);
        page.count(&names::RELOADED, &["refused"], self.reloads.bad);
        page.is(&names::RELOAD_OK, &[], !self.refused_last);
        if let Some(at) = self.reloaded {
            page.put(&names::RELOAD_AT, &[], gauges::timestamp(at));
        }
        page.count(&names::COMMANDS, &["ok"], self.commands.good);
        page.count(&names::COMMANDS, &["refused"], self.commands.bad);
        let drills = &self.drills;
        for (result, n) in [
            (DrillResult::Passed, drills.passed),
            (DrillResult::Failed, drills.failed),
            (DrillResult::Aborted, drills.aborted),
        ] {
            page.count(&names::DRILLS, &[result.as_str()], n);
        }
        if let Some((at, result)) = drills.last {
            page.put(&names::DRILL_LAST, &[], gauges::timestamp(at));
            page.is(&names::DRILL_PASSED, &[], result == DrillResult::Passed);
        }
        page.is(&names::NETWORK_DOWN, &[], self.network_down);
    }
}

#[cfg(test)]
mod tests;
