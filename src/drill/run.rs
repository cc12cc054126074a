//! The play: steady state, faults, recovery, checks. Whatever happens, the faults come off and there is a report.

use super::{
    Radius, Report, Scenario, Window,
    check::Finding,
    preflight, roll,
    stage::{Stage, resolve},
    traffic::Prober,
};
use crate::{
    clock,
    config::{Config, Route},
    fitness::falls_back_here,
    model::{
        Order, Snapshot, Wall,
        drill::{Drill, DrillPhase, DrillResult, DrillStep},
    },
    router::Bus,
    source::local::Local,
};
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

mod faults;
mod tell;
mod wait;

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
