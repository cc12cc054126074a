//! Whether everything is as it was, field by field.

use super::Answer;
use crate::{
    drill::record::Record,
    model::{
        DeploymentId, Phase, Snapshot,
        snapshot::{DeploymentView, JudgeView},
        time::short,
    },
};

pub(super) fn as_before(r: &Record, recovering: bool) -> Answer {
    let changed = changes(&r.before, &r.after);
    let back = still_recovering(&r.before, &r.after);
    let passed = changed.is_empty() && (recovering || back.is_empty());
    let said: Vec<_> = changed.into_iter().chain(back).collect();
    let took = short(r.end.since(r.faults.to));
    if said.is_empty() {
        let text = "configuration, routes, phases, forces, faults, gates, rung 3 and judges";
        return (passed, format!("{text}, {took} after the last fault"));
    }
    (passed, said.join("; "))
}

/// What does not go away by itself.
fn changes(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut said = Vec::new();
    for was in &before.deployments {
        match after.deployment(&was.id) {
            None => said.push(format!("{} is gone", was.id)),
            Some(is) => of_deployment(was, is, &mut said),
        }
    }
    let ids = |s: &Snapshot| s.faults.iter().map(|f| f.fault.id).collect::<Vec<_>>();
    if ids(before) != ids(after) {
        said.push(format!(
            "{} faults before, {} after",
            before.faults.len(),
            after.faults.len()
        ));
    }
    if before.config_hash != after.config_hash {
        said.push(format!(
            "another configuration: {} became {}",
            before.config_hash, after.config_hash
        ));
    }
    if before.judge.judges != after.judge.judges {
        said.push("other judges".to_owned());
    }
    for was in &before.routes {
        match after.routes.iter().find(|is| is.id == was.id) {
            None => said.push(format!("route {} is gone", was.id)),
            Some(is) if is.tiers != was.tiers => {
                said.push(format!("route {} has other tiers", was.id));
            }
            Some(is) if is.rung3 != was.rung3 => {
                said.push(format!("rung 3 of {} was switched", was.id));
            }
            Some(_) => {}
        }
    }
    said
}

fn of_deployment(was: &DeploymentView, is: &DeploymentView, said: &mut Vec<String>) {
    if was.force != is.force {
        let force = is.force.as_ref();
        let now = force.map_or("not forced any more".to_owned(), |f| {
            format!("forced {}", f.kind)
        });
        said.push(format!("{} is {now}", was.id));
    }
    if was.disabled != is.disabled {
        said.push(format!("{} was disabled or enabled", was.id));
    }
}

/// What is not yet as it was, and comes back by itself.
pub(in crate::drill) fn still_recovering(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut said = Vec::new();
    for was in &before.deployments {
        let Some(is) = after.deployment(&was.id) else {
            continue;
        };
        // One that was on its way when it began may well have arrived.
        if is.phase != was.phase && is.phase != Phase::Closed {
            said.push(format!("{} is still {}", was.id, is.phase));
        }
        if let Some(gate) = is.gate.as_ref().filter(|_| was.gate.is_none()) {
            said.push(format!(
                "{} is gated ({}) until {}Z",
                was.id,
                gate.code,
                gate.until.clock()
            ));
        }
        if is.watch.blind && !was.watch.blind {
            said.push(format!("nobody can judge {}", was.id));
        }
    }
    said.extend(of_judges(&before.judge, &after.judge));
    said
}

fn of_judges(was: &JudgeView, is: &JudgeView) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(why) = is
        .unavailable
        .as_ref()
        .filter(|_| was.unavailable.is_none())
    {
        said.push(format!("no score can be had: {why}"));
    }
    let known = |judge: &DeploymentId| was.dismissed.iter().any(|d| d.judge == *judge);
    for gone in is.dismissed.iter().filter(|d| !known(&d.judge)) {
        said.push(format!("judge {} is dismissed", gone.judge));
    }
    let drifted = |judge: &DeploymentId| was.drifting.iter().any(|d| d.judge == *judge);
    for now in is.drifting.iter().filter(|d| !drifted(&d.judge)) {
        said.push(format!("judge {} drifts", now.judge));
    }
    said
}
