//! Scenes that take long in real time take it together, on a thread of their own: the first test that asks for one
//! starts them all, and each test waits for the one that it is about.
//!
//! Tests are started in the order of their names. The name of this module comes first, so that what takes longest is
//! under way while all the others run, and is waited for among the last.

use crate::scenarios::{drip, leaving, outage, rescue, scene::words, silent, throttled};
use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, LazyLock, mpsc},
    thread,
    time::Duration,
};
use tokio::{runtime::Builder, sync::Barrier, task::JoinSet};

type Scenes = for<'r> fn(&'r Barrier) -> BoxFuture<'r, ()>;
/// How it ended: the words of its panic, if it failed.
type Ended = mpsc::Receiver<Result<(), String>>;

const ALL: [(&str, Scenes); 9] = [
    ("outage", |ready| outage::a_minute(ready).boxed()),
    ("never answers", |ready| silent::for_ever(ready).boxed()),
    ("silence after content", |ready| {
        rescue::silent(ready).boxed()
    }),
    ("rescue in vain", |ready| rescue::in_vain(ready).boxed()),
    ("dripping answer", |ready| drip::held(ready).boxed()),
    ("dripping thoughts", |ready| drip::thoughts(ready).boxed()),
    ("hang credit", |ready| leaving::hang_credit(ready).boxed()),
    ("first token late", |ready| {
        silent::first_token_late(ready).boxed()
    }),
    ("for ever limited", |ready| {
        throttled::for_ever(ready).boxed()
    }),
];

/// Longer than the longest of them.
const PATIENCE: Duration = Duration::from_secs(150);

static STARTED: LazyLock<Mutex<HashMap<&'static str, Ended>>> = LazyLock::new(|| {
    let (mut ends, mut waiting) = (Vec::new(), HashMap::new());
    for (name, scenes) in ALL {
        let (end, ended) = mpsc::channel();
        ends.push((end, scenes));
        waiting.insert(name, ended);
    }
    thread::spawn(move || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            let ready = Arc::new(Barrier::new(ALL.len()));
            for (end, scenes) in ends {
                let ready = Arc::clone(&ready);
                tasks.spawn(async move {
                    let played = AssertUnwindSafe(scenes(&ready)).catch_unwind().await;
                    let _ = end.send(played.map_err(|why| words(&*why).to_owned()));
                });
            }
            tasks.join_all().await;
        });
    });
    Mutex::new(waiting)
});

/// Waits for the end of the scenes of this name, and fails if they did.
#[track_caller]
pub(crate) fn lived_through(name: &str) {
    let ended = STARTED.lock().remove(name).expect("each is asked for once");
    let played = ended.recv_timeout(PATIENCE).expect("it ends in time");
    if let Err(why) = played {
        panic!("{why}");
    }
}

#[test]
fn a_first_token_after_twenty_seconds_is_the_fallbacks_within_fifteen() {
    lived_through("first token late");
}
