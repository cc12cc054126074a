//! What is usual, over restarts, and when a person says so.

use super::{
    rig::{Rig, openai_tiers, provider},
    upstream::{Upstream, by, openai},
};
use breakerbox::model::{Kind, Phase};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A judge that scores as the test says, answer by answer. Known answers it scores as it should.
struct Scene {
    a: Upstream,
    b: Upstream,
    judge: Upstream,
}

impl Scene {
    /// Of ten answers so many score 0.65, a little too low.
    async fn start(low_of_ten: Arc<AtomicUsize>) -> Self {
        let n = AtomicUsize::new(0);
        let judge = by(move |_| {
            let n = n.fetch_add(1, Ordering::Relaxed);
            let low = n * 7 % 10 < low_of_ten.load(Ordering::Relaxed);
            let score = if low { 0.65 } else { 0.9 };
            openai(
                "m-j",
                &format!(r#"{{"score": {score}, "reason": "strict"}}"#),
            )
        });
        Self {
            a: Upstream::start(vec![openai("m-a", "fine")]).await,
            b: Upstream::start(vec![openai("m-b", "fine")]).await,
            judge: Upstream::start(vec![judge]).await,
        }
    }

    async fn rig(&self, baselines: &str) -> Rig {
        let judge = provider("j", "openai", &self.judge);
        Rig::start(&format!(
            "{}{judge}[judge]\njudges = [\"j/m-j\"]\nsample = 1.0\nanchors = false\nmax_per_minute = 100000\n\
             baselines = \"{baselines}\"\n",
            openai_tiers(&[&self.a, &self.b])
        ))
        .await
    }

    /// Asks so many questions, each one judged before the next. True: it has opened.
    async fn asks(&self, rig: &Rig, questions: usize) -> bool {
        for n in 0..questions {
            let before = self.judge.asked().len();
            let reply = rig.ask(&format!("question {n}")).await;
            reply.bytes().await.unwrap();
            rig.until("judged, or open", |s| {
                s.deployments[0].phase == Phase::Open || self.judge.asked().len() > before
            })
            .await;
            if rig.snapshot().deployments[0].phase == Phase::Open {
                return true;
            }
        }
        false
    }
}

#[tokio::test]
async fn what_a_strict_judge_usually_says_is_known_after_a_restart() {
    let low = Arc::new(AtomicUsize::new(3));
    let scene = Scene::start(Arc::clone(&low)).await;
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("baselines.json");
    let path = kept.to_str().unwrap();

    let rig = scene.rig(path).await;
    assert!(!scene.asks(&rig, 100).await, "30 % are learned as usual");
    rig.shutdown().await;
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(text.contains("a/m-a") && text.contains("j/m-j"), "{text}");
    assert!(!text.contains("fine") && !text.contains("question"));
    assert!(!text.contains("key-of"), "{text}");

    // A stretch of bad luck. To a router that knows what is usual it is none.
    low.store(6, Ordering::Relaxed);
    let rig = scene.rig(path).await;
    assert!(!scene.asks(&rig, 200).await, "it is remembered");
    rig.shutdown().await;
    let rig = scene.rig("off").await;
    assert!(scene.asks(&rig, 200).await, "without a memory it opens");
}

#[tokio::test]
async fn a_file_that_is_broken_is_said_to_be_and_put_aside() {
    let scene = Scene::start(Arc::default()).await;
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("baselines.json");
    std::fs::write(&kept, "{").unwrap();
    let rig = scene.rig(kept.to_str().unwrap()).await;
    let said = |kind: &Kind| {
        matches!(kind, Kind::Notice { text, .. }
            if text.contains("judge.baselines") && text.contains("baselines.json.old"))
    };
    rig.until("the notice", |s| s.events.iter().any(|e| said(&e.kind)))
        .await;
    assert!(Path::new(&dir.path().join("baselines.json.old")).exists());
    assert!(!kept.exists());
}

#[tokio::test]
async fn a_person_accepts_what_is_scored_now() {
    let low = Arc::new(AtomicUsize::new(10));
    let scene = Scene::start(Arc::clone(&low)).await;
    let mut rig = scene.rig("off").await;
    let refused = rig.done("baseline accept a/m-a").await;
    assert!(refused.unwrap().contains("nothing to accept"));
    assert!(scene.asks(&rig, 60).await, "everything is a little too low");
    assert_eq!(rig.done("baseline accept a/m-a").await, None);
    let snapshot = rig
        .until("it looks at once", |s| {
            s.deployments[0].phase == Phase::Probe
        })
        .await;
    let why = snapshot.deployments[0].reason.as_ref().unwrap().to_string();
    assert!(why.contains("test"), "who asked: {why}");
    for n in 0..20 {
        rig.ask(&format!("again {n}")).await.bytes().await.unwrap();
    }
    rig.until("what it gives is good enough", |s| {
        matches!(s.deployments[0].phase, Phase::Ramp(_) | Phase::Closed)
    })
    .await;
}

#[tokio::test]
async fn only_a_judge_that_is_dismissed_can_be_restored() {
    let scene = Scene::start(Arc::default()).await;
    let mut rig = scene.rig("off").await;
    let refused = rig.done("judge restore j/m-j").await;
    assert_eq!(refused.unwrap(), "judge j/m-j is not dismissed");
    let refused = rig.done("judge restore j/other").await;
    assert!(refused.unwrap().contains("there are: j/m-j"));
    let refused = rig.done("baseline accept a/other").await;
    assert!(refused.unwrap().contains("there is no deployment"));
}
