//! A router in another process, over WebSocket. What is said is in [`crate::model::sync`].

use super::{
    Link, Source,
    reach::{Reach, Socket, Unreached},
};
use crate::{
    clock,
    model::{
        Command, Mono, Snapshot,
        order::Role,
        sync::{FromScreen, Mirror, PROTOCOL, ToScreen},
    },
};
use arc_swap::ArcSwap;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};
use uuid::Uuid;

/// This screen's version.
const OURS: &str = env!("CARGO_PKG_VERSION");
/// A router says something each second; after so long what is shown is stale.
const STALE: Duration = Duration::from_secs(10);
/// Then the connection is given up for a new one.
const DEAD: Duration = Duration::from_secs(15);
const PING: Duration = Duration::from_secs(5);
/// Before the first new try, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Commands that wait to be sent; more are refused.
const WAITING: usize = 16;

/// A screen over a router somewhere else.
#[derive(Debug)]
pub struct Attached {
    to: String,
    /// Then its address is what people know it by, once it has said so.
    by_socket: bool,
    actor: String,
    read_only: bool,
    known: Arc<Known>,
    say: mpsc::Sender<FromScreen>,
}

/// What is known of the router.
#[derive(Debug, Default)]
struct Known {
    snapshot: ArcSwap<Snapshot>,
    line: Mutex<Line>,
}

/// The connection.
#[derive(Debug, Clone, Default)]
struct Line {
    /// When something came; none: nothing ever did.
    heard: Option<Mono>,
    begun: Mono,
    up: bool,
    /// Why it is not there.
    why: String,
    by: By,
    retry: Option<Mono>,
    version: String,
    role: Option<Role>,
    slow: bool,
}

impl Attached {
    /// And what keeps it so: to be run until the screen is gone.
    pub fn new(
        reach: Reach,
        actor: String,
        read_only: bool,
    ) -> (Self, impl Future<Output = ()> + use<>) {
        let (say, said) = mpsc::channel(WAITING);
        let known = Arc::new(Known::default());
        let line = Line {
            begun: clock::now(),
            why: "connecting".to_owned(),
            ..Line::default()
        };
        *known.line.lock() = line;
        let (to, by_socket) = (reach.to_string(), reach.is_socket());
        let work = keep(reach, Arc::clone(&known), said);
        let attached = Self {
            to,
            by_socket,
            actor,
            read_only,
            known,
            say,
        };
        (attached, work)
    }

    fn name(&self) -> String {
        let listen = &self.known.snapshot.load().listen;
        if self.by_socket && !listen.is_empty() {
            listen.clone()
        } else {
            self.to.clone()
        }
    }
}

impl Source for Attached {
    fn latest(&self) -> Arc<Snapshot> {
        self.known.snapshot.load_full()
    }

    fn send(&self, command: Command) -> Result<(), String> {
        if self.read_only() {
            return Err("this screen is read-only".to_owned());
        }
        if let Link::Lost { why, .. } = self.link() {
            return Err(format!("not attached to {}: {why}", self.name()));
        }
        let said = FromScreen::Command {
            actor: self.actor.clone(),
            command: command.to_string(),
            ticket: Uuid::now_v7(),
        };
        self.say
            .try_send(said)
            .map_err(|_| "the connection takes nothing just now; try again".to_owned())
    }

    fn label(&self) -> &'static str {
        "ATTACHED"
    }

    fn read_only(&self) -> bool {
        self.read_only || self.known.line.lock().role == Some(Role::View)
    }

    fn link(&self) -> Link {
        self.known.line.lock().told(&self.name(), clock::now())
    }
}

impl Line {
    fn end(&mut self, ended: Ended) {
        (self.up, self.slow) = (false, false);
        if (self.by, ended.by) != (By::Farewell, By::Absence) {
            (self.why, self.by) = (ended.why, ended.by);
        }
    }

    fn told(&self, to: &str, now: Mono) -> Link {
        let silent = now.since(self.heard.unwrap_or(self.begun));
        let to = to.to_owned();
        if self.up && self.heard.is_some() && silent < STALE {
            let note = self.note();
            return Link::Attached { to, note };
        }
        let why = if self.up {
            "it says nothing any more".to_owned()
        } else {
            self.why.clone()
        };
        Link::Lost {
            to,
            silent,
            why,
            retry_in: self.retry.map(|at| now.until(at)).filter(|_| !self.up),
        }
    }

    fn note(&self) -> Option<String> {
        if self.slow {
            return Some(
                "this screen is too slow: how things stand every 5 s, no history".to_owned(),
            );
        }
        (self.version != OURS)
            .then(|| format!("the router runs {}, this screen {OURS}", self.version))
    }
}

/// Why a connection ended.
struct Ended {
    why: String,
    /// It is of no use to try again at once.
    lasting: bool,
    by: By,
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum By {
    /// Nobody is there.
    Absence,
    #[default]
    Trouble,
    /// The router, which said why: that nobody is there afterwards is no news.
    Farewell,
}

impl Ended {
    fn because(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            lasting: false,
            by: By::Trouble,
        }
    }

    const fn for_long(why: String) -> Self {
        Self {
            why,
            lasting: true,
            by: By::Trouble,
        }
    }
}

/// Comes back to the router again and again, until nobody looks any more.
async fn keep(reach: Reach, known: Arc<Known>, mut said: mpsc::Receiver<FromScreen>) {
    let mut wait = FIRST_WAIT;
    loop {
        let ended = match reach
            .attach(&format!("/admin/attach?protocol={PROTOCOL}"))
            .await
        {
            Ok(socket) => {
                known.line.lock().up = true;
                let Some(ended) = session(socket, &known, &mut said).await else {
                    return;
                };
                if known.line.lock().heard.is_some() {
                    wait = FIRST_WAIT;
                }
                ended
            }
            Err(Unreached::Away { why, .. }) => Ended {
                by: By::Absence,
                ..Ended::because(why)
            },
            Err(Unreached::Shut { why, .. }) => {
                Ended::for_long(format!("not let in, {why}; see BREAKERBOX_TOKEN"))
            }
            Err(Unreached::Said(_, why)) => Ended::for_long(why),
        };
        if ended.lasting {
            wait = LONGEST_WAIT;
        }
        // So that a hundred screens do not come back in the same moment.
        let pause = wait.mul_f64(0.75 + fastrand::f64() / 2.0);
        {
            let mut line = known.line.lock();
            line.end(ended);
            line.retry = Some(clock::now() + pause);
        }
        tokio::select! {
            () = sleep(pause) => {}
            // What was said into a dead line is not said again later.
            () = drop_all(&mut said) => return,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn drop_all(said: &mut mpsc::Receiver<FromScreen>) {
    while said.recv().await.is_some() {}
}

/// Until the connection ends; none: the screen is gone.
async fn session(
    mut socket: Socket,
    known: &Known,
    said: &mut mpsc::Receiver<FromScreen>,
) -> Option<Ended> {
    let mut mirror = Mirror::default();
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let out = tokio::select! {
            heard = timeout(DEAD, socket.next()) => match heard {
                Err(_) => return Some(Ended::because(format!("nothing came for {} s", DEAD.as_secs()))),
                Ok(None) => return Some(Ended::because("the connection was closed")),
                Ok(Some(Err(e))) => return Some(Ended::because(e.to_string())),
                Ok(Some(Ok(message))) => match hear(message, known, &mut mirror) {
                    Ok(answer) => answer,
                    Err(ended) => return Some(ended),
                },
            },
            command = said.recv() => {
                let Some(command) = command else {
                    let _ = timeout(FIRST_WAIT, socket.close(None)).await;
                    return None;
                };
                Some(text(&command))
            }
            _ = ping.tick() => Some(Message::Ping(bytes::Bytes::new())),
        };
        if let Some(out) = out
            && !matches!(timeout(STALE, socket.send(out)).await, Ok(Ok(())))
        {
            return Some(Ended::because("the connection takes nothing any more"));
        }
    }
}

fn text(said: &FromScreen) -> Message {
    Message::text(serde_json::to_string(said).unwrap_or_default())
}

/// Takes in what the router said; gives what is to be answered.
fn hear(message: Message, known: &Known, mirror: &mut Mirror) -> Result<Option<Message>, Ended> {
    known.line.lock().heard = Some(clock::now());
    match message {
        Message::Text(said) => {
            let said = serde_json::from_str(&said).map_err(|e| not_understood(known, &e))?;
            return take(said, known, mirror);
        }
        Message::Close(frame) => return Err(closed(frame)),
        // Pings are answered by the library.
        Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
    }
    Ok(None)
}

fn take(said: ToScreen, known: &Known, mirror: &mut Mirror) -> Result<Option<Message>, Ended> {
    match said {
        ToScreen::Hello(hello) => {
            if hello.protocol != PROTOCOL {
                return Err(Ended::for_long(format!(
                    "the router (breakerbox {}) speaks protocol {}, this screen ({OURS}) protocol {PROTOCOL}: use the same version of both",
                    hello.version, hello.protocol
                )));
            }
            let mut line = known.line.lock();
            (line.version, line.role) = (hello.version, Some(hello.role));
        }
        ToScreen::Pace { slow } => known.line.lock().slow = slow,
        ToScreen::Update(update) => {
            if let Err(missed) = mirror.take(*update) {
                tracing::warn!(%missed, "asking for everything again");
                *mirror = Mirror::default();
                return Ok(Some(text(&FromScreen::Again)));
            }
            let snapshot = mirror.snapshot().map_err(|e| not_understood(known, &e))?;
            known.snapshot.store(Arc::new(snapshot));
        }
    }
    Ok(None)
}

fn not_understood(known: &Known, e: &serde_json::Error) -> Ended {
    let theirs = known.line.lock().version.clone();
    let why = if theirs == OURS || theirs.is_empty() {
        format!("what it says is not understood: {e}")
    } else {
        format!(
            "the router runs breakerbox {theirs}, this screen {OURS}, and they do not understand each other ({e}): use the same version of both"
        )
    };
    Ended::for_long(why)
}

fn closed(frame: Option<CloseFrame>) -> Ended {
    let why = frame
        .map(|frame| frame.reason.to_string())
        .filter(|why| !why.is_empty());
    match why {
        Some(why) => Ended {
            by: By::Farewell,
            ..Ended::because(why)
        },
        None => Ended::because("the connection was closed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::from_secs(secs)
    }

    fn up() -> Line {
        Line {
            heard: Some(at(100)),
            up: true,
            version: OURS.to_owned(),
            ..Line::default()
        }
    }

    #[test]
    fn what_says_nothing_for_ten_seconds_is_stale() {
        let attached = Link::Attached {
            to: "box".to_owned(),
            note: None,
        };
        assert_eq!(up().told("box", at(109)), attached);
        let Link::Lost { silent, why, .. } = up().told("box", at(112)) else {
            panic!()
        };
        assert_eq!((silent.as_secs(), &*why), (12, "it says nothing any more"));
    }

    #[test]
    fn a_lost_line_says_why_and_when_it_is_tried_again() {
        let line = Line {
            up: false,
            why: "no route to host".to_owned(),
            retry: Some(at(105)),
            ..up()
        };
        let lost = Link::Lost {
            to: "box".to_owned(),
            silent: Duration::from_secs(2),
            why: "no route to host".to_owned(),
            retry_in: Some(Duration::from_secs(3)),
        };
        assert_eq!(line.told("box", at(102)), lost);
    }

    #[test]
    fn why_a_router_said_farewell_is_kept_while_nobody_is_there() {
        let why = |line: &Line| match line.told("box", at(102)) {
            Link::Lost { why, .. } => why,
            other => panic!("{other:?}"),
        };
        let absent = || Ended {
            by: By::Absence,
            ..Ended::because("connection refused")
        };
        let mut line = up();
        line.end(absent());
        assert_eq!(why(&line), "connection refused");
        line.end(closed(Some(CloseFrame {
            code: 1001.into(),
            reason: "the router has stopped".into(),
        })));
        line.end(absent());
        assert_eq!(why(&line), "the router has stopped");
        line.end(Ended::because("no TLS"));
        assert_eq!(why(&line), "no TLS");
    }

    #[test]
    fn another_version_and_a_slow_screen_are_said_in_words() {
        let note = |line: Line| match line.told("box", at(101)) {
            Link::Attached { note, .. } => note.unwrap(),
            other => panic!("{other:?}"),
        };
        let other = Line {
            version: "9.9.9".to_owned(),
            ..up()
        };
        assert_eq!(
            note(other),
            format!("the router runs 9.9.9, this screen {OURS}")
        );
        assert!(note(Line { slow: true, ..up() }).contains("too slow"));
    }

    #[test]
    fn another_protocol_is_refused_in_words_that_say_what_to_do() {
        let known = Known::default();
        let hello = r#"{"message":"hello","protocol":7,"version":"9.9.9","role":"view"}"#;
        let Err(ended) = hear(Message::text(hello), &known, &mut Mirror::default()) else {
            panic!()
        };
        assert!(
            ended.lasting && ended.why.contains("protocol 7") && ended.why.contains("same version"),
            "{}",
            ended.why
        );
    }

    #[test]
    fn a_message_that_was_missed_is_answered_by_asking_for_everything() {
        let (known, mut mirror) = (Known::default(), Mirror::default());
        let third = r#"{"message":"update","n":3}"#;
        let Ok(Some(asked)) = hear(Message::text(third), &known, &mut mirror) else {
            panic!()
        };
        assert_eq!(asked.to_text().unwrap(), r#"{"message":"again"}"#);
    }
}
