//! The play: steady state, faults, recovery, checks. Whatever happens, the faults come off and there is a report.

use super::{
    Record, Report, Scenario, Window,
    check::{self, Finding},
    preflight,
    record::exchanges,
    report,
    stage::{Stage, resolve},
    traffic::Prober,
};
use crate::{
    clock,
    config::{Config, Route},
    model::{
        DeploymentId, Kind, Phase, Snapshot, Wall,
        drill::{Drill, DrillResult, DrillStep},
        time::duration_text,
    },
    router::Bus,
    source::local::{Local, Order},
};
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// A router that has just started shows its first snapshot by then.
const FIRST_SNAPSHOT: Duration = Duration::from_secs(5);
/// The last second's bucket has been told by then.
const LAST_BUCKET: Duration = Duration::from_millis(1_200);

/// The running router that is drilled.
#[derive(Debug, Clone)]
pub struct Target {
    pub door: SocketAddr,
    pub orders: mpsc::Sender<Order>,
    pub bus: Bus,
    pub config: Arc<Config>,
    pub simulated: bool,
    /// The person who drills.
    pub who: String,
}

/// Why a drill ended before its end.
enum Halt {
    Failed(String),
    Aborted(String),
    /// Nothing was broken: the drill says nothing about the configuration.
    Refused(String),
}

/// Runs a scenario. `say` hears every step as it comes. The error says why the drill could not run at all; a
/// configuration that cannot fail over is not such a reason but a report of failure.
pub async fn run(
    scenario: &Scenario,
    target: &Target,
    stop: CancellationToken,
    say: impl FnMut(&Drill),
) -> Result<Report, String> {
    let mut run = Run::begin(scenario, target, stop, say).await?;
    if let Some(why) = preflight::busy(&run.route, &run.before) {
        return Err(why);
    }
    let halted = run.play().await;
    run.stage.clear_all().await;
    run.hush().await;
    let (result, why) = match halted {
        Ok(()) if run.findings.iter().all(|f| f.passed) => (DrillResult::Passed, String::new()),
        Ok(()) => (DrillResult::Failed, String::new()),
        Err(Halt::Failed(why)) => (DrillResult::Failed, why),
        Err(Halt::Aborted(why)) => (DrillResult::Aborted, why),
        Err(Halt::Refused(why)) => {
            let result = DrillResult::Aborted;
            run.tell(DrillStep::Ended {
                result,
                why: why.clone(),
            });
            return Err(why);
        }
    };
    let said = why.clone();
    run.tell(DrillStep::Ended { result, why: said });
    Ok(run.report(result, why))
}

struct Run<'a, S> {
    scenario: &'a Scenario,
    target: &'a Target,
    route: Route,
    stage: Stage,
    prober: Arc<Prober>,
    probing: JoinSet<()>,
    hush: CancellationToken,
    stop: CancellationToken,
    say: S,
    began: Wall,
    before: Arc<Snapshot>,
    steady: Window,
    faults: Window,
    findings: Vec<Finding>,
}

/// A change on the timeline.
struct Turn {
    at: Duration,
    fault: usize,
    on: bool,
}

impl<'a, S: FnMut(&Drill)> Run<'a, S> {
    async fn begin(
        scenario: &'a Scenario,
        target: &'a Target,
        stop: CancellationToken,
        say: S,
    ) -> Result<Self, String> {
        let config = &target.config;
        let route = route_of(scenario, config)?.clone();
        let actor = scenario.actor();
        let events = target.bus.subscribe();
        let source = Local::new(
            target.bus.snapshot(),
            target.orders.clone(),
            actor.clone(),
            false,
        );
        let stage = Stage::new(source, actor, events);
        let before = stage
            .wait(FIRST_SNAPSHOT, || {
                Some(stage.latest()).filter(|s| !s.deployments.is_empty())
            })
            .await
            .ok_or("the router shows no snapshot")?;
        let key = config.server.client_keys.first().cloned();
        let others = before.users.per_s;
        let prober = Prober::new(target.door, key, &route.id, scenario.traffic, others)?;
        Ok(Self {
            scenario,
            target,
            route,
            stage,
            prober: Arc::new(prober),
            probing: JoinSet::new(),
            hush: CancellationToken::new(),
            stop,
            say,
            began: clock::wall(),
            before,
            steady: Window::default(),
            faults: Window::default(),
            findings: Vec::new(),
        })
    }

    async fn play(&mut self) -> Result<(), Halt> {
        let who = self.target.who.clone();
        self.tell(DrillStep::Began { who });
        if let Some(why) = preflight::unfit(&self.target.config, &self.route) {
            return Err(Halt::Failed(why));
        }
        self.steady().await?;
        self.break_things().await?;
        self.come_back().await
    }

    /// Measures what is normal. Users who get errors before anything is broken are a finding by themselves.
    async fn steady(&mut self) -> Result<(), Halt> {
        let lasts = self.scenario.steady_s;
        self.said(format!(
            "measuring the steady state for {}",
            duration_text(lasts)
        ));
        self.steady.from = clock::wall();
        let prober = Arc::clone(&self.prober);
        self.probing.spawn(prober.run(self.hush.clone()));
        self.pass(lasts).await?;
        self.steady.to = clock::wall();
        self.settle().await?;
        let numbers = self.record().numbers(self.steady);
        self.said(format!("steady state: {numbers}"));
        if numbers.requests == 0 || numbers.failed > 0 {
            let why = "users get errors, or nothing, before anything is broken".to_owned();
            return Err(Halt::Failed(why));
        }
        self.before = self.stage.latest();
        match preflight::busy(&self.route, &self.before) {
            Some(why) => Err(Halt::Refused(why)),
            None => Ok(()),
        }
    }

    async fn break_things(&mut self) -> Result<(), Halt> {
        let began = clock::now();
        self.faults.from = clock::wall();
        let mut active: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); self.scenario.faults.len()];
        for turn in turns(self.scenario) {
            self.pass(clock::now().until(began + turn.at)).await?;
            if turn.on {
                let set = self.set(turn.fault).await.map_err(Halt::Refused)?;
                if let Some(ids) = active.get_mut(turn.fault) {
                    *ids = set;
                }
            } else if let Some(ids) = active.get(turn.fault) {
                self.faults.to = clock::wall();
                self.stage.clear(ids).await;
            }
        }
        self.said("faults cleared; waiting for the last answers under them".to_owned());
        self.settle().await?;
        let numbers = self.record().numbers(self.faults);
        self.said(format!("under faults: {numbers}"));
        self.answer(true);
        Ok(())
    }

    async fn set(&mut self, index: usize) -> Result<BTreeSet<u32>, String> {
        let Some(fault) = self.scenario.faults.get(index) else {
            return Ok(BTreeSet::new());
        };
        let mut ids = BTreeSet::new();
        for deployment in resolve(&self.route, fault.tier)? {
            let text = format!(
                "{} on {:.0}% of {deployment} for {}",
                fault.kind,
                fault.rate * 100.0,
                duration_text(fault.lasts)
            );
            self.said(text);
            let set = self
                .stage
                .set(&deployment, &fault.kind, fault.rate, fault.lasts);
            ids.insert(set.await?);
        }
        Ok(ids)
    }

    /// Waits until everything is as before, or says what is not.
    async fn come_back(&mut self) -> Result<(), Halt> {
        for id in self.all_deployments() {
            let open = |d: &crate::model::snapshot::DeploymentView| d.phase == Phase::Open;
            if self.stage.latest().deployment(&id).is_some_and(open) {
                self.stage.probe(&id);
                self.said(format!(
                    "asked {id} for a probe instead of waiting for its cooldown"
                ));
            }
        }
        let deadline = clock::now() + self.scenario.observe_s;
        while clock::now() < deadline && !self.still_recovering().is_empty() {
            self.pass(Duration::from_millis(100)).await?;
        }
        self.hush().await;
        self.pass(LAST_BUCKET).await?;
        let left = self.still_recovering();
        if !left.is_empty() {
            self.said(format!("still on the way back: {}", left.join("; ")));
        }
        self.answer(false);
        Ok(())
    }

    fn still_recovering(&self) -> Vec<String> {
        check::still_recovering(&self.before, &self.stage.latest())
    }

    fn all_deployments(&self) -> Vec<DeploymentId> {
        let tiers = self.route.tiers.iter();
        tiers.flat_map(|t| t.deployments.clone()).collect()
    }

    fn answer(&mut self, about_faults: bool) {
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

    /// Lets time pass, unless somebody stops the drill or users get more errors than it is worth.
    async fn pass(&self, time: Duration) -> Result<(), Halt> {
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
        (failed > bound as usize).then(|| {
            format!("{failed} users got errors, more than the {bound} that a rehearsal is worth")
        })
    }

    /// Waits for the answers to all requests that were sent so far.
    async fn settle(&self) -> Result<(), Halt> {
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

    /// Sends no more requests and waits for those under way.
    async fn hush(&mut self) {
        self.hush.cancel();
        while self.probing.join_next().await.is_some() {}
    }

    fn record(&self) -> Record {
        let before = Arc::clone(&self.before);
        Record {
            steady: self.steady,
            faults: self.faults,
            ..self
                .stage
                .record(&self.route, self.prober.samples(), before)
        }
    }

    fn said(&mut self, text: String) {
        self.tell(DrillStep::Said { text });
    }

    /// Every step is an event like any other, and heard by whoever runs the drill.
    fn tell(&mut self, step: DrillStep) {
        let drill = Drill {
            scenario: self.scenario.name.clone(),
            step,
        };
        (self.say)(&drill);
        self.target.bus.emit(Kind::Drill(drill));
    }

    fn report(self, result: DrillResult, why: String) -> Report {
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
            result,
            why,
            steady: record.numbers(self.steady),
            drill: record.numbers(self.faults),
            checks: self.findings,
            recovering: check::still_recovering(&record.before, &record.after),
            timeline: report::timeline(&record.events),
        }
    }
}

fn route_of<'a>(scenario: &Scenario, config: &'a Config) -> Result<&'a Route, String> {
    let Some(name) = &scenario.route else {
        return config
            .routes
            .values()
            .next()
            .ok_or("there is no route to drill".to_owned());
    };
    config.route(name).ok_or_else(|| {
        let names: Vec<_> = config.routes.keys().map(|r| &**r).collect();
        format!(
            "the drill is for route {name}; there are: {}",
            names.join(", ")
        )
    })
}

/// The timeline in order; what begins at a moment begins before anything ends there.
fn turns(scenario: &Scenario) -> Vec<Turn> {
    let mut turns = Vec::new();
    for (fault, step) in scenario.faults.iter().enumerate() {
        let (at, end) = (step.at, step.at + step.lasts);
        turns.push(Turn {
            at,
            fault,
            on: true,
        });
        turns.push(Turn {
            at: end,
            fault,
            on: false,
        });
    }
    turns.sort_by_key(|t| (t.at, !t.on));
    turns
}
