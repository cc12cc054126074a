//! What a configuration becomes at run time: one [`Unit`] per deployment, with its breaker, its recorder and its
//! connection pool. A reload builds a new plant and carries over what is known of deployments that stay.

use super::{bus::Bus, recorder::Recorder, target::Target};
use crate::{
    breaker::{Admission, Bench, Breaker, Mode, Move, Permit, Settings, View},
    clock,
    config::{self, BreakerMode, Config, ProbeMode, Route},
    model::{
        Class, DeploymentId, Dialect, ForceKind, Kind, Mono, Verdict, Wall,
        phase::{ForceEnd, Transition, WouldTrip},
        topology::{DeploymentInfo, RouteInfo, Topology},
    },
    telemetry::Peer,
};
use indexmap::IndexMap;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// A 429 that names no time.
const DEFAULT_GATE: Duration = Duration::from_secs(5);
/// A gate is looked at again after this, whatever the provider said.
const LONGEST_GATE: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub(super) struct Plant {
    pub(super) config: Arc<Config>,
    pub(super) units: IndexMap<DeploymentId, Arc<Unit>>,
    routes: HashMap<String, Arc<Route>>,
}

/// A deployment at run time.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) id: DeploymentId,
    pub(super) provider: Arc<config::Provider>,
    pub(super) model: String,
    pub(super) context_window: Option<u32>,
    pub(super) prefill: bool,
    pub(super) client: reqwest::Client,
    pub(super) target: Target,
    /// As traces name it.
    pub(super) peer: Arc<Peer>,
    memory: Arc<Memory>,
    bus: Bus,
    ending: CancellationToken,
}

/// What is known of a deployment, and outlives a reload.
#[derive(Debug)]
struct Memory {
    recorder: Recorder,
    breaker: Mutex<Breaker>,
    gate: Mutex<Option<Gate>>,
}

impl Memory {
    fn new(id: &DeploymentId, settings: &Settings) -> Self {
        Self {
            recorder: Recorder::new(id.clone()),
            breaker: Mutex::new(Breaker::new(
                settings.clone(),
                fastrand::u64(..),
                clock::now(),
            )),
            gate: Mutex::default(),
        }
    }
}

#[derive(Debug, Clone)]
struct Gate {
    until: Mono,
    verdict: Verdict,
}

impl Plant {
    pub(super) fn build(
        config: Arc<Config>,
        old: Option<&Self>,
        bus: &Bus,
        ending: &CancellationToken,
    ) -> Result<Self, String> {
        let mut clients = HashMap::new();
        let mut providers = HashMap::new();
        for (id, provider) in &config.providers {
            clients.insert(id.clone(), client(provider)?);
            providers.insert(id.clone(), Arc::new(provider.clone()));
        }
        let settings = settings(&config);
        let mut units = IndexMap::new();
        for (id, d) in &config.deployments {
            let (Some(provider), Some(client)) =
                (providers.get(&d.provider), clients.get(&d.provider))
            else {
                return Err(format!(
                    "deployment {id} names provider {}, which is not there",
                    d.provider
                ));
            };
            let known = old
                .and_then(|p| p.units.get(id))
                .map(|u| Arc::clone(&u.memory));
            let memory = known.unwrap_or_else(|| Arc::new(Memory::new(id, &settings)));
            {
                let mut breaker = memory.breaker.lock();
                breaker.configure(settings.clone());
            }
            let unit = Unit {
                id: id.clone(),
                provider: Arc::clone(provider),
                model: d.model.clone(),
                context_window: d.context_window,
                prefill: d.prefill,
                client: client.clone(),
                target: Target::new(provider, &d.model)?,
                peer: Arc::new(Peer::new(id, provider, &d.model)),
                memory,
                bus: bus.clone(),
                ending: ending.clone(),
            };
            units.insert(id.clone(), Arc::new(unit));
        }
        let routes = config.names().into_iter().filter_map(|n| {
            config
                .resolve(n)
                .map(|r| (n.to_owned(), Arc::new(r.into_owned())))
        });
        let routes = routes.collect();
        Ok(Self {
            config,
            units,
            routes,
        })
    }

    /// A route, an alias, or a deployment's own name.
    pub(super) fn route(&self, model: &str) -> Option<Arc<Route>> {
        self.routes.get(model).cloned()
    }

    /// Some route names it as a tier.
    pub(super) fn answers(&self, id: &DeploymentId) -> bool {
        let mut tiers = self.config.routes.values().flat_map(|r| &r.tiers);
        tiers.any(|t| t.deployments.contains(id))
    }

    pub(super) fn probe_mode(&self) -> ProbeMode {
        self.config.breaker.probe
    }

    pub(super) fn topology(&self, simulated: bool) -> Topology {
        let c = &self.config;
        Topology {
            deployments: self
                .units
                .values()
                .map(|u| DeploymentInfo {
                    id: u.id.clone(),
                    provider: u.provider.id.clone(),
                    dialect: u.provider.dialect,
                    model: u.model.clone(),
                    disabled: u.provider.missing_key.clone(),
                })
                .collect(),
            routes: c
                .routes
                .values()
                .map(|r| RouteInfo {
                    id: r.id.clone(),
                    tiers: r.tiers.iter().flat_map(|t| t.deployments.clone()).collect(),
                })
                .collect(),
            err_threshold: c.breaker.err_threshold,
            judge_threshold: c.breaker.judge_threshold,
            judge_min_n: c.judge.min_n,
            judges: c.judge.judges.clone(),
            simulated,
            config_hash: c.hash.clone(),
            slo: c.slo,
        }
    }
}

fn settings(c: &Config) -> Settings {
    Settings {
        err_threshold: c.breaker.err_threshold,
        judge_threshold: c.breaker.judge_threshold,
        cooldown: c.breaker.cooldown,
        max_cooldown: c.breaker.max_cooldown,
        judge_window: c.judge.window,
        judge_min_n: c.judge.min_n,
        judge_sample: c.judge.sample,
        mode: match c.breaker.mode {
            BreakerMode::Sequential => Mode::Sequential,
            BreakerMode::RollingMean => Mode::RollingMean,
        },
        observe: c.breaker.observe,
    }
}

/// One pool per provider. No total timeout: streams have their own timers.
fn client(provider: &config::Provider) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder();
    // The system's certificates are read for each client, and take longer than all else that a start does.
    let url = &provider.base_url;
    let needs_tls = !(url.starts_with("http:") && config::is_on_this_machine(url));
    let builder = if needs_tls {
        builder
    } else {
        builder.tls_certs_only([])
    };
    builder
        .connect_timeout(Duration::from_secs(5))
        // Under the idle limits of load balancers and NATs, so that a dead connection is not picked up again.
        .pool_idle_timeout(Duration::from_secs(25))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_while_idle(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| format!("no HTTP client: {e}"))
}

/// Why a deployment is passed over without a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Skip {
    pub(super) why: &'static str,
    /// When looking again makes sense.
    pub(super) until: Option<Mono>,
}

impl Unit {
    pub(super) fn recorder(&self) -> &Recorder {
        &self.memory.recorder
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.provider.dialect
    }

    /// The router ends, and calls under way with it: nobody has left them.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// What a call for this door is written in. `OpenAI` has two APIs, and callers of the newer one get the newer one.
    pub(super) fn wire(&self, door: Dialect) -> Dialect {
        match (self.provider.dialect, door) {
            (Dialect::OpenAi, Dialect::Responses) if self.provider.responses => Dialect::Responses,
            (own, _) => own,
        }
    }

    /// Asks the breaker for one call.
    pub(super) fn admit(&self, now: Mono) -> Result<Admission, Skip> {
        if self.provider.missing_key.is_some() {
            return Err(Skip {
                why: "disabled",
                until: None,
            });
        }
        if let Some(gate) = self.gate_at(now) {
            return Err(Skip {
                why: "gated",
                until: Some(gate.until),
            });
        }
        match self.memory.breaker.lock().admit(now) {
            Admission::Refuse(r) => Err(Skip {
                why: if r.force == Some(ForceKind::Open) {
                    "forced_open"
                } else {
                    "open"
                },
                until: r.until,
            }),
            admitted => Ok(admitted),
        }
    }

    /// Asks for a call that is no probe: one that is offered goes back to the breaker.
    pub(super) fn admit_ordinary(&self, now: Mono) -> Option<Permit> {
        match self.admit(now).ok()? {
            Admission::Serve(permit) => Some(permit),
            Admission::Probe(probe) => {
                self.breaker(|b, now| ((), b.forget(probe, now)));
                None
            }
            Admission::Refuse(_) => None,
        }
    }

    /// More than half of what would open its breaker has happened.
    pub(super) fn is_suspect(&self, now: Mono) -> bool {
        self.memory.breaker.lock().error_suspicion(now) > 0.5
    }

    fn gate_at(&self, now: Mono) -> Option<Gate> {
        self.memory.gate.lock().clone().filter(|g| g.until > now)
    }

    /// Stays away for as long as the provider asks.
    pub(super) fn shut_gate(&self, verdict: &Verdict, injected: bool, now: Mono) {
        let wait = verdict
            .retry_after
            .unwrap_or(DEFAULT_GATE)
            .min(LONGEST_GATE);
        let until = now + wait;
        let fresh = {
            let mut gate = self.memory.gate.lock();
            let fresh = gate.as_ref().is_none_or(|g| g.until < until);
            if fresh {
                *gate = Some(Gate {
                    until,
                    verdict: verdict.clone(),
                });
            }
            fresh
        };
        if fresh {
            let gated = Kind::Gated {
                deployment: self.id.clone(),
                class: verdict.class,
                code: verdict.code.clone(),
                until: clock::wall() + wait,
            };
            self.bus.emit_marked(gated, injected);
        }
    }

    /// How long rate limits keep this deployment away; none when they don't. A spent quota is not worth waiting for.
    pub(super) fn gated_for(&self, now: Mono) -> Option<Duration> {
        self.gate_at(now)
            .filter(|g| g.verdict.class == Class::Throttle)
            .map(|g| now.until(g.until))
    }

    /// When calling again makes sense; none when it does now, or when nothing but a person changes it.
    pub(super) fn back_in(&self, now: Mono) -> Option<Duration> {
        let until = self
            .gate_at(now)
            .map(|g| g.until)
            .or_else(|| self.memory.breaker.lock().view(now).until)?;
        Some(now.until(until))
    }

    /// Its own machine: a refused connection there says nothing about the network.
    pub(super) fn is_loopback(&self) -> bool {
        config::is_on_this_machine(&self.provider.base_url)
    }

    /// Does something to the breaker and tells what it moved.
    pub(super) fn breaker<T>(&self, act: impl FnOnce(&mut Breaker, Mono) -> (T, Vec<Move>)) -> T {
        self.breaker_marked(false, act)
    }

    /// The same, for a verdict or a score that an injected fault may have caused.
    pub(super) fn breaker_marked<T>(
        &self,
        injected: bool,
        act: impl FnOnce(&mut Breaker, Mono) -> (T, Vec<Move>),
    ) -> T {
        let now = clock::now();
        let (out, moves) = act(&mut self.memory.breaker.lock(), now);
        self.tell(moves, injected, now);
        out
    }

    /// Gives the breaker what judges said, tells what it moved, and returns what it asks of the judges.
    pub(super) fn heard(
        &self,
        injected: bool,
        act: impl FnOnce(&mut Breaker, Mono) -> Vec<Move>,
    ) -> Vec<Move> {
        let now = clock::now();
        let moves = act(&mut self.memory.breaker.lock(), now);
        let (asks, moves) = moves
            .into_iter()
            .partition(|m| matches!(m, Move::WantsAnchors(_) | Move::JudgeDisputed { .. }));
        self.tell(moves, injected, now);
        asks
    }

    /// Tells the breaker who can be asked for a score.
    pub(super) fn sit(&self, bench: Bench) {
        self.memory.breaker.lock().sit(bench);
    }

    pub(super) fn view(&self, now: Mono) -> View {
        self.memory.breaker.lock().view(now)
    }

    /// It would take a request now, at least some; asking changes nothing.
    pub(super) fn is_serving(&self, now: Mono) -> bool {
        self.provider.missing_key.is_none()
            && self.gate_at(now).is_none()
            && self.memory.breaker.lock().serves()
    }

    fn tell(&self, moves: Vec<Move>, injected: bool, now: Mono) {
        let wall = |t: Mono| -> Wall { clock::wall() + now.until(t) };
        for m in moves {
            let kind = match m {
                Move::To {
                    from,
                    to,
                    reason,
                    generation,
                    until,
                } => Kind::Transition(Transition {
                    deployment: self.id.clone(),
                    from,
                    to,
                    reason: reason.dated(clock::wall()),
                    generation,
                    until: until.map(wall),
                }),
                Move::WouldTrip {
                    reason,
                    spared,
                    until,
                } => Kind::WouldTrip {
                    deployment: self.id.clone(),
                    trip: WouldTrip {
                        reason: reason.dated(clock::wall()),
                        spared: Some(spared),
                        until: until.map(wall),
                    },
                },
                Move::WantsAnchors(_) | Move::JudgeDisputed { .. } => continue,
                Move::ForceExpired(_) => Kind::ForceEnded {
                    deployment: self.id.clone(),
                    end: ForceEnd::Expired,
                },
            };
            self.bus.emit_marked(kind, injected);
        }
    }
}
