//! Hours of traffic, second by second, at a time that is passed in; everything but the timers is as it runs.

use super::*;
use crate::model::{
    Event, State, Wall,
    event::{Bucket, Exchanges},
    normal::{Measure, Origin},
    series::Latency,
};
use tokio::sync::broadcast::Receiver;

/// Tuesday 2026-03-10, 13:00 UTC, the 38th hour of its week.
const ONE: u64 = 1_773_147_600;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const WEEK: u64 = 168 * HOUR;
/// How often a process looks. Seconds in between bring events all the same.
const LOOKS_EVERY: u64 = 10;

/// A process that keeps what is normal in this file.
struct Process {
    normals: Normals,
    state: State,
    told: Receiver<Arc<Event>>,
    tasks: TaskTracker,
}

impl Process {
    fn start(file: &Path, at: u64) -> Self {
        let (bus, hub) = bus::new();
        let told = bus.subscribe();
        let tasks = TaskTracker::new();
        tasks.spawn(hub.run());
        let (nobody, _) = mpsc::channel(1);
        let mut normals = Normals::open(Some(file.to_owned()), bus, nobody);
        // In the place of the hub's own, which goes by the clock on the wall.
        normals.snapshot = Arc::default();
        let mut process = Self {
            normals,
            state: State::new(),
            told,
            tasks,
        };
        process.hear(at, started());
        process
    }

    fn hear(&mut self, at: u64, kind: Kind) {
        let event = Event::new(self.state.seq() + 1, Wall(at * 1000), kind);
        self.state.apply(&Arc::new(event));
    }

    /// Ten requests in each second; whole answers take two seconds before two o'clock and four from then on.
    async fn runs(&mut self, from: u64, to: u64) {
        for sec in from..to {
            let ms = if sec % (24 * HOUR) < 14 * HOUR {
                2_000
            } else {
                4_000
            };
            let mut bucket = Bucket::empty("p/a".into());
            bucket.ok = 10;
            bucket.total = Latency(vec![(ms, 10)]);
            self.hear(sec, Kind::Bucket(bucket));
            self.hear(
                sec,
                Kind::Exchanges(Exchanges {
                    primary: 10,
                    ..Exchanges::default()
                }),
            );
            if sec % LOOKS_EVERY == 0 {
                let now = self.state.snapshot(Wall(sec * 1000));
                self.normals.snapshot.store(Arc::new(now));
                self.normals.look();
            }
            if sec % WRITTEN_EVERY.as_secs() == 0 {
                self.normals.write().await;
            }
        }
    }

    /// It is killed: what was not written is lost. Gives what it has told, in the order in which it did.
    async fn dies(self) -> Vec<Normal> {
        let Self {
            normals,
            mut told,
            tasks,
            ..
        } = self;
        drop(normals);
        tasks.close();
        tasks.wait().await;
        let mut all = Vec::new();
        while let Ok(event) = told.try_recv() {
            if let Kind::Normal { deployments } = &event.kind {
                all.extend(deployments.iter().cloned());
            }
        }
        all
    }
}

#[tokio::test]
async fn hours_of_traffic_are_learned_over_a_crash_and_told_a_week_later_when_the_hour_changes() {
    let dir = tempfile::tempdir().unwrap();
    let file = path(dir.path(), false);
    let (first, crash) = (ONE + 20 * MINUTE, ONE + HOUR + 25 * MINUTE);
    let mut process = Process::start(&file, first);
    process.runs(first, crash).await;
    assert_eq!(process.dies().await, [], "25 minutes are too few");

    // What it wrote at 14:20 goes to 14:05, the quarter of an hour after which was good as well.
    let mut process = Process::start(&file, crash);
    let end = ONE + 2 * HOUR + 21 * MINUTE;
    process.runs(crash, end).await;
    process.dies().await;

    // A process that is started in the last minute of the hour, a week later.
    let late = ONE + WEEK + 59 * MINUTE + 30;
    let mut process = Process::start(&file, late);
    process.runs(late, late + 2 * MINUTE).await;
    let told = process.dies().await;
    let origins: Vec<_> = told.iter().map(|n| n.origin.clone()).collect();
    let learned = |hour| Origin::Learned {
        hour,
        weeks: 1,
        neighbours: false,
    };
    assert_eq!(origins, [learned(37), learned(38)]);
    let p95 = |n: &Normal| n.bands.get(Measure::P95).expect("it was measured");
    let (one, two) = (p95(&told[0]), p95(&told[1]));
    assert!(one.mid > 1.9 && one.mid < 2.1, "{one:?}");
    assert!(two.mid > 3.9 && two.mid < 4.2, "{two:?}");
    // All minutes from 13:20 on, but for the first look's; and those of 14:00 to 15:00 without what the crash took.
    assert!((38..=40).contains(&one.n), "{one:?}");
    assert!((38..=40).contains(&two.n), "{two:?}");
}
