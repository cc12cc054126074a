//! A whole router behind a real socket, over upstreams that a test scripts.

use super::upstream::Upstream;
use breakerbox::{
    alerts,
    config::{self, Config},
    front::{self, Front},
    model::{Command, Event, Kind, Order, Snapshot},
    router::{self, Bus, Router, Start},
    telemetry::Tracer,
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// How long a test waits for something that should come at once.
pub(crate) const SOON: Duration = Duration::from_secs(5);

pub(crate) struct Rig {
    pub(crate) addr: SocketAddr,
    router: Arc<Router>,
    pub(crate) client: reqwest::Client,
    pub(crate) bus: Bus,
    pub(crate) front: Front,
    orders: mpsc::Sender<Order>,
    events: broadcast::Receiver<Arc<Event>>,
    _tasks: JoinSet<()>,
    telling: JoinSet<()>,
    stop: CancellationToken,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// No variables but these keys.
struct Keys;

impl config::Env for Keys {
    fn var(&self, name: &str) -> Option<String> {
        name.ends_with("_API_KEY")
            .then(|| format!("key-of-{}", name.to_lowercase()))
    }

    fn run(&self, program: &str, _: &[String]) -> Result<String, String> {
        Err(format!("{program} is not run in tests"))
    }
}

/// A provider section for a scripted upstream.
pub(crate) fn provider(name: &str, dialect: &str, upstream: &Upstream) -> String {
    format!(
        "[providers.{name}]\ndialect = \"{dialect}\"\nbase_url = \"http://{}\"\nvendor = \"{name}\"\nkey = \"key-of-{name}\"\n",
        upstream.addr
    )
}

/// Route `r` over OpenAI-dialect upstreams `a`, `b`, …, in order, without a cache.
pub(crate) fn openai_tiers(upstreams: &[&Upstream]) -> String {
    let names = ["a", "b", "c"];
    let providers: String = names
        .iter()
        .zip(upstreams)
        .map(|(n, u)| provider(n, "openai", u))
        .collect();
    let tiers: Vec<_> = names
        .iter()
        .take(upstreams.len())
        .map(|n| format!("\"{n}/m-{n}\""))
        .collect();
    format!(
        "{providers}[routes.r]\ntiers = [{}]\n[cache]\nenabled = false\n",
        tiers.join(", ")
    )
}

pub(crate) fn config(toml: &str) -> Config {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("breakerbox.toml");
    std::fs::write(&file, toml).expect("the file is written");
    load(&file)
}

/// A LiteLLM configuration, in memory only.
pub(crate) fn litellm(yaml: &str) -> Config {
    let parsed = config::parse("config.yaml", yaml, &Keys).map_err(|problems| problems.to_string());
    let mut config = parsed.expect("a good configuration");
    config.cache.path = None;
    config
}

fn load(file: &Path) -> Config {
    config::load(file, &Keys)
        .map_err(|problems| problems.to_string())
        .expect("a good configuration")
}

impl Rig {
    pub(crate) async fn start(toml: &str) -> Self {
        Self::with(config(toml)).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::traced(config, None).await
    }

    pub(crate) async fn traced(config: Config, tracer: Option<Arc<Tracer>>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (bus, hub) = router::bus::new();
        let events = bus.subscribe();
        let doors = front::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .expect("a free port");
        let addr = doors.addr();
        let server = config.server.clone();
        let start = Start {
            config,
            simulated: false,
            listen: addr.to_string(),
            version: "test".to_owned(),
            tracer,
        };
        let (router, orders) = Router::start(start, bus.clone()).expect("the router starts");
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(hub.run());
        let front = Front::new(Arc::clone(&router), orders.clone(), stop.clone());
        tasks.spawn(doors.serve(
            front::app(front.clone()),
            server.header_timeout,
            Duration::from_secs(1),
            stop.clone(),
        ));
        let client = reqwest::Client::builder()
            .no_proxy()
            // There is no TLS here, and the system's certificates take their time to read.
            .tls_certs_only([])
            .build()
            .expect("a client");
        Self {
            addr,
            router,
            client,
            bus,
            front,
            orders,
            events,
            _tasks: tasks,
            telling: JoinSet::new(),
            stop,
        }
    }

    pub(crate) fn reload(&self, toml: &str) {
        self.reload_to(config(toml));
    }

    pub(crate) fn reload_to(&self, config: Config) {
        self.router
            .reload(config)
            .expect("the new configuration is taken");
    }

    /// Tells those whom the configuration names, as the program does.
    pub(crate) fn tell(&mut self, pace: alerts::Pace) {
        let (bus, happening) = (self.bus.clone(), self.bus.subscribe());
        let router = Arc::clone(&self.router);
        let config = move || router.config();
        let stage = alerts::Stage::Live;
        self.telling
            .spawn(alerts::run(bus, happening, config, (pace, stage)));
    }

    /// Ends as a process that is told to end.
    pub(crate) async fn shutdown(mut self) {
        self.router.shutdown().await;
        while self.telling.join_next().await.is_some() {}
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A chat request to route `r` through the OpenAI door.
    pub(crate) async fn ask(&self, prompt: &str) -> reqwest::Response {
        self.post("/v1/chat/completions", &body(prompt, false))
            .await
    }

    pub(crate) async fn ask_stream(&self, prompt: &str) -> reqwest::Response {
        self.post("/v1/chat/completions", &body(prompt, true)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &serde_json::Value) -> reqwest::Response {
        self.client
            .post(self.url(path))
            .json(body)
            .send()
            .await
            .expect("the door answers")
    }

    pub(crate) fn order(&self, line: &str) {
        let command = Command::parse(line).expect("a command");
        self.orders
            .try_send(Order::new("test".to_owned(), command))
            .expect("the router takes orders");
    }

    /// Gives an order and waits for the event that acknowledges it.
    pub(crate) async fn done(&mut self, line: &str) -> Option<String> {
        self.order(line);
        let event = self.event(|k| matches!(k, Kind::Command { .. })).await;
        match &event.kind {
            Kind::Command { refused, .. } => refused.clone(),
            _ => None,
        }
    }

    /// The next event of a kind; the ones before it are gone.
    pub(crate) async fn event(&mut self, which: impl Fn(&Kind) -> bool) -> Arc<Event> {
        let wait = async {
            loop {
                match self.events.recv().await {
                    Ok(event) if which(&event.kind) => return event,
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => {
                        unreachable!("the rig holds the bus")
                    }
                }
            }
        };
        tokio::time::timeout(SOON, wait)
            .await
            .expect("the event comes")
    }

    /// An event that is there already.
    pub(crate) fn told(&mut self) -> Option<Arc<Event>> {
        self.events.try_recv().ok()
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.bus.snapshot().load_full()
    }

    /// Waits until the snapshot says so.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            let snapshot = self.snapshot();
            if is(&snapshot) {
                return snapshot;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "not in time: {what}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub(crate) fn body(prompt: &str, stream: bool) -> serde_json::Value {
    serde_json::json!({"model": "r", "stream": stream, "messages": [{"role": "user", "content": prompt}]})
}

pub(crate) fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map(|v| v.to_str().expect("an ASCII header"))
        .unwrap_or_default()
}
