//! A screen in another process: it shows what the router shows, it comes back, and it never holds the router up.

use super::{
    rig::{Rig, openai_tiers},
    upstream::{Upstream, json, openai},
    wire::{State, Wire},
};
use breakerbox::{
    front::{self, Socket},
    model::{Command, Kind, Snapshot, order::Origin, snapshot::Shown, sync::PROTOCOL},
    source::{Link, Source, attach::Attached, reach::Reach},
};
use futures_util::{SinkExt, StreamExt};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

const NO: &str = r#"{"error":{"message":"boom","type":"server_error","code":null}}"#;
/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(20);

struct Screen {
    source: Attached,
    _work: JoinSet<()>,
}

impl Screen {
    fn on(to: SocketAddr) -> Self {
        Self::with(to, None)
    }

    fn with(to: SocketAddr, token: Option<&str>) -> Self {
        let token = token.map(|token| token.to_owned().into());
        Self::over(Reach::new(Some(&to.to_string()), token.as_ref(), None).expect("an address"))
    }

    fn over(reach: Reach) -> Self {
        let (source, task) = Attached::new(reach, "test".to_owned(), false);
        let mut work = JoinSet::new();
        work.spawn(task);
        Self {
            source,
            _work: work,
        }
    }

    async fn until(&self, what: &str, is: impl Fn(&Attached) -> bool) {
        let deadline = Instant::now() + SOON;
        while !is(&self.source) {
            assert!(
                Instant::now() < deadline,
                "not in time: {what}: {:?}",
                self.source.link()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Until it shows what the router shows, but for the time.
    async fn is_up_to(&self, rig: &Rig) {
        let of = |s: Arc<Snapshot>| Snapshot {
            at: rig.snapshot().at,
            ..Snapshot::clone(&s).without_content()
        };
        self.until("the router's own numbers", |s| {
            s.latest().seq > 0 && of(s.latest()) == of(rig.snapshot())
        })
        .await;
    }
}

fn is_attached(source: &Attached) -> bool {
    matches!(source.link(), Link::Attached { .. })
}

async fn tiers() -> (Upstream, Upstream, String) {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let toml = openai_tiers(&[&a, &b]);
    (a, b, toml)
}

#[tokio::test]
async fn several_screens_show_what_the_router_shows_to_the_last_digit() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let first = Screen::on(rig.addr);
    first.is_up_to(&rig).await;
    for _ in 0..5 {
        assert_eq!(rig.ask("hello").await.status(), 200);
    }
    let second = Screen::on(rig.addr);
    rig.until("a request", |s| s.totals.fallback == 5).await;
    first.is_up_to(&rig).await;
    second.is_up_to(&rig).await;
    let shown = second.source.latest();
    assert!(shown.deployments[0].errors_5m.bad > 0 && !shown.requests.is_empty());
    assert_eq!(first.source.label(), "ATTACHED");
    assert!(!first.source.read_only());
}

#[tokio::test]
async fn a_command_is_carried_out_and_every_screen_sees_by_whom_and_from_where() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let (giver, other) = (Screen::on(rig.addr), Screen::on(rig.addr));
    giver.until("attached", is_attached).await;
    let command = Command::parse("force a/m-a open --for 5m --why test").unwrap();
    giver.source.send(command.clone()).unwrap();
    let is_forced = |s: &Attached| {
        s.latest()
            .deployments
            .first()
            .is_some_and(|d| d.shown() == Shown::ForcedOpen)
    };
    giver.until("the force", is_forced).await;
    other.until("the force", is_forced).await;
    let shown = other.source.latest();
    let told = shown.events.iter().find_map(|e| match &e.kind {
        Kind::Command {
            actor,
            command,
            origin,
            ticket,
            refused: None,
        } => Some((
            actor.clone(),
            command.clone(),
            origin.clone(),
            ticket.is_some(),
        )),
        _ => None,
    });
    let from = Origin::Net {
        from: "127.0.0.1".to_owned(),
        token: None,
    };
    assert_eq!(
        told,
        Some(("test".to_owned(), command.to_string(), Some(from), true))
    );
}

#[tokio::test]
async fn a_screen_with_a_token_that_may_look_is_read_only() {
    let (_a, _b, toml) = tiers().await;
    let toml =
        format!("{toml}[[control.tokens]]\nname = \"wall\"\ntoken = \"a-token-for-the-wall\"\n");
    let rig = Rig::start(&toml).await;
    let screen = Screen::with(rig.addr, Some("a-token-for-the-wall"));
    screen.until("attached", is_attached).await;
    assert!(screen.source.read_only());
    let refused = screen
        .source
        .send(Command::parse("fault clear all").unwrap())
        .unwrap_err();
    assert_eq!(refused, "this screen is read-only");
    let without = Screen::on(rig.addr);
    let is_shut =
        |s: &Attached| matches!(s.link(), Link::Lost { why, .. } if why.contains("not let in"));
    without.until("refused", is_shut).await;
    assert_eq!(without.source.latest().seq, 0);
}

#[tokio::test]
async fn a_screen_that_lost_the_router_keeps_the_last_state_says_why_and_comes_back() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let wire = Wire::to(rig.addr).await;
    let screen = Screen::on(wire.addr);
    screen.is_up_to(&rig).await;
    wire.is(State::Cut);
    screen
        .until("lost", |s| {
            matches!(
                s.link(),
                Link::Lost {
                    retry_in: Some(_),
                    ..
                }
            )
        })
        .await;
    assert_eq!(rig.ask("while nobody looks").await.status(), 200);
    assert_eq!(screen.source.latest().totals.fallback, 0);
    let refused = screen
        .source
        .send(Command::parse("fault clear all").unwrap())
        .unwrap_err();
    assert!(refused.starts_with("not attached to"), "{refused}");
    wire.is(State::Whole);
    screen.until("attached", is_attached).await;
    rig.until("the request", |s| s.totals.fallback == 1).await;
    screen.is_up_to(&rig).await;
}

#[tokio::test]
async fn a_screen_that_takes_nothing_costs_nobody_anything_and_is_told_that_it_was_too_slow() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let wire = Wire::to(rig.addr).await;
    let (slow, quick) = (Screen::on(wire.addr), Screen::on(rig.addr));
    slow.is_up_to(&rig).await;
    wire.is(State::Still);
    // Longer than it is waited for, and shorter than what makes a connection dead.
    sleep(Duration::from_secs(5)).await;
    assert_eq!(rig.ask("hello").await.status(), 200);
    rig.until("the request", |s| s.totals.fallback == 1).await;
    quick.is_up_to(&rig).await;
    assert_eq!(slow.source.latest().totals.fallback, 0);
    wire.is(State::Whole);
    let is_told = |s: &Attached| matches!(s.link(), Link::Attached { note: Some(note), .. } if note.contains("too slow"));
    slow.until("told that it was too slow", is_told).await;
    slow.is_up_to(&rig).await;
}

#[tokio::test]
async fn a_router_that_speaks_another_protocol_says_so_and_so_does_the_screen() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let reach = Reach::new(Some(&rig.addr.to_string()), None, None).unwrap();
    let refused = reach
        .attach("/admin/attach?protocol=99")
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    let ours = format!("protocol {PROTOCOL}");
    assert!(
        refused.contains("protocol 99")
            && refused.contains(&ours)
            && refused.contains("same version"),
        "{refused}"
    );

    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let screen = Screen::on(listener.local_addr().unwrap());
    let (stream, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    let mut router = tokio_tungstenite::accept_async(stream).await.unwrap();
    let hello = r#"{"message":"hello","protocol":99,"version":"9.9.9","role":"control"}"#;
    router.send(Message::text(hello)).await.unwrap();
    let says = |s: &Attached| matches!(s.link(), Link::Lost { why, .. } if why.contains("breakerbox 9.9.9") && why.contains("same version"));
    screen.until("said in words", says).await;
}

#[tokio::test]
async fn a_message_that_is_lost_on_the_way_is_asked_for_again() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let reach = Reach::new(Some(&rig.addr.to_string()), None, None).unwrap();
    let mut router = reach.attach("/admin/attach").await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let screen = Screen::on(listener.local_addr().unwrap());
    let (stream, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    let mut between = tokio_tungstenite::accept_async(stream).await.unwrap();
    let mut updates = 0;
    let mut asked = false;
    let deadline = Instant::now() + SOON;
    while !asked || screen.source.latest().seq < rig.snapshot().seq {
        assert!(Instant::now() < deadline, "never healed");
        tokio::select! {
            Some(Ok(said)) = router.next() => {
                updates += u32::from(said.is_text());
                // The hello is the first, and the second update is lost.
                if updates != 3 || !said.is_text() {
                    between.send(said).await.unwrap();
                }
            }
            Some(Ok(said)) = between.next() => {
                asked |= said.to_text().is_ok_and(|text| text.contains("again"));
                router.send(said).await.unwrap();
            }
            () = sleep(Duration::from_millis(50)) => {}
        }
    }
    assert!(is_attached(&screen.source));
}

#[tokio::test]
async fn a_router_that_stops_says_so_to_its_screens() {
    let (_a, _b, toml) = tiers().await;
    let rig = Rig::start(&toml).await;
    let screen = Screen::on(rig.addr);
    screen.is_up_to(&rig).await;
    rig.bus.emit(Kind::Stopping);
    let says =
        |s: &Attached| matches!(s.link(), Link::Lost { why, .. } if why.contains("has stopped"));
    screen.until("told", says).await;
    assert!(screen.source.latest().stopping);
}

/// A router with a socket in a directory, as on one machine.
struct Here {
    rig: Rig,
    stop: CancellationToken,
    serving: JoinSet<()>,
}

impl Here {
    async fn runs(dir: &Path, port: u16) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (_a, _b, toml) = tiers().await;
        let rig = Rig::start(&toml).await;
        let socket = Socket::bind(&dir.join(format!("{port}.sock"))).unwrap();
        let (stop, app) = (
            CancellationToken::new(),
            front::socket_app(rig.front.clone()),
        );
        let mut serving = JoinSet::new();
        serving.spawn(socket.serve(app, SOON, Duration::ZERO, stop.clone()));
        Self { rig, stop, serving }
    }

    async fn ends(mut self) {
        self.rig.bus.emit(Kind::Stopping);
        self.stop.cancel();
        self.serving.join_next().await;
    }

    fn is_shown(&self, screen: &Attached) -> bool {
        is_attached(screen) && screen.latest().listen == self.rig.addr.to_string()
    }
}

#[tokio::test]
async fn a_screen_that_named_no_router_takes_the_only_other_one_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let first = Here::runs(dir.path(), 4777).await;
    let screen = Screen::over(Reach::new(None, None, Some(dir.path())).unwrap());
    screen.until("the first", |s| first.is_shown(s)).await;
    let gone = first.rig.addr.to_string();
    first.ends().await;
    let says = |s: &Attached| matches!(s.link(), Link::Lost { to, why, .. } if to == gone && why.contains("has stopped"));
    screen.until("told", says).await;
    let second = Here::runs(dir.path(), 4800).await;
    screen.until("the second", |s| second.is_shown(s)).await;
    let Link::Attached {
        to,
        note: Some(note),
    } = screen.source.link()
    else {
        panic!("{:?}", screen.source.link())
    };
    assert_eq!(to, second.rig.addr.to_string());
    assert!(
        note.starts_with(&format!("{gone} is gone")) && note.contains(&to),
        "{note}"
    );
    // And a command goes to the one that is shown.
    screen
        .source
        .send(Command::parse("force a/m-a open --for 5m").unwrap())
        .unwrap();
    let is_forced = |s: &Snapshot| s.deployments[0].shown() == Shown::ForcedOpen;
    second.rig.until("the force", is_forced).await;
}

#[tokio::test]
async fn of_several_other_routers_a_screen_takes_none_and_says_which_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let first = Here::runs(dir.path(), 4777).await;
    let screen = Screen::over(Reach::new(None, None, Some(dir.path())).unwrap());
    screen.until("the first", |s| first.is_shown(s)).await;
    let shown = first.rig.addr.to_string();
    let second = Here::runs(dir.path(), 4800).await;
    let third = Here::runs(dir.path(), 4141).await;
    first.ends().await;
    let says = |s: &Attached| matches!(s.link(), Link::Lost { why, .. } if why.contains("several routers run here: 4141, 4800"));
    screen.until("told", says).await;
    assert_eq!(screen.source.latest().listen, shown, "the last state stays");
    second.ends().await;
    screen
        .until("the only one left", |s| third.is_shown(s))
        .await;
}
