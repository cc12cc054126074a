//! Drills in this very router, one at a time. The router knows of no drills, so orders come by here first: those about
//! drills are carried out here, all others are passed on.

use crate::{
    drill::{self, Radius, Report, Scenario, Target},
    model::{
        Command, Kind, Order,
        command::{DrillCommand, Whom},
        drill::{Drill, DrillResult, DrillStep},
        event::Level,
    },
    router::{Bus, Router},
};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub(super) struct Rehearsals {
    /// Which can be started.
    pub(super) scenarios: Arc<[Scenario]>,
    pub(super) door: SocketAddr,
    /// The router's own.
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) bus: Bus,
    pub(super) router: Arc<Router>,
    pub(super) simulated: bool,
    /// Where reports and the ledger are kept; none: nothing is remembered.
    pub(super) state: Option<PathBuf>,
}

/// The drill that runs.
struct Running {
    name: String,
    who: String,
    stop: CancellationToken,
}

impl Rehearsals {
    /// Until the end; a drill that runs then is aborted, and its faults come off.
    pub(super) async fn run(self, mut incoming: mpsc::Receiver<Order>, stop: CancellationToken) {
        let mut play = JoinSet::new();
        let mut running: Option<Running> = None;
        loop {
            tokio::select! {
                order = incoming.recv() => {
                    let Some(order) = order else { break };
                    if let Some((scenario, target)) = self.take(order, running.as_ref()).await {
                        let stop = stop.child_token();
                        running = Some(Running {
                            name: scenario.name.clone(),
                            who: target.who.clone(),
                            stop: stop.clone(),
                        });
                        play.spawn(rehearse(scenario, target, stop, self.state.clone()));
                    }
                }
                Some(done) = play.join_next() => {
                    if let (Err(_), Some(run)) = (done, running.take()) {
                        self.broke_down(run.name);
                    }
                }
                () = stop.cancelled() => break,
            }
        }
        stop.cancel();
        while play.join_next().await.is_some() {}
    }

    /// Gives the drill that is to begin, if it is an order for one.
    async fn take(&self, order: Order, running: Option<&Running>) -> Option<(Scenario, Target)> {
        if let Command::Drill(command) = &order.command {
            return self.answer(&order, command, running);
        }
        // Once the router has stopped there is nobody to carry it out.
        let _ = self.orders.send(order).await;
        None
    }

    /// Tells what becomes of a command, as the router does of its own; gives the drill that is to begin.
    fn answer(
        &self,
        order: &Order,
        command: &DrillCommand,
        running: Option<&Running>,
    ) -> Option<(Scenario, Target)> {
        let done = match (command, running) {
            (DrillCommand::Start { .. }, Some(run)) => Err(format!(
                "drill {} by {} is under way; one at a time: wait for it, or `drill abort`",
                run.name, run.who
            )),
            (DrillCommand::Start { name, whom }, None) => {
                self.prepare(name, *whom, &order.actor).map(Some)
            }
            (DrillCommand::Abort, Some(run)) => {
                run.stop.cancel();
                Ok(None)
            }
            (DrillCommand::Abort, None) => Err("no drill is under way".to_owned()),
        };
        let (begins, refused) = match done {
            Ok(begins) => (begins, None),
            Err(why) => (None, Some(why)),
        };
        self.bus.emit(order.told(refused));
        begins
    }

    fn prepare(&self, name: &str, whom: Whom, who: &str) -> Result<(Scenario, Target), String> {
        let found = self.scenarios.iter().find(|s| s.name == name);
        let scenario = found.ok_or_else(|| {
            let names: Vec<_> = self.scenarios.iter().map(|s| s.name.as_str()).collect();
            format!(
                "there is no drill {name:?}; there are: {}",
                names.join(", ")
            )
        })?;
        let config = self.router.config();
        let now = self.bus.snapshot().load_full();
        if let Some(why) = drill::hindrance(scenario, &config, &now) {
            return Err(why);
        }
        let target = Target {
            door: self.door,
            orders: self.orders.clone(),
            bus: self.bus.clone(),
            config,
            simulated: self.simulated,
            radius: Radius::of_wish(whom, self.simulated),
            who: who.to_owned(),
        };
        Ok((scenario.clone(), target))
    }

    /// Its faults came off as it fell; whoever looks on must not wait for its end.
    fn broke_down(&self, scenario: String) {
        self.bus.emit(Kind::Drill(Drill {
            scenario,
            step: DrillStep::Ended {
                result: DrillResult::Aborted,
                why: "it broke down by a mistake of breakerbox's own".to_owned(),
            },
        }));
    }
}

async fn rehearse(
    scenario: Scenario,
    target: Target,
    stop: CancellationToken,
    state: Option<PathBuf>,
) {
    let bus = target.bus.clone();
    let run = drill::run(&scenario, &target, stop, |_| {});
    if let Err(why) = run
        .await
        .and_then(|report| keep(&report, &bus, state.as_deref()))
    {
        let text = format!("drill {}: {why}", scenario.name);
        bus.emit(Kind::Notice {
            level: Level::Bad,
            text,
        });
    }
}

fn keep(report: &Report, bus: &Bus, state: Option<&Path>) -> Result<(), String> {
    if let Some(path) = drill::keep(report, None, state)? {
        bus.emit(Kind::Drill(Drill {
            scenario: report.scenario.clone(),
            step: DrillStep::Reported {
                path: path.display().to_string(),
            },
        }));
    }
    Ok(())
}
