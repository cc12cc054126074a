//! What stands between a client and the door: bytes pass, and requests are counted. And what tells a script how many
//! there were, and what the upstreams saw.

use super::super::upstream::{Asked, Upstream};
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Scripted upstreams by the name of their route.
pub(super) type Upstreams = BTreeMap<&'static str, Upstream>;

#[derive(Debug)]
pub(super) struct Tap {
    pub(super) addr: SocketAddr,
    pub(super) seen: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Tap {
    pub(super) async fn before(door: SocketAddr, upstreams: Upstreams) -> Self {
        let requests = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        let (listener, addr) = listen().await;
        let counted = Arc::clone(&requests);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                connections.spawn(async move { pass(client, door, &counted).await });
            }
        });
        let (listener, seen) = listen().await;
        let upstreams = Arc::new(upstreams);
        let tell = get(move || {
            let told = told(requests.load(Relaxed), &upstreams);
            async { Json(told) }
        });
        tasks.spawn(async move {
            let _ = axum::serve(listener, Router::new().route("/", tell)).await;
        });
        Self {
            addr,
            seen,
            _tasks: tasks,
        }
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let addr = listener.local_addr().expect("it is bound");
    (listener, addr)
}

fn told(requests: u64, upstreams: &Upstreams) -> Value {
    let one = |upstream: &Upstream| {
        let bodies: Vec<Value> = upstream.asked().iter().map(Asked::json).collect();
        json!({"asked": bodies, "hung_up": upstream.hung_up().len()})
    };
    let upstreams: BTreeMap<_, _> = upstreams.iter().map(|(n, u)| (*n, one(u))).collect();
    json!({"requests": requests, "upstreams": upstreams})
}

/// Until either side has enough. Every client writes the head of a request in one piece, and at once.
async fn pass(mut client: TcpStream, door: SocketAddr, requests: &AtomicU64) {
    let Ok(mut router) = TcpStream::connect(door).await else {
        return;
    };
    let _ = (client.set_nodelay(true), router.set_nodelay(true));
    let (mut asking, mut hearing) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let (bytes, to) = tokio::select! {
            n = client.read(&mut asking) => (asking.get(..n.unwrap_or(0)), &mut router),
            n = router.read(&mut hearing) => (hearing.get(..n.unwrap_or(0)), &mut client),
        };
        let bytes = bytes.unwrap_or_default();
        if bytes.starts_with(b"POST ") {
            requests.fetch_add(1, Relaxed);
        }
        if bytes.is_empty() || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
