//! Screens in other processes, over WebSocket: each gets what its picture of the router is missing, as fast as it takes
//! it. What is said is in [`crate::model::sync`].

use super::{
    Front, Held,
    admin::{hand_on, name, order, shown},
    operator::{Operator, Refused, TOO_FAST, refuse},
};
use crate::{
    clock,
    model::{
        Command, Kind, Mono, Snapshot,
        sync::{FromScreen, Hello, History, Mirror, PROTOCOL, ToScreen},
    },
};
use axum::{
    extract::{
        Query, State, WebSocketUpgrade,
        rejection::QueryRejection,
        ws::{CloseFrame, Message, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::Response,
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{MissedTickBehavior, interval, timeout},
};

/// Screens, and readers of events, at once.
pub(super) const SCREENS: usize = 64;
/// How soon what a person should see is sent.
const LOOK: Duration = Duration::from_millis(100);
/// How often numbers are sent.
const TICK: Duration = Duration::from_secs(1);
/// The same to a screen that is too slow.
const SLOW_TICK: Duration = Duration::from_secs(5);
/// A screen that has not taken a message after so long is too slow, and gets no more until it has.
const LATE: Duration = Duration::from_secs(3);
/// A screen that takes messages so soon is quick; after some of these it is no longer too slow.
const SOON: Duration = Duration::from_millis(500);
const QUICK: u32 = 3;
/// Then nobody is there any more.
const GONE: Duration = Duration::from_secs(30);
/// Of what a screen says.
const MOST_SAID: usize = 64 * 1024;
/// Characters of a command that nobody understands, for the events.
const SAID: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// The language that the screen speaks.
    #[serde(default)]
    protocol: Option<u32>,
}

pub(super) async fn attach(
    State(front): Held,
    operator: Operator,
    asked: Result<Query<Asked>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(e) => return refuse(StatusCode::UPGRADE_REQUIRED, &e.body_text()),
    };
    let Query(asked) = match asked {
        Ok(asked) => asked,
        Err(e) => return refuse(StatusCode::BAD_REQUEST, &e.body_text()),
    };
    if let Some(spoken) = asked.protocol.filter(|spoken| *spoken != PROTOCOL) {
        let why = format!(
            "this screen speaks protocol {spoken}, and the router (breakerbox {}) protocol {PROTOCOL}: use the same version of both",
            env!("CARGO_PKG_VERSION")
        );
        return refuse(StatusCode::BAD_REQUEST, &why);
    }
    let seat = match seat(&front) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    let screens = front.screens.clone();
    upgrade
        .max_message_size(MOST_SAID)
        .max_frame_size(MOST_SAID)
        .on_upgrade(move |socket| screens.track_future(serve(front, operator, socket, seat)))
}

/// For whoever stays.
pub(super) fn seat(front: &Front) -> Result<OwnedSemaphorePermit, Refused> {
    Arc::clone(&front.seats).try_acquire_owned().map_err(|_| {
        let why = format!("{SCREENS} screens and readers of events are there, and no more can be");
        Box::new(refuse(StatusCode::SERVICE_UNAVAILABLE, &why))
    })
}

async fn serve(front: Front, operator: Operator, socket: WebSocket, _seat: OwnedSemaphorePermit) {
    let (sink, mut said) = socket.split();
    let mut session = Session {
        front,
        operator,
        sink,
        mirror: Mirror::default(),
        pace: Pace::default(),
        sent: None,
    };
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = session.hello().await;
    while turn.is_ok() {
        turn = tokio::select! {
            _ = look.tick() => session.look().await,
            message = said.next() => match message {
                Some(Ok(message)) => session.hear(message),
                Some(Err(_)) | None => Err(End::Gone),
            },
        };
    }
    if let Err(End::Closed(code, why)) = turn {
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: why.into(),
        }));
        // Until the other side has hung up: what it still says into a closed connection would cost it the reason.
        let goodbye = async {
            session.sink.send(close).await?;
            while said.next().await.transpose()?.is_some() {}
            Ok::<_, axum::Error>(())
        };
        let _ = timeout(LATE, goodbye).await;
    }
}

/// Why it is over with a screen.
enum End {
    /// It is not there any more.
    Gone,
    Closed(u16, &'static str),
}

struct Session {
    front: Front,
    operator: Operator,
    sink: SplitSink<WebSocket, Message>,
    mirror: Mirror,
    pace: Pace,
    /// When an update was sent, and the last event in it that a person should see.
    sent: Option<(Mono, u64)>,
}

impl Session {
    async fn hello(&mut self) -> Result<(), End> {
        self.say(&ToScreen::Hello(Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            role: self.operator.role,
        }))
        .await
    }

    async fn look(&mut self) -> Result<(), End> {
        let config = self.front.router.config();
        if !self.operator.is_still_let_in(&config.control) {
            return Err(End::Closed(
                close_code::POLICY,
                "the token is not known here any more",
            ));
        }
        let now = clock::now();
        if self.pace.waited(now) > GONE {
            return Err(End::Closed(close_code::AWAY, "nothing was taken for 30 s"));
        }
        let was_slow = self.pace.slow;
        self.pace.look(now);
        if self.pace.slow && !self.pace.sent.is_empty() {
            return Ok(());
        }
        let now_so = self.front.router.bus().snapshot().load_full();
        let newest = newest(&now_so);
        if !self.is_due(now, newest) && !now_so.stopping && was_slow == self.pace.slow {
            return Ok(());
        }
        let snapshot = shown(&self.front, now_so);
        if self.pace.changed() {
            let slow = self.pace.slow;
            self.say(&ToScreen::Pace { slow }).await?;
        }
        let history = if self.pace.slow {
            History::None
        } else {
            History::All
        };
        let update = self.mirror.send(&snapshot, history).map_err(|e| {
            tracing::error!(error = %e, "a snapshot cannot be written");
            End::Closed(close_code::ERROR, "the snapshot cannot be written")
        })?;
        self.send(Message::text(update)).await?;
        self.sent = Some((now, newest));
        let n = self.pace.asked(now);
        self.send(Message::Ping(n)).await?;
        if snapshot.stopping {
            return Err(End::Closed(close_code::AWAY, "the router has stopped"));
        }
        Ok(())
    }

    fn is_due(&self, now: Mono, newest: u64) -> bool {
        let Some((at, shown)) = self.sent else {
            return true;
        };
        let tick = if self.pace.slow { SLOW_TICK } else { TICK };
        let news = !self.pace.slow && (newest > shown || !self.mirror.is_whole());
        news || now.since(at) >= tick
    }

    fn hear(&mut self, message: Message) -> Result<(), End> {
        match message {
            Message::Pong(n) => self.pace.answered(&n, clock::now()),
            Message::Text(text) => {
                let said = serde_json::from_str(&text);
                let said = said.map_err(|_| {
                    End::Closed(close_code::INVALID, "this is no message of a screen")
                })?;
                return self.obey(said);
            }
            Message::Close(_) => return Err(End::Gone),
            Message::Binary(_) | Message::Ping(_) => {}
        }
        Ok(())
    }

    /// What becomes of a command is told by its event, like everywhere.
    fn obey(&mut self, said: FromScreen) -> Result<(), End> {
        let (actor, command, ticket) = match said {
            FromScreen::Again => {
                (self.mirror, self.sent) = (Mirror::default(), None);
                return Ok(());
            }
            FromScreen::Command {
                actor,
                command,
                ticket,
            } => (actor, command, ticket),
        };
        if self.front.doorman.turn(&self.operator).is_err() {
            return Err(End::Closed(close_code::POLICY, TOO_FAST));
        }
        match Command::parse(&command) {
            Ok(command) => {
                let mut order = order(&self.operator, Some(&actor), command);
                order.ticket = Some(ticket);
                let _told = hand_on(&self.front, &self.operator, order);
            }
            Err(why) => self.front.router.bus().emit(Kind::Command {
                actor: name(&self.operator, Some(&actor)),
                command: crate::model::content::first_words(&command, SAID),
                origin: Some(self.operator.origin.clone()),
                ticket: Some(ticket),
                refused: Some(why),
            }),
        }
        Ok(())
    }

    async fn say(&mut self, what: &ToScreen) -> Result<(), End> {
        let text = serde_json::to_string(what).map_err(|_| End::Gone)?;
        self.send(Message::text(text)).await
    }

    /// While it waits nothing else is written for this screen: what a slow one costs is one message.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(GONE, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

fn newest(s: &Snapshot) -> u64 {
    s.events.back().map_or(0, |event| event.seq)
}

/// How fast a screen takes what it is sent: a ping after each update comes back when it has been taken.
#[derive(Debug, Default)]
struct Pace {
    n: u32,
    /// Not taken yet.
    sent: VecDeque<(u32, Mono)>,
    slow: bool,
    told: bool,
    quick: u32,
}

impl Pace {
    /// For how long the oldest of what was sent has not been taken.
    fn waited(&self, now: Mono) -> Duration {
        self.sent
            .front()
            .map_or(Duration::ZERO, |(_, at)| now.since(*at))
    }

    fn look(&mut self, now: Mono) {
        if self.waited(now) > LATE {
            (self.slow, self.quick) = (true, 0);
        }
    }

    /// Has the screen been told otherwise?
    fn changed(&mut self) -> bool {
        std::mem::replace(&mut self.told, self.slow) != self.slow
    }

    fn asked(&mut self, now: Mono) -> Bytes {
        self.n = self.n.wrapping_add(1);
        self.sent.push_back((self.n, now));
        Bytes::copy_from_slice(&self.n.to_be_bytes())
    }

    fn answered(&mut self, n: &[u8], now: Mono) {
        let Ok(n) = n.try_into().map(u32::from_be_bytes) else {
            return;
        };
        let Some(place) = self.sent.iter().position(|(sent, _)| *sent == n) else {
            return;
        };
        let took = self
            .sent
            .drain(..=place)
            .next_back()
            .map(|(_, at)| now.since(at));
        let soon = took.is_some_and(|took| took < SOON);
        self.quick = if soon { self.quick + 1 } else { 0 };
        self.slow &= self.quick < QUICK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Mono, ms: u64) -> Mono {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn a_screen_that_takes_nothing_is_slow_until_it_has_been_quick_three_times() {
        let start = clock::now();
        let mut pace = Pace::default();
        let first = pace.asked(start);
        pace.look(after(start, 2_000));
        assert!(!pace.slow && !pace.changed());
        pace.look(after(start, 3_001));
        assert!(pace.slow && pace.changed() && !pace.changed());
        pace.answered(&first, after(start, 4_000));
        for n in 0..3_u64 {
            assert!(pace.slow, "{n}");
            let asked = pace.asked(after(start, 5_000 + n * 5_000));
            pace.answered(&asked, after(start, 5_010 + n * 5_000));
        }
        assert!(!pace.slow && pace.changed());
    }

    #[test]
    fn an_answer_stands_for_all_that_was_sent_before_it() {
        let start = clock::now();
        let mut pace = Pace::default();
        let _lost = pace.asked(start);
        let second = pace.asked(after(start, 1_000));
        pace.answered(&second, after(start, 1_100));
        assert_eq!(pace.waited(after(start, 9_000)), Duration::ZERO);
        pace.answered(b"nonsense", start);
    }
}
