//! Keeps a journal of a running router: every event from the broadcast goes to the [`Writer`], and what could not be
//! kept is counted and told.

use super::Writer;
use crate::model::{Event, Kind};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Between two words about events that were lost.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Records until the run ends, and closes the file. `tell` puts an event on the stream that is being recorded.
pub async fn follow(mut events: Receiver<Arc<Event>>, writer: Writer, tell: impl Fn(Kind)) {
    let mut lost = 0;
    let mut tick = tokio::time::interval(TELL_EVERY);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) => {
                    let over = matches!(event.kind, Kind::Stopping);
                    lost += u64::from(!writer.append(event));
                    if over {
                        break;
                    }
                }
                Err(RecvError::Lagged(n)) => lost += n,
                Err(RecvError::Closed) => break,
            },
            _ = tick.tick() => {
                if lost > 0 {
                    tell(Kind::Suppressed { what: "journal events".to_owned(), n: lost });
                    lost = 0;
                }
            }
        }
    }
    // Closing waits for the disk. That it cannot be joined happens only after a panic of the journal's thread.
    let _ = tokio::task::spawn_blocking(move || drop(writer)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::{Reader, Settings},
        model::{Wall, event::Level},
    };
    use parking_lot::Mutex;
    use tokio::sync::broadcast;

    const TODAY: Wall = Wall(1_700_000_000_000);
    const SETTINGS: Settings = Settings {
        file_bytes: 1 << 20,
        keep: Duration::from_hours(24),
        content: true,
        retry: Settings::RETRY,
    };

    fn event(seq: u64, kind: Kind) -> Arc<Event> {
        Arc::new(Event {
            injected: false,
            seq,
            at: TODAY,
            kind,
        })
    }

    fn notice() -> Kind {
        Kind::Notice {
            level: Level::Info,
            text: "x".to_owned(),
        }
    }

    #[tokio::test]
    async fn everything_until_the_end_of_the_run_is_in_the_file_when_it_returns() {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::open(dir.path(), SETTINGS, TODAY, |_| {}).unwrap();
        let file = writer.status().path;
        let (send, events) = broadcast::channel(16);
        for (seq, kind) in [(1, notice()), (2, Kind::Stopping), (3, notice())] {
            send.send(event(seq, kind)).unwrap();
        }
        follow(events, writer, |_| {}).await;
        let kept: Vec<_> = Reader::open(&file)
            .unwrap()
            .map(|event| event.unwrap().seq)
            .collect();
        assert_eq!(kept, [1, 2]);
    }

    #[tokio::test]
    async fn events_that_came_too_fast_are_counted_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let writer = Writer::open(dir.path(), SETTINGS, TODAY, |_| {}).unwrap();
        let (send, events) = broadcast::channel(2);
        for seq in 1..=10 {
            send.send(event(seq, notice())).unwrap();
        }
        let told = Mutex::new(Vec::new());
        let following = follow(events, writer, |kind| {
            told.lock().push(kind);
            send.send(event(11, Kind::Stopping)).unwrap();
        });
        following.await;
        let what = "journal events".to_owned();
        assert_eq!(*told.lock(), [Kind::Suppressed { what, n: 8 }]);
    }
}
