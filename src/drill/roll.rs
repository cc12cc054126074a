//! Every tier is asked once before anything is broken: one that does not answer now will not answer in an outage.

use super::{Sample, stage::Stage, traffic::Prober};
use crate::{
    config::Route,
    model::{DeploymentId, Kind, topology::tier_name},
};
use std::time::Duration;

/// A healthy provider fails now and then.
const TRIES: usize = 3;
const BETWEEN: Duration = Duration::from_millis(300);
const TOLD: Duration = Duration::from_millis(500);
const QUESTION: &str =
    "Summarize in one sentence: before a drill every tier is asked once whether it is there.";

/// Why the route cannot fail over; none when primary and secondary are there. Tiers below are not needed for that.
pub(super) async fn call(route: &Route, prober: &Prober, stage: &Stage) -> Option<String> {
    for (i, tier) in route.tiers.iter().enumerate().take(2) {
        let mut whys = Vec::new();
        for id in &tier.deployments {
            match ask(id, prober, stage).await {
                None => break,
                Some(why) => whys.push(format!("{id}: {why}")),
            }
        }
        if whys.len() == tier.deployments.len() {
            return Some(format!(
                "the {} of route {} gives no good answer before anything is broken: {}",
                tier_name(i),
                route.id,
                whys.join("; ")
            ));
        }
    }
    None
}

async fn ask(id: &DeploymentId, prober: &Prober, stage: &Stage) -> Option<String> {
    let mut why = None;
    for again in 0..TRIES {
        if again > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        let sample = prober.ask(id, QUESTION, false).await;
        why = wrong(&sample, stage).await;
        if why.is_none() {
            break;
        }
    }
    why
}

async fn wrong(sample: &Sample, stage: &Stage) -> Option<String> {
    if sample.is_good() && sample.rung == Some(0) {
        return sample
            .looks
            .as_ref()
            .map(|l| format!("a 200 that looks wrong ({l})"));
    }
    let told = stage.wait(TOLD, || {
        stage.look(|all| {
            all.iter().rev().find_map(|e| match &e.kind {
                Kind::Unserved { exchange, why, .. }
                    if Some(exchange) == sample.exchange.as_ref() =>
                {
                    Some(why.clone())
                }
                _ => None,
            })
        })
    });
    let status = || {
        sample
            .status
            .map_or("no answer".to_owned(), |s| format!("status {s}"))
    };
    Some(told.await.unwrap_or_else(status))
}
