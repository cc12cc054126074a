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
        time::duration_text,
    },
};
use arc_swap::ArcSwap;
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at},
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
const USUAL: Pace = Pace {
    ping: PING,
    dead: DEAD,
};
/// Before the first new try, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Commands that wait to be sent; more are refused.
const WAITING: usize = 16;

/// A screen over a router somewhere else.
#[derive(Debug)]
pub struct Attached {
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
    to: String,
    /// Then its address is what people know it by, once it has said so.
    by_socket: bool,
    /// In place of which other router this one is shown.
    instead_of: Option<String>,
    /// When something came; none: nothing ever did.
    heard: Option<Mono>,
    begun: Mono,
    /// What is shown came over it.
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
            to: reach.to_string(),
            by_socket: reach.is_socket(),
            begun: clock::now(),
            why: "connecting".to_owned(),
            ..Line::default()
        };
        *known.line.lock() = line;
        let work = keep(reach, Arc::clone(&known), said);
        let attached = Self {
            actor,
            read_only,
            known,
            say,
        };
        (attached, work)
    }
}

impl Known {
    /// Of the router that is shown.
    fn name(&self) -> String {
        let listen = &self.snapshot.load().listen;
        let line = self.line.lock();
        if line.by_socket && !listen.is_empty() {
            listen.clone()
        } else {
            line.to.clone()
        }
    }

    /// Another router is attached to from now on.
    fn moved(&self, reach: &Reach) {
        let before = self.name();
        tracing::warn!(%before, now = %reach, "another router");
        let mut line = self.line.lock();
        if line.heard.is_some() {
            line.instead_of = Some(before);
        }
        (line.to, line.by_socket) = (reach.to_string(), reach.is_socket());
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
            return Err(format!("not attached to {}: {why}", self.known.name()));
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
        let name = self.known.name();
        self.known.line.lock().told(&name, clock::now())
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
        if self.up && silent < STALE {
            let note = self.note(&to);
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

    fn note(&self, to: &str) -> Option<String> {
        if self.slow {
            return Some(
                "this screen is too slow: how things stand every 5 s, no history".to_owned(),
            );
        }
        // It may be on the same port again.
        if let Some(before) = self.instead_of.as_ref().filter(|before| *before != to) {
            return Some(format!(
                "{before} is gone: this is another router, {to}, the only one that runs here"
            ));
        }
        (self.version != OURS)
            .then(|| format!("the router runs {}, this screen {OURS}", self.version))
    }
}

/// Why a connection ended.
struct Ended {
    why: String,
    /// It is of no use to try again sooner.
    wait: Option<Duration>,
    by: By,
}

impl From<Unreached> for Ended {
    fn from(e: Unreached) -> Self {
        match e {
            Unreached::Away { why, .. } => Self {
                by: By::Absence,
                ..Self::because(why)
            },
            Unreached::Shut { why, again, .. } => Self {
                wait: Some(again.unwrap_or(LONGEST_WAIT)),
                ..Self::because(format!("not let in, {why}; see BREAKERBOX_TOKEN"))
            },
            Unreached::Said(said) => Self {
                wait: Some(said.again.unwrap_or(LONGEST_WAIT)),
                ..Self::because(said.why)
            },
        }
    }
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
            wait: None,
            by: By::Trouble,
        }
    }

    fn for_long(why: impl Into<String>) -> Self {
        Self {
            wait: Some(LONGEST_WAIT),
            ..Self::because(why)
        }
    }
}

/// Comes back to the router again and again, until nobody looks any more.
async fn keep(mut reach: Reach, known: Arc<Known>, mut said: mpsc::Receiver<FromScreen>) {
    let mut wait = FIRST_WAIT;
    loop {
        let ended = match open(&mut reach, &known).await {
            Ok(socket) => {
                let Some(ended) = session(socket, &known, &mut said, USUAL).await else {
                    return;
                };
                if known.line.lock().up {
                    wait = FIRST_WAIT;
                }
                ended
            }
            Err(ended) => ended,
        };
        wait = ended.wait.unwrap_or(wait);
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

/// A connection to the router that is meant. Where the one that was meant is gone another may be, on this machine.
async fn open(reach: &mut Reach, known: &Known) -> Result<Socket, Ended> {
    let path = format!("/admin/attach?protocol={PROTOCOL}");
    let failed = match reach.attach(&path).await {
        Ok(socket) => return Ok(socket),
        Err(e) => e,
    };
    match (reach.look_again(), failed) {
        (Ok(true), _) => {
            known.moved(reach);
            reach.attach(&path).await.map_err(Ended::from)
        }
        (Err(which), Unreached::Away { why, .. }) => Err(Ended::because(format!("{why}; {which}"))),
        (_, failed) => Err(failed.into()),
    }
}

async fn drop_all(said: &mut mpsc::Receiver<FromScreen>) {
    while said.recv().await.is_some() {}
}

/// How often something is said, and for how long nothing may be heard.
#[derive(Debug, Clone, Copy)]
struct Pace {
    ping: Duration,
    dead: Duration,
}

/// Until the connection ends; none: the screen is gone.
async fn session(
    mut socket: Socket,
    known: &Known,
    said: &mut mpsc::Receiver<FromScreen>,
    pace: Pace,
) -> Option<Ended> {
    let mut mirror = Mirror::default();
    let mut ping = interval(pace.ping);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut dead_at = Instant::now() + pace.dead;
    loop {
        let out = tokio::select! {
            heard = timeout_at(dead_at, socket.next()) => match heard {
                Err(_) => return Some(Ended::because(format!("nothing came for {}", duration_text(pace.dead)))),
                Ok(None) => return Some(Ended::because("the connection was closed")),
                Ok(Some(Err(e))) => return Some(Ended::because(e.to_string())),
                Ok(Some(Ok(message))) => {
                    dead_at = Instant::now() + pace.dead;
                    match hear(message, known, &mut mirror) {
                        Ok(answer) => answer,
                        Err(ended) => return Some(ended),
                    }
                }
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
            known.line.lock().up = true;
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
    use crate::source::reach::Io;
    use tokio_tungstenite::tungstenite::protocol;

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
        let another = Line {
            instead_of: Some("old".to_owned()),
            ..up()
        };
        assert_eq!(
            note(another),
            "old is gone: this is another router, box, the only one that runs here"
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
            ended.wait == Some(LONGEST_WAIT)
                && ended.why.contains("protocol 7")
                && ended.why.contains("same version"),
            "{}",
            ended.why
        );
    }

    #[tokio::test]
    async fn a_router_that_says_nothing_is_given_up_however_much_it_takes() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        let ours: Box<dyn Io> = Box::new(ours);
        let socket = Socket::from_raw_socket(ours, protocol::Role::Client, None).await;
        let (_say, mut said) = mpsc::channel(1);
        let known = Known::default();
        let often = Pace {
            ping: Duration::from_millis(20),
            dead: Duration::from_millis(200),
        };
        let mut taken = tokio::io::sink();
        let ended = tokio::select! {
            ended = timeout(DEAD, session(socket, &known, &mut said, often)) => ended.unwrap(),
            e = tokio::io::copy(&mut theirs, &mut taken) => panic!("{e:?}"),
        };
        assert_eq!(ended.unwrap().why, "nothing came for 200ms");
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
