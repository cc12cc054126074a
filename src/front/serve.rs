//! Sockets: accepted without Nagle's delay, bounded in how long they may dawdle, drained at the end.

use axum::Router as Axum;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::Service;

/// After a failed accept (out of file descriptors, mostly): retrying at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A client that acknowledges or reads nothing for so long is gone.
#[cfg(target_os = "linux")]
const GONE_AFTER: Duration = Duration::from_mins(1);

/// Between the end of the drain and that of the connections.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Who is at the other end, as an extension of every request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Peer {
    Net(SocketAddr),
    Socket { uid: Option<u32> },
}

/// Listening doors.
#[derive(Debug)]
pub struct Doors {
    listener: TcpListener,
    addr: SocketAddr,
}

/// Opens the address, or says what is in the way.
pub async fn bind(addr: SocketAddr) -> Result<Doors, String> {
    let said = |e: &io::Error| match e.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{addr} is taken: another breakerbox? choose another address with --listen")
        }
        io::ErrorKind::PermissionDenied => format!(
            "{addr} is not allowed: ports under 1024 need privileges; choose another with --listen"
        ),
        _ => format!("cannot listen on {addr}: {e}"),
    };
    let listener = TcpListener::bind(addr).await.map_err(|e| said(&e))?;
    let addr = listener.local_addr().map_err(|e| said(&e))?;
    Ok(Doors { listener, addr })
}

impl Doors {
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until `stop`; then lets what is under way finish for up to `drain`.
    pub async fn serve(
        self,
        app: Axum,
        header_timeout: Duration,
        drain: Duration,
        stop: CancellationToken,
    ) {
        let connections = Connections::new(app, header_timeout, stop);
        connections.serve(self.listener, drain).await;
    }
}

/// Where connections come in.
pub(super) trait Listen: Send {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, peer) = self.accept().await?;
        if let Err(e) = tune(&stream) {
            tracing::debug!(error = %e, "socket options");
        }
        Ok((stream, Peer::Net(peer)))
    }
}

/// Those of one listener.
pub(super) struct Connections {
    app: Axum,
    header_timeout: Duration,
    stop: CancellationToken,
    all: JoinSet<()>,
}

impl Connections {
    pub(super) fn new(app: Axum, header_timeout: Duration, stop: CancellationToken) -> Self {
        Self {
            app,
            header_timeout,
            stop,
            all: JoinSet::new(),
        }
    }

    /// All that come in until the end begins; nobody is let in while the rest finishes.
    pub(super) async fn serve(mut self, listener: impl Listen, drain: Duration) {
        let stop = self.stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.next() => accepted,
                () = stop.cancelled() => break,
                () = self.ended() => continue,
            };
            match accepted {
                Ok((stream, peer)) => self.spawn(stream, peer),
                Err(e) => {
                    tracing::warn!(error = %e, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        self.drain(drain).await;
    }

    fn spawn<S>(&mut self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Each has a token of its own: it is looked at on every turn of the connection, and a shared one would be a
        // lock between all cores.
        let stop = self.stop.child_token();
        let app = self.app.clone();
        self.all
            .spawn(connection(stream, peer, app, self.header_timeout, stop));
    }

    /// One has ended; while there is none, never.
    async fn ended(&mut self) {
        if self.all.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Streams that are cut at the limit have a moment to say so.
    async fn drain(&mut self, limit: Duration) {
        let limit = limit.saturating_add(LAST_WORDS);
        let drained = async { while self.all.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, drained).await.is_err() {
            self.all.shutdown().await;
        }
    }
}

/// Without Nagle: head and body go out in two writes, and the second would wait for the peer's delayed
/// acknowledgement. With an end for peers that are gone, or that take nothing of what they asked for.
fn tune(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    #[cfg(target_os = "linux")]
    {
        sockopt::set_tcp_keepidle(stream, GONE_AFTER)?;
        sockopt::set_tcp_user_timeout(
            stream,
            u32::try_from(GONE_AFTER.as_millis()).unwrap_or(u32::MAX),
        )?;
    }
    Ok(())
}

async fn connection<S>(
    stream: S,
    peer: Peer,
    app: Axum,
    header_timeout: Duration,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20));
    let has_asked = AtomicBool::new(false);
    let service = service_fn(|mut request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(peer);
        app.clone().call(request)
    });
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // Which version is spoken is waited for without a limit, and HTTP/2 has none for the first request.
    let nothing_asked = async {
        tokio::time::sleep(header_timeout).await;
        if has_asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = nothing_asked => return,
    };
    if let Err(e) = ended {
        tracing::debug!(error = %e, "connection ended");
    }
}
