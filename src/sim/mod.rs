//! Simulated providers on loopback sockets, and traffic for them: what drills, demos and tests run against.
//!
//! They are real HTTP servers that speak the wire formats as the vendors do, and the router cannot tell them
//! from real ones: nothing here shares code with `provider`. Everything that happens by chance is drawn from one seed.

mod ask;
pub mod behaviour;
mod brain;
mod judge;
mod luck;
mod pace;
mod reply;
mod server;
mod text;
pub mod traffic;
mod wire;

pub use behaviour::{Behaviour, Dial};

use crate::model::Dialect;
use luck::Luck;
use server::Room;
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// Connections that have not ended so long after a shutdown are left to the runtime.
const LAST_CALL: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Options {
    pub seed: u64,
    /// 1 is as slow as the real ones; 50 is fifty times as fast.
    pub speed: f64,
    pub bind: IpAddr,
    /// For Anthropic, `OpenAI` and Gemini, in this order; none: any that are free.
    pub ports: Option<[u16; 3]>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            speed: 1.0,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: None,
        }
    }
}

/// A simulated account that a configuration can name.
#[derive(Clone)]
pub struct Provider {
    /// `anthropic`, `openai`, `gemini` or `bedrock`.
    pub id: &'static str,
    pub dialect: Dialect,
    pub addr: SocketAddr,
    pub key: String,
    pub behaviour: Dial,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

/// One provider that is being served; it stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    provider: Provider,
    stop: CancellationToken,
    tasks: TaskTracker,
    _guard: DropGuard,
}

/// The three providers.
#[derive(Debug)]
pub struct Sim {
    served: Vec<Served>,
    providers: Vec<Provider>,
}

impl Sim {
    pub async fn start(options: Options) -> io::Result<Self> {
        let ports = options.ports.unwrap_or_default();
        let dialects = [Dialect::Anthropic, Dialect::OpenAi, Dialect::Gemini];
        let mut served = Vec::with_capacity(dialects.len());
        for (dialect, port) in dialects.into_iter().zip(ports) {
            let one = One {
                seed: options.seed,
                speed: options.speed,
                at: SocketAddr::new(options.bind, port),
            };
            served.push(serve_one(dialect, Behaviour::healthy(dialect), one).await?);
        }
        let providers = served.iter().map(|s| s.provider.clone()).collect();
        Ok(Self { served, providers })
    }

    /// Anthropic, `OpenAI` and Gemini, in this order.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// Ends every stream where it is and joins the servers.
    pub async fn shutdown(self) {
        for served in &self.served {
            served.stop.cancel();
        }
        for served in self.served {
            served.shutdown().await;
        }
    }
}

/// Where and how a single provider runs.
#[derive(Debug, Clone, Copy)]
pub struct One {
    pub seed: u64,
    pub speed: f64,
    pub at: SocketAddr,
}

impl Default for One {
    /// As tests want it: any free port of the loopback, and fast.
    fn default() -> Self {
        Self {
            seed: 1,
            speed: 50.0,
            at: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }
}

/// Serves one provider.
pub async fn serve_one(dialect: Dialect, behaviour: Behaviour, one: One) -> io::Result<Served> {
    let listener = TcpListener::bind(one.at).await?;
    let dial = Dial::new(behaviour);
    let provider = Provider {
        id: dialect.as_str(),
        dialect,
        addr: listener.local_addr()?,
        key: key(dialect, one.seed),
        behaviour: dial.clone(),
    };
    let room = Arc::new(Room::new(dialect, provider.key.clone(), one, dial));
    let stop = room.stop.clone();
    let tasks = TaskTracker::new();
    tasks.spawn(async move {
        if let Err(error) = server::serve(room, listener).await {
            tracing::error!(provider = dialect.as_str(), %error, "the simulated provider stopped");
        }
    });
    tasks.close();
    Ok(Served {
        provider,
        _guard: stop.clone().drop_guard(),
        stop,
        tasks,
    })
}

impl Served {
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Ends every stream where it is and joins the server.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_CALL, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                provider = self.provider.id,
                "a connection to the simulated provider did not end in time"
            );
        }
    }
}

/// The key that a provider takes, in the vendor's form.
fn key(dialect: Dialect, seed: u64) -> String {
    let mut luck = Luck::new(&[seed, luck::hash(dialect.as_str().as_bytes()), 0x6b65]);
    match dialect {
        Dialect::OpenAi | Dialect::Responses => format!("sk-proj-sim{}", luck.letters(40)),
        Dialect::Anthropic => format!("sk-ant-api03-sim{}", luck.letters(40)),
        Dialect::Gemini => format!("AIzaSysim{}", luck.letters(30)),
        Dialect::Bedrock => format!("ABSKsim{}", luck.letters(40)),
    }
}

#[cfg(test)]
mod tests;
