//! The play: steady state, faults, recovery, checks. Whatever happens, the faults come off and there is a report.

use super::{
    Numbers, Radius, Record, Report, Scenario, Window,
    check::{self, Finding},
    preflight,
    record::exchanges,
    report, roll,
    scenario::TierName,
    stage::{Stage, resolve},
    traffic::Prober,
};
use crate::{
    clock,
    config::{Config, Route},
    fitness::falls_back_here,
    model::{
        DeploymentId, Kind, Order, Phase, Snapshot, Wall,
        drill::{Drill, DrillPhase, DrillPlan, DrillResult, DrillStep},
        snapshot::DeploymentView,
        time::{duration_text, latency},
    },
    router::Bus,
    source::local::Local,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// A router that has just started shows its first snapshot by then.
const FIRST_SNAPSHOT: Duration = Duration::from_secs(5);
/// The last second's bucket has been told by then.
const LAST_BUCKET: Duration = Duration::from_millis(1_200);
/// A breaker that opens again on its way back is asked again after this.
const ASK_AGAIN: Duration = Duration::from_secs(15);

/// The running router that is drilled.
#[derive(Debug, Clone)]
pub struct Target {
    pub door: SocketAddr,
    pub orders: mpsc::Sender<Order>,
    pub bus: Bus,
    pub config: Arc<Config>,
    pub simulated: bool,
    pub radius: Radius,
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

/// Why a drill cannot be run as things stand: it would measure something else than what it does. None: it can.
pub fn hindrance(scenario: &Scenario, config: &Config, now: &Snapshot) -> Option<String> {
    let route = match route_of(scenario, config) {
        Ok(route) => route,
        Err(why) => return Some(why),
    };
    let faults = scenario.faults.iter().map(|f| f.tier);
    let mut tiers = faults.chain(scenario.probes.iter().map(|p| p.tier));
    let judges = &config.judge.judges;
    if let Some(why) = tiers.find_map(|tier| resolve(route, judges, tier).err()) {
        return Some(why);
    }
    // That is a finding, and the report says so.
    if preflight::out_of_force(route, now).is_some() {
        return None;
    }
    preflight::busy(route, now)
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
    if let Some(why) = hindrance(scenario, &target.config, &run.before) {
        return Err(why);
    }
    let halted = run.play().await;
    if halted.is_err() && run.faults.from > Wall::default() {
        run.faults.to = clock::wall();
    }
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
    /// Numbers of the faults that were set, by their place in the scenario.
    set: Vec<BTreeSet<u32>>,
}

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
        let others = match target.radius {
            Radius::OnlyDrill => 0.0,
            Radius::Share(_) => before.users.per_s,
        };
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
            set: vec![BTreeSet::new(); scenario.faults.len()],
        })
    }

    async fn play(&mut self) -> Result<(), Halt> {
        self.begin_telling();
        let unfit = preflight::unfit(&self.target.config, &self.route, self.scenario);
        if let Some(why) = unfit.or_else(|| preflight::out_of_force(&self.route, &self.before)) {
            return Err(Halt::Failed(why));
        }
        self.enter(DrillPhase::RollCall, None);
        if let Some(why) = self.roll_call().await? {
            return Err(Halt::Failed(why));
        }
        self.steady().await?;
        self.break_things().await?;
        self.come_back().await
    }

    async fn roll_call(&self) -> Result<Option<String>, Halt> {
        let call = roll::call(&self.route, &self.prober, &self.stage);
        let called = self.stop.run_until_cancelled(call).await;
        called.ok_or_else(|| Halt::Aborted("somebody stopped it".to_owned()))
    }

    /// Measures what is normal. Users who get errors before anything is broken are a finding by themselves.
    async fn steady(&mut self) -> Result<(), Halt> {
        let lasts = self.scenario.steady_s;
        self.enter(DrillPhase::Steady, Some(lasts));
        self.steady.from = clock::wall();
        let prober = Arc::clone(&self.prober);
        self.probing.spawn(prober.run(self.hush.clone()));
        self.pass(lasts).await?;
        self.steady.to = clock::wall();
        self.settle().await?;
        let numbers = self.record().numbers(self.steady);
        self.measured("steady state", &numbers);
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

    fn probe(&mut self, id: &DeploymentId) {
        self.stage.probe(id);
        self.said(format!(
            "asked {id} for a probe instead of waiting for its cooldown"
        ));
    }

    /// Waits until everything is as before, and does what a person would who knows that it is over.
    async fn recover(&mut self) -> Result<(), Halt> {
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

    /// Waits until everything is as before, or says what is not.
    async fn come_back(&mut self) -> Result<(), Halt> {
        self.enter(DrillPhase::Recovery, Some(self.scenario.observe_s));
        self.recover().await?;
        self.hush().await;
        self.pass(LAST_BUCKET).await?;
        let missed = self.stage.missed();
        if missed > 0 {
            self.said(format!(
                "{missed} events came too fast to be heard: the checks may count too few"
            ));
        }
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

    /// Sends no more requests and waits for those under way; whoever stops a drill waits for none.
    async fn hush(&mut self) {
        self.hush.cancel();
        if self.stop.is_cancelled() {
            self.probing.abort_all();
        }
        while self.probing.join_next().await.is_some() {}
    }

    fn record(&self) -> Record {
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

    fn begin_telling(&mut self) {
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

    fn enter(&mut self, phase: DrillPhase, lasts: Option<Duration>) {
        let until = lasts.map(|lasts| clock::wall() + lasts);
        self.tell(DrillStep::Entered { phase, until });
    }

    fn measured(&mut self, what: &str, numbers: &Numbers) {
        let (what, numbers) = (what.to_owned(), numbers.to_string());
        self.tell(DrillStep::Measured { what, numbers });
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

pub(super) fn route_of<'a>(scenario: &Scenario, config: &'a Config) -> Result<&'a Route, String> {
    let Some(name) = &scenario.route else {
        // The drill's own requests are chats, and who is asked in another route's stead has nobody below.
        let mut chats = config.routes.values().filter(|r| !r.embeds());
        return chats
            .clone()
            .find(|r| falls_back_here(config, r).is_none())
            .or_else(|| chats.next())
            .ok_or("there is no route to drill that chats".to_owned());
    };
    config.route(name).ok_or_else(|| {
        let names: Vec<_> = config.routes.keys().map(|r| &**r).collect();
        format!(
            "the drill is for route {name}; there are: {}",
            names.join(", ")
        )
    })
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
