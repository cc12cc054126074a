//! Keeps a journal of a running router: every event from the broadcast goes to the [`Writer`], which sees by the numbers
//! what was lost on the way.

use super::Writer;
use crate::model::{Event, Kind};
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Records until the run ends, and closes the file.
pub async fn follow(mut events: Receiver<Arc<Event>>, writer: Writer) {
    loop {
        match events.recv().await {
            Ok(event) => {
                let over = matches!(event.kind, Kind::Stopping);
                writer.append(event);
                if over {
                    break;
                }
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => break,
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
        model::{Snapshot, Wall, event::Level},
    };
    use std::{sync::mpsc, time::Duration};
    use tokio::sync::broadcast;

    const TODAY: Wall = Wall(1_700_000_000_000);
    const SETTINGS: Settings = Settings {
        file_bytes: 1 << 20,
        keep: Duration::from_hours(24),
        content: true,
        retry: Settings::RETRY,
    };

    fn nobody() -> Arc<Snapshot> {
        Arc::default()
    }

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
        let writer = Writer::open(dir.path(), SETTINGS, TODAY, nobody, |_| {}).unwrap();
        let file = writer.status().path;
        let (send, events) = broadcast::channel(16);
        for (seq, kind) in [(1, notice()), (2, Kind::Stopping), (3, notice())] {
            send.send(event(seq, kind)).unwrap();
        }
        follow(events, writer).await;
        let kept: Vec<_> = Reader::open(&file)
            .unwrap()
            .map(|event| event.unwrap().seq)
            .collect();
        assert_eq!(kept, [1, 2]);
    }

    #[tokio::test]
    async fn events_that_came_too_fast_are_counted_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let (say, told) = mpsc::channel();
        let tell = move |kind| say.send(kind).unwrap();
        let writer = Writer::open(dir.path(), SETTINGS, TODAY, nobody, tell).unwrap();
        let (send, events) = broadcast::channel(2);
        for seq in 1..=10 {
            send.send(event(seq, notice())).unwrap();
        }
        let heard = async move {
            let heard = tokio::task::spawn_blocking(move || told.recv().unwrap());
            let again = Kind::Journal {
                stopped: None,
                missed: 8,
            };
            assert_eq!(heard.await.unwrap(), again);
            drop(send);
        };
        tokio::join!(follow(events, writer), heard);
    }
}
