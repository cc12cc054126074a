//! One router with its providers, and what it says.

use crate::{Result, case::Case};
use breakerbox::{
    clock, config,
    front::{self, Front},
    model::{DeploymentId, Dialect, Event, Kind, Mono, Phase, Reason, Wall, event::Picked},
    router::{self, Router, Start},
    sim::{self, Behaviour, Dial, One, Served},
};
use std::{fmt::Write, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub(crate) const PRIMARY: &str = "alpha/claude-sonnet-4-5";
/// Answers take about a second and judges two, as in the simulation.
const SPEED: f64 = 4.0;
const JUDGE_THINKS: Duration = Duration::from_millis(1_600);
/// The share of judge calls that the simulation has fail.
const JUDGE_FAILS: f64 = 0.02;

/// What became known on the bus.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// When the primary's breaker opened first, and why.
    pub(crate) opened: Option<(Mono, Reason)>,
    /// Everything else that opened, and when.
    pub(crate) others: Vec<(Mono, DeploymentId, Reason)>,
    pub(crate) scores: Vec<Scored>,
    pub(crate) judge_calls: u32,
    /// When a request first went on to the next tier because the primary failed it.
    pub(crate) fallbacks: Vec<Mono>,
    /// Events that came too fast to be heard.
    pub(crate) missed: u64,
}

/// A judge's word on an answer of the primary.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) exchange: String,
    pub(crate) value: f64,
}

#[derive(Debug)]
pub(crate) struct House {
    pub(crate) addr: SocketAddr,
    pub(crate) primary: Dial,
    router: Arc<Router>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    ear: JoinSet<Heard>,
    _providers: Vec<Served>,
}

/// No variables, and no programs.
struct Nothing;

impl config::Env for Nothing {
    fn var(&self, _: &str) -> Option<String> {
        None
    }

    fn run(&self, program: &str, _: &[String]) -> std::result::Result<String, String> {
        Err(format!("{program} is not run here"))
    }
}

impl House {
    pub(crate) async fn start(case: &Case, seed: u64) -> Result<Self> {
        let judge = Behaviour {
            first_token: JUDGE_THINKS,
            error_share: JUDGE_FAILS,
            ..Behaviour::faultless()
        };
        let plan = [
            ("alpha", Dialect::Anthropic, case.illness.before(), SPEED),
            // Its own errors would be canned answers that nothing could have prevented.
            ("beta", Dialect::OpenAi, Behaviour::faultless(), SPEED),
            ("gamma", Dialect::Gemini, judge.clone(), 1.0),
            ("delta", Dialect::OpenAi, judge, 1.0),
        ];
        let (mut providers, mut text) = (Vec::new(), String::new());
        for (name, dialect, behaviour, speed) in plan {
            let one = One {
                seed: seed * 10 + providers.len() as u64,
                speed,
                ..One::default()
            };
            let served = sim::serve_one(dialect, behaviour, one).await?;
            let p = served.provider();
            writeln!(
                text,
                "[providers.{name}]\ndialect = \"{dialect}\"\nvendor = \"{name}\"\nbase_url = \"http://{}\"\nkey = \"{}\"",
                p.addr, p.key
            )?;
            providers.push(served);
        }
        // Every request is to reach a provider, and nothing is to be left behind.
        text.push_str(
            "[routes.r]\ntiers = [\"alpha/claude-sonnet-4-5\", \"beta/gpt-4.1\"]\n\
             [judge]\njudges = [\"gamma/gemini-2.5-pro\", \"delta/gpt-4.1\"]\nbaselines = \"off\"\n\
             [cache]\nenabled = false\npath = \"memory\"\n[journal]\npath = \"off\"\n",
        );
        let config = config::parse("trips.toml", &text, &Nothing).map_err(|p| p.to_string())?;
        let primary = providers.first().ok_or("there is a primary")?;
        let dial = primary.provider().behaviour.clone();
        Self::open(config, dial, providers).await
    }

    async fn open(config: config::Config, primary: Dial, providers: Vec<Served>) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (bus, hub) = router::bus::new();
        let stop = CancellationToken::new();
        let mut ear = JoinSet::new();
        ear.spawn(listen(bus.subscribe(), stop.clone()));
        let doors = front::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let addr = doors.addr();
        let server = config.server.clone();
        let start = Start {
            config,
            simulated: false,
            listen: addr.to_string(),
            version: "bench".to_owned(),
            tracer: None,
        };
        let (router, orders) = Router::start(start, bus)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(hub.run());
        let app = front::app(Front::new(Arc::clone(&router), orders, stop.clone()));
        tasks.spawn(doors.serve(app, server.header_timeout, server.drain, stop.clone()));
        Ok(Self {
            addr,
            primary,
            router,
            stop,
            tasks,
            ear,
            _providers: providers,
        })
    }

    /// Ends, and tells what was heard.
    pub(crate) async fn end(mut self) -> Result<Heard> {
        self.stop.cancel();
        let heard = self.ear.join_next().await.ok_or("nobody listened")??;
        self.router.shutdown().await;
        self.tasks.abort_all();
        Ok(heard)
    }
}

async fn listen(mut events: Receiver<Arc<Event>>, stop: CancellationToken) -> Heard {
    let mut heard = Heard::default();
    loop {
        match stop.run_until_cancelled(events.recv()).await {
            Some(Ok(event)) => heard.hear(&event),
            Some(Err(RecvError::Lagged(n))) => heard.missed += n,
            Some(Err(RecvError::Closed)) | None => return heard,
        }
    }
}

impl Heard {
    fn hear(&mut self, event: &Event) {
        match &event.kind {
            Kind::Transition(t) if t.to == Phase::Open => {
                let (at, why) = (mono(event.at), t.reason.clone());
                if &*t.deployment == PRIMARY && self.opened.is_none() {
                    self.opened = Some((at, why));
                } else {
                    self.others.push((at, t.deployment.clone(), why));
                }
            }
            Kind::Score {
                deployment,
                exchange,
                score,
                picked,
                ..
            } if &**deployment == PRIMARY && *picked != Picked::Looks => {
                self.scores.push(Scored {
                    exchange: exchange.to_string(),
                    value: *score,
                });
            }
            Kind::Judging(second) => self.judge_calls += second.calls,
            Kind::Fallback { from, .. } if &**from == PRIMARY => {
                self.fallbacks.push(mono(event.at));
            }
            _ => {}
        }
    }
}

/// The callers' clock, for a moment that the router has told.
fn mono(at: Wall) -> Mono {
    let (now, wall) = (clock::now(), clock::wall());
    Mono::default() + now.since(Mono::default()).saturating_sub(wall.since(at))
}
