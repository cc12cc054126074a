//! Everything that runs, put together: configuration, simulated providers, router, doors, reloads.

mod normal;
mod rehearsal;

use crate::{
    alerts, clock,
    config::{self, Config, SocketAt},
    drill::{self, Scenario},
    front::{self, Front, Socket},
    journal::{self, Settings, Writer},
    model::{
        Kind, Order,
        command::Whom,
        drill::{Drill, DrillStep},
        event::Level,
    },
    router::{self, Bus, Router, Start},
    sim,
    telemetry::{self, Tracer},
};
use normal::Normals;
use rehearsal::Rehearsals;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const SIM_SEED: u64 = 7;
/// Orders that wait to be carried out; more are refused.
const ORDERS: usize = 64;
/// Where the doors are when nobody says.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4141);

/// What a person asked for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub config: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub sim: bool,
    pub no_traffic: bool,
    /// Where the ledger of drills and what is normal are kept; none: nothing is remembered.
    pub state: Option<PathBuf>,
    /// Where the journal is kept, over the configuration's.
    pub journal: Option<PathBuf>,
    /// The directory of sockets for commands; none: without a socket, unless the configuration names one.
    pub sockets: Option<PathBuf>,
    /// Which drills can be started in it.
    pub drills: Vec<Scenario>,
    /// Whether what happens in it is a rehearsal for those who are told.
    pub stage: alerts::Stage,
}

/// A running breakerbox.
#[derive(Debug)]
pub struct App {
    pub router: Arc<Router>,
    pub orders: mpsc::Sender<Order>,
    pub addr: SocketAddr,
    pub bus: Bus,
    file: Option<PathBuf>,
    listen: Option<SocketAddr>,
    sim: Option<sim::Sim>,
    drills: Arc<[Scenario]>,
    front: Front,
    /// As it was at the start, which the doors go by.
    server: config::Server,
    tracer: Option<Arc<Tracer>>,
    tasks: TaskTracker,
    hub: TaskTracker,
    stop: CancellationToken,
}

impl App {
    pub async fn start(wish: &Wish) -> Result<Self, String> {
        let found = if wish.sim {
            config::Found::Builtin
        } else {
            config::find(wish.config.as_deref(), &config::Process)
        };
        let (mut config, sim, file) = match found {
            config::Found::File(path) => {
                let config = config::load(&path, &config::Process).map_err(|p| p.to_string())?;
                (config, None, Some(path))
            }
            config::Found::Builtin => {
                let (config, sim) = simulated().await?;
                (config, Some(sim), None)
            }
        };
        if let Some(listen) = wish.listen {
            config.server.listen = listen;
        }
        if let Some(journal) = &wish.journal {
            config.journal.path = Some(journal.clone());
        }
        let (server, socket) = (config.server.clone(), config.control.socket.clone());
        let doors = front::bind(server.listen).await?;
        let addr = doors.addr();
        let (bus, hub_work) = router::bus::new();
        let hub = TaskTracker::new();
        hub.spawn(hub_work.run());
        record(&hub, &bus, &config.journal);
        let (tracer, complaints) = telemetry(&config, &bus).await;
        config.warnings.extend(complaints);
        let happening = bus.subscribe();
        let start = Start {
            config,
            simulated: sim.is_some(),
            listen: addr.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            tracer: tracer.clone(),
        };
        let (router, own_orders) = Router::start(start, bus.clone())?;
        let told = Arc::clone(&router);
        let pace = (alerts::Pace::default(), wish.stage);
        hub.spawn(alerts::run(
            bus.clone(),
            happening,
            move || told.config(),
            pace,
        ));
        let drills: Arc<[Scenario]> = wish.drills.clone().into();
        list_drills(&bus, &drills, &router.config());
        if let Some(state) = &wish.state {
            remember(&bus, state, &router.config().hash, sim.is_some());
        }
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let rehearsals = Rehearsals {
            scenarios: Arc::clone(&drills),
            door: addr,
            orders: own_orders,
            bus: bus.clone(),
            router: Arc::clone(&router),
            simulated: sim.is_some(),
            state: wish.state.clone(),
        };
        let (rehearsed, incoming) = mpsc::channel(ORDERS);
        tasks.spawn(rehearsals.run(incoming, stop.clone()));
        let path = wish.state.as_deref();
        let path = path.map(|state| normal::path(state, sim.is_some()));
        let (orders, incoming) = mpsc::channel(ORDERS);
        let normals = Normals::open(path, bus.clone(), rehearsed);
        tasks.spawn(normals.run(incoming, stop.clone()));
        let front = Front::new(Arc::clone(&router), orders.clone(), stop.clone());
        let app = front::app(front.clone());
        tasks.spawn(doors.serve(app, server.header_timeout, server.drain, stop.clone()));
        if let Some(socket) = open_socket(&bus, socket, wish.sockets.as_deref(), addr) {
            let app = front::socket_app(front.clone());
            tasks.spawn(socket.serve(app, server.header_timeout, server.drain, stop.clone()));
        }
        if sim.is_some() && !wish.no_traffic {
            tasks.spawn(sim::traffic::Traffic::new(addr, "summarize").run(stop.clone()));
        }
        let app = Self {
            router,
            orders,
            addr,
            bus,
            file,
            listen: wish.listen,
            sim,
            drills,
            front,
            server,
            tracer,
            tasks,
            hub,
            stop,
        };
        app.watch();
        Ok(app)
    }

    /// Reloads when the file changes.
    fn watch(&self) {
        let Some(file) = self.file.clone() else {
            return;
        };
        let mut watch = match config::Watch::new(&file) {
            Ok(watch) => watch,
            Err(why) => {
                let text = format!(
                    "{} is not watched for changes ({why}); send SIGHUP to reload",
                    file.display()
                );
                self.bus.emit(Kind::Notice {
                    level: Level::Warn,
                    text,
                });
                return;
            }
        };
        let (router, bus, listen, stop, drills) = (
            Arc::clone(&self.router),
            self.bus.clone(),
            self.listen,
            self.stop.clone(),
            Arc::clone(&self.drills),
        );
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    changed = watch.changed() => if !changed { break },
                    () = stop.cancelled() => break,
                }
                reload(&router, &bus, (&file, listen), &drills);
            }
        });
    }

    /// Reads the configuration again; a bad one keeps the old one running and says why.
    pub fn reload(&self) {
        if let Some(file) = &self.file {
            reload(&self.router, &self.bus, (file, self.listen), &self.drills);
        }
    }

    /// This router, for a drill by this person.
    pub fn drill_target(&self, who: String) -> drill::Target {
        drill::Target {
            door: self.addr,
            orders: self.orders.clone(),
            bus: self.bus.clone(),
            config: self.router.config(),
            simulated: self.sim.is_some(),
            radius: drill::Radius::of_wish(Whom::default(), self.sim.is_some()),
            who,
        }
    }

    /// Lets what is under way finish, and ends.
    pub async fn shutdown(self) {
        self.front.leave();
        tokio::time::sleep(self.server.lame_duck).await;
        self.stop.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(self.server.drain, self.tasks.wait()).await;
        if drained.is_err() {
            self.router.cut();
            self.tasks.wait().await;
        }
        self.router.shutdown().await;
        if let Some(tracer) = &self.tracer {
            tracer.shutdown().await;
        }
        if let Some(sim) = self.sim {
            sim.shutdown().await;
        }
        self.hub.close();
        self.hub.wait().await;
        self.front.said_goodbye().await;
    }
}

/// Without a socket the router runs all the same.
fn open_socket(bus: &Bus, at: SocketAt, dir: Option<&Path>, addr: SocketAddr) -> Option<Socket> {
    let path = match at {
        SocketAt::Off => return None,
        SocketAt::Path(path) => path,
        SocketAt::Usual => config::socket_of(dir?, addr.port()),
    };
    let told = |text| {
        bus.emit(Kind::Notice {
            level: Level::Warn,
            text,
        });
    };
    Socket::bind(&path).map_err(told).ok()
}

/// Who tells of traces, where anybody has asked for them, and what people should know of that. Without it the router runs
/// all the same.
async fn telemetry(config: &Config, bus: &Bus) -> (Option<Arc<Tracer>>, Vec<String>) {
    let (settings, mut complaints) = telemetry::settings(config.traces.as_ref(), &config::Process);
    let Some(settings) = settings else {
        return (None, complaints);
    };
    let teller = bus.clone();
    let tell = move |level, text| teller.emit(Kind::Notice { level, text });
    match Tracer::start(settings, Box::new(tell)).await {
        Ok(tracer) => (Some(tracer), complaints),
        Err(why) => {
            complaints.push(format!("there are no traces: {why}"));
            (None, complaints)
        }
    }
}

/// Tells when this configuration was drilled last.
fn remember(bus: &Bus, state: &Path, hash: &str, simulated: bool) {
    let config = drill::ledger::config_name(hash, simulated);
    if let Some(last) = drill::Ledger::in_dir(state).last(config) {
        let (ended, result) = (last.ended, last.result);
        bus.emit(Kind::Drill(Drill {
            scenario: last.scenario,
            step: DrillStep::Remembered { ended, result },
        }));
    }
}

/// Keeps the journal from the very first event on. Without one the router runs all the same.
fn record(hub: &TaskTracker, bus: &Bus, config: &config::Journal) {
    let Some(dir) = &config.path else { return };
    let settings = Settings {
        file_bytes: config.file_bytes,
        keep: config.keep,
        content: config.content,
        retry: Settings::RETRY,
    };
    let (teller, snapshot) = (bus.clone(), bus.snapshot());
    let router = move || snapshot.load_full();
    let tell = move |kind| teller.emit(kind);
    match Writer::open(dir, settings, clock::wall(), router, tell) {
        Ok(writer) => {
            hub.spawn(journal::follow(bus.subscribe(), writer));
        }
        Err(e) => {
            let why = "set journal.path, or \"off\" to do without";
            let text = format!("no journal is kept: {}: {e}; {why}", dir.display());
            bus.emit(Kind::Notice {
                level: Level::Warn,
                text,
            });
        }
    }
}

/// Tells which drills there are, and what they would do to this configuration.
fn list_drills(bus: &Bus, drills: &[Scenario], config: &Config) {
    if !drills.is_empty() {
        let drills = drill::catalogue(drills, config);
        bus.emit(Kind::Drills { drills });
    }
}

fn reload(
    router: &Router,
    bus: &Bus,
    (file, listen): (&Path, Option<SocketAddr>),
    drills: &[Scenario],
) {
    let loaded = config::load(file, &config::Process).map_err(|p| p.to_string());
    let done = loaded.and_then(|mut config| {
        config.server.listen = listen.unwrap_or(config.server.listen);
        router.reload(config)
    });
    match done {
        Ok(()) => list_drills(bus, drills, &router.config()),
        Err(why) => bus.emit(Kind::ReloadFailed { why }),
    }
}

async fn simulated() -> Result<(Config, sim::Sim), String> {
    let options = sim::Options {
        seed: SIM_SEED,
        ..sim::Options::default()
    };
    let sim = sim::Sim::start(options)
        .await
        .map_err(|e| format!("the simulated providers cannot start: {e}"))?;
    let bases: Vec<_> = sim
        .providers()
        .iter()
        .map(|p| (p.id, p.dialect, p.addr, p.key.as_str()))
        .collect();
    let config = config::simulated(&bases, DEFAULT_LISTEN);
    Ok((config, sim))
}
