//! A body that takes so many times as long as the provider takes for it: every piece comes at its own time, stretched.

use super::upstream::body_error;
use crate::{clock, model::Mono, provider::classify::TransportError};
use bytes::Bytes;
use std::time::Duration;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

type Came = Result<Option<Bytes>, TransportError>;

#[derive(Debug)]
pub(super) struct Slow {
    pieces: UnboundedReceiver<(Mono, Came)>,
    next: Option<(Mono, Came)>,
    stretch: Stretch,
    /// Reads on while a piece is held back: else what waits in the socket would come as one piece, at once.
    _reader: JoinSet<()>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) began: Mono,
    pub(super) times: u32,
}

impl Stretch {
    /// How long what has come at `at` has to wait yet.
    pub(super) fn wait(self, at: Mono, now: Mono) -> Duration {
        let due = self.began + at.since(self.began).saturating_mul(self.times);
        now.until(due)
    }
}

impl Slow {
    pub(super) fn read(response: reqwest::Response, stretch: Stretch) -> Self {
        let (send, pieces) = unbounded_channel();
        let mut reader = JoinSet::new();
        reader.spawn(pass_on(response, send));
        Self {
            pieces,
            next: None,
            stretch,
            _reader: reader,
        }
    }

    /// The next piece; none at the end. Safe to drop and call again.
    pub(super) async fn chunk(&mut self) -> Came {
        if self.next.is_none() {
            self.next = self.pieces.recv().await;
        }
        if let Some((at, _)) = &self.next {
            tokio::time::sleep(self.stretch.wait(*at, clock::now())).await;
        }
        self.next.take().map_or(Ok(None), |(_, came)| came)
    }
}

async fn pass_on(mut response: reqwest::Response, to: UnboundedSender<(Mono, Came)>) {
    loop {
        let came = response.chunk().await.map_err(|e| body_error(&e));
        let over = !matches!(came, Ok(Some(_)));
        if to.send((clock::now(), came)).is_err() || over {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_a_second_takes_ten() {
        let stretch = Stretch {
            began: Mono(1_000_000_000),
            times: 10,
        };
        let second = Duration::from_secs(1);
        let at = stretch.began + second;
        assert_eq!(stretch.wait(at, at), second * 9);
        assert_eq!(stretch.wait(at, at + second * 9), Duration::ZERO);
        assert_eq!(stretch.wait(at, at + second * 20), Duration::ZERO);
    }
}
