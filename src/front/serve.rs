//! Sockets: accepted without Nagle's delay, bounded in how long they may dawdle, drained at the end.

use axum::{Extension, Router as Axum};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, pin::pin, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// After a failed accept (out of file descriptors, mostly): retrying at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A client that acknowledges or reads nothing for so long is gone.
#[cfg(target_os = "linux")]
const GONE_AFTER: Duration = Duration::from_mins(1);

/// Who is at the other end, as an extension of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

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
        let connections = TaskTracker::new();
        let abort = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let app = app.clone().layer(Extension(Peer(peer)));
                    let work = connection(stream, app, header_timeout, stop.clone());
                    let abort = abort.clone();
                    connections.spawn(async move {
                        tokio::select! {
                            () = work => {}
                            () = abort.cancelled() => {}
                        }
                    });
                }
                Err(e) => {
                    tracing::warn!(error = %e, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(drain, connections.wait())
            .await
            .is_err()
        {
            abort.cancel();
            connections.wait().await;
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

async fn connection(
    stream: TcpStream,
    app: Axum,
    header_timeout: Duration,
    stop: CancellationToken,
) {
    if let Err(e) = tune(&stream) {
        tracing::debug!(error = %e, "socket options");
    }
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20));
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(e) = ended {
        tracing::debug!(error = %e, "connection ended");
    }
}
