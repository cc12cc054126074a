//! The pipeline: cache, plan, attempt, canned; with faults, judging and the events that tell of it. Knows no
//! screen and no HTTP server.

mod after;
mod attempt;
pub mod bus;
mod canary;
mod canned;
mod control;
mod count;
mod embed;
mod exchange;
mod faults;
mod fleet;
mod garbage;
mod hold;
mod judge;
mod live;
mod network;
mod plant;
mod pulse;
mod recorder;
mod refusals;
mod relay;
pub mod reply;
mod rescue;
mod rung3;
mod slot;
mod slow;
mod target;
mod trace;
mod try_out;
mod turns;
mod upstream;

use crate::{
    cache::Cache,
    clock,
    config::{Config, Fleet, Traces},
    model::{
        DeploymentId, Dialect, Kind, Mono, Order, ProviderId, Verdict,
        event::{Level, SCHEMA},
        fleet::Note,
        id::ExchangeId,
    },
    provider::{ask::Ask, classify::TransportError, translate},
    telemetry::{self, Operation, Origin, Purpose, Tally, Tracer},
};
use arc_swap::ArcSwap;
use http::HeaderMap;
use opentelemetry::trace::SpanContext;
use plant::{Plant, Unit};
use std::{
    future::Future,
    sync::{Arc, atomic::AtomicUsize},
};
use tokio::{sync::mpsc, task::AbortHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use bus::Bus;
pub use count::count_tokens;
pub use embed::embed;
pub use exchange::{RETRY_COSTS, handle, kept_back};
pub use faults::DRILL;
pub use try_out::{TriedJudge, TriedOut, try_judge, try_out};

/// A new request's id: sortable by time. Nobody is kept out by it, so it costs no call into the kernel for randomness.
pub fn new_id() -> ExchangeId {
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    let id = uuid::Builder::from_unix_timestamp_millis(clock::wall().0, &random).into_uuid();
    let mut text = *b"req_00000000000000000000000000000000";
    if let Some((_, digits)) = text.split_first_chunk_mut::<4>() {
        id.simple().encode_lower(digits);
    }
    ExchangeId::from(std::str::from_utf8(&text).unwrap_or_default())
}

/// Why there is no answer, or no more of one, that the end of the router cuts off.
pub(crate) const STOPPING: &str = "router_stopping";

/// One client request, read once.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: ExchangeId,
    pub door: Dialect,
    pub ask: Ask,
    pub headers: HeaderMap,
    /// Whose cache entries it may share: the client key it came with, hashed.
    pub tenant: Option<String>,
    pub started: Mono,
    /// None: nobody collects traces, or this request is no part of one.
    told: Option<Arc<telemetry::Exchange>>,
    router: Arc<Router>,
}

#[derive(Debug)]
pub struct Router {
    plant: ArcSwap<Plant>,
    bus: Bus,
    cache: Cache,
    faults: faults::Faults,
    rung3: rung3::Rung3,
    network: network::Network,
    exchanges: recorder::ExchangeRecorder,
    turns: turns::Turns,
    judge: judge::Intake,
    purse: exchange::Purse,
    /// Whose turn it is among the deployments of one tier.
    turn: AtomicUsize,
    /// Where what happens here is told to other replicas; none: there are none.
    peers: Option<mpsc::Sender<Note>>,
    /// None: nobody collects traces.
    tracer: Option<Arc<Tracer>>,
    strangers: fleet::Strangers,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Whoever still waits for an answer, or for the rest of one, is told that there will be none.
    ending: CancellationToken,
    simulated: bool,
}

/// What starts a router.
#[derive(Debug)]
pub struct Start {
    pub config: Config,
    pub simulated: bool,
    /// The address the doors listen on, for people.
    pub listen: String,
    pub version: String,
    /// Who tells of traces. It outlives the router, which ends the last of them.
    pub tracer: Option<Arc<Tracer>>,
}

impl Router {
    /// Builds the plant and starts the tasks behind it. Orders are carried out as they come in on the returned
    /// sender.
    pub fn start(start: Start, bus: Bus) -> Result<(Arc<Self>, mpsc::Sender<Order>), String> {
        let (cache, complaint) = Cache::open(&start.config.cache);
        let ending = CancellationToken::new();
        let plant = Plant::build(Arc::new(start.config), None, &bus, &ending)?;
        let (judge, given, forgotten) = judge::open(&plant);
        let warnings = plant.config.warnings.iter().cloned();
        let warnings = warnings.chain(complaint).chain(forgotten);
        bus.emit(Kind::Started {
            schema: SCHEMA,
            version: start.version,
            listen: start.listen,
            topology: plant.topology(start.simulated),
        });
        for text in warnings {
            bus.emit(Kind::Notice {
                level: Level::Warn,
                text,
            });
        }
        let fleet = plant.config.fleet.as_ref().map(crate::fleet::start);
        let happening = bus.subscribe();
        let (orders, incoming) = mpsc::channel(64);
        let router = Arc::new(Self {
            plant: ArcSwap::from_pointee(plant),
            bus,
            cache,
            faults: faults::Faults::default(),
            rung3: rung3::Rung3::default(),
            network: network::Network::default(),
            exchanges: recorder::ExchangeRecorder::default(),
            turns: turns::Turns::default(),
            judge,
            purse: exchange::Purse::default(),
            turn: AtomicUsize::new(0),
            strangers: fleet::Strangers::default(),
            peers: fleet.as_ref().map(|fleet| fleet.outgoing.clone()),
            tracer: start.tracer,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            ending,
            simulated: start.simulated,
        });
        router.spawn(pulse::run(Arc::clone(&router)));
        router.spawn(judge::run(Arc::clone(&router), given));
        router.spawn(judge::keep(Arc::clone(&router)));
        router.spawn(control::run(Arc::clone(&router), incoming));
        if let Some(fleet) = fleet {
            router.spawn(fleet.worker.run());
            router.spawn(fleet::run(Arc::clone(&router), fleet.incoming, happening));
        }
        Ok((router, orders))
    }

    /// Everything that runs beside a request is joined at shutdown.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let stop = self.stop.clone();
        let task = self.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
        task.abort_handle()
    }

    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.plant.load().config)
    }

    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// How the spans of traces fare; none: there are no traces.
    pub fn spans(&self) -> Option<Tally> {
        self.tracer.as_ref().map(|tracer| tracer.tally())
    }

    /// Takes over a new configuration; requests under way finish on the old one.
    pub fn reload(&self, config: Config) -> Result<(), String> {
        let moved = (!Fleet::are_same(self.config().fleet.as_ref(), config.fleet.as_ref()))
            .then(|| "fleet: what [fleet] says now holds from the next start".to_owned());
        let retraced = (!Traces::are_same(self.config().traces.as_ref(), config.traces.as_ref()))
            .then(|| "traces: what [traces] says now holds from the next start".to_owned());
        let warnings = config.warnings.iter().cloned();
        let warnings: Vec<_> = warnings.chain(moved).chain(retraced).collect();
        let before = self.plant.load();
        let plant = Plant::build(Arc::new(config), Some(&before), &self.bus, &self.ending)?;
        let topology = plant.topology(self.simulated);
        self.judge.configure(&plant, &before);
        self.plant.store(Arc::new(plant));
        self.bus.emit(Kind::Reloaded { topology });
        self.meet_strangers();
        for text in warnings {
            self.bus.emit(Kind::Notice {
                level: Level::Warn,
                text,
            });
        }
        Ok(())
    }

    /// A new request.
    pub fn call(
        self: &Arc<Self>,
        door: Dialect,
        ask: Ask,
        headers: HeaderMap,
        tenant: Option<String>,
    ) -> Call {
        Call {
            id: new_id(),
            door,
            ask,
            headers,
            tenant,
            started: clock::now(),
            told: None,
            router: Arc::clone(self),
        }
    }

    /// Ends what callers still wait for, each with an explicit error.
    pub fn cut(&self) {
        self.ending.cancel();
    }

    fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Until it is cut. A token of one's own: it is looked at on every turn of whoever waits, and a shared one would be
    /// a lock between all cores.
    pub(crate) async fn ending(&self) {
        self.ending.child_token().cancelled().await;
    }

    /// Ends the tasks and says so; the hub stops after this event.
    pub async fn shutdown(&self) {
        self.cut();
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        pulse::tell_counts(self, &self.plant.load());
        self.cache.flush();
        self.remember();
        self.bus.emit(Kind::Stopping);
    }

    /// Keeps what judges have found usual.
    fn remember(&self) {
        if let Some(text) = self.judge.remember(&self.plant.load()) {
            self.bus.emit(Kind::Notice {
                level: Level::Warn,
                text,
            });
        }
    }

    fn unit(&self, id: &DeploymentId) -> Option<Arc<Unit>> {
        self.plant.load().units.get(id).cloned()
    }
}

impl Call {
    /// From here on it is a part of a trace, where somebody collects those.
    fn told_as(
        mut self,
        operation: Operation,
        purpose: Purpose,
        about: Option<SpanContext>,
    ) -> Self {
        self.told = self.router.tracer.as_ref().map(|tracer| {
            tracer.begin(Origin {
                headers: &self.headers,
                operation,
                purpose,
                began: self.started,
                at: clock::wall().before(clock::now().since(self.started)),
                link: about,
            })
        });
        self
    }

    /// An attempt begins. Its provider hears whose trace it is in: ours, or the caller's as it came.
    fn tell_attempt(
        &self,
        wire: Dialect,
        stream: bool,
        headers: &mut HeaderMap,
    ) -> Option<Box<telemetry::Attempt>> {
        let Some(told) = &self.told else {
            telemetry::context::pass_on(&self.headers, headers);
            return None;
        };
        told.attempt(wire, stream, headers)
    }

    /// What another trace refers to this one by.
    fn trace_context(&self) -> Option<SpanContext> {
        self.told.as_ref()?.context()
    }

    /// What the caller reads as the names of its answer.
    fn reply(&self) -> translate::Reply {
        translate::Reply {
            id: self.id.to_string(),
            created: clock::wall().secs(),
            custom: if self.door == Dialect::Responses {
                translate::custom_names(&self.ask.body)
            } else {
                Vec::new()
            },
            ..translate::Reply::default()
        }
    }

    fn reached(&self, unit: &Unit) {
        self.router
            .network
            .reached(&unit.provider.id, &self.router.bus);
    }

    /// Asks whether a failure to connect is the provider's or our own network's.
    fn reach(&self, unit: &Unit, error: TransportError, verdict: Verdict) -> Verdict {
        if !error.never_connected() || unit.is_loopback() {
            return verdict;
        }
        let plant = self.router.plant.load();
        let enabled = |p: &&crate::config::Provider| p.missing_key.is_none();
        let all: Vec<ProviderId> = plant
            .config
            .providers
            .values()
            .filter(enabled)
            .map(|p| p.id.clone())
            .collect();
        self.router.network.unreachable(
            &unit.provider.id,
            &all,
            verdict,
            clock::now(),
            &self.router.bus,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sort_by_the_second() {
        let (a, b) = (new_id(), new_id());
        assert_ne!(a, b);
        let id: uuid::Uuid = a
            .strip_prefix("req_")
            .and_then(|id| id.parse().ok())
            .expect("an id is a UUID");
        assert_eq!(id.get_version_num(), 7);
        let (secs, _) = id.get_timestamp().expect("version 7 has a time").to_unix();
        assert!(clock::wall().secs().abs_diff(secs) <= 1);
    }
}
