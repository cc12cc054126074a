//! What a drill says as it goes on, and its report.

use super::Run;
use crate::{
    clock,
    drill::{Numbers, Record, Report, check, report},
    model::{
        Kind,
        drill::{Drill, DrillPhase, DrillPlan, DrillResult, DrillStep},
    },
};
use std::{sync::Arc, time::Duration};

impl<S: FnMut(&Drill)> Run<'_, S> {
    pub(super) fn begin_telling(&mut self) {
        let plan = DrillPlan {
            title: self.scenario.title.clone(),
            whom: self.target.radius.to_string(),
            takes: self.scenario.takes(),
            checks: self.scenario.titles(),
        };
        let who = self.target.who.clone();
        self.tell(DrillStep::Began { who, plan });
        if let Some(caution) = self.target.radius.caution() {
            self.said(caution.to_owned());
        }
    }

    pub(super) fn enter(&mut self, phase: DrillPhase, lasts: Option<Duration>) {
        let until = lasts.map(|lasts| clock::wall() + lasts);
        self.tell(DrillStep::Entered { phase, until });
    }

    pub(super) fn measured(&mut self, what: &str, numbers: &Numbers) {
        let (what, numbers) = (what.to_owned(), numbers.to_string());
        self.tell(DrillStep::Measured { what, numbers });
    }

    pub(super) fn said(&mut self, text: String) {
        self.tell(DrillStep::Said { text });
    }

    /// Every step is an event like any other, and heard by whoever runs the drill.
    pub(super) fn tell(&mut self, step: DrillStep) {
        let drill = Drill {
            scenario: self.scenario.name.clone(),
            step,
        };
        (self.say)(&drill);
        self.target.bus.emit(Kind::Drill(drill));
    }

    pub(super) fn answer(&mut self, about_faults: bool) {
        let record = self.record();
        for check in &self.scenario.checks {
            if check.is_about_faults() == about_faults {
                let found = check.answer(&record);
                self.tell(DrillStep::Checked {
                    check: found.check.clone(),
                    passed: found.passed,
                    numbers: found.numbers.clone(),
                });
                self.findings.push(found);
            }
        }
    }

    pub(super) fn record(&self) -> Record {
        let before = Arc::clone(&self.before);
        Record {
            steady: self.steady,
            faults: self.faults,
            set: self.set.clone(),
            ..self
                .stage
                .record(&self.route, self.prober.samples(), before)
        }
    }

    pub(super) fn report(self, result: DrillResult, why: String) -> Report {
        let record = self.record();
        let tier = |t: &crate::config::Tier| {
            let names: Vec<_> = t.deployments.iter().map(|d| &**d).collect();
            names.join("|")
        };
        Report {
            schema: Report::schema(),
            scenario: self.scenario.name.clone(),
            title: self.scenario.title.clone(),
            what: self.scenario.what.clone(),
            who: self.target.who.clone(),
            began: self.began,
            ended: clock::wall(),
            route: self.route.id.to_string(),
            tiers: self.route.tiers.iter().map(tier).collect(),
            config_hash: self.target.config.hash.clone(),
            simulated: self.target.simulated,
            radius: self.target.radius.to_string(),
            result,
            why,
            steady: record.numbers(self.steady),
            drill: record.numbers(self.faults),
            checks: self.findings,
            recovering: check::still_recovering(&record.before, &record.after),
            timeline: report::timeline(&record.events, record.end),
            story: record.story(),
        }
    }
}
