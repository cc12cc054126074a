use super::*;
use crate::{
    model::topology::{DeploymentInfo, RouteInfo, Topology},
    router::bus,
};
use std::fs;
use tokio_util::task::TaskTracker;

/// A bus with one deployment, and the keeper in front of nobody.
struct Rig {
    bus: Bus,
    orders: mpsc::Sender<Order>,
    passed_on: mpsc::Receiver<Order>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

fn started() -> Kind {
    Kind::Started {
        schema: 1,
        version: "1".to_owned(),
        listen: "x".to_owned(),
        topology: Topology {
            deployments: vec![DeploymentInfo {
                id: "p/a".into(),
                provider: "p".into(),
                dialect: crate::model::Dialect::OpenAi,
                model: "a".to_owned(),
                disabled: None,
            }],
            routes: vec![RouteInfo {
                id: "r".into(),
                tiers: vec!["p/a".into()],
            }],
            ..Topology::default()
        },
    }
}

fn rig(path: Option<PathBuf>) -> Rig {
    let (bus, hub) = bus::new();
    let tasks = TaskTracker::new();
    tasks.spawn(hub.run());
    bus.emit(started());
    let (orders, incoming) = mpsc::channel(4);
    let (next, passed_on) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let normals = Normals::open(path, bus.clone(), next);
    tasks.spawn(normals.run(incoming, stop.clone()));
    Rig {
        bus,
        orders,
        passed_on,
        stop,
        tasks,
    }
}

impl Rig {
    async fn order(&self, command: &str) {
        let order = Order::new("ana".to_owned(), Command::parse(command).unwrap());
        self.orders.send(order).await.unwrap();
    }

    /// The snapshot as soon as it is as it should be.
    async fn sees(&self, what: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let snapshot = self.bus.snapshot();
        let mut beat = tokio::time::interval(Duration::from_millis(5));
        let seen = async {
            loop {
                beat.tick().await;
                let now = snapshot.load_full();
                if what(&now) {
                    return now;
                }
            }
        };
        let within = tokio::time::timeout(Duration::from_secs(10), seen);
        within.await.expect("it should have been so by now")
    }

    async fn end(self) {
        self.stop.cancel();
        self.bus.emit(Kind::Stopping);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn said(s: &Snapshot) -> Vec<String> {
    s.events.iter().map(|e| e.line()).collect()
}

#[tokio::test]
async fn what_is_pinned_is_shown_and_there_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = path(dir.path(), false);
    let first = rig(Some(file.clone()));
    first.sees(|s| s.seq > 0).await;
    first.order("normal pin").await;
    let s = first.sees(|s| !s.normal.is_empty()).await;
    assert!(
        said(&s)
            .iter()
            .any(|line| line.contains("ana") && line.contains("normal pin")),
        "{:?}",
        said(&s)
    );
    first.end().await;
    let second = rig(Some(file));
    let again = second.sees(|s| !s.normal.is_empty()).await;
    assert_eq!(again.normal, s.normal);
    second.order("normal unpin").await;
    second.sees(|s| s.normal.is_empty()).await;
    second.order("normal unpin").await;
    let refused = |line: &String| line.contains("nothing is pinned");
    second.sees(|s| said(s).iter().any(refused)).await;
    second.end().await;
}

#[tokio::test]
async fn a_torn_file_is_put_aside_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = path(dir.path(), true);
    fs::write(&file, "{\"version\":1,\"deploy").unwrap();
    let rig = rig(Some(file.clone()));
    let told = |line: &String| line.contains("put aside as") && line.contains("learned anew");
    rig.sees(|s| said(s).iter().any(told)).await;
    assert!(dir.path().join("normal-simulated.json.old").exists());
    rig.order("normal pin").await;
    rig.sees(|s| !s.normal.is_empty()).await;
    rig.end().await;
    assert!(Kept::parse(&fs::read(file).unwrap()).is_ok());
}

#[tokio::test]
async fn where_nothing_can_be_written_it_goes_on_and_says_so_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let rig = rig(Some(dir.path().join("file/normal.json")));
    rig.sees(|s| s.seq > 0).await;
    rig.order("normal pin").await;
    rig.sees(|s| !s.normal.is_empty()).await;
    let s = rig
        .sees(|s| said(s).iter().any(|l| l.contains("learned anew")))
        .await;
    let complaints = said(&s);
    assert_eq!(
        complaints
            .iter()
            .filter(|l| l.contains("normal.json"))
            .count(),
        1,
        "{complaints:?}"
    );
    rig.end().await;
}

#[tokio::test]
async fn other_orders_are_passed_on() {
    let mut rig = rig(None);
    rig.order("release p/a").await;
    let order = rig.passed_on.recv().await.expect("it is passed on");
    assert_eq!(order.command.to_string(), "release p/a");
    rig.end().await;
}

mod hours;
