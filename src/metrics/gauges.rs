//! How things stand: what a scrape takes from the snapshot, and from the process.

use super::{names, page::Page, process::Process};
use crate::model::{
    Snapshot, Wall,
    snapshot::{DeploymentView, Shown, UsersWord},
};

const STATES: [&str; 8] = [
    "closed",
    "probe",
    "ramp",
    "open",
    "forced_open",
    "forced_closed",
    "observe",
    "disabled",
];

const fn state(shown: Shown) -> &'static str {
    match shown {
        Shown::Closed => "closed",
        Shown::Probe => "probe",
        Shown::Ramp(_) => "ramp",
        Shown::Open => "open",
        Shown::ForcedOpen => "forced_open",
        Shown::ForcedClosed => "forced_closed",
        Shown::Observe => "observe",
        Shown::Disabled => "disabled",
    }
}

/// The share of requests that is let through.
fn admitted(shown: Shown) -> f64 {
    match shown {
        Shown::Closed | Shown::ForcedClosed | Shown::Observe => 1.0,
        Shown::Ramp(percent) => f64::from(percent) / 100.0,
        Shown::Probe | Shown::Open | Shown::ForcedOpen | Shown::Disabled => 0.0,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 stay far under 2^53"
)]
pub(super) fn timestamp(at: Wall) -> f64 {
    at.0 as f64 / 1000.0
}

pub(super) fn put(s: &Snapshot, page: &mut Page) {
    page.put(&names::BUILD, &[&s.version], 1.0);
    for word in UsersWord::ALL {
        let name = word.as_str().to_lowercase();
        page.is(&names::USERS, &[&name], s.users.word == word);
    }
    for r in &s.routes {
        page.count(&names::ROUTE_ALL, &[&r.id], r.tiers.len() as u64);
        page.count(&names::ROUTE_SERVING, &[&r.id], s.serving(r).count() as u64);
        page.is(&names::RUNG3, &[&r.id], r.rung3.is_some());
    }
    for d in &s.deployments {
        deployment(d, s, page);
    }
    page.put(&names::ERR_THRESHOLD, &[], s.err_threshold);
    page.put(&names::JUDGE_THRESHOLD, &[], s.judge_threshold);
    for id in &s.judge.judges {
        let dismissed = s.judge.dismissed.iter().any(|d| d.judge == *id);
        page.is(&names::DISMISSED, &[id], dismissed);
        let drifting = s.judge.drifting.iter().any(|d| d.judge == *id);
        page.is(&names::DRIFTING, &[id], drifting);
    }
    page.is(&names::DRILL_RUNNING, &[], s.drilling().is_some());
    page.is(&names::JOURNAL_STOPPED, &[], s.journal_stopped.is_some());
    if let Some(fleet) = &s.fleet {
        page.is(&names::FLEET_REACHABLE, &[], fleet.reachable);
        page.count(&names::FLEET_PEERS, &[], fleet.peers.len() as u64);
    }
}

fn deployment(d: &DeploymentView, s: &Snapshot, page: &mut Page) {
    let id: &[&str] = &[&d.id];
    let shown = d.shown();
    for name in STATES {
        page.is(&names::STATE, &[&d.id, name], state(shown) == name);
    }
    page.is(&names::SERVING, id, d.serves());
    page.put(&names::ADMITTED, id, admitted(shown));
    page.put(&names::MOVED, id, timestamp(d.since));
    page.put(&names::SUSPICION, id, d.watch.suspicion);
    page.put(&names::SAMPLED, id, d.watch.share);
    page.is(&names::BLIND, id, d.watch.blind);
    page.count(&names::IN_FLIGHT, id, d.in_flight.into());
    for (metric, at) in [
        (&names::NEXT_MOVE, d.until),
        (&names::FORCE_EXPIRY, d.force.as_ref().map(|f| f.until)),
        (&names::GATE_EXPIRY, d.gate.as_ref().map(|g| g.until)),
    ] {
        if let Some(at) = at {
            page.put(metric, id, timestamp(at));
        }
    }
    if let Some(mean) = d.judge_1h.value() {
        page.put(&names::MEAN, id, mean);
    }
    page.count(&names::MEAN_SAMPLES, id, d.judge_1h.n.into());
    let faults = s.faults.iter().filter(|f| f.fault.deployment == d.id);
    page.count(&names::FAULTS, id, faults.count() as u64);
}

pub(super) fn process(p: &Process, page: &mut Page) {
    page.put(&names::CPU, &[], p.cpu_s);
    if let Some(n) = p.open_fds {
        page.count(&names::OPEN_FDS, &[], n as u64);
    }
    if let Some(n) = p.max_fds {
        page.count(&names::MAX_FDS, &[], n);
    }
    page.count(&names::VIRTUAL, &[], p.virtual_bytes);
    page.count(&names::RESIDENT, &[], p.resident_bytes);
    page.put(&names::BEGAN, &[], p.began);
    page.count(&names::THREADS, &[], p.threads);
}
