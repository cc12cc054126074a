//! Time that passes: for so long, until all answers are there, until everything is as before; and what ends it early.

use super::{Halt, Run};
use crate::{
    clock,
    drill::{check, record::exchanges},
    model::{DeploymentId, Phase, drill::Drill, snapshot::DeploymentView, time::latency},
};
use std::{collections::BTreeMap, time::Duration};

/// A breaker that opens again on its way back is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(15);

impl<S: FnMut(&Drill)> Run<'_, S> {
    /// Lets time pass, unless somebody stops the drill or users get more errors than it is worth.
    pub(super) async fn pass(&self, time: Duration) -> Result<(), Halt> {
        let halt = self.stage.wait(time, || self.halt()).await;
        halt.map_or(Ok(()), |why| Err(Halt::Aborted(why)))
    }

    fn halt(&self) -> Option<String> {
        if self.stop.is_cancelled() {
            return Some("somebody stopped it".to_owned());
        }
        let from = self.steady.from;
        let everybody = self
            .stage
            .look(|all| exchanges(all, from, clock::wall()))
            .failed();
        let failed = self.prober.failed().max(everybody as usize);
        let bound = self.scenario.abort.errors;
        if failed > bound as usize {
            return Some(format!(
                "{failed} users got errors, more than the {bound} that a rehearsal is worth"
            ));
        }
        let slow = self
            .prober
            .lately()
            .filter(|p95| *p95 > self.scenario.abort.p95)?;
        Some(format!(
            "p95 of the last answers is {}, more than the {} that a rehearsal is worth",
            latency(slow),
            latency(self.scenario.abort.p95)
        ))
    }

    /// Waits for the answers to all requests that were sent so far.
    pub(super) async fn settle(&self) -> Result<(), Halt> {
        let (last, patience) = (self.prober.sent(), self.route.deadline);
        let back = self.stage.wait(patience, || {
            let settled = self.prober.is_settled(last).then_some(None);
            settled.or_else(|| self.halt().map(Some))
        });
        match back.await {
            Some(Some(why)) => Err(Halt::Aborted(why)),
            // Requests past the route's deadline are counted when they come, or not at all.
            Some(None) | None => Ok(()),
        }
    }

    /// Sends no more requests and waits for those under way; whoever stops a drill waits for none.
    pub(super) async fn hush(&mut self) {
        self.hush.cancel();
        if self.stop.is_cancelled() {
            self.probing.abort_all();
        }
        while self.probing.join_next().await.is_some() {}
    }

    /// Waits until everything is as before, and does what a person would who knows that it is over.
    pub(super) async fn recover(&mut self) -> Result<(), Halt> {
        let known: Vec<_> = self
            .before
            .judge
            .dismissed
            .iter()
            .map(|d| &d.judge)
            .cloned()
            .collect();
        for gone in &self.stage.latest().judge.dismissed {
            if !known.contains(&gone.judge) {
                self.stage.take_back(&gone.judge);
                self.said(format!(
                    "took judge {} back, which the drill made strange",
                    gone.judge
                ));
            }
        }
        let mut asked = BTreeMap::new();
        let deadline = clock::now() + self.scenario.observe_s;
        while clock::now() < deadline && !self.still_recovering().is_empty() {
            for id in self.all_deployments() {
                let open = |d: &DeploymentView| d.phase == Phase::Open;
                let now = clock::now();
                let due = asked.get(&id).is_none_or(|at| now.since(*at) >= ASK_AGAIN);
                if due && self.stage.latest().deployment(&id).is_some_and(open) {
                    asked.insert(id.clone(), now);
                    self.probe(&id);
                }
            }
            self.pass(Duration::from_millis(100)).await?;
        }
        Ok(())
    }

    pub(super) fn still_recovering(&self) -> Vec<String> {
        check::still_recovering(&self.before, &self.stage.latest())
    }

    fn all_deployments(&self) -> Vec<DeploymentId> {
        let tiers = self.route.tiers.iter();
        tiers.flat_map(|t| t.deployments.clone()).collect()
    }
}
