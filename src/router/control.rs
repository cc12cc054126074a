//! Carries out what people order, and tells what became of it.

use super::{Router, faults, plant::Unit, rung3};
use crate::{
    clock,
    model::{
        Command, DeploymentId, Force, Kind, Order, RouteId, Wall,
        command::{BaselineCommand, FaultCommand, JudgeCommand, Rung3Command},
        fleet::Note,
        phase::ForceEnd,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// The longest force (and rung 3): it always expires, and within a day.
pub(super) const LONGEST: Duration = Duration::from_hours(24);

pub(super) async fn run(router: Arc<Router>, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        router.carry_out(&order);
    }
}

impl Router {
    /// Does it (or refuses), and says so in an event: that event is the only acknowledgement there is.
    pub(super) fn carry_out(&self, order: &Order) {
        let done = self.obey(&order.actor, &order.command);
        self.bus.emit(order.told(done.err()));
    }

    fn obey(&self, who: &str, command: &Command) -> Result<(), String> {
        match command {
            Command::Force {
                deployment,
                kind,
                lasts,
                why,
            } => {
                let unit = self.known(deployment)?;
                let lasts = within_a_day(*lasts)?;
                let force = Force {
                    kind: *kind,
                    who: who.to_owned(),
                    why: why.clone(),
                    until: clock::wall() + lasts,
                };
                self.lay(&unit, force.clone());
                self.tell(Note::Forced {
                    deployment: unit.id.clone(),
                    force,
                });
                Ok(())
            }
            Command::Release { deployment } => {
                self.release(who, deployment)?;
                self.tell(Note::Released {
                    deployment: deployment.clone(),
                    who: who.to_owned(),
                });
                Ok(())
            }
            Command::Probe { deployment } => {
                let unit = self.known(deployment)?;
                unit.breaker(|b, now| match b.probe_now(who, now) {
                    Ok(moves) => (Ok(()), moves),
                    Err(why) => (Err(why), Vec::new()),
                })
            }
            Command::Baseline(BaselineCommand::Accept { deployment }) => {
                let unit = self.known(deployment)?;
                unit.breaker(|b, now| match b.accept_baseline(who, now) {
                    Ok(moves) => (Ok(()), moves),
                    Err(why) => (Err(why), Vec::new()),
                })?;
                self.judge.accepted(deployment);
                Ok(())
            }
            Command::Judge(JudgeCommand::Restore { judge }) => self.take_back(judge),
            Command::Fault(fault) => self.fault(who, fault),
            Command::Rung3(switch) => self.switch(who, switch),
            Command::Normal(_) => Err("what is normal is not kept here".to_owned()),
            // They are carried out in front of the router, where there is somebody who can.
            Command::Drill(_) => Err("no drill can be started here".to_owned()),
        }
    }

    /// Lays a force over a breaker, for as long as it says.
    pub(super) fn lay(&self, unit: &Unit, force: Force) {
        let (kind, lasts) = (force.kind, clock::wall().until(force.until));
        self.bus.emit(Kind::Forced {
            deployment: unit.id.clone(),
            force,
        });
        unit.breaker(|b, now| ((), b.force(kind, now + lasts, now)));
    }

    pub(super) fn release(&self, who: &str, deployment: &DeploymentId) -> Result<(), String> {
        let unit = self.known(deployment)?;
        let released = unit.breaker(|b, now| {
            let forced = b.view(now).force.is_some();
            (forced, b.release(now))
        });
        if !released {
            return Err(format!("{deployment} is not forced"));
        }
        let end = ForceEnd::Released {
            who: who.to_owned(),
        };
        self.bus.emit(Kind::ForceEnded {
            deployment: deployment.clone(),
            end,
        });
        Ok(())
    }

    fn take_back(&self, judge: &DeploymentId) -> Result<(), String> {
        self.judge.take_back(judge)?;
        for unit in self.plant.load().units.values() {
            unit.breaker(|b, _| (b.take_back(judge), Vec::new()));
        }
        self.bus.emit(Kind::JudgeRestored {
            judge: judge.clone(),
        });
        Ok(())
    }

    fn fault(&self, who: &str, command: &FaultCommand) -> Result<(), String> {
        match command {
            FaultCommand::Add {
                deployment,
                kind,
                rate,
                lasts,
                only,
            } => {
                self.known(deployment)?;
                if *lasts > faults::LONGEST {
                    return Err("a fault lasts a day at most".to_owned());
                }
                let until = clock::wall() + *lasts;
                let fault = self.faults.add(
                    deployment.clone(),
                    kind.clone(),
                    (*rate, only.clone()),
                    who,
                    until,
                );
                self.bus.emit(Kind::FaultAdded(fault));
                Ok(())
            }
            FaultCommand::Clear { which } => {
                let gone = self.faults.clear(who, |f| {
                    which == "all" || *f.deployment == **which || which.parse() == Ok(f.id)
                });
                if gone.is_empty() {
                    return Err(format!(
                        "no active fault is {which:?}; name one by number or deployment, or all"
                    ));
                }
                for kind in gone {
                    self.bus.emit(kind);
                }
                Ok(())
            }
        }
    }

    fn switch(&self, who: &str, command: &Rung3Command) -> Result<(), String> {
        let (Rung3Command::On { route, .. } | Rung3Command::Off { route }) = command;
        self.known_route(route)?;
        // Switched apart from all, it would seem to be off when it is not.
        if &**route != rung3::ALL && self.rung3.is_on_for_all(clock::wall()) {
            return Err(format!(
                "rung 3 is on for all routes, {route} among them: rung3 off all comes first"
            ));
        }
        match command {
            Rung3Command::On { route, lasts, why } => {
                let until = clock::wall() + within_a_day(*lasts)?;
                self.rung3_on(route, who, why, until);
                self.tell(Note::Rung3On {
                    route: route.clone(),
                    who: who.to_owned(),
                    why: why.clone(),
                    until,
                });
            }
            Rung3Command::Off { route } => {
                if !self.rung3_off(route, who) {
                    return Err(format!("rung 3 is not on for {route}"));
                }
                self.tell(Note::Rung3Off {
                    route: route.clone(),
                    who: who.to_owned(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn rung3_on(&self, route: &RouteId, who: &str, why: &str, until: Wall) {
        self.rung3.on(route, until);
        self.bus.emit(Kind::Rung3On {
            route: rung3::named(route.clone()),
            who: who.to_owned(),
            why: why.to_owned(),
            until,
        });
    }

    /// Whether it was on.
    pub(super) fn rung3_off(&self, route: &RouteId, who: &str) -> bool {
        let was = self.rung3.off(route);
        if was {
            self.bus.emit(Kind::Rung3Off {
                route: rung3::named(route.clone()),
                who: who.to_owned(),
            });
        }
        was
    }

    fn known(&self, id: &DeploymentId) -> Result<Arc<Unit>, String> {
        self.unit(id).ok_or_else(|| {
            let plant = self.plant.load();
            let names: Vec<_> = plant.units.keys().map(|d| &**d).collect();
            format!(
                "there is no deployment {id}; there are: {}",
                names.join(", ")
            )
        })
    }

    pub(super) fn known_route(&self, id: &RouteId) -> Result<(), String> {
        let plant = self.plant.load();
        if &**id == rung3::ALL || plant.config.routes.contains_key(id) {
            return Ok(());
        }
        let names: Vec<_> = plant.config.routes.keys().map(|r| &**r).collect();
        Err(format!(
            "there is no route {id}; there are: {}, and all",
            names.join(", ")
        ))
    }
}

fn within_a_day(lasts: Duration) -> Result<Duration, String> {
    if lasts.is_zero() || lasts > LONGEST {
        return Err("it lasts from a second to a day".to_owned());
    }
    Ok(lasts)
}
