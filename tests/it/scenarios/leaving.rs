//! Callers with little time, and callers who leave.

use super::{
    scene::{Scene, Stage, play, play_together},
    voice::SIXTY,
};
use crate::upstream::{Do, Upstream};
use breakerbox::model::{
    Dialect::{Anthropic, OpenAi},
    Kind, Phase,
};
use futures_util::{StreamExt, stream};
use std::{future::ready, time::Duration};
use tokio::{
    sync::Barrier,
    time::{Instant, sleep, timeout},
};

/// So many at a time.
const AT_A_TIME: usize = 10;
const MS: Duration = Duration::from_millis(1);

/// One scene for each door and each kind of configuration.
fn four(stream: &'static [bool]) -> impl Iterator<Item = Scene> {
    Scene::over(&[(OpenAi, Anthropic)], stream)
}

/// A primary that takes a third of a second.
async fn slow(scene: Scene) -> Stage {
    let (a, b) = (scene.a(), scene.b());
    let mut script = vec![Do::Wait(300 * MS)];
    script.extend(a.answers(SIXTY));
    scene.set(vec![script], vec![b.answers(SIXTY)]).await
}

fn assert_nothing_tripped(stage: &Stage) {
    for d in &stage.rig.snapshot().deployments {
        assert_eq!(d.phase, Phase::Closed, "{}: {:?}", d.id, d.reason);
    }
}

#[tokio::test]
async fn a_thousand_callers_with_fifty_milliseconds_trip_nothing() {
    play(four(&[false]), slow, |stage| async move {
        let calls = stream::iter(0..1000).map(|i| {
            // Of six tenths of a second an attempt gets fifty milliseconds; the rest is kept for the tiers below.
            let budget = if i % 2 == 0 { "0.05" } else { "0.6" };
            let request = stage.request(&format!("hurried {i}"));
            let request = request.header("x-stainless-timeout", budget).send();
            async { request.await.expect("the door answers").status().as_u16() }
        });
        let answered: Vec<u16> = calls.buffer_unordered(AT_A_TIME).collect().await;
        assert!(answered.iter().all(|s| *s == 200), "{answered:?}");
        let calls = stage.calls();
        stage
            .rig
            .until("all are counted", |s| s.totals.answered() == 1000)
            .await;
        assert_nothing_tripped(&stage);
        let said = stage.ask("no hurry").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        format!("{calls:?} of them had reached m-a and m-b")
    })
    .await;
}

#[tokio::test]
async fn a_thousand_callers_who_leave_at_once_trip_nothing() {
    play(four(&[true]), slow, |stage| async move {
        let calls = stream::iter(0..1000).map(|i| {
            let request = stage.request(&format!("fickle {i}")).send();
            // Some before the router has called anybody, some after.
            let patience = if i % 2 == 0 { MS } else { 60 * MS };
            async move { timeout(patience, request).await.is_err() }
        });
        let left = calls.buffer_unordered(AT_A_TIME).filter(|l| ready(*l));
        assert_eq!(left.count().await, 1000, "the upstream takes longer");
        let calls = stage.calls();
        assert_nothing_tripped(&stage);
        let said = stage.ask("a patient one").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        assert_nothing_tripped(&stage);
        format!("{calls:?} of them had reached m-a and m-b")
    })
    .await;
}

/// Looks every millisecond until there is one.
async fn first<T>(upstream: &Upstream, what: &str, of: impl Fn(&Upstream) -> Option<T>) -> T {
    for _ in 0..5000 {
        if let Some(found) = of(upstream) {
            return found;
        }
        sleep(MS).await;
    }
    panic!("never {what}")
}

/// The call under way is cancelled, and counts against nobody.
async fn assert_cancelled(stage: &Stage, called: &Upstream, left: Instant) -> String {
    let hung_up = first(called, "cancelled", |u| u.hung_up().first().copied()).await;
    let after = hung_up.saturating_duration_since(left);
    assert!(after < 100 * MS, "{after:?}");
    assert_nothing_tripped(stage);
    format!("cancelled after {after:?}, {:?} calls", stage.calls())
}

/// Reads a stream up to this word.
async fn read_until(stage: &Stage, word: &str) -> reqwest::Response {
    let mut response = stage.request("one").send().await.expect("the door answers");
    let mut said = String::new();
    while !said.contains(word) {
        let more = response.chunk().await.expect("it goes on");
        said.push_str(&String::from_utf8_lossy(&more.expect("it has begun")));
    }
    response
}

#[tokio::test]
async fn a_caller_who_leaves_before_the_headers_cancels_the_call_within_a_hundred_milliseconds() {
    let set = |scene: Scene| scene.set(vec![vec![Do::Hang]], vec![scene.b().answers(SIXTY)]);
    play(Scene::all(), set, |stage| async move {
        let asked = first(&stage.a, "asked", |a| a.asked().pop());
        tokio::select! {
            answer = stage.request("one").send() => panic!("{answer:?}"),
            _ = asked => {}
        }
        let note = assert_cancelled(&stage, &stage.a, Instant::now()).await;
        assert_eq!(stage.calls(), (1, 0));
        note
    })
    .await;
}

#[tokio::test]
async fn a_caller_who_leaves_a_stream_cancels_the_call_within_a_hundred_milliseconds() {
    let set = |scene: Scene| {
        let mut script = scene.a().opening();
        script.extend([scene.a().token("Well,"), Do::Hang]);
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::streams(), set, |stage| async move {
        let response = read_until(&stage, "Well,").await;
        let left = Instant::now();
        drop(response);
        let note = assert_cancelled(&stage, &stage.a, left).await;
        assert_eq!(stage.calls(), (1, 0));
        note
    })
    .await;
}

#[tokio::test]
async fn a_caller_who_leaves_a_stream_that_is_being_rescued_cancels_the_rescue() {
    let set = |scene: Scene| {
        let mut script = scene.a().opening();
        script.extend([scene.a().token("Well,"), Do::Wait(20 * MS), Do::Close]);
        scene.set(vec![script], vec![vec![Do::Hang]])
    };
    play(Scene::streams(), set, |stage| async move {
        let response = read_until(&stage, "Well,").await;
        first(&stage.b, "asked", |b| b.asked().pop()).await;
        let left = Instant::now();
        drop(response);
        let note = assert_cancelled(&stage, &stage.b, left).await;
        assert_eq!(stage.calls(), (1, 1));
        note
    })
    .await;
}

/// Callers who leave a silent provider, one before `hang_credit` (10 s) and one after.
pub(crate) async fn hang_credit(ready: &Barrier) {
    let set = |scene: Scene| scene.set(vec![vec![Do::Hang]], vec![scene.b().answers(SIXTY)]);
    play_together(ready, four(&[false]), set, |stage| async move {
        let mut events = stage.rig.bus.subscribe();
        let leave = |prompt: &'static str, after: u64| {
            let request = stage.request(prompt).send();
            async move {
                let waited = timeout(Duration::from_secs(after), request).await;
                assert!(waited.is_err(), "it hangs: {waited:?}");
            }
        };
        tokio::join!(leave("soon", 9), leave("late", 12));
        let (mut failed, mut ignored) = (0, 0);
        while failed + ignored < 2 {
            let event = timeout(Duration::from_secs(5), events.recv()).await;
            let event = event.expect("both are counted").expect("events go on");
            if let Kind::Bucket(bucket) = &event.kind {
                failed += bucket.fail;
                ignored += bucket.ignored;
            }
        }
        assert_eq!((failed, ignored), (1, 1));
        assert_eq!(stage.calls(), (2, 0));
        "9 s: ignored; 12 s: a failure".to_owned()
    })
    .await;
}

#[test]
fn a_caller_who_leaves_counts_against_a_provider_that_was_silent_for_longer_than_hang_credit() {
    crate::at_length::lived_through("hang credit");
}
