//! What is broken when, and what is asked for meanwhile.

use super::{Halt, Run};
use crate::{
    clock,
    drill::{Scenario, scenario::TierName, stage::resolve},
    model::{
        DeploymentId,
        drill::{Drill, DrillPhase},
        time::duration_text,
    },
};
use std::{collections::BTreeSet, time::Duration};

/// A change on the timeline.
struct Turn {
    at: Duration,
    what: What,
}

/// What begins at a moment begins before anything ends there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    On(usize),
    Off(usize),
    Probe(usize),
}

impl<S: FnMut(&Drill)> Run<'_, S> {
    pub(super) async fn break_things(&mut self) -> Result<(), Halt> {
        let lasts = Some(self.scenario.fault_window()).filter(|_| self.scenario.rounds() == 1);
        self.enter(DrillPhase::Faults, lasts);
        self.faults.from = clock::wall();
        for round in 1..=self.scenario.rounds() {
            if round > 1 {
                self.recover().await?;
                self.said(format!("round {round}"));
            }
            let began = clock::now();
            for turn in turns(self.scenario, round) {
                self.pass(clock::now().until(began + turn.at)).await?;
                self.take(turn.what).await?;
            }
        }
        self.said("faults cleared; waiting for the last answers under them".to_owned());
        self.settle().await?;
        let numbers = self.record().numbers(self.faults);
        self.measured("under faults", &numbers);
        self.answer(true);
        Ok(())
    }

    async fn take(&mut self, what: What) -> Result<(), Halt> {
        match what {
            What::On(fault) => {
                self.prober.trouble(true);
                let set = self.set(fault).await;
                set.map_err(|why| self.no_further(why))?;
            }
            What::Off(fault) => {
                self.prober.trouble(false);
                self.faults.to = clock::wall();
                if let Some(ids) = self.set.get(fault) {
                    self.stage.clear(ids).await;
                }
            }
            What::Probe(at) => {
                let tier = self.scenario.probes.get(at).map(|p| p.tier);
                let ids = tier.map_or(Ok(Vec::new()), |t| self.meant(t));
                for id in ids.map_err(|why| self.no_further(why))? {
                    self.probe(&id);
                }
            }
        }
        Ok(())
    }

    /// What it means that the router does not do as it is told: once something was broken, that there is a report.
    fn no_further(&self, why: String) -> Halt {
        if self.set.iter().all(BTreeSet::is_empty) {
            return Halt::Refused(why);
        }
        Halt::Aborted(format!("the router refused a fault: {why}"))
    }

    /// The deployments that a scenario means here.
    fn meant(&self, tier: TierName) -> Result<Vec<DeploymentId>, String> {
        resolve(&self.route, &self.target.config.judge.judges, tier)
    }

    async fn set(&mut self, index: usize) -> Result<(), String> {
        let Some(fault) = self.scenario.faults.get(index) else {
            return Ok(());
        };
        let judging = fault.tier == TierName::Judges;
        let radius = self.target.radius;
        for deployment in self.meant(fault.tier)? {
            let (rate, only) = radius.of(fault.rate, judging, self.prober.tag());
            self.said(format!(
                "{} on {:.1}% of {deployment}{} for {}",
                fault.kind,
                rate * 100.0,
                only.words(),
                duration_text(fault.lasts)
            ));
            let set = self
                .stage
                .set(&deployment, &fault.kind, (rate, only), fault.lasts);
            let id = set.await?;
            if let Some(ids) = self.set.get_mut(index) {
                ids.insert(id);
            }
        }
        Ok(())
    }

    pub(super) fn probe(&mut self, id: &DeploymentId) {
        self.stage.probe(id);
        self.said(format!(
            "asked {id} for a probe instead of waiting for its cooldown"
        ));
    }
}

/// A round's timeline in order.
fn turns(scenario: &Scenario, round: u32) -> Vec<Turn> {
    let mut turns = Vec::new();
    let mut at = |at, what| turns.push(Turn { at, what });
    for (i, step) in scenario.faults.iter().enumerate() {
        if step.round == round {
            at(step.at, What::On(i));
            at(step.at + step.lasts, What::Off(i));
        }
    }
    for (i, probe) in scenario.probes.iter().enumerate() {
        if probe.round == round {
            at(probe.at, What::Probe(i));
        }
    }
    turns.sort_by_key(|t| (t.at, t.what));
    turns
}
