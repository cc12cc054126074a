//! A wire between a screen and a router that can be cut, and that can stand still.

use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Whole,
    /// Nothing comes through to the screen, and nobody is told.
    Still,
    /// Connections end, and new ones too.
    Cut,
}

pub(crate) struct Wire {
    pub(crate) addr: SocketAddr,
    state: Arc<watch::Sender<State>>,
    _tasks: JoinSet<()>,
}

impl Wire {
    pub(crate) async fn to(router: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let state = Arc::new(watch::Sender::new(State::Whole));
        let watched = Arc::clone(&state);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut through = JoinSet::new();
            while let Ok((screen, _)) = listener.accept().await {
                through.spawn(join(screen, router, watched.subscribe()));
            }
        });
        Self {
            addr,
            state,
            _tasks: tasks,
        }
    }

    pub(crate) fn is(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn join(screen: TcpStream, router: SocketAddr, mut state: watch::Receiver<State>) {
    if *state.borrow() == State::Cut {
        return;
    }
    let Ok(router) = TcpStream::connect(router).await else {
        return;
    };
    let (mut from_screen, to_screen) = screen.into_split();
    let (from_router, mut to_router) = router.into_split();
    let down = down(from_router, to_screen, state.clone());
    tokio::select! {
        _ = copy(&mut from_screen, &mut to_router) => {}
        () = down => {}
        _ = state.wait_for(|s| *s == State::Cut) => {}
    }
}

async fn down(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut some = vec![0; 4096];
    loop {
        let _ = state.wait_for(|s| *s != State::Still).await;
        let Ok(n @ 1..) = from.read(&mut some).await else {
            return;
        };
        // What was read just when it came to stand still waits here.
        let _ = state.wait_for(|s| *s != State::Still).await;
        if to.write_all(&some[..n]).await.is_err() {
            return;
        }
    }
}
