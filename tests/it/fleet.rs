//! Replicas that share through a real Redis.

use super::{
    rig::{Rig, SOON, openai_tiers},
    upstream::{Upstream, json, openai},
};
use breakerbox::model::{ForceKind, Kind, Phase, Reason, Snapshot, event::Level};
use rustix::process::{Pid, Signal};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

const REFUSAL: &str =
    r#"{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}"#;
const SECOND: Duration = Duration::from_secs(1);

/// A server of this test's own, in memory.
struct Redis {
    addr: SocketAddr,
    server: Child,
}

impl Redis {
    /// None, and a line that says so, where there is no such program.
    async fn start() -> Option<Self> {
        Self::with("").await
    }

    /// An empty password is none.
    async fn with(password: &str) -> Option<Self> {
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let addr = free.local_addr().expect("it has an address");
        drop(free);
        match serve(addr, password) {
            Ok(server) => {
                let redis = Self { addr, server };
                redis.answers().await;
                Some(redis)
            }
            Err(why) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
                panic!("redis-server does not start: {why}")
            }
            Err(why) => {
                eprintln!("skipped: redis-server does not start: {why}");
                None
            }
        }
    }

    async fn answers(&self) {
        let deadline = tokio::time::Instant::now() + SOON;
        while TcpStream::connect(self.addr).is_err() {
            assert!(
                tokio::time::Instant::now() < deadline,
                "redis-server listens"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn kill(&mut self) {
        self.server.kill().expect("it runs");
        self.server.wait().expect("it ends");
    }

    async fn restart(&mut self) {
        self.server = serve(self.addr, "").expect("it started before");
        self.answers().await;
    }

    /// A replica over one upstream that answers and another that does as it is told.
    async fn replica(&self, name: &str, first: &Upstream, second: &Upstream) -> Rig {
        Rig::start(&self.toml(name, &[first, second])).await
    }

    fn toml(&self, name: &str, upstreams: &[&Upstream]) -> String {
        format!(
            "{}[fleet]\nredis = \"redis://{}/0\"\nreplica = \"{name}\"\n",
            openai_tiers(upstreams),
            self.addr
        )
    }

    /// Stops answering (or goes on), with every connection open.
    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.server);
        rustix::process::kill_process(pid, signal).expect("it runs");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn serve(addr: SocketAddr, password: &str) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args(["--port", &addr.port().to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir", "/tmp"])
        .args(["--requirepass", password])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

async fn healthy() -> (Upstream, Upstream) {
    (
        Upstream::start(vec![openai("m-a", "A")]).await,
        Upstream::start(vec![openai("m-b", "B")]).await,
    )
}

/// Whether this replica sees that other one.
fn sees(peer: &str) -> impl Fn(&Snapshot) -> bool {
    move |s| {
        s.fleet
            .as_ref()
            .is_some_and(|f| f.reachable && f.peers.iter().any(|p| p == peer))
    }
}

fn forced(s: &Snapshot) -> Option<&breakerbox::model::Force> {
    s.deployment("a/m-a")?.force.as_ref()
}

fn open(s: &Snapshot) -> bool {
    s.deployment("a/m-a")
        .is_some_and(|d| d.phase == Phase::Open)
}

async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| panic!("not within {limit:?}: {what}"))
}

#[tokio::test]
async fn what_an_operator_does_at_one_replica_holds_at_the_other_within_a_second() {
    let Some(redis) = Redis::start().await else {
        return;
    };
    let (a, b) = healthy().await;
    let mut one = redis.replica("one", &a, &b).await;
    let two = redis.replica("two", &a, &b).await;
    one.until("they know each other", sees("two")).await;
    two.until("they know each other", sees("one")).await;

    one.done("force a/m-a open --for 10m --why 'it lies'").await;
    let there = two.until("the force", |s| forced(s).is_some());
    let there = within(SECOND, "the force", there).await;
    let force = forced(&there).unwrap();
    let here = one.until("the force", |s| forced(s).is_some()).await;
    assert_eq!(
        (force.kind, &*force.who, &*force.why),
        (ForceKind::Open, "test@one", "it lies")
    );
    assert_eq!(forced(&here).unwrap().who, "test", "at home nothing echoes");
    assert_eq!(forced(&here).unwrap().until, force.until);

    one.done("rung3 on r --for 5m --why dark").await;
    let on = two.until("rung 3", |s| s.routes.iter().any(|r| r.rung3.is_some()));
    within(SECOND, "rung 3", on).await;
    one.done("rung3 off r").await;
    let off = two.until("no rung 3", |s| s.routes.iter().all(|r| r.rung3.is_none()));
    within(SECOND, "no rung 3", off).await;

    // And the way back, from the other side.
    let mut two = two;
    two.done("release a/m-a").await;
    let free = one.until("the release", |s| forced(s).is_none());
    within(SECOND, "the release", free).await;
}

#[tokio::test]
async fn a_breaker_that_trips_at_one_replica_opens_at_the_other_and_a_late_one_learns_of_it() {
    let Some(redis) = Redis::start().await else {
        return;
    };
    let (a, b) = healthy().await;
    let refuses = Upstream::start(vec![json(401, &[], REFUSAL)]).await;
    let one = redis.replica("one", &refuses, &b).await;
    let two = redis.replica("two", &a, &b).await;
    two.until("they know each other", sees("one")).await;

    one.ask("trip").await;
    let there = within(SECOND, "the trip", two.until("the trip", open)).await;
    let reason = there.deployment("a/m-a").unwrap().reason.clone().unwrap();
    let Reason::Fleet { replica, cause } = &reason else {
        panic!("{reason:?}");
    };
    assert_eq!(replica, "one");
    assert!(cause.contains("invalid_api_key"), "{cause}");

    let three = redis.replica("three", &a, &b).await;
    within(SECOND, "what was before", three.until("the trip", open)).await;
    two.ask("x").await;
    assert_eq!(a.asked().len(), 0, "nobody calls what one of them saw fail");
}

#[tokio::test]
async fn a_trip_of_a_rehearsal_stays_at_home() {
    let Some(redis) = Redis::start().await else {
        return;
    };
    let (a, b) = healthy().await;
    let mut one = redis.replica("one", &a, &b).await;
    let two = redis.replica("two", &a, &b).await;
    two.until("they know each other", sees("one")).await;
    one.done("fault add a/m-a status=401").await;
    let opened = one.until("a trip", open);
    let ((), _) = tokio::join!(
        async {
            for _ in 0..8 {
                one.ask("trip").await;
            }
        },
        opened
    );
    // Later than the trip, by the same way: so the trip would have been there.
    one.done("force b/m-b observe").await;
    let s = two
        .until("the force", |s| {
            s.deployment("b/m-b").unwrap().force.is_some()
        })
        .await;
    assert_eq!(s.deployment("a/m-a").unwrap().phase, Phase::Closed);
}

#[tokio::test]
async fn without_redis_each_goes_on_alone_and_what_was_done_meanwhile_is_shared_when_it_is_back() {
    let Some(mut redis) = Redis::start().await else {
        return;
    };
    let (a, b) = healthy().await;
    let mut one = redis.replica("one", &a, &b).await;
    let mut two = redis.replica("two", &a, &b).await;
    one.until("they know each other", sees("two")).await;
    two.until("they know each other", sees("one")).await;
    one.done("force b/m-b observe --for 10m").await;
    two.until("the force", |s| {
        s.deployment("b/m-b").unwrap().force.is_some()
    })
    .await;

    redis.kill();
    for rig in [&mut one, &mut two] {
        let notice = rig
            .event(|k| matches!(k, Kind::Notice { text, .. } if text.starts_with("fleet:")))
            .await;
        assert!(
            notice.line().contains("unreachable: this replica only"),
            "{notice:?}"
        );
        let alone = rig
            .until("alone", |s| s.fleet.as_ref().is_some_and(|f| !f.reachable))
            .await;
        assert!(forced(&alone).is_none());
    }
    assert_eq!(one.ask("x").await.status(), 200);
    one.done("force a/m-a open --for 10m").await;
    one.until("here at once", |s| forced(s).is_some()).await;
    assert!(forced(&two.snapshot()).is_none());

    redis.restart().await;
    let back = two.until("shared when it is back", |s| forced(s).is_some());
    within(2 * SECOND, "shared when it is back", back).await;
    two.event(|k| {
        matches!(k, Kind::Notice { level: Level::Good, text } if text.contains("Redis is back"))
    })
    .await;
    // The server came back empty: what was told before is told to those who come now.
    let three = redis.replica("three", &a, &b).await;
    three
        .until("all of it", |s| {
            s.deployments.iter().all(|d| d.force.is_some())
        })
        .await;
}

#[tokio::test]
async fn a_redis_that_hangs_counts_as_away_and_holds_up_neither_a_request_nor_an_order() {
    let Some(redis) = Redis::start().await else {
        return;
    };
    let (a, b) = healthy().await;
    let mut one = redis.replica("one", &a, &b).await;
    let two = redis.replica("two", &a, &b).await;
    one.until("they know each other", sees("two")).await;
    redis.signal(Signal::STOP);
    one.order("force a/m-a open");
    let here = one.until("the force", |s| forced(s).is_some());
    within(SECOND / 2, "an order", here).await;
    let answer = within(SECOND / 2, "a request", one.ask("x")).await;
    assert_eq!(answer.status(), 200);
    one.event(|k| matches!(k, Kind::Notice { text, .. } if text.contains("this replica only")))
        .await;
    redis.signal(Signal::CONT);
    two.until("shared when it goes on", |s| forced(s).is_some())
        .await;
}

#[tokio::test]
async fn what_was_told_of_a_deployment_that_is_not_here_yet_holds_when_a_reload_brings_it() {
    let Some(redis) = Redis::start().await else {
        return;
    };
    let (a, b) = healthy().await;
    let mut new = redis.replica("new", &b, &a).await;
    let mut old = Rig::start(&redis.toml("old", &[&b])).await;
    old.until("they know each other", sees("new")).await;
    new.done("force b/m-b open").await;
    new.done("force a/m-a observe").await;
    old.until("the force on what it knows", |s| forced(s).is_some())
        .await;
    old.reload(&redis.toml("old", &[&b, &a]));
    old.event(|k| matches!(k, Kind::Forced { deployment, .. } if &**deployment == "b/m-b"))
        .await;
}

#[tokio::test]
async fn a_wrong_password_is_said_without_repeating_it_and_the_right_one_opens() {
    let Some(redis) = Redis::with("right-4711").await else {
        return;
    };
    let (a, b) = healthy().await;
    let with = |name, password| {
        let toml = redis.toml(name, &[&a, &b]);
        format!("{toml}password = \"{password}\"\n")
    };
    let mut wrong = Rig::start(&with("one", "wrong-4712")).await;
    let notice = wrong
        .event(|k| matches!(k, Kind::Notice { text, .. } if text.contains("unreachable")))
        .await;
    let line = notice.line();
    assert!(!line.contains("4712"), "{line}");
    assert!(
        line.contains(&format!("redis://{}/0", redis.addr)),
        "{line}"
    );
    assert!(line.to_lowercase().contains("password"), "{line}");
    let right = Rig::start(&with("two", "right-4711")).await;
    right
        .until("it shares", |s| {
            s.fleet.as_ref().is_some_and(|f| f.reachable)
        })
        .await;
}
